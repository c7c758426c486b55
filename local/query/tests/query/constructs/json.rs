use super::check;

const BOOK: &str =
    r#"{"title": "Moby", "price": 9.5, "tags": ["sea", "whale"], "by": {"name": "Herman"}, "none": null}"#;

async fn check_book(cases: &[(&str, &str)]) {
    let cases: Vec<_> =
        cases.iter().map(|(sql, expected)| (sql.replace("BOOK", &format!("'{BOOK}'")), *expected)).collect();
    check(&cases.iter().map(|(sql, expected)| (sql.as_str(), *expected)).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn json_is_searched_by_path() {
    check_book(&[
        ("json_extract_scalar(BOOK, '$.title')", "Moby"),
        ("json_extract_scalar(BOOK, '$.price')", "9.5"),
        ("json_extract_scalar(BOOK, '$.tags[1]')", "whale"),
        ("json_extract_scalar(BOOK, '$.by.name')", "Herman"),
        ("json_extract_scalar(BOOK, '$[\"by\"][\"name\"]')", "Herman"),
        ("json_extract_scalar(BOOK, '$.by')", "NULL"),
        ("json_extract_scalar(BOOK, '$.none')", "NULL"),
        ("json_extract_scalar(BOOK, '$.missing')", "NULL"),
        ("json_extract_scalar('no json', '$.a')", "NULL"),
        ("json_extract(BOOK, '$.tags')", r#"["sea","whale"]"#),
        ("json_extract(BOOK, '$.title')", r#""Moby""#),
        ("json_extract(BOOK, '$.tags[*]')", r#"["sea","whale"]"#),
        ("json_size(BOOK, '$.tags')", "2"),
        ("json_size(BOOK, '$.title')", "0"),
        ("json_extract_scalar(BOOK, 'title')", "INVALID_FUNCTION_ARGUMENT: Invalid JSON path: 'title'"),
    ])
    .await;
}

#[tokio::test]
async fn json_is_parsed_and_written() {
    check_book(&[
        ("json_parse('[1, 2]')", "[1,2]"),
        ("json_format(json_parse('{\"a\": 1}'))", r#"{"a":1}"#),
        ("json_format(JSON '[1, 2]')", "[1,2]"),
        ("json_array_length('[1, 2, 3]')", "3"),
        ("json_array_length('{}')", "NULL"),
        ("json_array_get('[\"a\", [3, 9]]', 0)", r#""a""#),
        ("json_array_get('[\"a\", \"b\"]', -1)", r#""b""#),
        ("json_array_get('[1]', 5)", "NULL"),
        ("json_array_contains('[1, 2, 3]', 2)", "true"),
        ("json_array_contains('[\"a\"]', 'b')", "false"),
        ("is_json_scalar('1')", "true"),
        ("is_json_scalar('[1]')", "false"),
        ("json_parse('{')", "INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: '{'"),
    ])
    .await;
}

#[tokio::test]
async fn json_is_cast_both_ways() {
    check_book(&[
        ("CAST(json_extract(BOOK, '$.title') AS varchar)", "Moby"),
        ("CAST(json_extract(BOOK, '$.price') AS double)", "9.5"),
        ("CAST(json_extract(BOOK, '$.price') AS integer)", "10"),
        ("CAST(json_extract(BOOK, '$.tags') AS array(varchar))", "[sea, whale]"),
        ("CAST(json_extract(BOOK, '$.by') AS map(varchar, varchar))", "{name=Herman}"),
        ("CAST(json_parse('{\"a\": 1, \"b\": \"x\"}') AS row(a bigint, b varchar)).b", "x"),
        ("CAST(json_parse('[1, null]') AS array(bigint))", "[1, null]"),
        ("CAST(json_extract(BOOK, '$.none') AS varchar)", "NULL"),
        ("CAST(ARRAY[1, NULL] AS json)", "[1,null]"),
        ("CAST(MAP(ARRAY['a'], ARRAY[1.5]) AS json)", r#"{"a":1.5}"#),
        ("CAST('x' AS json)", r#""x""#),
        ("CAST(CAST(ROW(1, 'x') AS row(a bigint, b varchar)) AS json)", r#"{"a":1,"b":"x"}"#),
        ("json_format(CAST(ARRAY['a', 'b'] AS json))", r#"["a","b"]"#),
        (
            "SELECT json_extract_scalar(line, '$.id') FROM (VALUES ('{\"id\": 1}'), ('{\"id\": \"b\"}'), ('{}')) AS t(line)",
            "1\nb\nNULL",
        ),
    ])
    .await;
}
