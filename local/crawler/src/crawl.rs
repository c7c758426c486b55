use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::Arc,
};

use futures::{StreamExt, stream};
use reqwest::Client;
use tokio::{sync::mpsc, task::spawn_blocking};
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use crate::{
    CrawlError,
    address::canonical,
    events::{Event, Failure, Page, Skip, Summary},
    fetch::Reply,
    settings::Settings,
    sitemap::{self, Sitemap},
    visit::{Found, Outcome, Visit, Visitor},
};

/// A crawl, level by level: what is reached at which depth does not depend on which server is quick.
pub(crate) struct Crawl {
    visitor: Arc<Visitor>,
    events: mpsc::Sender<Event>,
    summary: Summary,
    /// Places taken up so far.
    places: usize,
    /// Pages with the places they say are theirs, which somebody else is visiting.
    held: Vec<(Url, Page)>,
    held_bytes: usize,
}

/// Pages that wait for another are not to fill the memory.
const MOST_HELD_BYTES: usize = 64 << 20;

impl Crawl {
    pub(crate) fn new(settings: &Settings, client: Client, events: mpsc::Sender<Event>) -> Crawl {
        let summary = Summary { complete: true, ..Summary::default() };
        let visitor = Arc::new(Visitor::new(settings, client));
        Crawl { visitor, events, summary, places: 0, held: Vec::new(), held_bytes: 0 }
    }

    pub(crate) async fn run(mut self) -> Result<Summary, CrawlError> {
        let mut found = self.visitor.settings.seeds.clone();
        found.extend(self.read_sitemaps().await?);
        for depth in 1..=self.visitor.settings.depth {
            let level = self.take_up(found).await?;
            if level.is_empty() {
                break;
            }
            found = self.visit(level, depth).await?;
        }
        Ok(self.summary)
    }

    /// The pages that the sitemaps list.
    async fn read_sitemaps(&mut self) -> Result<Vec<Url>, CrawlError> {
        let visitor = Arc::clone(&self.visitor);
        let limits = &visitor.settings.limits;
        let mut known: HashSet<Url> = visitor.settings.sitemaps.iter().cloned().collect();
        let mut waiting: VecDeque<Url> = visitor.settings.sitemaps.clone().into();
        let (mut pages, mut read) = (Vec::new(), 0);
        while let Some(url) = waiting.pop_front() {
            if read == limits.sitemaps || pages.len() >= limits.places {
                self.limit_met();
                break;
            }
            read += 1;
            match read_sitemap(&visitor, url.clone()).await {
                Ok(sitemap) => {
                    pages.extend(sitemap.pages);
                    let own = sitemap.sitemaps.into_iter().filter(|url| visitor.settings.domains.take(url));
                    waiting.extend(own.filter(|url| known.insert(url.clone())));
                }
                Err(reason) => self.failed(url.as_str(), reason).await?,
            }
        }
        Ok(pages)
    }

    /// Of the places found, those to visit: new ones within the bounds of the crawl.
    async fn take_up(&mut self, found: Vec<Url>) -> Result<Vec<Url>, CrawlError> {
        let mut taken = Vec::new();
        for url in found {
            let admitted = self.visitor.admit(&url);
            if admitted == Err(Skip::Outside) {
                self.summary.outside += 1;
                continue;
            }
            if !self.visitor.claim(&url) {
                continue;
            }
            if let Err(reason) = admitted {
                self.skipped(url.as_str(), reason).await?;
                continue;
            }
            if self.places == self.visitor.settings.limits.places {
                self.limit_met();
                break;
            }
            self.places += 1;
            taken.push(url);
        }
        Ok(taken)
    }

    /// Visits the places of a level, several at once, and returns the links they have.
    async fn visit(&mut self, level: Vec<Url>, depth: u32) -> Result<Vec<Url>, CrawlError> {
        let limits = self.visitor.settings.limits.clone();
        let mut hosts: BTreeMap<String, Vec<(usize, Url)>> = BTreeMap::new();
        for (place, url) in level.into_iter().enumerate() {
            hosts.entry(url.host_str().unwrap_or_default().to_owned()).or_default().push((place, url));
        }
        let visitor = Arc::clone(&self.visitor);
        let visits = hosts.into_values().map(|urls| {
            let visitor = Arc::clone(&visitor);
            let visits = stream::iter(urls).map(move |(place, url)| {
                let visitor = Arc::clone(&visitor);
                // A task of its own, so that a page goes on arriving while the one before is being indexed.
                let visit = AbortOnDropHandle::new(tokio::spawn(async move { visitor.visit(url, depth).await }));
                async move { (place, visit.await) }
            });
            visits.buffer_unordered(limits.requests_per_host).boxed()
        });
        let mut visits = stream::iter(visits).flatten_unordered(limits.hosts_at_once);

        let (mut links, mut known) = (BTreeMap::new(), HashSet::new());
        while let Some((place, visit)) = visits.next().await {
            let mut found = self.take(visit.map_err(CrawlError::Visit)?).await?;
            // Far more than the crawl can still visit need not be remembered.
            found.retain(|link| known.len() < 2 * limits.places && known.insert(link.clone()));
            links.insert(place, found);
        }
        if known.len() == 2 * limits.places && depth < self.visitor.settings.depth {
            self.limit_met();
        }
        self.release().await?;
        Ok(links.into_values().flatten().collect())
    }

    /// Tells of a visit, and returns the links to follow from there.
    async fn take(&mut self, visit: Visit) -> Result<Vec<Url>, CrawlError> {
        let Visit { url, moved, outcome } = visit;
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(reason) => {
                self.failed(url.as_str(), reason).await?;
                return Ok(Vec::new());
            }
        };
        // What was found through a seed cannot be found any more, which says nothing of whether it is still there.
        if leads_nowhere(&outcome) && self.visitor.settings.seeds.contains(moved.first().unwrap_or(&url)) {
            self.summary.complete = false;
        }
        self.summary.answered.extend(moved.into_iter().map(String::from));
        match outcome {
            Outcome::Gone => {
                self.gone(url.as_str()).await?;
                Ok(Vec::new())
            }
            Outcome::Skipped(reason) => {
                self.skipped(url.as_str(), reason).await?;
                Ok(Vec::new())
            }
            Outcome::Found(found) => {
                let Found { page, canonical, links } = *found;
                match (page, canonical) {
                    (Ok(page), None) => self.page(page).await?,
                    (Ok(page), Some(canonical)) => self.page_by(canonical, page).await?,
                    (Err(reason), _) => self.skipped(url.as_str(), reason).await?,
                }
                Ok(self.first(links))
            }
        }
    }

    /// A page goes by the name that it says is the better one, unless that is another page's.
    async fn page_by(&mut self, canonical: Url, mut page: Page) -> Result<(), CrawlError> {
        if self.summary.found.contains(canonical.as_str()) {
            return self.skipped(&page.url, Skip::Duplicate).await;
        }
        if self.visitor.claim(&canonical) {
            self.summary.answered.insert(std::mem::replace(&mut page.url, canonical.into()));
            return self.page(page).await;
        }
        if self.held_bytes + page.bytes.len() > MOST_HELD_BYTES {
            return self.page(page).await;
        }
        // Not known before the level ends: the other place may turn out to be a redirect to this very page.
        self.held_bytes += page.bytes.len();
        self.held.push((canonical, page));
        Ok(())
    }

    /// All places are visited, so a page whose better name is no page keeps its own.
    async fn release(&mut self) -> Result<(), CrawlError> {
        self.held_bytes = 0;
        for (canonical, page) in std::mem::take(&mut self.held) {
            match self.summary.found.contains(canonical.as_str()) {
                true => self.skipped(&page.url, Skip::Duplicate).await?,
                false => self.page(page).await?,
            }
        }
        Ok(())
    }

    async fn page(&mut self, page: Page) -> Result<(), CrawlError> {
        self.summary.pages += 1;
        self.summary.found.insert(page.url.clone());
        self.send(Event::Page(page)).await
    }

    /// The first of a page's links, as many as are followed; links that lead out of the crawl do not count.
    fn first(&mut self, links: Vec<Url>) -> Vec<Url> {
        let domains = &self.visitor.settings.domains;
        let (links, outside): (Vec<Url>, Vec<Url>) = links.into_iter().partition(|link| domains.take(link));
        self.summary.outside += outside.len() as u64;
        links.into_iter().take(self.visitor.settings.links_per_page).collect()
    }

    async fn gone(&mut self, url: &str) -> Result<(), CrawlError> {
        self.summary.gone += 1;
        self.summary.answered.insert(url.to_owned());
        self.send(Event::Gone { url: url.to_owned() }).await
    }

    async fn skipped(&mut self, url: &str, reason: Skip) -> Result<(), CrawlError> {
        self.summary.skipped += 1;
        self.summary.answered.insert(url.to_owned());
        self.send(Event::Skipped { url: url.to_owned(), reason }).await
    }

    async fn failed(&mut self, url: &str, reason: Failure) -> Result<(), CrawlError> {
        self.summary.complete = false;
        self.summary.failed += 1;
        self.send(Event::Failed { url: url.to_owned(), reason }).await
    }

    fn limit_met(&mut self) {
        if std::mem::take(&mut self.summary.complete) {
            tracing::warn!("there is more to crawl than one crawl takes");
        }
    }

    async fn send(&self, event: Event) -> Result<(), CrawlError> {
        self.events.send(event).await.map_err(|_| CrawlError::NobodyListens)
    }
}

/// Whether there was no page with links, although nobody forbade it: a site that sends everybody to a login looks so.
fn leads_nowhere(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Gone => true,
        Outcome::Skipped(reason) => !matches!(reason, Skip::Robots | Skip::Pattern | Skip::Duplicate),
        Outcome::Found(found) => matches!(found.page, Err(Skip::Empty)),
    }
}

async fn read_sitemap(visitor: &Visitor, mut url: Url) -> Result<Sitemap, Failure> {
    let limits = &visitor.settings.limits;
    for _ in 0..=limits.redirects {
        let location = match visitor.fetcher.get(&url, limits.sitemap_size, |_| Ok(())).await? {
            Reply::Body(body) => {
                let most = limits.sitemap_size;
                let read = spawn_blocking(move || sitemap::read(&body.bytes, most)).await;
                let read = read.map_err(|error| Failure::Unreadable(error.to_string()))?;
                return read.map_err(|error| Failure::Sitemap(error.to_string()));
            }
            Reply::Gone => return Err(Failure::Sitemap("there is none".into())),
            Reply::Skipped(skip) => return Err(Failure::Sitemap(skip.to_string())),
            Reply::Redirect(location) => location,
        };
        let next = url.join(&location).ok().and_then(canonical);
        url = next.filter(|next| visitor.settings.domains.take(next)).ok_or(Failure::Redirect(location))?;
    }
    Err(Failure::Redirects(limits.redirects))
}
