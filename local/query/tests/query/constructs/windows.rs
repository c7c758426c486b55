use super::check;

#[tokio::test]
async fn rows_are_ranked_and_compared() {
    const T: &str = "(VALUES ('a', 1), ('a', 2), ('b', 2), ('b', 5)) AS t(k, v)";
    let cases = [
        ("row_number() OVER (ORDER BY v, k)", "1\n2\n3\n4"),
        ("rank() OVER (ORDER BY v)", "1\n2\n2\n4"),
        ("dense_rank() OVER (ORDER BY v)", "1\n2\n2\n3"),
        ("percent_rank() OVER (ORDER BY v)", "0.0\n0.3333333333333333\n0.3333333333333333\n1.0"),
        ("cume_dist() OVER (ORDER BY v)", "0.25\n0.75\n0.75\n1.0"),
        ("ntile(2) OVER (ORDER BY v, k)", "1\n1\n2\n2"),
        ("(row_number() OVER (ORDER BY v, k) - 1) / 2", "0\n0\n1\n1"),
        ("lag(v) OVER (ORDER BY v, k)", "NULL\n1\n2\n2"),
        ("lag(v, 2, 0) OVER (ORDER BY v, k)", "0\n0\n1\n2"),
        ("lead(v) OVER (PARTITION BY k ORDER BY v)", "2\nNULL\n5\nNULL"),
        ("first_value(v) OVER (PARTITION BY k ORDER BY v)", "1\n1\n2\n2"),
        (
            "last_value(v) OVER (PARTITION BY k ORDER BY v ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
            "2\n2\n5\n5",
        ),
        ("nth_value(v, 2) OVER (ORDER BY v, k ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)", "2\n2\n2\n2"),
        ("sum(v) OVER (ORDER BY v, k ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)", "1\n3\n5\n10"),
        ("avg(v) OVER (ORDER BY v, k ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)", "1.0\n1.5\n2.0\n3.5"),
        ("sum(v) OVER (PARTITION BY k)", "3\n3\n7\n7"),
        ("count(*) OVER ()", "4\n4\n4\n4"),
        ("max_by(k, v) OVER (ORDER BY v, k)", "a\na\na\nb"),
        ("sum(v) OVER w", "1\n3\n5\n10"),
        ("round(100e0 * v / sum(v) OVER (), 1)", "10.0\n20.0\n20.0\n50.0"),
    ];
    let cases: Vec<_> = cases
        .iter()
        .map(|(call, expected)| {
            let window =
                if call.ends_with(" w") { "WINDOW w AS (ORDER BY v, k ROWS UNBOUNDED PRECEDING) " } else { "" };
            let order = if call.contains("PARTITION") { "k, v" } else { "v, k" };
            (format!("SELECT {call} FROM {T} {window}ORDER BY {order}"), *expected)
        })
        .collect();
    check(&cases.iter().map(|(sql, expected)| (sql.as_str(), *expected)).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn nulls_are_ignored_where_asked() {
    check(&[
        (
            "SELECT last_value(v) IGNORE NULLS OVER (ORDER BY k) FROM (VALUES (1, 10), (2, NULL), (3, 30)) AS t(k, v) ORDER BY k",
            "10\n10\n30",
        ),
        (
            "SELECT lag(v) IGNORE NULLS OVER (ORDER BY k) FROM (VALUES (1, 10), (2, NULL), (3, 30)) AS t(k, v) ORDER BY k",
            "NULL\n10\n10",
        ),
        (
            "SELECT k FROM (SELECT k, row_number() OVER (PARTITION BY k ORDER BY v DESC) AS n \
             FROM (VALUES ('a', 1), ('a', 2), ('b', 3)) AS t(k, v)) WHERE n = 1 ORDER BY k",
            "a\nb",
        ),
    ])
    .await;
}
