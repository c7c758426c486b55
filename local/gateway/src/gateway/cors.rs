//! Which front ends may call from a browser.

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};

use crate::template;

/// The template's CORS, and what this machine adds: a front end in development may come from any port of it.
pub(super) struct Cors {
    declared: Option<template::Cors>,
    /// Takes the template's place.
    origin: Option<HeaderValue>,
}

impl Cors {
    pub(super) fn new(declared: Option<template::Cors>, origin: Option<HeaderValue>) -> Self {
        Self { declared, origin }
    }

    /// The answer to a preflight, which never reaches a function. None where the template declares no CORS.
    pub(super) fn preflight(&self, methods: &str) -> Option<Response<Body>> {
        let declared = self.declared.as_ref()?;
        let mut response = Response::new(Body::from("{}"));
        let methods = declared.methods.clone().unwrap_or_else(|| format!("{methods},OPTIONS"));
        for (name, value) in [
            (header::CONTENT_TYPE, Some("application/json")),
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, declared.origin.as_deref()),
            (header::ACCESS_CONTROL_ALLOW_METHODS, Some(methods.as_str())),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, declared.headers.as_deref()),
            (header::ACCESS_CONTROL_MAX_AGE, declared.max_age.as_deref()),
            (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, declared.credentials.then_some("true")),
        ] {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
                response.headers_mut().insert(name, value);
            }
        }
        Some(response)
    }

    /// Lets the origin that asks read the response, if it may. Whatever else the function or the template said about
    /// other origins stays.
    pub(super) fn admit(&self, asking: Option<&HeaderValue>, response: &mut HeaderMap) {
        let allowed = match (&self.origin, asking) {
            (Some(origin), _) => origin,
            (None, Some(asking)) if is_this_machine(asking) => asking,
            _ => return,
        };
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed.clone());
        let names = |value: &HeaderValue, name: &HeaderName| {
            value.to_str().is_ok_and(|text| text.split(',').any(|one| one.trim().eq_ignore_ascii_case(name.as_str())))
        };
        if !response.get_all(header::VARY).iter().any(|value| names(value, &header::ORIGIN)) {
            response.append(header::VARY, HeaderValue::from_static("Origin"));
        }
    }
}

fn is_this_machine(origin: &HeaderValue) -> bool {
    let uri = origin.to_str().ok().and_then(|text| text.parse::<http::Uri>().ok());
    uri.as_ref().and_then(http::Uri::host).is_some_and(|host| {
        host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1" || host == "[::1]"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors(origin: Option<&'static str>) -> Cors {
        let declared = template::Cors {
            origin: Some("https://app.example".to_owned()),
            headers: Some("content-type".to_owned()),
            ..template::Cors::default()
        };
        Cors::new(Some(declared), origin.map(HeaderValue::from_static))
    }

    fn allowed(cors: &Cors, origin: &'static str) -> HeaderValue {
        let mut response = cors.preflight("GET,POST").unwrap();
        cors.admit(Some(&HeaderValue::from_static(origin)), response.headers_mut());
        assert_eq!(response.headers()["access-control-allow-methods"], "GET,POST,OPTIONS");
        response.headers()["access-control-allow-origin"].clone()
    }

    #[test]
    fn a_front_end_on_this_machine_may_call() {
        for origin in ["http://localhost:5173", "http://127.0.0.1:3001", "https://app.localhost", "http://[::1]:80"] {
            assert_eq!(allowed(&cors(None), origin), origin);
        }
        for origin in ["https://evil.example", "http://localhost.evil.example", "null", ""] {
            assert_eq!(allowed(&cors(None), origin), "https://app.example", "{origin}");
        }
    }

    #[test]
    fn an_origin_that_is_asked_for_is_the_only_one() {
        let cors = cors(Some("https://dev.example"));
        assert_eq!(allowed(&cors, "http://localhost:1"), "https://dev.example");
        let mut headers = HeaderMap::from_iter([(header::VARY, HeaderValue::from_static("accept, origin"))]);
        cors.admit(None, &mut headers);
        assert_eq!(headers["access-control-allow-origin"], "https://dev.example");
        assert_eq!(headers.get_all(header::VARY).iter().count(), 1);
    }

    #[test]
    fn without_cors_in_the_template_there_is_no_preflight() {
        assert!(Cors::new(None, None).preflight("GET").is_none());
    }
}
