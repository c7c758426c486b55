//! What is printed once everything runs.

use local_aws::Counts;

use crate::{Databases, Documents, Options, model, settings};

/// A first message that any model has something to say to.
const MESSAGE: &str = r#"{"message": "Write a haiku about the borrow checker."}"#;

/// One that the sample documents answer, and one that asks any folder of documents.
const SAMPLE_QUESTION: &str = r#"{"message": "How many weeks of parental leave do fathers receive?"}"#;
const QUESTION: &str = r#"{"message": "What are these documents about?"}"#;

/// One about the sample database.
const SAMPLE_DATA_QUESTION: &str = "How much revenue did we make in each product category in 2025?";

/// What there is to ask.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct There<'a> {
    pub(crate) indexed: Option<&'a Counts>,
    /// With their tables.
    pub(crate) databases: &'a [(String, Vec<String>)],
}

pub(crate) fn banner(url: &str, aws_url: &str, routes: &[String], there: There<'_>, options: &Options) -> String {
    let indexed = there.indexed;
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
    if !there.databases.is_empty() {
        let database = |(name, tables): &(String, Vec<String>)| format!("{name} ({} tables)", tables.len());
        lines.push(format!("query  {}", there.databases.iter().map(database).collect::<Vec<_>>().join(", ")));
    }
    if let Some(route) = routes.iter().find_map(|route| route.strip_prefix("POST ")?.strip_suffix(" (streams)")) {
        lines.push(String::new());
        lines.push(format!("curl -N {url}{route} -H 'content-type: application/json' -d '{MESSAGE}'"));
        lines.push(format!("cargo run -- chat --url {url}"));
    }
    let route = |path: &str| routes.iter().find_map(|route| route.strip_prefix("POST ").filter(|route| *route == path));
    if let (Some(route), true) = (route("/rag"), indexed.is_some_and(|counts| counts.documents > 0)) {
        let question = if options.documents == Documents::Sample { SAMPLE_QUESTION } else { QUESTION };
        lines.push(format!(
            "curl {url}{route} -H 'content-type: application/json' -H 'authorization: Bearer alice:hr' -d '{question}'"
        ));
    }
    let table = there.databases.first().and_then(|(_, tables)| tables.first());
    if let (Some(route), Some(table)) = (route("/nlq"), table) {
        let question = match options.databases {
            Databases::Sample => SAMPLE_DATA_QUESTION.to_owned(),
            // A name may hold a quote, which would end what the shell takes for one word.
            _ => format!("How many rows does the table {} have?", table.replace(['\'', '"', '\\'], " ")),
        };
        lines.push(format!(
            "curl {url}{route} -H 'content-type: application/json' -d '{{\"question\": \"{question}\"}}'"
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
            banner("http://127.0.0.1:3000", "http://127.0.0.1:4566", &routes, There::default(), &options),
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
        let there = There { indexed: Some(&counts), ..There::default() };
        let banner = banner("http://127.0.0.1:3000", "", &routes, there, &options);
        assert!(banner.contains("index  45 documents, 20 answers of FAQs; from the sample"), "{banner}");
        assert!(banner.contains("curl http://127.0.0.1:3000/rag ") && banner.contains(SAMPLE_QUESTION), "{banner}");
    }

    #[test]
    fn what_is_attached_can_be_asked() {
        let routes = ["POST /nlq".to_owned(), "POST /nlq/stream (streams)".to_owned()];
        let table = |name: &str| name.to_owned();
        let databases =
            [("chinook".to_owned(), vec![table("album"), table("artist")]), ("empty".to_owned(), Vec::new())];
        let there = There { databases: &databases, ..There::default() };
        let banner = banner("http://127.0.0.1:3000", "", &routes, there, &Options::for_tests());
        assert!(banner.contains("query  chinook (2 tables), empty (0 tables)"), "{banner}");
        assert!(banner.contains(r#"curl http://127.0.0.1:3000/nlq "#), "{banner}");
        assert!(banner.contains(r#"-d '{"question": "How many rows does the table album have?"}'"#), "{banner}");
    }

    #[test]
    fn a_model_that_answers_nothing_is_not_named() {
        let options = Options { real: vec!["bedrock".to_owned()], ..Options::for_tests() };
        assert!(!banner("", "", &[], There::default(), &options).contains("model"));
    }
}
