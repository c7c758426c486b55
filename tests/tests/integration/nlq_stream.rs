//! `POST /nlq/stream`: the same turn, told as it happens.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    event_stream::{kinds, text_of},
    nlq_data::{COUNT, HOW_MANY, people, sql, words},
};

const BY_COUNTRY: &str = "SELECT country, count(*) AS number_of_people FROM people GROUP BY country ORDER BY country";

#[tokio::test]
async fn an_answer_is_told_event_by_event() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let step = json!({"chunks": ["Germany has 1. ", "Switzerland ", "has 2."], "usage": {"input": 90, "output": 8}});
    let written = |statement: &str| json!({"text": statement, "usage": {"input": 300, "output": 20}});
    app.script(json!([written("SELECT count(zzz) FROM people"), written(BY_COUNTRY), step])).await;
    let parts = app.query_stream(json!({"question": "How many people live in each country?"})).await.rest().await;
    assert_eq!(text_of(&parts), "Germany has 1. Switzerland has 2.");
    assert_json_snapshot!(
        parts,
        {
            "[0].messageId" => "[turn]",
            "[].messageMetadata.session_id" => "[session]",
            "[].messageMetadata.message_id" => "[turn]",
            "[].messageMetadata.latency_ms" => "[milliseconds]",
            "[].data.config" => "[config]",
        },
        @r#"
        [
          {
            "messageId": "[turn]",
            "messageMetadata": {
              "message_id": "[turn]",
              "session_id": "[session]"
            },
            "type": "start"
          },
          {
            "type": "start-step"
          },
          {
            "data": {
              "database": "shop",
              "tables": [
                "people"
              ],
              "tables_left_out": 0
            },
            "type": "data-schema"
          },
          {
            "data": {
              "error": "There is no column zzz in this FROM; the columns are people.id, people.name, people.country, people.born.",
              "sql": "SELECT count(zzz) FROM people"
            },
            "type": "data-sql"
          },
          {
            "data": {
              "error": null,
              "sql": "SELECT country, count(*) AS number_of_people FROM people GROUP BY country ORDER BY country LIMIT 101"
            },
            "type": "data-sql"
          },
          {
            "data": {
              "columns": [
                {
                  "name": "country",
                  "type": "varchar"
                },
                {
                  "name": "number_of_people",
                  "type": "bigint"
                }
              ],
              "data_scanned_bytes": 41,
              "row_count": 2,
              "rows": [
                [
                  "Germany",
                  1
                ],
                [
                  "Switzerland",
                  2
                ]
              ],
              "truncated": false
            },
            "type": "data-rows"
          },
          {
            "data": {
              "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
              "autosize": {
                "contains": "padding",
                "type": "fit-x"
              },
              "config": "[config]",
              "data": {
                "values": [
                  {
                    "country": "Germany",
                    "number_of_people": 1
                  },
                  {
                    "country": "Switzerland",
                    "number_of_people": 2
                  }
                ]
              },
              "description": "Bar chart: Number of people by country. Question: How many people live in each country?",
              "encoding": {
                "x": {
                  "axis": {
                    "labelAngle": 0
                  },
                  "field": "country",
                  "scale": {
                    "paddingInner": 0.4,
                    "paddingOuter": 0.4
                  },
                  "sort": null,
                  "title": "Country",
                  "type": "nominal"
                },
                "y": {
                  "axis": {
                    "tickMinStep": 1
                  },
                  "field": "number_of_people",
                  "title": "Number of people",
                  "type": "quantitative"
                }
              },
              "height": 300,
              "mark": {
                "invalid": "show",
                "tooltip": true,
                "type": "bar"
              },
              "title": "Number of people by country",
              "width": 600
            },
            "type": "data-chart"
          },
          {
            "id": "0",
            "type": "text-start"
          },
          {
            "delta": "Germany has 1. ",
            "id": "0",
            "type": "text-delta"
          },
          {
            "delta": "Switzerland has 2.",
            "id": "0",
            "type": "text-delta"
          },
          {
            "id": "0",
            "type": "text-end"
          },
          {
            "type": "finish-step"
          },
          {
            "data": {
              "cache_read_tokens": 0,
              "cache_write_tokens": 0,
              "input_tokens": 690,
              "output_tokens": 48
            },
            "type": "data-usage"
          },
          {
            "finishReason": "stop",
            "messageMetadata": {
              "answerable": true,
              "attempts": [
                {
                  "error": "There is no column zzz in this FROM; the columns are people.id, people.name, people.country, people.born.",
                  "sql": "SELECT count(zzz) FROM people"
                },
                {
                  "error": null,
                  "sql": "SELECT country, count(*) AS number_of_people FROM people GROUP BY country ORDER BY country LIMIT 101"
                }
              ],
              "data_scanned_bytes": 41,
              "database": "shop",
              "latency_ms": "[milliseconds]",
              "message_id": "[turn]",
              "model": "local.scripted",
              "row_count": 2,
              "session_id": "[session]",
              "sql": "SELECT country, count(*) AS number_of_people FROM people GROUP BY country ORDER BY country LIMIT 101",
              "stop_reason": "end_turn",
              "tables": [
                "people"
              ],
              "tables_left_out": 0,
              "truncated": false,
              "usage": {
                "cache_read_tokens": 0,
                "cache_write_tokens": 0,
                "input_tokens": 690,
                "output_tokens": 48
              }
            },
            "type": "finish"
          }
        ]
        "#
    );
    assert_eq!((app.calls("Converse").await.len(), app.calls("ConverseStream").await.len()), (2, 1));
    // What is told is what is remembered.
    let facts = &parts.last().unwrap()["messageMetadata"];
    assert_eq!(app.messages(&facts["session_id"]).await[1].1, text_of(&parts));
}

/// Told by order: rows and chart are here while the model speaks.
#[tokio::test]
async fn rows_come_before_the_model_has_spoken() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    app.script(json!([sql(COUNT), {"chunks": ["There are 3. ", "There ", "are 3."], "chunk_delay_ms": 1500}])).await;
    let mut stream = app.query_stream(json!({"question": HOW_MANY})).await;
    assert_eq!(stream.find("data-rows").await["data"]["rows"], json!([[3]]));
    assert_eq!(stream.find("data-chart").await["data"]["mark"]["type"], "text");
    stream.find("text-delta").await;
    assert_eq!(app.calls("ConverseStream").await[0]["ended_ms"], Value::Null);
    stream.find("finish").await;
}

#[tokio::test]
async fn not_to_know_is_a_stream_too() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    app.script(json!([words("UNANSWERABLE: There are no salaries.")])).await;
    let parts = app.query_stream(json!({"question": "What do people earn?"})).await.rest().await;
    assert_eq!(
        kinds(&parts),
        [
            "start",
            "start-step",
            "data-schema",
            "text-start",
            "text-delta",
            "text-end",
            "finish-step",
            "data-usage",
            "finish",
        ]
    );
    assert_eq!(text_of(&parts), "The data cannot answer this question: There are no salaries.");
    assert_eq!(parts.last().unwrap()["messageMetadata"]["answerable"], false);
}

#[tokio::test]
async fn sql_that_is_only_written_is_a_stream_without_rows() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    app.script(json!([sql(COUNT)])).await;
    let parts = app.query_stream(json!({"question": HOW_MANY, "execute": false})).await.rest().await;
    assert_eq!(
        kinds(&parts),
        ["start", "start-step", "data-schema", "data-sql", "finish-step", "data-usage", "finish"]
    );
    assert_eq!(app.statements().await, [] as [&str; 0]);
}

#[tokio::test]
async fn what_fails_before_the_first_row_has_a_status_of_its_own() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    app.refused_query(json!({"question": ""})).await.problem(400, "invalid_request");
    // The schema and an attempt are known by then, and still no reason to begin a stream.
    let wrong = sql("SELECT 1 % (count(*) - 3) FROM people");
    app.script(json!([wrong, {"error": {"code": "AccessDeniedException", "message": "no"}}])).await;
    app.refused_query(json!({"question": HOW_MANY})).await.problem(500, "model_access_not_granted");
    let denied = json!({"error": {"code": "AccessDeniedException", "message": "no"}});
    app.faults(json!([{"service": "athena", "operation": "GetQueryResults", "fault": denied}])).await;
    app.script(json!([sql(COUNT)])).await;
    app.refused_query(json!({"question": HOW_MANY})).await.problem(500, "query_access_denied");
    assert_eq!(app.items().await, [] as [Value; 0]);
}
