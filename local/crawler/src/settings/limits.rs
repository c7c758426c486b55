use std::time::Duration;

/// Bounds that Kendra does not let one set, and that keep a crawl from going on for ever.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) connect: Duration,
    /// Between two pieces of an answer.
    pub(crate) idle: Duration,
    /// For an answer as a whole.
    pub(crate) total: Duration,
    pub(crate) redirects: usize,
    /// Requests for one page, the first of them included.
    pub(crate) attempts: u32,
    /// Doubled from attempt to attempt.
    pub(crate) backoff: Duration,
    /// A server that wants to be left alone for longer than this is not asked again; a crawl delay is at most this.
    pub(crate) patience: Duration,
    /// Places visited in a crawl, pages or not: what ends an endless calendar on a site without a maximum of links.
    pub(crate) places: usize,
    pub(crate) sitemaps: usize,
    /// The most that the sitemaps protocol allows, in bytes: <https://www.sitemaps.org/protocol.html>.
    pub(crate) sitemap_size: u64,
    pub(crate) hosts_at_once: usize,
    pub(crate) requests_per_host: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(300),
            redirects: 10,
            attempts: 3,
            backoff: Duration::from_secs(1),
            patience: Duration::from_secs(60),
            places: 50_000,
            sitemaps: 200,
            sitemap_size: 50 << 20,
            hosts_at_once: 4,
            requests_per_host: 2,
        }
    }
}
