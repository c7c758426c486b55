//! Bodies in the coding `aws-chunked`: each chunk has its length and its signature before it, checksums may follow.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>

use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue};

/// The body, and the headers that came after it. None if it is not in this coding, or not whole.
pub(super) fn decode(encoded: &[u8]) -> Option<(Bytes, Vec<(HeaderName, HeaderValue)>)> {
    let mut rest = encoded;
    let mut body = BytesMut::with_capacity(encoded.len());
    loop {
        let head = std::str::from_utf8(take_line(&mut rest)?).ok()?;
        let length = usize::from_str_radix(head.split(';').next()?, 16).ok()?;
        if length == 0 {
            break;
        }
        body.extend_from_slice(rest.get(..length)?);
        rest = rest.get(length..)?.strip_prefix(b"\r\n")?;
    }

    let mut trailers = Vec::new();
    while let Some(line) = take_line(&mut rest).filter(|line| !line.is_empty()) {
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        trailers.push((name.parse().ok()?, value.trim().parse().ok()?));
    }
    Some((body.freeze(), trailers))
}

fn take_line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    let (line, after) = rest.split_at(end);
    *rest = after.get(2..)?;
    Some(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn signatures_and_trailers_are_taken_off() {
        let encoded = b"5;chunk-signature=ab\r\nhello\r\n6\r\n world\r\n0;chunk-signature=cd\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";
        let (body, trailers) = decode(encoded).unwrap();
        assert_eq!(body, "hello world");
        assert_eq!(trailers[0].0, "x-amz-checksum-crc32");
        assert_eq!(trailers[0].1, "DUoRhQ==");
        assert_eq!(decode(b"0\r\n\r\n").unwrap().0, "");
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        for encoded in ["", "5\r\nhel", "5\r\nhello", "5\r\nhello!!0\r\n\r\n", "z\r\n", "ffffffffffffffff\r\na\r\n"] {
            assert!(decode(encoded.as_bytes()).is_none(), "{encoded:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_fall_over(encoded: Vec<u8>) {
            let _ = decode(&encoded);
        }
    }
}
