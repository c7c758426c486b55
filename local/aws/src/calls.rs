//! The calls that were seen, for tests to look at.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU16, AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::route::Target;

/// Beyond these the oldest calls are forgotten: a server can run for weeks.
const KEPT_CALLS: usize = 4096;
const KEPT_BYTES: usize = 32 << 20;

#[derive(Debug, Default)]
pub(crate) struct Calls {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    calls: VecDeque<Arc<Call>>,
    bytes: usize,
}

#[derive(Debug)]
struct Call {
    target: Target,
    headers: HeaderMap,
    body: Bytes,
    at_ms: u64,
    /// Zero while the call is under way.
    ended_ms: AtomicU64,
    status: AtomicU16,
}

/// A call under way: it has ended when this is dropped, so the answer's body holds it.
#[derive(Debug)]
pub(crate) struct Ongoing(Arc<Call>);

impl Ongoing {
    pub(crate) fn answered(&self, status: u16) {
        self.0.status.store(status, Ordering::Relaxed);
    }
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        self.0.ended_ms.store(epoch_ms(), Ordering::Release);
    }
}

impl Calls {
    pub(crate) fn begin(&self, target: &Target, headers: &HeaderMap, body: &Bytes) -> Ongoing {
        let call = Arc::new(Call {
            target: target.clone(),
            headers: headers.clone(),
            body: body.clone(),
            at_ms: epoch_ms(),
            ended_ms: AtomicU64::new(0),
            status: AtomicU16::new(0),
        });
        let mut kept = self.kept();
        kept.bytes += body.len();
        kept.calls.push_back(Arc::clone(&call));
        while kept.calls.len() > KEPT_CALLS || kept.bytes > KEPT_BYTES {
            let Some(oldest) = kept.calls.pop_front() else { break };
            kept.bytes -= oldest.body.len();
        }
        Ongoing(call)
    }

    pub(crate) fn clear(&self) {
        *self.kept() = Kept::default();
    }

    /// Those of one operation, or all.
    pub(crate) fn to_json(&self, operation: Option<&str>) -> Value {
        let wanted = |call: &&Arc<Call>| operation.is_none_or(|operation| call.target.operation == operation);
        let calls: Vec<Arc<Call>> = self.kept().calls.iter().filter(wanted).cloned().collect();
        json!({ "requests": calls.iter().map(|call| call.to_json()).collect::<Vec<_>>() })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    fn to_json(&self) -> Value {
        let headers: Map<String, Value> = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
            .collect();
        let body = serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&self.body).into_owned()));
        let ended_ms = self.ended_ms.load(Ordering::Acquire);
        let status = self.status.load(Ordering::Relaxed);
        json!({
            "service": self.target.service,
            "operation": self.target.operation,
            "model": self.target.model_id,
            "at_ms": self.at_ms,
            "ended_ms": (ended_ms > 0).then_some(ended_ms),
            "status": (status > 0).then_some(status),
            "headers": headers,
            "body": body,
        })
    }
}

fn epoch_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
