//! SQL that is wrong: what is refused or fails goes back to the model, and not for ever.

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    nlq_data::{COUNT, HOW_MANY, last_message, people, prompt, sql, words},
};

/// Passes the guard, and fails in the engine.
const DIVIDES: &str = "SELECT 1 % (count(*) - count(*)) AS number_of_people FROM people";

#[tokio::test]
async fn what_the_guard_refuses_is_mended_by_the_model() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let refused = "SELECT count(zzz) AS number_of_people FROM people";
    app.script(json!([sql(refused), sql(COUNT), words("There are 3 people.")])).await;
    let answer = app.query(json!({"question": HOW_MANY})).await.ok();

    assert_eq!((&answer["answer"], &answer["rows"]), (&json!("There are 3 people."), &json!([[3]])));
    let attempts = answer["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0]["sql"], refused);
    let error = attempts[0]["error"].as_str().unwrap();
    assert!(error.contains("no column zzz"), "{error}");
    assert_eq!((&attempts[1]["sql"], &attempts[1]["error"]), (&answer["sql"], &Value::Null));
    assert_eq!(app.statements().await, [answer["sql"].as_str().unwrap()], "the other one was not run");

    // The model sees what it wrote, and why that does not work.
    let again = &app.asked().await[1];
    let told = last_message(again);
    assert!(told.contains(error) && told.ends_with("Write the corrected statement."), "{told}");
    assert!(prompt(again).contains(&format!("```sql\n{refused}\n```")));
}

/// Only then a model is reminded that there may be no answer: a small one takes the hint.
#[tokio::test]
async fn what_is_asked_for_and_not_there_may_have_no_answer() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let refused = "SELECT avg(salary) FROM people";
    app.script(json!([sql(refused), words("UNANSWERABLE: There are no salaries.")])).await;
    let answer = app.query(json!({"question": "What is the average salary of people?"})).await.ok();
    assert_eq!(answer["answerable"], false);
    let told = last_message(&app.asked().await[1]);
    assert!(told.ends_with("Write the corrected statement, or UNANSWERABLE."), "{told}");
}

#[tokio::test]
async fn what_the_engine_cannot_run_is_mended_by_the_model() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    app.script(json!([sql(DIVIDES), sql(COUNT), words("There are 3 people.")])).await;
    let answer = app.query(json!({"question": HOW_MANY})).await.ok();
    assert_eq!(answer["rows"], json!([[3]]));
    let attempts = answer["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0]["error"], "DIVISION_BY_ZERO: Division by zero");
    assert_eq!(app.statements().await.len(), 2);
    assert!(last_message(&app.asked().await[1]).contains("DIVISION_BY_ZERO"));
}

#[tokio::test]
async fn three_failures_are_an_honest_error() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let script = json!([
        sql(DIVIDES),
        sql("SELECT count(zzz) AS number_of_people FROM people"),
        sql("SELECT CAST(max(name) AS integer) AS number_of_people FROM people"),
    ]);
    app.script(script.clone()).await;
    let problem = app.query(json!({"question": HOW_MANY})).await.problem(422, "no_valid_query");
    let errors = problem["attempts"].as_array().unwrap().iter().map(|attempt| attempt["error"].as_str().unwrap());
    let errors: Vec<&str> = errors.collect();
    assert_eq!(errors.len(), 3);
    for (error, expected) in errors.iter().zip(["DIVISION_BY_ZERO", "no column zzz", "INVALID_CAST_ARGUMENT"]) {
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!((app.model_calls().await, app.items().await), (3, Vec::new()));

    app.script(script).await;
    let problem = app.refused_query(json!({"question": HOW_MANY})).await.problem(422, "no_valid_query");
    assert_eq!(problem["attempts"].as_array().unwrap().len(), 3);
    assert_eq!(app.items().await, [] as [Value; 0]);
}

/// Without chance the third answer would be the same as well.
#[tokio::test]
async fn a_model_that_repeats_itself_is_asked_no_more() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    app.script(json!([sql(DIVIDES), sql(DIVIDES)])).await;
    let problem = app.query(json!({"question": HOW_MANY})).await.problem(422, "no_valid_query");
    assert_eq!((problem["attempts"].as_array().unwrap().len(), app.model_calls().await), (2, 2));
}

/// It has found out by itself, in the end.
#[tokio::test]
async fn a_model_may_give_up_after_an_error() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    app.script(json!([sql(DIVIDES), words("UNANSWERABLE: Nobody was counted.")])).await;
    let answer = app.query(json!({"question": HOW_MANY})).await.ok();
    assert_eq!(answer["answer"], "The data cannot answer this question: Nobody was counted.");
    assert_eq!((&answer["answerable"], &answer["sql"]), (&json!(false), &Value::Null));
    assert_eq!(answer["attempts"].as_array().unwrap().len(), 1);
}

/// What the question speaks of and the model looks for again and again is not there.
#[tokio::test]
async fn a_column_that_is_looked_for_in_vain_is_what_the_data_lacks() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let looking = |what: &str| sql(&format!("SELECT {what} FROM people"));
    app.script(json!([looking("avg(shoe_size)"), looking("sum(shoe_size)"), looking("max(shoe_size)")])).await;
    let answer = app.query(json!({"question": "What is the average shoe size of people?"})).await.ok();
    assert_eq!(answer["answer"], "The data cannot answer this question: it holds nothing like shoe size.");
    assert_eq!((&answer["answerable"], answer["attempts"].as_array().unwrap().len()), (&json!(false), 3));
    assert_eq!(app.statements().await, [] as [&str; 0]);
}

/// Small models know other databases better; what they mean is clear.
#[tokio::test]
async fn sql_of_other_databases_is_mended_without_the_model() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let answer = app
        .answered(
            "Which people live in Switzerland?",
            "SELECT Name FROM People WHERE country = 'switzerland'",
            "Ada and Cleo.",
        )
        .await;
    assert_eq!(answer["rows"], json!([["Ada"], ["Cleo"]]));
    assert_eq!(answer["attempts"].as_array().unwrap().len(), 1);
}
