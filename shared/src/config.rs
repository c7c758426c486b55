//! The environment, read once, into structs. Nothing else reads it.

mod queries;

use std::{num::NonZeroU32, path::PathBuf, str::FromStr, time::Duration};

pub use self::queries::{LayerSource, Queries};
use crate::{conversation::ModelId, error::Error, grounding::Confidence};

/// All settings of a function. Tests build it literally.
#[derive(Debug, Clone)]
pub struct Config {
    pub aws: Aws,
    pub models: Models,
    pub memory: Memory,
    pub http: Http,
    /// Only where an index is named.
    pub retrieval: Option<Retrieval>,
    /// Only where a workgroup is named.
    pub queries: Option<Queries>,
    pub log_level: tracing::Level,
    /// CloudWatch namespace of the metrics; none are written where absent.
    pub metrics_namespace: Option<String>,
}

/// How AWS is reached, beyond what the SDK reads by itself (credentials, region, endpoints).
#[derive(Debug, Clone, Default)]
pub struct Aws {
    /// Whether the environment holds credentials, as on Lambda.
    pub has_credentials: bool,
    /// Root certificates to trust, in PEM form, instead of Amazon's and the system's.
    pub ca_bundle: Option<PathBuf>,
}

#[derive(Debug, Clone)]
pub struct Models {
    /// What callers may ask for; the first is the default.
    pub allowed: Vec<ModelId>,
    /// Tried in turn when the model asked for is throttled, overloaded or silent.
    pub fallback: Vec<ModelId>,
    /// Tokens; the default and the upper limit of `max_tokens`.
    pub max_output_tokens: NonZeroU32,
    /// The longest silence of a model: before its first byte, and between two pieces of its answer.
    pub timeout: Duration,
    pub guardrail: Option<Guardrail>,
    /// Whether models that take cache points get them.
    pub prompt_cache: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardrail {
    pub id: String,
    pub version: String,
}

#[derive(Debug, Clone)]
pub struct Memory {
    pub table: String,
    /// The longest history that a model sees, in turns and in tokens; both hold.
    pub history_turns: usize,
    pub history_tokens: usize,
    /// A message expires this long after it was written, a session after its last turn.
    pub session_ttl: Duration,
    /// How long an idempotency key is remembered.
    pub idempotency_ttl: Duration,
}

#[derive(Debug, Clone)]
pub struct Http {
    pub allow_anonymous: bool,
    /// The claim of a verified token by which documents know the user.
    pub user_claim: String,
    /// The origin of the front end, for cross-origin requests; none where absent.
    pub allowed_origin: Option<String>,
    /// API Gateway's limit for a route that does not stream. (It cannot be seen in the Lambda deadline.)
    pub buffered_timeout: Duration,
}

/// A search index, and how its results are used.
#[derive(Debug, Clone)]
pub struct Retrieval {
    pub index: String,
    /// The index's, where it is not the function's.
    pub region: Option<String>,
    pub user_context: UserContext,
    /// Of one attempt.
    pub timeout: Duration,
    /// Passages that are asked for, where the caller does not say.
    pub passages: NonZeroU32,
    /// Passages below are not used.
    pub min_confidence: Confidence,
    /// From here on, a FAQ's answer is the answer.
    pub faq_confidence: Confidence,
    /// The most that a model is given of passages, in tokens.
    pub passage_tokens: usize,
    /// What is said where no passage is left.
    pub no_answer: String,
}

/// How the index learns who is searching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserContext {
    /// Not at all: everybody sees every document.
    Off,
    UserAndGroups,
    /// For an index that is set up to read tokens.
    Token,
}

impl Config {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_env() -> Result<Self, Error> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads settings by their environment names from anywhere. A set but empty setting counts as absent, since
    /// CloudFormation cannot leave an environment variable out.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let settings = Settings(|name: &str| lookup(name).filter(|value| !value.trim().is_empty()));
        Ok(Self {
            aws: Aws {
                has_credentials: settings.optional("AWS_ACCESS_KEY_ID").is_some()
                    && settings.optional("AWS_SECRET_ACCESS_KEY").is_some(),
                ca_bundle: settings.optional("AWS_CA_BUNDLE").map(PathBuf::from),
            },
            models: Models {
                allowed: settings.required_models("MODEL_IDS")?,
                fallback: settings.models("FALLBACK_MODEL_IDS"),
                max_output_tokens: settings.parse("MAX_OUTPUT_TOKENS", NonZeroU32::MIN.saturating_add(1023))?,
                timeout: settings.seconds("MODEL_TIMEOUT_SECONDS", 60)?,
                guardrail: settings.guardrail()?,
                prompt_cache: settings.parse("PROMPT_CACHE", true)?,
            },
            memory: Memory {
                table: settings.required("TABLE_NAME")?,
                history_turns: settings.parse("HISTORY_TURNS", 20)?,
                history_tokens: settings.parse("HISTORY_TOKENS", 8000)?,
                session_ttl: settings.seconds("SESSION_TTL_DAYS", 30)? * 24 * 60 * 60,
                idempotency_ttl: settings.seconds("IDEMPOTENCY_TTL_HOURS", 24)? * 60 * 60,
            },
            http: Http {
                allow_anonymous: settings.parse("ALLOW_ANONYMOUS", false)?,
                user_claim: settings.optional("KENDRA_USER_CLAIM").unwrap_or_else(|| "email".to_owned()),
                allowed_origin: settings.optional("ALLOWED_ORIGIN"),
                buffered_timeout: settings.seconds("BUFFERED_TIMEOUT_SECONDS", 29)?,
            },
            retrieval: settings.retrieval()?,
            queries: settings.queries()?,
            log_level: settings.parse("LOG_LEVEL", tracing::Level::INFO)?,
            metrics_namespace: settings.optional("METRICS_NAMESPACE"),
        })
    }
}

const NO_ANSWER: &str = "I do not know: I found nothing about this in the documents that you may see.";

struct Settings<L>(L);

impl<L: Fn(&str) -> Option<String>> Settings<L> {
    fn optional(&self, name: &str) -> Option<String> {
        (self.0)(name)
    }

    fn required(&self, name: &str) -> Result<String, Error> {
        self.optional(name).ok_or_else(|| Error::Configuration(format!("{name} is not set")))
    }

    fn parse<T: FromStr>(&self, name: &str, default: T) -> Result<T, Error> {
        let Some(value) = self.optional(name) else { return Ok(default) };
        value.trim().parse().map_err(|_| Error::Configuration(format!("{name} cannot be `{value}`")))
    }

    fn seconds(&self, name: &str, default: u32) -> Result<Duration, Error> {
        Ok(Duration::from_secs(self.parse(name, default)?.into()))
    }

    /// What stands between commas.
    fn list(&self, name: &str) -> Vec<String> {
        let list = self.optional(name).unwrap_or_default();
        list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
    }

    fn models(&self, name: &str) -> Vec<ModelId> {
        self.list(name).into_iter().map(ModelId::new).collect()
    }

    fn required_models(&self, name: &str) -> Result<Vec<ModelId>, Error> {
        self.required(name)?;
        let models = self.models(name);
        if models.is_empty() {
            return Err(Error::Configuration(format!("{name} names no model")));
        }
        Ok(models)
    }

    fn retrieval(&self) -> Result<Option<Retrieval>, Error> {
        let Some(index) = self.optional("KENDRA_INDEX_ID") else { return Ok(None) };
        Ok(Some(Retrieval {
            index,
            region: self.optional("KENDRA_REGION"),
            user_context: self.user_context()?,
            timeout: self.seconds("KENDRA_TIMEOUT_SECONDS", 3)?,
            passages: self.parse("PASSAGES", NonZeroU32::MIN.saturating_add(9))?,
            min_confidence: self.parse("MIN_CONFIDENCE", Confidence::Medium)?,
            faq_confidence: self.parse("FAQ_CONFIDENCE", Confidence::VeryHigh)?,
            passage_tokens: self.parse("PASSAGE_TOKENS", 3000)?,
            no_answer: self.optional("NO_ANSWER").unwrap_or_else(|| NO_ANSWER.to_owned()),
        }))
    }

    fn user_context(&self) -> Result<UserContext, Error> {
        match self.optional("KENDRA_USER_CONTEXT").as_deref() {
            None | Some("user_and_groups") => Ok(UserContext::UserAndGroups),
            Some("token") => Ok(UserContext::Token),
            Some("off") => Ok(UserContext::Off),
            Some(other) => Err(Error::Configuration(format!("KENDRA_USER_CONTEXT cannot be `{other}`"))),
        }
    }

    fn guardrail(&self) -> Result<Option<Guardrail>, Error> {
        let Some(id) = self.optional("GUARDRAIL_ID") else { return Ok(None) };
        Ok(Some(Guardrail { id, version: self.required("GUARDRAIL_VERSION")? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, Error> {
        Config::from_lookup(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn defaults_need_only_a_table_and_a_model() {
        let config = read(&[("TABLE_NAME", "t"), ("MODEL_IDS", "a, b ,"), ("GUARDRAIL_ID", "")]).unwrap();
        assert_eq!(config.models.allowed, [ModelId::new("a"), ModelId::new("b")]);
        assert_eq!(config.models.max_output_tokens.get(), 1024);
        assert_eq!(config.models.guardrail, None);
        assert_eq!(config.memory.session_ttl, Duration::from_secs(30 * 86_400));
        assert!(!config.http.allow_anonymous);
        assert!(config.retrieval.is_none() && config.queries.is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (pairs, expected) in [
            (&[("TABLE_NAME", "t")][..], "MODEL_IDS is not set"),
            (&[("TABLE_NAME", "t"), ("MODEL_IDS", ",")][..], "MODEL_IDS names no model"),
            (&[("MODEL_IDS", "a")][..], "TABLE_NAME is not set"),
            (&[("TABLE_NAME", "t"), ("MODEL_IDS", "a"), ("HISTORY_TURNS", "-1")][..], "HISTORY_TURNS cannot be `-1`"),
            (&[("TABLE_NAME", "t"), ("MODEL_IDS", "a"), ("GUARDRAIL_ID", "g")][..], "GUARDRAIL_VERSION is not set"),
            (
                &[("TABLE_NAME", "t"), ("MODEL_IDS", "a"), ("KENDRA_INDEX_ID", "i"), ("KENDRA_USER_CONTEXT", "on")][..],
                "KENDRA_USER_CONTEXT cannot be `on`",
            ),
            (
                &[("TABLE_NAME", "t"), ("MODEL_IDS", "a"), ("KENDRA_INDEX_ID", "i"), ("MIN_CONFIDENCE", "5")][..],
                "MIN_CONFIDENCE cannot be `5`",
            ),
        ] {
            assert_eq!(read(pairs).unwrap_err().to_string(), format!("configuration: {expected}"));
        }
    }
}
