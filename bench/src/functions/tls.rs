//! TLS in front of the servers, with certificates made for this run.

use std::{io::Write, net::SocketAddr, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::NamedTempFile;
use tokio::{io::copy_bidirectional, net::TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

use super::listen::Listening;
use crate::error::{Context, Error};

pub(super) struct Tls {
    acceptor: TlsAcceptor,
    /// The root certificate, in PEM form.
    ca_bundle: NamedTempFile,
}

impl Tls {
    /// With a certificate for `localhost`.
    pub(super) fn new() -> Result<Self, Error> {
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
        let mut ca_bundle = NamedTempFile::new().context("no temporary file could be made")?;
        ca_bundle.write_all(root_pem.as_bytes()).context("the temporary file could not be written")?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(server)), ca_bundle })
    }

    pub(super) fn ca_bundle(&self) -> String {
        self.ca_bundle.path().to_string_lossy().into_owned()
    }

    /// Takes TLS off connections and passes them on to `server`.
    pub(super) async fn terminate(&self, server: SocketAddr) -> Result<Listening, Error> {
        let acceptor = self.acceptor.clone();
        Listening::start(move |outside| {
            let acceptor = acceptor.clone();
            async move {
                // A connection ends with an error when its function is stopped, or does not trust it and says so.
                let _ = pass_on(outside, acceptor, server).await;
            }
        })
        .await
    }
}

async fn pass_on(outside: TcpStream, acceptor: TlsAcceptor, server: SocketAddr) -> std::io::Result<()> {
    let mut outside = acceptor.accept(outside).await?;
    let mut inside = TcpStream::connect(server).await?;
    inside.set_nodelay(true)?;
    copy_bidirectional(&mut outside, &mut inside).await?;
    Ok(())
}
