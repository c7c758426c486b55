use crate::shared::Shop;

#[tokio::test]
async fn what_athena_does_not_compare_is_not_compared() {
    let shop = Shop::open().await;
    for (sql, expected) in [
        (
            "SELECT id FROM customers WHERE joined = '2023-01-15'",
            "TYPE_MISMATCH: line 1:39: Cannot apply operator: date = varchar(10)",
        ),
        (
            "SELECT id FROM customers WHERE name > 'A'\n  AND id = '1'",
            "TYPE_MISMATCH: line 2:10: Cannot apply operator: bigint = varchar(1)",
        ),
        (
            "SELECT id FROM orders WHERE placed < '2024-01-01'",
            "TYPE_MISMATCH: line 1:36: Cannot apply operator: timestamp(3) < varchar(10)",
        ),
        (
            "SELECT id FROM customers WHERE active = 1",
            "TYPE_MISMATCH: line 1:39: Cannot apply operator: boolean = integer",
        ),
        ("SELECT 1 WHERE 'a' = 1", "TYPE_MISMATCH: line 1:20: Cannot apply operator: varchar(1) = integer"),
        ("SELECT name + 1 FROM customers", "TYPE_MISMATCH: line 1:13: Cannot apply operator: varchar + integer"),
        ("SELECT joined - 7 FROM customers", "TYPE_MISMATCH: line 1:15: Cannot apply operator: date - integer"),
        (
            "SELECT name || id FROM customers",
            "FUNCTION_NOT_FOUND: line 1:13: Unexpected parameters (varchar, bigint) for function concat.",
        ),
        (
            "SELECT id FROM customers WHERE joined BETWEEN '2023-01-01' AND '2023-12-31'",
            "TYPE_MISMATCH: line 1:39: Cannot check if date is BETWEEN varchar(10) and varchar(10)",
        ),
        (
            "SELECT id FROM customers WHERE id LIKE '1%'",
            "TYPE_MISMATCH: line 1:35: Left side of LIKE expression must evaluate to a varchar (actual: bigint)",
        ),
        (
            "SELECT id FROM customers WHERE id IN ('1', '2')",
            "TYPE_MISMATCH: line 1:35: IN value and list items must be the same type",
        ),
        (
            "SELECT id FROM customers WHERE name IN (SELECT id FROM orders)",
            "TYPE_MISMATCH: line 1:37: value and result of subquery must be of the same type for IN expression: varchar vs bigint",
        ),
        (
            "SELECT CASE WHEN id = 1 THEN 'one' ELSE 2 END FROM customers",
            "TYPE_MISMATCH: line 1:41: All CASE results must be the same type",
        ),
        (
            "SELECT coalesce(name, 0) FROM customers",
            "TYPE_MISMATCH: line 1:23: All COALESCE operands must be the same type",
        ),
        (
            "SELECT id FROM customers WHERE id",
            "TYPE_MISMATCH: line 1:32: WHERE clause must evaluate to a boolean: actual type bigint",
        ),
        (
            "SELECT id FROM customers WHERE active AND id",
            "TYPE_MISMATCH: line 1:43: Logical expression term must evaluate to a boolean (actual: bigint)",
        ),
        (
            "SELECT CASE WHEN id THEN 1 END FROM customers",
            "TYPE_MISMATCH: line 1:18: CASE WHEN clause must evaluate to a boolean (actual: bigint)",
        ),
        (
            "SELECT id FROM customers WHERE NOT id",
            "TYPE_MISMATCH: line 1:32: Value of logical NOT expression must evaluate to a boolean (actual: bigint)",
        ),
        (
            "SELECT avg(name) FROM customers",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar) for function avg. Expected: avg(",
        ),
        (
            "SELECT sum(name) FROM customers",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar) for function sum.",
        ),
        (
            "SELECT id FROM customers UNION SELECT name FROM customers",
            "TYPE_MISMATCH: line 1:26: column 1 in UNION query has incompatible types: bigint, varchar",
        ),
        (
            "SELECT c.id FROM customers c JOIN orders o ON c.name = o.id",
            "TYPE_MISMATCH: line 1:54: Cannot apply operator: varchar = bigint",
        ),
        (
            "SELECT (SELECT max(id) FROM orders WHERE note = 1)",
            "TYPE_MISMATCH: line 1:47: Cannot apply operator: varchar = integer",
        ),
        (
            "SELECT sum(CASE WHEN note = 1 THEN 1 END) FROM orders",
            "TYPE_MISMATCH: line 1:27: Cannot apply operator: varchar = integer",
        ),
    ] {
        let error = shop.error(sql).await;
        assert!(error.starts_with(expected), "{sql}\n{error}\n{expected}");
    }
}

#[tokio::test]
async fn what_athena_coerces_is_compared() {
    let shop = Shop::open().await;
    for (sql, expected) in [
        ("SELECT count(*) FROM orders WHERE id = 10.0", "1"),
        ("SELECT count(*) FROM orders WHERE total > 5", "2"),
        ("SELECT count(*) FROM orders WHERE weight < 1.5", "1"),
        ("SELECT count(*) FROM orders WHERE placed >= DATE '2024-02-01'", "2"),
        ("SELECT count(*) FROM orders WHERE placed BETWEEN DATE '2024-02-01' AND TIMESTAMP '2024-02-28 00:00:00'", "1"),
        ("SELECT count(*) FROM customers WHERE joined > DATE '2023-02-01' - INTERVAL '1' MONTH", "2"),
        ("SELECT count(*) FROM customers WHERE joined = NULL OR name IN ('Ada', NULL)", "1"),
        ("SELECT count(*) FROM customers WHERE id IN (1, 2.0, 3e0)", "3"),
        ("SELECT count(*) FROM orders WHERE coalesce(note, 'none') LIKE 'n%'", "1"),
        ("SELECT coalesce(max(total), 0) FROM orders", "100.05"),
        ("SELECT sum(CASE WHEN note IS NULL THEN 1 ELSE NULL END) FROM orders", "1"),
        ("SELECT 7 / 2", "3"),
        ("SELECT -7 / 2", "-3"),
        ("SELECT 'a' || 'b' || name FROM customers WHERE id = 1", "abAda"),
        ("SELECT ARRAY[1] || 2", "[1, 2]"),
        ("SELECT INTERVAL '1' DAY * 2", "2 00:00:00.000"),
    ] {
        assert_eq!(shop.cell(sql).await, expected, "{sql}");
    }
}
