//! Bedrock Runtime: Converse, InvokeModel, their streams, and CountTokens. One engine answers for every model.

mod anthropic;
mod converse;
mod count;
mod frame;
mod invoke;
mod request;
mod rules;
mod telling;

use std::time::Instant;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Response, request::Parts};
use serde_json::Value;
use uuid::Uuid;

pub(crate) use frame::exception;

use crate::{
    Error,
    engine::Engine,
    reply::{Body, Refusal},
    route::Target,
    server::Failure,
    shapes::{Check, Model},
};

/// The service's limit of a body, and of the one inside a request to CountTokens.
const MAX_BODY: usize = 25_000_000;

pub(crate) struct Bedrock {
    model: Model,
}

/// A call of one model.
pub(crate) struct Call<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) model_id: &'a str,
    pub(crate) began: Instant,
}

impl Bedrock {
    pub(crate) fn new() -> Result<Bedrock, Error> {
        let model = Model::read(include_str!("../../model/bedrock-runtime.json")).map_err(Error::Model)?;
        Ok(Bedrock { model })
    }

    pub(crate) async fn answer(
        &self,
        engine: &Engine,
        target: &Target,
        parts: &Parts,
        body: &Bytes,
    ) -> Result<Response<Body>, Failure> {
        let operation = target.operation.as_ref();
        let (Some(model_id), true) = (&target.model_id, self.model.serves(operation)) else {
            return Err(Refusal::not_here("Bedrock Runtime", operation).into());
        };
        if self.model.check_member(operation, "modelId", model_id).is_err() {
            return Err(Refusal::validation("The provided model identifier is invalid.").into());
        }
        let call = Call { engine, model_id, began: Instant::now() };
        match operation {
            "Converse" => converse::whole(&call, self.read(operation, body)?).await,
            "ConverseStream" => converse::streamed(&call, self.read(operation, body)?).await,
            "CountTokens" => count::count(&call, self.read(operation, body)?).await,
            "InvokeModel" => invoke::whole(&call, parts, within_limit(body)?).await,
            "InvokeModelWithResponseStream" => invoke::streamed(&call, parts, within_limit(body)?).await,
            _ => Err(Refusal::not_here("Bedrock Runtime", operation).into()),
        }
    }

    /// The body as JSON that fits the operation's shape.
    fn read(&self, operation: &str, body: &Bytes) -> Result<Value, Refusal> {
        // CountTokens carries a body inside its own, as base64.
        if operation != "CountTokens" {
            within_limit(body)?;
        }
        let value = serde_json::from_slice(body)
            .map_err(|error| Refusal::serialization(format!("The request is not valid JSON: {error}")))?;
        self.model.check_body(operation, &value, Check::Everything)?;
        Ok(value)
    }
}

/// As the service makes them: 22 characters of base64.
pub(crate) fn tool_use_id() -> String {
    format!("tooluse_{}", BASE64_URL_SAFE_NO_PAD.encode(Uuid::now_v7().as_bytes()))
}

fn latency_ms(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn within_limit(body: &Bytes) -> Result<&Bytes, Refusal> {
    if body.len() > MAX_BODY {
        let message = format!("Request body size exceeded the limit of {MAX_BODY} bytes");
        return Err(Refusal::new(413, "ValidationException", message));
    }
    Ok(body)
}
