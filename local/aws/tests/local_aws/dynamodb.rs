use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use local_aws::{Error, LocalAws};
use serde_json::{Value, json};

use crate::app::{App, config, table};

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn key(pk: &str, sk: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

#[tokio::test]
async fn items_are_kept_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::with_data(folder.path()).await;
    app.dynamodb()
        .put_item()
        .table_name("chat")
        .set_item(Some(key("USER#1", "SESSION#1")))
        .item("title", text("☕"))
        .send()
        .await
        .unwrap();
    app.server.stop().await;

    let app = App::with_data(folder.path()).await;
    let found = app.dynamodb().get_item().table_name("chat").set_key(Some(key("USER#1", "SESSION#1"))).send().await;
    assert_eq!(found.unwrap().item().unwrap()["title"], text("☕"));
    app.server.stop().await;
}

#[tokio::test]
async fn a_kept_table_with_other_keys_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    App::with_data(folder.path()).await.server.stop().await;
    let mut other = config(Some(folder.path()));
    other.tables = vec![table("id")];
    let Err(error) = LocalAws::start(other).await else { panic!("it started") };
    assert!(matches!(error, Error::OtherKeys { .. }));
    assert!(error.to_string().contains("HASH pk S, RANGE sk S") && error.to_string().contains("HASH id S"), "{error}");
}

#[tokio::test]
async fn expired_items_go_when_the_table_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::with_data(folder.path()).await;
    let dynamodb = app.dynamodb();
    let ttl = dynamodb.describe_time_to_live().table_name("chat").send().await.unwrap();
    assert_eq!(ttl.time_to_live_description().unwrap().attribute_name(), Some("expires_at"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for (pk, expires_at) in [("old", now - 60), ("new", now + 3600)] {
        let put = dynamodb.put_item().table_name("chat").set_item(Some(key(pk, "x")));
        put.item("expires_at", AttributeValue::N(expires_at.to_string())).send().await.unwrap();
    }
    app.server.stop().await;

    // A server sweeps as it starts.
    let app = App::with_data(folder.path()).await;
    let dynamodb = app.dynamodb();
    let is_there = async |pk: &str| {
        dynamodb.get_item().table_name("chat").set_key(Some(key(pk, "x"))).send().await.unwrap().item().is_some()
    };
    let mut tries = 0;
    while is_there("old").await {
        tries += 1;
        assert!(tries < 100, "the expired item is still there");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(is_there("new").await);
}

#[tokio::test]
async fn a_transaction_lands_whole_or_not_at_all() {
    let app = App::start().await;
    let dynamodb = app.dynamodb();
    let put = |sk: &str| {
        let put = Put::builder().table_name("chat").set_item(Some(key("p", sk)));
        let put = put.condition_expression("attribute_not_exists(pk)").build().unwrap();
        TransactWriteItem::builder().put(put).build()
    };
    dynamodb.transact_write_items().transact_items(put("1")).transact_items(put("2")).send().await.unwrap();
    let refused = dynamodb.transact_write_items().transact_items(put("3")).transact_items(put("2")).send().await;
    let error = refused.unwrap_err().into_service_error();
    assert!(error.is_transaction_canceled_exception(), "{error:?}");
    let found = dynamodb.get_item().table_name("chat").set_key(Some(key("p", "3"))).send().await.unwrap();
    assert!(found.item().is_none());
}

#[tokio::test]
async fn a_large_item_travels_both_ways() {
    let app = App::start().await;
    let dynamodb = app.dynamodb();
    let long = "x".repeat(390_000);
    let put = dynamodb.put_item().table_name("chat").set_item(Some(key("p", "long"))).item("t", text(&long));
    put.send().await.unwrap();
    let found = dynamodb.get_item().table_name("chat").set_key(Some(key("p", "long"))).send().await.unwrap();
    assert_eq!(found.item().unwrap()["t"], text(&long));

    let too_long =
        dynamodb.put_item().table_name("chat").set_item(Some(key("p", "2"))).item("t", text(&"x".repeat(410_000)));
    let error = too_long.send().await.unwrap_err().into_service_error();
    assert_eq!(error.meta().code(), Some("ValidationException"));
}

#[tokio::test]
async fn the_wire_is_the_services() {
    let app = App::start().await;
    let response = app.dynamodb_json("GetItem", r#"{"TableName":"absent","Key":{"pk":{"S":"a"}}}"#).await;
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.0");
    assert!(response.headers().contains_key("x-amzn-requestid") && response.headers().contains_key("x-amz-crc32"));
    let error: Value = response.json().await.unwrap();
    assert_eq!(error["__type"], "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException");

    for (operation, body, status, kind) in [
        ("GetItem", "{", 400, "com.amazon.coral.service#SerializationException"),
        ("GetItem", r#"{"TableName":"chat","Kee":{}}"#, 400, "com.amazon.coral.validate#ValidationException"),
        ("GetItem", r#"{"TableName":7}"#, 400, "com.amazon.coral.service#SerializationException"),
        ("DescribeLimits", "{}", 501, "com.amazon.coral.service#NotImplementedException"),
        ("MakeCoffee", "{}", 400, "com.amazon.coral.service#UnknownOperationException"),
    ] {
        let response = app.dynamodb_json(operation, body).await;
        assert_eq!(response.status(), status, "{operation} {body}");
        let error: Value = response.json().await.unwrap();
        assert_eq!(error["__type"], kind, "{operation} {body}");
    }
}

#[tokio::test]
async fn unknown_fields_are_named_however_deep() {
    let app = App::start().await;
    let request =
        json!({ "TransactItems": [{ "Put": { "TableName": "chat", "Item": {}, "ConditionExpresion": "x" } }] });
    let response = app.dynamodb_json("TransactWriteItems", &request.to_string()).await;
    assert_eq!(response.status(), 400);
    let error: Value = response.json().await.unwrap();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("'TransactItems.1.member.Put.ConditionExpresion'"), "{message}");
}
