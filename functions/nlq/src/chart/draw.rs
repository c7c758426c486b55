//! The chart that was chosen, as a specification.

use serde_json::{Value, json};

use super::{
    choose::Chart,
    column::Column,
    names,
    spec::{self, Melted, Spec},
    time::Grain,
};

/// Pixels that a letter of a label takes, about.
const LETTER: usize = 7;
/// Pixels that labels beside each other have together.
const LABELS: usize = 520;
/// Pixels of a lying bar with its gap.
const BAR: usize = 24;
/// The same within a group.
const GROUPED_BAR: usize = 12;
/// Pixels of the plot.
const NUMBER_HEIGHT: usize = 110;
/// Pixels of what stands below a number.
const WIDE: usize = 400;
/// Pixels between points and axes.
const SCATTER_PADDING: usize = 12;
/// Points on a line that can still be told apart.
const MOST_POINTS: usize = 60;

pub(crate) fn draw(chart: &Chart<'_>, question: &str) -> Value {
    let spec = match chart {
        Chart::Number { measures, label } => number(measures, *label),
        Chart::Line { time, measures, series } => line(time, measures, *series),
        Chart::Bar { category, measures, series } => bar(category, measures, *series),
        Chart::Scatter { x, y, series, label } => scatter(x, y, *series, *label),
    };
    spec.into_value(question)
}

fn number(measures: &[&Column], label: Option<&Column>) -> Spec {
    let size = match measures.iter().map(|measure| measure.magnitude()).fold(0.0, f64::max) {
        _ if measures.len() > 1 => 30,
        small if small < 1e5 => 64,
        large if large < 1e9 => 44,
        _ => 32,
    };
    let text = |field: &str| json!({ "field": field, "type": "quantitative", "format": number_format(measures) });
    let moments = label.and_then(|label| label.time().filter(|time| !time.is_short).map(|time| (label, time.clone())));
    let (data, encoding, title) = match (measures, label) {
        ([measure], Some(label)) => {
            let mut below = below(&label.field, json!(label.title));
            if let Some((_, time)) = &moments {
                below["type"] = json!("ordinal");
                below["timeUnit"] = json!("utcyearmonthdatehoursminutes");
                below["axis"]["format"] =
                    json!(if time.grain == Grain::Instant { "%-d %b %Y %H:%M" } else { "%-d %b %Y" });
            }
            let encoding = json!({ "text": text(&measure.field), "x": below });
            (spec::records(&[measure, label]), encoding, spec::title(measures, &[]))
        }
        ([measure], None) => {
            (spec::records(&[measure]), json!({ "text": text(&measure.field) }), spec::title(measures, &[]))
        }
        _ => {
            let melted = Melted::of(None, measures);
            let encoding = json!({ "text": text(&melted.value), "x": below(&melted.measure, Value::Null) });
            (melted.records, encoding, String::new())
        }
    };
    let time = moments.map(|(label, time)| (label.field.clone(), time));
    let mark = json!({ "type": "text", "fontSize": size, "fontWeight": "bold" });
    Spec { title, kind: "Number", height: NUMBER_HEIGHT, data, time, mark, encoding }
}

/// What a number is of stands below it, as a label of an axis does.
fn below(field: &str, title: Value) -> Value {
    let axis = json!({ "domain": false, "ticks": false, "labelAngle": 0, "labelFontSize": 15, "labelLimit": WIDE });
    json!({ "field": field, "type": "nominal", "sort": null, "title": title, "axis": axis })
}

/// How numbers that stand for themselves are written. <https://d3js.org/d3-format>
fn number_format(measures: &[&Column]) -> &'static str {
    let sizes = measures.iter().map(|measure| measure.magnitude());
    match sizes.fold(0.0, f64::max) {
        _ if measures.iter().all(|measure| measure.is_share()) => ".1~%",
        huge if huge >= 1e15 => ".4~g",
        _ if measures.iter().all(|measure| measure.is_whole()) => ",d",
        small if small < 1.0 => ".3~g",
        _ if measures.len() == 1 => ",.2f",
        _ => ",.2~f",
    }
}

fn line(time: &Column, measures: &[&Column], series: Option<&Column>) -> Spec {
    let moments = time.time().map(|known| (time.field.clone(), known.clone()));
    let x = time.time().map_or(Value::Null, |known| spec::moments(time, known));
    let mut encoding = json!({ "x": x });
    let mut data = if let [measure] = measures {
        encoding["y"] = spec::quantity(measure);
        let columns: Vec<&Column> = [time, *measure].into_iter().chain(series).collect();
        spec::records(&columns)
    } else {
        let melted = Melted::of(Some(time), measures);
        encoding["y"] = spec::quantities(&melted.value, measures);
        encoding["color"] = spec::colours_of_measures(&melted.measure);
        melted.records
    };
    if let Some(series) = series {
        encoding["color"] = spec::colours(series);
    }
    // What has no time has no place on the line.
    data.retain(|record| record.get(&time.field).is_some_and(|moment| !moment.is_null()));
    let dimensions: Vec<&Column> = std::iter::once(time).chain(series).collect();
    Spec {
        title: spec::title(measures, &dimensions),
        kind: "Line chart",
        height: spec::HEIGHT,
        data,
        time: moments,
        mark: json!({ "type": "line", "point": time.distinct <= MOST_POINTS, "tooltip": true }),
        encoding,
    }
}

fn bar(category: &Column, measures: &[&Column], series: Option<&Column>) -> Spec {
    let bars_a_label = series.map_or(measures.len(), |series| series.distinct);
    let label = LETTER * (category.label_length() + 2);
    let is_upright = category.distinct * label.max(bars_a_label * 10) <= LABELS;
    let (along, across, offset) = if is_upright { ("x", "y", "xOffset") } else { ("y", "x", "yOffset") };

    let mut encoding = json!({});
    encoding[along] = json!({
        "field": category.field,
        "type": spec::kind(category),
        "sort": spec::sort(category),
        "title": category.title,
        "axis": { "labelAngle": 0 },
    });
    if is_upright && category.distinct < 6 {
        // Few bars would be wide as walls.
        encoding[along]["scale"] = json!({ "paddingInner": 0.4, "paddingOuter": 0.4 });
    }
    let data = if let [measure] = measures {
        encoding[across] = spec::quantity(measure);
        let columns: Vec<&Column> = [category, *measure].into_iter().chain(series).collect();
        spec::records(&columns)
    } else {
        let melted = Melted::of(Some(category), measures);
        encoding[across] = spec::quantities(&melted.value, measures);
        encoding[offset] = json!({ "field": melted.measure, "sort": null, "title": "Measure" });
        encoding["color"] = spec::colours_of_measures(&melted.measure);
        melted.records
    };
    if let Some(series) = series {
        encoding[offset] = json!({ "field": series.field, "sort": spec::sort(series), "title": series.title });
        encoding["color"] = spec::colours(series);
    }
    let height = match bars_a_label {
        _ if is_upright => spec::HEIGHT,
        1 => category.distinct * BAR,
        _ => category.distinct * (bars_a_label * GROUPED_BAR + GROUPED_BAR),
    };
    let dimensions: Vec<&Column> = std::iter::once(category).chain(series).collect();
    Spec {
        title: spec::title(measures, &dimensions),
        kind: if bars_a_label > 1 { "Grouped bar chart" } else { "Bar chart" },
        height,
        data,
        time: None,
        // A bar without a number keeps its label.
        mark: json!({ "type": "bar", "invalid": "show", "tooltip": true }),
        encoding,
    }
}

fn scatter(x: &Column, y: &Column, series: Option<&Column>, label: Option<&Column>) -> Spec {
    let mut encoding = json!({ "x": spec::quantity(x), "y": spec::quantity(y) });
    let moments = x.time().map(|known| (x.field.clone(), known.clone()));
    // Points say something by their places among each other, not by their distance from zero.
    let scale = json!({ "zero": false, "padding": SCATTER_PADDING });
    if let Some(known) = x.time() {
        encoding["x"] = spec::moments(x, known);
        encoding["x"]["scale"]["padding"] = json!(SCATTER_PADDING);
    } else {
        encoding["x"]["scale"] = scale.clone();
    }
    encoding["y"]["scale"] = scale;
    if let Some(series) = series {
        encoding["color"] = spec::colours(series);
        encoding["shape"] = spec::colours(series);
    }
    if let Some(label) = label {
        let text = |column: &Column, kind: &str| json!({ "field": column.field, "type": kind, "title": column.title });
        encoding["tooltip"] = json!([text(label, "nominal"), text(x, "quantitative"), text(y, "quantitative")]);
    }
    let columns: Vec<&Column> = [x, y].into_iter().chain(series).chain(label).collect();
    let mut data = spec::records(&columns);
    let is_known = |value: Option<&Value>| value.is_some_and(|value| !value.is_null());
    data.retain(|record| is_known(record.get(&x.field)) && is_known(record.get(&y.field)));
    let title = match spec::title(&[y], &[]) {
        title if spec::is_continuous(x) && !title.is_empty() => format!("{title} over time"),
        title if title.is_empty() || names::is_made_up(&x.name) => String::new(),
        title => format!("{title} against {}", names::in_sentence(&x.title)),
    };
    let mark = json!({ "type": "point", "filled": true, "size": 60, "opacity": 0.75, "tooltip": true });
    Spec { title, kind: "Scatter plot", height: spec::HEIGHT, data, time: moments, mark, encoding }
}
