//! What a terminal shows while documents are indexed, and what it says afterwards.

use std::{fmt::Write as _, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use local_aws::{LocalAws, Sync};

const REDRAWN_EVERY: Duration = Duration::from_millis(100);
/// Documents that are named; the history of syncs has more of them.
const NAMED: usize = 10;

/// Waits for the syncs that begin with the machine, and shows how they go on.
pub(crate) async fn indexed(aws: &LocalAws) {
    // Nothing is drawn where standard error is no terminal.
    let bar = ProgressBar::new_spinner();
    let mut drawn = tokio::time::interval(REDRAWN_EVERY);
    let synced = aws.synced();
    let mut synced = std::pin::pin!(synced);
    loop {
        tokio::select! {
            () = &mut synced => break,
            _ = drawn.tick() => draw(&bar, &aws.syncs()),
        }
    }
    bar.finish_and_clear();
}

/// Says what could not be indexed.
pub(crate) fn say_failures(aws: &LocalAws) {
    for sync in aws.syncs() {
        if let Some(said) = summary(&sync) {
            eprintln!("{said}");
        }
    }
}

fn draw(bar: &ProgressBar, syncs: &[Sync]) {
    let Some(sync) = syncs.iter().find(|sync| !sync.ended) else { return };
    let form = match sync.total {
        Some(_) => "{prefix} {bar:30} {pos}/{len} {wide_msg}",
        None => "{prefix} {spinner} {pos} {wide_msg}",
    };
    if let Ok(style) = ProgressStyle::with_template(form) {
        bar.set_style(style);
    }
    if let Some(total) = sync.total {
        bar.set_length(total);
    }
    bar.set_prefix(format!("indexing {}", sync.name));
    bar.set_position(sync.counts.scanned);
    bar.set_message(sync.current.clone());
    bar.tick();
}

/// None if there is nothing that somebody should look at.
fn summary(sync: &Sync) -> Option<String> {
    if let Some(error) = &sync.error {
        return Some(format!("error: {} is not indexed: {error}", sync.name));
    }
    let failed = sync.counts.failed;
    if failed == 0 {
        return None;
    }
    let documents = if failed == 1 { "1 document".to_owned() } else { format!("{failed} documents") };
    let mut said = format!("warning: {}: {documents} could not be indexed", sync.name);
    let named = sync.failures.iter().take(NAMED);
    for failure in named.clone() {
        let _ = write!(said, "\n  {}: {}", failure.document, failure.reason);
    }
    let others = failed - named.len() as u64;
    if others > 0 {
        let _ = write!(said, "\n  and {others} more");
    }
    Some(said)
}

#[cfg(test)]
mod tests {
    use local_aws::{SyncCounts, SyncFailure};

    use super::*;

    fn sync(failed: u64) -> Sync {
        let failure = |number| SyncFailure { document: format!("{number}.pdf"), reason: "it holds no text".to_owned() };
        Sync {
            name: "documents".to_owned(),
            counts: SyncCounts { failed, ..SyncCounts::default() },
            failures: (1..=failed).map(failure).collect(),
            ..Sync::default()
        }
    }

    #[test]
    fn only_what_went_wrong_is_said() {
        assert_eq!(summary(&sync(0)), None);
        let one = summary(&sync(1)).unwrap();
        assert_eq!(one, "warning: documents: 1 document could not be indexed\n  1.pdf: it holds no text");
        let many = summary(&sync(13)).unwrap();
        assert!(
            many.contains("13 documents") && many.ends_with("\n  and 3 more") && !many.contains("11.pdf"),
            "{many}"
        );
        let whole = Sync { error: Some("acl.json: no".to_owned()), ..sync(2) };
        assert_eq!(summary(&whole).unwrap(), "error: documents is not indexed: acl.json: no");
    }
}
