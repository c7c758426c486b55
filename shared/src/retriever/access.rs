//! Who may see what: the caller's verified identity as Kendra's user context.

use aws_sdk_kendra::types;

use super::Retriever;
use crate::{config::UserContext, conversation::Caller, error::Error};

/// Kendra's limit for the groups of a user.
const MOST_GROUPS: usize = 2048;

/// What a search may find. Only [`Retriever::access`] makes one, so that no search forgets whose it is.
#[derive(Debug, Clone)]
pub struct Access(Option<types::UserContext>);

impl Access {
    pub(super) fn user_context(&self) -> Option<types::UserContext> {
        self.0.clone()
    }
}

impl Retriever {
    /// The access of a caller. Without a user context Kendra would show every document to everybody: so where access
    /// control is on, a caller without an identity gets [`Error::NoUserContext`], and nothing is searched.
    pub fn access(&self, caller: &Caller) -> Result<Access, Error> {
        user_context(self.user_context, caller).map(Access)
    }
}

fn user_context(kind: UserContext, caller: &Caller) -> Result<Option<types::UserContext>, Error> {
    let context = types::UserContext::builder();
    match kind {
        UserContext::Off => Ok(None),
        UserContext::UserAndGroups => {
            let name = caller.user_name.as_ref().ok_or(Error::NoUserContext)?;
            if caller.groups.len() > MOST_GROUPS {
                return Err(Error::NoUserContext);
            }
            let groups = Some(caller.groups.clone()).filter(|groups| !groups.is_empty());
            Ok(Some(context.user_id(name).set_groups(groups).build()))
        }
        UserContext::Token => {
            let token = caller.token.as_ref().ok_or(Error::NoUserContext)?;
            Ok(Some(context.token(token.reveal()).build()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Token;

    #[test]
    fn the_identity_goes_along_as_the_index_wants_it() {
        let alice = Caller {
            subject: Some("s".to_owned()),
            user_name: Some("alice".to_owned()),
            groups: vec!["hr".to_owned()],
            token: Some(Token::new("t")),
        };
        let context = user_context(UserContext::UserAndGroups, &alice).unwrap().unwrap();
        assert_eq!(
            (context.user_id(), context.groups(), context.token()),
            (Some("alice"), &["hr".to_owned()][..], None)
        );
        let context = user_context(UserContext::Token, &alice).unwrap().unwrap();
        assert_eq!((context.user_id(), context.token()), (None, Some("t")));
        assert_eq!(user_context(UserContext::Off, &alice).unwrap(), None);
    }

    #[test]
    fn without_an_identity_nothing_is_searched() {
        // Known to the memory, but by no name that documents could be released for.
        let nameless = Caller { subject: Some("s".to_owned()), groups: vec!["hr".to_owned()], ..Caller::default() };
        for kind in [UserContext::UserAndGroups, UserContext::Token] {
            assert!(matches!(user_context(kind, &nameless), Err(Error::NoUserContext)));
        }
    }
}
