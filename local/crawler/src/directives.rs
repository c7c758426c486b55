//! What a page asks of those who come across it:
//! <https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag>.

use reqwest::header::HeaderMap;

use crate::AGENT;

/// Kendra heeds these whether or not it is told to honor robots.txt:
/// <https://docs.aws.amazon.com/kendra/latest/dg/stop-web-crawler.html>.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Directives {
    pub(crate) no_index: bool,
    pub(crate) no_follow: bool,
}

impl Directives {
    /// `<meta name="robots" content="noindex, nofollow">`, for all crawlers or for this one.
    pub(crate) fn add_of_meta(&mut self, name: &str, content: &str) {
        if name.trim().eq_ignore_ascii_case("robots") || name.trim().eq_ignore_ascii_case(AGENT) {
            content.split(',').for_each(|directive| self.add(directive));
        }
    }

    /// `X-Robots-Tag: noindex`, or with `amazon-kendra:` before the directives that are for this crawler alone.
    pub(crate) fn add_of_headers(&mut self, headers: &HeaderMap) {
        for value in headers.get_all("x-robots-tag").iter().filter_map(|value| value.to_str().ok()) {
            let mut meant = true;
            for directive in value.split(',') {
                let directive = match directive.split_once(':') {
                    // The one directive of its own with a colon.
                    Some((name, _)) if name.trim().eq_ignore_ascii_case("unavailable_after") => continue,
                    Some((agent, directive)) => {
                        meant = agent.trim().eq_ignore_ascii_case(AGENT);
                        directive
                    }
                    None => directive,
                };
                if meant {
                    self.add(directive);
                }
            }
        }
    }

    pub(crate) fn and(self, other: Directives) -> Directives {
        Directives { no_index: self.no_index || other.no_index, no_follow: self.no_follow || other.no_follow }
    }

    fn add(&mut self, directive: &str) {
        match directive.trim().to_ascii_lowercase().as_str() {
            "none" => (self.no_index, self.no_follow) = (true, true),
            "noindex" => self.no_index = true,
            "nofollow" => self.no_follow = true,
            _ => {}
        }
    }
}
