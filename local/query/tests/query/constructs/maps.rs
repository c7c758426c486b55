use super::check;

#[tokio::test]
async fn maps_are_made_and_read() {
    check(&[
        ("MAP(ARRAY['a', 'b'], ARRAY[1, 2])", "{a=1, b=2}"),
        ("MAP()", "{}"),
        ("map_keys(MAP(ARRAY['a', 'b'], ARRAY[1, 2]))", "[a, b]"),
        ("map_values(MAP(ARRAY['a', 'b'], ARRAY[1, 2]))", "[1, 2]"),
        ("MAP(ARRAY['a', 'b'], ARRAY[1, 2])['b']", "2"),
        ("element_at(MAP(ARRAY['a'], ARRAY[1]), 'z')", "NULL"),
        ("cardinality(MAP(ARRAY['a', 'b'], ARRAY[1, 2]))", "2"),
        ("map_entries(MAP(ARRAY[1, 2], ARRAY['x', 'y']))", "[{field0=1, field1=x}, {field0=2, field1=y}]"),
        ("map_from_entries(ARRAY[ROW(1, 'x'), ROW(2, 'y')])", "{1=x, 2=y}"),
        ("map_concat(MAP(ARRAY['a'], ARRAY[1]), MAP(ARRAY['a', 'b'], ARRAY[2, 3]))", "{a=2, b=3}"),
        ("MAP(ARRAY['a'], ARRAY[1])['z']", "INVALID_FUNCTION_ARGUMENT: Key not present in map: z"),
        ("MAP(ARRAY['a', 'a'], ARRAY[1, 2])", "INVALID_FUNCTION_ARGUMENT: Duplicate map keys (a) are not allowed"),
        ("MAP(ARRAY['a'], ARRAY[1, 2])", "INVALID_FUNCTION_ARGUMENT: Key and value arrays must be the same length"),
    ])
    .await;
}
