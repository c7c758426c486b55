//! `local-aws` in this process, by HTTP and by TLS. It answers at once: what is measured is the functions.

use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use local_aws::{Config, EngineChoice, LocalAws, Table};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;
use tempfile::NamedTempFile;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

use super::{HISTORY_TURNS, bootstrap::Environment};
use crate::error::{Context, Error};

const TABLE: &str = "bench";

/// Two servers, since on AWS every service has a host of its own, and so a connection and a handshake of its own.
pub(super) struct Aws {
    dynamodb: LocalAws,
    bedrock: LocalAws,
    dynamodb_tls: SocketAddr,
    bedrock_tls: SocketAddr,
    ca_bundle: NamedTempFile,
    _tls: JoinSet<()>,
}

impl Aws {
    pub(super) async fn start() -> Result<Self, Error> {
        let dynamodb = start(vec![table()]).await?;
        let bedrock = start(Vec::new()).await?;
        let (acceptor, root) = self_signed()?;
        let mut tls = JoinSet::new();
        let dynamodb_tls = terminate(&mut tls, acceptor.clone(), dynamodb.address()).await?;
        let bedrock_tls = terminate(&mut tls, acceptor, bedrock.address()).await?;
        let mut ca_bundle = NamedTempFile::new().context("no temporary file could be made")?;
        ca_bundle.write_all(root.as_bytes()).context("the temporary file could not be written")?;
        Ok(Self { dynamodb, bedrock, dynamodb_tls, bedrock_tls, ca_bundle, _tls: tls })
    }

    pub(super) fn plain(&self) -> Environment {
        environment(self.dynamodb.url(), self.bedrock.url())
    }

    pub(super) fn tls(&self) -> Environment {
        let url = |address: SocketAddr| format!("https://localhost:{}", address.port());
        let mut environment = environment(url(self.dynamodb_tls), url(self.bedrock_tls));
        environment.push(("AWS_CA_BUNDLE", self.ca_bundle.path().to_string_lossy().into_owned()));
        environment
    }

    pub(super) async fn stop(self) {
        self.dynamodb.stop().await;
        self.bedrock.stop().await;
    }
}

/// What Lambda and the template give a function, and nothing of this machine's.
fn environment(dynamodb: String, bedrock: String) -> Environment {
    let mut environment = vec![
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock),
        ("HISTORY_TURNS", HISTORY_TURNS.to_string()),
    ];
    let fixed = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDLOCAL"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_SESSION_TOKEN", "local"),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("TABLE_NAME", TABLE),
        ("MODEL_IDS", "scripted"),
    ];
    environment.extend(fixed.map(|(name, value)| (name, value.to_owned())));
    environment
}

async fn start(tables: Vec<Table>) -> Result<LocalAws, Error> {
    let config = Config {
        address: (Ipv4Addr::LOCALHOST, 0).into(),
        data: None,
        tables,
        engine: EngineChoice::Scripted,
        real: Vec::new(),
    };
    LocalAws::start(config).await.map_err(Error::LocalAws)
}

/// As `template.yaml` declares it.
fn table() -> Table {
    let create = json!({
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            { "AttributeName": "pk", "AttributeType": "S" },
            { "AttributeName": "sk", "AttributeType": "S" },
        ],
        "KeySchema": [
            { "AttributeName": "pk", "KeyType": "HASH" },
            { "AttributeName": "sk", "KeyType": "RANGE" },
        ],
    });
    Table { create, ttl_attribute: Some("expires_at".to_owned()) }
}

/// A certificate for `localhost`, made for this run, and its root in PEM form.
fn self_signed() -> Result<(TlsAcceptor, String), Error> {
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().map_err(Error::Certificate)?;
    let root_pem = root.self_signed(&root_key).map_err(Error::Certificate)?.pem();

    let key = KeyPair::generate().map_err(Error::Certificate)?;
    let certificate = CertificateParams::new(["localhost".to_owned()])
        .and_then(|host| host.signed_by(&key, &Issuer::new(root, root_key)))
        .map_err(Error::Certificate)?;
    let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::Tls)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .map_err(Error::Tls)?;
    Ok((TlsAcceptor::from(Arc::new(server)), root_pem))
}

/// Takes TLS off connections and passes them on to `server`; returns where.
async fn terminate(tasks: &mut JoinSet<()>, acceptor: TlsAcceptor, server: SocketAddr) -> Result<SocketAddr, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port is free")?;
    let address = listener.local_addr().context("no port is free")?;
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((outside, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            connections.spawn(async move {
                // A connection ends with an error when its function is stopped, or does not trust it and says so.
                let _ = pass_on(outside, acceptor, server).await;
            });
        }
    });
    Ok(address)
}

async fn pass_on(outside: TcpStream, acceptor: TlsAcceptor, server: SocketAddr) -> std::io::Result<()> {
    outside.set_nodelay(true)?;
    let mut outside = acceptor.accept(outside).await?;
    let mut inside = TcpStream::connect(server).await?;
    inside.set_nodelay(true)?;
    copy_bidirectional(&mut outside, &mut inside).await?;
    Ok(())
}
