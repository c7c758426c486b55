use super::check;

#[tokio::test]
async fn values_become_text() {
    check(&[
        ("CAST(42 AS varchar)", "42"),
        ("CAST(1.50 AS varchar)", "1.50"),
        ("CAST(1e0 AS varchar)", "1.0E0"),
        ("CAST(123.45e0 AS varchar)", "1.2345E2"),
        ("CAST(true AS varchar)", "true"),
        ("CAST(date '2024-03-05' AS varchar)", "2024-03-05"),
        ("CAST(timestamp '2024-03-05 01:02:03' AS varchar)", "2024-03-05 01:02:03.000"),
        ("CAST(from_unixtime(0) AS varchar)", "1970-01-01 00:00:00.000 UTC"),
        ("CAST('abcdef' AS varchar(3))", "abc"),
        ("CAST('ab' AS char(4)) || '|'", "ab  |"),
        ("CAST(12345 AS varchar(3))", "INVALID_CAST_ARGUMENT: Value 12345 cannot be represented as varchar(3)"),
    ])
    .await;
}

#[tokio::test]
async fn values_become_numbers() {
    check(&[
        ("CAST('42' AS integer)", "42"),
        ("CAST('42' AS bigint)", "42"),
        ("CAST('-7' AS smallint)", "-7"),
        ("CAST(1.5 AS integer)", "2"),
        ("CAST(2.5 AS bigint)", "3"),
        ("CAST(-1.5 AS integer)", "-2"),
        ("CAST(1.4e0 AS integer)", "1"),
        ("CAST(2.5e0 AS int)", "3"),
        ("CAST(true AS integer)", "1"),
        ("CAST('1.5' AS double)", "1.5"),
        ("CAST('1e3' AS double)", "1000.0"),
        ("CAST(1 AS real)", "1.0"),
        ("CAST('12.345' AS decimal(10, 2))", "12.35"),
        ("CAST(12.345e0 AS decimal(10, 1))", "12.3"),
        ("CAST(7 AS decimal(5, 2))", "7.00"),
        ("CAST(1.25 AS decimal(2, 1))", "1.3"),
        ("CAST(1.5 AS decimal)", "2"),
        ("decimal '0.10'", "0.10"),
        ("decimal '9876543210123.45' + 1", "9876543210124.45"),
        ("decimal '-12'", "-12"),
        ("CAST('x' AS integer)", "INVALID_CAST_ARGUMENT: Cannot cast 'x' to INT"),
        ("CAST('1.5' AS bigint)", "INVALID_CAST_ARGUMENT: Cannot cast '1.5' to BIGINT"),
        ("CAST('' AS double)", "INVALID_CAST_ARGUMENT: Cannot cast '' to DOUBLE"),
        ("CAST(3000000000 AS integer)", "NUMERIC_VALUE_OUT_OF_RANGE: Out of range for integer: 3000000000"),
        ("CAST(123 AS decimal(2, 0))", "INVALID_CAST_ARGUMENT: Cannot cast BIGINT '123' to DECIMAL(2, 0)"),
    ])
    .await;
}

#[tokio::test]
async fn values_become_dates_and_booleans() {
    check(&[
        ("CAST('2024-03-05' AS date)", "2024-03-05"),
        ("CAST(timestamp '2024-03-05 23:59:59' AS date)", "2024-03-05"),
        ("CAST('2024-03-05 01:02:03.5' AS timestamp)", "2024-03-05 01:02:03.500"),
        ("CAST('2024-03-05' AS timestamp)", "2024-03-05 00:00:00.000"),
        ("CAST(date '2024-03-05' AS timestamp)", "2024-03-05 00:00:00.000"),
        ("CAST('2024-03-05 01:02:03' AS timestamp(6))", "2024-03-05 01:02:03.000"),
        ("CAST(timestamp '2024-03-05 01:00:00' AS timestamp with time zone)", "2024-03-05 01:00:00.000 UTC"),
        ("CAST('12:34:56' AS time)", "12:34:56.000"),
        ("CAST(timestamp '2024-03-05 12:34:56' AS time)", "12:34:56.000"),
        ("CAST('true' AS boolean)", "true"),
        ("CAST('f' AS boolean)", "false"),
        ("CAST(0 AS boolean)", "false"),
        ("CAST('2024-02-30' AS date)", "INVALID_CAST_ARGUMENT: Value cannot be cast to date: 2024-02-30"),
        ("CAST('soon' AS timestamp)", "INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: soon"),
        ("CAST('maybe' AS boolean)", "INVALID_CAST_ARGUMENT: Cannot cast 'maybe' to BOOLEAN"),
        ("CAST(1 AS date)", "TYPE_MISMATCH: line 1:1: Cannot cast bigint to date"),
    ])
    .await;
}

#[tokio::test]
async fn try_cast_gives_null_for_what_cannot_be_cast() {
    check(&[
        ("TRY_CAST('x' AS integer)", "NULL"),
        ("TRY_CAST('42' AS integer)", "42"),
        ("TRY_CAST('2024-02-30' AS date)", "NULL"),
        ("TRY_CAST('abc' AS double)", "NULL"),
        ("TRY_CAST('1e999' AS decimal(5, 2))", "NULL"),
        ("TRY_CAST(3000000000 AS integer)", "NULL"),
        ("SELECT TRY_CAST(a AS bigint) FROM (VALUES ('1'), ('b'), (NULL)) AS t(a)", "1\nNULL\nNULL"),
    ])
    .await;
}

#[tokio::test]
async fn nested_types_are_cast_too() {
    check(&[
        ("CAST(ARRAY['1', '2'] AS array(integer))", "[1, 2]"),
        ("CAST(ARRAY[1, 2] AS array(varchar))", "[1, 2]"),
        ("CAST(MAP(ARRAY['a'], ARRAY['1']) AS map(varchar, bigint))", "{a=1}"),
        ("CAST(ROW(1, 'x') AS row(id bigint, name varchar))", "{id=1, name=x}"),
        ("CAST(ROW(1, 'x') AS row(id bigint, name varchar)).name", "x"),
        ("typeof(CAST(NULL AS array(varchar)))", "array(varchar)"),
    ])
    .await;
}

#[tokio::test]
async fn types_are_named_as_trino_names_them() {
    check(&[
        ("typeof('a')", "varchar"),
        ("typeof(CAST(1 AS bigint))", "bigint"),
        ("typeof(CAST(1 AS integer))", "integer"),
        ("typeof(1.5)", "decimal(2,1)"),
        ("typeof(1e0)", "double"),
        ("typeof(true)", "boolean"),
        ("typeof(date '2024-01-01')", "date"),
        ("typeof(timestamp '2024-01-01 00:00:00')", "timestamp(3)"),
        ("typeof(ARRAY['a'])", "array(varchar)"),
        ("typeof(MAP(ARRAY['a'], ARRAY[1e0]))", "map(varchar, double)"),
        ("typeof(to_utf8('a'))", "varbinary"),
        ("typeof(NULL)", "unknown"),
    ])
    .await;
}
