//! Rows as they come from Athena: values intact, and no more of them than were asked for.

use serde_json::json;

use crate::{
    app::TestApp,
    documents::bucket,
    nlq_data::{sql, words},
};

#[tokio::test]
async fn values_of_every_type_are_intact() {
    let folder = bucket(&[("shop/things.csv", "id,name,price,day,known\n1,a,9.5,2024-02-29,true\n2,,,,\n")]);
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let statement = "SELECT id, name, price, day, known, CAST(price AS decimal(18,2)) AS exact, \
                     CAST(id * 1000000000000 AS decimal(18,2)) / 100 AS large, \
                     CAST(day AS timestamp) AS moment, ARRAY[id, NULL, 3] AS list, CAST(id AS integer) / 3.0E0 AS third, \
                     CAST(NULL AS varchar) AS nothing, nan() AS unknown FROM things ORDER BY id";
    let answer = app.answered("What are the things?", statement, "Two things.").await;
    let columns: Vec<(&str, &str)> = answer["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| (column["name"].as_str().unwrap(), column["type"].as_str().unwrap()))
        .collect();
    assert_eq!(
        columns,
        [
            ("id", "bigint"),
            ("name", "varchar"),
            ("price", "double"),
            ("day", "date"),
            ("known", "boolean"),
            ("exact", "decimal"),
            ("large", "decimal"),
            ("moment", "timestamp"),
            ("list", "array"),
            ("third", "double"),
            ("nothing", "varchar"),
            ("unknown", "double"),
        ],
        "{}",
        answer["attempts"]
    );
    assert_eq!(
        answer["rows"],
        json!([
            [
                1,
                "a",
                9.5,
                "2024-02-29",
                true,
                9.5,
                10_000_000_000.0,
                "2024-02-29 00:00:00.000",
                [1, null, 3],
                0.333_333_333_333_333_3,
                null,
                null
            ],
            [
                2,
                null,
                null,
                null,
                null,
                null,
                20_000_000_000.0,
                null,
                [2, null, 3],
                0.666_666_666_666_666_6,
                null,
                null
            ],
        ])
    );
}

#[tokio::test]
async fn money_keeps_its_digits() {
    let folder = bucket(&[("shop/payments.csv", "id\n1\n")]);
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let statement = "SELECT CAST('9876543210123.45' AS decimal(18,2)) AS amount, CAST('0.10' AS decimal(18,2)) AS tip, \
                     CAST('-7.00' AS decimal(18,2)) AS fee FROM payments";
    let answer = app.answered("What are the payments?", statement, "It is 9,876,543,210,123.45.").await;
    assert_eq!(answer["rows"].to_string(), "[[9876543210123.45,0.1,-7.0]]");
    assert_eq!(answer["answer"], "It is 9,876,543,210,123.45.");
}

#[tokio::test]
async fn ten_thousand_rows_are_cut() {
    let lines: String = (1..=10_000).map(|n| format!("{n}\n")).collect();
    let folder = bucket(&[("shop/numbers.csv", &format!("n\n{lines}"))]);
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let statement = "SELECT n FROM numbers ORDER BY n";
    let ask = async |most_rows: Option<u32>| {
        app.script(json!([sql(statement), words("Numbers.")])).await;
        let mut body = json!({"question": "List the numbers."});
        if let Some(most_rows) = most_rows {
            body["max_rows"] = json!(most_rows);
        }
        app.query(body).await.ok()
    };
    for (most_rows, expected) in [(None, 100), (Some(1), 1), (Some(7), 7), (Some(1000), 1000)] {
        let answer = ask(most_rows).await;
        let rows = answer["rows"].as_array().unwrap();
        assert_eq!((rows.len(), &answer["row_count"]), (expected, &json!(expected)));
        assert_eq!((&answer["truncated"], rows.last().unwrap()), (&json!(true), &json!([expected])));
    }
    // Athena is not asked for what nobody sees.
    let limits: Vec<bool> =
        app.statements().await.iter().map(|sql| sql.contains("LIMIT 8") || sql.contains("LIMIT 101")).collect();
    assert_eq!(limits, [true, false, true, false]);

    // As many as there are is not a cut.
    app.reset().await;
    app.script(json!([sql("SELECT n FROM numbers WHERE n <= 100"), words("Numbers.")])).await;
    let answer = app.query(json!({"question": "List the numbers."})).await.ok();
    assert_eq!((&answer["row_count"], &answer["truncated"]), (&json!(100), &json!(false)));
}

/// An answer must fit one item of the memory.
#[tokio::test]
async fn rows_that_are_too_large_together_are_cut() {
    let lines: String = (1..=400).map(|n| format!("{n},{}\n", "x".repeat(2000))).collect();
    let folder = bucket(&[("shop/letters.csv", &format!("id,letter\n{lines}"))]);
    let app = TestApp::with_shop(folder.path(), &[]).await;
    app.script(json!([sql("SELECT id, letter FROM letters ORDER BY id"), words("Letters.")])).await;
    let answer = app.query(json!({"question": "List all letters.", "max_rows": 1000})).await.ok();
    let count = answer["row_count"].as_u64().unwrap();
    assert!((50..200).contains(&count) && answer["truncated"] == true, "{count}");
    assert_eq!(app.messages(&answer["session_id"]).await.len(), 2);
}

#[tokio::test]
async fn names_that_have_to_be_quoted_are() {
    let folder = bucket(&[("shop/2024 sales.csv", "Order,Group By,Größe\n1,a,2.5\n")]);
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let answer = app.answered("What are the sales?", "SELECT * FROM \"2024_sales\"", "One sale.").await;
    assert_eq!(answer["rows"], json!([[1, "a", 2.5]]), "{answer}");
    assert_eq!(answer["tables"], json!(["2024_sales"]));
}
