use super::check;

#[tokio::test]
async fn elements_are_reached_by_index() {
    check(&[
        ("ARRAY[10, 20, 30][2]", "20"),
        ("element_at(ARRAY[10, 20, 30], 3)", "30"),
        ("element_at(ARRAY[10, 20, 30], -1)", "30"),
        ("element_at(ARRAY[10, 20, 30], 4)", "NULL"),
        ("ARRAY[ARRAY[1, 2], ARRAY[3]][1][2]", "2"),
        ("cardinality(ARRAY[1, NULL, 3])", "3"),
        ("cardinality(ARRAY[ARRAY[1, 2], ARRAY[3]])", "2"),
        ("cardinality(ARRAY[])", "0"),
        ("slice(ARRAY[1, 2, 3, 4], 2, 2)", "[2, 3]"),
        ("slice(ARRAY[1, 2, 3, 4], -2, 2)", "[3, 4]"),
        ("slice(ARRAY[1, 2], 5, 2)", "[]"),
        ("trim_array(ARRAY[1, 2, 3, 4], 1)", "[1, 2, 3]"),
        (
            "ARRAY[1, 2][3]",
            "INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 3 > 2",
        ),
        ("ARRAY[1, 2][0]", "INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1"),
        ("ARRAY[1, 2][-1]", "INVALID_FUNCTION_ARGUMENT: Array subscript is negative: -1"),
    ])
    .await;
}

#[tokio::test]
async fn elements_are_searched() {
    check(&[
        ("contains(ARRAY[1, 2, 3], 2)", "true"),
        ("contains(ARRAY['a', 'b'], 'c')", "false"),
        ("contains(ARRAY[1, NULL], 2)", "NULL"),
        ("array_position(ARRAY['a', 'b'], 'b')", "2"),
        ("array_position(ARRAY['a', 'b'], 'z')", "0"),
        ("arrays_overlap(ARRAY[1, 2], ARRAY[2, 3])", "true"),
        ("arrays_overlap(ARRAY[1, 2], ARRAY[3])", "false"),
        ("arrays_overlap(ARRAY[1, NULL], ARRAY[3])", "NULL"),
        ("array_max(ARRAY[3, 1, 2])", "3"),
        ("array_min(ARRAY['b', 'a'])", "a"),
        ("array_max(ARRAY[1, NULL])", "NULL"),
    ])
    .await;
}

#[tokio::test]
async fn arrays_are_sets_and_sequences() {
    check(&[
        ("array_distinct(ARRAY[1, 2, 1, NULL, NULL])", "[1, 2, null]"),
        ("array_union(ARRAY[1, 2], ARRAY[2, 3])", "[1, 2, 3]"),
        ("array_intersect(ARRAY[1, 2, 2], ARRAY[2, 3])", "[2]"),
        ("array_except(ARRAY[1, 2, 3, 3], ARRAY[2])", "[1, 3]"),
        ("array_remove(ARRAY[1, 2, 1], 1)", "[2]"),
        ("array_sort(ARRAY[3, NULL, 1])", "[1, 3, null]"),
        ("reverse(ARRAY[1, 2, 3])", "[3, 2, 1]"),
        ("array_join(ARRAY['a', NULL, 'b'], '-')", "a-b"),
        ("array_join(ARRAY[1, NULL, 2], ',', '?')", "1,?,2"),
        ("flatten(ARRAY[ARRAY[1], ARRAY[2, 3]])", "[1, 2, 3]"),
        ("repeat('a', 3)", "[a, a, a]"),
        ("concat(ARRAY[1], ARRAY[2, 3])", "[1, 2, 3]"),
        ("ARRAY[1] || ARRAY[2]", "[1, 2]"),
        ("ARRAY[1] || 2", "[1, 2]"),
        ("sequence(1, 5)", "[1, 2, 3, 4, 5]"),
        ("sequence(10, 1, -4)", "[10, 6, 2]"),
        ("sequence(3, 1)", "[3, 2, 1]"),
        ("sequence(date '2024-01-30', date '2024-02-01')", "[2024-01-30, 2024-01-31, 2024-02-01]"),
        ("sequence(date '2024-01-31', date '2024-03-31', interval '1' month)", "[2024-01-31, 2024-02-29, 2024-03-31]"),
        ("zip(ARRAY[1, 2], ARRAY['a'])", "[{field0=1, field1=a}, {field0=2, field1=null}]"),
        ("ngrams(ARRAY['a', 'b', 'c'], 2)", "[[a, b], [b, c]]"),
    ])
    .await;
}

#[tokio::test]
async fn arrays_are_unnested_into_rows() {
    check(&[
        ("SELECT x FROM UNNEST(ARRAY[1, 2]) AS t(x)", "1\n2"),
        ("SELECT x, n FROM UNNEST(ARRAY['a', 'b']) WITH ORDINALITY AS t(x, n) ORDER BY n", "a|1\nb|2"),
        ("SELECT x, y FROM UNNEST(ARRAY[1, 2], ARRAY['a']) AS t(x, y) ORDER BY x", "1|a\n2|NULL"),
        (
            "SELECT id, x FROM (VALUES (1, ARRAY[10, 20]), (2, ARRAY[30])) AS t(id, items) \
             CROSS JOIN UNNEST(items) AS u(x) ORDER BY x",
            "1|10\n1|20\n2|30",
        ),
        (
            "SELECT id, x, n FROM (VALUES (1, ARRAY[10, 20]), (2, ARRAY[30])) AS t(id, items) \
             CROSS JOIN UNNEST(t.items) WITH ORDINALITY AS u(x, n) ORDER BY x",
            "1|10|1\n1|20|2\n2|30|1",
        ),
        (
            "SELECT id, word FROM (VALUES (1, 'a b'), (2, 'c')) AS t(id, line) \
             CROSS JOIN UNNEST(split(line, ' ')) AS u(word) ORDER BY word",
            "1|a\n1|b\n2|c",
        ),
        ("SELECT k, v FROM UNNEST(MAP(ARRAY['a', 'b'], ARRAY[1, 2])) AS t(k, v) ORDER BY k", "a|1\nb|2"),
        ("SELECT a, b FROM UNNEST(ARRAY[ROW(1, 'x'), ROW(2, 'y')]) AS t(a, b) ORDER BY a", "1|x\n2|y"),
        (
            "SELECT id, x FROM (VALUES (1, ARRAY[10]), (2, CAST(NULL AS array(integer))), (3, ARRAY[])) AS t(id, items) \
             LEFT JOIN UNNEST(items) AS u(x) ON true ORDER BY id",
            "1|10\n2|NULL\n3|NULL",
        ),
        ("SELECT id, x FROM (VALUES (1, ARRAY[10])) AS t(id, items), UNNEST(items) AS u(x)", "1|10"),
        ("SELECT day FROM UNNEST(sequence(date '2024-01-01', date '2024-01-02')) AS t(day)", "2024-01-01\n2024-01-02"),
    ])
    .await;
}
