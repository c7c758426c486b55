use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use robotxt::{AccessResult, BYTE_LIMIT, Robots, robots_url};
use tokio::sync::OnceCell;
use url::Url;

use crate::{
    AGENT,
    address::canonical,
    events::Failure,
    fetch::{Fetcher, Reply},
    settings::Limits,
};

/// As many as RFC 9309, 2.3.1.2 wants followed, to other hosts too.
const REDIRECTS: usize = 5;

/// What robots.txt of each site allows, asked for once per site and crawl.
#[derive(Default)]
pub(crate) struct Rules {
    sites: Mutex<HashMap<String, Arc<Site>>>,
}

type Site = OnceCell<Result<Robots, Failure>>;

impl Rules {
    /// An error if nobody can tell, which means that the site is not to be crawled now.
    pub(crate) async fn allow(&self, url: &Url, fetcher: &Fetcher, limits: &Limits) -> Result<bool, Failure> {
        let site = url.origin().ascii_serialization();
        let rules = Arc::clone(self.sites.lock().unwrap_or_else(PoisonError::into_inner).entry(site).or_default());
        match rules.get_or_init(|| load(url, fetcher, limits)).await {
            Ok(robots) => Ok(robots.is_url_allowed(url)),
            Err(failure) => Err(failure.clone()),
        }
    }
}

async fn load(url: &Url, fetcher: &Fetcher, limits: &Limits) -> Result<Robots, Failure> {
    let robots = match find(url, fetcher).await {
        Ok(Some(bytes)) => Robots::from_access(AccessResult::Successful(&bytes), AGENT),
        Ok(None) => Robots::from_access(AccessResult::Unavailable, AGENT),
        // Other than 404 and 410, which are no failures. 429 is no answer to the question either.
        Err(Failure::Status(status @ 400..=499)) if status != 429 => {
            Robots::from_access(AccessResult::Unavailable, AGENT)
        }
        Err(failure) => return Err(Failure::Robots(failure.to_string())),
    };
    if let (Some(delay), Some(host)) = (robots.crawl_delay(), url.host_str()) {
        fetcher.pace.slow_down(host, delay.min(limits.patience));
    }
    Ok(robots)
}

/// `None` if the site has none.
async fn find(url: &Url, fetcher: &Fetcher) -> Result<Option<Bytes>, Failure> {
    let Ok(mut at) = robots_url(url) else { return Ok(None) };
    for _ in 0..=REDIRECTS {
        match fetcher.get(&at, 16 * BYTE_LIMIT as u64, |_| Ok(())).await? {
            Reply::Body(body) => return Ok(Some(body.bytes)),
            Reply::Gone => return Ok(None),
            Reply::Skipped(skip) => return Err(Failure::Connection(skip.to_string())),
            Reply::Redirect(location) => match at.join(&location).ok().and_then(canonical) {
                Some(next) => at = next,
                None => return Err(Failure::Redirect(location)),
            },
        }
    }
    Ok(None)
}
