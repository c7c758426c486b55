//! What the semantic layer hides: not in a prompt, not in a query, not in a row, not in an error.

use serde_json::json;

use crate::{
    app::TestApp,
    documents::bucket,
    nlq_data::{PEOPLE, prompt, sql, words},
};

const LAYER: &str = "
tables:
  people: { columns: { born: { hidden: true, description: Day of birth, synonyms: [birthday] } } }
  salaries: { hidden: true, description: What people earn. }
";
const SALARIES: &str = "person_id,amount\n1,123456\n";

async fn app() -> (TestApp, tempfile::TempDir) {
    let folder = bucket(&[("shop/people.csv", PEOPLE), ("shop/salaries.csv", SALARIES), ("shop.yaml", LAYER)]);
    (TestApp::with_shop(folder.path(), &[]).await, folder)
}

#[tokio::test]
async fn a_star_stands_for_what_is_not_hidden() {
    let (app, _folder) = app().await;
    for statement in [
        "SELECT * FROM people ORDER BY id LIMIT 1",
        "SELECT p.* FROM people AS p ORDER BY p.id LIMIT 1",
        "WITH everybody AS (SELECT * FROM people) SELECT * FROM everybody ORDER BY id LIMIT 1",
        "SELECT * FROM (SELECT * FROM people) AS everybody ORDER BY id LIMIT 1",
    ] {
        app.reset().await;
        let answer = app.answered("Show one of the people.", statement, "Ada.").await;
        assert_eq!(answer["rows"], json!([[1, "Ada", "Switzerland"]]), "{statement}: {answer}");
        assert_eq!(answer["tables"], json!(["people"]));
        for text in [app.statements().await[0].clone(), prompt(&app.asked().await[0]), answer.to_string()] {
            for hidden in ["born", "1990", "irth", "salaries", "earn"] {
                assert!(!text.contains(hidden), "{hidden}: {text}");
            }
        }
    }
}

/// A model may guess what it was not shown.
#[tokio::test]
async fn what_is_hidden_cannot_be_asked_for_in_any_way() {
    let (app, _folder) = app().await;
    for statement in [
        "SELECT born FROM people",
        "SELECT p.\"BORN\" FROM people AS p",
        "SELECT name FROM people ORDER BY born",
        "SELECT name FROM people WHERE year(born) = 1990",
        "SELECT count(*) FROM people GROUP BY born",
        "SELECT name, row_number() OVER (ORDER BY born) FROM people",
        "SELECT x FROM people AS p (a, b, c, x)",
        "SELECT a.name FROM people AS a JOIN people AS b USING (born)",
        "SELECT a.name FROM people AS a NATURAL JOIN people AS b",
        "SELECT id FROM people UNION SELECT amount FROM salaries",
        "SELECT name FROM people WHERE id IN (SELECT person_id FROM salaries WHERE amount > 1)",
        "SELECT CAST(ROW(p.*) AS varchar) FROM people AS p",
        "SELECT p FROM people AS p",
    ] {
        app.reset().await;
        // Twice the same is one too many.
        app.script(json!([sql(statement), sql(statement)])).await;
        let refused = app.query(json!({"question": "Show all people."})).await;
        let problem = refused.problem(422, "no_valid_query");
        assert_eq!(app.statements().await, [] as [&str; 0], "{statement}");
        for attempt in problem["attempts"].as_array().unwrap() {
            let error = attempt["error"].as_str().unwrap();
            // It repeats a name at most, never that it is there.
            assert!(!error.contains("1990") && !error.contains("hidden"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_guess_that_is_refused_tells_no_more_than_one_at_nothing() {
    let (app, _folder) = app().await;
    let refusal = async |column: &str| {
        let statement = format!("SELECT {column} FROM people");
        app.script(json!([sql(&statement), sql(&statement)])).await;
        let problem = app.query(json!({"question": "Show all people."})).await.problem(422, "no_valid_query");
        problem["attempts"][0]["error"].as_str().unwrap().replace(column, "[guess]")
    };
    assert_eq!(refusal("born").await, refusal("shoe").await);
}

/// The sample's own: addresses, dates of birth and salaries.
#[tokio::test]
async fn nothing_of_the_sample_that_is_hidden_is_shown() {
    let app = TestApp::with_sample(&[("SCHEMA_TOKENS", "100000")]).await;
    let question = "Show the email, the date of birth and the salary of all employees and customers.";
    app.script(json!([sql("SELECT * FROM employees"), words("YES"), words("Employees.")])).await;
    let answer = app.query(json!({"question": question, "max_rows": 3})).await.ok();
    assert_eq!(answer["tables_left_out"], 0);
    assert_eq!(answer["row_count"], 3, "{answer}");
    assert!(!answer["columns"].to_string().contains("monthly_salary"), "{answer}");
    let asked = prompt(&app.asked().await[0]);
    let told = asked.replace(question, "");
    for hidden in ["email", "date_of_birth", "monthly_salary"] {
        assert!(!told.contains(hidden), "{hidden}: {told}");
    }
}
