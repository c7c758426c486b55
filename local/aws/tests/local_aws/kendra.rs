//! Documents in, passages out, and what users thought of them.

use std::path::Path;

use aws_sdk_kendra::{
    error::ProvideErrorMetadata,
    primitives::Blob,
    types::{ContentType, Document, DocumentInfo, DocumentStatus, RelevanceFeedback, RelevanceType, S3Path},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use local_aws::{Config, Kendra, UserContext};
use serde_json::{Value, json};

use crate::app::{App, config};

pub(crate) const INDEX: &str = "00000000-0000-4000-8000-000000000001";

pub(crate) fn with_index(folder: Option<&Path>, user_context: UserContext) -> Config {
    let index_id = INDEX.to_owned();
    Config {
        kendra: Some(Kendra { index_id, user_context, data_sources: Vec::new(), faqs: Vec::new() }),
        ..config(folder)
    }
}

pub(crate) async fn start() -> App {
    App::with(with_index(None, UserContext::AttributeFilter)).await
}

/// A document of plain text, as `BatchPutDocument` takes it.
pub(crate) fn plain(id: &str, text: &str) -> Value {
    json!({ "Id": id, "Title": id, "ContentType": "PLAIN_TEXT", "Blob": BASE64_STANDARD.encode(text) })
}

pub(crate) async fn put(app: &App, documents: Vec<Value>) {
    let (status, answer) =
        app.kendra_json("BatchPutDocument", json!({ "IndexId": INDEX, "Documents": documents })).await;
    assert_eq!((status, &answer["FailedDocuments"]), (200, &json!([])), "{answer}");
}

pub(crate) async fn ask(app: &App, operation: &str, mut request: Value) -> Value {
    request["IndexId"] = INDEX.into();
    let (status, answer) = app.kendra_json(operation, request).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// What the service says to a request that it refuses with a `ValidationException`.
pub(crate) async fn refused(app: &App, operation: &str, mut request: Value) -> String {
    request["IndexId"] = INDEX.into();
    let (status, answer) = app.kendra_json(operation, request).await;
    assert_eq!((status, answer["__type"].as_str()), (400, Some("ValidationException")), "{answer}");
    answer["Message"].as_str().unwrap().to_owned()
}

/// Identifiers of the documents found, in order.
pub(crate) fn ids(answer: &Value) -> Vec<String> {
    let items = answer["ResultItems"].as_array().unwrap();
    items.iter().map(|item| item["DocumentId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_document_is_put_found_replaced_and_deleted() {
    let app = start().await;
    let kendra = app.kendra();
    let put = async |text: &str| {
        let document = Document::builder().id("holidays").title("Holidays").content_type(ContentType::PlainText);
        let document = document.blob(Blob::new(text)).build().unwrap();
        let answer = kendra.batch_put_document().index_id(INDEX).documents(document).send().await.unwrap();
        assert_eq!(answer.failed_documents(), []);
    };
    let find = async || {
        let found = kendra.retrieve().index_id(INDEX).query_text("How many days of holiday are there?").send().await;
        found.unwrap().result_items().to_vec()
    };
    let status = async || {
        let asked = DocumentInfo::builder().document_id("holidays").build().unwrap();
        let answer = kendra.batch_get_document_status().index_id(INDEX).document_info_list(asked).send().await;
        answer.unwrap().document_status_list()[0].document_status().unwrap().clone()
    };

    assert_eq!(status().await, DocumentStatus::NotFound);
    put("Everybody has 25 days of holiday a year.").await;
    assert_eq!(status().await, DocumentStatus::Indexed);
    let found = find().await;
    assert_eq!(found[0].content(), Some("Everybody has 25 days of holiday a year."));
    assert_eq!((found[0].document_id(), found[0].document_title()), (Some("holidays"), Some("Holidays")));
    assert!(found[0].score_attributes().unwrap().score_confidence().is_some());

    put("Everybody has 30 days of holiday a year.").await;
    let found = find().await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].content(), Some("Everybody has 30 days of holiday a year."));

    let deleted = kendra.batch_delete_document().index_id(INDEX).document_id_list("holidays");
    assert_eq!(deleted.document_id_list("was never there").send().await.unwrap().failed_documents(), []);
    assert_eq!(status().await, DocumentStatus::NotFound);
    assert!(find().await.is_empty());
}

#[tokio::test]
async fn the_index_is_kept_across_a_restart_and_so_are_its_queries() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = || with_index(Some(folder.path()), UserContext::AttributeFilter);
    let app = App::with(configuration()).await;
    put(&app, vec![plain("huts", "The hut above the glacier opens in June.")]).await;
    let found = ask(&app, "Retrieve", json!({ "QueryText": "When does the hut open?" })).await;
    app.server.stop().await;

    let app = App::with(configuration()).await;
    let again = ask(&app, "Retrieve", json!({ "QueryText": "When does the hut open?" })).await;
    assert_eq!(ids(&again), ["huts"]);
    let result = &found["ResultItems"][0]["Id"];
    let relevance = json!([{ "ResultId": result, "RelevanceValue": "RELEVANT" }]);
    let feedback = json!({ "QueryId": found["QueryId"], "RelevanceFeedbackItems": relevance });
    assert_eq!(ask(&app, "SubmitFeedback", feedback).await, Value::Null);
    app.server.stop().await;
}

#[tokio::test]
async fn feedback_on_results_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::with(with_index(Some(folder.path()), UserContext::AttributeFilter)).await;
    put(&app, vec![plain("huts", "The hut above the glacier opens in June.")]).await;
    let kendra = app.kendra();
    let found = kendra.query().index_id(INDEX).query_text("When does the hut open?").send().await.unwrap();
    let (query, result) = (found.query_id().unwrap(), found.result_items()[0].id().unwrap());
    assert!(result.starts_with(query) && result.len() == 73);
    let submit = async |query: &str, result: &str| {
        let item = RelevanceFeedback::builder().result_id(result).relevance_value(RelevanceType::NotRelevant);
        let submitted = kendra.submit_feedback().index_id(INDEX).query_id(query);
        submitted.relevance_feedback_items(item.build().unwrap()).send().await
    };
    submit(query, result).await.unwrap();

    let written = std::fs::read_to_string(folder.path().join("kendra/feedback.jsonl")).unwrap();
    let written: Value = serde_json::from_str(written.trim()).unwrap();
    assert_eq!((&written["document_id"], &written["relevance"]), (&json!("huts"), &json!("NOT_RELEVANT")));
    assert_eq!((&written["query_id"], &written["result_id"]), (&json!(query), &json!(result)));

    for (query, result) in [(query, "other"), ("00000000-0000-4000-8000-00000000ffff", result)] {
        let error = submit(query, result).await.unwrap_err().into_service_error();
        assert!(error.is_validation_exception(), "{error:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_indexed_is_told_and_the_rest_is_indexed() {
    let app = start().await;
    let attribute = |name: &str, value: Value| json!([{ "Key": name, "Value": value }]);
    let with = |id: &str, name: &str, value: Value| {
        let mut document = plain(id, "Some text about cheese.");
        document[name] = value;
        document
    };
    let cheese = BASE64_STANDARD.encode("cheese");
    let documents = json!([
        with("good", "Attributes", attribute("team", json!({ "StringValue": "red" }))),
        with("other type", "Attributes", attribute("team", json!({ "LongValue": 1 }))),
        with("reserved", "Attributes", attribute("_colour", json!({ "StringValue": "red" }))),
        with("two values", "Attributes", attribute("n", json!({ "StringValue": "1", "LongValue": 1 }))),
        with(
            "source's",
            "AccessControlList",
            json!([{ "Name": "a", "Type": "USER", "Access": "ALLOW", "DataSourceId": "d" }])
        ),
        with("both", "S3Path", json!({ "Bucket": "bucket", "Key": "key" })),
        json!({ "Id": "neither" }),
        json!({ "Id": "spreadsheet", "ContentType": "MS_EXCEL", "Blob": cheese }),
        json!({ "Id": "no pdf", "ContentType": "PDF", "Blob": cheese }),
        json!({ "Id": "no bucket", "S3Path": { "Bucket": "bucket", "Key": "key" } }),
    ]);
    let answer = ask(&app, "BatchPutDocument", json!({ "Documents": documents })).await;
    let failed = answer["FailedDocuments"].as_array().unwrap();
    let told: Vec<&str> = failed.iter().map(|failed| failed["Id"].as_str().unwrap()).collect();
    assert_eq!(
        told,
        ["other type", "reserved", "two values", "source's", "both", "neither", "spreadsheet", "no pdf", "no bucket"]
    );
    assert!(failed.iter().all(|failed| failed["ErrorCode"] == "InvalidRequest"), "{answer}");
    let reason = failed[0]["ErrorMessage"].as_str().unwrap();
    assert!(reason.contains("'team' is of type STRING_VALUE in the index, and LONG_VALUE was given"), "{reason}");
    assert_eq!(ids(&ask(&app, "Retrieve", json!({ "QueryText": "cheese" })).await), ["good"]);
}

#[tokio::test]
async fn batches_are_of_ten() {
    let app = start().await;
    let documents: Vec<Value> = (0..11).map(|n| plain(&n.to_string(), "text")).collect();
    let message = refused(&app, "BatchPutDocument", json!({ "Documents": documents })).await;
    assert!(message.contains("Member must have length less than or equal to 10"), "{message}");
    let ids: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    refused(&app, "BatchDeleteDocument", json!({ "DocumentIdList": ids })).await;
    refused(&app, "BatchDeleteDocument", json!({ "DocumentIdList": [] })).await;
}

#[tokio::test]
async fn files_of_buckets_and_pdfs_are_read() {
    let bucket = tempfile::tempdir().unwrap();
    std::fs::create_dir(bucket.path().join("manuals")).unwrap();
    std::fs::write(bucket.path().join("manuals/radio.md"), "# The radio\n\nThe radio works on channel seven.").unwrap();
    let mut configuration = with_index(None, UserContext::AttributeFilter);
    configuration.buckets.insert("documents".to_owned(), bucket.path().to_path_buf());
    let app = App::with(configuration).await;
    let kendra = app.kendra();
    let radio = S3Path::builder().bucket("documents").key("manuals/radio.md").build().unwrap();
    let radio = Document::builder().id("radio").s3_path(radio).build().unwrap();
    let pdf = Document::builder().id("avalanche").content_type(ContentType::Pdf);
    let pdf = pdf.blob(Blob::new(pdf_of("Avalanche danger is highest after fresh snow."))).build().unwrap();
    let answer = kendra.batch_put_document().index_id(INDEX).documents(radio).documents(pdf).send().await.unwrap();
    assert_eq!(answer.failed_documents(), []);

    let found = ask(&app, "Retrieve", json!({ "QueryText": "Which channel does the radio use?" })).await;
    let item = &found["ResultItems"][0];
    assert_eq!((&item["DocumentId"], &item["DocumentTitle"]), (&json!("radio"), &json!("The radio")));
    assert!(item["Content"].as_str().unwrap().contains("The radio works on channel seven."));

    let found = ask(&app, "Retrieve", json!({ "QueryText": "When is the danger of an avalanche highest?" })).await;
    let item = &found["ResultItems"][0];
    assert!(item["Content"].as_str().unwrap().contains("highest after fresh snow"), "{item}");
    let page = json!({ "Key": "_excerpt_page_number", "Value": { "LongValue": 1 } });
    assert!(item["DocumentAttributes"].as_array().unwrap().contains(&page), "{item}");
}

/// A page with one line.
fn pdf_of(line: &str) -> Vec<u8> {
    let drawn = format!("BT /F1 12 Tf 72 720 Td ({line}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{drawn}\nendstream", drawn.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    let mut pdf = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(pdf.len());
        pdf += &format!("{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let table = pdf.len();
    pdf += "xref\n0 6\n0000000000 65535 f \n";
    pdf.extend(places.iter().map(|place| format!("{place:010} 00000 n \n")));
    pdf += &format!("trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    pdf.into_bytes()
}

#[tokio::test]
async fn an_unknown_index_is_not_found_and_an_unserved_operation_is_named() {
    let app = start().await;
    let unknown = "11111111-0000-4000-8000-000000000001";
    for (operation, request) in [
        ("Retrieve", json!({ "IndexId": unknown, "QueryText": "x" })),
        ("Query", json!({ "IndexId": unknown, "QueryText": "x" })),
        ("DescribeIndex", json!({ "Id": unknown })),
        ("SubmitFeedback", json!({ "IndexId": unknown, "QueryId": "x" })),
    ] {
        let (status, answer) = app.kendra_json(operation, request).await;
        assert_eq!((status, answer["__type"].as_str()), (400, Some("ResourceNotFoundException")), "{operation}");
    }
    let error = app.kendra().query().index_id(unknown).query_text("x").send().await.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception() && error.message().unwrap().contains(unknown), "{error:?}");

    let (status, answer) = app.kendra_json("CreateThesaurus", json!({})).await;
    assert_eq!((status, answer["__type"].as_str()), (501, Some("NotImplementedException")));
    assert!(answer["Message"].as_str().unwrap().contains("CreateThesaurus"));
    let (_, answer) = app.kendra_json("Query", json!({ "IndexId": "short", "Colour": "red" })).await;
    let message = answer["Message"].as_str().unwrap();
    assert!(message.contains("'IndexId' failed to satisfy constraint") && message.contains("Colour"), "{message}");
    assert_eq!(app.kendra_json("Query", json!("text")).await.1["__type"], "SerializationException");

    let without = App::start().await;
    let (_, answer) = without.kendra_json("Query", json!({ "IndexId": INDEX, "QueryText": "x" })).await;
    assert_eq!(answer["__type"], "ResourceNotFoundException");
}

#[tokio::test]
async fn the_index_is_described() {
    let app = App::with(with_index(None, UserContext::UserToken)).await;
    let mut document = plain("a", "Some text.");
    document["Attributes"] = json!([{ "Key": "team", "Value": { "StringListValue": ["red"] } }]);
    put(&app, vec![document, plain("b", "Other text.")]).await;
    let described = app.kendra().describe_index().id(INDEX).send().await.unwrap();
    let statistics = described.index_statistics().unwrap();
    assert_eq!(statistics.text_document_statistics().unwrap().indexed_text_documents_count(), 2);
    assert_eq!(statistics.faq_statistics().unwrap().indexed_question_answers_count(), 0);
    assert_eq!(described.user_context_policy().unwrap().as_str(), "USER_TOKEN");
    let token = described.user_token_configurations()[0].jwt_token_type_configuration().unwrap();
    assert_eq!(token.user_name_attribute_field(), Some("cognito:username"));
    let fields = described.document_metadata_configurations();
    let kind = |name: &str| fields.iter().find(|field| field.name() == name).map(|field| field.r#type().as_str());
    assert_eq!((kind("team"), kind("_created_at")), (Some("STRING_LIST_VALUE"), Some("DATE_VALUE")));
}

#[tokio::test]
async fn faults_strike_kendra_and_its_calls_are_recorded() {
    let app = start().await;
    let error = json!({ "code": "ThrottlingException", "message": "Rate exceeded" });
    app.faults(json!([{ "service": "kendra", "operation": "Retrieve", "fault": { "error": error } }])).await;
    let error = app.kendra().retrieve().index_id(INDEX).query_text("x").send().await.unwrap_err().into_service_error();
    assert!(error.is_throttling_exception() && error.message() == Some("Rate exceeded"), "{error:?}");
    app.kendra().retrieve().index_id(INDEX).query_text("x").send().await.unwrap();
    let seen = app.requests().await;
    assert_eq!((&seen[0]["service"], &seen[0]["operation"]), (&json!("kendra"), &json!("Retrieve")));
    assert_eq!((&seen[0]["status"], &seen[1]["status"]), (&json!(400), &json!(200)));
    assert_eq!(seen[1]["body"]["QueryText"], "x");
}
