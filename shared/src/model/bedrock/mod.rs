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
    error::Error,
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
        })
    }

    pub(super) fn allowed(&self) -> &[ModelId] {
        &self.allowed
    }

    pub(super) async fn converse(&self, request: Request) -> Result<Reply, Error> {
        let Some(first) = request.model.as_ref().or(self.allowed.first()) else {
            return Err(Error::Configuration("no model is allowed".to_owned()));
        };
        let converse = Converse::new(&request, self.max_output_tokens, self.guardrail.as_ref())?;
        let mut model = first;
        let mut others = self.fallback.iter().filter(|other| *other != first);
        loop {
            let begun =
                if request.live { self.stream(&converse, model).await } else { self.whole(&converse, model).await };
            let failure = match begun {
                Ok(source) => return Ok(Reply { model: model.clone(), source }),
                Err(failure) => failure,
            };
            match others.next().filter(|_| failure.kind.is_transient()) {
                None => return Err(failure.of(model)),
                Some(other) => {
                    tracing::warn!(%model, %other, reason = %failure.kind, "falling back to another model");
                    model = other;
                }
            }
        }
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
