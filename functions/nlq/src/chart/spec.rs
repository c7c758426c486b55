//! What every specification has, and the parts it is put together from. <https://vega.github.io/vega-lite/docs/>

use serde_json::{Map, Value, json};

use super::{
    column::{Column, Role},
    names,
    time::{Grain, Time},
};

const SCHEMA: &str = "https://vega.github.io/schema/vega-lite/v6.json";
/// Pixels, with axes and legend. A page may put `container` in its place.
pub(crate) const WIDTH: usize = 600;
/// Pixels of the plot.
pub(crate) const HEIGHT: usize = 300;
/// Characters, in the chart's title.
const LONGEST_TITLE: usize = 90;
/// Characters, of a question in the description.
const LONGEST_QUESTION: usize = 200;

/// Ticks, one a year, month or day.
const MOST_TICKS: i64 = 40;
/// Where they need not be one a year, month or day.
const FEW_TICKS: usize = 6;
const MOST_DAYS_WITH_HOURS: i64 = 300;

/// Okabe and Ito's colours, which people with any kind of colour vision can tell apart; the lightest come last.
/// <https://jfly.uni-koeln.de/color/>
const COLOURS: [&str; 8] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442"];

/// What differs from chart to chart.
pub(crate) struct Spec {
    /// For people who see it: what is drawn.
    pub(crate) title: String,
    /// For people who hear it: the kind of chart.
    pub(crate) kind: &'static str,
    /// Pixels, without axes.
    pub(crate) height: usize,
    pub(crate) data: Vec<Map<String, Value>>,
    pub(crate) time: Option<(String, Time)>,
    pub(crate) mark: Value,
    pub(crate) encoding: Value,
}

impl Spec {
    pub(crate) fn into_value(self, question: &str) -> Value {
        let question = question.split_whitespace().collect::<Vec<_>>().join(" ");
        let Self { title, kind, height, data, time, mark, encoding } = self;
        let asked = names::cut(&question, LONGEST_QUESTION);
        let asked = if asked.is_empty() { asked } else { format!(" Question: {asked}") };
        let mut description = format!("{kind}: {title}.{asked}");
        let mut title = names::cut(&title, LONGEST_TITLE);
        if title.is_empty() {
            description = format!("{kind}.{asked}");
            title = names::cut(&question, LONGEST_TITLE);
        }
        let mut source = json!({ "values": data });
        if let Some((field, Time { format, .. })) = time {
            // Without a format, browsers read a date as midnight in London and write it as the evening before.
            source["format"] = json!({ "type": "json", "parse": { field: format!("utc:'{format}'") } });
        }
        let mut spec = json!({
            "$schema": SCHEMA,
            "description": description,
            "width": WIDTH,
            "height": height,
            "autosize": { "type": "fit-x", "contains": "padding" },
            "data": source,
            "mark": mark,
            "encoding": encoding,
            "config": config(),
        });
        if !title.is_empty() {
            spec["title"] = Value::from(title);
        }
        spec
    }
}

fn config() -> Value {
    json!({
        "mark": { "color": COLOURS[0] },
        "range": { "category": COLOURS },
        "view": { "stroke": null },
        "title": { "anchor": "start", "fontSize": 15, "limit": WIDTH, "offset": 14 },
        "axis": { "labelFontSize": 12, "titleFontSize": 12, "labelLimit": 260, "titlePadding": 10 },
        "legend": { "labelFontSize": 12, "titleFontSize": 12, "labelLimit": 160 },
    })
}

/// The values of some columns, one record a row.
pub(crate) fn records(columns: &[&Column]) -> Vec<Map<String, Value>> {
    let rows = columns.iter().map(|column| column.values.len()).min().unwrap_or(0);
    let cell = |row: usize| move |column: &&Column| (column.field.clone(), column.values[row].clone());
    (0..rows).map(|row| columns.iter().map(cell(row)).collect()).collect()
}

/// Several measures as series: one record a row and measure.
pub(crate) struct Melted {
    /// The field that has the measure's title.
    pub(crate) measure: String,
    /// The field that has its number.
    pub(crate) value: String,
    pub(crate) records: Vec<Map<String, Value>>,
}

impl Melted {
    pub(crate) fn of(dimension: Option<&Column>, measures: &[&Column]) -> Self {
        let taken: Vec<String> = dimension.iter().map(|column| column.field.clone()).collect();
        let (measure, value) = (names::unused("measure", &taken), names::unused("value", &taken));
        let rows = measures.iter().map(|column| column.values.len()).min().unwrap_or(0);
        let record = |row: usize, column: &Column| {
            let mut record: Map<String, Value> =
                dimension.iter().map(|column| (column.field.clone(), column.values[row].clone())).collect();
            record.insert(measure.clone(), Value::from(column.title.as_str()));
            record.insert(value.clone(), column.values[row].clone());
            record
        };
        let records = (0..rows).flat_map(|row| measures.iter().map(move |column| (row, *column)));
        let records = records.map(|(row, column)| record(row, column)).collect();
        Self { measure, value, records }
    }
}

/// The channel of a measure. (Without titles, tooltips would show the names of fields; and a tooltip takes a value that is
/// called `image` for the address of a picture. Titles begin with capitals.)
pub(crate) fn quantity(column: &Column) -> Value {
    json!({ "field": column.field, "type": "quantitative", "title": column.title, "axis": axis(&[column]) })
}

/// The channel of several measures on one axis, of which the legend tells.
pub(crate) fn quantities(field: &str, measures: &[&Column]) -> Value {
    let mut axis = axis(measures);
    axis["title"] = Value::Null;
    json!({ "field": field, "type": "quantitative", "title": "Value", "axis": axis })
}

fn axis(measures: &[&Column]) -> Value {
    if measures.iter().all(|measure| measure.is_share()) {
        json!({ "format": ".1~%" })
    } else if measures.iter().all(|measure| measure.is_whole()) {
        json!({ "tickMinStep": 1 })
    } else {
        json!({})
    }
}

/// The channel of points in time.
pub(crate) fn moments(column: &Column, time: &Time) -> Value {
    // Vega would put ticks between two years where there are few, and write the same year below both.
    let every = |interval: &str, step: usize| match time.span {
        ..=MOST_TICKS => json!({ "interval": interval, "step": step }),
        _ => json!(FEW_TICKS),
    };
    let (format, ticks) = match time.grain {
        Grain::Year => ("%Y", every("year", 1)),
        Grain::Quarter => ("Q%q %Y", every("month", 3)),
        Grain::Month => ("%b %Y", every("month", 1)),
        Grain::Day => ("%-d %b %Y", every("day", 1)),
        Grain::Instant if time.span <= MOST_DAYS_WITH_HOURS => ("%-d %b %H:%M", json!(FEW_TICKS)),
        Grain::Instant => ("%-d %b %Y", json!(FEW_TICKS)),
    };
    let axis = json!({ "format": format, "tickCount": ticks, "labelOverlap": "greedy" });
    json!({
        "field": column.field, "type": "temporal", "title": column.title, "scale": { "type": "utc" }, "axis": axis,
    })
}

/// The order of a category: that of the rows, unless it has one of its own.
pub(crate) fn sort(column: &Column) -> Value {
    if column.has_order() { json!("ascending") } else { Value::Null }
}

/// The colours of a category.
pub(crate) fn colours(column: &Column) -> Value {
    json!({ "field": column.field, "type": "nominal", "sort": sort(column), "title": column.title })
}

/// The colours of several measures.
pub(crate) fn colours_of_measures(field: &str) -> Value {
    json!({ "field": field, "type": "nominal", "sort": null, "title": "Measure", "legend": { "title": null } })
}

/// The type of a category's axis.
pub(crate) fn kind(column: &Column) -> &'static str {
    if column.role == Role::Category || column.role == Role::Identifier { "nominal" } else { "ordinal" }
}

/// "Revenue, orders and customers by month and region"; nothing if a name says nothing.
pub(crate) fn title(measures: &[&Column], dimensions: &[&Column]) -> String {
    if measures.iter().chain(dimensions).any(|column| names::is_made_up(&column.name)) {
        return String::new();
    }
    let mut measured = list(measures);
    if let Some(first) = measures.first() {
        // Only what begins a sentence has a capital.
        measured = measured.replacen(&names::in_sentence(&first.title), &first.title, 1);
    }
    match dimensions {
        [] => measured,
        [time, others @ ..] if is_continuous(time) => match others {
            [] => format!("{measured} over time"),
            others => format!("{measured} over time by {}", list(others)),
        },
        dimensions => format!("{measured} by {}", list(dimensions)),
    }
}

/// Whether it is a time so fine that what counts is how it goes on.
pub(crate) fn is_continuous(column: &Column) -> bool {
    column.time().is_some_and(|time| time.grain >= Grain::Day)
}

fn list(columns: &[&Column]) -> String {
    let titles: Vec<String> = columns.iter().map(|column| names::in_sentence(&column.title)).collect();
    match titles.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}
