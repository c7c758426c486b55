//! Bytes, digests and addresses (Trino: "Binary functions", "URL functions").

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use datafusion::logical_expr::ScalarUDF;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{
    fault::Fault,
    kinds::{Kind, bytes, integer, text},
    scalar::{Function, function},
    value::some,
};

pub(super) fn all() -> Vec<ScalarUDF> {
    codings().into_iter().chain(digests()).map(ScalarUDF::from).collect()
}

const TEXT: &[Kind] = &[Kind::Text];
const BYTES: &[Kind] = &[Kind::Bytes];

fn codings() -> Vec<Function> {
    vec![
        function("to_utf8").on(TEXT, bytes, |row| some(row.text(0).as_bytes())),
        function("from_utf8").on(BYTES, text, |row| some(String::from_utf8_lossy(row.bytes(0)).into_owned())),
        function("to_hex")
            .on(BYTES, text, |row| some(row.bytes(0).iter().map(|byte| format!("{byte:02X}")).collect::<String>())),
        function("from_hex").on(TEXT, bytes, |row| {
            let digits = row.text(0).as_bytes();
            let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
            let pairs = digits.chunks(2).map(|pair| match pair {
                [high, low] => Some(value(*high)? << 4 | value(*low)?),
                _ => None,
            });
            let decoded: Option<Vec<u8>> = pairs.collect();
            some(decoded.ok_or_else(|| Fault::argument(format!("Invalid hex string: {}", row.text(0))))?)
        }),
        function("to_base64").on(BYTES, text, |row| some(STANDARD.encode(row.bytes(0)))),
        function("from_base64").on(TEXT, bytes, |row| {
            some(STANDARD.decode(row.text(0)).map_err(|error| Fault::argument(error.to_string()))?)
        }),
        function("to_base64url").on(BYTES, text, |row| some(URL_SAFE.encode(row.bytes(0)))),
        function("from_base64url").on(TEXT, bytes, |row| {
            some(URL_SAFE.decode(row.text(0)).map_err(|error| Fault::argument(error.to_string()))?)
        }),
    ]
}

fn digests() -> Vec<Function> {
    vec![
        function("md5").on(BYTES, bytes, |row| some(<Md5 as md5::Digest>::digest(row.bytes(0)).as_slice())),
        function("sha1").on(BYTES, bytes, |row| some(Sha1::digest(row.bytes(0)).as_slice())),
        function("sha256").on(BYTES, bytes, |row| some(Sha256::digest(row.bytes(0)).as_slice())),
        function("sha512").on(BYTES, bytes, |row| some(Sha512::digest(row.bytes(0)).as_slice())),
        function("crc32").on(BYTES, integer, |row| some(crc32(row.bytes(0)))),
    ]
}

/// CRC-32 of ISO 3309, as zip and PNG have it.
fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xEDB8_8320;
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 })
    })
}
