//! What is printed once everything runs.

use local_aws::Counts;

use crate::{Documents, Options, model, settings};

/// A first message that any model has something to say to.
const MESSAGE: &str = r#"{"message": "Write a haiku about the borrow checker."}"#;

/// One that the sample documents answer, and one that asks any folder of documents.
const SAMPLE_QUESTION: &str = r#"{"message": "How many weeks of parental leave do fathers receive?"}"#;
const QUESTION: &str = r#"{"message": "What are these documents about?"}"#;

pub(crate) fn banner(
    url: &str,
    aws_url: &str,
    routes: &[String],
    indexed: Option<&Counts>,
    options: &Options,
) -> String {
    let mut lines = vec![format!("API    {url}")];
    lines.extend(routes.iter().map(|route| format!("         {route}")));
    lines.push(format!("AWS    {aws_url}"));
    lines.extend(options.real.iter().map(|service| format!("         {service}: real AWS, with your credentials")));
    if !settings::is_real(&options.real, "bedrock") {
        lines.push(format!("model  {} ({})", model::id(&options.engine), model::describe(&options.engine)));
    }
    lines.push(match &options.data {
        Some(folder) => format!("data   {}", folder.display()),
        None => "data   in memory".to_owned(),
    });
    if let Some(counts) = indexed {
        let (documents, answers) = (counts.documents, counts.answers);
        lines.push(format!("index  {documents} documents, {answers} answers of FAQs; {}", origin(options)));
    }
    if let Some(route) = routes.iter().find_map(|route| route.strip_prefix("POST ")?.strip_suffix(" (streams)")) {
        lines.push(String::new());
        lines.push(format!("curl -N {url}{route} -H 'content-type: application/json' -d '{MESSAGE}'"));
        lines.push(format!("cargo run -- chat --url {url}"));
    }
    let rag = routes.iter().find_map(|route| route.strip_prefix("POST ").filter(|path| *path == "/rag"));
    if let (Some(route), true) = (rag, indexed.is_some_and(|counts| counts.documents > 0)) {
        let question = if options.documents == Documents::Sample { SAMPLE_QUESTION } else { QUESTION };
        lines.push(format!(
            "curl {url}{route} -H 'content-type: application/json' -H 'authorization: Bearer alice:hr' -d '{question}'"
        ));
    }
    lines.join("\n")
}

/// Where the documents are from.
fn origin(options: &Options) -> String {
    let folder = match &options.documents {
        Documents::None => None,
        Documents::Sample => Some("from the sample".to_owned()),
        Documents::Folder(folder) => Some(format!("from {}", folder.display())),
    };
    let crawled = (!options.crawl.is_empty()).then(|| format!("from {}", options.crawl.join(", ")));
    folder.into_iter().chain(crawled).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_one_needs_is_said() {
        let routes = ["POST /chat".to_owned(), "POST /chat/stream (streams)".to_owned()];
        let options = Options { real: vec!["dynamodb".to_owned()], ..Options::for_tests() };
        assert_eq!(
            banner("http://127.0.0.1:3000", "http://127.0.0.1:4566", &routes, None, &options),
            "\
API    http://127.0.0.1:3000
         POST /chat
         POST /chat/stream (streams)
AWS    http://127.0.0.1:4566
         dynamodb: real AWS, with your credentials
model  local.scripted (scripted: says what it is told to, or else repeats the message)
data   in memory

curl -N http://127.0.0.1:3000/chat/stream -H 'content-type: application/json' -d '{\"message\": \"Write a haiku about \
the borrow checker.\"}'
cargo run -- chat --url http://127.0.0.1:3000"
        );
    }

    #[test]
    fn what_is_indexed_can_be_asked() {
        let routes = ["POST /rag".to_owned()];
        let options = Options { documents: Documents::Sample, ..Options::for_tests() };
        let counts = Counts { documents: 45, answers: 20, text_bytes: 1 };
        let banner = banner("http://127.0.0.1:3000", "", &routes, Some(&counts), &options);
        assert!(banner.contains("index  45 documents, 20 answers of FAQs; from the sample"), "{banner}");
        assert!(banner.contains("curl http://127.0.0.1:3000/rag ") && banner.contains(SAMPLE_QUESTION), "{banner}");
    }

    #[test]
    fn a_model_that_answers_nothing_is_not_named() {
        let options = Options { real: vec!["bedrock".to_owned()], ..Options::for_tests() };
        assert!(!banner("", "", &[], None, &options).contains("model"));
    }
}
