use std::time::{Duration, Instant};

use local_query::{Engine, Options};

use crate::shared::Shop;

const NUMBERS: &str = "
    CREATE TABLE numbers (n INTEGER, word TEXT);
    WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s LIMIT 100000)
    INSERT INTO numbers SELECT n, 'word ' || (n * 7919 % 100000) FROM s;
    CREATE VIEW endless AS WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s) SELECT n FROM s;";

/// Nothing of any query is left, within a second; tests that compute beside this one may take two more.
async fn is_gone(engine: &Engine, sql: &str) {
    let dropped = Instant::now();
    while engine.running() > 0 {
        assert!(dropped.elapsed() < Duration::from_secs(3), "still running: {sql}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_nobody_waits_for_runs_no_longer() {
    let shop = Shop::with(NUMBERS.split("CREATE VIEW").next().unwrap(), Options::default()).await;
    for sql in [
        // Rows without end.
        "SELECT sum(a.n + b.n - c.n) FROM numbers a, numbers b, numbers c",
        "SELECT sum(a.n * b.n) FROM numbers a CROSS JOIN numbers b CROSS JOIN numbers c",
        // No row at all, for billions of pairs.
        "SELECT a.n FROM numbers a JOIN numbers b ON a.n + b.n < 0",
        "SELECT a.n FROM numbers a JOIN numbers b ON a.word || b.word = 'nothing' AND a.n > b.n",
        "SELECT a.n FROM numbers a LEFT JOIN numbers b ON a.n * b.n < 0 WHERE b.n IS NOT NULL",
        "SELECT n FROM numbers a WHERE NOT EXISTS (SELECT 1 FROM numbers b WHERE b.n + a.n > 1000000)",
        // One key for all.
        "SELECT count(*) FROM (SELECT 1 AS k, n FROM numbers) a JOIN (SELECT 1 AS k, n FROM numbers) b ON a.k = b.k AND a.n + b.n < 0",
        // Sorted, grouped, numbered.
        "SELECT a.word, b.n FROM numbers a, numbers b ORDER BY a.word, b.n DESC LIMIT 5",
        "SELECT a.word, count(DISTINCT b.n) FROM numbers a, numbers b GROUP BY a.word",
        "SELECT row_number() OVER (PARTITION BY a.word ORDER BY b.n) FROM numbers a, numbers b",
        "SELECT DISTINCT a.word || b.word FROM numbers a, numbers b",
        // Recursive.
        "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n > 0) SELECT max(n) FROM t",
    ] {
        let running = tokio::time::timeout(Duration::from_millis(700), shop.engine.query("shop", sql)).await;
        assert!(running.is_err(), "{sql} ended: {running:?}");
        is_gone(&shop.engine, sql).await;
    }
    assert_eq!(shop.cell("SELECT count(*) FROM numbers").await, "100000");
}

#[cfg(target_os = "linux")]
#[test]
fn a_stopped_query_takes_no_more_processor_time() {
    // In a process of its own: other tests compute beside this one.
    let test = "stop::alone_no_processor_time_is_taken";
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", test])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures the whole process and is run by the test above"]
async fn alone_no_processor_time_is_taken() {
    /// Hundredths of a second.
    fn used() -> u64 {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
    let shop = Shop::with(NUMBERS.split("CREATE VIEW").next().unwrap(), Options::default()).await;
    let sql = "SELECT a.n FROM numbers a JOIN numbers b ON a.n * b.n + a.n < 0";
    let before = used();
    let running = tokio::time::timeout(Duration::from_secs(1), shop.engine.query("shop", sql)).await;
    assert!(running.is_err());
    assert!(used() - before > 10, "it did compute");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let stopped = used();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(used() - stopped <= 5, "{} hundredths of a second", used() - stopped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_computes_keeps_no_other_waiting() {
    let shop = Shop::with(NUMBERS.split("CREATE VIEW").next().unwrap(), Options::default()).await;
    let engine = shop.engine.clone();
    let long = tokio::spawn(async move {
        engine.query("shop", "SELECT sum(a.n + b.n - c.n) FROM numbers a, numbers b, numbers c").await
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let started = Instant::now();
    assert_eq!(shop.cell("SELECT max(n) FROM numbers").await, "100000");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    long.abort();
    let _ = long.await;
    is_gone(&shop.engine, "the long one").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_without_end_is_left_out() {
    let shop = Shop::with(NUMBERS, Options::default()).await;
    let tables: Vec<_> = shop.engine.tables("shop").unwrap().into_iter().map(|table| table.name).collect();
    assert_eq!(tables, ["numbers"]);
}
