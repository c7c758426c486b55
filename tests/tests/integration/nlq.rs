//! `POST /nlq`: what the caller gets, and what Athena and the model are asked.

use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    documents::bucket,
    nlq_data::{COUNT, HOW_MANY, PEOPLE, people, prompt, sql, words},
    tools,
};

const SHOP: &str = "
description: A shop.
tables:
  people:
    description: Who has signed up.
    synonyms: [customers]
    columns:
      born: { hidden: true }
      country: { description: Where they live, values: [Switzerland, Germany] }
  orders: { description: What they ordered. }
joins:
  - orders.person_id = people.id
metrics:
  revenue: { sql: sum(orders.amount), description: Turnover in francs }
examples:
  - question: How many people live in Germany?
    sql: SELECT count(*) AS number_of_people FROM people WHERE country = 'Germany'
";
const ORDERS: &str = "id,person_id,amount,paid\n1,1,10.5,true\n2,1,20,false\n3,3,0.25,\n";

#[tokio::test]
async fn a_question_is_answered_from_a_database() {
    let folder = bucket(&[("shop/people.csv", PEOPLE), ("shop/orders.csv", ORDERS), ("shop.yaml", SHOP)]);
    let app = TestApp::with_shop(folder.path(), &[]).await;
    app.script(json!([
        {
            "text": "```sql\nSELECT country, count(*) AS number_of_people FROM people GROUP BY country ORDER BY country;\n```",
            "usage": {"input": 300, "output": 20},
        },
        {"text": "2 people live in Switzerland and 1 in Germany.", "usage": {"input": 90, "output": 8}},
    ]))
    .await;

    let answer = app.query(json!({"question": "How many people live in each country?"})).await.ok();

    assert_json_snapshot!(
        answer,
        {
            ".session_id" => "[session]",
            ".message_id" => "[turn]",
            ".latency_ms" => "[milliseconds]",
            ".chart.config" => "[config]",
        },
        @r#"
        {
          "answer": "2 people live in Switzerland and 1 in Germany.",
          "answerable": true,
          "attempts": [
            {
              "error": null,
              "sql": "SELECT country, count(*) AS number_of_people FROM people GROUP BY country ORDER BY country LIMIT 101"
            }
          ],
          "chart": {
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
          "database": "shop",
          "latency_ms": "[milliseconds]",
          "message_id": "[turn]",
          "model": "local.scripted",
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
          "session_id": "[session]",
          "sql": "SELECT country, count(*) AS number_of_people FROM people GROUP BY country ORDER BY country LIMIT 101",
          "stop_reason": "end_turn",
          "tables": [
            "orders",
            "people"
          ],
          "tables_left_out": 0,
          "truncated": false,
          "usage": {
            "cache_read_tokens": 0,
            "cache_write_tokens": 0,
            "input_tokens": 390,
            "output_tokens": 28
          }
        }
        "#
    );

    let asked = app.asked().await;
    assert_eq!(asked.len(), 2);
    assert_snapshot!("prompt_for_sql", prompt(&asked[0]));
    assert_snapshot!("prompt_for_words", prompt(&asked[1]));
    assert_eq!(asked[0]["requestMetadata"]["pattern"], "nlq");
    assert_eq!(asked[0]["inferenceConfig"]["temperature"], 0.0);

    // The database is a part of the query's context, and the workgroup the one that limits what a query costs.
    let started = app.only_call("StartQueryExecution").await;
    assert_eq!(started["QueryExecutionContext"], json!({"Catalog": "AwsDataCatalog", "Database": "shop"}));
    assert_eq!(started["WorkGroup"], "local");
    assert!(started["ClientRequestToken"].as_str().is_some_and(|token| token.len() >= 32), "{started}");
}

/// The first five questions of `samples/retail/questions.json`, whose answers are the five kinds of charts.
#[tokio::test]
async fn the_sample_database_answers_its_questions_with_charts() {
    let app = TestApp::with_sample(&[]).await;
    let questions: Value =
        serde_json::from_str(&tools::read(&tools::root().join("samples/retail/questions.json"))).unwrap();
    let mut drawn = Vec::new();
    for question in questions.as_array().unwrap().iter().filter(|question| question["chart"].is_string()) {
        let [asked, statement] = ["question", "sql"].map(|name| question[name].as_str().unwrap());
        let answer = app.answered(asked, statement, "Here it is.").await;
        assert_eq!((&answer["answer"], &answer["database"]), (&json!("Here it is."), &json!("retail")));
        assert_eq!(answer["attempts"], json!([{"sql": answer["sql"], "error": null}]));
        let rows = answer["rows"].as_array().unwrap();
        assert!(!rows.is_empty() && answer["row_count"] == rows.len(), "{answer}");
        assert_eq!(answer["columns"].as_array().unwrap().len(), rows[0].as_array().unwrap().len());
        let chart = &answer["chart"];
        assert!(chart["$schema"].as_str().unwrap().contains("vega-lite"), "{chart}");
        drawn.push((
            question["chart"].clone(),
            chart["mark"]["type"].clone(),
            ["xOffset", "yOffset"].iter().any(|offset| chart["encoding"].get(offset).is_some()),
        ));
    }
    let kind = |chart: &str, mark: &str, is_grouped: bool| (json!(chart), json!(mark), is_grouped);
    assert_eq!(
        drawn,
        [
            kind("number", "text", false),
            kind("bar", "bar", false),
            kind("grouped_bar", "bar", true),
            kind("line", "line", false),
            kind("scatter", "point", false),
        ]
    );
}

#[tokio::test]
async fn sql_that_is_only_written_is_not_run() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    app.script(json!([sql(COUNT)])).await;
    let answer = app.query(json!({"question": HOW_MANY, "execute": false})).await.ok();
    assert_eq!((&answer["answer"], &answer["answerable"]), (&json!(""), &json!(true)));
    assert_eq!(answer["attempts"], json!([{"sql": answer["sql"], "error": null}]));
    assert!(answer["sql"].as_str().unwrap().starts_with(COUNT), "{answer}");
    assert_eq!((&answer["rows"], &answer["columns"], &answer["chart"]), (&json!([]), &json!([]), &Value::Null));
    assert_eq!(app.statements().await, [] as [&str; 0]);
    assert_eq!(app.model_calls().await, 1);

    // A follow-up knows what was written.
    app.reset().await;
    app.script(json!([sql(COUNT), words("3 people.")])).await;
    let again = app.query(json!({"question": "Now run it.", "session_id": answer["session_id"]})).await.ok();
    assert_eq!(again["rows"], json!([[3]]));
    assert!(prompt(&app.asked().await[0]).contains(&format!("```sql\n{}\n```", answer["sql"].as_str().unwrap())));
}

#[tokio::test]
async fn what_the_data_cannot_answer_is_said_with_the_reason() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    for (said, answer) in [
        ("UNANSWERABLE: There are no salaries.", "The data cannot answer this question: There are no salaries."),
        ("UNANSWERABLE", "The data cannot answer this question."),
        ("I am only a language model.", "The data cannot answer this question."),
        ("", "The data cannot answer this question."),
    ] {
        app.script(json!([words(said)])).await;
        let told = app.query(json!({"question": "What do people earn?"})).await.ok();
        assert_eq!((&told["answer"], &told["answerable"]), (&json!(answer), &json!(false)), "{said}");
        assert_eq!((&told["sql"], &told["attempts"], &told["rows"]), (&Value::Null, &json!([]), &json!([])));
        assert_eq!(app.messages(&told["session_id"]).await[1], ("assistant".to_owned(), answer.to_owned()));
    }
    assert_eq!(app.statements().await, [] as [&str; 0]);
}

/// A small model writes SQL for whatever it is asked.
#[tokio::test]
async fn a_statement_that_has_nothing_to_do_with_the_question_is_asked_about_once_more() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let statement = "SELECT name FROM people";
    app.script(json!([sql(statement), words("NO")])).await;
    let told = app.query(json!({"question": "What does the weather do?"})).await.ok();
    assert_eq!(told["answer"], "The data cannot answer this question.");
    assert_eq!((&told["answerable"], &told["sql"]), (&json!(false), &Value::Null));
    assert_eq!(app.statements().await, [] as [&str; 0]);
    let asked = app.asked().await;
    assert_eq!(asked.len(), 2);
    assert!(
        prompt(&asked[1]).contains(statement) && prompt(&asked[1]).ends_with("YES or NO."),
        "{}",
        prompt(&asked[1])
    );

    // It may be right all the same.
    app.script(json!([sql("SELECT name FROM people"), words("YES"), words("Ada, Bob and Cleo.")])).await;
    let told = app.query(json!({"question": "Who is the weather for?"})).await.ok();
    assert_eq!((&told["answerable"], &told["rows"]), (&json!(true), &json!([["Ada"], ["Bob"], ["Cleo"]])));
}

/// What it knows of its own is not the data's.
#[tokio::test]
async fn a_statement_that_reads_no_table_is_no_answer() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    for statement in ["SELECT 'Paris' AS capital", "WITH city AS (SELECT 'Paris' AS capital) SELECT capital FROM city"]
    {
        app.script(json!([sql(statement)])).await;
        let told = app.query(json!({"question": "What is the capital of France?"})).await.ok();
        assert_eq!(told["answer"], "The data cannot answer this question: no table holds it.");
        assert_eq!((&told["answerable"], &told["sql"]), (&json!(false), &Value::Null));
        assert_eq!(app.statements().await, [] as [&str; 0]);
    }
}

#[tokio::test]
async fn a_caller_chooses_among_databases() {
    let folder = bucket(&[("a/t.csv", "n\n1\n"), ("b/t.csv", "n\n2\n")]);
    let app = TestApp::with(|options| {
        let databases = ["a", "b"].map(|name| (name.to_owned(), folder.path().join(name)));
        options.databases = local::Databases::Attached(databases.into());
    })
    .await;
    app.script(json!([sql("SELECT n FROM t"), words("It is 2."), sql("SELECT n FROM t"), words("It is 1.")])).await;
    let of_b = app.query(json!({"question": "What is n?", "database": "b"})).await.ok();
    let of_first = app.query(json!({"question": "What is n?"})).await.ok();
    assert_eq!((&of_b["database"], &of_b["rows"]), (&json!("b"), &json!([[2]])));
    assert_eq!((&of_first["database"], &of_first["rows"]), (&json!("a"), &json!([[1]])));
}

#[tokio::test]
async fn the_model_that_a_caller_asks_for_writes_and_tells() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    app.script(json!([sql(COUNT), words("3 people.")])).await;
    let model = "global.amazon.nova-2-lite-v1:0";
    let answer = app.query(json!({"question": HOW_MANY, "model": model})).await.ok();
    assert_eq!((&answer["model"], app.models_asked().await), (&json!(model), vec![model.to_owned(); 2]));
}
