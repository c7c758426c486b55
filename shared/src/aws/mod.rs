//! The connection to AWS that all clients share.

mod failure;
mod tls;

use aws_config::{BehaviorVersion, SdkConfig, environment::EnvironmentVariableCredentialsProvider};

pub(crate) use self::failure::{Failure, is_denial};
pub use self::tls::http_client;
use crate::{config, error::Error};

/// Credentials, region and endpoints as every AWS SDK finds them, on one HTTP client.
pub async fn connect(config: &config::Aws) -> Result<SdkConfig, Error> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client(config)?);
    if config.has_credentials {
        // Where the default chain would look first too. Building the rest of it, which Lambda never needs, costs more
        // than all else at the start.
        loader = loader.credentials_provider(EnvironmentVariableCredentialsProvider::new());
    }
    Ok(loader.load().await)
}
