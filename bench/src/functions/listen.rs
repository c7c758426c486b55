//! Servers on free ports of this machine.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::error::{Context, Error};

/// Something that listens until it is dropped, which also ends its connections.
pub(super) struct Listening {
    address: SocketAddr,
    _task: JoinSet<()>,
}

impl Listening {
    /// Every connection is given to `serve`.
    pub(super) async fn start<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Result<Self, Error>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port is free")?;
        let address = listener.local_addr().context("no port is free")?;
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                // An answer in two parts must not wait for the acknowledgement of the first.
                if stream.set_nodelay(true).is_ok() {
                    connections.spawn(serve(stream));
                }
            }
        });
        Ok(Self { address, _task: task })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}
