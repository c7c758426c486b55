//! Filters, pages, orders and counts.

use serde_json::{Value, json};

use crate::{
    app::App,
    kendra::{ask, ids, plain, put, refused, start},
};

/// Seven reports on glaciers, with attributes of every type.
async fn with_reports() -> App {
    let app = start().await;
    let report = |year: i64| {
        let mut document = plain(&format!("report-{year}"), &format!("Report on the glacier in the year {year}."));
        let string = |key: &str, value: &str| json!({ "Key": key, "Value": { "StringValue": value } });
        let tags = if year % 2 == 0 { json!(["ice", "even"]) } else { json!(["ice"]) };
        document["Attributes"] = json!([
            string("_category", if year < 2013 { "old" } else { "new" }),
            string("_source_uri", &format!("https://example.org/{year}")),
            { "Key": "tags", "Value": { "StringListValue": tags } },
            { "Key": "year", "Value": { "LongValue": year } },
            { "Key": "_created_at", "Value": { "DateValue": 1_000_000_000 + (year - 2010) * 86400 } },
        ]);
        document
    };
    put(&app, (2010..2017).map(report).collect()).await;
    app
}

fn condition(operator: &str, key: &str, value: Value) -> Value {
    json!({ operator: { "Key": key, "Value": value } })
}

#[tokio::test]
async fn filters_are_applied_to_both_operations() {
    let app = with_reports().await;
    let year = |operator: &str, year: i64| condition(operator, "year", json!({ "LongValue": year }));
    let old = condition("EqualsTo", "_category", json!({ "StringValue": "old" }));
    for (filter, expected) in [
        (old.clone(), vec![2010, 2011, 2012]),
        (json!({ "NotFilter": old }), vec![2013, 2014, 2015, 2016]),
        (condition("ContainsAll", "tags", json!({ "StringListValue": ["ice", "even"] })), vec![2010, 2012, 2014, 2016]),
        (condition("ContainsAny", "tags", json!({ "StringListValue": ["odd", "even"] })), vec![2010, 2012, 2014, 2016]),
        (year("GreaterThan", 2014), vec![2015, 2016]),
        (
            json!({ "AndAllFilters": [year("GreaterThanOrEquals", 2012), year("LessThanOrEquals", 2013)] }),
            vec![2012, 2013],
        ),
        (json!({ "OrAllFilters": [year("LessThan", 2011), year("EqualsTo", 2015)] }), vec![2010, 2015]),
        (condition("LessThan", "_created_at", json!({ "DateValue": 1_000_000_001 })), vec![2010]),
        (year("EqualsTo", 1999), vec![]),
    ] {
        let expected: Vec<String> = expected.into_iter().map(|year| format!("report-{year}")).collect();
        for operation in ["Retrieve", "Query"] {
            let request = json!({ "QueryText": "glacier report", "AttributeFilter": filter, "PageSize": 50 });
            let mut found = ids(&ask(&app, operation, request).await);
            found.sort();
            found.dedup();
            assert_eq!(found, expected, "{operation} {filter}");
        }
    }
}

#[tokio::test]
async fn filters_that_make_no_sense_are_refused() {
    let app = with_reports().await;
    let year = condition("EqualsTo", "year", json!({ "LongValue": 2012 }));
    let deep = json!({ "AndAllFilters": [{ "OrAllFilters": [{ "NotFilter": year }] }] });
    for operation in ["Retrieve", "Query"] {
        for (filter, told) in [
            (deep.clone(), "AttributeFilter cannot have a depth of more than 2."),
            (json!({}), "AttributeFilter cannot have 0 operators. It must have one and only one."),
            (
                json!({ "OrAllFilters": vec![year.clone(); 11] }),
                "AttributeFilter cannot have a length of more than 10.",
            ),
            (
                condition("EqualsTo", "colour", json!({ "StringValue": "x" })),
                "'colour' in AttributeFilter is not in the index",
            ),
            (condition("EqualsTo", "year", json!({ "StringValue": "x" })), "'year' is of type LONG_VALUE"),
            (condition("EqualsTo", "bad key", json!({ "StringValue": "x" })), "regular expression pattern"),
        ] {
            let message = refused(&app, operation, json!({ "QueryText": "x", "AttributeFilter": filter })).await;
            assert!(message.contains(told), "{message}");
        }
    }
}

#[tokio::test]
async fn pages_follow_each_other_up_to_the_hundredth_result() {
    let app = with_reports().await;
    for operation in ["Retrieve", "Query"] {
        let page = async |number: i64, size: i64| {
            let mut request = json!({ "QueryText": "glacier report", "PageNumber": number, "PageSize": size });
            if operation == "Query" {
                request["QueryResultTypeFilter"] = "DOCUMENT".into();
            }
            ask(&app, operation, request).await
        };
        let whole = ids(&page(1, 100).await);
        assert_eq!(whole.len(), 7);
        let mut joined = Vec::new();
        for number in 1..=4 {
            let of_page = page(number, 3).await;
            if operation == "Query" {
                assert_eq!(of_page["TotalNumberOfResults"], 7);
            }
            joined.extend(ids(&of_page));
        }
        assert_eq!(joined, whole);
        // More than a hundred is a hundred; beyond them there is nothing.
        assert_eq!(ids(&page(1, 1000).await), whole);
        assert!(ids(&page(11, 10).await).is_empty() && ids(&page(2_000_000_000, 100).await).is_empty());
        for (name, value) in [("PageNumber", 0), ("PageSize", 0), ("PageSize", -1)] {
            let message = refused(&app, operation, json!({ "QueryText": "x", name: value })).await;
            assert!(message.contains(name), "{message}");
        }
    }
}

#[tokio::test]
async fn queries_have_limits() {
    let app = with_reports().await;
    for operation in ["Retrieve", "Query"] {
        let message = refused(&app, operation, json!({ "QueryText": "x".repeat(1001) })).await;
        assert!(message.contains("has a character count of 1001") && message.contains("or equal to 1000"), "{message}");
        for nothing in ["", " \n"] {
            refused(&app, operation, json!({ "QueryText": nothing })).await;
        }
        let tuned = json!([{ "Name": "year", "Relevance": { "Importance": 3 } }]);
        let request = json!({ "QueryText": "x", "DocumentRelevanceOverrideConfigurations": tuned });
        refused(&app, operation, request).await;
    }
    // The thirty-first word is not read: it alone would have found something.
    let filler: Vec<String> = (0..30).map(|n| format!("qqq{n}")).collect();
    let scores = async |text: String| {
        let found = ask(&app, "Query", json!({ "QueryText": text, "QueryResultTypeFilter": "DOCUMENT" })).await;
        let items = found["ResultItems"].as_array().unwrap().clone();
        items.iter().map(|item| item["DocumentExcerpt"]["Highlights"].as_array().unwrap().len()).sum::<usize>()
    };
    assert_eq!(scores(format!("{} glacier", filler.join(" "))).await, 0);
    assert!(scores(format!("{} glacier", filler[1..].join(" "))).await > 0);
}

#[tokio::test]
async fn facets_count_what_is_found() {
    let app = with_reports().await;
    let facet = |key: &str| json!({ "DocumentAttributeKey": key });
    let facets = json!([facet("tags"), facet("_category"), { "DocumentAttributeKey": "year", "MaxResults": 2 }]);
    let answer = ask(&app, "Query", json!({ "QueryText": "glacier report", "Facets": facets, "PageSize": 1 })).await;
    let results = answer["FacetResults"].as_array().unwrap();
    let pairs = |index: usize| results[index]["DocumentAttributeValueCountPairs"].as_array().unwrap().clone();
    let count = |pair: &Value| (pair["DocumentAttributeValue"]["StringValue"].clone(), pair["Count"].clone());
    assert_eq!(pairs(0).iter().map(count).collect::<Vec<_>>(), [(json!("ice"), json!(7)), (json!("even"), json!(4))]);
    assert_eq!(pairs(1).iter().map(count).collect::<Vec<_>>(), [(json!("new"), json!(4)), (json!("old"), json!(3))]);
    assert_eq!(pairs(2).len(), 2);
    assert!(pairs(2)[0]["DocumentAttributeValue"]["LongValue"].is_i64());
    let types: Vec<&Value> = results.iter().map(|result| &result["DocumentAttributeValueType"]).collect();
    assert_eq!(types, ["STRING_LIST_VALUE", "STRING_VALUE", "LONG_VALUE"]);

    let message = refused(&app, "Query", json!({ "QueryText": "x", "Facets": [facet("colour")] })).await;
    assert!(message.contains("'colour'"), "{message}");
    let nested = json!([{ "DocumentAttributeKey": "year", "Facets": [facet("tags")] }]);
    assert!(refused(&app, "Query", json!({ "QueryText": "x", "Facets": nested })).await.contains("nested"));
}

#[tokio::test]
async fn documents_can_be_sorted_and_their_attributes_chosen() {
    let app = with_reports().await;
    let sorting = |key: &str, order: &str| json!({ "DocumentAttributeKey": key, "SortOrder": order });
    let request = json!({
        "QueryText": "glacier report", "QueryResultTypeFilter": "DOCUMENT", "PageSize": 3,
        "SortingConfigurations": [sorting("_category", "DESC"), sorting("year", "DESC")],
        "RequestedDocumentAttributes": ["year", "_source_uri"],
    });
    let answer = ask(&app, "Query", request).await;
    assert_eq!(ids(&answer), ["report-2012", "report-2011", "report-2010"]);
    let attributes = json!([
        { "Key": "_source_uri", "Value": { "StringValue": "https://example.org/2012" } },
        { "Key": "year", "Value": { "LongValue": 2012 } },
    ]);
    assert_eq!(answer["ResultItems"][0]["DocumentAttributes"], attributes);

    for sorted in [
        json!({ "SortingConfiguration": sorting("colour", "ASC") }),
        json!({ "SortingConfiguration": sorting("tags", "ASC") }),
        json!({ "SortingConfigurations": vec![sorting("year", "ASC"); 4] }),
        json!({ "SortingConfiguration": sorting("year", "ASC"), "SortingConfigurations": [sorting("year", "ASC")] }),
        json!({ "CollapseConfiguration": { "DocumentAttributeKey": "year" } }),
    ] {
        let mut request = sorted;
        request["QueryText"] = "x".into();
        refused(&app, "Query", request).await;
    }
}
