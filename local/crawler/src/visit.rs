use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use reqwest::{
    Client,
    header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED},
};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;
use url::Url;

use crate::{
    address::canonical,
    directives::Directives,
    events::{Failure, Page, Skip},
    fetch::{Body, Fetcher, Reply},
    html,
    kind::{self, Kind},
    robots::Rules,
    settings::Settings,
};

/// What all visits of a crawl share.
pub(crate) struct Visitor {
    pub(crate) settings: Settings,
    pub(crate) fetcher: Fetcher,
    rules: Rules,
    /// Every place that was, is or will be visited.
    claimed: Mutex<HashSet<Url>>,
}

/// How the visit of a place ended.
pub(crate) struct Visit {
    /// Where redirects led.
    pub(crate) url: Url,
    /// The places that redirected, in order.
    pub(crate) moved: Vec<Url>,
    pub(crate) outcome: Result<Outcome, Failure>,
}

pub(crate) enum Outcome {
    Gone,
    Skipped(Skip),
    Found(Box<Found>),
}

/// A page's links count even if the page itself is not to be indexed.
pub(crate) struct Found {
    pub(crate) page: Result<Page, Skip>,
    /// A place that the page says is the better one to find it at.
    pub(crate) canonical: Option<Url>,
    pub(crate) links: Vec<Url>,
}

impl Visitor {
    pub(crate) fn new(settings: &Settings, client: Client) -> Visitor {
        let fetcher = Fetcher::new(settings, client);
        Visitor { settings: settings.clone(), fetcher, rules: Rules::default(), claimed: Mutex::default() }
    }

    /// Whether the caller is the first to want this place, and so the one who visits it.
    pub(crate) fn claim(&self, url: &Url) -> bool {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner).insert(url.clone())
    }

    /// Whether a place is to be asked for, by its name.
    pub(crate) fn admit(&self, url: &Url) -> Result<(), Skip> {
        if !self.settings.domains.take(url) {
            return Err(Skip::Outside);
        }
        if !self.settings.crawled.take(url) {
            return Err(Skip::Pattern);
        }
        match kind::of_name(url) {
            Some(kind) => self.admit_kind(kind),
            None => Ok(()),
        }
    }

    /// Visits a place that the caller has claimed.
    pub(crate) async fn visit(&self, url: Url, depth: u32) -> Visit {
        let mut visit = Visit { url, moved: Vec::new(), outcome: Ok(Outcome::Gone) };
        visit.outcome = self.follow(&mut visit.url, &mut visit.moved, depth).await;
        visit
    }

    async fn follow(&self, url: &mut Url, moved: &mut Vec<Url>, depth: u32) -> Result<Outcome, Failure> {
        let limits = &self.settings.limits;
        loop {
            if self.settings.robots && !self.rules.allow(url, &self.fetcher, limits).await? {
                return Ok(Outcome::Skipped(Skip::Robots));
            }
            let wanted = |headers: &HeaderMap| self.admit_kind(kind::of_answer(url, text(headers, CONTENT_TYPE)));
            let location = match self.fetcher.get(url, self.settings.size, wanted).await? {
                Reply::Gone => return Ok(Outcome::Gone),
                Reply::Skipped(skip) => return Ok(Outcome::Skipped(skip)),
                Reply::Body(body) => return Ok(Outcome::Found(Box::new(self.read(url, body, depth).await?))),
                Reply::Redirect(location) => location,
            };

            let Some(next) = url.join(&location).ok().and_then(canonical) else {
                return Err(Failure::Redirect(location));
            };
            if next == *url || moved.contains(&next) || moved.len() == limits.redirects {
                return Err(Failure::Redirects(limits.redirects));
            }
            if let Err(skip) = self.admit(&next) {
                return Ok(Outcome::Skipped(skip));
            }
            if !self.claim(&next) {
                return Ok(Outcome::Skipped(Skip::Duplicate));
            }
            moved.push(std::mem::replace(url, next));
        }
    }

    fn admit_kind(&self, kind: Kind) -> Result<(), Skip> {
        match kind {
            Kind::Page => Ok(()),
            Kind::File if self.settings.attachments => Ok(()),
            Kind::File => Err(Skip::Attachment),
            Kind::Other => Err(Skip::ContentType),
        }
    }

    async fn read(&self, url: &Url, body: Body, depth: u32) -> Result<Found, Failure> {
        let Body { headers, bytes } = body;
        let content_type = text(&headers, CONTENT_TYPE).map(str::to_owned);
        let attachment = kind::of_answer(url, content_type.as_deref()) == Kind::File;
        let read = if attachment {
            html::Read::default()
        } else {
            let (bytes, content_type, url) = (bytes.clone(), content_type.clone(), url.clone());
            // A large page takes as long to read as many small ones take to fetch.
            let read = spawn_blocking(move || html::read(&bytes, content_type.as_deref(), &url)).await;
            read.map_err(|error| Failure::Unreadable(error.to_string()))?
        };
        let mut directives = Directives::default();
        directives.add_of_headers(&headers);
        let directives = directives.and(read.directives);

        let page = self.index(url, directives, attachment, bytes.is_empty()).map(|()| Page {
            url: url.as_str().to_owned(),
            content_type,
            depth,
            version: version(&headers, &bytes),
            last_modified: text(&headers, LAST_MODIFIED).map(str::to_owned),
            attachment,
            bytes,
        });
        // Its own host may say which of a page's names is the good one; others have no say.
        let canonical = read.canonical.filter(|canonical| {
            canonical != url
                && canonical.host() == url.host()
                && self.admit(canonical).is_ok()
                && self.settings.indexed.take(canonical)
        });
        Ok(Found { page, canonical, links: if directives.no_follow { Vec::new() } else { read.links } })
    }

    fn index(&self, url: &Url, directives: Directives, attachment: bool, empty: bool) -> Result<(), Skip> {
        let patterns = if attachment { &self.settings.indexed_files } else { &self.settings.indexed };
        if directives.no_index {
            return Err(Skip::NoIndex);
        }
        if empty {
            return Err(Skip::Empty);
        }
        if patterns.take(url) { Ok(()) } else { Err(Skip::Pattern) }
    }
}

fn version(headers: &HeaderMap, bytes: &Bytes) -> String {
    match text(headers, ETAG).or_else(|| text(headers, LAST_MODIFIED)) {
        Some(version) => version.to_owned(),
        None => format!("{:x}", Sha256::digest(bytes)),
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
