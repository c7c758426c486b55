//! Awkward text comes back byte for byte: in the answer, in the stream, out of the memory, and in what the model sees.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{TestApp, answer, question},
    event_stream::text_of,
};

/// Text that has broken software before, in groups by what it breaks.
const STRINGS: &[&str] = &[
    // What looks like no text.
    "undefined",
    "null",
    "NULL",
    "(null)",
    "nil",
    "None",
    "true",
    "false",
    "NaN",
    "Infinity",
    "-Infinity",
    "0",
    "-1",
    "1e400",
    "0x0",
    "0xffffffffffffffff",
    "1/0",
    "0.1e-999",
    "1,000.00",
    "\\",
    "\\\\",
    "[]",
    "{}",
    "[object Object]",
    "data: [DONE]",
    // What looks like the end of what it stands in.
    "\"",
    "'",
    "\"}",
    "\"}]}",
    "{\"message\": \"x\"}",
    "\\\"",
    "\\u0000",
    "\\ud800",
    "\\n",
    "-->",
    "]]>",
    "*/",
    "\"\"\"",
    "`",
    "$$",
    "\n\ndata: {\"type\":\"finish\"}\n\n",
    "event: error\ndata: x",
    ": comment",
    "id: 1\nretry: 1",
    "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    "--boundary--",
    "%0d%0aSet-Cookie: a=b",
    // Orders to somebody else.
    "'; DROP TABLE users; --",
    "' OR '1'='1",
    "1; SELECT pg_sleep(10)",
    "{\"$gt\": \"\"}",
    "pk = :pk",
    "attribute_not_exists(pk)",
    "#name",
    ":value",
    "SESSION#",
    "TURN#0#1",
    "USER#sub:bob",
    "%s%s%s%n",
    "%d",
    "%%",
    "%x%x",
    "{0}",
    "${HOME}",
    "$(id)",
    "`id`",
    "{{7*7}}",
    "{% raw %}",
    "<%= 7 %>",
    "#{7}",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&lt;&amp;&#0;",
    "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>",
    "../../../etc/passwd",
    "C:\\CON",
    "file://",
    "() { :;}; echo",
    "__proto__",
    "constructor",
    "<|im_start|>system",
    "<|im_end|>",
    "[INST]",
    "</s>",
    "\n\nHuman: ",
    "<|endoftext|>",
    // Characters that are not seen.
    "a\u{0}b",
    "\u{0}",
    "\u{1}\u{2}\u{3}\u{7}\u{8}",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{7f}",
    "\u{80}\u{85}\u{9f}",
    "\u{ad}",
    "\u{feff}",
    "\u{feff}text",
    "text\u{feff}",
    "\u{200b}",
    "\u{200b}\u{200c}\u{200d}",
    "\u{2060}x\u{2061}",
    "\u{180e}",
    "\u{fff9}a\u{fffa}b\u{fffb}",
    "\u{e0001}\u{e0020}\u{e007f}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{fdd0}",
    "\u{10ffff}",
    "\u{10fffe}",
    "\u{e000}",
    "\u{f8ff}",
    "\u{fffd}",
    " leading",
    "trailing ",
    "\ttabs\t",
    "\nlines\n\n",
    "a\r\nb\rc\nd",
    "a\u{2028}b\u{2029}c",
    "a\u{b}b\u{c}c",
    "a\u{a0}b\u{2003}c\u{3000}d",
    // Scripts, directions and marks.
    "Ünïcödé",
    "ß ẞ ſ ﬁ Ĳ ŉ",
    "İstanbul ı",
    "Ω Ω Å Å",
    "é e\u{301}",
    "ñ n\u{303}",
    "한국어 한국",
    "漢字 かな カナ ﾊﾝｶｸ",
    "田中さんにあげて下さい",
    "Ελληνικά",
    "Русский",
    "עברית",
    "العربية",
    "हिन्दी",
    "ไทย",
    "ქართული",
    "አማርኛ",
    "\u{202e}reversed\u{202c}",
    "a\u{202a}b\u{202b}c\u{202d}d",
    "\u{2066}isolated\u{2069}",
    "\u{200f}\u{200e}",
    "Z\u{35b}\u{34b}\u{346}a\u{328}\u{31c}l\u{347}g\u{321}o\u{30d}",
    "𝕳𝖊𝖑𝖑𝖔",
    "𝄞𝄢",
    "𐍈𐌰",
    "𠜎𠜱𠝹",
    "¯\\_(ツ)_/¯",
    "(╯°□°）╯︵ ┻━┻)",
    "₀₁₂ ½ ⅓ ²",
    "…—–‘’“”«»",
    "№ ℃ ™ ﷽ ꧅",
    // Pictures of several characters.
    "👨‍👩‍👧‍👦",
    "👩🏽‍🚀",
    "🏳️‍🌈",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "🇦🇺🇨🇭",
    "✋🏻✋🏿",
    "❤️ ❤",
    "1️⃣#️⃣",
    "🧑🏾‍❤️‍💋‍🧑🏻",
    "🦀🐍",
];

/// Sends a text as message, instructions and example, whole and as a stream, and reads it out of the memory again.
async fn assert_survives(app: &TestApp, text: &str) {
    app.reset().await;
    let example = json!({"user": text, "assistant": text});
    let body = json!({"message": text, "system": text, "examples": [example]});
    let echo = format!("You said: {text}");
    let whole = app.chat(body).await.ok();
    assert!(whole["answer"] == json!(echo), "{text:?}");

    let body = json!({"message": text, "session_id": whole["session_id"]});
    let parts = app.stream(body).await.rest().await;
    assert!(text_of(&parts) == echo, "{text:?}");

    let said: Vec<String> = app.messages(&whole["session_id"]).await.into_iter().map(|(_, text)| text).collect();
    assert!(said == [text, &echo, text, &echo], "{text:?}");

    let sent = app.only_call("Converse").await;
    assert!(sent["system"][0]["text"] == json!(text), "{text:?}");
    assert!(texts_of(&sent) == [text, text, text], "{text:?}");
    assert!(texts_of(&app.only_call("ConverseStream").await) == [text, &echo, text], "{text:?}");
}

fn texts_of(converse: &Value) -> Vec<&str> {
    let messages = converse["messages"].as_array().unwrap().iter();
    messages.map(|message| message["content"][0]["text"].as_str().unwrap()).collect()
}

async fn assert_all_survive(strings: &[&str]) {
    let app = TestApp::start().await;
    for text in strings {
        assert_survives(&app, text).await;
    }
}

// In halves, which run beside each other.

#[tokio::test]
async fn awkward_text_comes_back_byte_for_byte() {
    assert_all_survive(&STRINGS[..STRINGS.len() / 2]).await;
}

#[tokio::test]
async fn more_awkward_text_comes_back_byte_for_byte() {
    assert_all_survive(&STRINGS[STRINGS.len() / 2..]).await;
}

/// Whatever is asked can be searched for, and stands in the prompt as it was asked.
#[tokio::test]
async fn awkward_text_is_a_question_as_any_other() {
    let app = TestApp::with_handbook(&[("MIN_CONFIDENCE", "LOW")]).await;
    for text in STRINGS {
        app.reset().await;
        app.script(json!([{"text": "So it is [1]."}])).await;
        let answer = app.ask(json!({"message": text})).await.ok();
        assert!(answer["answer"] == "So it is [1].", "{text:?}: {answer}");
        let words: Vec<&str> = text.split_whitespace().collect();
        assert!(answer["search_query"] == words.join(" "), "{text:?}: {answer}");
        let asked = app.only_call("Converse").await;
        assert!(
            texts_of(&asked)[0].ends_with(&format!("\n</passage>\n\n{}", question(text.trim()))),
            "{text:?}: {asked}"
        );
        assert!(app.messages(&answer["session_id"]).await[0].1 == *text, "{text:?}");
    }
}

#[tokio::test]
async fn heaps_of_marks_come_back_byte_for_byte() {
    let app = TestApp::with_settings(&[("HISTORY_TOKENS", "1000000")]).await;
    for text in [
        format!("a{}", "\u{301}".repeat(31_999)),
        "\u{0}".repeat(32_000),
        "\"\\".repeat(16_000),
        "👨‍👩‍👧‍👦".repeat(4_000),
        "\u{202e}\u{202d}".repeat(16_000),
    ] {
        assert_survives(&app, &text).await;
    }
}

/// What a model streams may be cut anywhere between two characters, in the middle of what is seen as one.
#[tokio::test]
async fn pieces_of_one_picture_become_it_again() {
    let app = TestApp::start().await;
    let chunks = ["👨", "\u{200d}", "👩", "\u{200d}", "👧", " e", "\u{301}", " \u{202e}", "\n\n", "data: ", "\u{0}"];
    app.script(json!([{"chunks": chunks}])).await;
    let parts = app.stream(json!({"message": "Draw"})).await.rest().await;
    assert_eq!(text_of(&parts), chunks.concat());
    let session = &parts[0]["messageMetadata"]["session_id"];
    assert_eq!(app.messages(session).await[1].1, chunks.concat());
}

/// The same text in every spelling that JSON has for it.
#[tokio::test]
async fn escapes_are_read_as_the_characters_they_name() {
    let app = TestApp::start().await;
    for (spelling, text) in [
        (r#"\u0041\u00fc\u6f22"#, "Aü漢"),
        (r#"\ud83e\udd80"#, "🦀"),
        (r#"\/\b\f\n\r\t\"\\"#, "/\u{8}\u{c}\n\r\t\"\\"),
        (r#"\u0000\u007f\u2028"#, "\u{0}\u{7f}\u{2028}"),
    ] {
        let body = format!(r#"{{"message": "{spelling}"}}"#);
        let request = app.request(Method::POST, "/chat").header("content-type", "application/json").body(body);
        assert_eq!(answer(request).await.ok()["answer"], json!(format!("You said: {text}")));
    }
}
