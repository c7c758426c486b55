//! Words and phrases of SQL in any order: further into the grammar than letters come.

#![no_main]

use libfuzzer_sys::fuzz_target;

/// One byte chooses each. The first are whole clauses, so that short inputs are queries already.
#[rustfmt::skip]
const PHRASES: &[&str] = &[
    "SELECT", "FROM a", "FROM b", "SELECT * FROM a", "SELECT id FROM b", "FROM a AS x", "FROM a, b", "FROM a JOIN b", "USING (id)", "ON a.id = b.id",
    "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "OFFSET", "FETCH FIRST 5 ROWS ONLY", "WITH", "AS", "(", ")", ",", "(SELECT", "AS x", "AS y(c, d)",
    "UNION", "UNION ALL", "EXCEPT", "INTERSECT", "VALUES", "(1, 2)", "LATERAL", "CROSS JOIN", "LEFT JOIN", "FULL JOIN", "NATURAL JOIN", "UNNEST(tags)",
    "WITH ORDINALITY", "AS t(e)", "AS t(e, n)", "id", "name", "ssn", "tags", "row", "total", "date", "x", "y", "t", "e", "n", "a", "b", "c", "d", "a.id", "a.ssn",
    "x.id", "x.ssn", "x.*", "a.*", "*", "row.a", "tags[1]", "a.tags[1]", "x.ssn[1]", "shop.", "awsdatacatalog.", "secrets", "shop.a", "shop.a.id", "shop.a.ssn",
    "1", "2", "5", "100000", "1.5", "'text'", "''", "'it''s'", "NULL", "TRUE", "+", "-", "*", "/", "%", "||", "=", "<>", "<", ">=", "AND", "OR", "NOT", "IS NULL",
    "IS NOT NULL", "IS DISTINCT FROM", "IN", "NOT IN", "BETWEEN", "LIKE", "ESCAPE '!'", "EXISTS (SELECT", "= ANY (SELECT", "> ALL (SELECT", "CASE", "WHEN", "THEN",
    "ELSE", "END", "CAST(", "TRY_CAST(", "AS INTEGER)", "AS VARCHAR)", "AS ARRAY<INTEGER>)", "::", "::text", "EXTRACT(YEAR FROM", "INTERVAL '1' DAY", "INTERVAL 1 DAY",
    "DATE '2024-01-01'", "AT TIME ZONE 'UTC'", "count(*)", "count(", "max(", "sum(", "array_agg(", "listagg(", "upper(", "coalesce(", "if(", "sequence(1, 5)", "sequence(",
    "repeat(", "transform(tags, x ->", "reduce(tags, 0, (s, x) -> s, s -> s)", "filter(", "->", "ARRAY[", "]", "[", "DISTINCT", "ALL", "OVER ()", "OVER (", "OVER w",
    "WINDOW w AS (", "PARTITION BY", "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW", "FILTER (WHERE", "WITHIN GROUP (ORDER BY", "IGNORE NULLS", "ROLLUP (", "CUBE (",
    "GROUPING SETS (", "DESC", "NULLS LAST", "WITH a AS (SELECT", "WITH x AS (SELECT", "WITH RECURSIVE", "TABLE a", "INTO", "FOR UPDATE", "TABLESAMPLE", ";", "--", "/*",
    "*/", "\"", "\"ssn\"", "\"a\"", "`", "'", "DELETE FROM a", "substring(name FROM 1)", "trim(BOTH 'x' FROM name)", "position('x' IN name)", "ceil(", "row(", ".", ".a",
];

fuzz_target!(|bytes: &[u8]| {
    let phrases: Vec<_> = bytes.iter().filter_map(|byte| PHRASES.get(usize::from(*byte)).copied()).collect();
    shared_fuzz::judge(&phrases.join(" "));
});
