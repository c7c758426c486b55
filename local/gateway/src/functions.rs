//! Which crate answers for which function of the template: the one line that a new pattern needs here.

use std::sync::Arc;

use aws_config::SdkConfig;
use chat::Chat;
use shared::config::Config;
pub(crate) use shared::http::{Invocation, Response};

use crate::gateway::Handler;

/// The function that is built from a crate; none if this program does not contain it.
pub(crate) fn handler(package: &str, config: &Config, sdk: &SdkConfig) -> Option<Result<Handler, shared::Error>> {
    Some(match package {
        "chat" => Chat::new(config, sdk).map(|chat| {
            let chat = Arc::new(chat);
            let handler: Handler = Box::new(move |invocation| {
                let chat = Arc::clone(&chat);
                Box::pin(async move { chat.handle(invocation).await })
            });
            handler
        }),
        _ => return None,
    })
}
