use std::time::Instant;

use local_query::Options;

use crate::shared::{SHOP, Shop};

const NUMBERS: &str = "
    CREATE TABLE numbers (n INTEGER, word TEXT);
    WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s LIMIT 200000)
    INSERT INTO numbers SELECT n, 'a word that is not too short ' || n FROM s;";

fn little(spill: bool) -> Options {
    Options { memory_bytes: 8 << 20, spill }
}

#[tokio::test]
async fn a_query_that_needs_too_much_memory_is_refused() {
    let shop = Shop::with(NUMBERS, little(false)).await;
    for sql in [
        "SELECT word, count(*) FROM numbers GROUP BY word ORDER BY 2, 1 LIMIT 1",
        "SELECT a.n FROM numbers a JOIN numbers b ON a.word = b.word ORDER BY a.word LIMIT 1",
        "SELECT array_agg(word) FROM numbers",
        "SELECT word FROM numbers",
    ] {
        let error = shop.error(sql).await;
        assert_eq!(error, "EXCEEDED_MEMORY_LIMIT: Query exceeded the memory limit of 8MB", "{sql}");
    }
    assert_eq!(shop.cell("SELECT max(n) FROM numbers").await, "200000");
}

#[tokio::test]
async fn what_can_be_sorted_on_disk_is() {
    let shop = Shop::with(NUMBERS, little(true)).await;
    let sql = "SELECT max(r) FROM (SELECT row_number() OVER (ORDER BY word) AS r FROM numbers)";
    assert_eq!(shop.cell(sql).await, "200000");
}

#[tokio::test]
async fn memory_is_given_back() {
    let shop = Shop::with(NUMBERS, Options { memory_bytes: 64 << 20, spill: false }).await;
    for _ in 0..5 {
        assert_eq!(shop.cell("SELECT count(DISTINCT word) FROM numbers").await, "200000");
        assert_eq!(shop.query("SELECT n FROM numbers LIMIT 100000").await.rows.len(), 100_000);
    }
}

#[tokio::test]
async fn a_tree_that_is_too_deep_is_an_error() {
    let shop = Shop::with(SHOP, Options::default()).await;
    let deep = "SYNTAX_ERROR: line 1:1: statement is too large (stack overflow while parsing)";
    for count in [5_000, 60_000] {
        assert_eq!(shop.error(&format!("SELECT 1{}", "+1".repeat(count))).await, deep);
        assert_eq!(shop.error(&format!("SELECT {}true", "NOT ".repeat(count))).await, deep);
        assert_eq!(shop.error(&format!("SELECT {}1{}", "(".repeat(count), ")".repeat(count))).await, deep);
        let subqueries = format!("{}SELECT 1{}", "SELECT * FROM (".repeat(count / 5), ")".repeat(count / 5));
        assert_eq!(shop.error(&subqueries).await, deep);
    }
    assert!(shop.error(&format!("SELECT '{}'", "x".repeat(300_000))).await.starts_with("SYNTAX_ERROR: line 1:1: "));
}

#[tokio::test]
async fn a_tree_that_is_just_not_too_deep_runs() {
    let shop = Shop::with(SHOP, Options::default()).await;
    let started = Instant::now();
    assert_eq!(shop.cell(&format!("SELECT max(id){} FROM orders", " + 1".repeat(150))).await, "162");
    let filter = format!("id = 0{}", " OR id = 12".repeat(100));
    assert_eq!(shop.cell(&format!("SELECT count(*) FROM orders WHERE {filter}")).await, "1");
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
