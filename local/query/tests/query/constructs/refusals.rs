//! What other databases have and Athena has not: a query that fails there fails here.

use super::check;

#[tokio::test]
async fn functions_of_other_databases_are_unknown() {
    check(&[
        ("to_char(date '2024-01-01', 'YYYY')", "FUNCTION_NOT_FOUND: line 1:8: Function 'to_char' not registered"),
        ("strftime('%Y', '2024-01-01')", "FUNCTION_NOT_FOUND: line 1:8: Function 'strftime' not registered"),
        ("date_part('year', date '2024-01-01')", "FUNCTION_NOT_FOUND: line 1:8: Function 'date_part' not registered"),
        ("string_agg('a', ',')", "FUNCTION_NOT_FOUND: line 1:8: Function 'string_agg' not registered"),
        ("datediff('day', now(), now())", "FUNCTION_NOT_FOUND: line 1:8: Function 'datediff' not registered"),
        ("ifnull(1, 2)", "FUNCTION_NOT_FOUND: line 1:8: Function 'ifnull' not registered"),
        ("1 + group_concat('a')", "FUNCTION_NOT_FOUND: line 1:12: Function 'group_concat' not registered"),
        ("left('abc', 1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'left' not registered"),
    ])
    .await;
}

#[tokio::test]
async fn arguments_of_other_types_are_refused() {
    check(&[
        (
            "year('2024-01-01')",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar) for function year. Expected: year(timestamp(p))",
        ),
        (
            "lower(1)",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (bigint) for function lower. Expected: lower(varchar(x))",
        ),
        (
            "md5('abc')",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar) for function md5. Expected: md5(varbinary)",
        ),
        (
            "substr('abc')",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar) for function substr. \
             Expected: substr(varchar(x), bigint), substr(varchar(x), bigint, bigint)",
        ),
        (
            "avg('abc')",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar) for function avg. \
             Expected: avg(decimal(p,s)), avg(bigint), avg(double)",
        ),
        (
            "contains(ARRAY[1, 2], 'a')",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (array(bigint), varchar) for function contains. \
             Expected: contains(array(T), T)",
        ),
    ])
    .await;
}

#[tokio::test]
async fn syntax_of_other_databases_is_an_error() {
    check(&[
        ("1::varchar", "SYNTAX_ERROR: line 1:8: mismatched input '::'"),
        ("'a' ILIKE 'A'", "SYNTAX_ERROR: line 1:8: mismatched input 'ILIKE'"),
        ("date '2024-01-01' + INTERVAL 1 DAY", "SYNTAX_ERROR: line 1:37: mismatched input '1'"),
        ("date '2024-01-01' + INTERVAL '1 day'", "SYNTAX_ERROR: line 1:37: mismatched input ''1 day''"),
        ("CAST(1 AS string)", "TYPE_NOT_FOUND: Unknown type: string"),
        ("CAST(1 AS float)", "TYPE_NOT_FOUND: Unknown type: float"),
        ("CAST('2024-01-01' AS datetime)", "TYPE_NOT_FOUND: Unknown type: datetime"),
    ])
    .await;
}
