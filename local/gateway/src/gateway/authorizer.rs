//! Who calls. On AWS a Cognito authorizer verifies a token; here a token is the verified claims, written short.

use std::time::SystemTime;

use http::{HeaderMap, header::AUTHORIZATION};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Who calls when nobody says.
const DEFAULT_USER: &str = "local";

/// Cognito's limit for a user name.
const LONGEST_NAME: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) user: String,
    pub(super) groups: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not `Bearer`, or a name that no user has.
    Malformed,
    /// A token of a real user pool, which nobody here could verify.
    RealToken,
}

/// `Bearer alice` or `Bearer alice:hr,finance`; without a header the caller is `local`.
pub(super) fn identify(headers: &HeaderMap) -> Result<Caller, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(Caller { user: DEFAULT_USER.to_owned(), groups: Vec::new() });
    };
    if values.next().is_some() {
        return Err(Refusal::Malformed);
    }
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Refusal::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::Malformed);
    }
    parse(token.trim())
}

fn parse(token: &str) -> Result<Caller, Refusal> {
    // Every JSON web token begins so: the base64 of `{"`.
    if token.starts_with("eyJ") && token.split('.').count() == 3 {
        return Err(Refusal::RealToken);
    }
    let (user, groups) = match token.split_once(':') {
        Some((user, groups)) => (user, groups.split(',').collect()),
        None => (token, Vec::new()),
    };
    if !std::iter::once(&user).chain(&groups).all(|name| is_name(name)) {
        return Err(Refusal::Malformed);
    }
    Ok(Caller { user: user.to_owned(), groups: groups.into_iter().map(str::to_owned).collect() })
}

fn is_name(text: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "._@+-".contains(letter);
    !text.is_empty() && text.len() <= LONGEST_NAME && text.chars().all(allowed)
}

impl Caller {
    /// The claims as API Gateway passes them on from Cognito: text throughout, groups joined by commas.
    ///
    /// `sub` is the user's name rather than a UUID, so that one recognizes it in the data.
    pub(super) fn claims(&self, now: SystemTime) -> Value {
        let issued = Timestamp::try_from(now).unwrap_or_default();
        let mut claims = json!({
            "sub": self.user,
            "cognito:username": self.user,
            "token_use": "id",
            "iss": "local",
            "aud": "local",
            "auth_time": issued.as_second().to_string(),
            "iat": written(issued),
            "exp": written(issued + SignedDuration::from_hours(1)),
        });
        if !self.groups.is_empty() {
            claims["cognito:groups"] = json!(self.groups.join(","));
        }
        claims
    }
}

/// `Mon Sep 25 22:52:12 UTC 2017`, which is how the authorizer writes times.
fn written(time: Timestamp) -> String {
    time.strftime("%a %b %d %H:%M:%S UTC %Y").to_string()
}

/// What a 401 tells somebody who sends a real token.
pub(super) const LOCAL_FORM: &str = "this is the local machine, which cannot verify tokens: name the user instead, as in \
     `Authorization: Bearer alice` or, with groups, `Authorization: Bearer alice:hr,finance`";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;

    use super::*;

    fn identified(values: &[&str]) -> Result<Caller, Refusal> {
        let values = values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_str(value).unwrap()));
        identify(&HeaderMap::from_iter(values))
    }

    fn caller(user: &str, groups: &[&str]) -> Result<Caller, Refusal> {
        Ok(Caller { user: user.to_owned(), groups: groups.iter().map(|&group| group.to_owned()).collect() })
    }

    #[test]
    fn a_token_names_a_user_and_groups() {
        assert_eq!(identified(&[]), caller("local", &[]));
        assert_eq!(identified(&["Bearer alice"]), caller("alice", &[]));
        assert_eq!(
            identified(&["bearer  alice@example.com:hr,finance"]),
            caller("alice@example.com", &["hr", "finance"])
        );
        assert_eq!(identified(&["Bearer eyJ.b"]), caller("eyJ.b", &[]));
    }

    #[test]
    fn what_names_nobody_is_refused() {
        let long = format!("Bearer {}", "a".repeat(129));
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "alice",
            "Basic YTpi",
            "Bearer a b",
            "Bearer :hr",
            "Bearer alice:",
            "Bearer a:b,,c",
            "Bearer a:b:c",
            "Bearer a#b",
            "Bearer a/b",
            &long,
        ] {
            assert_eq!(identified(&[value]), Err(Refusal::Malformed), "{value}");
        }
        assert_eq!(identified(&["Bearer alice", "Bearer bob"]), Err(Refusal::Malformed));
        assert_eq!(identified(&["Bearer eyJhbGciOiJ9.eyJzdWIiOiIxIn0.c2ln"]), Err(Refusal::RealToken));
    }

    #[test]
    fn claims_are_text_as_cognito_gives_them() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_506_379_932);
        let alice = Caller { user: "alice".to_owned(), groups: vec!["hr".to_owned(), "finance".to_owned()] };
        let claims = alice.claims(now);
        assert_eq!(claims["sub"], "alice");
        assert_eq!(claims["cognito:groups"], "hr,finance");
        assert_eq!(claims["iat"], "Mon Sep 25 22:52:12 UTC 2017");
        assert_eq!(claims["exp"], "Mon Sep 25 23:52:12 UTC 2017");
        assert!(claims.as_object().unwrap().values().all(Value::is_string));
        let nobody_special = Caller { user: "bob".to_owned(), groups: vec![] };
        assert_eq!(nobody_special.claims(now).get("cognito:groups"), None);
    }
}
