use crate::shared::Shop;

async fn all_begin(cases: &[(&str, &str)]) {
    let shop = Shop::open().await;
    for (sql, expected) in cases {
        let error = shop.error(sql).await;
        assert!(error.starts_with(expected), "{sql}\n{error}\n{expected}");
    }
}

#[tokio::test]
async fn names_that_are_not_there_are_named_with_their_place() {
    let rest = "cannot be resolved or requester is not authorized to access requested resources";
    all_begin(&[
        ("SELECT nam FROM customers", &format!("COLUMN_NOT_FOUND: line 1:8: Column 'nam' {rest}")),
        ("SELECT c.nam\nFROM customers c", &format!("COLUMN_NOT_FOUND: line 1:8: Column 'c.nam' {rest}")),
        ("SELECT id\nFROM customers\nWHERE  born > 1", &format!("COLUMN_NOT_FOUND: line 3:8: Column 'born' {rest}")),
        ("SELECT id FROM customers ORDER BY born", &format!("COLUMN_NOT_FOUND: line 1:35: Column 'born' {rest}")),
        (
            "SELECT id FROM customers GROUP BY id HAVING max(born) > 1",
            &format!("COLUMN_NOT_FOUND: line 1:49: Column 'born' {rest}"),
        ),
        ("SELECT id FROM nothing", "TABLE_NOT_FOUND: line 1:16: Table 'awsdatacatalog.shop.nothing' does not exist"),
        ("SELECT id FROM other.nothing", "SCHEMA_NOT_FOUND: line 1:16: Schema 'other' does not exist"),
        ("SELECT id FROM x.other.nothing", "CATALOG_NOT_FOUND: line 1:16: Catalog 'x' does not exist"),
        (
            "SELECT id, upper_case(name) FROM customers",
            "FUNCTION_NOT_FOUND: line 1:12: Function 'upper_case' not registered",
        ),
        ("SELECT id FROM orders o, customers c", "AMBIGUOUS_NAME: line 1:8: Column 'id' is ambiguous"),
    ])
    .await;
}

#[tokio::test]
async fn grouping_is_checked() {
    let rest = "must be an aggregate expression or appear in GROUP BY clause";
    all_begin(&[
        ("SELECT name, count(*) FROM customers", &format!("EXPRESSION_NOT_AGGREGATE: line 1:8: 'name' {rest}")),
        (
            "SELECT c.id, c.name FROM customers c GROUP BY c.id",
            &format!("EXPRESSION_NOT_AGGREGATE: line 1:14: 'c.name' {rest}"),
        ),
        (
            "SELECT id FROM customers GROUP BY id HAVING active",
            &format!("EXPRESSION_NOT_AGGREGATE: line 1:45: 'active' {rest}"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_new_name_is_known_to_order_by_only() {
    let rest = "cannot be resolved or requester is not authorized to access requested resources";
    all_begin(&[
        (
            "SELECT name AS n, count(*) FROM customers GROUP BY n",
            &format!("COLUMN_NOT_FOUND: line 1:52: Column 'n' {rest}"),
        ),
        (
            "SELECT name, max(id) AS m FROM customers GROUP BY name HAVING m > 1",
            &format!("COLUMN_NOT_FOUND: line 1:63: Column 'm' {rest}"),
        ),
        ("SELECT id + 1 AS n FROM customers WHERE n > 1", &format!("COLUMN_NOT_FOUND: line 1:41: Column 'n' {rest}")),
        (
            "WITH c AS (SELECT id FROM customers) SELECT upper('a') AS x FROM c GROUP BY x",
            &format!("COLUMN_NOT_FOUND: line 1:77: Column 'x' {rest}"),
        ),
    ])
    .await;
    let shop = Shop::open().await;
    for sql in [
        "SELECT upper(name) AS name FROM customers GROUP BY name ORDER BY name",
        "SELECT upper(name) AS n FROM customers GROUP BY name ORDER BY n",
        "SELECT n FROM (SELECT upper(name) AS n FROM customers) GROUP BY n ORDER BY n",
        "WITH c (n) AS (SELECT upper(name) FROM customers) SELECT n, count(*) AS k FROM c GROUP BY n HAVING count(*) > 0 ORDER BY n",
        "SELECT upper(name) AS total FROM customers GROUP BY name HAVING max(id) > (SELECT min(total) - 5 FROM orders) ORDER BY total",
    ] {
        assert!(shop.rows(sql).await[0].starts_with("A"), "{sql}");
    }
}

#[tokio::test]
async fn what_other_databases_have_is_an_error() {
    all_begin(&[
        ("SELECT TOP 5 id FROM customers", "SYNTAX_ERROR: line 1:8: mismatched input 'TOP'"),
        (
            "SELECT id FROM customers QUALIFY row_number() OVER () = 1",
            "SYNTAX_ERROR: line 1:26: mismatched input 'QUALIFY'",
        ),
        ("SELECT * FROM customers NATURAL JOIN orders", "NOT_SUPPORTED: line 1:25: Natural join not supported"),
        ("SELECT DISTINCT ON (name) id FROM customers", "SYNTAX_ERROR: line 1:17: mismatched input 'ON'"),
        ("SELECT * FROM customers JOIN orders", "SYNTAX_ERROR: line 1:25: mismatched input 'JOIN'"),
        ("SELECT * FROM customers FOR UPDATE", "SYNTAX_ERROR: line 1:25: mismatched input 'FOR'"),
        ("SELECT id FROM customers LIMIT 1, 2", "SYNTAX_ERROR: line 1:33: mismatched input ','. Expecting: <EOF>"),
        (
            "SELECT * FROM generate_series(1, 5)",
            "FUNCTION_NOT_FOUND: line 1:15: Table function 'generate_series' not registered",
        ),
    ])
    .await;
}

#[tokio::test]
async fn clauses_say_what_they_do_not_take() {
    all_begin(&[
        (
            "SELECT id FROM customers WHERE count(*) > 1",
            "EXPRESSION_NOT_SCALAR: line 1:26: WHERE clause cannot contain aggregations",
        ),
        (
            "SELECT sum(sum(id)) FROM customers",
            "NESTED_AGGREGATION: line 1:16: Cannot nest aggregations inside aggregation",
        ),
        (
            "SELECT id FROM customers ORDER BY 5",
            "INVALID_COLUMN_REFERENCE: line 1:26: ORDER BY position 5 is not in select list",
        ),
        (
            "SELECT DISTINCT name FROM customers ORDER BY id",
            "EXPRESSION_NOT_IN_DISTINCT: line 1:46: For SELECT DISTINCT",
        ),
        (
            "SELECT id FROM customers WHERE id = (SELECT id, name FROM customers)",
            "NOT_SUPPORTED: line 1:38: Multiple columns returned by subquery are not yet supported. Found 2",
        ),
        (
            "SELECT id FROM customers UNION SELECT id, name FROM customers",
            "TYPE_MISMATCH: line 1:26: UNION query has different number of fields: 1, 2",
        ),
        (
            "WITH t AS (SELECT 1 AS a), t AS (SELECT 2 AS a) SELECT a FROM t",
            "DUPLICATE_NAMED_QUERY: line 1:6: WITH query name 't'",
        ),
        (
            "SELECT id FROM customers c WHERE (SELECT count(*) FROM orders o WHERE o.note < c.name) > 1",
            "NOT_SUPPORTED: line 1:35: Given correlated subquery is not supported",
        ),
        ("SELECT customers.* FROM orders", "COLUMN_NOT_FOUND: line 1:8: Unable to resolve reference customers"),
    ])
    .await;
}

#[tokio::test]
async fn syntax_errors_tell_what_was_found_and_where() {
    all_begin(&[
        ("SELECT FROM customers WHERE", "SYNTAX_ERROR: line 1:"),
        ("SELEC 1", "SYNTAX_ERROR: line 1:1: mismatched input 'SELEC'. Expecting: "),
        ("SELECT (1", "SYNTAX_ERROR: line 1:10: mismatched input '<EOF>'. Expecting: )"),
        ("SELECT 1; SELECT 2", "SYNTAX_ERROR: line 1:11: mismatched input 'SELECT'. Expecting: <EOF>"),
        ("", "SYNTAX_ERROR: line 1:1: mismatched input '<EOF>'"),
        ("SELECT `id` FROM customers", "SYNTAX_ERROR: line 1:8: backquoted identifiers are not supported"),
        ("SELECT 'a", "SYNTAX_ERROR: line 1:8: "),
    ])
    .await;
}

#[tokio::test]
async fn what_fails_while_running_is_named() {
    all_begin(&[
        ("SELECT id / (id - id) FROM customers", "DIVISION_BY_ZERO: Division by zero"),
        ("SELECT 1 / 0", "DIVISION_BY_ZERO: Division by zero"),
        ("SELECT CAST(name AS integer) FROM customers WHERE id = 1", "INVALID_CAST_ARGUMENT: Cannot cast 'Ada' to INT"),
        ("SELECT (SELECT id FROM customers)", "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows"),
    ])
    .await;
}

#[tokio::test]
async fn only_queries_are_run() {
    all_begin(&[
        ("EXPLAIN SELECT 1", "NOT_SUPPORTED: line 1:1: "),
        ("SHOW TABLES", "NOT_SUPPORTED: line 1:1: "),
        ("DESCRIBE customers", "NOT_SUPPORTED: line 1:1: "),
        ("COPY customers TO 'x.csv'", "NOT_SUPPORTED: line 1:1: "),
        ("SET a = 1", "NOT_SUPPORTED: line 1:1: "),
        ("SELECT * FROM information_schema.tables", "SCHEMA_NOT_FOUND: line 1:15: "),
        ("SELECT * FROM '/etc/passwd'", ""),
        ("SELECT 1 INTO x", ""),
    ])
    .await;
}
