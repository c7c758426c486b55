use crate::{Access, Principal, User};

impl Access {
    /// Kendra's rules: who is denied is kept out whatever else is said; where somebody is allowed, only those get in; all
    /// levels of a hierarchy have to let somebody in.
    pub fn lets_in(&self, user: &User) -> bool {
        let is_user = |principal: &Principal| match principal {
            Principal::User(name) => user.name.as_ref() == Some(name),
            Principal::Group(group) => user.groups.contains(group),
        };
        !self.deny.iter().any(is_user)
            && (self.allow.is_empty() || self.allow.iter().any(is_user))
            && self.hierarchy.iter().all(|level| level.lets_in(user))
    }
}
