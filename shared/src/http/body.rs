//! Reading a request body strictly: what is not understood is refused, by the name of its field.

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};
use lambda_http::{
    aws_lambda_events::apigw::ApiGatewayProxyRequest,
    http::{
        HeaderValue,
        header::{self, ValueIter},
    },
};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::error::Error;

/// What Lambda takes as one event, and more than the fields of any pattern allow together.
const MOST_BYTES: usize = 6 * 1024 * 1024;

/// Characters of what is told of a mistake: callers see enough of what they sent, and not all of it.
const LONGEST_FIELD: usize = 100;
const LONGEST_REASON: usize = 300;

pub(super) fn parse<T: DeserializeOwned>(event: &ApiGatewayProxyRequest) -> Result<T, Error> {
    let media_type = headers(event, header::CONTENT_TYPE.as_str()).next_back();
    let media_type = media_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Error::UnsupportedMediaType);
    }
    let bytes = bytes(event)?;
    if bytes.len() > MOST_BYTES {
        return Err(Error::TooLong { field: "body".to_owned(), limit: format!("{MOST_BYTES} bytes") });
    }
    let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let message = error.inner().to_string();
        let field = field(&error.path().to_string(), &message);
        Error::invalid(shortened(&field, LONGEST_FIELD), shortened(without_position(&message), LONGEST_REASON))
    })?;
    deserializer.end().map_err(|_| Error::invalid("body", "must be one JSON object and nothing after it"))?;
    Ok(value)
}

/// All values of a header. API Gateway gives them in one map, and the last of each in another.
pub(super) fn headers<'a>(event: &'a ApiGatewayProxyRequest, name: &str) -> ValueIter<'a, HeaderValue> {
    let all = &event.multi_value_headers;
    let given = if all.contains_key(name) { all } else { &event.headers };
    given.get_all(name).iter()
}

/// Tells requests under one idempotency key apart.
pub(super) fn fingerprint(pattern: &str, event: &ApiGatewayProxyRequest) -> Result<String, Error> {
    let digest = Sha256::new().chain_update(pattern).chain_update([0]).chain_update(bytes(event)?).finalize();
    Ok(BASE64_STANDARD.encode(digest))
}

fn bytes(event: &ApiGatewayProxyRequest) -> Result<Cow<'_, [u8]>, Error> {
    let body = event.body.as_deref().unwrap_or_default();
    if !event.is_base64_encoded {
        return Ok(Cow::Borrowed(body.as_bytes()));
    }
    let decoded = BASE64_STANDARD.decode(body).map(Cow::Owned);
    decoded.map_err(|_| Error::invalid("body", "is not what its base64 flag says"))
}

/// Where the trouble is. For a field that is unknown, missing or doubled, serde gives the path of the object around it
/// and the name in the text.
fn field(path: &str, message: &str) -> String {
    let named = ["unknown field `", "missing field `", "duplicate field `"]
        .into_iter()
        .find_map(|start| message.strip_prefix(start)?.split('`').next());
    // What breaks before the first field has the path "." or "?".
    match (path, named) {
        ("." | "?", Some(name)) => name.to_owned(),
        (path, Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
        ("." | "?", None) => "body".to_owned(),
        (path, _) => path.to_owned(),
    }
}

fn without_position(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(text, _)| text)
}

fn shortened(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Body {
        message: String,
        #[serde(default)]
        pairs: Vec<Pair>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Pair {
        user: String,
    }

    fn refusal(content_type: &str, body: &str) -> Error {
        let event = json!({
            "httpMethod": "POST", "headers": {"Content-Type": content_type}, "body": body,
            "requestContext": {"httpMethod": "POST"},
        });
        parse::<Body>(&serde_json::from_value(event).unwrap()).unwrap_err()
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, field) in [
            ("", "body"),
            ("[]", "body"),
            ("{", "body"),
            (r#"{"message": "m"} {}"#, "body"),
            ("{}", "message"),
            (r#"{"message": 1}"#, "message"),
            (r#"{"message": "\ud800"}"#, "message"),
            (r#"{"message": "m", "mesage": "m"}"#, "mesage"),
            (r#"{"message": "m", "message": "n"}"#, "message"),
            (r#"{"message": "m", "pairs": [{"user": "u"}, {"user": 2}]}"#, "pairs[1].user"),
            (r#"{"message": "m", "pairs": [{"usr": "u"}]}"#, "pairs[0].usr"),
        ] {
            match refusal("application/json; charset=utf-8", body) {
                Error::Invalid { field: named, .. } => assert_eq!(named, field, "{body}"),
                other => panic!("{body}: {other}"),
            }
        }
    }

    #[test]
    fn only_json_of_a_sensible_size_is_read() {
        assert!(matches!(refusal("text/plain", "{}"), Error::UnsupportedMediaType));
        assert!(matches!(refusal("", "{}"), Error::UnsupportedMediaType));
        assert!(matches!(refusal("application/json", &" ".repeat(MOST_BYTES + 1)), Error::TooLong { .. }));
    }
}
