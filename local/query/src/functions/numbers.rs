//! Decimal numbers as digits and a scale, and numbers as Trino writes them.

use super::fault::Fault;

/// Ten to the power, or none where that has more than 38 digits.
pub(super) fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

/// The quotient, rounded half away from zero.
pub(super) fn divide_rounded(dividend: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    let is_half = rest.unsigned_abs() >= divisor.unsigned_abs() - rest.unsigned_abs();
    if is_half && rest != 0 { quotient + (dividend.signum() * divisor.signum()) } else { quotient }
}

/// The same number with another scale, rounded half away from zero; none if it has too many digits.
pub(super) fn rescale(digits: i128, from: u32, to: u32) -> Option<i128> {
    if to >= from {
        digits.checked_mul(power_of_ten(to - from)?)
    } else {
        Some(divide_rounded(digits, power_of_ten(from - to)?))
    }
}

/// Reads `-12.345` or `1.2e3` as digits of the scale; none if that is no number or too large.
pub(super) fn parse_decimal(text: &str, scale: u32) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => (-1, mantissa),
        None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = (!whole.is_empty() || !fraction.is_empty())
        && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !is_number {
        return None;
    }
    let digits: i128 = format!("0{whole}{fraction}").parse().ok()?;
    let has = i32::try_from(fraction.len()).ok()? - exponent;
    let digits = match u32::try_from(has) {
        Ok(has) => rescale(digits, has, scale)?,
        Err(_) => rescale(digits.checked_mul(power_of_ten(has.unsigned_abs())?)?, 0, scale)?,
    };
    Some(sign * digits)
}

pub(super) fn decimal_text(digits: i128, scale: u32) -> String {
    let scale = usize::try_from(scale).unwrap_or_default();
    let sign = if digits < 0 { "-" } else { "" };
    let text = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = text.split_at(text.len() - scale);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// A double as Trino's cast to varchar writes it: `1.5E0`.
pub(super) fn double_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let text = format!("{number:E}");
    match text.split_once('E') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0E{exponent}"),
        _ => text,
    }
}

/// A double rounded half away from zero to a whole number.
pub(super) fn round_to_integer(number: f64) -> Result<i64, Fault> {
    let rounded = number.round();
    // Two to the power of 63 is a double, the largest bigint is not.
    if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&rounded) {
        return Err(Fault::cast(format!("Unable to cast {number} to bigint")));
    }
    Ok(rounded as i64)
}
