use std::time::{Duration, SystemTime};

use local_query::{Engine, ForeignKey, Options};

use crate::shared::{SHOP, Shop, kinds, rows, sqlite};

#[tokio::test]
async fn declared_types_are_honoured() {
    let shop = Shop::open().await;
    assert_eq!(kinds(&shop.engine, "shop", "customers"), ["id bigint", "name string", "joined date", "active boolean"]);
    assert_eq!(
        kinds(&shop.engine, "shop", "orders"),
        ["id bigint", "customer_id bigint", "placed timestamp", "total decimal(10,2)", "weight double", "note string"]
    );
    let outcome = shop.query("SELECT * FROM orders ORDER BY id").await;
    let kinds: Vec<_> =
        outcome.columns.iter().map(|column| (column.kind.as_str(), column.precision, column.scale)).collect();
    assert_eq!(
        kinds,
        [
            ("bigint", 19, 0),
            ("bigint", 19, 0),
            ("timestamp", 3, 0),
            ("decimal", 10, 2),
            ("double", 17, 0),
            ("varchar", i32::MAX, 0)
        ]
    );
    assert_eq!(
        rows(&outcome),
        [
            "10|1|2024-01-31 12:00:00.000|19.90|1.5|",
            "11|1|2024-02-01 08:30:15.250|5.00|0.25|gift",
            "12|2|2024-02-29 00:00:00.000|100.05|12.0|fragile"
        ]
    );
}

#[tokio::test]
async fn keys_are_told_to_who_describes_the_database() {
    let shop = Shop::open().await;
    let key = ForeignKey {
        table: "orders".into(),
        columns: vec!["customer_id".into()],
        references: "customers".into(),
        referenced_columns: vec!["id".into()],
    };
    assert_eq!(shop.engine.relations("shop"), [key]);
    let tables = shop.engine.tables("SHOP").unwrap();
    assert!(tables[0].columns[0].is_primary_key && !tables[0].columns[1].is_primary_key);
}

#[tokio::test]
async fn a_foreign_key_without_columns_means_the_primary_key() {
    let script = "
        CREATE TABLE line (a INT, b INT, FOREIGN KEY (a, b) REFERENCES Item);
        CREATE TABLE item (x INT, y INT, PRIMARY KEY (y, x));
        CREATE TABLE lost (a INT REFERENCES missing(a));";
    let shop = Shop::with(script, Options::default()).await;
    let keys = shop.engine.relations("shop");
    assert_eq!(keys.len(), 1);
    assert_eq!(
        (keys[0].references.as_str(), keys[0].referenced_columns.as_slice()),
        ("item", &["y".into(), "x".into()][..])
    );
}

#[tokio::test]
async fn both_ends_of_a_foreign_key_are_of_one_type() {
    let script = "
        CREATE TABLE item (id INTEGER PRIMARY KEY, code VARCHAR(8) UNIQUE);
        CREATE TABLE line (item VARCHAR(8) REFERENCES item(id), code INT REFERENCES item(code), other TEXT);
        INSERT INTO item VALUES (1, 'A1'), (2, '7');
        INSERT INTO line VALUES ('1', 7, '1'), ('2', NULL, '2');";
    let shop = Shop::with(script, Options::default()).await;
    assert_eq!(kinds(&shop.engine, "shop", "line"), ["item bigint", "code string", "other string"]);
    let sql =
        "SELECT i.code, j.id FROM line l JOIN item i ON i.id = l.item LEFT JOIN item j ON j.code = l.code ORDER BY 1";
    assert_eq!(shop.rows(sql).await, ["7|", "A1|2"]);
}

#[tokio::test]
async fn a_value_that_breaks_its_type_is_null() {
    let script = "
        CREATE TABLE t (n INTEGER, d DATE, f BOOLEAN, m DECIMAL(4,1), x DOUBLE);
        INSERT INTO t VALUES (1, '2024-01-31', 'T', 1.25, 1), (2, '2024-02-01', 'false', 3, 2.5), ('three', '2024-02-30', 0, 4, 0);
        INSERT INTO t VALUES (4, '2024-03-01', 'maybe', 'abc', 'none'), (5, '', 1, 99999, '7.5');";
    let shop = Shop::with(script, Options::default()).await;
    assert_eq!(
        shop.rows("SELECT * FROM t").await,
        [
            "1|2024-01-31|true|1.3|1.0",
            "2|2024-02-01|false|3.0|2.5",
            "||false|4.0|0.0",
            "4|2024-03-01|||",
            "5||true||7.5"
        ]
    );
}

#[tokio::test]
async fn a_declaration_that_most_values_break_is_wrong() {
    let script = "
        CREATE TABLE t (born DATE, code INT, price DECIMAL(6,2), seen DATE, year YEAR, flag BIT);
        INSERT INTO t VALUES ('31 October 2008', 'A1', 1.2345, '2024-01-01 10:00:00', 2001, 1);
        INSERT INTO t VALUES ('1 May 2009', 'B2', 2.3456, '2024-01-02 11:30:00', 2002, 0);";
    let shop = Shop::with(script, Options::default()).await;
    assert_eq!(
        kinds(&shop.engine, "shop", "t"),
        ["born string", "code string", "price double", "seen timestamp", "year bigint", "flag bigint"]
    );
    assert_eq!(
        shop.rows("SELECT * FROM t ORDER BY year").await,
        [
            "31 October 2008|A1|1.2345|2024-01-01 10:00:00.000|2001|1",
            "1 May 2009|B2|2.3456|2024-01-02 11:30:00.000|2002|0"
        ]
    );
}

#[tokio::test]
async fn types_of_other_databases_are_known() {
    let script = "
        CREATE TABLE t (a NUMBER(12), b NUMERIC, c NUMERIC, d NVARCHAR(8), e DOUBLE PRECISION, f TIMESTAMP WITH TIME ZONE,
            g, h BLOB, i TINYINT(1), j \"Unsigned Big Int\");
        INSERT INTO t VALUES (12, 1, 1, 'x', 2, '2024-01-31T12:00:00+02:00', 'free', x'0aff', 1, 9);
        INSERT INTO t VALUES (13, 2, 1.5, 7, 3, '2024-01-31 12:00:00Z', 'text', NULL, 0, 9);";
    let shop = Shop::with(script, Options::default()).await;
    assert_eq!(
        kinds(&shop.engine, "shop", "t"),
        [
            "a decimal(12,0)",
            "b bigint",
            "c double",
            "d string",
            "e double",
            "f timestamp",
            "g string",
            "h binary",
            "i bigint",
            "j bigint"
        ]
    );
    assert_eq!(
        shop.rows("SELECT d, f, h FROM t ORDER BY a").await,
        ["x|2024-01-31 10:00:00.000|0a ff", "7|2024-01-31 12:00:00.000|"]
    );
}

#[tokio::test]
async fn text_that_is_not_utf8_is_read_as_latin_1() {
    let script = "CREATE TABLE t (x TEXT); INSERT INTO t VALUES (CAST(x'4dfc6e636865' AS TEXT));";
    let shop = Shop::with(script, Options::default()).await;
    assert_eq!(shop.cell("SELECT x FROM t").await, "Münche");
}

#[tokio::test]
async fn names_are_lower_case_and_views_are_tables() {
    let script = "
        CREATE TABLE \"Big Sales\" (\"Order ID\" INT, Amount REAL);
        INSERT INTO \"Big Sales\" VALUES (1, 2.5);
        CREATE VIEW Totals AS SELECT sum(Amount) AS Total FROM \"Big Sales\";
        CREATE VIEW broken AS SELECT * FROM nowhere;";
    let shop = Shop::with(script, Options::default()).await;
    let tables: Vec<_> = shop.engine.tables("shop").unwrap().into_iter().map(|table| table.name).collect();
    assert_eq!(tables, ["big sales", "totals"]);
    assert_eq!(shop.cell("SELECT \"ORDER id\" FROM \"BIG Sales\"").await, "1");
    assert_eq!(shop.cell("SELECT total FROM AwsDataCatalog.Shop.TOTALS").await, "2.5");
}

#[tokio::test]
async fn a_file_that_changes_is_read_again() {
    let shop = Shop::open().await;
    assert_eq!(shop.cell("SELECT count(*) FROM orders").await, "3");
    let writer = rusqlite::Connection::open(&shop.file).unwrap();
    writer.execute_batch("DELETE FROM orders WHERE id = 10; ALTER TABLE customers ADD COLUMN city TEXT").unwrap();
    drop(writer);
    let file = std::fs::File::options().append(true).open(&shop.file).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
    assert_eq!(shop.cell("SELECT count(*) FROM orders").await, "2");
    assert!(kinds(&shop.engine, "shop", "customers").contains(&"city string".to_owned()));
}

#[tokio::test]
async fn a_file_is_neither_written_nor_accompanied() {
    let shop = Shop::open().await;
    let before = std::fs::read(&shop.file).unwrap();
    shop.query("SELECT * FROM orders JOIN customers ON customer_id = customers.id").await;
    for sql in [
        "DELETE FROM orders",
        "INSERT INTO orders (id) VALUES (1)",
        "CREATE TABLE x AS SELECT 1 a",
        "DROP TABLE orders",
    ] {
        assert!(shop.error(sql).await.starts_with("NOT_SUPPORTED: line 1:1: "), "{sql}");
    }
    assert!(before == std::fs::read(&shop.file).unwrap());
    assert_eq!(std::fs::read_dir(shop.file.parent().unwrap()).unwrap().count(), 1);
}

#[tokio::test]
async fn transactions_in_a_write_ahead_log_are_seen_and_the_log_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = sqlite(folder.path(), SHOP);
    let writer = rusqlite::Connection::open(&file).unwrap();
    writer
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; DELETE FROM orders WHERE id > 10")
        .unwrap();
    let log = folder.path().join("shop.sqlite-wal");
    let before = std::fs::read(&log).unwrap();
    let engine = Engine::new(Options::default()).unwrap();
    engine.attach("shop", &file).await.unwrap();
    let outcome = engine.query("shop", "SELECT id FROM orders").await.unwrap();
    assert_eq!(rows(&outcome), ["10"]);
    assert!(before == std::fs::read(&log).unwrap());
    drop(writer);
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "not a database at all").unwrap();
    let engine = Engine::new(Options::default()).unwrap();
    for source in [file.as_path(), folder.path(), &folder.path().join("missing")] {
        assert!(engine.attach("x", source).await.is_err(), "{}", source.display());
    }
    assert!(engine.databases().is_empty());
}

#[tokio::test]
async fn databases_are_joined_across_files() {
    let shop = Shop::open().await;
    let folder = tempfile::tempdir().unwrap();
    let file =
        sqlite(folder.path(), "CREATE TABLE cities (customer INT, city TEXT); INSERT INTO cities VALUES (1, 'Paris');");
    shop.engine.attach("Geo", &file).await.unwrap();
    assert_eq!(shop.engine.databases(), ["geo", "shop"]);
    let sql = "SELECT c.name, g.city FROM customers c JOIN geo.cities g ON g.customer = c.id";
    assert_eq!(shop.rows(sql).await, ["Ada|Paris"]);
}

#[tokio::test]
async fn distinct_values_are_listed_only_if_they_are_few() {
    let shop = Shop::open().await;
    let values = async |column: &str, most| shop.engine.values("shop", "customers", column, most).await.unwrap();
    assert_eq!(values("name", 3).await.unwrap(), ["Ada", "Ben", "Cleo"]);
    assert_eq!(values("name", 2).await, None);
    assert_eq!(values("id", 10).await, None);
    assert!(shop.engine.values("shop", "customers", "nothing", 3).await.is_err());
}

#[tokio::test]
async fn what_refers_to_a_key_has_only_values_of_it() {
    let script = "
        CREATE TABLE item (id INTEGER, code TEXT, twice INTEGER);
        CREATE TABLE line (good INTEGER, bad INTEGER, empty INTEGER, code TEXT);
        INSERT INTO item VALUES (1, 'A', 7), (2, 'B', 7);
        INSERT INTO line VALUES (1, 1, NULL, 'A'), (1, 3, NULL, 'A'), (NULL, NULL, NULL, NULL), (2, 2, NULL, 'A');";
    let shop = Shop::with(script, Options::default()).await;
    let refers = async |column: &str, referenced: &str| {
        let key = ForeignKey {
            table: "line".into(),
            columns: vec![column.into()],
            references: "item".into(),
            referenced_columns: vec![referenced.into()],
        };
        shop.engine.refers("shop", &key).await
    };
    assert!(refers("good", "id").await.unwrap() && refers("code", "code").await.unwrap());
    for (column, referenced) in [("bad", "id"), ("empty", "id"), ("good", "twice")] {
        assert!(!refers(column, referenced).await.unwrap(), "{column} {referenced}");
    }
    assert!(refers("code", "id").await.is_err());
}

#[tokio::test]
async fn scanned_bytes_are_those_of_the_columns_that_are_read() {
    let shop = Shop::open().await;
    assert_eq!(shop.query("SELECT id FROM orders").await.scanned_bytes, 24);
    assert_eq!(shop.query("SELECT note FROM orders WHERE id > 10").await.scanned_bytes, 24 + 3 * 4 + 11);
    assert_eq!(shop.query("SELECT 1").await.scanned_bytes, 0);
}
