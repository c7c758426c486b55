//! Rows, turned into the columns of a table in types that Athena has.

use std::sync::Arc;

use datafusion::arrow::{
    array::{
        ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch,
        StringArray, TimestampMillisecondArray,
    },
    datatypes::{Field, Schema},
    error::ArrowError,
};
use jiff::civil::{Date, DateTime};

use super::calendar::days_between;

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) rows: RecordBatch,
}

/// Collects columns; each takes a value, or none, out of each row.
pub(super) struct Columns<'a, R> {
    rows: &'a [R],
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl<'a, R> Columns<'a, R> {
    pub(super) fn of(rows: &'a [R]) -> Self {
        Self { rows, fields: Vec::new(), arrays: Vec::new() }
    }

    pub(super) fn table(self, name: &'static str) -> Result<Table, ArrowError> {
        let schema = Schema::new(self.fields);
        Ok(Table { name, rows: RecordBatch::try_new(Arc::new(schema), self.arrays)? })
    }

    pub(super) fn bigint<V: Into<Option<i64>>>(self, name: &str, value: impl Fn(&R) -> V) -> Self {
        let values: Int64Array = self.rows.iter().map(|row| value(row).into()).collect();
        self.column(name, Arc::new(values))
    }

    pub(super) fn int<V: Into<Option<i32>>>(self, name: &str, value: impl Fn(&R) -> V) -> Self {
        let values: Int32Array = self.rows.iter().map(|row| value(row).into()).collect();
        self.column(name, Arc::new(values))
    }

    pub(super) fn double<V: Into<Option<f64>>>(self, name: &str, value: impl Fn(&R) -> V) -> Self {
        let values: Float64Array = self.rows.iter().map(|row| value(row).into()).collect();
        self.column(name, Arc::new(values))
    }

    pub(super) fn boolean<V: Into<Option<bool>>>(self, name: &str, value: impl Fn(&R) -> V) -> Self {
        let values: BooleanArray = self.rows.iter().map(|row| value(row).into()).collect();
        self.column(name, Arc::new(values))
    }

    pub(super) fn text<V: Into<Option<&'a str>>>(self, name: &str, value: impl Fn(&'a R) -> V) -> Self {
        let values: StringArray = self.rows.iter().map(|row| value(row).into()).collect();
        self.column(name, Arc::new(values))
    }

    /// `decimal(10,2)`, out of hundredths.
    pub(super) fn money<V: Into<Option<i64>>>(self, name: &str, value: impl Fn(&R) -> V) -> Result<Self, ArrowError> {
        let values: Decimal128Array = self.rows.iter().map(|row| value(row).into().map(i128::from)).collect();
        let values = values.with_precision_and_scale(10, 2)?;
        Ok(self.column(name, Arc::new(values)))
    }

    pub(super) fn date<V: Into<Option<Date>>>(self, name: &str, value: impl Fn(&R) -> V) -> Self {
        let days = |date| i32::try_from(days_between(EPOCH, date)).unwrap_or_default();
        let values: Date32Array = self.rows.iter().map(|row| value(row).into().map(days)).collect();
        self.column(name, Arc::new(values))
    }

    /// In milliseconds, as Athena's `timestamp` is, and without a time zone.
    pub(super) fn timestamp<V: Into<Option<DateTime>>>(self, name: &str, value: impl Fn(&R) -> V) -> Self {
        let milliseconds = |time: DateTime| {
            let midnight = time.date().to_datetime(jiff::civil::Time::midnight());
            days_between(EPOCH, time.date()) * 86_400_000 + time.duration_since(midnight).as_secs() * 1000
        };
        let values: TimestampMillisecondArray =
            self.rows.iter().map(|row| value(row).into().map(milliseconds)).collect();
        self.column(name, Arc::new(values))
    }

    fn column(mut self, name: &str, values: ArrayRef) -> Self {
        self.fields.push(Field::new(name, values.data_type().clone(), values.null_count() > 0));
        self.arrays.push(values);
        self
    }
}
