//! What `Query` and `Retrieve` have in common: the words, the filter, who asks, and which page.

use local_search::{Filter, Search, Target, User};
use serde::Deserialize;

use super::{
    attributes::Schema,
    filter::AttributeFilter,
    settings,
    text::of_query,
    user::{UserContext, searching},
};
use crate::reply::Refusal;

/// The service finds no more than this for one query, on all its pages together.
pub(super) const MAX_RESULTS: usize = 100;
const PAGE_SIZE: i64 = 10;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Request {
    query_text: Option<String>,
    attribute_filter: Option<AttributeFilter>,
    requested_document_attributes: Option<Vec<String>>,
    document_relevance_override_configurations: Option<Vec<serde_json::Value>>,
    page_number: Option<i64>,
    page_size: Option<i64>,
    user_context: Option<UserContext>,
}

/// A search that may be made.
pub(super) struct Asked {
    pub(super) text: String,
    filter: Option<Filter>,
    user: Option<User>,
    /// Names of the attributes that results shall have; all where absent.
    pub(super) attributes: Option<Vec<String>>,
    page: Page,
}

#[derive(Debug, Clone, Copy)]
struct Page {
    /// From 0.
    number: usize,
    size: usize,
}

impl Request {
    /// Whether it can be read only with the attributes that the index has.
    pub(super) fn names_attributes(&self) -> bool {
        self.attribute_filter.is_some()
    }

    pub(super) fn read(self, schema: &Schema, policy: settings::UserContext) -> Result<Asked, Refusal> {
        if self.document_relevance_override_configurations.is_some_and(|overrides| !overrides.is_empty()) {
            return Err(Refusal::validation("local-aws does not tune relevance."));
        }
        Ok(Asked {
            text: of_query(self.query_text.as_deref())?,
            filter: self.attribute_filter.map(|filter| filter.read(schema)).transpose()?,
            user: searching(self.user_context.as_ref(), policy)?,
            attributes: self.requested_document_attributes,
            page: Page::read(self.page_number, self.page_size)?,
        })
    }
}

impl Asked {
    pub(super) fn search(&self, target: Target, limit: usize, facets: Vec<String>) -> Search {
        Search { text: self.text.clone(), target, filter: self.filter.clone(), user: self.user.clone(), limit, facets }
    }

    /// How many results must be found to fill the page.
    pub(super) fn reach(&self) -> usize {
        self.page.number.saturating_add(1).saturating_mul(self.page.size).min(MAX_RESULTS)
    }

    /// The results of the page; none beyond the hundredth.
    pub(super) fn page<T>(&self, results: Vec<T>) -> impl Iterator<Item = T> {
        let before = self.page.number.saturating_mul(self.page.size);
        results.into_iter().take(MAX_RESULTS).skip(before).take(self.page.size)
    }
}

impl Page {
    fn read(number: Option<i64>, size: Option<i64>) -> Result<Page, Refusal> {
        let positive = |name: &str, given: i64| match usize::try_from(given) {
            Ok(given) if given > 0 => Ok(given),
            _ => Err(Refusal::validation(format!("{name} must be greater than or equal to 1."))),
        };
        let number = positive("PageNumber", number.unwrap_or(1))? - 1;
        // Whoever asks for more gets a hundred, says the service's documentation.
        let size = positive("PageSize", size.unwrap_or(PAGE_SIZE))?.min(MAX_RESULTS);
        Ok(Page { number, size })
    }
}
