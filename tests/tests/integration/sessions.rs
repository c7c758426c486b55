//! `GET /sessions`, `GET /sessions/{id}` and `DELETE /sessions/{id}`: the caller's own conversations.

use insta::assert_json_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{TestApp, answer},
    event_stream::kinds,
};

fn path_of(session: &Value) -> String {
    format!("/sessions/{}", session.as_str().unwrap())
}

/// Walks a listing to its end; the pages' lengths and all entries.
async fn walk(app: &TestApp, path: &str, list: &str, limit: usize) -> (Vec<usize>, Vec<Value>) {
    let (mut lengths, mut entries, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = app.get(&format!("{path}?limit={limit}{cursor}")).await.ok();
        let of_page = page[list].as_array().unwrap();
        lengths.push(of_page.len());
        entries.extend(of_page.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (lengths, entries),
        }
        assert!(lengths.len() < 100, "the listing does not end");
    }
}

#[tokio::test]
async fn a_session_is_described() {
    let app = TestApp::start().await;
    assert_json_snapshot!(app.get("/sessions").await.ok(), @r#"
    {
      "next_cursor": null,
      "sessions": []
    }
    "#);

    app.script(json!([
        {"text": "A crab.", "usage": {"input": 7, "output": 3, "cached": 2}},
        {"text": "Ten.", "stop_reason": "max_tokens", "usage": {"input": 20, "output": 2}},
    ]))
    .await;
    let first = app.say(&Value::Null, " What is\n\tthat?  ").await;
    let second = app.say(&first["session_id"], "How many legs?").await;
    let listed = app.get("/sessions").await.ok();
    assert_json_snapshot!(listed, {
        ".sessions[].session_id" => "[session]",
        ".sessions[].created_at" => "[seconds]",
        ".sessions[].updated_at" => "[seconds]",
    }, @r#"
    {
      "next_cursor": null,
      "sessions": [
        {
          "created_at": "[seconds]",
          "pattern": "chat",
          "session_id": "[session]",
          "title": "What is that?",
          "turns": 2,
          "updated_at": "[seconds]"
        }
      ]
    }
    "#);
    let page = app.get(&path_of(&first["session_id"])).await.ok();
    assert_json_snapshot!(page, {
        ".session_id" => "[session]",
        ".created_at" => "[seconds]",
        ".updated_at" => "[seconds]",
        ".messages[].message_id" => "[turn]",
        ".messages[].created_at" => "[seconds]",
        ".messages[].latency_ms" => "[milliseconds]",
    }, @r#"
    {
      "created_at": "[seconds]",
      "messages": [
        {
          "created_at": "[seconds]",
          "latency_ms": "[milliseconds]",
          "message_id": "[turn]",
          "model": "local.scripted",
          "role": "assistant",
          "stop_reason": "max_tokens",
          "text": "Ten.",
          "usage": {
            "cache_read_tokens": 0,
            "cache_write_tokens": 0,
            "input_tokens": 20,
            "output_tokens": 2
          }
        },
        {
          "created_at": "[seconds]",
          "message_id": "[turn]",
          "role": "user",
          "text": "How many legs?"
        },
        {
          "created_at": "[seconds]",
          "latency_ms": "[milliseconds]",
          "message_id": "[turn]",
          "model": "local.scripted",
          "role": "assistant",
          "stop_reason": "end_turn",
          "text": "A crab.",
          "usage": {
            "cache_read_tokens": 2,
            "cache_write_tokens": 0,
            "input_tokens": 7,
            "output_tokens": 3
          }
        },
        {
          "created_at": "[seconds]",
          "message_id": "[turn]",
          "role": "user",
          "text": " What is\n\tthat?  "
        }
      ],
      "next_cursor": null,
      "pattern": "chat",
      "session_id": "[session]",
      "title": "What is that?",
      "turns": 2,
      "updated_at": "[seconds]"
    }
    "#);

    let identifiers: Vec<&Value> =
        page["messages"].as_array().unwrap().iter().map(|message| &message["message_id"]).collect();
    assert_eq!(identifiers, [&second["message_id"], &second["message_id"], &first["message_id"], &first["message_id"]]);
    let session = &listed["sessions"][0];
    assert_eq!(session["session_id"], first["session_id"]);
    let seconds = |name: &str| session[name].as_u64().unwrap();
    assert!(1_700_000_000 < seconds("created_at") && seconds("created_at") <= seconds("updated_at"));
}

#[tokio::test]
async fn a_title_is_one_short_line_of_the_first_message() {
    let app = TestApp::start().await;
    let turn = app.say(&Value::Null, &format!("ü{}", " very long".repeat(100))).await;
    app.say(&turn["session_id"], "Another subject").await;
    let title = app.get(&path_of(&turn["session_id"])).await.ok()["title"].as_str().unwrap().to_owned();
    assert!(title.starts_with("ü very long very") && title.ends_with('…'), "{title}");
    assert!(title.chars().count() <= 100, "{title}");
}

#[tokio::test]
async fn sessions_are_paged_newest_first_without_gaps_or_doubles() {
    let app = TestApp::start().await;
    let mut newest_first = Vec::new();
    for number in 0..5 {
        let turn = app.say(&Value::Null, &format!("number {number}")).await;
        newest_first.insert(0, turn["session_id"].clone());
    }
    for (limit, lengths) in [(1, vec![1; 5]), (2, vec![2, 2, 1]), (3, vec![3, 2]), (5, vec![5]), (100, vec![5])] {
        let (seen, sessions) = walk(&app, "/sessions", "sessions", limit).await;
        assert_eq!(seen, lengths);
        let sessions: Vec<Value> = sessions.iter().map(|session| session["session_id"].clone()).collect();
        assert_eq!(sessions, newest_first, "{limit}");
    }
}

#[tokio::test]
async fn messages_are_paged_even_in_the_middle_of_a_turn() {
    let app = TestApp::start().await;
    let session = app.say(&Value::Null, "0").await["session_id"].take();
    for number in 1..4 {
        app.say(&session, &number.to_string()).await;
    }
    let whole = app.get(&path_of(&session)).await.ok()["messages"].take();
    assert_eq!(whole.as_array().unwrap().len(), 8);
    for (limit, pages) in [(1, 8), (3, 3), (4, 2), (8, 1), (100, 1)] {
        let (lengths, messages) = walk(&app, &path_of(&session), "messages", limit).await;
        assert_eq!((lengths.len(), &Value::from(messages)), (pages, &whole), "{limit}");
    }
}

/// DynamoDB gives at most 1 MB at a time: such a page is shorter than asked for, and not the last.
#[tokio::test]
async fn large_messages_make_short_pages() {
    let app = TestApp::start().await;
    app.script_always(json!({"chunks": ["x".repeat(300_000)]})).await;
    let session = app.say(&Value::Null, "0").await["session_id"].take();
    for number in 1..5 {
        app.say(&session, &number.to_string()).await;
    }
    let (lengths, messages) = walk(&app, &path_of(&session), "messages", 100).await;
    assert!(lengths.len() > 1, "{lengths:?}");
    let questions: Vec<&Value> = messages.iter().skip(1).step_by(2).map(|message| &message["text"]).collect();
    assert_eq!((messages.len(), questions), (10, ["4", "3", "2", "1", "0"].map(Value::from).iter().collect()));
}

#[tokio::test]
async fn a_listing_that_grows_meanwhile_has_no_doubles() {
    let app = TestApp::start().await;
    for number in 0..4 {
        app.say(&Value::Null, &number.to_string()).await;
    }
    let first = app.get("/sessions?limit=2").await.ok();
    app.say(&Value::Null, "new").await;
    let second = app.get(&format!("/sessions?limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await.ok();
    let titles: Vec<&Value> =
        [&first, &second].iter().flat_map(|page| page["sessions"].as_array().unwrap()).map(|s| &s["title"]).collect();
    assert_eq!(titles, ["3", "2", "1", "0"]);
    assert_eq!(second["next_cursor"], Value::Null);
}

/// Whoever has been told that a turn is remembered finds it, on whichever of DynamoDB's copies.
#[tokio::test]
async fn what_was_written_is_read() {
    let app = TestApp::start().await;
    let session = app.say(&Value::Null, "Hello").await["session_id"].take();
    app.reset().await;
    app.get("/sessions").await.ok();
    app.get(&path_of(&session)).await.ok();
    let reads = app.all_calls().await;
    assert!(reads.iter().any(|read| read["operation"] == "Query"), "{reads:?}");
    for read in reads {
        assert_eq!(read["body"]["ConsistentRead"], true, "{read}");
    }
}

#[tokio::test]
async fn a_page_has_its_bounds() {
    let app = TestApp::start().await;
    let session = app.say(&Value::Null, "Hello").await["session_id"].take();
    for path in ["/sessions".to_owned(), path_of(&session)] {
        for limit in ["0", "101", "-1", "1.0", "1e1", "many", "", "99999999999999999999"] {
            let refused = app.get(&format!("{path}?limit={limit}")).await;
            assert_eq!(refused.refused_field(400, "invalid_request"), "limit", "{limit}");
        }
        app.get(&format!("{path}?limit=1")).await.ok();
        app.get(&format!("{path}?limit=100")).await.ok();
        assert_eq!(app.get(&format!("{path}?limit=1&limit=2")).await.refused_field(400, "invalid_request"), "limit");
        assert_eq!(app.get(&format!("{path}?page=2")).await.refused_field(400, "invalid_request"), "page");
    }
}

#[tokio::test]
async fn a_cursor_is_what_the_service_made() {
    let app = TestApp::start().await;
    for number in 0..3 {
        app.say(&Value::Null, &number.to_string()).await;
    }
    let cursor = app.get("/sessions?limit=1").await.ok()["next_cursor"].as_str().unwrap().to_owned();
    let session = app.get("/sessions").await.ok()["sessions"][0]["session_id"].as_str().unwrap().to_owned();
    assert!(!cursor.contains(&session), "opaque");
    let [cut, doubled, changed] =
        [cursor[1..].to_owned(), format!("{cursor}{cursor}"), cursor.replacen(&cursor[..4], "AAAA", 1)];
    for broken in [
        "",
        "x",
        "%00",
        "..%2F",
        "null",
        "AAAAAAAA",
        "%F0%9F%A6%80",
        &session,
        &cut,
        &doubled,
        &changed,
        &"A".repeat(4000),
    ] {
        let refused = app.get(&format!("/sessions?cursor={broken}")).await;
        assert_eq!(refused.refused_field(400, "invalid_request"), "cursor", "{broken}");
        let refused = app.get(&format!("/sessions/{session}?cursor={broken}")).await;
        assert_eq!(refused.refused_field(400, "invalid_request"), "cursor", "{broken}");
    }

    // Somebody else's is of no use but in one's own list.
    let bobs = app.request_by("bob", Method::GET, &format!("/sessions?cursor={cursor}"));
    assert_eq!(answer(bobs).await.ok()["sessions"], json!([]));
}

#[tokio::test]
async fn what_is_no_identifier_is_no_session() {
    let app = TestApp::start().await;
    let session = app.say(&Value::Null, "Hello").await["session_id"].take();
    let upper = session.as_str().unwrap().to_uppercase();
    let plain = session.as_str().unwrap().replace('-', "");
    for id in ["x", "%00", "..", "%2e%2e%2f", "%F0%9F%A6%80", "SESSION%23x", "%ff", &upper, &plain] {
        assert_eq!(app.get(&format!("/sessions/{id}")).await.status, 404, "{id}");
        assert_eq!(app.delete(&format!("/sessions/{id}")).await.status, 404, "{id}");
    }
    for id in ["", "x", "\u{0}", upper.as_str(), plain.as_str()] {
        let refused = app.chat(json!({"message": "Hello", "session_id": id})).await;
        assert_eq!(refused.refused_field(400, "invalid_request"), "session_id", "{id}");
    }
}

#[tokio::test]
async fn a_deleted_session_is_gone_with_all_its_messages() {
    let app = TestApp::start().await;
    let kept = app.say(&Value::Null, "kept").await["session_id"].take();
    let session = app.say(&Value::Null, "0").await["session_id"].take();
    // More messages than one batch of DynamoDB's takes.
    for number in 1..14 {
        app.say(&session, &number.to_string()).await;
    }
    let deleted = app.delete(&path_of(&session)).await;
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));

    app.get(&path_of(&session)).await.problem(404, "session_not_found");
    app.delete(&path_of(&session)).await.problem(404, "session_not_found");
    app.chat(json!({"message": "Hello?", "session_id": session})).await.problem(404, "session_not_found");
    assert_eq!(app.get("/sessions").await.ok()["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(app.messages(&kept).await.len(), 2);
    assert_eq!(app.items().await.len(), 3);
}

#[tokio::test]
async fn a_turn_under_way_does_not_bring_a_deleted_session_back() {
    let app = TestApp::start().await;
    let session = app.say(&Value::Null, "Hello").await["session_id"].take();
    app.script(json!([{"chunks": ["One ", "two."], "chunk_delay_ms": 3000}])).await;
    let mut stream = app.stream(json!({"message": "Count", "session_id": session})).await;
    stream.find("text-delta").await;
    assert_eq!(app.delete(&path_of(&session)).await.status, 204);

    let rest = stream.rest().await;
    assert_eq!(kinds(&rest)[rest.len() - 2..], ["data-problem", "error"]);
    assert_eq!(rest[rest.len() - 2]["data"]["code"], "session_not_found");
    assert_eq!(app.items().await, [] as [Value; 0]);
}

/// DynamoDB removes expired items only within days; until then nobody may see them.
#[tokio::test]
async fn an_expired_session_is_not_seen() {
    let app = TestApp::with_settings(&[("SESSION_TTL_DAYS", "0")]).await;
    let session = app.say(&Value::Null, "Hello").await["session_id"].take();
    assert_eq!(app.get("/sessions").await.ok()["sessions"], json!([]));
    app.get(&path_of(&session)).await.problem(404, "session_not_found");
    app.chat(json!({"message": "Go on", "session_id": session})).await.problem(404, "session_not_found");
}

#[tokio::test]
async fn every_item_expires() {
    let app = TestApp::with_settings(&[("SESSION_TTL_DAYS", "7"), ("IDEMPOTENCY_TTL_HOURS", "48")]).await;
    let keyed = app.request(Method::POST, "/chat").header("idempotency-key", "k").json(&json!({"message": "Hello"}));
    let session = answer(keyed).await.ok()["session_id"].take();
    let created = app.get(&path_of(&session)).await.ok()["created_at"].as_u64().unwrap();
    for item in app.items().await {
        let is_key = item["pk"]["S"].as_str().unwrap().starts_with("IDEMPOTENCY#");
        let expires: u64 = item["expires_at"]["N"].as_str().unwrap().parse().unwrap();
        let days = if is_key { 2 } else { 7 };
        assert!(expires.abs_diff(created + days * 86_400) <= 60, "{item}");
    }
    assert_eq!(app.items().await.len(), 4);
}
