//! What is printed once everything runs.

use crate::{Options, model, settings};

/// A first message that any model has something to say to.
const MESSAGE: &str = r#"{"message": "Write a haiku about the borrow checker."}"#;

pub(crate) fn banner(url: &str, aws_url: &str, routes: &[String], options: &Options) -> String {
    let mut lines = vec![format!("API    {url}")];
    lines.extend(routes.iter().map(|route| format!("         {route}")));
    lines.push(format!("AWS    {aws_url}"));
    lines.extend(options.real.iter().map(|service| format!("         {service}: real AWS, with your credentials")));
    if !settings::real_bedrock(&options.real) {
        lines.push(format!("model  {} ({})", model::id(&options.engine), model::describe(&options.engine)));
    }
    lines.push(match &options.data {
        Some(folder) => format!("data   {}", folder.display()),
        None => "data   in memory".to_owned(),
    });
    if let Some(route) = routes.iter().find_map(|route| route.strip_prefix("POST ")?.strip_suffix(" (streams)")) {
        lines.push(String::new());
        lines.push(format!("curl -N {url}{route} -H 'content-type: application/json' -d '{MESSAGE}'"));
        lines.push(format!("cargo run -- chat --url {url}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_one_needs_is_said() {
        let routes = ["POST /chat".to_owned(), "POST /chat/stream (streams)".to_owned()];
        let options = Options { real: vec!["dynamodb".to_owned()], ..Options::for_tests() };
        assert_eq!(
            banner("http://127.0.0.1:3000", "http://127.0.0.1:4566", &routes, &options),
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
    fn a_model_that_answers_nothing_is_not_named() {
        let options = Options { real: vec!["bedrock".to_owned()], ..Options::for_tests() };
        assert!(!banner("", "", &[], &options).contains("model"));
    }
}
