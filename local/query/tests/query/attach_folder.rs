use std::{
    fs::File,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use datafusion::{
    arrow::{
        array::{Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt32Array},
        datatypes::{DataType, Field, Schema, TimeUnit},
    },
    parquet::arrow::ArrowWriter,
};
use local_query::{Engine, Options};

use crate::shared::{kinds, rows};

async fn attached(folder: &Path) -> Engine {
    let engine = Engine::new(Options::default()).unwrap();
    engine.attach("lake", folder).await.unwrap();
    engine
}

async fn query(engine: &Engine, sql: &str) -> Vec<String> {
    rows(&engine.query("lake", sql).await.unwrap())
}

const SALES: &str = "\u{feff}Order ID,Sold On,Price,Paid,Zip,At,Note\n\
    1,2024-01-31,9.5,true,00501,2024-01-31 10:00:00,\"a, b\"\n\
    2,2024-02-01,10,FALSE,10001,2024-02-01T11:00:00Z,\n\
    3,,,,,,\"two\nlines\"\n";

#[tokio::test]
async fn types_of_csv_are_inferred_from_all_values() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("My-Sales 2024.csv"), SALES).unwrap();
    let engine = attached(folder.path()).await;
    assert_eq!(
        kinds(&engine, "lake", "my_sales_2024"),
        [
            "order_id bigint",
            "sold_on date",
            "price double",
            "paid boolean",
            "zip string",
            "at timestamp",
            "note string"
        ]
    );
    assert_eq!(
        query(&engine, "SELECT * FROM my_sales_2024 ORDER BY order_id").await,
        [
            "1|2024-01-31|9.5|true|00501|2024-01-31 10:00:00.000|a, b",
            "2|2024-02-01|10.0|false|10001|2024-02-01 11:00:00.000|",
            "3||||||two\nlines"
        ]
    );
    assert_eq!(query(&engine, "SELECT count(*), count(note) FROM my_sales_2024").await, ["3|2"]);
}

#[tokio::test]
async fn one_value_of_another_kind_makes_a_column_text() {
    let folder = tempfile::tempdir().unwrap();
    let lines: String = (0..5000).map(|number| format!("{number}\n")).collect();
    std::fs::write(folder.path().join("t.csv"), format!("n\n{lines}unknown\n")).unwrap();
    let engine = attached(folder.path()).await;
    assert_eq!(kinds(&engine, "lake", "t"), ["n string"]);
}

#[tokio::test]
async fn other_delimiters_and_ragged_lines_are_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.csv"), "a;b;a\n1;x;2\n3\n4;y;5;6\n").unwrap();
    let engine = attached(folder.path()).await;
    assert_eq!(query(&engine, "SELECT a, b, a_2 FROM t ORDER BY a").await, ["1|x|2", "3||", "4|y|5"]);
}

#[tokio::test]
async fn folders_are_tables_and_their_folders_partitions() {
    let folder = tempfile::tempdir().unwrap();
    for (year, region, text) in [(2023, "north", "id,amount\n1,10\n2,20\n"), (2024, "south%3A1", "amount,id\n30,3\n")] {
        let part = folder.path().join(format!("Events/year={year}/region={region}"));
        std::fs::create_dir_all(&part).unwrap();
        std::fs::write(part.join("part-0.csv"), text).unwrap();
        std::fs::write(part.join("_SUCCESS"), "").unwrap();
    }
    let engine = attached(folder.path()).await;
    assert_eq!(kinds(&engine, "lake", "events"), ["id bigint", "amount bigint", "year bigint", "region string"]);
    let table = &engine.tables("lake").unwrap()[0];
    assert_eq!(table.columns.iter().filter(|column| column.is_partition_key).count(), 2);
    assert_eq!(query(&engine, "SELECT id, amount, region FROM events WHERE year = 2024").await, ["3|30|south:1"]);
    assert_eq!(query(&engine, "SELECT sum(amount) FROM events").await, ["60"]);
}

fn parquet(path: &Path, first: i64) {
    let fields = vec![
        Field::new("CustomerID", DataType::Int64, false),
        Field::new("Name", DataType::Utf8, true),
        Field::new("Seen", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        Field::new("small", DataType::UInt32, true),
    ];
    let schema = Arc::new(Schema::new(fields));
    let columns: Vec<Arc<dyn datafusion::arrow::array::Array>> = vec![
        Arc::new(Int64Array::from(vec![first, first + 1])),
        Arc::new(StringArray::from(vec![Some("Ada"), None])),
        Arc::new(TimestampMicrosecondArray::from(vec![Some(1_706_702_400_123_456), None])),
        Arc::new(UInt32Array::from(vec![7, 8])),
    ];
    let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[tokio::test]
async fn parquet_is_read_under_lower_case_names_and_athenas_types() {
    let folder = tempfile::tempdir().unwrap();
    parquet(&folder.path().join("people.parquet"), 1);
    let engine = attached(folder.path()).await;
    assert_eq!(
        kinds(&engine, "lake", "people"),
        ["customerid bigint", "name string", "seen timestamp", "small bigint"]
    );
    let sql = "SELECT customerid, Name, seen, small FROM people WHERE customerid < 2";
    let outcome = engine.query("lake", sql).await.unwrap();
    assert_eq!(rows(&outcome), ["1|Ada|2024-01-31 12:00:00.123|7"]);
    let names: Vec<_> = outcome.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["customerid", "Name", "seen", "small"]);
    let all = outcome.scanned_bytes;
    let one = engine.query("lake", "SELECT name FROM people").await.unwrap().scanned_bytes;
    assert!(one > 0 && one < all, "{one} of {all}");
}

#[tokio::test]
async fn a_partition_that_is_not_asked_for_is_not_scanned() {
    let folder = tempfile::tempdir().unwrap();
    for (year, first) in [(2023, 1), (2024, 10)] {
        let part = folder.path().join(format!("visits/year={year}"));
        std::fs::create_dir_all(&part).unwrap();
        parquet(&part.join("part.parquet"), first);
    }
    let engine = attached(folder.path()).await;
    assert_eq!(
        query(&engine, "SELECT customerid, year FROM visits WHERE year = 2024 ORDER BY 1").await,
        ["10|2024", "11|2024"]
    );
    let scanned = async |sql: &str| engine.query("lake", sql).await.unwrap().scanned_bytes;
    let (one, both) = (
        scanned("SELECT customerid FROM visits WHERE year = 2023").await,
        scanned("SELECT customerid FROM visits").await,
    );
    assert_eq!(both, one * 2);
}

#[tokio::test]
async fn a_folder_that_changes_is_looked_through_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "a\n1\n").unwrap();
    let engine = attached(folder.path()).await;
    assert_eq!(query(&engine, "SELECT sum(a) FROM t").await, ["1"]);
    std::fs::write(&path, "a\n1\n41\n").unwrap();
    File::options().append(true).open(&path).unwrap().set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
    parquet(&folder.path().join("more.parquet"), 1);
    assert_eq!(query(&engine, "SELECT sum(a) FROM t").await, ["42"]);
    assert_eq!(query(&engine, "SELECT count(*) FROM more").await, ["2"]);
}
