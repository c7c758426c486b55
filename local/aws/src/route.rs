//! Which operation of which service a request is: by `X-Amz-Target`, or by its path.

use std::borrow::Cow;

use http::{Method, request::Parts};
use percent_encoding::percent_decode_str;

use crate::{reply::Protocol, s3};

const ATHENA_TARGET: &str = "AmazonAthena";
const DYNAMODB_TARGET: &str = "DynamoDB_20120810";
const KENDRA_TARGET: &str = "AWSKendraFrontendService";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// As `Config::real`, the faults and the recorded calls name it.
    pub(crate) service: Cow<'static, str>,
    pub(crate) operation: Cow<'static, str>,
    pub(crate) protocol: Protocol,
    /// Decoded; present where the path names a model.
    pub(crate) model_id: Option<String>,
}

impl Target {
    pub(crate) fn of(parts: &Parts) -> Target {
        if let Some(target) = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok()) {
            return Target::of_header(target);
        }
        // A bucket may be called `model`.
        if signed_service(parts) == Some("s3") {
            return Target::of_s3(parts);
        }
        Target::of_model_path(&parts.method, parts.uri.path())
            .or_else(|| Target::of_bedrock_path(&parts.method, parts.uri.path()))
            .unwrap_or_else(|| Target::unknown(parts))
    }

    fn of_header(target: &str) -> Target {
        let (service, operation) = target.rsplit_once('.').unwrap_or((target, ""));
        let (service, protocol) = match service {
            ATHENA_TARGET => (Cow::Borrowed("athena"), Protocol::Json11),
            DYNAMODB_TARGET => (Cow::Borrowed("dynamodb"), Protocol::Json10),
            KENDRA_TARGET => (Cow::Borrowed("kendra"), Protocol::Json11),
            other => (Cow::Owned(other.to_owned()), Protocol::Json10),
        };
        Target { service, operation: Cow::Owned(operation.to_owned()), protocol, model_id: None }
    }

    /// `/model/{modelId}/{action}`, where the identifier may hold slashes, encoded or not.
    fn of_model_path(method: &Method, path: &str) -> Option<Target> {
        let (model_id, action) = path.strip_prefix("/model/")?.rsplit_once('/')?;
        let operation = match action {
            "converse" => "Converse",
            "converse-stream" => "ConverseStream",
            "invoke" => "InvokeModel",
            "invoke-with-response-stream" => "InvokeModelWithResponseStream",
            "invoke-with-bidirectional-stream" => "InvokeModelWithBidirectionalStream",
            "count-tokens" => "CountTokens",
            _ => return None,
        };
        let model_id = percent_decode_str(model_id).decode_utf8_lossy().into_owned();
        (method == Method::POST).then(|| Target::bedrock(operation, Some(model_id)))
    }

    fn of_bedrock_path(method: &Method, path: &str) -> Option<Target> {
        let operation = match (method, path) {
            (&Method::POST, "/async-invoke") => "StartAsyncInvoke",
            (&Method::GET, "/async-invoke") => "ListAsyncInvokes",
            (&Method::GET, path) if path.starts_with("/async-invoke/") => "GetAsyncInvoke",
            (&Method::POST, path) if path.starts_with("/guardrail/") && path.ends_with("/apply") => "ApplyGuardrail",
            _ => return None,
        };
        Some(Target::bedrock(operation, None))
    }

    fn bedrock(operation: &'static str, model_id: Option<String>) -> Target {
        Target {
            service: Cow::Borrowed("bedrock"),
            operation: Cow::Borrowed(operation),
            protocol: Protocol::RestJson,
            model_id,
        }
    }

    fn of_s3(parts: &Parts) -> Target {
        let operation = match s3::operation(parts) {
            Some(operation) => Cow::Borrowed(operation),
            None => Cow::Owned(format!("{} {}", parts.method, parts.uri)),
        };
        Target { service: Cow::Borrowed("s3"), operation, protocol: Protocol::RestXml, model_id: None }
    }

    fn unknown(parts: &Parts) -> Target {
        let service = signed_service(parts).map_or(Cow::Borrowed("unknown"), |name| Cow::Owned(name.to_owned()));
        let operation = Cow::Owned(format!("{} {}", parts.method, parts.uri.path()));
        let content_type = parts.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let protocol = match (service.as_ref(), content_type) {
            (_, Some(form)) if form.starts_with("application/x-www-form-urlencoded") => Protocol::Query,
            _ => Protocol::RestJson,
        };
        Target { service, operation, protocol, model_id: None }
    }

    /// The query protocol names the operation in the body, as the form's `Action`.
    pub(crate) fn named_in(self, body: &[u8]) -> Target {
        if self.protocol != Protocol::Query {
            return self;
        }
        let mut fields = body.split(|byte| *byte == b'&');
        match fields.find_map(|field| std::str::from_utf8(field).ok()?.strip_prefix("Action=")) {
            Some(action) => Target { operation: Cow::Owned(action.to_owned()), ..self },
            None => self,
        }
    }
}

/// The service in the credential scope of a signature, version 4, in the header or in a presigned URL:
/// `key/date/region/service/aws4_request`.
fn signed_service(parts: &Parts) -> Option<&str> {
    if let Some(authorization) = parts.headers.get(http::header::AUTHORIZATION) {
        let (_, scope) = authorization.to_str().ok()?.split_once("Credential=")?;
        return scope.split(',').next()?.split('/').nth(3);
    }
    let mut fields = parts.uri.query()?.split('&');
    let scope = fields.find_map(|field| field.strip_prefix("X-Amz-Credential="))?;
    scope.split('/').flat_map(|part| part.split("%2F")).nth(3)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn target(method: &str, path: &str, headers: &[(&str, &str)]) -> Target {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Target::of(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn model_identifiers_are_decoded_and_may_hold_slashes() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0";
        for path in [
            format!("/model/{arn}/converse"),
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.amazon.nova-lite-v1%3A0/converse"
                .to_owned(),
        ] {
            let target = target("POST", &path, &[]);
            assert_eq!((target.operation.as_ref(), target.model_id.as_deref()), ("Converse", Some(arn)));
        }
    }

    #[test]
    fn a_target_header_outranks_the_path() {
        let target = target("POST", "/model/a.b/converse", &[("x-amz-target", "DynamoDB_20120810.GetItem")]);
        assert_eq!((target.service.as_ref(), target.operation.as_ref()), ("dynamodb", "GetItem"));
    }

    #[test]
    fn requests_to_s3_are_known_by_their_signature() {
        let signature =
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
        let signed = target("POST", "/model/a/converse?uploads", &[("authorization", signature)]);
        assert_eq!((signed.service.as_ref(), signed.operation.as_ref()), ("s3", "CreateMultipartUpload"));
        let presigned = target(
            "GET",
            "/b/k?X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=0",
            &[],
        );
        assert_eq!((presigned.service.as_ref(), presigned.operation.as_ref()), ("s3", "GetObject"));
        let other = target("GET", "/b/k?tagging", &[("authorization", signature)]);
        assert_eq!((other.service.as_ref(), other.operation.as_ref()), ("s3", "GET /b/k?tagging"));
    }

    #[test]
    fn what_is_unknown_is_named_by_its_signature() {
        let signature =
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0";
        let target = target("PUT", "/bucket/key", &[("authorization", signature)]);
        assert_eq!((target.service.as_ref(), target.operation.as_ref()), ("sqs", "PUT /bucket/key"));
    }
}
