//! The connection to AWS that all clients share.

mod tls;

use aws_config::{BehaviorVersion, SdkConfig};

pub use self::tls::http_client;
use crate::{config, error::Error};

/// Credentials, region and endpoints as every AWS SDK finds them, on one HTTP client.
pub async fn connect(config: &config::Aws) -> Result<SdkConfig, Error> {
    let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client(config)?);
    Ok(loader.load().await)
}
