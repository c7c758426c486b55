//! The caller's sessions over HTTP.

use shared::{
    Error,
    conversation::{Caller, SessionId},
    http::{Call, Reply},
    memory::{Cursor, Memory, PageRequest},
};

const DEFAULT_LIMIT: u32 = 20;
const MOST: u32 = 100;

/// What `GET /sessions` answers.
#[derive(serde::Serialize)]
struct SessionList {
    sessions: Vec<shared::memory::Session>,
    next_cursor: Option<String>,
}

/// What `GET /sessions/{id}` answers.
#[derive(serde::Serialize)]
struct MessageList {
    #[serde(flatten)]
    session: shared::memory::Session,
    messages: Vec<shared::memory::StoredMessage>,
    next_cursor: Option<String>,
}

pub(crate) async fn list(memory: &Memory, call: &Call) -> Result<Reply, Error> {
    let caller = call.caller()?;
    // All anonymous callers are one to the memory; none of them may see what the others talk about.
    if caller.subject.is_none() {
        return Err(Error::Unauthenticated);
    }
    let page = memory.sessions(&caller, page(call)?).await?;
    Reply::json(SessionList { sessions: page.sessions, next_cursor: page.next.as_ref().map(Cursor::encode) })
}

pub(crate) async fn read(memory: &Memory, call: &Call) -> Result<Reply, Error> {
    let (caller, session) = named(call)?;
    let page = memory.messages(&caller, session, page(call)?).await?;
    let next_cursor = page.next.as_ref().map(Cursor::encode);
    Reply::json(MessageList { session: page.session, messages: page.messages, next_cursor })
}

pub(crate) async fn delete(memory: &Memory, call: &Call) -> Result<Reply, Error> {
    let (caller, session) = named(call)?;
    memory.delete(&caller, session).await?;
    Ok(Reply::NoContent)
}

/// What is no identifier of ours is no session of the caller's.
fn named(call: &Call) -> Result<(Caller, SessionId), Error> {
    let caller = call.caller()?;
    let session = SessionId::parse(call.path_parameter("id")?).map_err(|_| Error::NoSuchSession)?;
    Ok((caller, session))
}

fn page(call: &Call) -> Result<PageRequest, Error> {
    const KNOWN: [&str; 2] = ["limit", "cursor"];
    let limit = match call.query("limit", &KNOWN)? {
        None => DEFAULT_LIMIT,
        Some(text) => Some(text)
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .filter(|limit| (1..=MOST).contains(limit))
            .ok_or_else(|| Error::invalid("limit", format!("must be a number from 1 to {MOST}")))?,
    };
    let after = call.query("cursor", &KNOWN)?.map(Cursor::parse).transpose()?;
    Ok(PageRequest { limit, after })
}
