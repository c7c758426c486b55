use local_query::Options;

use crate::shared::Shop;

async fn shop() -> Shop {
    Shop::with("CREATE TABLE empty (a INT)", Options::default()).await
}

#[tokio::test]
async fn cells_are_printed_as_athena_prints_them() {
    let shop = shop().await;
    for (sql, text) in [
        ("true", "true"),
        ("1", "1"),
        ("1.50", "1.50"),
        ("CAST(1 AS double)", "1.0"),
        ("1e0", "1.0"),
        ("1e7", "1.0E7"),
        ("12345678e0", "1.2345678E7"),
        ("9999999e0", "9999999.0"),
        ("1e-3", "0.001"),
        ("1e-4", "1.0E-4"),
        ("-1.25e-7", "-1.25E-7"),
        ("1e0 / 3e0", "0.3333333333333333"),
        ("CAST('0.1' AS real)", "0.1"),
        ("nan()", "NaN"),
        ("infinity()", "Infinity"),
        ("-infinity()", "-Infinity"),
        ("-0e0", "-0.0"),
        ("DATE '2024-01-31'", "2024-01-31"),
        ("TIMESTAMP '2024-01-31 12:00:00'", "2024-01-31 12:00:00.000"),
        ("'it''s'", "it's"),
        ("ARRAY[1, NULL, 2]", "[1, null, 2]"),
        ("ARRAY['a', 'b']", "[a, b]"),
        ("ARRAY[DATE '2024-01-31']", "[2024-01-31]"),
        ("MAP(ARRAY['k'], ARRAY[1])", "{k=1}"),
        ("INTERVAL '2' DAY", "2 00:00:00.000"),
        ("INTERVAL '90' MINUTE", "0 01:30:00.000"),
        ("INTERVAL '14' MONTH", "1-2"),
        ("to_utf8('az')", "61 7a"),
    ] {
        assert_eq!(shop.cell(&format!("SELECT {sql}")).await, text, "{sql}");
    }
}

#[tokio::test]
async fn null_is_absent() {
    let shop = shop().await;
    let outcome = shop.query("SELECT NULL, CAST(NULL AS bigint), ''").await;
    assert_eq!(outcome.rows, [[None, None, Some(String::new())]]);
}

#[tokio::test]
async fn types_are_named_as_in_results() {
    let shop = shop().await;
    for (sql, kind, precision, scale) in [
        ("true", "boolean", 0, 0),
        ("CAST(1 AS bigint)", "bigint", 19, 0),
        ("CAST(1 AS integer)", "integer", 10, 0),
        ("CAST(1 AS double)", "double", 17, 0),
        ("CAST(1 AS decimal(10,2))", "decimal", 10, 2),
        ("'a'", "varchar", i32::MAX, 0),
        ("DATE '2024-01-31'", "date", 0, 0),
        ("TIMESTAMP '2024-01-31 12:00:00'", "timestamp", 3, 0),
        ("ARRAY[1]", "array", 0, 0),
        ("to_utf8('a')", "varbinary", 1_073_741_824, 0),
    ] {
        let outcome = shop.query(&format!("SELECT {sql}")).await;
        let column = &outcome.columns[0];
        assert_eq!((column.kind.as_str(), column.precision, column.scale), (kind, precision, scale), "{sql}");
    }
}
