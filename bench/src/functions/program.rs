//! The binaries under measurement, built by cargo if they are not there or stale.

use std::{
    fs,
    io::{Cursor, Write},
    path::PathBuf,
    process::{Command, Stdio},
};

use serde::Deserialize;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{
    Pair,
    pattern::{PATTERNS, Pattern},
};
use crate::error::{Context, Error};

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");

#[derive(Debug)]
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) path: PathBuf,
}

/// Bytes of a binary, and of the zip file that Lambda would get.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) binary: usize,
    pub(super) zipped: usize,
}

/// A line of cargo's account of a build, as far as it is of interest.
#[derive(Deserialize)]
struct Message {
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// What cargo built.
pub(super) struct Built(String);

/// All functions and floors in one build, so that what they share is compiled once and in the same way. Only these: a
/// crate that is built together with others gets the features that any of them asks for.
pub(super) fn build() -> Result<Built, Error> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--package", "floor", "--manifest-path", MANIFEST]);
    cargo.args(PATTERNS.iter().flat_map(|pattern| ["--package", pattern.name]));
    cargo.arg("--message-format=json-render-diagnostics");
    // `cargo run` sets these; build scripts that look at them would run again, and much would be compiled again.
    for name in ["MANIFEST_DIR", "MANIFEST_PATH", "PKG_NAME", "PKG_VERSION", "PKG_AUTHORS", "PKG_DESCRIPTION"] {
        cargo.env_remove(format!("CARGO_{name}"));
    }
    for part in ["MAJOR", "MINOR", "PATCH", "PRE"] {
        cargo.env_remove(format!("CARGO_PKG_VERSION_{part}"));
    }
    eprintln!("building the functions and their floors (release; minutes, the first time)");
    let output = cargo.stderr(Stdio::inherit()).output().context("cargo could not be run")?;
    if !output.status.success() {
        return Err(Error::Build(output.status));
    }
    Ok(Built(String::from_utf8_lossy(&output.stdout).into_owned()))
}

impl Built {
    pub(super) fn pair(&self, pattern: &Pattern) -> Result<Pair<Program>, Error> {
        Ok(Pair { function: self.find(pattern.name)?, floor: self.find(pattern.floor)? })
    }

    fn find(&self, name: &'static str) -> Result<Program, Error> {
        let messages = self.0.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
        let path = messages
            .filter(|message| message.target.as_ref().is_some_and(|target| target.name == name))
            .find_map(|message| message.executable);
        Ok(Program { name, path: path.ok_or(Error::NotBuilt(name))? })
    }
}

impl Program {
    pub(super) fn sizes(&self) -> Result<Sizes, Error> {
        let binary = fs::read(&self.path).context(format!("{} could not be read", self.path.display()))?;
        Ok(Sizes { binary: binary.len(), zipped: zipped(&binary)?.len() })
    }
}

fn zipped(binary: &[u8]) -> Result<Vec<u8>, Error> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    zip.start_file("bootstrap", options.unix_permissions(0o755)).map_err(Error::Zip)?;
    zip.write_all(binary).context("the binary could not be zipped")?;
    Ok(zip.finish().map_err(Error::Zip)?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_binary_is_found_in_what_cargo_tells() {
        let built = Built(String::from(concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"chat","kind":["lib"]},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"chat","kind":["bin"]},"executable":"target/release/chat"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        )));
        assert_eq!(built.find("chat").unwrap().path, Path::new("target/release/chat"));
        assert!(matches!(built.find("floor-chat"), Err(Error::NotBuilt("floor-chat"))));
    }

    #[test]
    fn a_zip_file_is_smaller_than_what_repeats() {
        assert!(zipped(&[7; 10_000]).unwrap().len() < 1000);
    }
}
