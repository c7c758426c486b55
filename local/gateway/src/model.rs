//! `--model`: what answers in Bedrock's place.

use std::path::PathBuf;

use local_aws::EngineChoice;
use local_engine::Source;

/// The forms that `--model` takes, for its help and its errors.
pub const FORMS: &str = "default (Qwen2.5-Coder 1.5B), small (Qwen2.5-Coder 0.5B), scripted, a path to a .gguf file, or \
     the URL of an OpenAI-compatible server with its name for the model: http://127.0.0.1:11434/v1#qwen3";

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    #[error("`{0}` names no model of the server: append it, as in `{0}#qwen3`")]
    NoModelName(String),
    #[error("`{0}` is no URL: {1}")]
    Url(String, String),
    #[error("there is no file {}", .0.display())]
    NoFile(PathBuf),
    #[error("{} is a folder, not a .gguf file", .0.display())]
    Folder(PathBuf),
    #[error("`{0}` is none of: {FORMS}")]
    Unknown(String),
}

pub fn parse(text: &str) -> Result<EngineChoice, ModelError> {
    match text {
        "default" => return Ok(EngineChoice::Gguf(Source::Default)),
        "small" => return Ok(EngineChoice::Gguf(Source::Small)),
        "scripted" => return Ok(EngineChoice::Scripted),
        _ => {}
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        return parse_url(text);
    }
    let path = PathBuf::from(text);
    let named_as_file = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"));
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => Err(ModelError::Folder(path)),
        Ok(_) => Ok(EngineChoice::Gguf(Source::File(path))),
        Err(_) if named_as_file || text.contains(std::path::MAIN_SEPARATOR) => Err(ModelError::NoFile(path)),
        Err(_) => Err(ModelError::Unknown(text.to_owned())),
    }
}

fn parse_url(text: &str) -> Result<EngineChoice, ModelError> {
    let (url, model) = text.split_once('#').unwrap_or((text, ""));
    if let Err(error) = url.parse::<reqwest::Url>() {
        return Err(ModelError::Url(url.to_owned(), error.to_string()));
    }
    if model.is_empty() {
        return Err(ModelError::NoModelName(url.to_owned()));
    }
    Ok(EngineChoice::OpenAi { url: url.trim_end_matches('/').to_owned(), model: model.to_owned() })
}

/// The identifier under which the local model answers, in the form that Bedrock's identifiers have
/// (`provider.model`): `local.` says that it is no model of Bedrock's.
pub(crate) fn id(engine: &EngineChoice) -> String {
    let name = match engine {
        EngineChoice::Gguf(Source::Default) => "qwen2-5-coder-1-5b-instruct".to_owned(),
        EngineChoice::Gguf(Source::Small) => "qwen2-5-coder-0-5b-instruct".to_owned(),
        EngineChoice::Gguf(Source::File(path)) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        EngineChoice::OpenAi { model, .. } => model.clone(),
        EngineChoice::Scripted => "scripted".to_owned(),
    };
    let letter = |letter: char| {
        if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' }
    };
    let name: String = name.chars().map(letter).take(63).collect();
    format!("local.{}", name.trim_matches('-'))
}

/// What is said of it at start.
pub(crate) fn describe(engine: &EngineChoice) -> String {
    match engine {
        EngineChoice::Gguf(Source::Default) => "Qwen2.5-Coder-1.5B-Instruct, in this process".to_owned(),
        EngineChoice::Gguf(Source::Small) => "Qwen2.5-Coder-0.5B-Instruct, in this process".to_owned(),
        EngineChoice::Gguf(Source::File(path)) => format!("{}, in this process", path.display()),
        EngineChoice::OpenAi { url, model } => format!("{model} at {url}"),
        EngineChoice::Scripted => "scripted: says what it is told to, or else repeats the message".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_understood() {
        let file = tempfile::Builder::new().suffix(".gguf").tempfile().unwrap();
        let path = file.path().to_path_buf();
        let server = |url: &str| EngineChoice::OpenAi { url: url.to_owned(), model: "qwen3:4b".to_owned() };
        for (text, expected) in [
            ("default", EngineChoice::Gguf(Source::Default)),
            ("small", EngineChoice::Gguf(Source::Small)),
            ("scripted", EngineChoice::Scripted),
            (path.to_str().unwrap(), EngineChoice::Gguf(Source::File(path.clone()))),
            ("http://127.0.0.1:11434/v1#qwen3:4b", server("http://127.0.0.1:11434/v1")),
            ("https://models.example/v1/#qwen3:4b", server("https://models.example/v1")),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn every_mistake_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        for (text, expected) in [
            ("http://127.0.0.1:11434/v1", "append it, as in `http://127.0.0.1:11434/v1#qwen3`"),
            ("http://127.0.0.1:11434/v1#", "names no model"),
            ("http://#x", "is no URL"),
            ("missing.gguf", "there is no file missing.gguf"),
            ("models/missing", "there is no file models/missing"),
            (folder.path().to_str().unwrap(), "is a folder"),
            ("big", "`big` is none of: default"),
            ("", "is none of"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn identifiers_look_like_bedrocks() {
        for (engine, expected) in [
            (EngineChoice::Gguf(Source::Default), "local.qwen2-5-coder-1-5b-instruct"),
            (EngineChoice::Gguf(Source::File("/m/Llama_3.2 3B.Q4.gguf".into())), "local.llama-3-2-3b-q4"),
            (EngineChoice::OpenAi { url: String::new(), model: "org/qwen3:4b".to_owned() }, "local.org-qwen3-4b"),
            (EngineChoice::Scripted, "local.scripted"),
        ] {
            assert_eq!(id(&engine), expected);
        }
    }
}
