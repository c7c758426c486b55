use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use reqwest::{Client, Response, StatusCode, header};

use super::{FetchError, Origins, Place, progress::Progress, verify};

/// Once something came, so many attempts in a row may bring nothing before the origin is given up. An origin that never
/// brought anything is given up at once: the other one may be quick.
const PATIENCE: usize = 5;

/// Downloads the file, from where an earlier download broke off.
pub(super) async fn fetch(place: &Place, origins: &Origins) -> Result<(), FetchError> {
    // Fails if there is one already, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .connect_timeout(origins.connect_timeout)
        .read_timeout(origins.read_timeout)
        .user_agent(concat!("serverless-genai-rust/", env!("CARGO_PKG_VERSION")))
        .build()?;
    let url = format!("{}/{}/resolve/main/{}", origins.hugging_face, place.weights.repository, place.weights.path);
    let partial = place.partial();
    let mut fetched = length(&partial).map_err(FetchError::Io)?;
    let progress = Progress::new(&place.weights, fetched);

    let mut patience = 0;
    while fetched != place.weights.bytes {
        let error = match download(&client, &url, place, &partial, &progress).await {
            Ok(()) => break,
            Err(FetchError::Http(error)) => error,
            Err(error) => return Err(error),
        };
        let before = std::mem::replace(&mut fetched, length(&partial).map_err(FetchError::Io)?);
        if fetched > before {
            patience = PATIENCE;
        } else if patience == 0 {
            return Err(FetchError::Http(error));
        } else {
            patience -= 1;
        }
        tracing::info!(%error, "the connection broke; taking it up again");
        tokio::time::sleep(origins.pause).await;
    }
    drop(progress);
    let fetched = length(&partial).map_err(FetchError::Io)?;
    if fetched != place.weights.bytes {
        return Err(FetchError::Length { offered: fetched, expected: place.weights.bytes });
    }
    let place = place.clone();
    tokio::task::spawn_blocking(move || verify::accept(&place, &partial)).await?
}

async fn download(
    client: &Client,
    url: &str,
    place: &Place,
    partial: &Path,
    progress: &Progress,
) -> Result<(), FetchError> {
    let failed = |error| FetchError::io(error, &place.weights);
    let expected = place.weights.bytes;
    let mut have = length(partial).map_err(failed)?;
    if have > expected {
        have = 0;
    }
    let mut request = client.get(url);
    if have > 0 {
        request = request.header(header::RANGE, format!("bytes={have}-"));
    }
    let mut response = request.send().await?;
    have = match response.status() {
        StatusCode::PARTIAL_CONTENT if starts_at(&response, have) => have,
        StatusCode::OK => 0,
        status => {
            return Err(FetchError::Status { url: url.into(), status: status.as_u16() });
        }
    };
    if let Some(offered) = response.content_length().map(|length| have + length).filter(|offered| *offered != expected)
    {
        return Err(FetchError::Length { offered, expected });
    }

    let mut file = File::options().create(true).append(true).open(partial).map_err(failed)?;
    file.set_len(have).map_err(failed)?;
    while let Some(chunk) = response.chunk().await? {
        file.write_all(&chunk).map_err(failed)?;
        have += chunk.len() as u64;
        if have > expected {
            return Err(FetchError::Length { offered: have, expected });
        }
        progress.set(have);
    }
    Ok(())
}

fn starts_at(response: &Response, position: u64) -> bool {
    let range = response.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {position}-")))
}

fn length(path: &Path) -> io::Result<u64> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}
