//! One request: who asks, for which route, until when.

use std::time::{Duration, SystemTime};

use lambda_http::{
    aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayRequestAuthorizer},
    http::header,
    lambda_runtime::Context,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Invocation, body};
use crate::{
    config,
    conversation::{Caller, SessionId, Token},
    deadline::Deadline,
    error::Error,
    turn::{self, Idempotency},
};

/// Characters of an `Idempotency-Key`.
const LONGEST_KEY: usize = 255;

pub struct Call {
    event: ApiGatewayProxyRequest,
    context: Context,
    deadline: Deadline,
    allow_anonymous: bool,
    user_claim: String,
}

impl Call {
    pub(super) fn new(config: &config::Http, Invocation { payload: event, context }: Invocation) -> Self {
        let limit = (!is_stream(&event)).then(|| config.buffered_timeout.saturating_sub(waited(&event)));
        let deadline = Deadline::new(context.deadline(), limit);
        let config::Http { allow_anonymous, user_claim, .. } = config.clone();
        Self { event, context, deadline, allow_anonymous, user_claim }
    }

    /// Method and resource as the API declares them, for example `GET /sessions/{id}`.
    pub fn route(&self) -> String {
        format!("{} {}", self.event.http_method, self.event.resource.as_deref().unwrap_or_default())
    }

    pub fn request_id(&self) -> &str {
        &self.context.request_id
    }

    pub(super) fn deadline(&self) -> Deadline {
        self.deadline
    }

    pub(super) fn streams(&self) -> bool {
        is_stream(&self.event)
    }

    /// The identity that the authorizer verified; an anonymous one only where that is switched on.
    pub fn caller(&self) -> Result<Caller, Error> {
        let claims = Claims(&self.event.request_context.authorizer);
        let subject = claims.text("sub").map(str::to_owned);
        if subject.is_none() && !self.allow_anonymous {
            return Err(Error::Unauthenticated);
        }
        let user_name = claims.user_name(&self.user_claim).map(str::to_owned);
        // Nobody verified the token of a caller without claims.
        let token = subject.as_ref().and_then(|_| self.token());
        Ok(Caller { subject, user_name, groups: claims.groups(), token })
    }

    fn token(&self) -> Option<Token> {
        let header = body::headers(&self.event, header::AUTHORIZATION.as_str()).next_back()?.to_str().ok()?;
        // Cognito authorizers take a token with and without the scheme.
        let token = match header.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token,
            _ => header,
        };
        Some(token.trim()).filter(|token| !token.is_empty()).map(Token::new)
    }

    /// The body, strictly: JSON of exactly the type's fields.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Error> {
        body::parse(&self.event)
    }

    pub fn path_parameter(&self, name: &str) -> Result<&str, Error> {
        let parameter = self.event.path_parameters.get(name);
        parameter.map(String::as_str).ok_or_else(|| Error::invalid(name, "is missing in the path"))
    }

    /// A parameter of the query string that may be given once, out of those that the route `knows`.
    pub fn query(&self, name: &str, knows: &[&str]) -> Result<Option<&str>, Error> {
        let parameters = match &self.event.multi_value_query_string_parameters {
            multiple if multiple.is_empty() => &self.event.query_string_parameters,
            multiple => multiple,
        };
        if let Some((unknown, _)) = parameters.iter().find(|(given, _)| !knows.contains(given)) {
            return Err(Error::invalid(unknown, "is not a parameter of this route"));
        }
        match parameters.all(name).unwrap_or_default()[..] {
            [] => Ok(None),
            [value] => Ok(Some(value)),
            _ => Err(Error::invalid(name, "must be given once")),
        }
    }

    /// The turn that this call asks for.
    pub fn turn<Q>(&self, session: Option<SessionId>, message: String, question: Q) -> Result<turn::Request<Q>, Error> {
        let caller = self.caller()?;
        Ok(turn::Request {
            session,
            idempotency: self.idempotency(&caller)?,
            caller,
            message,
            question,
            deadline: self.deadline,
            live: self.streams(),
        })
    }

    fn idempotency(&self, caller: &Caller) -> Result<Option<Idempotency>, Error> {
        let mut keys = body::headers(&self.event, "idempotency-key");
        let Some(key) = keys.next() else { return Ok(None) };
        if keys.next().is_some() {
            return Err(Error::invalid("Idempotency-Key", "must be given once"));
        }
        // Bytes beyond ASCII are no text to HTTP.
        let key = key.to_str().unwrap_or_default();
        // The keys of anonymous callers would be in one place, and so one could be told another's answer.
        if caller.subject.is_none() {
            return Err(Error::invalid("Idempotency-Key", "needs a caller with an identity"));
        }
        let is_plain = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.is_empty() || key.len() > LONGEST_KEY || !is_plain {
            return Err(Error::invalid("Idempotency-Key", "must be 1 to 255 visible ASCII characters"));
        }
        // Whether the answer is streamed is no part of what was asked.
        let resource = self.event.resource.as_deref().unwrap_or_default();
        let pattern = resource.strip_suffix("/stream").unwrap_or(resource);
        Ok(Some(Idempotency { key: key.to_owned(), fingerprint: body::fingerprint(pattern, &self.event)? }))
    }
}

/// How long API Gateway has been waiting already, by its own clock: for the function to start, mostly. A time that makes
/// no sense is that of a replayed event.
fn waited(event: &ApiGatewayProxyRequest) -> Duration {
    const LONGEST_START: Duration = Duration::from_secs(10);
    let arrived = u64::try_from(event.request_context.request_time_epoch).unwrap_or_default();
    let arrived = SystemTime::UNIX_EPOCH + Duration::from_millis(arrived);
    arrived.elapsed().ok().filter(|waited| *waited <= LONGEST_START).unwrap_or_default()
}

fn is_stream(event: &ApiGatewayProxyRequest) -> bool {
    event.resource.as_deref().is_some_and(|resource| resource.ends_with("/stream"))
}

/// The claims of a verified token, as API Gateway passes them on from a Cognito authorizer.
struct Claims<'a>(&'a ApiGatewayRequestAuthorizer);

impl<'a> Claims<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.fields.get("claims")?.get(name)
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// Cognito lets users change their address before it is verified: until then it is nobody's name.
    fn user_name(&self, claim: &str) -> Option<&'a str> {
        let is_verified = claim != "email" || self.get("email_verified").is_some_and(is_true);
        self.text(claim).filter(|_| is_verified)
    }

    /// API Gateway writes a list claim as one text, with commas or, in brackets, with spaces in between.
    fn groups(&self) -> Vec<String> {
        match self.get("cognito:groups") {
            Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(groups)) => {
                let bare = groups.trim_start_matches('[').trim_end_matches(']');
                let separators = if bare.contains(',') { &[','][..] } else { &[' '][..] };
                bare.split(separators).map(str::trim).filter(|group| !group.is_empty()).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// API Gateway passes booleans on as text.
fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or(value == "true")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(event: Value) -> Call {
        let mut whole = json!({
            "resource": "/chat", "path": "/chat", "httpMethod": "POST", "headers": {},
            "requestContext": {"httpMethod": "POST", "authorizer": {"claims": {"sub": "s", "cognito:groups": "a, b"}}},
        });
        event.as_object().unwrap().iter().for_each(|(name, value)| whole[name] = value.clone());
        let http = config::Http {
            allow_anonymous: false,
            user_claim: "email".to_owned(),
            allowed_origin: None,
            buffered_timeout: Duration::ZERO,
        };
        Call::new(&http, Invocation::new(serde_json::from_value(whole).unwrap(), Context::default()))
    }

    #[test]
    fn the_caller_is_the_verified_subject_with_groups() {
        let caller = call(json!({})).caller().unwrap();
        assert_eq!((caller.subject.as_deref(), caller.groups), (Some("s"), vec!["a".to_owned(), "b".to_owned()]));

        let anonymous = call(json!({"requestContext": {"httpMethod": "POST"}}));
        assert!(matches!(anonymous.caller(), Err(Error::Unauthenticated)));
    }

    #[test]
    fn a_user_name_is_one_that_was_verified() {
        let named = |claims: Value| {
            call(json!({"requestContext": {"httpMethod": "POST", "authorizer": {"claims": claims}}})).caller().unwrap()
        };
        let verified = named(json!({"sub": "s", "email": "a@example.com", "email_verified": "true"}));
        assert_eq!(verified.user_name.as_deref(), Some("a@example.com"));
        for verified in [json!("false"), json!(false), Value::Null] {
            assert_eq!(
                named(json!({"sub": "s", "email": "a@example.com", "email_verified": verified})).user_name,
                None
            );
        }
    }

    #[test]
    fn only_a_verified_token_is_handed_on() {
        let token = |event: Value| call(event).caller().unwrap().token;
        assert_eq!(token(json!({"headers": {"Authorization": "bearer  t"}})), Some(Token::new("t")));
        assert_eq!(token(json!({"headers": {"Authorization": "t"}})), Some(Token::new("t")));
        assert_eq!(token(json!({})), None);
    }

    #[test]
    fn a_query_is_as_strict_as_a_body() {
        let once = call(json!({"queryStringParameters": {"limit": "3"}}));
        assert_eq!(once.query("limit", &["limit"]).unwrap(), Some("3"));
        assert_eq!(once.query("cursor", &["limit", "cursor"]).unwrap(), None);
        assert!(once.query("cursor", &["cursor"]).is_err(), "limit is unknown there");
        let twice = call(json!({"multiValueQueryStringParameters": {"limit": ["3", "4"]}}));
        assert!(twice.query("limit", &["limit"]).is_err());
    }

    #[test]
    fn an_idempotency_key_is_bound_to_the_body() {
        let keyed = |key: &str, body: &str, resource: &str| {
            let event = json!({"headers": {"idempotency-key": key}, "body": body, "resource": resource});
            call(event).turn(None, String::new(), ()).map(|request| request.idempotency)
        };
        assert_eq!(keyed("k", "{}", "/chat").unwrap(), keyed("k", "{}", "/chat/stream").unwrap());
        assert_ne!(keyed("k", "{}", "/chat").unwrap(), keyed("k", "{ }", "/chat").unwrap());
        assert!(keyed("two words", "{}", "/chat").is_err());
        assert!(keyed(&"k".repeat(256), "{}", "/chat").is_err());
    }
}
