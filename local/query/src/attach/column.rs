//! Builds the Arrow array of one column, value by value.

use std::sync::Arc;

use datafusion::arrow::{
    array::{
        ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder,
        StringBuilder, TimestampMillisecondBuilder,
    },
    error::ArrowError,
};

use super::{kind::Kind, value::Value};

#[derive(Debug)]
pub(crate) enum Column {
    Boolean(BooleanBuilder),
    Bigint(Int64Builder),
    Double(Float64Builder),
    Decimal(Decimal128Builder, u8, u8),
    Date(Date32Builder),
    Timestamp(TimestampMillisecondBuilder),
    Varchar(StringBuilder),
    Varbinary(BinaryBuilder),
}

impl Column {
    pub(crate) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Boolean => Self::Boolean(BooleanBuilder::new()),
            Kind::Bigint => Self::Bigint(Int64Builder::new()),
            Kind::Double => Self::Double(Float64Builder::new()),
            Kind::Decimal(precision, scale) => Self::Decimal(Decimal128Builder::new(), precision, scale),
            Kind::Date => Self::Date(Date32Builder::new()),
            Kind::Timestamp => Self::Timestamp(TimestampMillisecondBuilder::new()),
            Kind::Varchar => Self::Varchar(StringBuilder::new()),
            Kind::Varbinary => Self::Varbinary(BinaryBuilder::new()),
        }
    }

    /// What is not of the column's type becomes NULL.
    pub(crate) fn push(&mut self, value: Value<'_>) {
        match self {
            Self::Boolean(builder) => builder.append_option(value.boolean()),
            Self::Bigint(builder) => builder.append_option(value.integer()),
            Self::Double(builder) => builder.append_option(value.double()),
            Self::Decimal(builder, precision, scale) => {
                builder.append_option(value.decimal(*precision, *scale).map(|(number, _)| number));
            }
            Self::Date(builder) => builder.append_option(value.date()),
            Self::Timestamp(builder) => builder.append_option(value.timestamp()),
            Self::Varchar(builder) => match value {
                Value::Text(text) => builder.append_value(text),
                Value::Integer(number) => builder.append_value(number.to_string()),
                // SQLite, too, writes a whole double with a fraction.
                Value::Real(number) => builder.append_value(format!("{number:?}")),
                Value::Null | Value::Blob(_) => builder.append_null(),
            },
            Self::Varbinary(builder) => match value {
                Value::Blob(bytes) => builder.append_value(bytes),
                _ => builder.append_null(),
            },
        }
    }

    /// The values so far; the builder is then empty.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Bigint(builder) => Arc::new(builder.finish()),
            Self::Double(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder, precision, scale) => {
                Arc::new(builder.finish().with_precision_and_scale(*precision, (*scale).try_into().unwrap_or(0))?)
            }
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => Arc::new(builder.finish()),
            Self::Varchar(builder) => Arc::new(builder.finish()),
            Self::Varbinary(builder) => Arc::new(builder.finish()),
        })
    }
}
