//! From an API Gateway event to a typed request, and from a result to a response. Nothing else knows Lambda or HTTP.

mod answer;
mod body;
mod call;
mod problem;
mod ui_stream;

use lambda_http::{
    aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    lambda_runtime::{FunctionResponse, LambdaEvent, MetadataPrelude, StreamResponse},
};
use serde::Serialize;

pub use self::{call::Call, ui_stream::EventStream};
use crate::{
    config,
    deadline::Deadline,
    error::Error,
    events::{Completed, Signal, Signals},
    telemetry,
};

/// What the Lambda runtime hands to a function.
pub type Invocation = LambdaEvent<ApiGatewayProxyRequest>;

/// What a function answers: buffered, or streamed on routes that end in `/stream`.
pub type Response = FunctionResponse<ApiGatewayProxyResponse, EventStream>;

/// What a route comes to.
pub enum Reply {
    Json(serde_json::Value),
    NoContent,
    /// A turn that has been started; it is told as JSON or as events, whichever the route promises.
    Turn(Signals),
}

impl Reply {
    pub fn json(value: impl Serialize) -> Result<Self, Error> {
        serde_json::to_value(value).map(Self::Json).map_err(|error| Error::Internal(error.to_string()))
    }
}

/// Answers one invocation. It never fails: every error becomes a problem document.
pub async fn serve<F>(config: &config::Http, invocation: Invocation, route: impl FnOnce(Call) -> F) -> Response
where
    F: Future<Output = Result<Reply, Error>>,
{
    let call = Call::new(config, invocation);
    let (request_id, streams, deadline) = (call.request_id().to_owned(), call.streams(), call.deadline());
    // Boxed, since what routes await is deep enough to overflow the compiler's limit for nested types.
    let routed = Deadline::bound(deadline.answer_by(), Box::pin(route(call)));
    let parts = match routed.await {
        Ok(Reply::Json(value)) => Parts::json(&value),
        Ok(Reply::NoContent) => Parts::new(StatusCode::NO_CONTENT, "", String::new()),
        Ok(Reply::Turn(signals)) if streams => match ui_stream::begin(signals).await {
            Ok(stream) => return streamed(StatusCode::OK, ui_stream::headers(), stream, config, &request_id),
            Err(error) => problem::parts(&error, &request_id),
        },
        Ok(Reply::Turn(signals)) => match completed(signals).await {
            Ok(completed) => Parts::json(&answer::json(&completed)),
            Err(error) => problem::parts(&error, &request_id),
        },
        Err(error) => {
            // A turn logs its errors itself, since nobody may be listening by then.
            telemetry::failure(&error);
            problem::parts(&error, &request_id)
        }
    };
    if streams {
        return streamed(parts.status, parts.headers, EventStream::whole(parts.body.into()), config, &request_id);
    }
    let mut response = ApiGatewayProxyResponse::default();
    response.status_code = parts.status.as_u16().into();
    response.headers = common_headers(parts.headers, config, &request_id);
    response.body = (!parts.body.is_empty()).then(|| parts.body.into());
    FunctionResponse::BufferedResponse(response)
}

async fn completed(mut signals: Signals) -> Result<Completed, Error> {
    loop {
        if let Signal::Ended(outcome) = Signal::or_died(signals.recv().await) {
            return outcome;
        }
    }
}

fn streamed(
    status: StatusCode,
    headers: HeaderMap,
    stream: EventStream,
    config: &config::Http,
    request_id: &str,
) -> Response {
    let headers = common_headers(headers, config, request_id);
    let metadata_prelude = MetadataPrelude { status_code: status, headers, cookies: Vec::new() };
    FunctionResponse::StreamingResponse(StreamResponse { metadata_prelude, stream })
}

fn common_headers(mut headers: HeaderMap, config: &config::Http, request_id: &str) -> HeaderMap {
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set("x-request-id", request_id);
    set("cache-control", "no-store");
    set("x-content-type-options", "nosniff");
    if let Some(origin) = &config.allowed_origin {
        set("access-control-allow-origin", origin);
        set("access-control-expose-headers", "x-request-id,retry-after,x-vercel-ai-ui-message-stream");
        set("vary", "origin");
    }
    headers
}

/// A response that is known whole.
struct Parts {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Parts {
    fn new(status: StatusCode, content_type: &'static str, body: String) -> Self {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        Self { status, headers, body }
    }

    fn json(value: &serde_json::Value) -> Self {
        Self::new(StatusCode::OK, "application/json", value.to_string())
    }
}
