use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// Spaces the requests to each host evenly, which keeps to a number per minute without bursts.
pub(crate) struct Pace {
    gap: Duration,
    hosts: Mutex<HashMap<String, Host>>,
}

struct Host {
    gap: Duration,
    next: Instant,
}

impl Pace {
    pub(crate) fn new(gap: Duration) -> Pace {
        Pace { gap, hosts: Mutex::default() }
    }

    /// Waits until it is the caller's turn to ask the host for something.
    pub(crate) async fn turn(&self, host: &str) {
        let turn = {
            let mut hosts = self.hosts();
            let host = self.host(&mut hosts, host);
            let turn = host.next.max(Instant::now());
            host.next = turn + host.gap;
            turn
        };
        sleep_until(turn).await;
    }

    /// The host wants more time between two requests than the settings say; less does not count.
    pub(crate) fn slow_down(&self, host: &str, gap: Duration) {
        let mut hosts = self.hosts();
        let host = self.host(&mut hosts, host);
        host.gap = host.gap.max(gap);
        host.next = host.next.max(Instant::now() + gap);
    }

    /// The host wants to be left alone for a while.
    pub(crate) fn pause(&self, host: &str, pause: Duration) {
        let mut hosts = self.hosts();
        let host = self.host(&mut hosts, host);
        host.next = host.next.max(Instant::now() + pause);
    }

    fn host<'a>(&self, hosts: &'a mut HashMap<String, Host>, name: &str) -> &'a mut Host {
        hosts.entry(name.to_owned()).or_insert_with(|| Host { gap: self.gap, next: Instant::now() })
    }

    fn hosts(&self) -> MutexGuard<'_, HashMap<String, Host>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_to_a_host_are_spaced_and_hosts_do_not_wait_for_each_other() {
        let pace = Pace::new(Duration::from_secs(2));
        let start = Instant::now();
        for _ in 0..3 {
            pace.turn("a").await;
        }
        assert_eq!(start.elapsed().as_secs(), 4);
        pace.turn("b").await;
        assert_eq!(start.elapsed().as_secs(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_may_ask_for_more_time_but_not_for_less() {
        let pace = Pace::new(Duration::from_secs(2));
        pace.slow_down("a", Duration::from_secs(5));
        pace.slow_down("a", Duration::from_secs(1));
        let start = Instant::now();
        for _ in 0..3 {
            pace.turn("a").await;
        }
        assert_eq!(start.elapsed().as_secs(), 15);
        pace.pause("a", Duration::from_secs(60));
        pace.turn("a").await;
        assert_eq!(start.elapsed().as_secs(), 75);
    }
}
