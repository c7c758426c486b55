use std::collections::BTreeMap;

use datafusion::arrow::{
    array::{Array, AsArray},
    datatypes::{DataType, Date32Type, Decimal128Type, Int32Type, Int64Type, TimeUnit},
    util::display::{ArrayFormatter, FormatOptions},
};

use super::*;

fn named() -> BTreeMap<&'static str, Table> {
    tables().unwrap().into_iter().map(|table| (table.name, table)).collect()
}

/// FNV-1a over each value's text, so that a change of the library that writes Parquet changes nothing here.
fn digest(tables: &[Table]) -> u64 {
    let options = FormatOptions::default().with_null("NULL");
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for Table { name, rows } in tables {
        let mut add = |text: &str| {
            for byte in text.bytes().chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        };
        add(name);
        for (field, column) in rows.schema().fields().iter().zip(rows.columns()) {
            add(field.name());
            add(&field.data_type().to_string());
            let values = ArrayFormatter::try_new(column, &options).unwrap();
            (0..column.len()).for_each(|row| add(&values.value(row).to_string()));
        }
    }
    hash
}

#[test]
fn the_rows_are_the_same_everywhere() {
    let tables = tables().unwrap();
    let rows: Vec<String> = tables.iter().map(|table| format!("{} {}", table.name, table.rows.num_rows())).collect();
    assert_eq!(
        (rows.join(", "), digest(&tables)),
        (
            "customers 1600, employees 89, inventory 971, order_items 10874, orders 5602, products 120, returns 720, \
             reviews 1129, stores 12"
                .to_owned(),
            6_938_332_142_724_608_720
        )
    );
}

#[test]
fn what_is_written_twice_is_the_same() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for folder in &folders {
        write(folder.path()).unwrap();
    }
    let mut bytes = 0;
    for name in named().keys() {
        let [first, second] = folders
            .each_ref()
            .map(|folder| fs::read(folder.path().join(name).join(format!("{name}.parquet"))).unwrap());
        assert_eq!(first, second, "{name}");
        bytes += first.len();
    }
    assert!((200_000..1_000_000).contains(&bytes), "{bytes}");
}

#[test]
fn every_type_is_one_of_athenas() {
    let mut kinds = Vec::new();
    for Table { rows, .. } in tables().unwrap() {
        kinds.extend(rows.schema().fields().iter().map(|field| field.data_type().clone()));
    }
    for kind in [
        DataType::Int64,
        DataType::Int32,
        DataType::Utf8,
        DataType::Float64,
        DataType::Boolean,
        DataType::Date32,
        DataType::Decimal128(10, 2),
        DataType::Timestamp(TimeUnit::Millisecond, None),
    ] {
        assert!(kinds.contains(&kind), "{kind}");
        kinds.retain(|other| *other != kind);
    }
    assert_eq!(kinds, []);
}

#[test]
fn columns_named_after_another_table_lead_there() {
    let tables = named();
    let ids = |table: &str| tables[table].rows["id"].as_primitive::<Int64Type>().values().to_vec();
    for (from, column, to) in [
        ("employees", "store_id", "stores"),
        ("employees", "manager_id", "employees"),
        ("inventory", "store_id", "stores"),
        ("inventory", "product_id", "products"),
        ("order_items", "order_id", "orders"),
        ("order_items", "product_id", "products"),
        ("orders", "customer_id", "customers"),
        ("orders", "store_id", "stores"),
        ("returns", "order_id", "orders"),
        ("returns", "product_id", "products"),
        ("reviews", "product_id", "products"),
        ("reviews", "customer_id", "customers"),
    ] {
        let known = ids(to);
        let lost =
            tables[from].rows[column].as_primitive::<Int64Type>().iter().flatten().find(|id| !known.contains(id));
        assert_eq!(lost, None, "{from}.{column}");
    }
}

#[test]
fn there_is_something_to_see() {
    let tables = named();
    let (orders, lines) = (&tables["orders"].rows, &tables["order_items"].rows);
    for (table, column) in [
        ("customers", "date_of_birth"),
        ("customers", "newsletter"),
        ("employees", "left_on"),
        ("orders", "shipped_on"),
        ("orders", "store_id"),
        ("products", "discontinued_on"),
        ("products", "weight_kg"),
        ("returns", "reason"),
        ("reviews", "comment"),
        ("stores", "closed_on"),
    ] {
        let column = &tables[table].rows[column];
        assert!(column.null_count() > 0 && column.null_count() < column.len(), "{table}");
    }

    let days = orders["order_date"].as_primitive::<Date32Type>();
    let quantities = lines["quantity"].as_primitive::<Int32Type>();
    let prices = lines["unit_price"].as_primitive::<Decimal128Type>();
    let mut revenue = BTreeMap::<(i16, i8), i128>::new();
    for (row, order) in lines["order_id"].as_primitive::<Int64Type>().values().iter().enumerate() {
        let day = calendar::days_later(jiff::civil::date(1970, 1, 1), days.value(*order as usize - 1).into());
        *revenue.entry((day.year(), day.month())).or_default() += i128::from(quantities.value(row)) * prices.value(row);
    }
    assert_eq!(revenue.len(), 36, "each month of three years");
    let year = |year: i16| revenue.range((year, 1)..=(year, 12)).map(|(_, sum)| sum).sum::<i128>();
    assert!(year(2023) < year(2024) && year(2024) < year(2025), "{revenue:?}");
    assert!(revenue[&(2025, 12)] > revenue[&(2025, 2)], "{revenue:?}");
}
