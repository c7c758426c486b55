//! The answers of the operations on data sources, their syncs, and FAQs.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Configured,
    history::{Job, Status},
    jobs::Jobs,
    load::name_of,
};
use crate::reply::Refusal;

/// Where a request does not say, and where the service's model sets no other bound.
const PAGE: usize = 100;
const PAGE_OF_JOBS: usize = 10;
/// Of the service's `ErrorMessage`.
const MAX_MESSAGE: usize = 2048;

pub(super) fn data_sources(jobs: &Jobs, request: &Value) -> Result<Value, Refusal> {
    let describe = |source: &Configured| {
        let created = seconds(jobs.history().record(&source.id).created_ms);
        json!({
            "Id": source.id,
            "Name": source.name,
            "Type": "TEMPLATE",
            "Status": "ACTIVE",
            "CreatedAt": created,
            "UpdatedAt": created,
            "LanguageCode": "en",
        })
    };
    let (page, next) = page(&jobs.sources, |source| &source.id, request, PAGE)?;
    Ok(answer("SummaryItems", page.iter().map(describe).collect(), next))
}

pub(super) fn faqs(jobs: &Jobs, request: &Value) -> Result<Value, Refusal> {
    let (page, next) = page(&jobs.faqs, |faq| &faq.id, request, PAGE)?;
    // FAQs are the first of the syncs that begin with the server.
    let syncs = jobs.first();
    let status = |id: &str| match jobs.faqs.iter().zip(&syncs).find(|(faq, _)| faq.id == id) {
        Some((_, sync)) if sync.error.is_some() => "FAILED",
        Some((_, sync)) if sync.ended => "ACTIVE",
        _ => "CREATING",
    };
    let items = page.iter().map(|faq| {
        let created = seconds(jobs.history().record(&faq.id).created_ms);
        json!({
            "Id": faq.id,
            "Name": faq.name,
            "Status": status(&faq.id),
            "FileFormat": name_of(faq.format),
            "CreatedAt": created,
            "UpdatedAt": created,
            "LanguageCode": "en",
        })
    });
    Ok(answer("FaqSummaryItems", items.collect(), next))
}

/// Newest first.
pub(super) fn sync_jobs(jobs: &Jobs, request: &Value) -> Result<Value, Refusal> {
    let source = known(jobs, request)?;
    let time = |name: &str| request["StartTimeFilter"][name].as_f64();
    let (from, to) = (time("StartTime"), time("EndTime"));
    let status = request["StatusFilter"].as_str();
    let is_wanted = |job: &&Job| {
        let started = seconds(job.started_ms);
        status.is_none_or(|status| json!(job.status) == *status)
            && from.is_none_or(|from| started >= from)
            && to.is_none_or(|to| started <= to)
    };
    let mut wanted: Vec<Job> = jobs.history().record(&source.id).jobs.iter().rev().filter(is_wanted).cloned().collect();
    for job in wanted.iter_mut().filter(|job| job.ended_ms.is_none()) {
        if let Some(sync) = jobs.counted(&source.id) {
            job.counts = sync.counts;
        }
    }
    let (page, next) = page(&wanted, |job| &job.id, request, PAGE_OF_JOBS)?;
    Ok(answer("History", page.iter().map(describe).collect(), next))
}

pub(super) fn start(jobs: &Arc<Jobs>, request: &Value) -> Result<Value, Refusal> {
    let source = known(jobs, request)?;
    Ok(json!({ "ExecutionId": jobs.start(&source.id)? }))
}

pub(super) fn stop(jobs: &Jobs, request: &Value) -> Result<Value, Refusal> {
    jobs.stop(&known(jobs, request)?.id);
    Ok(Value::Null)
}

fn known<'a>(jobs: &'a Jobs, request: &Value) -> Result<&'a Configured, Refusal> {
    let id = request["Id"].as_str().unwrap_or_default();
    jobs.source(id)
        .ok_or_else(|| Refusal::new(400, "ResourceNotFoundException", format!("The data source {id} does not exist.")))
}

fn describe(job: &Job) -> Value {
    let mut described = json!({
        "ExecutionId": job.id,
        "StartTime": seconds(job.started_ms),
        "Status": job.status,
        "Metrics": {
            "DocumentsAdded": job.counts.added.to_string(),
            "DocumentsModified": job.counts.modified.to_string(),
            "DocumentsDeleted": job.counts.deleted.to_string(),
            "DocumentsFailed": job.counts.failed.to_string(),
            "DocumentsScanned": job.counts.scanned.to_string(),
        },
    });
    if let Some(ended_ms) = job.ended_ms {
        described["EndTime"] = json!(seconds(ended_ms));
    }
    // The service keeps what became of single documents in its log. Here is no log, so it is said in this place.
    let failures: Vec<String> =
        job.failures.iter().map(|failure| format!("{}: {}", failure.document, failure.reason)).collect();
    let message = job.error.clone().into_iter().chain(failures).collect::<Vec<_>>().join("; ");
    if !message.is_empty() {
        let printed = message.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
        described["ErrorMessage"] = printed.take(MAX_MESSAGE).collect::<String>().into();
    }
    if job.status == Status::Failed {
        described["ErrorCode"] = json!("InternalError");
    }
    described
}

/// The items after the one that the request's token names, and the token of the next page.
fn page<'a, T>(
    items: &'a [T],
    id: impl Fn(&T) -> &String,
    request: &Value,
    most: usize,
) -> Result<(&'a [T], Option<String>), Refusal> {
    let begin = match request["NextToken"].as_str() {
        None => 0,
        Some(token) => match items.iter().position(|item| id(item) == token) {
            Some(position) => position + 1,
            None => return Err(Refusal::validation("The provided NextToken is not one of these items.")),
        },
    };
    let size = request["MaxResults"].as_u64().and_then(|size| usize::try_from(size).ok()).unwrap_or(most);
    let rest = items.get(begin..).unwrap_or_default();
    let page = rest.get(..size).unwrap_or(rest);
    let next = page.last().filter(|_| rest.len() > page.len()).map(|last| id(last).clone());
    Ok((page, next))
}

fn answer(name: &str, items: Vec<Value>, next: Option<String>) -> Value {
    let mut answer = json!({ name: items });
    if let Some(next) = next {
        answer["NextToken"] = next.into();
    }
    answer
}

/// As the protocol writes times.
fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}
