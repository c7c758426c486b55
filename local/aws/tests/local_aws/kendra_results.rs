//! The kinds of results, and what one is, whole.

use local_aws::{Faq, FaqFormat, UserContext};
use serde_json::json;

use crate::{
    app::App,
    kendra::{ask, ids, plain, put, start, with_index},
};

#[tokio::test]
async fn faq_entries_are_found_by_questions_only() {
    let bucket = tempfile::tempdir().unwrap();
    let faq = "_question,_answer,_source_uri\n\
               How do I reset my password?,Press the red button.,https://example.org/password\n\
               When is lunch?,At noon.,\n";
    std::fs::write(bucket.path().join("faq.csv"), faq).unwrap();
    let mut configuration = with_index(None, UserContext::AttributeFilter);
    configuration.buckets.insert("documents".to_owned(), bucket.path().to_path_buf());
    configuration.kendra.as_mut().unwrap().faqs.push(Faq {
        id: "faq-1".to_owned(),
        name: "questions".to_owned(),
        bucket: "documents".to_owned(),
        key: "faq.csv".to_owned(),
        format: FaqFormat::CsvWithHeader,
    });
    let app = App::with(configuration).await;
    app.server.synced().await;
    put(&app, vec![plain("manual", "To reset a password, open the settings and choose a new password.")]).await;

    let question = "How do I reset my password?";
    let answer = ask(&app, "Query", json!({ "QueryText": question })).await;
    let kinds: Vec<&str> =
        answer["ResultItems"].as_array().unwrap().iter().map(|item| item["Type"].as_str().unwrap()).collect();
    let mut in_order = kinds.clone();
    in_order.sort_by_key(|kind| ["ANSWER", "QUESTION_ANSWER", "DOCUMENT"].iter().position(|known| known == kind));
    assert_eq!(kinds, in_order);
    assert!(kinds.contains(&"QUESTION_ANSWER") && kinds.contains(&"DOCUMENT"), "{kinds:?}");

    let answer = ask(&app, "Query", json!({ "QueryText": question, "QueryResultTypeFilter": "QUESTION_ANSWER" })).await;
    let item = &answer["ResultItems"][0];
    assert_eq!(
        (&item["Type"], &item["ScoreAttributes"]["ScoreConfidence"]),
        (&json!("QUESTION_ANSWER"), &json!("VERY_HIGH"))
    );
    assert_eq!(item["DocumentURI"], "https://example.org/password");
    insta::assert_json_snapshot!(item["AdditionalAttributes"], @r#"
    [
      {
        "Key": "QuestionText",
        "Value": {
          "TextWithHighlightsValue": {
            "Highlights": [
              {
                "BeginOffset": 9,
                "EndOffset": 14,
                "TopAnswer": false,
                "Type": "STANDARD"
              },
              {
                "BeginOffset": 18,
                "EndOffset": 26,
                "TopAnswer": false,
                "Type": "STANDARD"
              }
            ],
            "Text": "How do I reset my password?"
          }
        },
        "ValueType": "TEXT_WITH_HIGHLIGHTS_VALUE"
      },
      {
        "Key": "AnswerText",
        "Value": {
          "TextWithHighlightsValue": {
            "Highlights": [],
            "Text": "Press the red button."
          }
        },
        "ValueType": "TEXT_WITH_HIGHLIGHTS_VALUE"
      }
    ]
    "#);
    insta::assert_json_snapshot!(item["DocumentExcerpt"], @r#"
    {
      "Highlights": [
        {
          "BeginOffset": 0,
          "EndOffset": 21,
          "TopAnswer": false,
          "Type": "STANDARD"
        }
      ],
      "Text": "Press the red button."
    }
    "#);

    let found = ids(&ask(&app, "Retrieve", json!({ "QueryText": question })).await);
    assert_eq!(found, ["manual"]);
    let unrelated = json!({ "QueryText": "volcanoes of Iceland", "QueryResultTypeFilter": "QUESTION_ANSWER" });
    assert_eq!(ask(&app, "Query", unrelated).await["ResultItems"], json!([]));
}

/// What an answer is, whole. Its identifiers are new each time.
#[tokio::test]
async fn answers_have_the_service_s_form() {
    let app = start().await;
    let mut huts = plain("huts.md", "The Wildhorn hut is open from June to October. It has forty beds and no shower.");
    huts["Title"] = "Our huts".into();
    huts["Attributes"] = json!([
        { "Key": "_source_uri", "Value": { "StringValue": "https://example.org/huts" } },
        { "Key": "_created_at", "Value": { "DateValue": 1_700_000_000 } },
        { "Key": "tags", "Value": { "StringListValue": ["huts"] } },
    ]);
    put(&app, vec![huts]).await;
    let asked = json!({ "QueryText": "When is the Wildhorn hut open?" });
    let retrieved = ask(&app, "Retrieve", asked.clone()).await;
    insta::assert_json_snapshot!(retrieved, { ".QueryId" => "[id]", ".ResultItems[].Id" => "[id]" }, @r#"
    {
      "QueryId": "[id]",
      "ResultItems": [
        {
          "Content": "The Wildhorn hut is open from June to October. It has forty beds and no shower.",
          "DocumentAttributes": [
            {
              "Key": "_created_at",
              "Value": {
                "DateValue": 1700000000
              }
            },
            {
              "Key": "_language_code",
              "Value": {
                "StringValue": "en"
              }
            },
            {
              "Key": "_source_uri",
              "Value": {
                "StringValue": "https://example.org/huts"
              }
            },
            {
              "Key": "tags",
              "Value": {
                "StringListValue": [
                  "huts"
                ]
              }
            }
          ],
          "DocumentId": "huts.md",
          "DocumentTitle": "Our huts",
          "DocumentURI": "https://example.org/huts",
          "Id": "[id]",
          "ScoreAttributes": {
            "ScoreConfidence": "VERY_HIGH"
          }
        }
      ]
    }
    "#);
    let queried = ask(&app, "Query", asked).await;
    insta::assert_json_snapshot!(
        queried,
        { ".QueryId" => "[id]", ".ResultItems[].Id" => "[id]", ".ResultItems[].FeedbackToken" => "[token]" },
        @r#"
    {
      "FacetResults": [],
      "QueryId": "[id]",
      "ResultItems": [
        {
          "AdditionalAttributes": [
            {
              "Key": "AnswerText",
              "Value": {
                "TextWithHighlightsValue": {
                  "Highlights": [
                    {
                      "BeginOffset": 0,
                      "EndOffset": 46,
                      "TopAnswer": true,
                      "Type": "STANDARD"
                    },
                    {
                      "BeginOffset": 4,
                      "EndOffset": 12,
                      "TopAnswer": false,
                      "Type": "STANDARD"
                    },
                    {
                      "BeginOffset": 13,
                      "EndOffset": 16,
                      "TopAnswer": false,
                      "Type": "STANDARD"
                    },
                    {
                      "BeginOffset": 20,
                      "EndOffset": 24,
                      "TopAnswer": false,
                      "Type": "STANDARD"
                    }
                  ],
                  "Text": "The Wildhorn hut is open from June to October. It has forty beds and no shower."
                }
              },
              "ValueType": "TEXT_WITH_HIGHLIGHTS_VALUE"
            }
          ],
          "DocumentAttributes": [
            {
              "Key": "_created_at",
              "Value": {
                "DateValue": 1700000000
              }
            },
            {
              "Key": "_language_code",
              "Value": {
                "StringValue": "en"
              }
            },
            {
              "Key": "_source_uri",
              "Value": {
                "StringValue": "https://example.org/huts"
              }
            },
            {
              "Key": "tags",
              "Value": {
                "StringListValue": [
                  "huts"
                ]
              }
            }
          ],
          "DocumentExcerpt": {
            "Highlights": [
              {
                "BeginOffset": 0,
                "EndOffset": 79,
                "TopAnswer": false,
                "Type": "STANDARD"
              }
            ],
            "Text": "The Wildhorn hut is open from June to October. It has forty beds and no shower."
          },
          "DocumentId": "huts.md",
          "DocumentTitle": {
            "Highlights": [],
            "Text": "Our huts"
          },
          "DocumentURI": "https://example.org/huts",
          "FeedbackToken": "[token]",
          "Format": "TEXT",
          "Id": "[id]",
          "ScoreAttributes": {
            "ScoreConfidence": "VERY_HIGH"
          },
          "Type": "ANSWER"
        },
        {
          "AdditionalAttributes": [],
          "DocumentAttributes": [
            {
              "Key": "_created_at",
              "Value": {
                "DateValue": 1700000000
              }
            },
            {
              "Key": "_language_code",
              "Value": {
                "StringValue": "en"
              }
            },
            {
              "Key": "_source_uri",
              "Value": {
                "StringValue": "https://example.org/huts"
              }
            },
            {
              "Key": "tags",
              "Value": {
                "StringListValue": [
                  "huts"
                ]
              }
            }
          ],
          "DocumentExcerpt": {
            "Highlights": [
              {
                "BeginOffset": 4,
                "EndOffset": 12,
                "TopAnswer": false,
                "Type": "STANDARD"
              },
              {
                "BeginOffset": 13,
                "EndOffset": 16,
                "TopAnswer": false,
                "Type": "STANDARD"
              },
              {
                "BeginOffset": 20,
                "EndOffset": 24,
                "TopAnswer": false,
                "Type": "STANDARD"
              }
            ],
            "Text": "The Wildhorn hut is open from June to October. It has forty beds and no shower."
          },
          "DocumentId": "huts.md",
          "DocumentTitle": {
            "Highlights": [],
            "Text": "Our huts"
          },
          "DocumentURI": "https://example.org/huts",
          "FeedbackToken": "[token]",
          "Format": "TEXT",
          "Id": "[id]",
          "ScoreAttributes": {
            "ScoreConfidence": "VERY_HIGH"
          },
          "Type": "DOCUMENT"
        }
      ],
      "TotalNumberOfResults": 2
    }
    "#
    );
}
