//! Buckets: folders that somebody attached, which are only read, and the server's own, which are written too.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use tempfile::{NamedTempFile, TempDir};

use crate::Error;

/// Of the data folder: the server's own buckets.
const FOLDER: &str = "s3";
/// Beside them, what is being written. No bucket's name begins with a dot.
const PARTIAL: &str = ".partial";

pub(crate) struct Buckets {
    attached: BTreeMap<String, PathBuf>,
    own: PathBuf,
    /// Holds the own buckets where there is no data folder.
    _temporary: Option<TempDir>,
}

/// An object without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) key: String,
    /// Bytes.
    pub(crate) size: u64,
    pub(crate) modified: SystemTime,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("The specified bucket does not exist")]
    NoSuchBucket,
    #[error("The specified key does not exist.")]
    NoSuchKey,
    #[error("The bucket is a folder that was attached to local-aws, which is only read")]
    ReadOnly,
    #[error("The bucket is there already")]
    BucketExists,
    #[error("The bucket you tried to delete is not empty")]
    BucketNotEmpty,
    #[error("The key cannot be a file: {0}")]
    Key(&'static str),
    #[error("{0}")]
    Io(#[from] io::Error),
}

struct Folder {
    root: PathBuf,
    /// Hidden files are not served, nothing is written.
    attached: bool,
}

impl Object {
    /// Changes when the file does. It is no MD5, as the tags of objects in parts are none: that would cost reading every
    /// file for a listing.
    pub(crate) fn etag(&self) -> String {
        let nanoseconds = self.modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        format!("{:012x}{nanoseconds:020x}-1", self.size)
    }
}

impl Buckets {
    pub(crate) fn open(attached: &BTreeMap<String, PathBuf>, data: Option<&Path>) -> Result<Buckets, Error> {
        let canonical = |(name, folder): (&String, &PathBuf)| {
            let failed = |source| Error::Bucket { name: name.clone(), folder: folder.clone(), source };
            let root = folder.canonicalize().map_err(failed)?;
            fs::read_dir(&root).map_err(failed)?;
            Ok((name.clone(), root))
        };
        let attached = attached.iter().map(canonical).collect::<Result<_, Error>>()?;
        let (own, temporary) = match data {
            Some(data) => (data.join(FOLDER), None),
            None => {
                let folder = TempDir::new().map_err(Error::Internal)?;
                (folder.path().to_path_buf(), Some(folder))
            }
        };
        let failed = |source| Error::DataFolder { folder: own.clone(), source };
        fs::create_dir_all(own.join(PARTIAL)).map_err(failed)?;
        let own = own.canonicalize().map_err(failed)?;
        Ok(Buckets { attached, own, _temporary: temporary })
    }

    /// Names and when they were made, in order.
    pub(crate) fn names(&self) -> Result<Vec<(String, SystemTime)>, Problem> {
        let mut names = BTreeMap::new();
        for entry in fs::read_dir(&self.own)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if entry.file_type()?.is_dir() && !is_hidden(name.as_ref()) {
                names.insert(name, made_at(&entry.metadata()?));
            }
        }
        for (name, folder) in &self.attached {
            names.insert(name.clone(), made_at(&folder.metadata()?));
        }
        Ok(names.into_iter().collect())
    }

    pub(crate) fn exists(&self, bucket: &str) -> bool {
        self.folder(bucket).is_ok()
    }

    pub(crate) fn make(&self, bucket: &str) -> Result<(), Problem> {
        if self.exists(bucket) {
            return Err(Problem::BucketExists);
        }
        Ok(fs::create_dir(self.own.join(bucket))?)
    }

    pub(crate) fn remove(&self, bucket: &str) -> Result<(), Problem> {
        let folder = self.written(bucket)?;
        fs::remove_dir(&folder.root).map_err(|error| match error.kind() {
            io::ErrorKind::DirectoryNotEmpty => Problem::BucketNotEmpty,
            _ => Problem::Io(error),
        })
    }

    /// All objects whose keys begin with the prefix, in the order of their keys' bytes. Files whose names are no UTF-8
    /// have no key.
    pub(crate) fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<Object>, Problem> {
        let folder = self.folder(bucket)?;
        let mut objects = Vec::new();
        folder.walk(&folder.root, "", prefix, &mut vec![folder.root.clone()], &mut objects)?;
        objects.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(objects)
    }

    /// The object, and the file that holds it.
    pub(crate) fn find(&self, bucket: &str, key: &str) -> Result<(Object, PathBuf), Problem> {
        let folder = self.folder(bucket)?;
        let path = folder.path_of(key).map_err(|_| Problem::NoSuchKey)?.canonicalize().map_err(absent)?;
        let metadata = path.metadata().map_err(absent)?;
        if !metadata.is_file() || !folder.serves(&path) {
            return Err(Problem::NoSuchKey);
        }
        Ok((Object { key: key.to_owned(), size: metadata.len(), modified: metadata.modified()? }, path))
    }

    pub(crate) fn read(&self, bucket: &str, key: &str) -> Result<Vec<u8>, Problem> {
        let (_, path) = self.find(bucket, key)?;
        fs::read(path).map_err(absent)
    }

    /// The object is there whole, or as it was before.
    pub(crate) fn write(&self, bucket: &str, key: &str, content: &[u8]) -> Result<Object, Problem> {
        let folder = self.written(bucket)?;
        let path = folder.path_of(key)?;
        if path.is_dir() {
            return Err(Problem::Key("another key begins with it and a slash"));
        }
        let parent = path.parent().unwrap_or(&folder.root);
        fs::create_dir_all(parent).map_err(|error| match error.kind() {
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => Problem::Key("a part of it is a key itself"),
            _ => Problem::Io(error),
        })?;
        let mut partial = NamedTempFile::new_in(self.own.join(PARTIAL))?;
        io::Write::write_all(&mut partial, content)?;
        partial.as_file().sync_all()?;
        partial.persist(&path).map_err(|error| Problem::Io(error.error))?;
        self.find(bucket, key).map(|(object, _)| object)
    }

    /// Also where there is none.
    pub(crate) fn delete(&self, bucket: &str, key: &str) -> Result<(), Problem> {
        let folder = self.written(bucket)?;
        let Ok(path) = folder.path_of(key) else { return Ok(()) };
        match fs::remove_file(&path) {
            Err(error) if path.exists() && !path.is_dir() => return Err(Problem::Io(error)),
            _ => {}
        }
        // Folders are not objects: one that held nothing else goes with it.
        let mut parent = path.parent();
        while let Some(empty) = parent.filter(|parent| *parent != folder.root && fs::remove_dir(parent).is_ok()) {
            parent = empty.parent();
        }
        Ok(())
    }

    fn folder(&self, bucket: &str) -> Result<Folder, Problem> {
        if let Some(root) = self.attached.get(bucket) {
            return Ok(Folder { root: root.clone(), attached: true });
        }
        let root = self.own.join(bucket);
        let is_name = !is_hidden(bucket.as_ref()) && Path::new(bucket).components().count() == 1;
        if is_name && root.is_dir() {
            return Ok(Folder { root, attached: false });
        }
        Err(Problem::NoSuchBucket)
    }

    fn written(&self, bucket: &str) -> Result<Folder, Problem> {
        let folder = self.folder(bucket)?;
        if folder.attached { Err(Problem::ReadOnly) } else { Ok(folder) }
    }
}

impl Folder {
    fn path_of(&self, key: &str) -> Result<PathBuf, Problem> {
        if key.contains(['\0', '\\']) {
            return Err(Problem::Key("it holds a backslash or a zero byte"));
        }
        if key.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            return Err(Problem::Key("a part of it is empty, `.` or `..`"));
        }
        Ok(self.root.join(key))
    }

    /// Whether a file may be seen, by where it really is: no link leads out of the folder or to what is hidden in it.
    fn serves(&self, canonical: &Path) -> bool {
        let Ok(inside) = canonical.strip_prefix(&self.root) else { return false };
        !self.attached || inside.iter().all(|part| !is_hidden(part))
    }

    /// `ancestors` are where the walk is, by their real paths, so that links in a circle end.
    fn walk(
        &self,
        folder: &Path,
        key: &str,
        prefix: &str,
        ancestors: &mut Vec<PathBuf>,
        objects: &mut Vec<Object>,
    ) -> Result<(), Problem> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let key = format!("{key}{name}");
            let beneath = format!("{key}/");
            let leads_to_prefix =
                key.starts_with(prefix) || beneath.starts_with(prefix) || prefix.starts_with(&beneath);
            if (self.attached && is_hidden(name.as_ref())) || !leads_to_prefix {
                continue;
            }
            // A link to nothing, or what went away meanwhile, is no object.
            let Ok(real) = entry.path().canonicalize() else { continue };
            let Ok(metadata) = real.metadata() else { continue };
            if !self.serves(&real) {
                tracing::debug!(key, "a link leads to what is not served");
                continue;
            }
            if metadata.is_file() && key.starts_with(prefix) {
                objects.push(Object { key, size: metadata.len(), modified: metadata.modified()? });
            } else if metadata.is_dir() && !ancestors.contains(&real) {
                ancestors.push(real.clone());
                let walked = self.walk(&real, &beneath, prefix, ancestors, objects);
                ancestors.pop();
                unless_forbidden(walked, &beneath)?;
            }
        }
        Ok(())
    }
}

/// One folder that may not be read does not hide the others.
fn unless_forbidden(walked: Result<(), Problem>, key: &str) -> Result<(), Problem> {
    match walked {
        Err(Problem::Io(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
            tracing::warn!(key, "a folder may not be read");
            Ok(())
        }
        walked => walked,
    }
}

/// By Unix's convention, and what office programs leave behind while a document is open.
fn is_hidden(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b".") || name.starts_with(b"~$")
}

fn made_at(metadata: &fs::Metadata) -> SystemTime {
    metadata.created().or_else(|_| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

fn absent(error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename => Problem::NoSuchKey,
        _ => Problem::Io(error),
    }
}
