//! What is known for a while, and looked up again when it has aged.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::error::{Chain, Error, QueryError};

/// The longest that a look-up may take where an older answer is at hand.
const REFRESH: Duration = Duration::from_secs(8);

/// How long an older answer serves after a look-up that failed; never longer than a fresh one would.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Answers by name, each believed for the same time.
#[derive(Debug, Clone)]
pub(super) struct Aged<T> {
    max_age: Duration,
    patience: Duration,
    kept: Arc<Mutex<HashMap<String, Kept<T>>>>,
}

#[derive(Debug, Clone)]
struct Kept<T> {
    value: T,
    until: Instant,
}

impl<T: Clone> Aged<T> {
    pub(super) fn new(max_age: Duration) -> Self {
        Self { max_age, patience: REFRESH, kept: Arc::default() }
    }

    /// What is known of `name`, or else what `look` finds. A failure is not kept; where something older is known, that
    /// is better than a failure.
    pub(super) async fn get(&self, name: &str, look: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let Some(old) = self.lock().get(name).cloned() else {
            let value = look.await?;
            self.keep(name, value.clone(), self.max_age);
            return Ok(value);
        };
        if old.until > Instant::now() {
            return Ok(old.value);
        }
        let too_long = Err(Error::Query { kind: QueryError::TimedOut, source: None });
        let (value, max_age) = match tokio::time::timeout(self.patience, look).await.unwrap_or(too_long) {
            Ok(value) => (value, self.max_age),
            Err(error) => {
                tracing::warn!(name, error = %Chain(&error), "could not be refreshed; what was known before is used");
                (old.value, self.max_age.min(AFTER_FAILURE))
            }
        };
        self.keep(name, value.clone(), max_age);
        Ok(value)
    }

    fn keep(&self, name: &str, value: T, max_age: Duration) {
        self.lock().insert(name.to_owned(), Kept { value, until: Instant::now() + max_age });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept<T>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    async fn fails() -> Result<u8, Error> {
        Err(Error::Query { kind: QueryError::Unavailable, source: None })
    }

    #[tokio::test]
    async fn what_is_fresh_is_not_looked_up_again() {
        let aged = Aged::new(LONG);
        assert_eq!(aged.get("a", async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(aged.get("a", async { Ok(2) }).await.unwrap(), 1);
        assert_eq!(aged.get("b", async { Ok(3) }).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn what_has_aged_is_looked_up_again() {
        let aged = Aged::new(Duration::ZERO);
        assert_eq!(aged.get("a", async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(aged.get("a", async { Ok(2) }).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let aged = Aged::new(LONG);
        assert!(aged.get("a", fails()).await.is_err());
        assert_eq!(aged.get("a", async { Ok(1) }).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn the_old_is_better_than_a_failure() {
        let aged = Aged::new(Duration::ZERO);
        assert_eq!(aged.get("a", async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(aged.get("a", fails()).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn the_old_is_better_than_a_long_wait() {
        let aged = Aged { patience: Duration::from_millis(1), ..Aged::new(Duration::ZERO) };
        assert_eq!(aged.get("a", async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(aged.get("a", std::future::pending()).await.unwrap(), 1);
    }
}
