//! Faults that tests set: an error in a service's place, a delay, a cut connection.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::Deserialize;

use crate::{reply::Refusal, route::Target};

#[derive(Debug, Default)]
pub(crate) struct Faults {
    planned: Mutex<Vec<Planned>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    faults: Vec<Planned>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned {
    service: String,
    /// Every operation where absent.
    operation: Option<String>,
    /// Every model where absent.
    model: Option<String>,
    /// Matching calls that pass before the first one that is hit.
    #[serde(default)]
    after: u64,
    /// Matching calls that are hit.
    #[serde(default = "once")]
    times: u64,
    fault: Fault,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Fault {
    Error(ScriptedError),
    /// The call goes on normally afterwards.
    DelayMs(u64),
    /// The connection closes without an answer; `false` is no fault.
    Cut(bool),
}

/// An error as tests write it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScriptedError {
    code: String,
    #[serde(default)]
    message: String,
    status: Option<u16>,
}

/// What happens to one call.
#[derive(Debug)]
pub(crate) enum Hit {
    Refuse(Refusal),
    Delay(Duration),
    Cut,
}

impl Faults {
    pub(crate) fn replace(&self, plan: Plan) {
        *self.planned.lock().unwrap_or_else(PoisonError::into_inner) = plan.faults;
    }

    pub(crate) fn clear(&self) {
        self.replace(Plan { faults: Vec::new() });
    }

    /// The fault that this call meets, if any: the first one in order that still has hits to give.
    pub(crate) fn meet(&self, target: &Target) -> Option<Hit> {
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        for candidate in planned.iter_mut().filter(|planned| planned.times > 0 && planned.matches(target)) {
            if candidate.after > 0 {
                candidate.after -= 1;
                continue;
            }
            candidate.times -= 1;
            return match &candidate.fault {
                Fault::Error(error) => Some(Hit::Refuse(error.refusal(&target.service))),
                Fault::DelayMs(ms) => Some(Hit::Delay(Duration::from_millis(*ms))),
                Fault::Cut(true) => Some(Hit::Cut),
                Fault::Cut(false) => None,
            };
        }
        None
    }
}

impl Planned {
    fn matches(&self, target: &Target) -> bool {
        self.service == target.service
            && self.operation.as_ref().is_none_or(|operation| *operation == target.operation)
            && self.model.as_ref().is_none_or(|model| target.model_id.as_ref() == Some(model))
    }
}

impl ScriptedError {
    /// Without a status, the one that the service's model gives the exception.
    pub(crate) fn refusal(&self, service: &str) -> Refusal {
        let status = self.status.unwrap_or_else(|| status_of(service, &self.code));
        Refusal::new(status, self.code.clone(), self.message.clone())
    }
}

fn once() -> u64 {
    1
}

fn status_of(service: &str, code: &str) -> u16 {
    match (service, code) {
        (_, "InternalServerException" | "InternalServerError") => 500,
        (_, "ServiceUnavailableException" | "ServiceUnavailable") => 503,
        ("s3", "InternalError") => 500,
        ("s3", "SlowDown") => 503,
        ("s3", "AccessDenied") => 403,
        ("s3", "NoSuchBucket" | "NoSuchKey") => 404,
        ("bedrock", "AccessDeniedException") => 403,
        ("bedrock", "ResourceNotFoundException") => 404,
        ("bedrock", "ModelTimeoutException") => 408,
        ("bedrock", "ModelErrorException" | "ModelStreamErrorException") => 424,
        ("bedrock", "ThrottlingException" | "ModelNotReadyException") => 429,
        _ => 400,
    }
}
