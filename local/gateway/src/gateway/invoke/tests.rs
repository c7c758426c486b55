use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lambda_events::apigw::ApiGatewayProxyResponse;
use lambda_runtime::FunctionResponse;
use serde_json::json;
use tokio::{runtime::Handle, sync::Notify};

use super::*;

impl Function {
    /// Answers nothing of interest.
    pub(in crate::gateway) fn for_tests() -> Self {
        Self::doing(Duration::from_secs(1), |_| async { FunctionResponse::BufferedResponse(Default::default()) })
    }

    pub(in crate::gateway) fn doing<F>(
        timeout: Duration,
        work: impl Fn(Invocation) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let handler: Handler = Box::new(move |invocation| Box::pin(work(invocation)));
        Self { name: "Test".to_owned(), handler, timeout, memory: 256 }
    }
}

fn event() -> Value {
    json!({"httpMethod": "GET", "requestContext": {"httpMethod": "GET"}})
}

fn invocations() -> Invocations {
    Invocations::on(Handle::current())
}

async fn invoke(function: Function) -> Result<Outcome, Failure> {
    Arc::new(function).invoke(&invocations(), event(), "Root=1").await
}

fn text(body: impl Into<String>) -> Response {
    let mut response = ApiGatewayProxyResponse::default();
    response.status_code = 200;
    response.body = Some(body.into().into());
    FunctionResponse::BufferedResponse(response)
}

#[tokio::test]
async fn a_function_learns_its_identity_and_its_deadline() {
    let before = SystemTime::now();
    let outcome = invoke(Function::doing(Duration::from_secs(60), move |invocation| async move {
        let context = invocation.context;
        let left = context.deadline().duration_since(before).unwrap();
        assert!((59..=61).contains(&left.as_secs()), "{left:?}");
        assert_eq!(context.env_config.function_name, "Test");
        assert_eq!(context.xray_trace_id.as_deref(), Some("Root=1"));
        text(context.request_id)
    }))
    .await;
    let Ok(Outcome::Buffered(payload)) = outcome else { panic!("no payload") };
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    assert!(Uuid::parse_str(payload["body"].as_str().unwrap()).is_ok());
}

#[tokio::test]
async fn who_leaves_stops_nothing() {
    static ENDED: AtomicUsize = AtomicUsize::new(0);
    let go = Arc::new(Notify::new());
    let function = Function::doing(Duration::from_secs(60), {
        let go = Arc::clone(&go);
        move |_| {
            let go = Arc::clone(&go);
            async move {
                go.notified().await;
                ENDED.fetch_add(1, Ordering::SeqCst);
                text("late")
            }
        }
    });
    let invocations = invocations();
    let function = Arc::new(function);
    let gone = tokio::time::timeout(Duration::from_millis(10), function.invoke(&invocations, event(), "")).await;
    assert!(gone.is_err());
    go.notify_one();
    invocations.ended().await;
    assert_eq!(ENDED.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn failures_are_told_apart() {
    let limit = Duration::from_millis(20);
    let timed_out = invoke(Function::doing(limit, |_| std::future::pending())).await;
    assert!(matches!(timed_out, Err(Failure::TimedOut(passed)) if passed == limit));

    let crashed = invoke(Function::doing(Duration::from_secs(3), |_| async { panic!("as a test") })).await;
    assert!(matches!(crashed, Err(Failure::Crashed)));

    let large = Function::doing(Duration::from_secs(3), |_| async { text("x".repeat(PAYLOAD_LIMIT)) });
    assert!(matches!(invoke(large).await, Err(Failure::TooLarge)));

    let unreadable = Arc::new(Function::for_tests()).invoke(&invocations(), json!({"httpMethod": 7}), "").await;
    assert!(matches!(unreadable, Err(Failure::Event(_))));
}

/// Streams in tests are made by the chat function, whose type they must have; here only what is shared is tested.
async fn forwarded(
    stream: impl futures::Stream<Item = Result<Bytes, lambda_runtime::Error>> + Unpin,
) -> (Vec<Bytes>, &'static str) {
    let (sender, mut pieces) = mpsc::channel(PIECES_UNDER_WAY);
    Forward { sender, stream }.drain().await;
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.recv().await {
        match piece {
            Piece::Bytes(piece) => bytes.push(piece),
            Piece::End => return (bytes, "end"),
            Piece::Cut(_) => return (bytes, "cut"),
        }
    }
    (bytes, "lost")
}

#[tokio::test]
async fn a_stream_ends_as_its_function_does() {
    let piece = |text: &'static str| Ok(Bytes::from_static(text.as_bytes()));
    let whole = forwarded(futures::stream::iter([piece("a"), piece("b")])).await;
    assert_eq!(whole, (vec![Bytes::from("a"), Bytes::from("b")], "end"));
    let cut = forwarded(futures::stream::iter([piece("a"), Err("broken".into()), piece("never")])).await;
    assert_eq!(cut, (vec![Bytes::from("a")], "cut"));
}

#[tokio::test]
async fn a_stream_is_read_to_its_end_when_nobody_listens() {
    let read = AtomicUsize::new(0);
    let stream = futures::stream::iter(0..100).map(|_| {
        read.fetch_add(1, Ordering::SeqCst);
        Ok(Bytes::from_static(b"x"))
    });
    let (sender, pieces) = mpsc::channel(PIECES_UNDER_WAY);
    drop(pieces);
    Forward { sender, stream }.drain().await;
    assert_eq!(read.load(Ordering::SeqCst), 100);
}
