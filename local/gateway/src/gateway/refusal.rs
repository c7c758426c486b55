//! What API Gateway answers itself, in the words of the template's gateway responses where it has some.

use axum::body::Body;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::authorizer::LOCAL_FORM;
use crate::template::{Api, GatewayResponse};

/// Why a request never reached a function, or its answer never came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No such path, or no such method of it. API Gateway calls both a missing token.
    NoRoute,
    Unauthorized,
    /// A token that cannot be verified here; AWS would have verified it.
    RealToken,
    /// Larger than API Gateway takes.
    BodyTooLarge,
    /// Larger than Lambda takes, once it is an event.
    EventTooLarge,
    /// The body broke off.
    BadRequest,
    /// The function failed, or what it returned is no response.
    FunctionFailed,
    TimedOut,
}

/// How API Gateway describes a failure: response type, status, error type and message.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>
struct Description(&'static str, StatusCode, &'static str, &'static str);

impl Refusal {
    fn description(self) -> Description {
        match self {
            Self::NoRoute => Description(
                "MISSING_AUTHENTICATION_TOKEN",
                StatusCode::FORBIDDEN,
                "MissingAuthenticationTokenException",
                "Missing Authentication Token",
            ),
            Self::Unauthorized | Self::RealToken => {
                Description("UNAUTHORIZED", StatusCode::UNAUTHORIZED, "UnauthorizedException", "Unauthorized")
            }
            Self::BodyTooLarge => Description(
                "REQUEST_TOO_LARGE",
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestTooLargeException",
                "HTTP content length exceeded 10485760 bytes.",
            ),
            Self::EventTooLarge => Description(
                "REQUEST_TOO_LARGE",
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestTooLargeException",
                "Request Too Long",
            ),
            Self::BadRequest => {
                Description("DEFAULT_4XX", StatusCode::BAD_REQUEST, "BadRequestException", "Bad Request")
            }
            Self::FunctionFailed => Description(
                "DEFAULT_5XX",
                StatusCode::BAD_GATEWAY,
                "InternalServerErrorException",
                "Internal server error",
            ),
            Self::TimedOut => Description(
                "INTEGRATION_TIMEOUT",
                StatusCode::GATEWAY_TIMEOUT,
                "InternalServerErrorException",
                "Endpoint request timed out",
            ),
        }
    }
}

pub(super) fn response(api: &Api, refusal: Refusal, request_id: &str) -> Response<Body> {
    let Description(kind, status, error_type, message) = refusal.description();
    let declared = declared(api, kind, status);
    let body = match (&declared.template, refusal) {
        (_, Refusal::RealToken) => ("application/problem+json".to_owned(), local_form(request_id)),
        (Some((content_type, template)), _) => (content_type.clone(), fill(template, kind, message, request_id)),
        (None, _) => ("application/json".to_owned(), json!({ "message": message }).to_string()),
    };
    let mut response = Response::new(Body::from(body.1));
    *response.status_mut() = declared.status.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(status);
    let own = [(header::CONTENT_TYPE.as_str(), body.0.as_str()), ("x-amzn-errortype", error_type)];
    let declared = declared.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in own.into_iter().chain(declared) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// A type that the template leaves out falls back to its class.
fn declared(api: &Api, kind: &str, status: StatusCode) -> GatewayResponse {
    let class = if status.is_client_error() { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
    api.responses.get(kind).or_else(|| api.responses.get(class)).cloned().unwrap_or_default()
}

/// Gateway responses know variables and nothing else.
fn fill(template: &str, kind: &str, message: &str, request_id: &str) -> String {
    template
        .replace("$context.error.messageString", &Value::from(message).to_string())
        .replace("$context.error.message", message)
        .replace("$context.error.responseType", kind)
        .replace("$context.requestId", request_id)
}

fn local_form(request_id: &str) -> String {
    let problem = json!({
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "code": "unauthenticated",
        "detail": LOCAL_FORM,
        "request_id": request_id,
    });
    problem.to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use http_body_util::BodyExt;

    use super::*;

    async fn body(api: &Api, refusal: Refusal) -> (u16, String, String) {
        let response = response(api, refusal, "the-id");
        let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, content_type, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn without_a_word_in_the_template_it_is_api_gateways() {
        let api = Api::default();
        for (refusal, status, message) in [
            (Refusal::NoRoute, 403, "Missing Authentication Token"),
            (Refusal::Unauthorized, 401, "Unauthorized"),
            (Refusal::BodyTooLarge, 413, "HTTP content length exceeded 10485760 bytes."),
            (Refusal::FunctionFailed, 502, "Internal server error"),
            (Refusal::TimedOut, 504, "Endpoint request timed out"),
        ] {
            let (got, content_type, text) = body(&api, refusal).await;
            assert_eq!((got, content_type.as_str()), (status, "application/json"));
            assert_eq!(text, format!("{{\"message\":\"{message}\"}}"));
        }
    }

    #[tokio::test]
    async fn the_template_has_the_last_word() {
        let declared = |status: Option<u16>, template: &str| GatewayResponse {
            status,
            headers: BTreeMap::from([("www-authenticate".to_owned(), "Bearer".to_owned())]),
            template: Some(("application/problem+json".to_owned(), template.to_owned())),
        };
        let responses = BTreeMap::from([
            ("MISSING_AUTHENTICATION_TOKEN".to_owned(), declared(Some(404), r#"{"id":"$context.requestId"}"#)),
            ("DEFAULT_5XX".to_owned(), declared(None, r#"{"detail":$context.error.messageString}"#)),
        ]);
        let api = Api { responses, ..Api::default() };
        let problem = "application/problem+json".to_owned();
        assert_eq!(body(&api, Refusal::NoRoute).await, (404, problem.clone(), r#"{"id":"the-id"}"#.to_owned()));
        let timed_out = r#"{"detail":"Endpoint request timed out"}"#.to_owned();
        assert_eq!(body(&api, Refusal::TimedOut).await, (504, problem, timed_out));
        assert_eq!(response(&api, Refusal::TimedOut, "").headers()["www-authenticate"], "Bearer");
    }

    #[tokio::test]
    async fn who_sends_a_real_token_is_told_the_local_form() {
        let (status, _, text) = body(&Api::default(), Refusal::RealToken).await;
        assert_eq!(status, 401);
        assert!(text.contains("Bearer alice:hr,finance"), "{text}");
    }
}
