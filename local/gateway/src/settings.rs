//! What a function's environment is on this machine: the template's, and where a laptop is not Lambda.

use std::{collections::BTreeMap, time::Duration};

use local_aws::EngineChoice;

use crate::{databases::LAYERS, documents::INDEX_ID, model};

/// Of one attempt.
const LOCAL_SEARCH_SECONDS: u64 = 20;

/// Three or four passages.
const LOCAL_PASSAGE_TOKENS: u32 = 900;

/// A schema of a dozen tables.
const LOCAL_SCHEMA_TOKENS: u32 = 1500;
/// A database that every account has, where there is no other.
const DEFAULT_DATABASE: &str = "default";

type Settings = BTreeMap<String, String>;

/// What the differences follow from.
pub(crate) struct Machine<'a> {
    pub(crate) engine: &'a EngineChoice,
    /// Bedrock's calls go to AWS, so the engine answers nothing.
    pub(crate) real_bedrock: bool,
    /// Kendra's calls go to AWS, to an index that the developer names.
    pub(crate) real_kendra: bool,
    /// Of the local Athena; none where its calls go to AWS.
    pub(crate) workgroup: Option<&'a str>,
    /// Those that can be asked.
    pub(crate) databases: Vec<String>,
    /// What a function has for one invocation.
    pub(crate) timeout: Duration,
    /// What a buffered route has of that; all of it where absent.
    pub(crate) buffered_limit: Option<Duration>,
}

/// `own` has the last word over the template and over this machine.
pub(crate) fn settings(template: &Settings, machine: &Machine<'_>, own: &Settings) -> Settings {
    let mut settings = template.clone();
    let mut set = |name: &str, value: String| settings.insert(name.to_owned(), value);

    // Metrics are lines of the log that CloudWatch would read; here they would only fill the terminal.
    set("METRICS_NAMESPACE", String::new());
    set("BUFFERED_TIMEOUT_SECONDS", machine.buffered_limit.unwrap_or(machine.timeout).as_secs().max(1).to_string());
    if !machine.real_bedrock {
        // The answer names the model, and a local one must not pass for one of Bedrock's. Requests written for AWS
        // still may ask for those that the template allows.
        let declared = template.get("MODEL_IDS").map(String::as_str).unwrap_or_default();
        set("MODEL_IDS", format!("{},{declared}", model::id(machine.engine)).trim_end_matches(',').to_owned());
    }
    if !matches!(machine.engine, EngineChoice::Scripted) && !machine.real_bedrock {
        // A model on a laptop is silent while it reads a long prompt or thinks, without having failed.
        set("MODEL_TIMEOUT_SECONDS", machine.timeout.as_secs().to_string());
    }
    if matches!(machine.engine, EngineChoice::Gguf(_)) && !machine.real_bedrock {
        // It reads a hundred tokens a second, and API Gateway waits for 29.
        set("PASSAGE_TOKENS", LOCAL_PASSAGE_TOKENS.to_string());
        set("SCHEMA_TOKENS", LOCAL_SCHEMA_TOKENS.to_string());
    }
    if !machine.real_kendra {
        set("KENDRA_INDEX_ID", INDEX_ID.to_owned());
        set("KENDRA_REGION", String::new());
        set("KENDRA_USER_CONTEXT", "user_and_groups".to_owned());
        // Callers of this machine have no e-mail address that somebody verified.
        set("KENDRA_USER_CLAIM", "cognito:username".to_owned());
    }
    if !machine.real_kendra && !matches!(machine.engine, EngineChoice::Scripted) {
        // Searching shares the processor with a model that answers.
        set("KENDRA_TIMEOUT_SECONDS", LOCAL_SEARCH_SECONDS.to_string());
    }
    if machine.buffered_limit.is_none() {
        set("QUERY_TIMEOUT_SECONDS", machine.timeout.as_secs().to_string());
    }
    // Layers lie in a bucket of this machine, which has none of AWS's.
    settings.remove("SEMANTIC_LAYER");
    if let (Some(workgroup), Some(_)) = (machine.workgroup, settings.get("ATHENA_WORKGROUP")) {
        settings.insert("ATHENA_WORKGROUP".to_owned(), workgroup.to_owned());
        let (databases, layer) = match machine.databases.as_slice() {
            [] => (DEFAULT_DATABASE.to_owned(), None),
            names => (names.join(","), Some(format!("s3://{LAYERS}/"))),
        };
        settings.insert("ATHENA_DATABASES".to_owned(), databases);
        settings.extend(layer.map(|place| ("SEMANTIC_LAYER".to_owned(), place)));
    }
    settings.extend(own.clone());
    settings
}

pub(crate) fn is_real(real: &[String], service: &str) -> bool {
    real.iter().any(|real| real == service)
}

#[cfg(test)]
mod tests {
    use local_engine::Source;

    use super::*;

    fn map(pairs: &[(&str, &str)]) -> Settings {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn of(engine: EngineChoice, real_bedrock: bool, own: &[(&str, &str)]) -> Settings {
        let template = map(&[
            ("MODEL_IDS", "a,b"),
            ("MODEL_TIMEOUT_SECONDS", "60"),
            ("METRICS_NAMESPACE", "Mine"),
            ("ATHENA_WORKGROUP", "theirs"),
            ("ATHENA_DATABASES", "glue"),
            ("SEMANTIC_LAYER", "s3://theirs/layers/"),
        ]);
        let machine = Machine {
            engine: &engine,
            real_bedrock,
            real_kendra: real_bedrock,
            workgroup: (!real_bedrock).then_some("local"),
            databases: vec!["chinook".to_owned(), "sales".to_owned()],
            timeout: Duration::from_secs(300),
            buffered_limit: Some(Duration::from_millis(29_900)),
        };
        settings(&template, &machine, &map(own))
    }

    #[test]
    fn a_local_model_does_not_pass_for_one_of_bedrocks() {
        let local = of(EngineChoice::Gguf(Source::Small), false, &[]);
        assert_eq!(local["MODEL_IDS"], "local.qwen2-5-coder-0-5b-instruct,a,b");
        assert_eq!(local["MODEL_TIMEOUT_SECONDS"], "300");
        assert_eq!(local["BUFFERED_TIMEOUT_SECONDS"], "29");
        assert_eq!(local["METRICS_NAMESPACE"], "");
        assert_eq!(
            (local["ATHENA_WORKGROUP"].as_str(), local["ATHENA_DATABASES"].as_str()),
            ("local", "chinook,sales")
        );
        assert_eq!(
            (local["SEMANTIC_LAYER"].as_str(), local["SCHEMA_TOKENS"].as_str()),
            ("s3://semantic-layers/", "1500")
        );
        assert_eq!((local["KENDRA_INDEX_ID"].as_str(), local["KENDRA_TIMEOUT_SECONDS"].as_str()), (INDEX_ID, "20"));
    }

    #[test]
    fn a_model_on_another_server_has_its_time_too() {
        let server = EngineChoice::OpenAi { url: "http://127.0.0.1:11434/v1".to_owned(), model: "qwen3".to_owned() };
        assert_eq!(of(server, false, &[])["MODEL_TIMEOUT_SECONDS"], "300");
    }

    #[test]
    fn the_real_bedrock_is_called_as_the_template_says() {
        let real = of(EngineChoice::Gguf(Source::Default), true, &[]);
        assert_eq!((real["MODEL_IDS"].as_str(), real["MODEL_TIMEOUT_SECONDS"].as_str()), ("a,b", "60"));
        assert!(!real.contains_key("KENDRA_INDEX_ID"), "the template names the real index");
        assert_eq!((real["ATHENA_WORKGROUP"].as_str(), real["ATHENA_DATABASES"].as_str()), ("theirs", "glue"));
        assert!(!real.contains_key("SEMANTIC_LAYER"), "no bucket of AWS is here");
    }

    #[test]
    fn the_developer_has_the_last_word() {
        let own = of(EngineChoice::Scripted, false, &[("MODEL_IDS", "mine"), ("NEW", "1")]);
        assert_eq!((own["MODEL_IDS"].as_str(), own["NEW"].as_str()), ("mine", "1"));
        assert_eq!(own["MODEL_TIMEOUT_SECONDS"], "60");
    }
}
