//! CountTokens.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, anthropic, request::ConverseRequest, rules};
use crate::{
    reply::{Body, Refusal, json_reply},
    server::Failure,
};

#[derive(Deserialize)]
struct CountRequest {
    input: Input,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Input {
    Converse(Box<ConverseRequest>),
    InvokeModel(InvokeBody),
}

#[derive(Deserialize)]
struct InvokeBody {
    body: String,
}

pub(super) async fn count(call: &Call<'_>, body: Value) -> Result<Response<Body>, Failure> {
    let request: CountRequest =
        serde_json::from_value(body).map_err(|error| Refusal::serialization(error.to_string()))?;
    let prompt = match request.input {
        Input::Converse(request) => {
            rules::check(&request, call.model_id)?;
            request.into_prompt()?
        }
        Input::InvokeModel(InvokeBody { body }) => {
            let body = BASE64_STANDARD.decode(body).unwrap_or_default();
            anthropic::Request::parse(&body)?.into_prompt()?
        }
    };
    let tokens = call.engine.count_tokens(prompt).await?;
    Ok(json_reply(StatusCode::OK, "application/json", &json!({ "inputTokens": tokens })))
}
