//! Wires the nlq function for Lambda: configuration, clients, run.

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use nlq::Nlq;
use shared::{aws, config::Config, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_env()?;
    telemetry::log_to_stdout(config.log_level);
    let nlq = Arc::new(Nlq::new(&config, &aws::connect(&config.aws).await?)?);
    lambda_runtime::run(service_fn(|invocation: LambdaEvent<_>| {
        let nlq = Arc::clone(&nlq);
        async move { Ok::<_, Error>(nlq.handle(invocation).await) }
    }))
    .await
}
