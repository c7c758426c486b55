use super::check;

#[tokio::test]
async fn functions_take_functions() {
    check(&[
        ("transform(ARRAY[1, 2, 3], x -> x * 10)", "[10, 20, 30]"),
        ("filter(ARRAY[5, -6, NULL, 7], x -> x > 0)", "[5, 7]"),
        ("reduce(ARRAY[5, 20, 50], 0, (s, x) -> s + x, s -> s)", "75"),
        ("reduce(ARRAY[5, 6, 10, 20], 1e0, (s, x) -> s * x, s -> s / 10)", "600.0"),
        ("reduce(ARRAY['a', 'b'], '', (s, x) -> s || x, s -> upper(s))", "AB"),
        ("any_match(ARRAY[1, 2, 3], x -> x > 2)", "true"),
        ("all_match(ARRAY[1, 2, 3], x -> x > 2)", "false"),
        ("all_match(ARRAY[1, 2, 3], x -> x > 0)", "true"),
        ("none_match(ARRAY[1, 2, 3], x -> x > 3)", "true"),
        ("zip_with(ARRAY[1, 3, 5], ARRAY['a', 'b', 'c'], (x, y) -> y || CAST(x AS varchar))", "[a1, b3, c5]"),
        ("zip_with(ARRAY[1, 2], ARRAY[10], (x, y) -> x + coalesce(y, 0))", "[11, 2]"),
        ("transform_values(MAP(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> v * 10)", "{a=10, b=20}"),
        ("transform_keys(MAP(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> upper(k))", "{A=1, B=2}"),
        ("map_filter(MAP(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> v > 1)", "{b=2}"),
        (
            "SELECT transform(items, x -> x + base) FROM (VALUES (1, ARRAY[1, 2]), (10, ARRAY[3])) AS t(base, items) \
             ORDER BY base",
            "[2, 3]\n[13]",
        ),
        (
            "SELECT reduce(items, 0, (s, x) -> s + x * base, s -> s) \
             FROM (VALUES (1, ARRAY[1, 2]), (10, ARRAY[3]), (5, NULL)) AS t(base, items) ORDER BY base",
            "3\nNULL\n30",
        ),
    ])
    .await;
}
