//! The library unpacks a stream as far as it goes, so that is tried here first.

use std::io::{self, Read};

use flate2::read::ZlibDecoder;
use memchr::memmem;

use crate::{Deadline, MAX_UNPACKED_BYTES, ReadError};

/// Errors if one of the file's packed streams unpacks to too much. A stream that is packed twice, or encrypted, is not
/// seen.
pub(crate) fn check(bytes: &[u8], deadline: Deadline) -> Result<(), ReadError> {
    let mut rest = bytes;
    while let Some(at) = memmem::find(rest, b"stream") {
        deadline.check()?;
        rest = rest.get(at + b"stream".len()..).unwrap_or_default();
        let data = rest.strip_prefix(b"\r").unwrap_or(rest);
        let Some(data) = data.strip_prefix(b"\n") else { continue };
        let mut unpacked = ZlibDecoder::new(data).take(MAX_UNPACKED_BYTES + 1);
        // Broken data is the library's to judge; what came before the fault counts.
        let mut sink = Counter(0);
        let _ = io::copy(&mut unpacked, &mut sink);
        if sink.0 > MAX_UNPACKED_BYTES {
            return Err(ReadError::TooLarge { what: "what it unpacks to", limit: MAX_UNPACKED_BYTES });
        }
    }
    Ok(())
}

struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
