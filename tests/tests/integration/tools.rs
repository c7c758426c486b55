//! The project's files, and programs that are not Rust: those that `scripts/setup` installs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_path_buf()
}

#[track_caller]
pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files below a folder of the project that have this extension, but for what was built or installed.
pub(crate) fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && path.extension().is_some_and(|found| found == extension) {
                files.push(path);
            } else if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
                folders.push(path);
            }
        }
    }
    files.sort();
    files
}

/// A program of the Python environment that `scripts/setup` makes, in the folder where it makes it.
pub(crate) fn installed(program: &str) -> PathBuf {
    // The shell looks the folder up, since tests do not read the environment.
    let folder = run(Command::new("sh").args(["-c", r#"printf %s "${XDG_CACHE_HOME:-$HOME/.cache}""#]));
    let folder = String::from_utf8(folder.stdout).unwrap();
    let path = Path::new(&folder).join("serverless-genai-rust/tools/bin").join(program);
    assert!(path.exists(), "{} is missing: run `make setup`", path.display());
    path
}

/// Runs a program that must succeed.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{command:?}: {}\n{}{}", output.status, said[0], said[1]);
    output
}
