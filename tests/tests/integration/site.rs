//! A web site for the crawler: a page for each path, as raw as a test needs it.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Bytes of a response, head and body. Whatever has no page is not found.
type Pages = BTreeMap<String, Vec<u8>>;

pub(crate) struct Site {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    pages: Pages,
    asked: Vec<String>,
}

impl Site {
    /// Ends with the test's runtime.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let state = Arc::clone(&site.state);
        tokio::spawn(async move {
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                tokio::spawn(answer(connection, Arc::clone(&state)));
            }
        });
        site
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn page(&self, path: &str, title: &str, body: &str) {
        let html = format!("<html><head><title>{title}</title></head><body><p>{body}</p></body></html>");
        self.raw(path, "200 OK", "content-type: text/html", html.len(), &html);
    }

    pub(crate) fn redirect(&self, path: &str, to: &str) {
        self.raw(path, "302 Found", &format!("location: {to}"), 0, "");
    }

    /// `length` is what the head says of the body, true or not.
    pub(crate) fn raw(&self, path: &str, status: &str, header: &str, length: usize, body: &str) {
        let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{header}\r\ncontent-length: {length}\r\n\r\n");
        self.state.lock().unwrap().pages.insert(path.to_owned(), (head + body).into_bytes());
    }

    pub(crate) fn remove(&self, path: &str) {
        self.state.lock().unwrap().pages.remove(path);
    }

    /// The paths asked for so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }
}

async fn answer(mut connection: TcpStream, state: Arc<Mutex<State>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match connection.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let path = String::from_utf8(head).unwrap().split(' ').nth(1).unwrap().to_owned();
    let page = {
        let mut state = state.lock().unwrap();
        state.asked.push(path.clone());
        state.pages.get(&path).cloned()
    };
    let missing = || b"HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_vec();
    // Whoever does not want to read on closes the connection.
    let _ = connection.write_all(&page.unwrap_or_else(missing)).await;
    let _ = connection.shutdown().await;
}
