//! A folder of CSV and Parquet files: each file is a table, and each sub-folder that holds such files.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use datafusion::execution::SessionState;

use super::{Attached, csv, kept::Kept, parquet};
use crate::Error;

/// A file of a table.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) path: PathBuf,
    pub(crate) format: Format,
    pub(crate) bytes: u64,
    pub(crate) changed: SystemTime,
    /// From folders named `key=value`, the outer one first.
    pub(crate) partition: Vec<(String, String)>,
}

impl Member {
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        self.partition.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Parquet,
}

/// Tables by name, with the folder or file they are read from.
pub(crate) type Layout = BTreeMap<String, (PathBuf, Vec<Member>)>;

/// Finds the files; reads none of them.
pub(crate) fn layout(folder: &Path) -> Result<Layout, Error> {
    let failed = |source| Error::File { path: folder.to_owned(), source };
    let mut layout = Layout::new();
    for entry in sorted(folder).map_err(failed)? {
        let mut members = Vec::new();
        if entry.is_dir() {
            collect(&entry, &mut Vec::new(), &mut members).map_err(failed)?;
        } else if let Some(member) = member(&entry, &[]).map_err(failed)? {
            members.push(member);
        }
        let (Some(first), Some(name)) = (members.first(), entry.file_stem()) else { continue };
        let format = first.format;
        if members.iter().any(|member| member.format != format) {
            let folder = entry.display();
            tracing::warn!(%folder, "CSV and Parquet files in one table: only those of the first kind are read");
            members.retain(|member| member.format == format);
        }
        let name = if entry.is_dir() { entry.file_name().unwrap_or(name) } else { name };
        let mut name = identifier(&name.to_string_lossy());
        while layout.contains_key(&name) {
            name.push_str("_2");
        }
        layout.insert(name, (entry, members));
    }
    Ok(layout)
}

fn sorted(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut entries =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>()?;
    // As in Athena, names that begin with a dot or an underscore are no data.
    entries.retain(|entry| entry.file_name().is_some_and(|name| !name.to_string_lossy().starts_with(['.', '_'])));
    entries.sort();
    Ok(entries)
}

fn collect(folder: &Path, partition: &mut Vec<(String, String)>, members: &mut Vec<Member>) -> std::io::Result<()> {
    for entry in sorted(folder)? {
        if !entry.is_dir() {
            members.extend(member(&entry, partition)?);
            continue;
        }
        let name = entry.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // Links that lead round in a circle end somewhere.
        if partition.len() > 16 || entry.is_symlink() {
            continue;
        }
        match name.split_once('=') {
            Some((key, value)) => {
                let value = percent_decoded(value);
                partition.push((identifier(key), value));
                collect(&entry, partition, members)?;
                partition.pop();
            }
            None => collect(&entry, partition, members)?,
        }
    }
    Ok(())
}

fn member(path: &Path, partition: &[(String, String)]) -> std::io::Result<Option<Member>> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let format = match extension.as_deref() {
        Some("csv") => Format::Csv,
        Some("parquet") => Format::Parquet,
        _ => return Ok(None),
    };
    let about = path.metadata()?;
    if about.len() == 0 {
        return Ok(None);
    }
    let changed = about.modified()?;
    Ok(Some(Member { path: path.to_owned(), format, bytes: about.len(), changed, partition: partition.to_vec() }))
}

/// The partition keys of a table, in order.
pub(crate) fn partition_keys(members: &[Member]) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for (key, _) in members.iter().flat_map(|member| &member.partition) {
        if !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    keys
}

/// A name that needs no quotes in Athena: lower-case, and an underscore for every character that is not of a word.
pub(crate) fn identifier(name: &str) -> String {
    let word = |letter: char| if letter.is_alphanumeric() || letter == '_' { letter } else { '_' };
    name.trim().to_lowercase().chars().map(word).collect()
}

/// Hive writes `%3A` for a colon in a partition's value.
fn percent_decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads every table's columns. A file that cannot be read is left out with a log line.
pub(crate) async fn attach(
    database: &str,
    layout: Layout,
    state: &SessionState,
    kept: &Arc<Kept>,
) -> BTreeMap<String, Attached> {
    let mut tables = BTreeMap::new();
    for (name, (root, members)) in layout {
        let created = members.iter().map(|member| member.changed).max().unwrap_or(SystemTime::UNIX_EPOCH);
        let attached = match members.first().map(|member| member.format) {
            Some(Format::Parquet) => {
                parquet::attach(&name, &root, &members, created, state).await.map_err(|error| error.to_string())
            }
            _ => {
                let (name, kept) = (name.clone(), kept.clone());
                tokio::task::spawn_blocking(move || csv::attach(&name, &members, created, &kept))
                    .await
                    .unwrap_or_else(|error| Err(error.to_string()))
            }
        };
        match attached {
            Ok(attached) => {
                tables.insert(name, attached);
            }
            Err(reason) => tracing::warn!(database, table = name, reason, "left out: it cannot be read"),
        }
    }
    tables
}
