//! Files of JSON, one value a line, that only grow.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    marker::PhantomData,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Serialize, de::DeserializeOwned};

/// Clones append to one file. What is appended goes nowhere where there is no file.
pub(super) struct Lines<T> {
    file: Arc<Mutex<Option<File>>>,
    values: PhantomData<fn(T)>,
}

impl<T> Clone for Lines<T> {
    fn clone(&self) -> Self {
        Lines { file: Arc::clone(&self.file), values: PhantomData }
    }
}

impl<T: Serialize + DeserializeOwned> Lines<T> {
    /// Opens the file, or begins it, and gives the last values that it holds, oldest first. Older ones are removed if
    /// there are twice as many. What a kill left half-written is cut off.
    pub(super) fn open(path: Option<&Path>, last: usize) -> io::Result<(Lines<T>, Vec<T>)> {
        let Some(path) = path else {
            return Ok((Lines { file: Arc::default(), values: PhantomData }, Vec::new()));
        };
        let written = match fs::read(path) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let whole = written.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let lines: Vec<&[u8]> = written[..whole].split_inclusive(|byte| *byte == b'\n').collect();
        let kept = &lines[lines.len().saturating_sub(last)..];
        if lines.len() > last.saturating_mul(2) {
            let beside = path.with_extension("new");
            fs::write(&beside, kept.concat())?;
            fs::rename(&beside, path)?;
        }

        let file = OpenOptions::new().create(true).append(true).open(path)?;
        if whole < written.len() {
            file.set_len(whole as u64)?;
        }
        let values = kept.iter().filter_map(|line| {
            serde_json::from_slice(line)
                .inspect_err(|error| tracing::warn!(%error, path = %path.display(), "a line cannot be read"))
                .ok()
        });
        let values = values.collect();
        Ok((Lines { file: Arc::new(Mutex::new(Some(file))), values: PhantomData }, values))
    }

    /// All of them or, if the machine stops meanwhile, the first of them.
    pub(super) fn append(&self, values: &[T]) -> io::Result<()> {
        let mut written = Vec::new();
        for value in values {
            serde_json::to_writer(&mut written, value)?;
            written.push(b'\n');
        }
        match self.file.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(file) => file.write_all(&written),
            None => Ok(()),
        }
    }

    /// Until what was appended outlives the machine.
    pub(super) fn sync(&self) -> io::Result<()> {
        match self.file.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(file) => file.sync_data(),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_line_is_cut_off_and_the_next_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("numbers.jsonl");
        fs::write(&path, "1\n2\n[3").unwrap();
        let (lines, values) = Lines::<u32>::open(Some(&path), 10).unwrap();
        assert_eq!(values, [1, 2]);
        lines.append(&[4]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n4\n");
    }

    #[test]
    fn old_lines_go_once_there_are_twice_as_many() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("numbers.jsonl");
        fs::write(&path, "1\n2\n3\n4\n").unwrap();
        assert_eq!(Lines::<u32>::open(Some(&path), 2).unwrap().1, [3, 4]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n3\n4\n");
        Lines::<u32>::open(Some(&path), 2).unwrap().0.append(&[5]).unwrap();
        assert_eq!(Lines::<u32>::open(Some(&path), 2).unwrap().1, [4, 5]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "4\n5\n");
    }
}
