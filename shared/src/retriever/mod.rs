//! Searching the documents of an Amazon Kendra index, and the FAQs beside them.

mod access;
mod failure;
mod filter;
mod result;

use std::time::Duration;

use aws_config::{Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_kendra::{
    Client,
    types::{QueryResultType, RelevanceFeedback, RelevanceType},
};

pub use self::{
    access::Access,
    filter::{Condition, Filter, Literal, Range},
};
use crate::{
    config::{self, UserContext},
    error::Error,
    grounding::Passage,
};
use failure::failed;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const ATTEMPTS: u32 = 3;
const BACKOFF: Duration = Duration::from_millis(100);

/// A Kendra index. A second kind of retriever would make this an enum.
#[derive(Debug, Clone)]
pub struct Retriever {
    client: Client,
    index: String,
    user_context: UserContext,
}

/// What is looked for, by whom.
#[derive(Debug)]
pub struct Search<'a> {
    /// Kendra reads no more than 30 words of it, stop words not counted.
    pub query: &'a str,
    pub filter: Option<&'a Filter>,
    /// Most results, from 1 to 100.
    pub top: u32,
    /// What the caller may see: [`Retriever::access`] tells.
    pub access: &'a Access,
}

impl Retriever {
    pub fn new(config: &config::Retrieval, aws: &SdkConfig) -> Self {
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(config.timeout).build();
        let mut client_config = aws_sdk_kendra::config::Builder::from(aws)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(BACKOFF));
        if let Some(region) = &config.region {
            client_config = client_config.region(Region::new(region.clone()));
        }
        Self {
            client: Client::from_conf(client_config.build()),
            index: config.index.clone(),
            user_context: config.user_context,
        }
    }

    /// The best entry of a FAQ, if there is any.
    pub async fn faq(&self, search: &Search<'_>) -> Result<Option<Passage>, Error> {
        let found = self
            .client
            .query()
            .index_id(&self.index)
            .query_text(search.query)
            .query_result_type_filter(QueryResultType::QuestionAnswer)
            .set_attribute_filter(search.filter.map(Filter::to_kendra).transpose()?)
            .set_user_context(search.access.user_context())
            .page_size(1)
            .send()
            .await
            .map_err(failed)?;
        let query_id = found.query_id.unwrap_or_default();
        Ok(found.result_items.unwrap_or_default().into_iter().find_map(|item| result::faq_entry(&query_id, item)))
    }

    /// The passages that fit best, best first. FAQs are not among them.
    pub async fn passages(&self, search: &Search<'_>) -> Result<Vec<Passage>, Error> {
        let found = self
            .client
            .retrieve()
            .index_id(&self.index)
            .query_text(search.query)
            .set_attribute_filter(search.filter.map(Filter::to_kendra).transpose()?)
            .set_user_context(search.access.user_context())
            .page_size(i32::try_from(search.top).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(failed)?;
        let query_id = found.query_id.unwrap_or_default();
        let items = found.result_items.unwrap_or_default();
        Ok(items.into_iter().filter_map(|item| result::passage(&query_id, item)).collect())
    }

    /// Tells the index whether results of one search were of help; it learns from that how to rank.
    pub async fn feedback(&self, query_id: &str, results: &[&str], helpful: bool) -> Result<(), Error> {
        let relevance = if helpful { RelevanceType::Relevant } else { RelevanceType::NotRelevant };
        let items = results
            .iter()
            .map(|result| {
                let item = RelevanceFeedback::builder().result_id(*result).relevance_value(relevance.clone());
                item.build().map_err(|error| Error::Internal(error.to_string()))
            })
            .collect::<Result<Vec<_>, Error>>()?;
        self.client
            .submit_feedback()
            .index_id(&self.index)
            .query_id(query_id)
            .set_relevance_feedback_items(Some(items))
            .send()
            .await
            .map_err(failed)?;
        Ok(())
    }
}
