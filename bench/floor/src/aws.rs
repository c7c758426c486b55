//! AWS clients as lean as those of the functions: one HTTP client, `ring`, few root certificates, credentials where Lambda
//! has them. That is set-up of the SDK, which the floor is; it is written again here so that no code of the functions is
//! measured against itself.

use std::{env, fs};

use aws_config::{BehaviorVersion, SdkConfig, environment::EnvironmentVariableCredentialsProvider};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use lambda_runtime::Error;

const AMAZON_TRUST_SERVICES: &[u8] = include_bytes!("../../../shared/src/aws/amazon-trust-services.pem");

pub async fn connect() -> Result<SdkConfig, Error> {
    let roots = match setting("AWS_CA_BUNDLE") {
        Ok(path) => fs::read(path)?,
        Err(_) => AMAZON_TRUST_SERVICES.to_vec(),
    };
    let context = TlsContext::builder().with_trust_store(TrustStore::empty().with_pem_certificate(roots)).build()?;
    let tls = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context);
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(tls.build_https())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new());
    Ok(loader.load().await)
}

#[expect(clippy::disallowed_methods, reason = "the floors have no configuration beyond the environment")]
pub fn setting(name: &str) -> Result<String, Error> {
    Ok(env::var(name)?)
}
