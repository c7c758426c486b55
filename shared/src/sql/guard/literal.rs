//! Literals, and the units of time.

use sqlparser::ast::{DateTimeField, Expr, Interval, Value, ValueWithSpan};

use super::refusal::Refusal;

pub(super) fn value(value: &ValueWithSpan) -> Result<(), Refusal> {
    match &value.value {
        Value::Number(_, false) | Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null => Ok(()),
        Value::Placeholder(_) => Err(Refusal::not_allowed("A parameter", "write the value itself")),
        other => Err(Refusal::not_allowed(format!("The literal {other}"), "write numbers plainly and text as 'text'")),
    }
}

pub(super) fn text(value: &ValueWithSpan) -> Result<(), Refusal> {
    match &value.value {
        Value::SingleQuotedString(_) => Ok(()),
        other => Err(Refusal::not_allowed(format!("{other} here"), "write text in single quotes")),
    }
}

/// Of the units that Trino has, in its words; a number becomes the text that Trino wants.
pub(super) fn interval(interval: &mut Interval) -> Result<(), Refusal> {
    let Interval { value, leading_field, leading_precision, last_field, fractional_seconds_precision } = interval;
    let refusal = || Refusal::not_allowed("An interval in this form", "write INTERVAL '3' DAY, with one unit");
    let Expr::Value(ValueWithSpan { value, span: _ }) = value.as_mut() else { return Err(refusal()) };
    match value {
        Value::SingleQuotedString(_) => {}
        Value::Number(number, false) => *value = Value::SingleQuotedString(std::mem::take(number)),
        _ => return Err(refusal()),
    }
    if leading_precision.is_some() || fractional_seconds_precision.is_some() {
        return Err(refusal());
    }
    unit(leading_field.as_mut().ok_or_else(refusal)?)?;
    last_field.as_mut().map_or(Ok(()), unit)
}

fn unit(field: &mut DateTimeField) -> Result<(), Refusal> {
    *field = match field {
        DateTimeField::Year | DateTimeField::Years => DateTimeField::Year,
        DateTimeField::Month | DateTimeField::Months => DateTimeField::Month,
        DateTimeField::Day | DateTimeField::Days => DateTimeField::Day,
        DateTimeField::Hour | DateTimeField::Hours => DateTimeField::Hour,
        DateTimeField::Minute | DateTimeField::Minutes => DateTimeField::Minute,
        DateTimeField::Second | DateTimeField::Seconds => DateTimeField::Second,
        other => {
            return Err(Refusal::not_allowed(
                format!("An interval of {other}"),
                "use YEAR, MONTH, DAY, HOUR, MINUTE or SECOND",
            ));
        }
    };
    Ok(())
}

pub(super) fn is_extractable(field: &DateTimeField) -> bool {
    matches!(
        field,
        DateTimeField::Year
            | DateTimeField::Quarter
            | DateTimeField::Month
            | DateTimeField::Week(None)
            | DateTimeField::Day
            | DateTimeField::Dow
            | DateTimeField::Doy
            | DateTimeField::Hour
            | DateTimeField::Minute
            | DateTimeField::Second
    )
}
