//! What there is to ask: databases, tables, columns, workgroups.

use std::{collections::BTreeMap, fs};

use local_aws::{Athena, Config};
use serde_json::{Value, json};

use crate::{
    app::{App, config},
    athena::{WORKGROUP, Zoo},
};

const CATALOG: &str = "AwsDataCatalog";

#[tokio::test]
async fn databases_are_listed_and_described() {
    let zoo = Zoo::start().await;
    let athena = zoo.app.athena();
    let listed = athena.list_databases().catalog_name(CATALOG).send().await.unwrap();
    let names: Vec<_> = listed.database_list().iter().map(|database| database.name()).collect();
    assert_eq!(names, ["zoo"]);
    let database = athena.get_database().catalog_name("awsdatacatalog").database_name("Zoo").send().await.unwrap();
    assert_eq!(database.database().unwrap().name(), "zoo");
}

#[tokio::test]
async fn tables_have_columns_in_hives_spelling() {
    let zoo = Zoo::start().await;
    let athena = zoo.app.athena();
    let table = athena.get_table_metadata().catalog_name(CATALOG).database_name("zoo").table_name("Animals");
    let table = table.send().await.unwrap().table_metadata.unwrap();
    assert_eq!((table.name(), table.table_type()), ("animals", Some("EXTERNAL_TABLE")));
    assert!(table.create_time().is_some() && table.partition_keys().is_empty());
    let columns: Vec<_> = table.columns().iter().map(|column| (column.name(), column.r#type().unwrap())).collect();
    assert_eq!(columns, [("name", "string"), ("legs", "bigint"), ("born", "date"), ("weight", "double")]);

    let all = athena.list_table_metadata().catalog_name(CATALOG).database_name("zoo").send().await.unwrap();
    let names: Vec<_> = all.table_metadata_list().iter().map(|table| table.name()).collect();
    assert_eq!((names.as_slice(), all.next_token()), (["animals", "numbers"].as_slice(), None));
}

#[tokio::test]
async fn tables_are_filtered_and_paged() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..120 {
        fs::write(folder.path().join(format!("t{n:03}.csv")), "a\n1\n").unwrap();
    }
    let databases = BTreeMap::from([("many".to_owned(), folder.path().to_path_buf())]);
    let athena = Athena { databases, ..Athena::default() };
    let app = App::with(Config { athena: Some(athena), ..config(None) }).await;
    let list = async |more: Value| {
        let mut request = json!({ "CatalogName": CATALOG, "DatabaseName": "many" });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, answer) = app.athena_json("ListTableMetadata", request).await;
        assert_eq!(status, 200, "{answer}");
        let tables = answer["TableMetadataList"].as_array().unwrap().iter();
        let names: Vec<String> = tables.map(|table| table["Name"].as_str().unwrap().to_owned()).collect();
        (names, answer["NextToken"].clone())
    };

    let mut seen = Vec::new();
    let mut token = Value::Null;
    for expected in [50, 50, 20] {
        let (names, next) = list(json!({ "NextToken": token })).await;
        assert_eq!(names.len(), expected);
        seen.extend(names);
        token = next;
    }
    assert_eq!(token, Value::Null);
    assert!(seen.len() == 120 && seen.is_sorted());

    assert_eq!(list(json!({ "Expression": "T00[1-3]" })).await.0, ["t001", "t002", "t003"]);
    assert_eq!(list(json!({ "Expression": "t00" })).await.0, [""; 0], "the whole name is compared");
    let (few, token) = list(json!({ "Expression": ".*9", "MaxResults": 5 })).await;
    assert_eq!((few.len(), token), (5, json!("5")));
    assert_eq!(list(json!({ "Expression": "" })).await.0.len(), 50);
}

#[tokio::test]
async fn what_does_not_exist_is_said() {
    let zoo = Zoo::start().await;
    for (operation, request, what) in [
        ("ListTableMetadata", json!({ "DatabaseName": "nowhere" }), "Database nowhere not found."),
        ("GetDatabase", json!({ "DatabaseName": "nowhere" }), "Database nowhere not found."),
        ("GetTableMetadata", json!({ "DatabaseName": "nowhere", "TableName": "t" }), "Database nowhere not found."),
        ("GetTableMetadata", json!({ "DatabaseName": "zoo", "TableName": "plants" }), "Table plants not found."),
    ] {
        let mut request = request;
        request["CatalogName"] = CATALOG.into();
        let (status, answer) = zoo.app.athena_json(operation, request.clone()).await;
        assert_eq!((status, answer["__type"].as_str()), (400, Some("MetadataException")), "{operation}: {answer}");
        let message = answer["Message"].as_str().unwrap();
        assert!(message.starts_with(what) && message.contains("EntityNotFoundException"), "{message}");

        request["CatalogName"] = "elsewhere".into();
        let (code, message) = zoo.refused(operation, request).await;
        assert_eq!((code.as_str(), message.as_str()), ("DATACATALOG_NOT_FOUND", "Catalog 'elsewhere' does not exist"));
    }

    for (more, expected) in [
        (json!({ "MaxResults": 51 }), "less than or equal to 50"),
        (json!({ "Expression": "(" }), "no regular expression"),
        (json!({ "NextToken": "none of yours" }), "Malformed nextPageToken"),
        (json!({ "WorkGroup": "nowhere" }), "WorkGroup nowhere is not found."),
    ] {
        let mut request = json!({ "CatalogName": CATALOG, "DatabaseName": "zoo" });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (_, message) = zoo.refused("ListTableMetadata", request).await;
        assert!(message.contains(expected), "{message}");
    }
}

#[tokio::test]
async fn there_are_two_workgroups() {
    let zoo = Zoo::start().await;
    let described = async |name: &str| {
        let (status, answer) = zoo.app.athena_json("GetWorkGroup", json!({ "WorkGroup": name })).await;
        assert_eq!(status, 200, "{answer}");
        answer["WorkGroup"].clone()
    };
    let own = described(WORKGROUP).await;
    assert_eq!((&own["Name"], &own["State"]), (&json!(WORKGROUP), &json!("ENABLED")));
    assert_eq!(own["Configuration"]["ResultConfiguration"]["OutputLocation"], "s3://athena-results/");
    assert_eq!(own["Configuration"]["EngineVersion"]["EffectiveEngineVersion"], "Athena engine version 3");
    assert_eq!(own["Configuration"].get("BytesScannedCutoffPerQuery"), None);
    assert_eq!(described("primary").await["Configuration"]["EnforceWorkGroupConfiguration"], false);
    let (_, message) = zoo.refused("GetWorkGroup", json!({ "WorkGroup": "nowhere" })).await;
    assert_eq!(message, "WorkGroup nowhere is not found.");
}
