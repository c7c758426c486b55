//! API Gateway in front of the functions: a REST API's behaviour, limits and words.
//!
//! Left to AWS: throttling, request validation by the template's models (the functions check everything themselves),
//! caching, and the end of a stream that has been silent for five minutes.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    serve::ListenerExt,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, header};
use http_body_util::BodyExt;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::timeout};
use uuid::Uuid;

mod authorizer;
mod cors;
mod event;
mod invoke;
mod refusal;
mod response;
mod routes;
mod sandbox;

use cors::Cors;
use event::Arrival;
use invoke::{Outcome, PAYLOAD_LIMIT};
use refusal::Refusal;
use routes::{Endpoint, Found, Routes};
use sandbox::{Invocations, Sandbox};

use crate::{
    Error,
    template::{Api, Route},
};
pub(crate) use invoke::{Function, Handler};
pub use routes::RouteError;

/// API Gateway's limit for a body.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// How long a stop waits for requests under way, and for functions whose caller has gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the gateway is made of.
pub(crate) struct Parts {
    pub(crate) api: Api,
    pub(crate) routes: Vec<(Route, Arc<Function>)>,
    /// For buffered routes without a limit of their own; none where absent.
    pub(crate) limit: Option<Duration>,
    /// In place of the template's.
    pub(crate) origin: Option<HeaderValue>,
}

/// A gateway that serves.
pub(crate) struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
    sandbox: Sandbox,
}

struct Gateway {
    api: Api,
    cors: Cors,
    routes: Routes,
    invocations: Invocations,
}

impl Server {
    /// Serves on a listener until it is stopped.
    pub(crate) fn start(listener: TcpListener, address: SocketAddr, parts: Parts) -> Result<Self, Error> {
        let limit = parts.limit;
        let authorizes = parts.api.authorizes;
        let endpoints = parts.routes.into_iter().map(|(route, function)| {
            let endpoint = Endpoint {
                function,
                streams: route.streams,
                authorized: route.authorized && authorizes,
                // `limit` absent means that no route has one.
                limit: limit.filter(|_| !route.streams).map(|limit| route.timeout.unwrap_or(limit)),
            };
            (route.method, route.path, endpoint)
        });
        let sandbox = Sandbox::new().map_err(Error::Threads)?;
        let gateway = Arc::new(Gateway {
            cors: Cors::new(parts.api.cors.clone(), parts.origin),
            routes: Routes::new(endpoints.collect())?,
            api: parts.api,
            invocations: sandbox.invocations().clone(),
        });

        let router = Router::new().fallback(answer).with_state(gateway);
        let (stop, stopped) = oneshot::channel::<()>();
        // Without this, a small piece of a stream waits for the acknowledgement of the one before.
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "a connection will be slow");
            }
        });
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, service).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        let serving = tokio::spawn(async { serving.await });
        Ok(Self { address, stop, serving, sandbox })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests and waits for those under way and for their functions, though not for ever: when it
    /// returns, no function runs or is connected to anything.
    pub(crate) async fn stop(mut self) {
        let _ = self.stop.send(());
        let invocations = self.sandbox.invocations();
        let ended = async {
            let _ = (&mut self.serving).await;
            invocations.ended().await;
        };
        if timeout(PATIENCE, ended).await.is_err() {
            tracing::warn!(left = invocations.under_way(), "what is still under way is ended");
            self.serving.abort();
        }
    }
}

async fn answer(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let ids = Ids::new();
    let (began, method, path) = (Instant::now(), request.method().clone(), request.uri().path().to_owned());
    let asking = request.headers().get(header::ORIGIN).cloned();
    let mut response = match gateway.respond(request, peer, &ids).await {
        Ok(response) => response,
        Err(refusal) => refusal::response(&gateway.api, refusal, &ids.request),
    };
    gateway.cors.admit(asking.as_ref(), response.headers_mut());
    for (name, value) in
        [("x-amzn-requestid", &ids.request), ("x-amz-apigw-id", &ids.extended), ("x-amzn-trace-id", &ids.trace)]
    {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    let status = response.status().as_u16();
    tracing::info!(%method, path, status, request_id = ids.request, first_byte_ms = began.elapsed().as_millis());
    response
}

impl Gateway {
    async fn respond(&self, request: Request, peer: SocketAddr, ids: &Ids) -> Result<Response<Body>, Refusal> {
        let (parts, body) = request.into_parts();
        let found = self.routes.find(parts.uri.path()).ok_or(Refusal::NoRoute)?;
        let Some(endpoint) = found.resource.endpoint(parts.method.as_str()) else {
            let preflight = self.cors.preflight(&found.resource.methods());
            return preflight.filter(|_| parts.method == Method::OPTIONS).ok_or(Refusal::NoRoute);
        };
        let caller = match endpoint.authorized {
            true => Some(authorizer::identify(&parts.headers).map_err(Refusal::from)?),
            false => None,
        };
        let body = read(body).await?;
        let arrival = Arrival {
            id: &ids.request,
            extended_id: &ids.extended,
            trace_id: &ids.trace,
            stage: &self.api.stage,
            peer,
            time: SystemTime::now(),
            caller: caller.as_ref(),
        };
        let may_be_too_large = body.len() > PAYLOAD_LIMIT / 8;
        let event = event::build(&arrival, &parts, &found, body);
        // JSON makes six bytes of one at the worst, so smaller bodies need no measuring.
        if may_be_too_large && event.to_string().len() > PAYLOAD_LIMIT {
            return Err(Refusal::EventTooLarge);
        }
        self.call(endpoint, &found, event, &ids.trace).await
    }

    async fn call(
        &self,
        endpoint: &Endpoint,
        found: &Found<'_>,
        event: serde_json::Value,
        trace_id: &str,
    ) -> Result<Response<Body>, Refusal> {
        let path = found.resource.path.as_str();
        let invocation = endpoint.function.invoke(&self.invocations, event, trace_id);
        let outcome = match endpoint.limit {
            Some(limit) => timeout(limit, invocation).await.map_err(|_| {
                tracing::warn!(path, ?limit, "API Gateway waits no longer: stream, or lift it by --no-time-limit");
                Refusal::TimedOut
            })?,
            None => invocation.await,
        };
        match (outcome, endpoint.streams) {
            (Ok(Outcome::Buffered(payload)), false) => response::buffered(&payload).map_err(|error| {
                tracing::error!(path, %error, "malformed response");
                Refusal::FunctionFailed
            }),
            (Ok(Outcome::Streaming { prelude, pieces }), true) => Ok(response::streaming(prelude, pieces)),
            (Ok(_), streams) => {
                tracing::error!(path, streams, "the function answered in the other transfer mode than the route has");
                Err(Refusal::FunctionFailed)
            }
            (Err(error), _) => {
                tracing::error!(path, %error, "the function failed");
                Err(Refusal::FunctionFailed)
            }
        }
    }
}

impl From<authorizer::Refusal> for Refusal {
    fn from(refusal: authorizer::Refusal) -> Self {
        match refusal {
            authorizer::Refusal::Malformed => Self::Unauthorized,
            authorizer::Refusal::RealToken => Self::RealToken,
        }
    }
}

/// Reads a body that is too large to its end all the same (within reason): a client that is still sending would see a
/// broken connection instead of the answer.
async fn read(mut body: Body) -> Result<Bytes, Refusal> {
    let mut kept = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::BadRequest)?.into_data() else {
            continue;
        };
        length += data.len();
        if length <= BODY_LIMIT {
            kept.extend_from_slice(&data);
        } else if length > 10 * BODY_LIMIT {
            break;
        }
    }
    if length > BODY_LIMIT { Err(Refusal::BodyTooLarge) } else { Ok(kept.into()) }
}

/// The identifiers under which AWS's logs know a request.
struct Ids {
    request: String,
    extended: String,
    trace: String,
}

impl Ids {
    fn new() -> Self {
        let random = Uuid::new_v4().simple().to_string();
        let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let (root, parent) = random.split_at(16);
        Self {
            request: Uuid::new_v4().to_string(),
            extended: format!("{}=", &random[..15]),
            trace: format!("Root=1-{seconds:08x}-{}{};Parent={parent};Sampled=0", root, &parent[..8]),
        }
    }
}

#[cfg(test)]
mod tests;
