//! One HTTP client for all SDK clients, quick to start: `ring` instead of the SDK's default provider, which spends
//! 25 ms of CPU on its first handshake, and five root certificates instead of the system's 144, which take 3 ms to parse.

use std::{
    error::Error as StdError,
    sync::{Arc, LazyLock},
};

use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};

use crate::{config, error::Error};

/// The roots of Amazon Trust Services, from which every AWS endpoint has its certificate
/// (<https://www.amazontrust.com/repository/>).
const AMAZON_TRUST_SERVICES: &[u8] = include_bytes!("amazon-trust-services.pem");

/// A client that trusts the configured bundle, or else Amazon's roots first and the system's where those do not do:
/// behind a proxy that looks into TLS, or for an endpoint with a private certificate.
pub fn http_client(config: &config::Aws) -> Result<SharedHttpClient, Error> {
    let Some(path) = &config.ca_bundle else {
        let amazon = client(TrustStore::empty().with_pem_certificate(AMAZON_TRUST_SERVICES))?;
        let system = client(TrustStore::empty().with_native_roots(true))?;
        return Ok(SharedHttpClient::new(AmazonThenSystem { amazon, system }));
    };
    let bundle = std::fs::read(path)
        .map_err(|error| Error::Configuration(format!("AWS_CA_BUNDLE {} cannot be read: {error}", path.display())))?;
    let bundle = client(TrustStore::empty().with_pem_certificate(bundle))?;
    Ok(SharedHttpClient::new(Bundle(bundle)))
}

fn client(roots: TrustStore) -> Result<SharedHttpClient, Error> {
    let context = TlsContext::builder().with_trust_store(roots).build();
    let context = context.map_err(|error| Error::Configuration(format!("TLS cannot be set up: {error}")))?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https())
}

/// Neither of these two forwards `validate_base_client_config`: the SDK's client then builds a whole connector, roots and
/// all, and throws it away, once for every service.
#[derive(Debug)]
struct Bundle(SharedHttpClient);

impl HttpClient for Bundle {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }
}

#[derive(Debug)]
struct AmazonThenSystem {
    amazon: SharedHttpClient,
    system: SharedHttpClient,
}

impl HttpClient for AmazonThenSystem {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let amazon = self.amazon.http_connector(settings, components);
        let (system, settings, components) = (self.system.clone(), settings.clone(), components.clone());
        // The system's roots are read when they are needed, which on Lambda is never.
        let system: Deferred = LazyLock::new(Box::new(move || system.http_connector(&settings, &components)));
        SharedHttpConnector::new(Connector { amazon, system: Arc::new(system) })
    }
}

type Deferred = LazyLock<SharedHttpConnector, Box<dyn FnOnce() -> SharedHttpConnector + Send>>;

struct Connector {
    amazon: SharedHttpConnector,
    system: Arc<Deferred>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Connector").field("amazon", &self.amazon).finish_non_exhaustive()
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let again = request.try_clone();
        let first = self.amazon.call(request);
        let system = Arc::clone(&self.system);
        HttpConnectorFuture::new(async move {
            match (first.await, again) {
                // The handshake failed, so that nothing of the request was sent yet.
                (Err(error), Some(request)) if is_unknown_issuer(&error) => system.call(request).await,
                (outcome, _) => outcome,
            }
        })
    }
}

/// rustls' error stands at the end of the chain, wrapped in an I/O error that does not show it as its source.
fn is_unknown_issuer(error: &ConnectorError) -> bool {
    let mut cause: Option<&dyn StdError> = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains("UnknownIssuer") {
            return true;
        }
        cause = error.source();
    }
    false
}
