use super::check;

#[tokio::test]
async fn queries_are_put_together() {
    check(&[
        ("VALUES (1, 'a'), (2, 'b')", "1|a\n2|b"),
        ("WITH t AS (SELECT 1 AS x), u (y) AS (SELECT x + 1 FROM t) SELECT x, y FROM t CROSS JOIN u", "1|2"),
        ("SELECT 1 UNION SELECT 1", "1"),
        ("SELECT x FROM (SELECT 1 AS x UNION ALL SELECT 2) ORDER BY x DESC", "2\n1"),
        ("SELECT x FROM (VALUES (1), (2), (3)) AS t(x) INTERSECT SELECT 2", "2"),
        ("SELECT x FROM (VALUES (1), (2)) AS t(x) EXCEPT SELECT 2", "1"),
        ("SELECT x FROM (VALUES (1), (2), (3)) AS t(x) ORDER BY x LIMIT 2", "1\n2"),
        ("SELECT x FROM (VALUES (1), (2), (3)) AS t(x) ORDER BY x OFFSET 1 LIMIT 1", "2"),
        ("SELECT x FROM (VALUES (1), (2), (3)) AS t(x) ORDER BY x OFFSET 2 ROWS", "3"),
        ("SELECT x FROM (VALUES (1), (2), (3)) AS t(x) ORDER BY x FETCH FIRST 2 ROWS ONLY", "1\n2"),
        ("SELECT x FROM (VALUES (1), (2), (3)) AS t(x) ORDER BY x OFFSET 1 ROW FETCH NEXT ROW ONLY", "2"),
        ("SELECT DISTINCT x FROM (VALUES (1), (1), (2)) AS t(x) ORDER BY 1", "1\n2"),
        ("SELECT x FROM (VALUES (2), (NULL), (1)) AS t(x) ORDER BY x", "1\n2\nNULL"),
        ("SELECT x FROM (VALUES (2), (NULL), (1)) AS t(x) ORDER BY x DESC", "2\n1\nNULL"),
        ("SELECT x FROM (VALUES (2), (NULL), (1)) AS t(x) ORDER BY x DESC NULLS FIRST", "NULL\n2\n1"),
    ])
    .await;
}

#[tokio::test]
async fn tables_are_joined() {
    const A: &str = "(VALUES (1, 'x'), (2, 'y')) AS a(id, v)";
    const B: &str = "(VALUES (2, 'q'), (3, 'r')) AS b(id, w)";
    let cases = [
        ("SELECT a.v, b.w FROM A JOIN B ON a.id = b.id", "y|q"),
        ("SELECT a.v, b.w FROM A LEFT JOIN B ON a.id = b.id ORDER BY a.v", "x|NULL\ny|q"),
        ("SELECT a.v, b.w FROM A RIGHT OUTER JOIN B ON a.id = b.id ORDER BY b.w", "y|q\nNULL|r"),
        ("SELECT a.v, b.w FROM A FULL JOIN B ON a.id = b.id ORDER BY a.v, b.w", "x|NULL\ny|q\nNULL|r"),
        ("SELECT count(*) FROM A CROSS JOIN B", "4"),
        ("SELECT v, w FROM A JOIN B USING (id)", "y|q"),
        ("SELECT v FROM A WHERE id IN (SELECT id FROM B)", "y"),
        ("SELECT v FROM A WHERE NOT EXISTS (SELECT 1 FROM B WHERE b.id = a.id)", "x"),
        ("SELECT v, (SELECT max(w) FROM B WHERE b.id = a.id) FROM A ORDER BY v", "x|NULL\ny|q"),
        ("SELECT v FROM A WHERE id = (SELECT min(id) FROM B)", "y"),
    ];
    let cases: Vec<_> = cases
        .iter()
        .map(|(sql, expected)| {
            (
                sql.replace("FROM A", &format!("FROM {A}"))
                    .replace("JOIN B", &format!("JOIN {B}"))
                    .replace("FROM B", &format!("FROM {B}")),
                *expected,
            )
        })
        .collect();
    check(&cases.iter().map(|(sql, expected)| (sql.as_str(), *expected)).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn rows_are_values() {
    check(&[
        ("ROW(1, 'a')", "{field0=1, field1=a}"),
        ("(1, 2) = (1, 2)", "true"),
        ("(1 + 1, 'a') = (2, 'a')", "true"),
        ("SELECT t.r.name FROM (SELECT CAST(ROW(1, 'x') AS row(id bigint, name varchar)) AS r) AS t", "x"),
    ])
    .await;
}
