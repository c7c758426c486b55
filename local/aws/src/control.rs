//! The control plane under `/_local`: what tests set and look at.

use bytes::Bytes;
use http::{Method, Response, StatusCode, Uri};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::{
    engine::Engine,
    reply::{Body, json_reply},
    server::State,
};

pub(crate) const PREFIX: &str = "/_local";

pub(crate) fn answer(state: &State, method: &Method, uri: &Uri, body: &Bytes) -> Response<Body> {
    match (method, uri.path()) {
        (&Method::PUT, "/_local/script") => set(body, |script| match &state.engine {
            Engine::Scripted(scripted) => {
                scripted.replace(script);
                Ok(())
            }
            _ => Err("the engine is a model: start the server with the scripted engine".to_owned()),
        }),
        (&Method::PUT, "/_local/faults") => set(body, |plan| {
            state.faults.replace(plan);
            Ok(())
        }),
        (&Method::GET, "/_local/requests") => {
            let operation = uri.query().and_then(|query| query.strip_prefix("operation="));
            json_reply(StatusCode::OK, JSON, &state.calls.to_json(operation))
        }
        (&Method::DELETE, "/_local") => {
            if let Engine::Scripted(scripted) = &state.engine {
                scripted.clear();
            }
            state.faults.clear();
            state.calls.clear();
            json_reply(StatusCode::OK, JSON, &json!({}))
        }
        _ => json_reply(StatusCode::NOT_FOUND, JSON, &json!({ "message": "no such control: see docs/local-aws.md" })),
    }
}

const JSON: &str = "application/json";

fn set<T: DeserializeOwned>(body: &Bytes, set: impl FnOnce(T) -> Result<(), String>) -> Response<Body> {
    let outcome = serde_json::from_slice(body).map_err(|error| error.to_string()).and_then(set);
    match outcome {
        Ok(()) => json_reply(StatusCode::OK, JSON, &json!({})),
        Err(message) => json_reply(StatusCode::BAD_REQUEST, JSON, &json!({ "message": message })),
    }
}
