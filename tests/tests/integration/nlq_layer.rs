//! What a model is told of a database: the sample's semantic layer, and schemas that are too large to be told whole.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    documents::bucket,
    nlq_data::{last_message, prompt, sql, words},
    template, tools,
};

/// Each example of the semantic layer, and each question that comes with the sample, passes the guard as it stands, runs,
/// and has to do with its question.
#[tokio::test]
async fn the_samples_own_statements_are_let_through_and_run() {
    let app = TestApp::with_sample(&[("ANSWER_IN_WORDS", "false")]).await;
    let layer = template::yaml("samples/retail/retail.yaml");
    let questions: Value =
        serde_json::from_str(&tools::read(&tools::root().join("samples/retail/questions.json"))).unwrap();
    let [examples, questions] = [&layer["examples"], &questions].map(|list| list.as_array().unwrap());
    assert!(examples.len() >= 8 && questions.len() >= 20);
    let mut doubted = Vec::new();
    for question in examples.iter().chain(questions) {
        let [asked, statement] = ["question", "sql"].map(|name| question[name].as_str().unwrap());
        app.reset().await;
        app.script(json!([sql(statement), words("YES")])).await;
        let answer = app.query(json!({"question": asked})).await.ok();
        assert_eq!(answer["attempts"], json!([{"sql": answer["sql"], "error": null}]), "{asked}: {answer}");
        assert!(answer["row_count"].as_u64().unwrap() > 0, "{asked}: {answer}");
        doubted.extend((app.model_calls().await > 1).then_some(asked));
    }
    // A day of the week is no word of any table; it costs a second look.
    assert_eq!(doubted, ["On which weekday do we get the most orders?"]);
}

/// An example that is refused would be left out.
#[tokio::test]
async fn every_example_of_the_sample_is_shown_to_the_model() {
    let app = TestApp::with_sample(&[]).await;
    let layer = template::yaml("samples/retail/retail.yaml");
    for example in layer["examples"].as_array().unwrap() {
        let [question, statement] = ["question", "sql"].map(|name| example[name].as_str().unwrap());
        app.reset().await;
        app.script(json!([words("UNANSWERABLE")])).await;
        app.query(json!({"question": question})).await.ok();
        let asked = &app.asked().await[0];
        // The most alike stands last, before the question itself.
        let messages = asked["messages"].as_array().unwrap();
        let [.., user, assistant, last] = messages.as_slice() else { panic!("no example: {asked}") };
        assert!(user["content"][0]["text"].as_str().unwrap().ends_with(question), "{user}");
        assert_eq!(assistant["content"][0]["text"], format!("```sql\n{statement}\n```"));
        assert_eq!(last["content"][0]["text"], last_message(asked));
    }
    let told = prompt(&app.asked().await[0]);
    for name in layer["metrics"].as_object().unwrap().keys() {
        assert!(told.contains(name), "{name}: {told}");
    }
}

#[tokio::test]
async fn of_five_hundred_tables_the_right_ones_are_shown() {
    let measures: Vec<String> = (0..30).map(|n| format!("measure_{n}")).collect();
    let values = vec!["1"; 30].join(",");
    let mut files: Vec<(String, String)> =
        (0..498).map(|n| (format!("shop/log_{n}.csv"), format!("{}\n{values}\n", measures.join(",")))).collect();
    files.push(("shop/penguins.csv".to_owned(), "id,island\n1,Torgersen\n".to_owned()));
    files.push(("shop/islands.csv".to_owned(), "name,area\nTorgersen,1.5\n".to_owned()));
    let borrowed: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let folder = bucket(&borrowed);
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let statement = "SELECT count(*) AS number_of_penguins FROM penguins";
    let answer = app.answered("How many penguins are there?", statement, "There is 1 penguin.").await;

    assert_eq!(answer["rows"], json!([[1]]));
    let shown: Vec<&str> = answer["tables"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let left_out = answer["tables_left_out"].as_u64().unwrap();
    assert!(shown.contains(&"penguins"), "{shown:?}");
    assert!(left_out > 400 && left_out + shown.len() as u64 == 500, "{left_out}");
    let told = prompt(&app.asked().await[0]);
    assert!(told.contains("CREATE TABLE penguins (") && told.len() < 4000 * 6, "{} characters", told.len());
    assert_eq!(told.matches("CREATE TABLE").count(), shown.len());

    // What was not shown is there all the same, for a model that knows of it.
    let statement = "SELECT measure_7 FROM log_497";
    let answer = app.answered("What is measure 7 of log 497?", statement, "It is 1.").await;
    assert_eq!(answer["rows"], json!([[1]]));
    // It takes ten pages to list so many.
    assert!(app.calls("ListTableMetadata").await.len() >= 10);
}

#[tokio::test]
async fn a_table_of_a_thousand_columns_is_shown_in_part() {
    let names: String = (0..1000).fold(String::new(), |mut names, n| {
        let _ = write!(names, "measure_{n},");
        names
    });
    let folder = bucket(&[("shop/readings.csv", &format!("{names}temperature\n{}21.5\n", "1,".repeat(1000)))]);
    let app = TestApp::with_shop(folder.path(), &[("SCHEMA_TOKENS", "300")]).await;
    let statement = "SELECT max(temperature) AS highest FROM readings";
    let answer = app.answered("What is the highest temperature?", statement, "It is 21.5.").await;
    assert_eq!((&answer["rows"], &answer["tables_left_out"]), (&json!([[21.5]]), &json!(0)));
    let told = prompt(&app.asked().await[0]);
    assert!(told.contains("temperature double") && told.contains("and other columns"), "{told}");
    assert!(!told.contains("measure_500 "), "{told}");
}

#[tokio::test]
async fn a_database_of_which_all_is_hidden_cannot_answer() {
    let layer = "tables:\n  t: { hidden: true }\n";
    let folder = bucket(&[("shop/t.csv", "n\n1\n"), ("shop.yaml", layer)]);
    let app = TestApp::with_shop(folder.path(), &[]).await;
    app.script(json!([sql("SELECT n FROM t"), words("UNANSWERABLE: There are no tables.")])).await;
    let answer = app.query(json!({"question": "What is there?"})).await.ok();
    assert_eq!((&answer["tables"], &answer["answerable"]), (&json!([]), &json!(false)));
    assert_eq!(answer["attempts"][0]["error"], "There is no table t; the tables are none.");
    assert_eq!(app.statements().await, [] as [&str; 0]);
}
