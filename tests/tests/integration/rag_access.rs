//! Who may see what: the caller's identity goes with every search, and without one nothing is searched.

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    app::{TestApp, answer},
    documents::{bucket, document, set},
    identity::without_authorizer,
};

const SALARY: &str = "The harbour master earns a salary of 9,700 francs a month.";
const QUESTION: &str = "What salary does the harbour master earn a month?";
const FAQ_QUESTION: &str = "How large is the salary increase this year?";
const FAQ_ANSWER: &str = "It is 1.6 per cent.";

/// One document and one entry of the FAQ, both for the group `hr` only.
fn restricted() -> TempDir {
    let faq = format!("_question,_answer,_acl_group_allow\n{FAQ_QUESTION},{FAQ_ANSWER},hr\n");
    let access = json!([{
        "keyPrefix": "s3://documents/hr/",
        "aclEntries": [{"Name": "hr", "Type": "GROUP", "Access": "ALLOW"}],
    }]);
    bucket(&[("hr/salaries.txt", SALARY), ("acl.json", &access.to_string()), ("faq/faq.csv", &faq)])
}

async fn ask(app: &TestApp, token: &str, message: &str) -> Value {
    app.ask_by(token, json!({"message": message})).await.ok()
}

/// The user context of the only search by each of the two operations.
async fn user_contexts(app: &TestApp) -> [Value; 2] {
    app.searches().await.map(|mut searches| {
        assert_eq!(searches.len(), 1);
        searches[0]["UserContext"].take()
    })
}

#[tokio::test]
async fn a_restricted_document_is_found_only_by_those_who_may_see_it() {
    let folder = restricted();
    let app = TestApp::with_bucket(folder.path(), &[]).await;

    app.script(json!([{"text": "9,700 francs [1]."}])).await;
    let seen = ask(&app, "alice:staff,hr", QUESTION).await;
    assert_eq!((&seen["source"], &seen["citations"][0]["excerpt"]), (&json!("documents"), &json!(SALARY)));
    let context = json!({"UserId": "alice", "Groups": ["staff", "hr"]});
    assert_eq!(user_contexts(&app).await, [context.clone(), context]);

    for (token, context) in [
        ("alice", json!({"UserId": "alice"})),
        ("bob:staff,finance", json!({"UserId": "bob", "Groups": ["staff", "finance"]})),
        // A user is no group, whatever the name.
        ("hr", json!({"UserId": "hr"})),
    ] {
        app.reset().await;
        let unseen = ask(&app, token, QUESTION).await;
        assert_eq!((&unseen["source"], &unseen["grounded"]), (&json!("none"), &json!(false)), "{token}");
        assert_eq!(unseen["citations"], json!([]));
        assert!(!unseen.to_string().contains("9,700"), "{token}");
        assert_eq!(app.model_calls().await, 0, "{token}");
        assert_eq!(user_contexts(&app).await, [context.clone(), context], "{token}");
    }
}

#[tokio::test]
async fn a_restricted_answer_of_the_faq_is_found_only_by_those_who_may_see_it() {
    let folder = restricted();
    let app = TestApp::with_bucket(folder.path(), &[("MIN_CONFIDENCE", "VERY_HIGH")]).await;
    let seen = ask(&app, "alice:hr", FAQ_QUESTION).await;
    assert_eq!((&seen["source"], &seen["answer"]), (&json!("faq"), &json!(FAQ_ANSWER)));

    let unseen = ask(&app, "bob", FAQ_QUESTION).await;
    assert_eq!(unseen["source"], "none");
    assert!(!unseen.to_string().contains("1.6"), "{unseen}");
    assert_eq!(app.model_calls().await, 0);
}

/// Lists of users, and of those who are kept out, count as those of groups.
#[tokio::test]
async fn users_are_let_in_and_kept_out_by_name() {
    let app = TestApp::start().await;
    let entry = |name: &str, kind: &str, access: &str| json!({"Name": name, "Type": kind, "Access": access});
    let list =
        json!([entry("hr", "GROUP", "ALLOW"), entry("carol", "USER", "ALLOW"), entry("mallory", "USER", "DENY")]);
    app.put(json!([document("salaries", "Salaries", SALARY, &json!({"AccessControlList": list}))])).await;
    app.script_always(json!({"text": "9,700 francs [1]."})).await;
    for (token, source) in
        [("carol", "documents"), ("alice:hr", "documents"), ("bob", "none"), ("mallory:hr", "none"), ("Carol", "none")]
    {
        assert_eq!(ask(&app, token, QUESTION).await["source"], source, "{token}");
    }
}

/// Whoever leaves a group sees no more, also in a conversation that had seen it.
#[tokio::test]
async fn an_earlier_answer_opens_no_door() {
    let folder = restricted();
    let app = TestApp::with_bucket(folder.path(), &[]).await;
    app.script(json!([
        {"text": "9,700 francs [1]."},
        {"text": format!("Question: {QUESTION}\nSearch: harbour master salary month")},
    ]))
    .await;
    let session = ask(&app, "alice:hr", QUESTION).await["session_id"].take();
    let later = app.ask_by("alice", json!({"message": "Say that again.", "session_id": session})).await.ok();
    assert_eq!(later["source"], "none");
}

#[tokio::test]
async fn a_nobody_is_shown_nothing() {
    let app = TestApp::with(|options| {
        without_authorizer(options);
        set(options, &[("ALLOW_ANONYMOUS", "true")]);
    })
    .await;
    app.put(json!([document("salaries", "Salaries", SALARY, &Value::Null)])).await;
    let body = json!({"message": QUESTION});
    for path in ["/rag", "/rag/stream"] {
        let refused = answer(app.anonymous_request(Method::POST, path).json(&body)).await;
        refused.problem(403, "no_user_context");
        // A header that nobody has verified is no identity.
        let refused = answer(app.request_by("alice:hr", Method::POST, path).json(&body)).await;
        refused.problem(403, "no_user_context");
    }
    assert_eq!(app.searches().await, [[], []] as [[Value; 0]; 2]);
    assert_eq!(app.model_calls().await, 0);
    assert_eq!(app.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn who_is_not_identified_at_all_is_refused_before_anything_else() {
    let app = TestApp::with(without_authorizer).await;
    for path in ["/rag", "/rag/stream", "/rag/feedback"] {
        let refused = answer(app.anonymous_request(Method::POST, path).json(&json!({}))).await;
        refused.problem(401, "unauthenticated");
    }
}

/// Somebody is signed in, but by no name that documents could be released to.
#[tokio::test]
async fn a_caller_without_the_claim_that_names_users_is_shown_nothing() {
    for settings in [&[("KENDRA_USER_CLAIM", "email")][..], &[("KENDRA_USER_CLAIM", "custom:login")]] {
        let app = TestApp::with_settings(settings).await;
        app.ask_by("alice:hr", json!({"message": QUESTION})).await.problem(403, "no_user_context");
        assert_eq!(app.searches().await, [[], []] as [[Value; 0]; 2]);
    }
}

/// By a deployment's own choice: all documents are for everybody.
#[tokio::test]
async fn access_control_that_is_off_shows_everything_to_everybody() {
    let folder = restricted();
    let app = TestApp::with(|options| {
        without_authorizer(options);
        options.documents = local::Documents::Folder(folder.path().to_path_buf());
        set(options, &[("ALLOW_ANONYMOUS", "true"), ("KENDRA_USER_CONTEXT", "off")]);
    })
    .await;
    app.script(json!([{"text": "9,700 francs [1]."}])).await;
    let asked = app.anonymous_request(Method::POST, "/rag").json(&json!({"message": QUESTION}));
    assert_eq!(answer(asked).await.ok()["source"], "documents");
    assert_eq!(user_contexts(&app).await, [Value::Null, Value::Null]);
}

/// Where the index reads tokens, it is given the caller's own.
#[tokio::test]
async fn an_index_that_reads_tokens_is_given_the_callers() {
    let folder = restricted();
    let app = TestApp::with_bucket(folder.path(), &[("KENDRA_USER_CONTEXT", "token")]).await;
    app.script(json!([{"text": "9,700 francs [1]."}])).await;
    assert_eq!(ask(&app, "alice:hr", QUESTION).await["source"], "documents");
    assert_eq!(user_contexts(&app).await, [json!({"Token": "alice:hr"}), json!({"Token": "alice:hr"})]);

    assert_eq!(ask(&app, "bob", QUESTION).await["source"], "none");
    assert_eq!(ask(&app, "alice:hr", FAQ_QUESTION).await["source"], "faq");
    assert_eq!(ask(&app, "bob", FAQ_QUESTION).await["source"], "none");
}

#[tokio::test]
async fn a_kind_of_access_control_that_there_is_not_is_a_mistake_at_start() {
    for wrong in ["on", "User_And_Groups", "none"] {
        let refused = TestApp::try_with(|options| set(options, &[("KENDRA_USER_CONTEXT", wrong)])).await;
        let error = refused.err().unwrap();
        let causes: Vec<String> = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source())
            .map(ToString::to_string)
            .collect();
        assert!(causes.join(": ").contains(&format!("KENDRA_USER_CONTEXT cannot be `{wrong}`")), "{causes:?}");
    }
}
