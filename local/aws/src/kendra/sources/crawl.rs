//! The web-crawler connector: what `local-crawler` finds, as documents.

use jiff::fmt::rfc2822;
use local_crawler::{CrawlError, Event, Page, Settings, Summary, SyncMode, crawl};
use local_search::{Access, Attribute, Content, Document};
use tokio::sync::mpsc;

use super::{
    attributes::Attributes,
    content::content,
    history::Status,
    work::{Broken, Work, version},
};

/// Pages that wait while others are put.
const QUEUE: usize = 16;

pub(super) async fn sync(mut work: Work<'_>, settings: &Settings) -> Result<Status, Broken> {
    let (sender, events) = mpsc::channel(QUEUE);
    let crawling = crawl(settings, sender, work.cancel.clone());
    let reading = async {
        // Dropped when reading ends, so that the crawl ends too.
        let mut events = events;
        while let Some(event) = events.recv().await {
            read(&mut work, settings, event).await?;
        }
        Ok::<_, Broken>(())
    };
    let (crawled, read) = tokio::join!(crawling, reading);
    read?;
    let summary = crawled.map_err(|error| match error {
        CrawlError::Cancelled => Broken::Stopped,
        error => Broken::Failed(error.to_string()),
    })?;
    finish(work, &summary).await
}

async fn finish(work: Work<'_>, summary: &Summary) -> Result<Status, Broken> {
    work.finish(|url| summary.may_delete(url)).await?;
    Ok(if summary.complete { Status::Succeeded } else { Status::Incomplete })
}

async fn read(work: &mut Work<'_>, settings: &Settings, event: Event) -> Result<(), Broken> {
    match event {
        Event::Page(page) => {
            work.progress.looks_at(&page.url);
            let url = page.url.clone();
            if let Err(reason) = put(work, settings, page).await? {
                work.progress.failed(&url, reason);
            }
        }
        Event::Failed { url, reason } => {
            work.progress.looks_at(&url);
            work.progress.failed(&url, reason.to_string());
            // It may be back the next time.
            work.see(&url);
        }
        Event::Gone { url } => {
            work.progress.looks_at(&url);
            tracing::info!(url, "a page is gone");
        }
        Event::Skipped { url, reason } => tracing::info!(url, %reason, "a page is skipped"),
    }
    Ok(())
}

async fn put(work: &mut Work<'_>, settings: &Settings, page: Page) -> Result<Result<(), String>, Broken> {
    let version = version([page.version.as_bytes(), page.content_type.as_deref().unwrap_or_default().as_bytes()]);
    if settings.sync_mode() == SyncMode::Changes && work.is_current(&page.url, &version) {
        work.see(&page.url);
        return Ok(Ok(()));
    }
    let content = work.unless_stopped(content(&page.url, page.content_type.as_deref(), page.bytes.to_vec())).await?;
    let content = match content {
        Ok(content) => content,
        Err(reason) => return Ok(Err(reason)),
    };
    let mut attributes = Attributes::from([
        ("_file_type".to_owned(), Attribute::Text(content.file_type.to_owned())),
        ("_source_uri".to_owned(), Attribute::Text(page.url.clone())),
    ]);
    if let Some(modified) = page.last_modified.as_deref().and_then(http_date) {
        attributes.insert("_last_updated_at".to_owned(), Attribute::Date(modified));
    }
    let title = content.title.unwrap_or_else(|| page.url.clone());
    for mapping in settings.field_mappings(page.attachment) {
        let value = match mapping.data_source_field_name.as_str() {
            "sourceUrl" => &page.url,
            "title" => &title,
            _ => continue,
        };
        attributes.insert(mapping.index_field_name.clone(), Attribute::Text(value.clone()));
    }
    let document = Document {
        id: page.url.clone(),
        title: Some(title),
        uri: Some(page.url.clone()),
        content: Content::Text(content.sections),
        attributes,
        access: Access::default(),
        source: None,
    };
    work.see(&page.url);
    work.put(document, version).await.map(Ok)
}

/// Seconds since the epoch, of an HTTP date, which is a date of e-mail in Greenwich.
fn http_date(text: &str) -> Option<i64> {
    Some(rfc2822::DateTimeParser::new().parse_timestamp(text.replace("GMT", "+0000")).ok()?.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates_are_read() {
        assert_eq!(http_date("Sun, 25 Mar 2012 11:30:10 GMT"), Some(1_332_675_010));
        assert_eq!(http_date("yesterday"), None);
    }
}
