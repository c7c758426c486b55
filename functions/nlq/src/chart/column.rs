//! What the columns of a result are to a chart.

use std::{collections::HashSet, ops::RangeInclusive};

use serde_json::Value;
use shared::findings;

use super::{
    names,
    time::{self, Time},
};

/// Characters of a text that can still be a label.
const LONGEST_LABEL: usize = 100;
/// Sizes of numbers that Vega draws. Differences and quotients of others are none that JavaScript knows.
const DRAWN: RangeInclusive<f64> = 1e-300..=1e300;

/// A column and what can be told from it.
#[derive(Debug)]
pub(crate) struct Column {
    /// As the query names it.
    pub(crate) name: String,
    /// Its name in `data.values`.
    pub(crate) field: String,
    /// Its name for people.
    pub(crate) title: String,
    pub(crate) role: Role,
    /// One a row.
    pub(crate) values: Vec<Value>,
    /// How many different values there are, NULL being one.
    pub(crate) distinct: usize,
}

/// What a column can be in a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// Numbers to be compared.
    Measure,
    Time(Time),
    /// Texts or booleans that name things.
    Category,
    /// Numbers that name recurring parts of dates, such as months.
    Part,
    /// Numbers that name things.
    Identifier,
    Nothing,
}

impl Column {
    pub(crate) fn new(name: String, field: String, title: String, role: Role, values: Vec<Value>) -> Self {
        let distinct = values.iter().map(Value::to_string).collect::<HashSet<_>>().len();
        Self { name, field, title, role, values, distinct }
    }

    /// Whether each row has another value.
    pub(crate) fn is_unique(&self) -> bool {
        self.distinct == self.values.len()
    }

    /// Whether no two rows have the same values of both.
    pub(crate) fn is_unique_with(&self, other: &Self) -> bool {
        let pair = |(one, other): (&Value, &Value)| format!("{one}\n{other}");
        let pairs: HashSet<String> = self.values.iter().zip(&other.values).map(pair).collect();
        pairs.len() == self.values.len()
    }

    /// How many different values there are but for NULL.
    pub(crate) fn known(&self) -> usize {
        self.distinct - usize::from(self.values.contains(&Value::Null))
    }

    /// Whether all of its numbers are whole.
    pub(crate) fn is_whole(&self) -> bool {
        self.numbers().all(|number| number.fract() == 0.0)
    }

    /// Whether its numbers are parts of a whole, to be written as percentages.
    pub(crate) fn is_share(&self) -> bool {
        names::is_share(&self.name) && self.magnitude() <= 1.0
    }

    /// Whether its order is that of its values, and not that of the rows.
    pub(crate) fn has_order(&self) -> bool {
        matches!(self.role, Role::Part | Role::Time(_) | Role::Measure)
    }

    /// The time that its values are, if they are.
    pub(crate) fn time(&self) -> Option<&Time> {
        match &self.role {
            Role::Time(time) => Some(time),
            _ => None,
        }
    }

    /// Its numbers, without NULLs.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().filter_map(Value::as_f64)
    }

    /// The largest number, whatever its sign.
    pub(crate) fn magnitude(&self) -> f64 {
        self.numbers().fold(0.0, |largest, number| number.abs().max(largest))
    }

    /// Characters of its longest label.
    pub(crate) fn label_length(&self) -> usize {
        let length =
            |value: &Value| value.as_str().map_or_else(|| value.to_string().len(), |text| text.chars().count());
        self.values.iter().map(length).max().unwrap_or(0)
    }
}

/// A row that is too short is filled up with NULLs.
pub(crate) fn read(columns: &[findings::Column], rows: &[Vec<Value>]) -> Vec<Column> {
    let (mut fields, mut titles) = (Vec::<String>::new(), Vec::<String>::new());
    let read = |(position, column): (usize, &findings::Column)| {
        let cell = |row: &Vec<Value>| row.get(position).cloned().unwrap_or(Value::Null);
        let values: Vec<Value> = rows.iter().map(cell).collect();
        let role = role(&column.name, &column.kind, &values);
        let field = names::field(&column.name, position, &fields);
        fields.push(field.clone());
        let mut title = names::title(&column.name, position);
        if titles.contains(&title) {
            title = format!("{title} ({})", position + 1);
        }
        titles.push(title.clone());
        Column::new(column.name.clone(), field, title, role, values)
    };
    with_whole_names(columns.iter().enumerate().map(read).collect())
}

/// First and last names are one label.
fn with_whole_names(mut columns: Vec<Column>) -> Vec<Column> {
    let place = |part: &str| {
        let is_part =
            |column: &Column| column.role == Role::Category && names::words(&column.name).concat().contains(part);
        columns.iter().position(is_part)
    };
    let (Some(first), Some(last)) = (place("firstname"), place("lastname")) else { return columns };
    let whole = |(first, last): (&Value, &Value)| {
        let names: Vec<&str> = [first, last].into_iter().filter_map(Value::as_str).collect();
        if names.is_empty() { Value::Null } else { Value::from(names.join(" ")) }
    };
    let values = columns[first].values.iter().zip(&columns[last].values).map(whole).collect();
    columns[first].role = Role::Nothing;
    columns[last].role = Role::Nothing;
    let taken: Vec<String> = columns.iter().map(|column| column.field.clone()).collect();
    let (name, field) = ("name".to_owned(), names::unused("name", &taken));
    columns.push(Column::new(name, field, "Name".to_owned(), Role::Category, values));
    columns
}

/// By the type that Athena gives the column, the values, which have to agree with it, and the name.
/// <https://docs.aws.amazon.com/athena/latest/ug/data-types.html>
fn role(name: &str, kind: &str, values: &[Value]) -> Role {
    let values: Vec<&Value> = values.iter().filter(|value| !value.is_null()).collect();
    if values.is_empty() {
        return Role::Nothing;
    }
    let kind = kind.split('(').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "tinyint" | "smallint" | "int" | "integer" | "bigint" | "float" | "real" | "double" | "decimal" => {
            let numbers: Option<Vec<f64>> = values.iter().map(|value| value.as_f64()).collect();
            numbers.map_or(Role::Nothing, |numbers| role_of_numbers(name, &numbers))
        }
        "boolean" if values.iter().all(|value| value.is_boolean()) => Role::Category,
        "char" | "varchar" | "string" | "date" | "time" | "timestamp" | "timestamp with time zone" => {
            let texts: Option<Vec<&str>> = values.iter().map(|value| value.as_str()).collect();
            texts.map_or(Role::Nothing, |texts| role_of_texts(name, &texts))
        }
        _ => Role::Nothing,
    }
}

fn role_of_numbers(name: &str, numbers: &[f64]) -> Role {
    if !numbers.iter().all(|number| *number == 0.0 || DRAWN.contains(&number.abs())) {
        return Role::Nothing;
    }
    if let Some(time) = time::of_numbers(name, numbers) {
        return Role::Time(time);
    }
    let is_part = |largest: f64| numbers.iter().all(|number| number.fract() == 0.0 && (0.0..=largest).contains(number));
    if names::largest_part(name).is_some_and(is_part) {
        return Role::Part;
    }
    let is_whole = numbers.iter().all(|number| number.fract() == 0.0);
    if is_whole && names::is_identifier(name) { Role::Identifier } else { Role::Measure }
}

fn role_of_texts(name: &str, texts: &[&str]) -> Role {
    if let Some(time) = time::of_texts(name, texts) {
        return Role::Time(time);
    }
    let is_label = texts.iter().all(|text| text.chars().count() <= LONGEST_LABEL);
    if is_label { Role::Category } else { Role::Nothing }
}
