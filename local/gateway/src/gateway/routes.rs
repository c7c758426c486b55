//! Which function answers which path and method.

use std::{sync::Arc, time::Duration};

use super::invoke::Function;

/// One method of one resource.
#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) function: Arc<Function>,
    pub(super) streams: bool,
    pub(super) authorized: bool,
    /// How long API Gateway waits; for ever where absent. Streams end with the function's own deadline.
    pub(super) limit: Option<Duration>,
}

/// A path of the template with its methods.
#[derive(Clone, Default)]
pub(super) struct Resource {
    /// As in the template: `/sessions/{id}`.
    pub(super) path: String,
    pub(super) endpoints: Vec<(String, Endpoint)>,
}

impl Resource {
    pub(super) fn endpoint(&self, method: &str) -> Option<&Endpoint> {
        let of = |wanted: &str| self.endpoints.iter().find(|(known, _)| known == wanted);
        of(method).or_else(|| of("ANY")).map(|(_, endpoint)| endpoint)
    }

    pub(super) fn methods(&self) -> String {
        let methods: Vec<&str> = self.endpoints.iter().map(|(method, _)| method.as_str()).collect();
        methods.join(",")
    }
}

/// A path that was found: its resource, and the values of its `{parameters}` as the caller wrote them.
pub(super) struct Found<'a> {
    pub(super) resource: &'a Resource,
    pub(super) parameters: Vec<(String, String)>,
}

#[derive(Default)]
pub(super) struct Routes(matchit::Router<Resource>);

#[derive(Debug, thiserror::Error)]
#[error("template.yaml: path {path}: {source}")]
pub struct RouteError {
    path: String,
    source: matchit::InsertError,
}

impl Routes {
    pub(super) fn new(endpoints: Vec<(String, String, Endpoint)>) -> Result<Self, RouteError> {
        let mut resources: Vec<Resource> = Vec::new();
        for (method, path, endpoint) in endpoints {
            match resources.iter_mut().find(|resource| resource.path == path) {
                Some(resource) => resource.endpoints.push((method, endpoint)),
                None => resources.push(Resource { path, endpoints: vec![(method, endpoint)] }),
            }
        }
        let mut router = matchit::Router::new();
        for resource in resources {
            let path = resource.path.clone();
            router.insert(pattern(&path), resource).map_err(|source| RouteError { path, source })?;
        }
        Ok(Self(router))
    }

    /// A slash at the end makes no difference, as in API Gateway.
    pub(super) fn find(&self, path: &str) -> Option<Found<'_>> {
        let trimmed = path.trim_end_matches('/');
        let found = self.0.at(if trimmed.is_empty() { "/" } else { trimmed }).ok()?;
        let parameters = found.params.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Some(Found { resource: found.value, parameters: parameters.collect() })
    }
}

/// `{proxy+}` takes the rest of a path; the router writes that `{*proxy}`.
fn pattern(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.strip_suffix("+}") {
        Some(greedy) => format!("{{*{}}}", greedy.trim_start_matches('{')),
        None => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let endpoint =
            |streams| Endpoint { function: Arc::new(Function::for_tests()), streams, authorized: true, limit: None };
        Routes::new(vec![
            ("GET".to_owned(), "/sessions/{id}".to_owned(), endpoint(false)),
            ("DELETE".to_owned(), "/sessions/{id}".to_owned(), endpoint(false)),
            ("POST".to_owned(), "/sessions/new".to_owned(), endpoint(true)),
            ("ANY".to_owned(), "/files/{proxy+}".to_owned(), endpoint(false)),
        ])
        .unwrap()
    }

    fn found(path: &str) -> Option<(String, Vec<(String, String)>)> {
        routes().find(path).map(|found| (found.resource.path.clone(), found.parameters))
    }

    fn with(path: &str, name: &str, value: &str) -> Option<(String, Vec<(String, String)>)> {
        Some((path.to_owned(), vec![(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn paths_are_found_as_api_gateway_finds_them() {
        assert_eq!(found("/sessions/a%2Fb"), with("/sessions/{id}", "id", "a%2Fb"));
        assert_eq!(found("/sessions/7/"), with("/sessions/{id}", "id", "7"));
        assert_eq!(found("/sessions/new"), Some(("/sessions/new".to_owned(), vec![])));
        assert_eq!(found("/files/a/b.txt"), with("/files/{proxy+}", "proxy", "a/b.txt"));
        for unknown in ["/", "", "/sessions", "/sessions/", "/sessions/a/b", "/Sessions/7", "/files", "*"] {
            assert_eq!(found(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn methods_are_those_of_the_template() {
        let routes = routes();
        let session = routes.find("/sessions/7").unwrap().resource;
        assert_eq!(session.methods(), "GET,DELETE");
        assert!(session.endpoint("GET").is_some());
        assert!(session.endpoint("POST").is_none());
        assert!(routes.find("/files/x").unwrap().resource.endpoint("PATCH").is_some());
        assert!(routes.find("/sessions/new").unwrap().resource.endpoint("POST").unwrap().streams);
    }
}
