//! Which crate answers for which function of the template: the one line that a new pattern needs here.

use std::sync::Arc;

use aws_config::SdkConfig;
use chat::Chat;
use nlq::Nlq;
use rag::Rag;
pub(crate) use shared::http::{Invocation, Response};
use shared::{Error, config::Config};

use crate::gateway::Handler;

/// The function that is built from a crate; none if this program does not contain it.
pub(crate) fn handler(package: &str, config: &Config, sdk: &SdkConfig) -> Option<Result<Handler, Error>> {
    Some(match package {
        "chat" => boxed(Chat::new(config, sdk), |chat, invocation| async move { chat.handle(invocation).await }),
        "nlq" => boxed(Nlq::new(config, sdk), |nlq, invocation| async move { nlq.handle(invocation).await }),
        "rag" => boxed(Rag::new(config, sdk), |rag, invocation| async move { rag.handle(invocation).await }),
        _ => return None,
    })
}

/// Each pattern has a type of its own, and they have no trait in common: only this program wants all of them alike.
fn boxed<P, F>(pattern: Result<P, Error>, handle: fn(Arc<P>, Invocation) -> F) -> Result<Handler, Error>
where
    P: Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let pattern = Arc::new(pattern?);
    Ok(Box::new(move |invocation| Box::pin(handle(Arc::clone(&pattern), invocation))))
}
