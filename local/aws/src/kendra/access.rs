//! Entries of access-control lists, in requests and in files.

use local_search::{Access, Principal};
use serde::Deserialize;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Kind {
    User,
    Group,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Right {
    Allow,
    Deny,
}

pub(super) fn add(access: &mut Access, name: String, kind: Kind, right: Right) {
    let principal = match kind {
        Kind::User => Principal::User(name),
        Kind::Group => Principal::Group(name),
    };
    match right {
        Right::Allow => access.allow.push(principal),
        Right::Deny => access.deny.push(principal),
    }
}
