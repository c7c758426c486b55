//! What a function takes and gives: Trino's types, told from Arrow's.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Fields, TimeUnit};

/// The key of a field's metadata that marks text as JSON, and its value.
pub(super) const EXTENSION: (&str, &str) = ("ARROW:extension:name", "arrow.json");

/// The zone of the session, as on Athena.
pub(super) const SESSION_ZONE: &str = "UTC";

/// A type that a parameter of a function may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Boolean,
    Integer,
    Decimal,
    Double,
    Text,
    Bytes,

    /// A timestamp with or without zone, or a date as midnight.
    Timestamp,
    /// A date or a timestamp, as it is.
    Moment,
}

impl Kind {
    /// What an argument of this type is turned into, or none if Trino would not take it.
    pub(super) fn coerce(self, given: &DataType) -> Option<DataType> {
        match self {
            Self::Boolean => matches!(given, DataType::Boolean | DataType::Null).then_some(DataType::Boolean),
            Self::Integer => (given.is_integer() || given.is_null()).then_some(DataType::Int64),
            Self::Decimal => matches!(given, DataType::Decimal128(..)).then(|| given.clone()),
            Self::Double => (given.is_numeric() || given.is_null()).then_some(DataType::Float64),
            Self::Text => (given.is_string() || given.is_null()).then_some(DataType::Utf8),
            Self::Bytes => (given.is_binary() || given.is_null()).then_some(DataType::Binary),
            Self::Timestamp => match given {
                DataType::Timestamp(_, zone) => Some(DataType::Timestamp(TimeUnit::Microsecond, zone.clone())),
                DataType::Date32 | DataType::Null => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
                _ => None,
            },
            Self::Moment => match given {
                DataType::Date32 => Some(DataType::Date32),
                DataType::Timestamp(..) | DataType::Null => Self::Timestamp.coerce(given),
                _ => None,
            },
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "bigint",
            Self::Decimal => "decimal(p,s)",
            Self::Double => "double",
            Self::Text => "varchar(x)",
            Self::Bytes => "varbinary",
            Self::Timestamp | Self::Moment => "timestamp(p)",
        }
    }
}

pub(super) fn boolean(_: &[DataType]) -> DataType {
    DataType::Boolean
}

pub(super) fn integer(_: &[DataType]) -> DataType {
    DataType::Int64
}

pub(super) fn double(_: &[DataType]) -> DataType {
    DataType::Float64
}

pub(super) fn text(_: &[DataType]) -> DataType {
    DataType::Utf8
}

pub(super) fn bytes(_: &[DataType]) -> DataType {
    DataType::Binary
}

pub(super) fn date(_: &[DataType]) -> DataType {
    DataType::Date32
}

pub(super) fn timestamp(_: &[DataType]) -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, None)
}

pub(super) fn timestamp_with_zone(_: &[DataType]) -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some(SESSION_ZONE.into()))
}

pub(super) fn texts(_: &[DataType]) -> DataType {
    list_of(DataType::Utf8)
}

/// The type of the first argument.
pub(super) fn first(given: &[DataType]) -> DataType {
    narrowed(given.first())
}

/// The type of the last argument.
pub(super) fn last(given: &[DataType]) -> DataType {
    narrowed(given.last())
}

// Timestamps are computed with in microseconds, and have milliseconds in Athena's tables.
fn narrowed(given: Option<&DataType>) -> DataType {
    match given {
        Some(DataType::Timestamp(_, zone)) => DataType::Timestamp(TimeUnit::Millisecond, zone.clone()),
        Some(other) => other.clone(),
        None => DataType::Null,
    }
}

pub(super) fn list_of(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(element, true)))
}

pub(super) fn map_of(key: DataType, value: DataType) -> DataType {
    let entries = Fields::from(vec![Field::new("key", key, false), Field::new("value", value, true)]);
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false)
}

/// The key and the value of a map's type.
pub(super) fn entry_of(map: &DataType) -> Option<(&DataType, &DataType)> {
    match map {
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => Some((fields.first()?.data_type(), fields.get(1)?.data_type())),
            _ => None,
        },
        _ => None,
    }
}

/// The element of a list's type.
pub(super) fn element_of(list: &DataType) -> Option<&DataType> {
    match list {
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            Some(field.data_type())
        }
        _ => None,
    }
}

/// A type as Trino's `typeof` writes it.
pub(super) fn trino_name(kind: &DataType) -> String {
    match kind {
        DataType::Null => "unknown".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 => "tinyint".to_owned(),
        DataType::Int16 | DataType::UInt8 => "smallint".to_owned(),
        DataType::Int32 | DataType::UInt16 => "integer".to_owned(),
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => "bigint".to_owned(),
        DataType::Float32 => "real".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "varchar".to_owned(),
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Time32(_) | DataType::Time64(_) => "time(3)".to_owned(),
        DataType::Timestamp(_, None) => "timestamp(3)".to_owned(),
        DataType::Timestamp(_, Some(_)) => "timestamp(3) with time zone".to_owned(),
        DataType::Interval(_) | DataType::Duration(_) => "interval day to second".to_owned(),
        other => nested_name(other),
    }
}

fn nested_name(kind: &DataType) -> String {
    if kind.is_binary() {
        return "varbinary".to_owned();
    }
    if let Some(element) = element_of(kind) {
        return format!("array({})", trino_name(element));
    }
    if let Some((key, value)) = entry_of(kind) {
        return format!("map({}, {})", trino_name(key), trino_name(value));
    }
    match kind {
        DataType::Struct(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|field| format!("{} {}", field.name(), trino_name(field.data_type()))).collect();
            format!("row({})", fields.join(", "))
        }
        other => other.to_string(),
    }
}
