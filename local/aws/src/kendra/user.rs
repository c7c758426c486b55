//! `UserContext`: who searches, as the index is set up to be told.
//! <https://docs.aws.amazon.com/kendra/latest/dg/user-context-filter.html>

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use local_search::User;
use serde::Deserialize;
use serde_json::Value;

use super::settings::UserContext as Policy;
use crate::reply::Refusal;

/// Claims of a token that Amazon Cognito issues.
pub(super) const NAME_CLAIM: &str = "cognito:username";
pub(super) const GROUPS_CLAIM: &str = "cognito:groups";

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UserContext {
    token: Option<String>,
    user_id: Option<String>,
    groups: Option<Vec<String>>,
    data_source_groups: Option<Value>,
}

/// Whose access counts; nobody is kept from anything where there is none.
pub(super) fn searching(context: Option<&UserContext>, policy: Policy) -> Result<Option<User>, Refusal> {
    match (context, policy) {
        (None, Policy::AttributeFilter) => Ok(None),
        // Without a token, what everybody may see is still found.
        (None, Policy::UserToken) => Ok(Some(User::default())),
        (Some(context), policy) => context.user(policy).map(Some),
    }
}

impl UserContext {
    fn user(&self, policy: Policy) -> Result<User, Refusal> {
        if self.data_source_groups.is_some() {
            return Err(Refusal::validation("local-aws does not know groups of data sources: give Groups."));
        }
        let is_by_name = self.user_id.is_some() || self.groups.is_some();
        match (&self.token, is_by_name, policy) {
            (Some(_), true, _) => {
                Err(Refusal::validation("UserContext cannot have both a Token and a UserId or Groups."))
            }
            (Some(token), false, Policy::UserToken) => of_token(token),
            (Some(_), false, Policy::AttributeFilter) => Err(Refusal::validation(
                "The index filters on UserId and Groups (UserContextPolicy ATTRIBUTE_FILTER), and a Token was given.",
            )),
            (None, true, Policy::AttributeFilter) => {
                Ok(User { name: self.user_id.clone(), groups: self.groups.clone().unwrap_or_default() })
            }
            (None, true, Policy::UserToken) => Err(Refusal::validation(
                "The index filters on tokens (UserContextPolicy USER_TOKEN), and UserId or Groups were given.",
            )),
            // Whoever sends a user context wants access control, so an empty one must not switch it off.
            (None, false, _) => Err(Refusal::validation("UserContext must have a Token, or a UserId or Groups.")),
        }
    }
}

/// A JSON Web Token, whose signature nobody checks, or `name:group,group`.
fn of_token(token: &str) -> Result<User, Refusal> {
    let parts: Vec<&str> = token.split('.').collect();
    let user = match parts.as_slice() {
        // A JSON object in base64 begins so.
        [header, payload, _] if header.starts_with("eyJ") => of_claims(payload),
        _ => of_words(token),
    };
    user.ok_or_else(|| Refusal::validation("The user token is malformed or names no user."))
}

fn of_claims(payload: &str) -> Option<User> {
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    let name = claims[NAME_CLAIM].as_str()?.to_owned();
    let groups = claims[GROUPS_CLAIM].as_array().into_iter().flatten();
    let groups = groups.filter_map(|group| Some(group.as_str()?.to_owned())).collect();
    Some(User { name: Some(name), groups })
}

fn of_words(token: &str) -> Option<User> {
    let (name, groups) = token.split_once(':').unwrap_or((token, ""));
    let groups = groups.split(',').map(str::trim).filter(|group| !group.is_empty()).map(str::to_owned).collect();
    let name = name.trim();
    (!name.is_empty()).then(|| User { name: Some(name.to_owned()), groups })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(json: Value) -> UserContext {
        serde_json::from_value(json).unwrap()
    }

    fn user(name: &str, groups: &[&str]) -> User {
        User { name: Some(name.to_owned()), groups: groups.iter().map(|group| (*group).to_owned()).collect() }
    }

    #[test]
    fn tokens_are_read_in_both_forms() {
        let payload = BASE64_URL_SAFE_NO_PAD.encode(r#"{"cognito:username":"zoë","cognito:groups":["hr","legal"]}"#);
        for (token, expected) in [
            (format!("eyJhbGciOiJub25lIn0.{payload}.c2ln"), Some(user("zoë", &["hr", "legal"]))),
            ("alice".to_owned(), Some(user("alice", &[]))),
            ("a.b@example.org: hr, finance,".to_owned(), Some(user("a.b@example.org", &["hr", "finance"]))),
            ("eyJhbGciOiJub25lIn0.e30.c2ln".to_owned(), None),
            ("eyJhbGciOiJub25lIn0.!.c2ln".to_owned(), None),
            (":hr".to_owned(), None),
        ] {
            let read = searching(Some(&context(serde_json::json!({ "Token": token }))), Policy::UserToken);
            assert_eq!(read.ok().flatten(), expected, "{token}");
        }
    }

    #[test]
    fn the_index_says_how_it_is_told() {
        let by_name = || context(serde_json::json!({ "UserId": "alice", "Groups": ["hr"] }));
        let by_token = || context(serde_json::json!({ "Token": "alice" }));
        let is_refused = |given: UserContext, policy| searching(Some(&given), policy).is_err();
        let found = searching(Some(&by_name()), Policy::AttributeFilter).unwrap();
        assert_eq!(found, Some(user("alice", &["hr"])));
        assert!(is_refused(by_name(), Policy::UserToken));
        assert!(is_refused(by_token(), Policy::AttributeFilter));
        assert!(is_refused(context(serde_json::json!({ "Token": "alice", "UserId": "alice" })), Policy::UserToken));
        assert!(is_refused(UserContext::default(), Policy::AttributeFilter));
        assert_eq!(searching(None, Policy::AttributeFilter).unwrap(), None);
        assert_eq!(searching(None, Policy::UserToken).unwrap(), Some(User::default()));
    }
}
