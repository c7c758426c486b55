//! Each chart of [`cases`] is a snapshot, which `tests/charts` compiles and renders with Vega.

mod cases;
mod properties;

use insta::{assert_json_snapshot, with_settings};
use serde_json::json;

use super::*;

/// A question and its result.
#[derive(Debug, Clone)]
struct Case {
    name: &'static str,
    question: &'static str,
    columns: Vec<findings::Column>,
    rows: Vec<Vec<Value>>,
}

impl Case {
    fn new(name: &'static str, question: &'static str, columns: &[(&str, &str)], rows: Value) -> Self {
        let row = |row: &Value| row.as_array().unwrap().clone();
        Self {
            name,
            question,
            columns: self::columns(columns),
            rows: rows.as_array().unwrap().iter().map(row).collect(),
        }
    }

    fn chart(&self) -> Option<Value> {
        chart(self.question, &self.columns, &self.rows)
    }
}

fn columns(columns: &[(&str, &str)]) -> Vec<findings::Column> {
    let column = |(name, kind): &(&str, &str)| findings::Column { name: (*name).to_owned(), kind: (*kind).to_owned() };
    columns.iter().map(column).collect()
}

#[test]
fn every_kind_of_result_has_its_chart() {
    for case in cases::drawn() {
        let chart = case.chart().unwrap_or_else(|| panic!("{} has no chart", case.name));
        let mark = match case.name.split('_').next().unwrap() {
            "number" => "text",
            "scatter" => "point",
            "grouped" => "bar",
            kind => kind,
        };
        assert_eq!(chart["mark"]["type"], mark, "{}", case.name);
        assert_eq!(case.name.starts_with("grouped"), chart["description"].as_str().unwrap().starts_with("Grouped"));
        with_settings!({ sort_maps => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots" }, {
            assert_json_snapshot!(case.name, chart);
        });
    }
}

#[test]
fn what_no_chart_fits_has_none() {
    let names: Value = (0..51).map(|row| json!([format!("name {row}"), row])).collect();
    let prose = "What they wrote is too long for a label. ".repeat(3);
    let many: Value = (0..501).map(|row| json!([2000 + row, row])).collect();
    for case in [
        Case::new("no rows", "", &[("region", "varchar"), ("revenue", "double")], json!([])),
        Case::new("no columns", "", &[], json!([[], []])),
        Case::new("only text", "", &[("a", "varchar"), ("b", "varchar")], json!([["x", "y"], ["z", "y"]])),
        Case::new("one text", "", &[("a", "varchar")], json!([["x"]])),
        Case::new("one NULL", "", &[("a", "bigint")], json!([[null]])),
        Case::new("one identifier", "", &[("customer_id", "bigint")], json!([[12]])),
        Case::new("one year", "In which year?", &[("year", "bigint")], json!([[2021]])),
        Case::new("arrays", "", &[("tags", "array"), ("n", "array(bigint)")], json!([[["x"], [1]], [["y"], [2]]])),
        Case::new("a list of numbers", "", &[("price", "double")], json!([[1.5], [2.5], [3.5]])),
        Case::new("only NULLs", "", &[("region", "varchar"), ("n", "bigint")], json!([["x", null], ["y", null]])),
        Case::new("prose", "", &[("review", "varchar"), ("n", "bigint")], json!([[prose, 1], ["y", 2]])),
        Case::new(
            "the same label twice",
            "",
            &[("a", "varchar"), ("n", "bigint")],
            json!([["x", 1], ["x", 2], ["y", 3]]),
        ),
        Case::new("too many labels", "", &[("name", "varchar"), ("n", "bigint")], names),
        Case::new("too many rows", "", &[("a", "integer"), ("b", "integer")], many),
        Case::new("beyond JavaScript", "", &[("a", "varchar"), ("n", "double")], json!([["x", 1e308], ["y", -1e308]])),
        Case::new("numbers as text", "", &[("region", "varchar"), ("n", "bigint")], json!([["x", "1"], ["y", "2"]])),
    ] {
        assert_eq!(case.chart(), None, "{}", case.name);
    }
}

#[test]
fn a_line_with_more_series_than_colours_is_none() {
    let series = |most: usize| -> Value {
        (0..most * 3)
            .map(|row| json!([format!("2024-0{}", 1 + row / most), format!("series {}", row % most), row]))
            .collect()
    };
    let columns = [("month", "varchar"), ("product", "varchar"), ("sold", "bigint")];
    assert_eq!(Case::new("", "", &columns, series(9)).chart(), None);
    assert_eq!(Case::new("", "", &columns, series(8)).chart().unwrap()["mark"]["type"], "line");
}

#[test]
fn identifiers_and_codes_are_not_measured() {
    for name in ["id", "customer_id", "customerid", "zip", "postal_code", "order_number", "sku", "rank"] {
        let case = Case::new(
            "",
            "",
            &[("name", "varchar"), (name, "bigint"), ("sold", "bigint")],
            json!([["x", 1, 5], ["y", 2, 3]]),
        );
        assert_eq!(case.chart().unwrap()["encoding"]["y"]["field"], "sold", "{name}");
    }
    for name in ["amount_paid", "number_of_orders", "highest_bid", "weight"] {
        let case = Case::new("", "", &[("name", "varchar"), (name, "bigint")], json!([["x", 1], ["y", 2]]));
        assert_eq!(case.chart().unwrap()["encoding"]["y"]["field"], name);
    }
}

#[test]
fn an_identifier_is_a_label_where_there_is_no_other() {
    let case = Case::new("", "", &[("customer_id", "bigint"), ("spent", "double")], json!([[7, 5.5], [2, 3.0]]));
    let chart = case.chart().unwrap();
    assert_eq!((&chart["mark"]["type"], &chart["encoding"]["x"]["type"]), (&json!("bar"), &json!("nominal")));
}

#[test]
fn the_measure_is_the_one_that_is_asked_for_or_sorted_by() {
    let of = |question| {
        let columns = [("country", "varchar"), ("customers", "bigint"), ("revenue", "double")];
        let rows = json!([["US", 13, 9_900.5], ["DE", 40, 5_000.0], ["FR", 22, 120.5]]);
        Case::new("", question, &columns, rows).chart().unwrap()["encoding"]["y"]["field"].clone()
    };
    assert_eq!(of("How many customers are there in each country?"), "customers");
    assert_eq!(of("Top countries"), "revenue");
}

#[test]
fn the_order_of_bars_is_that_of_the_rows() {
    for case in cases::drawn().iter().filter(|case| matches!(case.name, "bar" | "bar_horizontal")) {
        let chart = case.chart().unwrap();
        let axis = if case.name == "bar" { "x" } else { "y" };
        assert_eq!(chart["encoding"][axis].get("sort"), Some(&Value::Null));
        let labels: Vec<&Value> =
            chart["data"]["values"].as_array().unwrap().iter().map(|value| &value[&case.columns[0].name]).collect();
        assert_eq!(labels, case.rows.iter().map(|row| &row[0]).collect::<Vec<_>>());
    }
}

#[test]
fn times_are_read_however_they_are_written() {
    for (kind, times, format) in [
        ("date", ["2024-01-31", "2024-02-01", "2023-12-01"], "%Y-%m-%d"),
        ("varchar", ["2024-01", "2024-02", "2023-12"], "%Y-%m"),
        ("varchar", ["2024-Q1", "2024-Q2", "2023-Q4"], "%Y-Q%q"),
        (
            "timestamp",
            ["2024-01-01 10:00:00.000", "2024-01-02 11:30:00.000", "2024-01-03 00:00:00.000"],
            "%Y-%m-%d %H:%M:%S.%L",
        ),
        ("timestamp", ["2024-01-01T10:00:00", "2024-01-02T11:30:00", "2024-01-03T00:00:00"], "%Y-%m-%dT%H:%M:%S"),
        (
            "timestamp with time zone",
            ["2024-01-01T10:00:00Z", "2024-01-02T11:30:00Z", "2024-01-03T00:00:00Z"],
            "%Y-%m-%dT%H:%M:%SZ",
        ),
    ] {
        let rows: Value = times.iter().zip(1..).map(|(time, number)| json!([time, number])).collect();
        let chart = Case::new("", "", &[("ordered", kind), ("n", "bigint")], rows).chart().unwrap();
        assert_eq!(chart["mark"]["type"], "line", "{format}");
        assert_eq!(chart["data"]["format"]["parse"]["ordered"], format!("utc:'{format}'"));
    }
}

#[test]
fn texts_that_only_look_like_times_are_labels() {
    for texts in [["2024-13", "2024-14", "2024-15"], ["2024-01", "January", "2024-03"], ["1234", "2345", "3456"]] {
        let rows: Value = texts.iter().zip(1..).map(|(text, number)| json!([text, number])).collect();
        let chart = Case::new("", "", &[("part", "varchar"), ("n", "bigint")], rows).chart().unwrap();
        assert_eq!(chart["mark"]["type"], "bar", "{texts:?}");
    }
}

#[test]
fn a_title_is_plain_and_short() {
    for (name, title) in [
        ("total_revenue", "Total revenue"),
        ("TotalRevenue", "Total Revenue"),
        ("avg_qty", "Average quantity"),
        ("count(*)", "Count"),
        ("growth_%", "Growth %"),
        ("größe", "Größe"),
        ("a\u{202e}b\u{0}c", "A b c"),
        ("_col3", "Value"),
        ("", "Column 3"),
        ("...", "Column 3"),
    ] {
        assert_eq!(names::title(name, 2), title);
    }
    assert_eq!(names::title(&"x".repeat(5_000), 0).chars().count(), 60);
}
