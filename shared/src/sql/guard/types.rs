//! Types that a query may convert to.

use sqlparser::ast::{ArrayElemTypeDef, CharacterLength, DataType, ExactNumberInfo, TimezoneInfo};

use super::refusal::Refusal;

/// Lets the types of Athena's DML pass, and writes in its words what other dialects call the same.
pub(super) fn check(kind: &mut DataType) -> Result<(), Refusal> {
    match kind {
        DataType::Boolean
        | DataType::TinyInt(None)
        | DataType::SmallInt(None)
        | DataType::Int(None)
        | DataType::Integer(None)
        | DataType::BigInt(None)
        | DataType::Real
        | DataType::Double(ExactNumberInfo::None)
        | DataType::Decimal(_)
        | DataType::Varchar(None | Some(CharacterLength::IntegerLength { length: _, unit: None }))
        | DataType::Char(None | Some(CharacterLength::IntegerLength { length: _, unit: None }))
        | DataType::Date
        | DataType::Time(_, TimezoneInfo::None | TimezoneInfo::WithTimeZone | TimezoneInfo::WithoutTimeZone)
        | DataType::Timestamp(_, TimezoneInfo::None | TimezoneInfo::WithTimeZone | TimezoneInfo::WithoutTimeZone)
        | DataType::JSON => {}
        DataType::Bool => *kind = DataType::Boolean,
        DataType::Int64 | DataType::Int8(None) => *kind = DataType::BigInt(None),
        DataType::Int4(None) => *kind = DataType::Integer(None),
        DataType::Text
        | DataType::String(None)
        | DataType::CharacterVarying(None)
        | DataType::CharVarying(None)
        | DataType::Nvarchar(None) => *kind = DataType::Varchar(None),
        DataType::Float(_) | DataType::Float8 | DataType::Float64 | DataType::DoublePrecision => {
            *kind = DataType::Double(ExactNumberInfo::None);
        }
        DataType::Numeric(size) | DataType::Dec(size) => *kind = DataType::Decimal(*size),
        DataType::Datetime(None) => *kind = DataType::Timestamp(None, TimezoneInfo::None),
        DataType::Array(ArrayElemTypeDef::AngleBracket(element)) => check(element)?,
        other => {
            return Err(Refusal::not_allowed(
                format!("Type {other}"),
                "use BOOLEAN, INTEGER, BIGINT, DOUBLE, DECIMAL(p, s), VARCHAR, DATE, TIMESTAMP, JSON or ARRAY<type>",
            ));
        }
    }
    Ok(())
}
