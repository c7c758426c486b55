//! Addresses (Trino: "URL functions").

use datafusion::logical_expr::ScalarUDF;
use url::{Url, form_urlencoded};

use super::{
    fault::Fault,
    kinds::{Kind, integer, text},
    scalar::function,
    value::some,
};

pub(super) fn all() -> Vec<ScalarUDF> {
    const TEXT: &[Kind] = &[Kind::Text];
    // What is no address is NULL, as in Trino.
    let functions = vec![
        function("url_extract_host")
            .on(TEXT, text, |row| Ok(Url::parse(row.text(0)).ok().and_then(|url| Some(url.host_str()?.into())))),
        function("url_extract_path")
            .on(TEXT, text, |row| Ok(Url::parse(row.text(0)).ok().map(|url| url.path().into()))),
        function("url_extract_protocol")
            .on(TEXT, text, |row| Ok(Url::parse(row.text(0)).ok().map(|url| url.scheme().into()))),
        function("url_extract_query")
            .on(TEXT, text, |row| Ok(Url::parse(row.text(0)).ok().map(|url| url.query().unwrap_or_default().into()))),
        function("url_extract_fragment").on(TEXT, text, |row| {
            Ok(Url::parse(row.text(0)).ok().map(|url| url.fragment().unwrap_or_default().into()))
        }),
        function("url_extract_port").on(TEXT, integer, |row| {
            Ok(Url::parse(row.text(0)).ok().and_then(|url| Some(i64::from(url.port()?).into())))
        }),
        function("url_extract_parameter").on(&[Kind::Text, Kind::Text], text, |row| {
            let url = Url::parse(row.text(0)).ok();
            let value = url.and_then(|url| {
                let mut pairs = url.query_pairs();
                pairs.find(|(name, _)| name == row.text(1)).map(|(_, value)| value.into_owned())
            });
            Ok(value.map(Into::into))
        }),
        function("url_encode")
            .on(TEXT, text, |row| some(form_urlencoded::byte_serialize(row.text(0).as_bytes()).collect::<String>())),
        function("url_decode").on(TEXT, text, |row| match decoded(row.text(0)) {
            Some(text) => some(text),
            None => Err(Fault::argument("Illegal hex characters in escape (%) pattern")),
        }),
    ];
    functions.into_iter().map(ScalarUDF::from).collect()
}

fn decoded(given: &str) -> Option<String> {
    let escapes = given.split('%').skip(1);
    let is_valid =
        escapes.into_iter().all(|escape| escape.get(..2).is_some_and(|digits| u8::from_str_radix(digits, 16).is_ok()));
    // A pair's name is what stands before the first `=`, so `=` must not be there.
    let pair = given.replace('=', "%3D").replace('&', "%26");
    is_valid.then(|| form_urlencoded::parse(pair.as_bytes()).map(|(name, _)| name.into_owned()).collect())
}
