//! Results as Athena gives them, one or more a kind of chart.

use serde_json::{Value, json};

use super::Case;

/// Results that have a chart; the name begins with its kind.
pub(super) fn drawn() -> Vec<Case> {
    [numbers(), lines(), bars(), grouped_bars(), scatters()].concat()
}

fn numbers() -> Vec<Case> {
    vec![
        Case::new("number", "How much did we sell?", &[("total_revenue", "double")], json!([[1_234_567.891]])),
        Case::new("number_huge", "", &[("_col0", "bigint")], json!([[-9_007_199_254_740_993_i64]])),
        Case::new(
            "number_labelled",
            "Which region has the highest revenue?",
            &[("region_id", "bigint"), ("region", "varchar"), ("orders", "bigint"), ("revenue", "decimal")],
            json!([[7, "Île-de-France", 312, 45_210.5]]),
        ),
        Case::new(
            "number_of_a_month",
            "Which month had the most orders?",
            &[("month", "timestamp"), ("orders", "bigint")],
            json!([["2024-11-01 00:00:00.000", 1_204]]),
        ),
        Case::new(
            "number_row",
            "Count, average and largest order?",
            &[("orders", "bigint"), ("avg_value", "double"), ("max_value", "double")],
            json!([[312, 144.9, 9_812.0]]),
        ),
        Case::new("number_share", "", &[("returned_share", "double")], json!([[0.0734]])),
    ]
}

fn lines() -> Vec<Case> {
    let month = |month: i64| format!("2024-{:02}", month + 1);
    let regions = ["North", "South", "East"];
    let by_region = (0..36).map(|row| {
        let (at, region) = (row / 3, row % 3);
        json!([format!("{}-01 00:00:00.000", month(at)), regions[region as usize], 900 + at * (40 + region * 35) % 700])
    });
    let days = (0..45).map(|day| json!([format!("2024-{:02}-{:02}", 1 + day / 28, 1 + day % 28), day * day % 97]));
    vec![
        Case::new(
            "line_months",
            "How did revenue develop?",
            &[("order_month", "varchar"), ("revenue", "double")],
            json!([
                ["2023-11", 812.5],
                ["2023-12", 1510.0],
                ["2024-02", null],
                ["2024-01", 640.25],
                ["2024-03", 702.0]
            ]),
        ),
        Case::new(
            "line_series",
            "Revenue by month and region",
            &[("month", "timestamp"), ("region", "varchar"), ("revenue", "bigint")],
            by_region.collect(),
        ),
        Case::new(
            "line_measures",
            "Revenue and cost by year",
            &[("year", "bigint"), ("total_revenue", "double"), ("total_cost", "double")],
            json!([[2019, 5.5, 4.5], [2020, 4.0, 4.2], [2021, 6.5, 5.0], [2022, 8.25, 6.1], [2023, 9.0, 6.4]]),
        ),
        Case::new("line_days", "", &[("day", "date"), ("orders", "bigint")], days.collect()),
        Case::new(
            "line_few_days",
            "",
            &[("order_date", "date"), ("orders", "bigint")],
            json!([["2024-03-30", 1], ["2024-03-31", 2], ["2024-04-01", 2], [null, 9]]),
        ),
        Case::new(
            "line_quarters",
            "",
            &[("quarter", "varchar"), ("Gewinn in €", "decimal")],
            json!([["2023-Q3", -120.5], ["2023-Q4", 80.0], ["2024-Q1", 210.75], ["2024-Q2", 190.0]]),
        ),
        Case::new(
            "line_year_and_month",
            "",
            &[("year", "integer"), ("month", "integer"), ("orders", "bigint")],
            json!([[2023, 11, 40], [2023, 12, 81], [2024, 1, 35], [2024, 2, 37]]),
        ),
        Case::new(
            "line_hours",
            "",
            &[("started_at", "timestamp"), ("load", "double")],
            json!([
                ["2024-05-01 22:00:00.000", 0.4],
                ["2024-05-01 23:00:00.000", 0.7],
                ["2024-05-02 00:00:00.000", 0.9],
                ["2024-05-02 01:00:00.000", 0.5]
            ]),
        ),
    ]
}

fn bars() -> Vec<Case> {
    let artists = [
        "Iron Maiden",
        "U2",
        "Metallica",
        "Led Zeppelin",
        "Os Paralamas Do Sucesso",
        "Deep Purple",
        "Faith No More",
        "Lost",
        "Eric Clapton",
        "R.E.M.",
        "Queen",
        "Creedence Clearwater Revival",
        "Guns N' Roses",
        "Titãs",
        "Antônio Carlos Jobim & Quarteto em Cy",
    ];
    let by_artist = artists.iter().enumerate().map(|(row, artist)| json!([artist, 140.0 - 9.25 * row as f64]));
    vec![
        Case::new(
            "bar",
            "Revenue by region?",
            &[("region", "varchar"), ("revenue", "double")],
            json!([["South", 5210.5], ["North", 4100.0], ["East", 3999.99], ["West", 120.0]]),
        ),
        Case::new("bar_horizontal", "", &[("artist", "varchar"), ("total", "double")], by_artist.collect()),
        Case::new(
            "bar_negative_and_null",
            "",
            &[("department", "varchar"), ("profit_change", "decimal")],
            json!([["Toys", -1_200_000.5], [null, 300_000.0], ["Books", null], ["Garden", 2_500_000.0]]),
        ),
        Case::new("bar_booleans", "", &[("is_member", "boolean"), ("_col1", "bigint")], json!([[true, 3], [false, 2]])),
        Case::new(
            "bar_awkward_names",
            "",
            &[("a.b[0]['c'] \"d\\", "varchar"), ("sum(\"x.y\")", "double"), ("", "varchar")],
            json!([
                ["datum.x", 1.0, "same"],
                ["\"]; alert(1)//", 2.0, "same"],
                ["<img src=x onerror=alert(1)>", 3.5, "same"]
            ]),
        ),
        Case::new(
            "bar_weekdays",
            "On which weekdays do people order?",
            &[("day_of_week", "bigint"), ("orders", "bigint")],
            json!([[5, 120], [6, 98], [1, 44], [2, 40], [3, 51], [4, 60], [7, 12]]),
        ),
        Case::new(
            "bar_meant",
            "Which customers have the most orders?",
            &[("first_name", "varchar"), ("last_name", "varchar"), ("revenue", "double"), ("order_count", "bigint")],
            json!([["Ada", "Lovelace", 9_120.0, 12], ["Grace", "Hopper", 12_400.0, 9], ["Ada", "Yonath", 80.0, 1]]),
        ),
        Case::new(
            "bar_share",
            "",
            &[("channel", "varchar"), ("share_of_revenue", "double")],
            json!([["web", 0.61], ["store", 0.325], ["phone", 0.065]]),
        ),
        Case::new(
            "bar_histogram",
            "How many students are of which age?",
            &[("age", "integer"), ("_col1", "bigint")],
            json!([[18, 41], [19, 60], [20, 55], [23, 3]]),
        ),
    ]
}

fn grouped_bars() -> Vec<Case> {
    let mut crossed = Vec::new();
    for region in ["North", "South", "Île-de-France", "日本"] {
        for (category, revenue) in [("Toys", 120), ("Books", 310), ("Garden", -40)] {
            crossed.push(json!([region, category, revenue + region.len() as i64 * 9]));
        }
    }
    let mut years = Vec::new();
    for (row, country) in ["United Kingdom", "United States of America", "Germany", "Côte d'Ivoire"].iter().enumerate()
    {
        years.push(json!([2024, country, 400 - 60 * row]));
        years.push(json!([2023, country, 380 - 75 * row]));
    }
    vec![
        Case::new(
            "grouped_bar",
            "Revenue by region and category",
            &[("region", "varchar"), ("category", "varchar"), ("revenue", "bigint")],
            Value::Array(crossed),
        ),
        Case::new(
            "grouped_bar_measures",
            "",
            &[("region", "varchar"), ("revenue_2023", "double"), ("revenue_2024", "double"), ("target", "double")],
            json!([["North", 410.0, 432.5, 420.0], ["South", 390.0, 350.0, null], ["West", 120.0, 180.5, 150.0]]),
        ),
        Case::new(
            "grouped_bar_two_years",
            "Compare the countries of both years",
            &[("year", "bigint"), ("country", "varchar"), ("orders", "bigint")],
            Value::Array(years),
        ),
    ]
}

fn scatters() -> Vec<Case> {
    let houses = (0..60).map(|row| {
        json!([row, 45.5 + f64::from(row * 37 % 90), 150_000 + row * 37 % 90 * 2_100 + row * 53 % 17 * 3_000])
    });
    let species = ["Adelie", "Gentoo", "Chinstrap"];
    let birds = (0..45).map(|row: usize| {
        json!([species[row % 3], 180.5 + (row % 3 * 12 + row * 7 % 11) as f64, 3_300 + row % 3 * 400 + row * 31 % 450])
    });
    let amounts =
        (0..30).map(|row| json!([format!("2024-01-{:02}", 1 + row * 7 % 20), 10.5 + f64::from(row * 13 % 50)]));
    vec![
        Case::new(
            "scatter",
            "",
            &[("house_id", "bigint"), ("living_area", "double"), ("price", "bigint")],
            houses.collect(),
        ),
        Case::new(
            "scatter_series",
            "",
            &[("species", "varchar"), ("flipper_length_mm", "double"), ("body_mass_g", "bigint")],
            birds.collect(),
        ),
        Case::new(
            "scatter_labelled",
            "Does price depend on rating?",
            &[("product", "varchar"), ("rating", "double"), ("price", "double")],
            json!([
                ["Kettle", 4.5, 39.0],
                ["Lamp", 3.9, 25.5],
                ["Chair", 4.8, 120.0],
                ["Rug", null, 80.0],
                ["Vase", 4.1, 18.0]
            ]),
        ),
        Case::new("scatter_over_time", "", &[("order_date", "date"), ("amount", "double")], amounts.collect()),
    ]
}
