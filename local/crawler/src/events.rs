use std::collections::BTreeSet;

use bytes::Bytes;

/// What a crawl finds, in the order it finds it.
#[derive(Debug)]
pub enum Event {
    /// To be indexed: a web page, or a file that one links to.
    Page(Page),
    /// The site says that there is no such page (404 or 410).
    Gone { url: String },
    /// There may be a page, but it could not be read. What an earlier crawl found there is to be kept.
    Failed { url: String, reason: Failure },
    /// Not to be indexed. What an earlier crawl found there is to be deleted.
    Skipped { url: String, reason: Skip },
}

/// A page as the site sent it, unpacked from any content coding.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it is, after all redirects, in canonical form: two pages of a crawl never have the same.
    pub url: String,
    pub content_type: Option<String>,
    pub bytes: Bytes,
    /// The seeds are 1, as Kendra counts.
    pub depth: u32,
    /// Changes if the page changes: its `ETag`, else its `Last-Modified`, else the SHA-256 of its bytes.
    pub version: String,
    /// The value of `Last-Modified`, as the server wrote it: an HTTP date (RFC 9110, 5.6.7) if the server is right.
    pub last_modified: Option<String>,
    /// A file that a page links to, rather than a web page.
    pub attachment: bool,
}

/// Why a page could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("the server answered {0}")]
    Status(u16),
    #[error("{0}")]
    Connection(String),
    #[error("it took too long")]
    Timeout,
    #[error("the connection broke off in the page")]
    CutOff,
    #[error("more than {0} redirects, or a circle of them")]
    Redirects(usize),
    #[error("a redirect to nowhere: {0}")]
    Redirect(String),
    #[error("its site's robots.txt cannot be read, so nothing of the site may be: {0}")]
    Robots(String),
    #[error("the sitemap cannot be read: {0}")]
    Sitemap(String),
    #[error("it is packed in a way that is not known or not right: {0}")]
    Encoding(String),
    #[error("reading it broke down: {0}")]
    Unreadable(String),
}

/// Why a page is not indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Skip {
    #[error("robots.txt forbids it")]
    Robots,
    #[error("the page asks not to be indexed")]
    NoIndex,
    #[error("a pattern excludes it")]
    Pattern,
    #[error("it is larger than the size limit")]
    TooLarge,
    #[error("it redirects to a place outside of the crawl")]
    Outside,
    #[error("it is the same page as another")]
    Duplicate,
    #[error("it is a file, and files are not crawled")]
    Attachment,
    #[error("it is neither a web page nor a document")]
    ContentType,
    #[error("it is empty")]
    Empty,
}

/// How a crawl went. [`Summary::may_delete`] says what of an earlier crawl is to go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub pages: u64,
    pub gone: u64,
    pub failed: u64,
    pub skipped: u64,
    /// Links that were not followed because they lead to other sites.
    pub outside: u64,
    /// Whether every page there is to find was found: nothing failed, no seed was gone, no overall limit was met.
    pub complete: bool,
    /// The pages.
    pub(crate) found: BTreeSet<String>,
    /// Places that gave an answer, and it was not a page.
    pub(crate) answered: BTreeSet<String>,
}

impl Summary {
    /// Whether the document that an earlier crawl made of the page at `url` is to be deleted.
    ///
    /// Where the site itself said so (the page is gone, has moved, is not to be indexed), yes. A page that was not met
    /// at all goes too, as nobody links to it any more, but only if the crawl missed nothing: a host that is down must
    /// not empty the index.
    pub fn may_delete(&self, url: &str) -> bool {
        !self.found.contains(url) && (self.complete || self.answered.contains(url))
    }
}
