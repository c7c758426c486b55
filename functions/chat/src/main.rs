//! Wires the chat function for Lambda: configuration, clients, run.

use std::sync::Arc;

use chat::Chat;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use shared::{aws, config::Config, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_env()?;
    telemetry::log_to_stdout(config.log_level);
    let chat = Arc::new(Chat::new(&config, &aws::connect(&config.aws).await?)?);
    lambda_runtime::run(service_fn(|invocation: LambdaEvent<_>| {
        let chat = Arc::clone(&chat);
        async move { Ok::<_, Error>(chat.handle(invocation).await) }
    }))
    .await
}
