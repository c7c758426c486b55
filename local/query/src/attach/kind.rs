//! The type of a column: the declared one where the values keep to it, otherwise the one that the values have.

use datafusion::arrow::datatypes::{DataType, TimeUnit};

use super::value::Value;

/// A type that a column of a SQLite or CSV file can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    Bigint,
    Double,
    Decimal(u8, u8),
    Date,
    Timestamp,
    Varchar,
    Varbinary,
}

/// What a declaration says of a column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declared {
    Kind(Kind),
    /// The values decide: there is no declaration, or it does not say enough, as `NUMERIC`.
    ByValues,
}

impl Kind {
    pub(crate) fn arrow(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Bigint => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Decimal(precision, scale) => DataType::Decimal128(precision, scale.try_into().unwrap_or(0)),
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, None),
            Self::Varchar => DataType::Utf8,
            Self::Varbinary => DataType::Binary,
        }
    }

    /// Whether a value can be kept as this type.
    pub(crate) fn takes(self, value: Value<'_>) -> bool {
        match self {
            Self::Boolean => value.boolean().is_some(),
            Self::Bigint => value.integer().is_some(),
            Self::Double => value.double().is_some(),
            Self::Decimal(precision, scale) => value.decimal(precision, scale).is_some(),
            Self::Date => value.date().is_some(),
            Self::Timestamp => value.timestamp().is_some(),
            Self::Varchar => !matches!(value, Value::Blob(_)),
            Self::Varbinary => matches!(value, Value::Blob(_)),
        }
    }
}

/// Reads a type as `CREATE TABLE` declares it. SQLite takes any words for a type, so databases that came from elsewhere
/// name those of MySQL, PostgreSQL, Oracle and SQL Server.
pub(crate) fn declared(text: &str) -> Declared {
    let text = text.trim().to_ascii_uppercase();
    let (name, parameters) = text.split_once('(').unwrap_or((&text, ""));
    let name = name.trim();
    let mut parameters = parameters.trim_end_matches(')').split(',').map(|number| number.trim().parse::<u8>().ok());
    let (precision, scale) = (parameters.next().flatten(), parameters.next().flatten().unwrap_or(0));
    let has = |part: &str| name.contains(part);
    if has("BOOL") {
        Declared::Kind(Kind::Boolean)
    } else if has("DATETIME") || has("TIMESTAMP") {
        Declared::Kind(Kind::Timestamp)
    } else if name == "DATE" {
        Declared::Kind(Kind::Date)
    } else if has("CHAR")
        || has("TEXT")
        || has("CLOB")
        || has("STRING")
        || matches!(name, "TIME" | "JSON" | "UUID" | "ENUM")
    {
        Declared::Kind(Kind::Varchar)
    } else if has("DECIMAL") || has("NUMERIC") || has("NUMBER") || name == "DEC" {
        match precision {
            Some(precision @ 1..=38) if scale <= precision => Declared::Kind(Kind::Decimal(precision, scale)),
            _ => Declared::ByValues,
        }
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        Declared::Kind(Kind::Double)
    } else if has("INTERVAL") || has("POINT") {
        Declared::ByValues
    } else if has("INT") || has("SERIAL") {
        Declared::Kind(Kind::Bigint)
    } else if has("BLOB") || has("BINARY") || has("BYTEA") {
        Declared::Kind(Kind::Varbinary)
    } else {
        Declared::ByValues
    }
}
