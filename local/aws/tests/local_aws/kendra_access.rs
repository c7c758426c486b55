//! Nobody finds what he may not see, whichever way he looks.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use local_aws::UserContext;
use serde_json::{Value, json};

use crate::{
    app::App,
    kendra::{ask, ids, plain, put, refused, start, with_index},
};

fn principal(kind: &str, name: &str, access: &str) -> Value {
    json!({ "Name": name, "Type": kind, "Access": access })
}

/// One document for everybody, and four for some.
async fn put_documents(app: &App) {
    let document = |id: &str, field: &str, list: Value| {
        let mut document = plain(id, &format!("The salary table of the company, part {id}."));
        document[field] = list;
        document["Attributes"] = json!([{ "Key": "part", "Value": { "StringValue": id } }]);
        document
    };
    let levels = json!([
        { "PrincipalList": [principal("GROUP", "staff", "ALLOW")] },
        { "PrincipalList": [principal("GROUP", "hr", "ALLOW"), principal("USER", "carol", "DENY")] },
    ]);
    put(
        app,
        vec![
            document("public", "AccessControlList", json!([])),
            document("of-hr", "AccessControlList", json!([principal("GROUP", "hr", "ALLOW")])),
            document("of-bob", "AccessControlList", json!([principal("USER", "bob", "ALLOW")])),
            document("not-bob", "AccessControlList", json!([principal("USER", "bob", "DENY")])),
            document("nested", "HierarchicalAccessControlList", levels),
        ],
    )
    .await;
}

/// What is found through both operations, and what the facet counts: always the same.
async fn seen(app: &App, context: Option<Value>) -> Vec<String> {
    let mut request = json!({ "QueryText": "salary table" });
    if let Some(context) = context {
        request["UserContext"] = context;
    }
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids.dedup();
        ids
    };
    let retrieved = sorted(ids(&ask(app, "Retrieve", request.clone()).await));
    request["Facets"] = json!([{ "DocumentAttributeKey": "part" }]);
    let queried = ask(app, "Query", request.clone()).await;
    assert_eq!(sorted(ids(&queried)), retrieved);
    for kind in ["ANSWER", "QUESTION_ANSWER"] {
        request["QueryResultTypeFilter"] = kind.into();
        let of_kind = ids(&ask(app, "Query", request.clone()).await);
        assert!(of_kind.iter().all(|id| retrieved.contains(id)), "{kind}: {of_kind:?}");
    }
    let pairs = queried["FacetResults"][0]["DocumentAttributeValueCountPairs"].as_array().unwrap();
    let counted = pairs.iter().map(|pair| pair["DocumentAttributeValue"]["StringValue"].as_str().unwrap().to_owned());
    assert_eq!(sorted(counted.collect()), retrieved);
    retrieved
}

#[tokio::test]
async fn a_user_and_his_groups_decide_what_is_found() {
    let app = start().await;
    put_documents(&app).await;
    let user = |name: &str, groups: &[&str]| match groups {
        [] => json!({ "UserId": name }),
        groups => json!({ "UserId": name, "Groups": groups }),
    };
    assert_eq!(seen(&app, Some(user("alice", &["hr"]))).await, ["not-bob", "of-hr", "public"]);
    assert_eq!(seen(&app, Some(user("alice", &["hr", "staff"]))).await, ["nested", "not-bob", "of-hr", "public"]);
    assert_eq!(seen(&app, Some(user("carol", &["hr", "staff"]))).await, ["not-bob", "of-hr", "public"]);
    assert_eq!(seen(&app, Some(user("bob", &[]))).await, ["of-bob", "public"]);
    assert_eq!(seen(&app, Some(user("stranger", &[]))).await, ["not-bob", "public"]);
    assert_eq!(seen(&app, Some(json!({ "Groups": ["hr"] }))).await, ["not-bob", "of-hr", "public"]);
    // A group is no user of the same name.
    assert_eq!(seen(&app, Some(user("hr", &["bob"]))).await, ["not-bob", "public"]);
    // As in the service: who does not say who he is finds everything.
    assert_eq!(seen(&app, None).await, ["nested", "not-bob", "of-bob", "of-hr", "public"]);
}

#[tokio::test]
async fn an_index_for_tokens_believes_nothing_else() {
    let app = App::with(with_index(None, UserContext::UserToken)).await;
    put_documents(&app).await;
    let claims = BASE64_URL_SAFE_NO_PAD.encode(r#"{"cognito:username":"alice","cognito:groups":["hr"]}"#);
    let token = format!("eyJhbGciOiJSUzI1NiJ9.{claims}.c2lnbmF0dXJl");
    assert_eq!(seen(&app, Some(json!({ "Token": token }))).await, ["not-bob", "of-hr", "public"]);
    assert_eq!(seen(&app, Some(json!({ "Token": "bob:staff,hr" }))).await, ["nested", "of-bob", "of-hr", "public"]);
    assert_eq!(seen(&app, None).await, ["not-bob", "public"]);

    for operation in ["Retrieve", "Query"] {
        for context in [
            json!({ "UserId": "alice" }),
            json!({ "Groups": ["hr"] }),
            json!({ "Token": "alice", "UserId": "alice" }),
            json!({ "Token": ":hr" }),
            json!({ "Token": "eyJhbGciOiJSUzI1NiJ9.e30.c2ln" }),
            json!({}),
        ] {
            refused(&app, operation, json!({ "QueryText": "salary", "UserContext": context })).await;
        }
    }
}

#[tokio::test]
async fn an_index_for_names_takes_no_token() {
    let app = start().await;
    for context in [json!({ "Token": "alice" }), json!({})] {
        let message = refused(&app, "Retrieve", json!({ "QueryText": "salary", "UserContext": context })).await;
        assert!(message.contains("Token"), "{message}");
    }
    let filter = json!({ "EqualsTo": { "Key": "_user_id", "Value": { "StringValue": "alice" } } });
    let message = refused(&app, "Query", json!({ "QueryText": "salary", "AttributeFilter": filter })).await;
    assert!(message.contains("UserContext"), "{message}");
}
