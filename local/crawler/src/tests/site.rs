use std::{
    collections::HashMap,
    io::Write,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::task::AbortOnDropHandle;

/// A web site, or several: whatever their name, all of them are served from one address.
pub(super) struct Site {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    _serving: AbortOnDropHandle<()>,
}

struct Shared {
    answers: HashMap<String, Vec<Answer>>,
    requests: Mutex<Vec<Request>>,
    sent: AtomicUsize,
}

#[derive(Debug, Clone)]
pub(super) struct Request {
    /// Host and path, without the scheme.
    pub(super) place: String,
    pub(super) at: Instant,
    pub(super) head: String,
}

#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
    /// As its length, where that is not its length.
    pub(super) announced: Option<usize>,
    pub(super) endless: bool,
    /// Before it, and in it if it is endless.
    pub(super) pause: Duration,
}

pub(super) fn answer(status: u16, headers: &[&str], body: impl Into<Vec<u8>>) -> Answer {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}");
    Answer { head, body: body.into(), announced: None, endless: false, pause: Duration::ZERO }
}

pub(super) fn page(body: &str) -> Answer {
    answer(200, &["content-type: text/html"], body)
}

pub(super) fn links(to: &[&str]) -> Answer {
    page(&to.iter().map(|to| format!("<a href=\"{to}\">x</a>")).collect::<String>())
}

pub(super) fn redirect(to: &str) -> Answer {
    answer(302, &[&format!("location: {to}")], "")
}

pub(super) fn packed(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

impl Site {
    /// `places` are hosts and paths; one named several times gives its answers one after the other, then the last one.
    /// All others are not found.
    pub(super) async fn start(places: &[(&str, Answer)]) -> Site {
        let mut answers: HashMap<String, Vec<Answer>> = HashMap::new();
        for (place, answer) in places {
            answers.entry((*place).to_owned()).or_default().push(answer.clone());
        }
        let shared = Arc::new(Shared { answers, requests: Mutex::default(), sent: AtomicUsize::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = Arc::clone(&shared);
        let serving = tokio::spawn(async move {
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                let shared = Arc::clone(&serving);
                tokio::spawn(async move { shared.serve(connection).await });
            }
        });
        Site { address, shared, _serving: AbortOnDropHandle::new(serving) }
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The places asked for, sorted.
    pub(super) fn asked(&self) -> Vec<String> {
        let mut asked: Vec<String> = self.requests().into_iter().map(|request| request.place).collect();
        asked.sort();
        asked
    }

    pub(super) fn bytes_sent(&self) -> usize {
        self.shared.sent.load(Ordering::SeqCst)
    }
}

impl Shared {
    async fn serve(&self, mut connection: TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match connection.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let target = head.split(' ').nth(1).unwrap();
        let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let place = match target.strip_prefix("http://") {
            Some(proxied) => proxied.to_owned(),
            None => format!("{host}{target}"),
        };
        let count = {
            let mut requests = self.requests.lock().unwrap();
            requests.push(Request { place: place.clone(), at: Instant::now(), head });
            requests.iter().filter(|request| request.place == place).count()
        };
        let missing = [answer(404, &[], "")];
        let answers = self.answers.get(&place).map_or(&missing[..], Vec::as_slice);
        let _ = self.answer(connection, &answers[count.min(answers.len()) - 1]).await;
    }

    async fn answer(&self, mut connection: TcpStream, answer: &Answer) -> std::io::Result<()> {
        tokio::time::sleep(answer.pause).await;
        connection.write_all(answer.head.as_bytes()).await?;
        if answer.endless {
            connection.write_all(b"\r\n").await?;
            loop {
                connection.write_all(&[b'x'; 4096]).await?;
                self.sent.fetch_add(4096, Ordering::SeqCst);
                tokio::time::sleep(answer.pause).await;
            }
        }
        let length = answer.announced.unwrap_or(answer.body.len());
        connection.write_all(format!("content-length: {length}\r\n\r\n").as_bytes()).await?;
        connection.write_all(&answer.body).await?;
        self.sent.fetch_add(answer.body.len(), Ordering::SeqCst);
        connection.shutdown().await
    }
}
