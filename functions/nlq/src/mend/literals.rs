//! Values in another spelling, and of another type than the column that they are compared with, which Athena refuses.

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, ExactNumberInfo, Expr, TimezoneInfo, TypedString, Value, ValueWithSpan,
};

use super::{
    functions::call,
    scope::{Frame, Kind, kind, resolve},
};
use crate::layer::Subject;

pub(super) fn mend(expr: &mut Expr, frames: &[Frame], subject: &Subject) {
    match expr {
        Expr::BinaryOp { left, op, right } if is_comparison(op) => {
            compare(left, right, frames, subject);
            compare(right, left, frames, subject);
            unlike_columns(left, right, frames);
        }
        // Athena leaves the rest of a division of whole numbers out; whoever divides wants a share.
        Expr::BinaryOp { left, op: BinaryOperator::Divide, right }
            if [&*left, &*right].iter().all(|side| kind(side, frames) == Kind::Integer) =>
        {
            cast(left, DataType::Double(ExactNumberInfo::None));
        }
        Expr::BinaryOp { left, op: BinaryOperator::StringConcat, right } => {
            for side in [left, right] {
                if !matches!(kind(side, frames), Kind::Text | Kind::Other) {
                    cast(side, DataType::Varchar(None));
                }
            }
        }
        Expr::InList { expr, list, .. } => list.iter_mut().for_each(|value| compare(expr, value, frames, subject)),
        Expr::Between { expr, low, high, .. } => {
            compare(expr, low, frames, subject);
            compare(expr, high, frames, subject);
        }
        Expr::Like { expr, .. } if !matches!(kind(expr, frames), Kind::Text | Kind::Other) => {
            cast(expr, DataType::Varchar(None));
        }
        Expr::Like { expr, pattern, escape_char: None, .. } if resolve(expr, frames).is_some() => {
            of_any_case(expr, pattern);
        }
        _ => {}
    }
}

/// Makes a literal one that can be compared with a column, and spells it as the column does.
fn compare(column: &mut Expr, literal: &mut Expr, frames: &[Frame], subject: &Subject) {
    let Expr::Value(ValueWithSpan { value, .. }) = &*literal else { return };
    let of_column = kind(column, frames);
    let mended = match (of_column, value) {
        (Kind::Text, Value::SingleQuotedString(text)) => {
            let Some(known) = as_listed(column, text, frames, subject) else { return };
            Expr::value(Value::SingleQuotedString(known))
        }
        (Kind::Text, Value::Number(number, _)) => Expr::value(Value::SingleQuotedString(number.clone())),
        (kind, Value::SingleQuotedString(text)) if kind.is_number() && is_number(text) => {
            Expr::value(Value::Number(text.trim().to_owned(), false))
        }
        (Kind::Date, Value::SingleQuotedString(text)) if is_date(text) => typed(DataType::Date, text),
        (Kind::Date, Value::SingleQuotedString(text)) if is_date(text.get(..10).unwrap_or_default()) => {
            typed(DataType::Date, &text[..10])
        }
        (Kind::Timestamp, Value::SingleQuotedString(text)) if is_date(text.get(..10).unwrap_or_default()) => {
            typed(DataType::Timestamp(None, TimezoneInfo::None), &text.replace('T', " "))
        }
        (Kind::Boolean, Value::Number(number, _)) => Expr::value(Value::Boolean(number != "0")),
        (Kind::Boolean, Value::SingleQuotedString(text)) => match text.to_ascii_lowercase().as_str() {
            "t" | "true" | "1" | "yes" | "y" => Expr::value(Value::Boolean(true)),
            "f" | "false" | "0" | "no" | "n" => Expr::value(Value::Boolean(false)),
            _ => return,
        },
        _ => return,
    };
    *literal = mended;
}

/// Who looks for names with "al" in them wants Alice, too; SQLite and MySQL see it so.
fn of_any_case(column: &mut Expr, pattern: &mut Expr) {
    let Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) = pattern else { return };
    if !text.chars().any(char::is_alphabetic) {
        return;
    }
    *text = text.to_lowercase();
    let inner = std::mem::replace(column, Expr::value(Value::Null));
    *column = call("lower", vec![inner]);
}

/// A listed value that differs in case or white space.
fn as_listed(column: &Expr, text: &str, frames: &[Frame], subject: &Subject) -> Option<String> {
    let (relation, field) = resolve(column, frames)?;
    let values = subject.values(relation.table.as_ref()?, &field.name);
    if values.iter().any(|value| value == text) {
        return None;
    }
    let same = |value: &&String| value.trim().to_lowercase() == text.trim().to_lowercase();
    values.iter().find(same).cloned()
}

/// Two columns of which one is text: compared as text.
fn unlike_columns(left: &mut Expr, right: &mut Expr, frames: &[Frame]) {
    let is_column = |expr: &Expr| resolve(expr, frames).is_some();
    if !is_column(left) || !is_column(right) {
        return;
    }
    match (kind(left, frames), kind(right, frames)) {
        (Kind::Text, other) if other.is_number() => cast(right, DataType::Varchar(None)),
        (other, Kind::Text) if other.is_number() => cast(left, DataType::Varchar(None)),
        _ => {}
    }
}

fn is_comparison(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
}

fn is_number(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok_and(f64::is_finite)
}

/// `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() })
}

fn typed(data_type: DataType, text: &str) -> Expr {
    let value = ValueWithSpan::from(Value::SingleQuotedString(text.to_owned()));
    Expr::TypedString(TypedString { data_type, value, uses_odbc_syntax: false })
}

pub(super) fn cast(expr: &mut Expr, data_type: DataType) {
    cast_as(expr, data_type, CastKind::Cast);
}

/// NULL where the text is no such value.
pub(super) fn try_cast(expr: &mut Expr, data_type: DataType) {
    cast_as(expr, data_type, CastKind::TryCast);
}

fn cast_as(expr: &mut Expr, data_type: DataType, kind: CastKind) {
    let inner = Box::new(std::mem::replace(expr, Expr::value(Value::Null)));
    *expr = Expr::Cast { kind, expr: inner, data_type, array: false, format: None };
}
