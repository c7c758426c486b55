//! Amazon Bedrock, by Converse and ConverseStream.

mod failure;
mod reply;
mod request;
mod retry;

use std::time::Duration;

use aws_config::{
    SdkConfig, retry::RetryConfig, stalled_stream_protection::StalledStreamProtectionConfig, timeout::TimeoutConfig,
};
use aws_sdk_bedrockruntime::Client;

pub(super) use self::reply::Pieces;
use self::{failure::Failure, request::Converse};
use super::{Reply, Request};
use crate::{
    config::{self, Guardrail},
    conversation::ModelId,
    error::{Chain, Error, ModelError},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Tries of one model, before the next one of the fallback list has its turn.
const ATTEMPTS: u32 = 3;
const BACKOFF: Duration = Duration::from_millis(100);

#[derive(Debug, Clone)]
pub struct Bedrock {
    client: Client,
    allowed: Vec<ModelId>,
    fallback: Vec<ModelId>,
    max_output_tokens: u32,
    /// The longest silence within a reply.
    timeout: Duration,
    guardrail: Option<Guardrail>,
    prompt_cache: bool,
}

impl Bedrock {
    pub fn new(config: &config::Models, aws: &SdkConfig) -> Result<Self, Error> {
        if config.allowed.is_empty() {
            return Err(Error::Configuration("no model is allowed".to_owned()));
        }
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(config.timeout).build();
        let client_config = aws_sdk_bedrockruntime::config::Builder::from(aws)
            .timeout_config(timeouts)
            .retry_classifier(retry::NotAfterTimeout)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(BACKOFF))
            // A model that thinks sends nothing for longer than this protection allows; `timeout` stands in for it.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Ok(Self {
            client: Client::from_conf(client_config),
            allowed: config.allowed.clone(),
            fallback: config.fallback.clone(),
            max_output_tokens: config.max_output_tokens.get(),
            timeout: config.timeout,
            guardrail: config.guardrail.clone(),
            prompt_cache: config.prompt_cache,
        })
    }

    pub(super) fn allowed(&self) -> &[ModelId] {
        &self.allowed
    }

    pub(super) fn max_output_tokens(&self) -> u32 {
        self.max_output_tokens
    }

    pub(super) async fn converse(&self, request: Request) -> Result<Reply, Error> {
        let Some(first) = request.model.as_ref().or(self.allowed.first()) else {
            return Err(Error::Configuration("no model is allowed".to_owned()));
        };
        let converse = Converse::new(&request, self)?;
        let others = self.fallback.iter().filter(|other| *other != first);
        let models: Vec<&ModelId> = [first].into_iter().chain(others).collect();
        let mut passing: Option<Error> = None;
        for (index, model) in models.iter().enumerate() {
            // With others to come, a model must show in its share of the time that it is at work; a stream shows it.
            let share = request.deadline.share(models.len() - index);
            let begun = match models[index + 1..] {
                [] if !request.live => self.whole(&converse, model).await,
                [] => self.stream(&converse, model).await,
                [..] => tokio::time::timeout(share, self.stream(&converse, model))
                    .await
                    .unwrap_or_else(|_| Err(Failure::new(ModelError::TimedOut))),
            };
            let failure = match begun {
                Ok(source) => return Ok(Reply { model: ModelId::clone(model), source }),
                Err(failure) => failure,
            };
            let (is_passing, error) = (failure.kind.is_transient(), failure.of(model));
            if !is_passing && passing.is_none() {
                return Err(error);
            }
            // Of several failures the first is answered: the caller may come back later, whatever is wrong with a fallback.
            if passing.is_some() || index + 1 < models.len() {
                tracing::warn!(error = %Chain(&error), "a model did not answer");
            }
            passing.get_or_insert(error);
            if !is_passing {
                break;
            }
        }
        Err(passing.unwrap_or_else(|| Error::Configuration("no model is allowed".to_owned())))
    }

    async fn whole(&self, converse: &Converse, model: &ModelId) -> Result<Pieces, Failure> {
        let output = converse.whole(&self.client, model).send().await.map_err(Failure::from_sdk)?;
        Pieces::whole(output)
    }

    /// A stream has begun once its first piece is there: throttling and overload may come only after the response's
    /// status, where the SDK does not retry.
    async fn stream(&self, converse: &Converse, model: &ModelId) -> Result<Pieces, Failure> {
        let mut attempt = 1;
        loop {
            let output = converse.stream(&self.client, model).send().await.map_err(Failure::from_sdk)?;
            match Pieces::live(output.stream, self.timeout).await {
                Err(failure) if failure.is_for_retry() && attempt < ATTEMPTS => {
                    tokio::time::sleep(BACKOFF * 2u32.pow(attempt)).await;
                    attempt += 1;
                }
                begun => return begun,
            }
        }
    }
}
