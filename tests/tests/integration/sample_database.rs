//! The sample database, its semantic layer, its questions and its tables on AWS: they are kept apart, and must agree.

use std::collections::{BTreeMap, BTreeSet};

use local_query::{Engine, Options, Outcome};
use serde_json::Value;
use tempfile::TempDir;

use crate::{template, tools};

const LAYER: &str = "samples/retail/retail.yaml";
const QUESTIONS: &str = "samples/retail/questions.json";

/// The folder must outlive the engine.
async fn retail() -> (Engine, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    local_query::retail::write(folder.path()).unwrap();
    let engine = Engine::new(Options::default()).unwrap();
    engine.attach("retail", folder.path()).await.unwrap();
    (engine, folder)
}

/// Each table's columns with their types.
fn columns(engine: &Engine) -> BTreeMap<String, Vec<(String, String)>> {
    let tables = engine.tables("retail").unwrap();
    tables
        .into_iter()
        .map(|table| (table.name, table.columns.into_iter().map(|column| (column.name, column.kind)).collect()))
        .collect()
}

async fn ask(engine: &Engine, sql: &str) -> Outcome {
    engine.query("retail", sql).await.unwrap_or_else(|error| panic!("{sql}\n{error:?}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[tokio::test]
async fn its_tables_on_aws_are_those_that_are_written() {
    let (engine, _folder) = retail().await;
    let on_aws: BTreeMap<String, Vec<(String, String)>> = template::resources_of("athena.yaml")
        .values()
        .filter(|resource| resource["Type"] == "AWS::Glue::Table")
        .map(|resource| {
            let table = &resource["Properties"]["TableInput"];
            let columns = items(&table["StorageDescriptor"]["Columns"])
                .map(|column| (text(&column["Name"]).to_owned(), text(&column["Type"]).to_owned()));
            (text(&table["Name"]).to_owned(), columns.collect())
        })
        .collect();
    assert_eq!(on_aws, columns(&engine));
}

#[tokio::test]
async fn its_semantic_layer_describes_what_is_there() {
    let (engine, _folder) = retail().await;
    let (layer, known) = (template::yaml(LAYER), columns(&engine));
    let described: BTreeSet<&String> = entries(&layer["tables"]).map(|(name, _)| name).collect();
    assert_eq!(described, known.keys().collect());

    let mut hidden = Vec::new();
    for (table, notes) in entries(&layer["tables"]) {
        for (column, notes) in entries(&notes["columns"]) {
            assert!(known[table].iter().any(|(name, _)| name == column), "{table}.{column}");
            if notes["hidden"] == true {
                hidden.push(format!("{table}.{column}"));
            }
            let listed: BTreeSet<&str> = items(&notes["values"]).map(text).collect();
            if !listed.is_empty() {
                let sql = format!("SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL");
                let found = ask(&engine, &sql).await;
                let found: BTreeSet<&str> = found.rows.iter().filter_map(|row| row[0].as_deref()).collect();
                assert_eq!(listed, found, "{table}.{column}");
            }
        }
    }
    hidden.sort();
    assert_eq!(hidden, ["customers.date_of_birth", "customers.email", "employees.monthly_salary"]);

    for join in items(&layer["joins"]).map(text) {
        let (left, right) = join.split_once(" = ").unwrap();
        let (from, to) = (left.split('.').next().unwrap(), right.split('.').next().unwrap());
        // A table that is joined with itself has two names.
        let right = if from == to { right.replace(to, "other") } else { right.to_owned() };
        let other = if from == to { "AS other" } else { "" };
        let joined = ask(&engine, &format!("SELECT count(*) FROM {from} JOIN {to} {other} ON {left} = {right}")).await;
        assert_ne!(joined.rows[0][0].as_deref(), Some("0"), "{join}");
    }
}

/// Each example and question has an answer, and none that the semantic layer hides.
#[tokio::test]
async fn every_question_has_rows_to_answer_it() {
    let (engine, _folder) = retail().await;
    let layer = template::yaml(LAYER);
    let questions: Value = serde_json::from_str(&tools::read(&tools::root().join(QUESTIONS))).unwrap();
    assert!((8..=12).contains(&items(&layer["examples"]).count()));
    assert_eq!(items(&questions).count(), 25);
    let charts: Vec<&str> = items(&questions).filter_map(|question| question["chart"].as_str()).collect();
    assert_eq!(charts, ["number", "bar", "grouped_bar", "line", "scatter"]);

    let mut asked = BTreeSet::new();
    for question in items(&layer["examples"]).chain(items(&questions)) {
        assert!(asked.insert(text(&question["question"])), "{question} is there twice");
        let sql = text(&question["sql"]);
        assert!(!ask(&engine, sql).await.rows.is_empty(), "{sql}");
        for hidden in ["date_of_birth", "email", "monthly_salary"] {
            assert!(!sql.contains(hidden), "{sql}");
        }
    }
    for metric in entries(&layer["metrics"]).map(|(_, metric)| text(&metric["sql"])) {
        let tables: BTreeSet<&str> = metric
            .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != '.')
            .filter_map(|word| word.split_once('.'))
            .map(|(table, _)| table)
            .collect();
        let from = if tables.len() == 1 {
            tables.first().copied().unwrap().to_owned()
        } else {
            assert_eq!(tables, BTreeSet::from(["order_items", "products"]));
            "order_items JOIN products ON products.id = order_items.product_id".to_owned()
        };
        let answer = ask(&engine, &format!("SELECT {metric} FROM {from}")).await;
        assert!(answer.rows[0][0].is_some(), "{metric}");
    }
}
