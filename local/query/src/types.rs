//! Names of types: Hive's in the catalogue, Trino's in errors, Athena's in results.

use datafusion::arrow::datatypes::{DataType, Field, IntervalUnit};

/// The type as Hive spells it, which is how `ListTableMetadata` gives it.
pub(crate) fn hive(kind: &DataType) -> String {
    use DataType::*;
    match kind {
        Boolean => "boolean".into(),
        Int8 => "tinyint".into(),
        Int16 | UInt8 => "smallint".into(),
        Int32 | UInt16 => "int".into(),
        Int64 | UInt32 | UInt64 => "bigint".into(),
        Float16 | Float32 => "float".into(),
        Float64 => "double".into(),
        Decimal32(precision, scale)
        | Decimal64(precision, scale)
        | Decimal128(precision, scale)
        | Decimal256(precision, scale) => format!("decimal({precision},{scale})"),
        Date32 => "date".into(),
        Date64 | Timestamp(..) => "timestamp".into(),
        Binary | LargeBinary | BinaryView | FixedSizeBinary(_) => "binary".into(),
        List(item) | LargeList(item) | ListView(item) | LargeListView(item) | FixedSizeList(item, _) => {
            format!("array<{}>", hive(item.data_type()))
        }
        Struct(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|field| format!("{}:{}", field.name(), hive(field.data_type()))).collect();
            format!("struct<{}>", fields.join(","))
        }
        Map(entries, _) => {
            let (key, value) = entry(entries);
            format!("map<{},{}>", hive(key), hive(value))
        }
        Dictionary(_, value) => hive(value),
        _ => "string".into(),
    }
}

/// The type as Trino's error messages and `typeof` spell it.
pub(crate) fn trino(kind: &DataType) -> String {
    use DataType::*;
    match kind {
        Null => "unknown".into(),
        Boolean => "boolean".into(),
        Int8 => "tinyint".into(),
        Int16 | UInt8 => "smallint".into(),
        Int32 | UInt16 => "integer".into(),
        Int64 | UInt32 | UInt64 => "bigint".into(),
        Float16 | Float32 => "real".into(),
        Float64 => "double".into(),
        Decimal32(precision, scale)
        | Decimal64(precision, scale)
        | Decimal128(precision, scale)
        | Decimal256(precision, scale) => format!("decimal({precision},{scale})"),
        Date32 => "date".into(),
        Date64 | Timestamp(_, None) => "timestamp(3)".into(),
        Timestamp(_, Some(_)) => "timestamp(3) with time zone".into(),
        Time32(_) | Time64(_) => "time(3)".into(),
        Interval(IntervalUnit::YearMonth) => "interval year to month".into(),
        Interval(_) | Duration(_) => "interval day to second".into(),
        Binary | LargeBinary | BinaryView | FixedSizeBinary(_) => "varbinary".into(),
        List(item) | LargeList(item) | ListView(item) | LargeListView(item) | FixedSizeList(item, _) => {
            format!("array({})", trino(item.data_type()))
        }
        Struct(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|field| format!("{} {}", field.name(), trino(field.data_type()))).collect();
            format!("row({})", fields.join(", "))
        }
        Map(entries, _) => {
            let (key, value) = entry(entries);
            format!("map({}, {})", trino(key), trino(value))
        }
        Dictionary(_, value) => trino(value),
        _ => "varchar".into(),
    }
}

/// The type, precision and scale as `ColumnInfo` of `GetQueryResults` gives them. The numbers are those of the service:
/// the largest length for text, decimal digits for numbers, digits of the second for timestamps.
pub(crate) fn athena(kind: &DataType) -> (String, i32, i32) {
    use DataType::*;
    let (name, precision, scale) = match kind {
        Null => ("unknown", 0, 0),
        Boolean => ("boolean", 0, 0),
        Int8 => ("tinyint", 3, 0),
        Int16 | UInt8 => ("smallint", 5, 0),
        Int32 | UInt16 => ("integer", 10, 0),
        Int64 | UInt32 | UInt64 => ("bigint", 19, 0),
        Float16 | Float32 => ("float", 17, 0),
        Float64 => ("double", 17, 0),
        Decimal32(precision, scale)
        | Decimal64(precision, scale)
        | Decimal128(precision, scale)
        | Decimal256(precision, scale) => ("decimal", i32::from(*precision), i32::from(*scale)),
        Date32 => ("date", 0, 0),
        Date64 | Timestamp(_, None) => ("timestamp", 3, 0),
        Timestamp(_, Some(_)) => ("timestamp with time zone", 3, 0),
        Time32(_) | Time64(_) => ("time", 3, 0),
        Interval(IntervalUnit::YearMonth) => ("interval year to month", 0, 0),
        Interval(_) | Duration(_) => ("interval day to second", 0, 0),
        Binary | LargeBinary | BinaryView | FixedSizeBinary(_) => ("varbinary", 1_073_741_824, 0),
        List(_) | LargeList(_) | ListView(_) | LargeListView(_) | FixedSizeList(..) => ("array", 0, 0),
        Struct(_) => ("row", 0, 0),
        Map(..) => ("map", 0, 0),
        Dictionary(_, value) => return athena(value),
        _ => ("varchar", i32::MAX, 0),
    };
    (name.to_owned(), precision, scale)
}

/// The types of the keys and the values of a map, whose entries Arrow keeps as structs of two fields.
pub(crate) fn entry(entries: &Field) -> (&DataType, &DataType) {
    match entries.data_type() {
        DataType::Struct(fields) if fields.len() == 2 => (fields[0].data_type(), fields[1].data_type()),
        _ => (&DataType::Null, &DataType::Null),
    }
}
