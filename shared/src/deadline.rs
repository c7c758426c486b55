//! When a call must have ended.

use std::time::{Duration, Instant, SystemTime};

use crate::error::Error;

/// Kept back from the end for remembering the turn, also at the second attempt, and for sending the answer; but never more
/// than a quarter of the whole.
const RESERVE: Duration = Duration::from_millis(2200);

/// Kept back from the reserve for sending the answer alone.
const LAST_WORD: Duration = Duration::from_millis(200);

/// The moment at which Lambda or API Gateway would cut a call off, and the earlier ones that keep us from it.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    end: Instant,
    reserve: Duration,
    ends_at: SystemTime,
}

impl Deadline {
    /// `lambda_ends` is the invocation's deadline; `limit` what API Gateway allows this route from now on, if anything.
    pub fn new(lambda_ends: SystemTime, limit: Option<Duration>) -> Self {
        let now = SystemTime::now();
        let left = lambda_ends.duration_since(now).unwrap_or_default();
        let left = limit.map_or(left, |limit| left.min(limit));
        Self { end: Instant::now() + left, reserve: RESERVE.min(left / 4), ends_at: now + left }
    }

    /// The end by the wall clock, which other invocations can read.
    pub fn ends_at(&self) -> SystemTime {
        self.ends_at
    }

    /// When the pattern must have its answer.
    pub fn answer_by(&self) -> Instant {
        self.end.checked_sub(self.reserve).unwrap_or(self.end)
    }

    /// The time left for the answer, in equal parts.
    pub fn share(&self, parts: usize) -> Duration {
        let left = self.answer_by().saturating_duration_since(Instant::now());
        left / u32::try_from(parts).unwrap_or(u32::MAX).max(1)
    }

    /// When the answer must be written to the memory.
    pub fn remember_by(&self) -> Instant {
        self.end.checked_sub(LAST_WORD.min(self.reserve)).unwrap_or(self.end)
    }

    /// Awaits work that must be done before `moment`, one of this deadline's.
    pub async fn bound<T>(moment: Instant, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        // The first poll of a timeout polls the work before the clock: what has no time left must not begin.
        if moment <= Instant::now() {
            return Err(Error::DeadlinePassed);
        }
        tokio::time::timeout_at(moment.into(), work).await.unwrap_or(Err(Error::DeadlinePassed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_without_time_does_not_begin() {
        let deadline = Deadline::new(SystemTime::now(), None);
        let mut began = false;
        let work = async {
            began = true;
            Ok(())
        };
        assert!(matches!(Deadline::bound(deadline.answer_by(), work).await, Err(Error::DeadlinePassed)));
        assert!(!began);
    }

    #[test]
    fn the_nearer_limit_counts() {
        let now = Instant::now();
        let lambda = SystemTime::now() + Duration::from_secs(100);
        assert!(Deadline::new(lambda, Some(Duration::from_secs(5))).end < now + Duration::from_secs(6));
        assert!(Deadline::new(lambda, None).end > now + Duration::from_secs(99));
        assert!(Deadline::new(SystemTime::UNIX_EPOCH, None).end <= Instant::now());
    }
}
