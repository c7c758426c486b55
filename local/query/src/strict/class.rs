//! Families of types. Within a family values compare, as Trino coerces them to a common type; across families not.

use datafusion::{
    arrow::datatypes::{DataType, IntervalUnit},
    logical_expr::Expr,
    scalar::ScalarValue,
};

use crate::types;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Class {
    /// Of NULL, which compares with everything.
    Unknown,
    Boolean,
    Number,
    Text,
    Binary,
    /// Dates and timestamps, with and without zone.
    Moment,
    Time,
    DaysToSeconds,
    YearsToMonths,
    /// Of DataFusion's intervals of months, days and nanoseconds the type does not say which of the two it is.
    Interval,
    Array(Box<Class>),
    Row,
    Map,
    Other,
}

impl Class {
    pub(super) fn of(kind: &DataType) -> Self {
        use DataType::*;
        match kind {
            Null => Self::Unknown,
            Boolean => Self::Boolean,
            kind if kind.is_numeric() => Self::Number,
            Utf8 | LargeUtf8 | Utf8View => Self::Text,
            Binary | LargeBinary | BinaryView | FixedSizeBinary(_) => Self::Binary,
            Date32 | Date64 | Timestamp(..) => Self::Moment,
            Time32(_) | Time64(_) => Self::Time,
            Duration(_) | Interval(IntervalUnit::DayTime) => Self::DaysToSeconds,
            Interval(IntervalUnit::YearMonth) => Self::YearsToMonths,
            Interval(IntervalUnit::MonthDayNano) => Self::Interval,
            List(item) | LargeList(item) | ListView(item) | LargeListView(item) | FixedSizeList(item, _) => {
                Self::Array(Box::new(Self::of(item.data_type())))
            }
            Struct(_) => Self::Row,
            Map(..) => Self::Map,
            Dictionary(_, value) => Self::of(value),
            RunEndEncoded(_, value) => Self::of(value.data_type()),
            _ => Self::Other,
        }
    }

    pub(super) fn is_interval(&self) -> bool {
        matches!(self, Self::DaysToSeconds | Self::YearsToMonths | Self::Interval)
    }

    /// Whether there is a type that values of both can be coerced to.
    pub(super) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown | Self::Other, _) | (_, Self::Unknown | Self::Other) => true,
            (Self::Array(one), Self::Array(other)) => one.meets(other),
            (Self::Interval, other) | (other, Self::Interval) => other.is_interval(),
            (one, other) => one == other,
        }
    }
}

/// A type as Trino names it in an error: that of a literal is as narrow as the literal.
pub(super) fn named(expression: &Expr, kind: &DataType) -> String {
    match expression {
        Expr::Literal(ScalarValue::Utf8(Some(text)), _) => format!("varchar({})", text.chars().count()),
        Expr::Literal(ScalarValue::Int64(Some(number)), _) if i32::try_from(*number).is_ok() => "integer".to_owned(),
        Expr::Alias(alias) => named(&alias.expr, kind),
        _ => types::trino(kind),
    }
}
