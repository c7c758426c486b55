//! Whether an answer was of help: the index learns from it, and it stays with the message.

use std::collections::BTreeMap;

use serde::Deserialize;
use shared::{
    Error,
    conversation::{SessionId, TurnId},
    grounding::Citation,
    http::{Call, Reply},
    memory::{Feedback, Memory},
    retriever::Retriever,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    session_id: String,
    message_id: String,
    helpful: bool,
    /// Numbers of the citations that it is about; all of them where absent.
    citations: Option<Vec<usize>>,
}

pub(crate) async fn give(retriever: &Retriever, memory: &Memory, call: &Call) -> Result<Reply, Error> {
    let caller = call.caller()?;
    let Body { session_id, message_id, helpful, citations } = call.body()?;
    let (session, turn) = (SessionId::parse(&session_id)?, TurnId::parse(&message_id)?);

    let reply = memory.reply(&caller, session, turn).await?;
    let cited = reply.grounding.map(|grounding| grounding.citations).unwrap_or_default();
    let meant = chosen(&cited, citations.as_deref())?;
    for (query_id, results) in by_query(&meant) {
        retriever.feedback(query_id, &results, helpful).await?;
    }
    let feedback = Feedback { helpful, citations: meant.iter().map(|citation| citation.number).collect() };
    memory.keep_feedback(&caller, session, turn, &feedback).await?;
    Ok(Reply::NoContent)
}

fn chosen<'a>(cited: &'a [Citation], numbers: Option<&[usize]>) -> Result<Vec<&'a Citation>, Error> {
    let Some(numbers) = numbers else { return Ok(cited.iter().collect()) };
    if let Some(unknown) = numbers.iter().find(|number| cited.iter().all(|citation| citation.number != **number)) {
        return Err(Error::invalid("citations", format!("the answer does not cite {unknown}")));
    }
    Ok(cited.iter().filter(|citation| numbers.contains(&citation.number)).collect())
}

/// Kendra takes feedback on the results of one search at a time.
fn by_query<'a>(citations: &[&'a Citation]) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut queries: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for citation in citations {
        queries.entry(&citation.passage.query_id).or_default().push(&citation.passage.result_id);
    }
    queries
}
