use crate::shared::Shop;

async fn names(shop: &Shop, sql: &str) -> Vec<String> {
    shop.query(sql).await.columns.into_iter().map(|column| column.name).collect()
}

#[tokio::test]
async fn columns_are_named_as_written_and_numbered_where_they_have_no_name() {
    let shop = Shop::open().await;
    for (sql, expected) in [
        ("SELECT ID, c.Name, count(*) FROM customers c GROUP BY id, name", vec!["ID", "Name", "_col2"]),
        ("SELECT 1, 2 AS \"Two Words\", 1", vec!["_col0", "Two Words", "_col2"]),
        ("SELECT 1, *, 2 FROM customers", vec!["_col0", "id", "name", "joined", "active", "_col5"]),
        ("SELECT id, id FROM customers", vec!["id", "id"]),
        ("SELECT o.id, c.id FROM orders o JOIN customers c ON c.id = o.customer_id", vec!["id", "id"]),
        ("SELECT * FROM (SELECT max(id) FROM customers)", vec!["_col0"]),
        ("SELECT id AS Key FROM customers UNION ALL SELECT id FROM orders", vec!["Key"]),
        ("WITH t AS (SELECT count(*) AS N FROM orders) SELECT n FROM t", vec!["n"]),
        ("SELECT * FROM (VALUES (1, 'a')) AS t (Num, Word)", vec!["num", "word"]),
    ] {
        assert_eq!(names(&shop, sql).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn identifiers_mean_the_same_in_any_case_with_or_without_quotes() {
    let shop = Shop::open().await;
    for sql in [
        "SELECT NAME FROM CUSTOMERS WHERE ID = 1",
        "SELECT \"Name\" FROM \"Customers\" WHERE \"iD\" = 1",
        "SELECT C.\"NAME\" FROM \"AwsDataCatalog\".\"SHOP\".\"customers\" AS \"C\" WHERE c.id = 1",
        "SELECT \"My Name\" FROM (SELECT name AS \"MY name\", id FROM awsdatacatalog.shop.customers) WHERE id = 1",
        "WITH \"T\" AS (SELECT * FROM customers) SELECT name FROM t WHERE T.id = 1;",
    ] {
        assert_eq!(shop.cell(sql).await, "Ada", "{sql}");
    }
}

#[tokio::test]
async fn nulls_come_last_in_both_orders() {
    let shop = Shop::open().await;
    assert_eq!(shop.rows("SELECT name FROM customers ORDER BY joined").await, ["Ada", "Ben", "Cleo"]);
    assert_eq!(shop.rows("SELECT name FROM customers ORDER BY joined DESC").await, ["Ben", "Ada", "Cleo"]);
}

#[tokio::test]
async fn rows_come_in_the_order_of_the_file_where_nothing_asks_for_another() {
    let rows: Vec<_> = (0..20_000).map(|number| format!("({number})")).collect();
    let script = format!("CREATE TABLE t (n INT); INSERT INTO t VALUES {};", rows.join(","));
    let shop = Shop::with(&script, local_query::Options::default()).await;
    assert_eq!(shop.rows("SELECT n FROM t LIMIT 3").await, ["0", "1", "2"]);
    assert_eq!(shop.rows("SELECT n FROM t WHERE n % 7000 = 6999").await, ["6999", "13999"]);
    assert_eq!(shop.rows("SELECT n FROM t OFFSET 19999").await, ["19999"]);
}
