//! Numbers (Trino: "Mathematical functions and operators", "Bitwise functions"). Where Trino keeps a number's type,
//! there is an overload a type.

use datafusion::{arrow::datatypes::DataType, logical_expr::ScalarUDF};
use rand::Rng;

use super::{
    fault::Fault,
    kinds::{Kind, boolean, double, first, integer, text},
    numbers::{divide_rounded, power_of_ten, rescale},
    row::Row,
    scalar::{Function, function},
    value::{Outcome, Value, some},
};

pub(super) fn all() -> Vec<ScalarUDF> {
    let functions = [rounding(), arithmetic(), transcendental(), bits(), bases()];
    functions.into_iter().flatten().map(ScalarUDF::from).collect()
}

const INTEGER: &[Kind] = &[Kind::Integer];
const DECIMAL: &[Kind] = &[Kind::Decimal];
const DOUBLE: &[Kind] = &[Kind::Double];

/// The type of a decimal rounded to a whole number: one digit more, for the carry.
fn whole_decimal(given: &[DataType]) -> DataType {
    match given.first() {
        Some(DataType::Decimal128(precision, scale)) => {
            let carry = u8::from(*scale > 0);
            DataType::Decimal128((precision - scale.unsigned_abs().min(*precision) + carry).clamp(1, 38), 0)
        }
        _ => DataType::Decimal128(38, 0),
    }
}

fn scaled_decimal(given: &[DataType]) -> DataType {
    match given.first() {
        Some(DataType::Decimal128(precision, scale)) => DataType::Decimal128((precision + 1).min(38), *scale),
        _ => DataType::Decimal128(38, 0),
    }
}

fn rounding() -> Vec<Function> {
    vec![
        function("ceil")
            .alias("ceiling")
            .on(INTEGER, integer, |row| some(row.integer(0)))
            .on(DECIMAL, whole_decimal, |row| {
                let (digits, scale) = row.decimal(0);
                let one = power_of_ten(scale).unwrap_or(1);
                some(-(-digits).div_euclid(one))
            })
            .on(DOUBLE, double, |row| some(row.double(0).ceil())),
        function("floor")
            .on(INTEGER, integer, |row| some(row.integer(0)))
            .on(DECIMAL, whole_decimal, |row| {
                let (digits, scale) = row.decimal(0);
                some(digits.div_euclid(power_of_ten(scale).unwrap_or(1)))
            })
            .on(DOUBLE, double, |row| some(row.double(0).floor())),
        function("round")
            .on(INTEGER, integer, |row| some(row.integer(0)))
            .on(DECIMAL, whole_decimal, |row| {
                let (digits, scale) = row.decimal(0);
                Ok(rescale(digits, scale, 0).map(Value::Decimal))
            })
            .on(DOUBLE, double, |row| some(row.double(0).round()))
            .on(&[Kind::Integer, Kind::Integer], integer, |row| some(round_integer(row.integer(0), row.integer(1))))
            .on(&[Kind::Decimal, Kind::Integer], scaled_decimal, |row| {
                let (digits, scale) = row.decimal(0);
                some(keep_places(digits, scale, row.integer(1), divide_rounded))
            })
            .on(&[Kind::Double, Kind::Integer], double, |row| some(round_double(row.double(0), row.integer(1)))),
        function("truncate")
            .on(INTEGER, integer, |row| some(row.integer(0)))
            .on(DECIMAL, whole_decimal, |row| {
                let (digits, scale) = row.decimal(0);
                some(digits / power_of_ten(scale).unwrap_or(1))
            })
            .on(DOUBLE, double, |row| some(row.double(0).trunc()))
            .on(&[Kind::Decimal, Kind::Integer], first, |row| {
                let (digits, scale) = row.decimal(0);
                some(keep_places(digits, scale, row.integer(1), |dividend, divisor| dividend / divisor))
            })
            .on(&[Kind::Double, Kind::Integer], double, |row| {
                let factor = 10_f64.powi(i32::try_from(row.integer(1)).unwrap_or_default());
                some((row.double(0) * factor).trunc() / factor)
            }),
    ]
}

/// All but some places behind the point made zero; a negative count is of places before the point.
fn keep_places(digits: i128, scale: u32, places: i64, divide: fn(i128, i128) -> i128) -> i128 {
    let dropped = i64::from(scale) - places;
    match u32::try_from(dropped) {
        Ok(dropped) => power_of_ten(dropped).map_or(0, |unit| divide(digits, unit) * unit),
        Err(_) => digits,
    }
}

fn round_integer(number: i64, places: i64) -> i64 {
    i64::try_from(keep_places(number.into(), 0, places.min(0), divide_rounded)).unwrap_or(number)
}

// As Trino: scaled up, rounded, scaled down; what is too large for that is left alone.
fn round_double(number: f64, places: i64) -> f64 {
    let factor = 10_f64.powi(i32::try_from(places).unwrap_or_default());
    let scaled = number * factor;
    if scaled.is_finite() && number.is_finite() { scaled.round() / factor } else { number }
}

fn out_of_range(operation: &str, row: &Row<'_>) -> Fault {
    Fault::range(format!("bigint {operation} overflow: {}", row.integer(0)))
}

fn arithmetic() -> Vec<Function> {
    vec![
        function("abs")
            .on(INTEGER, integer, |row| {
                some(row.integer(0).checked_abs().ok_or_else(|| out_of_range("absolute value", row))?)
            })
            .on(DECIMAL, first, |row| some(row.decimal(0).0.abs()))
            .on(DOUBLE, double, |row| some(row.double(0).abs())),
        function("sign")
            .on(INTEGER, integer, |row| some(row.integer(0).signum()))
            .on(DECIMAL, |_| DataType::Decimal128(1, 0), |row| some(row.decimal(0).0.signum()))
            .on(DOUBLE, double, |row| {
                let number = row.double(0);
                some(if number == 0.0 || number.is_nan() { number } else { number.signum() })
            }),
        function("power")
            .alias("pow")
            .on(&[Kind::Double, Kind::Double], double, |row| some(row.double(0).powf(row.double(1)))),
        function("random")
            .alias("rand")
            .volatile()
            .on(&[], double, |_| some(rand::rng().random::<f64>()))
            .on(INTEGER, integer, |row| random(0, row.integer(0)))
            .on(&[Kind::Integer, Kind::Integer], integer, |row| random(row.integer(0), row.integer(1))),
        function("width_bucket").on(&[Kind::Double, Kind::Double, Kind::Double, Kind::Integer], integer, |row| {
            let (value, low, high, count) = (row.double(0), row.double(1), row.double(2), row.integer(3));
            if count <= 0 {
                return Err(Fault::argument("bucketCount must be greater than 0"));
            }
            let (share, is_below) = ((value - low) / (high - low), (value < low) == (low < high) && value != low);
            some(if is_below {
                0
            } else if share >= 1.0 {
                count + 1
            } else {
                (share * count as f64) as i64 + 1
            })
        }),
    ]
}

fn random(from: i64, to: i64) -> Outcome {
    if from >= to {
        return Err(Fault::argument("bound must be positive"));
    }
    some(rand::rng().random_range(from..to))
}

fn transcendental() -> Vec<Function> {
    vec![
        function("sqrt").on(DOUBLE, double, |row| some(row.double(0).sqrt())),
        function("cbrt").on(DOUBLE, double, |row| some(row.double(0).cbrt())),
        function("exp").on(DOUBLE, double, |row| some(row.double(0).exp())),
        function("ln").on(DOUBLE, double, |row| some(row.double(0).ln())),
        function("log2").on(DOUBLE, double, |row| some(row.double(0).log2())),
        function("log10").on(DOUBLE, double, |row| some(row.double(0).log10())),
        function("log").on(&[Kind::Double, Kind::Double], double, |row| some(row.double(1).ln() / row.double(0).ln())),
        function("pi").on(&[], double, |_| some(std::f64::consts::PI)),
        function("e").on(&[], double, |_| some(std::f64::consts::E)),
        function("infinity").on(&[], double, |_| some(f64::INFINITY)),
        function("nan").on(&[], double, |_| some(f64::NAN)),
        function("is_nan").on(DOUBLE, boolean, |row| some(row.double(0).is_nan())),
        function("is_finite").on(DOUBLE, boolean, |row| some(row.double(0).is_finite())),
        function("is_infinite").on(DOUBLE, boolean, |row| some(row.double(0).is_infinite())),
        function("degrees").on(DOUBLE, double, |row| some(row.double(0).to_degrees())),
        function("radians").on(DOUBLE, double, |row| some(row.double(0).to_radians())),
        function("sin").on(DOUBLE, double, |row| some(row.double(0).sin())),
        function("cos").on(DOUBLE, double, |row| some(row.double(0).cos())),
        function("tan").on(DOUBLE, double, |row| some(row.double(0).tan())),
        function("asin").on(DOUBLE, double, |row| some(row.double(0).asin())),
        function("acos").on(DOUBLE, double, |row| some(row.double(0).acos())),
        function("atan").on(DOUBLE, double, |row| some(row.double(0).atan())),
        function("atan2").on(&[Kind::Double, Kind::Double], double, |row| some(row.double(0).atan2(row.double(1)))),
        function("sinh").on(DOUBLE, double, |row| some(row.double(0).sinh())),
        function("cosh").on(DOUBLE, double, |row| some(row.double(0).cosh())),
        function("tanh").on(DOUBLE, double, |row| some(row.double(0).tanh())),
    ]
}

fn bits() -> Vec<Function> {
    const PAIR: &[Kind] = &[Kind::Integer, Kind::Integer];
    vec![
        function("bitwise_and").on(PAIR, integer, |row| some(row.integer(0) & row.integer(1))),
        function("bitwise_or").on(PAIR, integer, |row| some(row.integer(0) | row.integer(1))),
        function("bitwise_xor").on(PAIR, integer, |row| some(row.integer(0) ^ row.integer(1))),
        function("bitwise_not").on(INTEGER, integer, |row| some(!row.integer(0))),
        function("bitwise_left_shift")
            .on(PAIR, integer, |row| some(row.integer(0).checked_shl(places(row)).unwrap_or(0))),
        function("bitwise_right_shift").on(PAIR, integer, |row| {
            let shifted = (row.integer(0) as u64).checked_shr(places(row)).unwrap_or(0);
            some(shifted as i64)
        }),
        function("bitwise_right_shift_arithmetic").on(PAIR, integer, |row| {
            some(row.integer(0).checked_shr(places(row)).unwrap_or(if row.integer(0) < 0 { -1 } else { 0 }))
        }),
        function("bit_count").on(PAIR, integer, |row| match row.integer(1) {
            bits @ 2..=63 => some((row.integer(0) & ((1 << bits) - 1)).count_ones()),
            64 => some(row.integer(0).count_ones()),
            _ => Err(Fault::argument("Bits specified in bit_count must be between 2 and 64")),
        }),
    ]
}

fn places(row: &Row<'_>) -> u32 {
    u32::try_from(row.integer(1)).unwrap_or(u32::MAX)
}

fn bases() -> Vec<Function> {
    vec![
        function("to_base")
            .on(&[Kind::Integer, Kind::Integer], text, |row| some(to_base(row.integer(0), base(row.integer(1))?))),
        function("from_base").on(&[Kind::Text, Kind::Integer], integer, |row| {
            let (digits, base) = (row.text(0), base(row.integer(1))?);
            let fault = |_| Fault::argument(format!("Not a valid base-{base} number: {digits}"));
            some(i64::from_str_radix(digits, base).map_err(fault)?)
        }),
    ]
}

fn base(base: i64) -> Result<u32, Fault> {
    let valid = u32::try_from(base).ok().filter(|base| (2..=36).contains(base));
    valid.ok_or_else(|| Fault::argument("Radix must be between 2 and 36"))
}

fn to_base(number: i64, base: u32) -> String {
    let mut rest = number.unsigned_abs();
    let mut digits = Vec::new();
    while rest > 0 || digits.is_empty() {
        let digit = u32::try_from(rest % u64::from(base)).unwrap_or_default();
        digits.extend(char::from_digit(digit, base));
        rest /= u64::from(base);
    }
    digits.extend((number < 0).then_some('-'));
    digits.into_iter().rev().collect()
}
