use proptest::prelude::*;
use serde_json::json;

use super::*;

fn parser() -> CallParser {
    CallParser::new(vec!["weather".into(), "add".into()])
}

/// What came of a text: text runs joined, calls without their random identifiers.
fn seen(pieces: impl IntoIterator<Item = Piece>) -> Vec<Value> {
    let mut seen: Vec<Value> = Vec::new();
    for piece in pieces {
        match (piece, seen.last_mut()) {
            (Piece::Text(text), Some(Value::String(last))) => last.push_str(&text),
            (Piece::Text(text), _) => seen.push(json!(text)),
            (Piece::ToolCall { name, input, .. }, _) => seen.push(json!({ "name": name, "input": input })),
            (end, _) => panic!("{end:?}"),
        }
    }
    seen
}

fn whole(text: &str, ended: bool) -> Vec<Value> {
    let mut parser = parser();
    let mut pieces = parser.push(text);
    pieces.extend(parser.finish(ended));
    seen(pieces)
}

fn call(city: &str) -> Value {
    json!({ "name": "weather", "input": { "city": city } })
}

#[test]
fn reads_a_call_after_text() {
    let text = "Let me look.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}\n</tool_call>";
    assert_eq!(whole(text, true), [json!("Let me look."), call("Bern")]);
}

#[test]
fn reads_several_calls_in_every_form() {
    let bern = r#"{"name": "weather", "arguments": {"city": "Bern"}}"#;
    let forms = [
        format!("<tool_call>{bern}</tool_call>\n<tool_call>{bern}</tool_call>"),
        format!("<tool_call>\n{bern}\n{bern}\n</tool_call>"),
        format!("<tools>\n{bern}\n</tools><tools>\n{bern}\n</tools>"),
        format!("```json\n{bern}\n```\n```\n{bern}\n```"),
        format!("```xml\n<tools>\n{bern}\n</tools>\n```\n{bern}"),
        format!("{bern}\n{bern}"),
        format!("[{bern}, {bern}]"),
        format!("<tool_call>{{{bern}}}</tool_call>{{{bern}}}"),
    ];
    for form in forms {
        assert_eq!(whole(&form, true), [call("Bern"), call("Bern")], "{form}");
    }
}

#[test]
fn other_shapes_of_the_same_call() {
    for text in [
        r#"{"name": "weather", "parameters": {"city": "Bern"}}"#,
        r#"{"name": "weather", "arguments": "{\"city\": \"Bern\"}"}"#,
        r#"{"type": "function", "function": {"name": "weather", "arguments": {"city": "Bern"}}}"#,
    ] {
        assert_eq!(whole(text, true), [call("Bern")], "{text}");
    }
}

#[test]
fn what_names_no_offered_tool_is_text() {
    for text in [
        r#"<tool_call>{"name": "rm", "arguments": {}}</tool_call>"#,
        r#"{"name": "Ada", "born": 1815}"#,
        "```json\n{\"name\": \"Ada\"}\n```",
        "[a link](https://example.com) and {braces}",
        "<tool_call>not json</tool_call> more",
        "<tool_call>{\"name\": \"add\", \"arguments\": [1]}</tool_call>",
        "a < b, ``` and <tools",
    ] {
        assert_eq!(whole(text, true), [json!(text)]);
    }
}

#[test]
fn a_closing_within_a_string_closes_nothing() {
    let text = r#"<tool_call>{"name": "weather", "arguments": {"city": "a</tool_call>b"}}</tool_call>"#;
    assert_eq!(whole(text, true), [call("a</tool_call>b")]);
}

#[test]
fn a_missing_bracket_is_forgiven_but_a_cut_answer_makes_no_call() {
    let closed = r#"<tool_call>{"name": "weather", "arguments": {"city": "Bern"}</tool_call>"#;
    assert_eq!(whole(closed, false), [call("Bern")]);
    let open = r#"<tool_call>{"name": "weather", "arguments": {"city": "Bern"}"#;
    assert_eq!(whole(open, true), [call("Bern")]);
    assert_eq!(whole(open, false), [json!(open)]);
}

#[test]
fn text_is_not_held_longer_than_needed() {
    let mut parser = parser();
    assert_eq!(seen(parser.push("1 < 2 and <tool")), [json!("1 < 2 and")]);
    assert_eq!(seen(parser.push("box>\n{\"answer\"")), [json!(" <toolbox>\n{\"answer\"")]);
    assert_eq!(seen(parser.push(": 42}")), [json!(": 42}")]);
}

proptest! {
    #[test]
    fn the_same_however_the_text_is_cut(
        parts in prop::collection::vec(prop::sample::select(vec![
            "Fine.", " ", "\n", "<tool_call>", "</tool_call>", "{\"name\": \"add\", \"arguments\": {\"a\": 1}}", "```json\n",
            "```", "{\"x\": [1, {}]}", "<tools>", "</tools>", "{", "}", "[", "ü", "\"", "<", "{\"name\": \"add\"",
        ]), 0..10),
        cuts in prop::collection::vec(1usize..9, 0..80),
        ended: bool,
    ) {
        let text = parts.concat();
        let mut parser = parser();
        let mut pieces = Vec::new();
        let mut characters = text.chars();
        for cut in cuts {
            pieces.extend(parser.push(&characters.by_ref().take(cut).collect::<String>()));
        }
        pieces.extend(parser.push(characters.as_str()));
        pieces.extend(parser.finish(ended));
        prop_assert_eq!(seen(pieces), whole(&text, ended));
    }

    #[test]
    fn text_without_a_call_comes_back_unchanged(text in "[a-z<>{}\\[\\]`\"\\n :]{0,40}") {
        let seen = whole(&text, true);
        prop_assert_eq!(seen.iter().filter_map(Value::as_str).collect::<String>(), text);
    }
}
