use super::check;

#[tokio::test]
async fn numbers_are_rounded_within_their_type() {
    check(&[
        ("abs(-5)", "5"),
        ("abs(-1.5)", "1.5"),
        ("abs(-1.5e0)", "1.5"),
        ("ceil(1.2)", "2"),
        ("ceiling(-1.2)", "-1"),
        ("ceil(1.2e0)", "2.0"),
        ("ceil(5)", "5"),
        ("floor(1.8)", "1"),
        ("floor(-1.2)", "-2"),
        ("floor(-1.2e0)", "-2.0"),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("round(2.5e0)", "3.0"),
        ("round(0.5e0)", "1.0"),
        ("round(1.005, 2)", "1.010"),
        ("round(2.345e0, 1)", "2.3"),
        ("round(1234.567e0, -2)", "1200.0"),
        ("round(1250, -2)", "1300"),
        ("round(12.345, 1)", "12.300"),
        ("truncate(-2.7)", "-2"),
        ("truncate(2.789e0, 1)", "2.7"),
        ("sign(-3)", "-1"),
        ("sign(2.5e0)", "1.0"),
        ("sign(-2.5)", "-1"),
    ])
    .await;
}

#[tokio::test]
async fn operators_keep_to_trinos_types() {
    check(&[
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("7 % 3", "1"),
        ("-7 % 3", "-1"),
        ("mod(7, 3)", "1"),
        ("mod(5.5, 2)", "1.5"),
        ("7 / 2e0", "3.5"),
        ("7 / 2.0", "3.5"),
        ("1 / 3.0", "0.3"),
        ("1.00 / 3", "0.33"),
        ("2.00 / 3", "0.67"),
        ("10.0 / 4.00", "2.50"),
        ("1.5 * 1.5", "2.25"),
        ("1.5 + 1.25", "2.75"),
        ("CAST(7 AS double) / 2", "3.5"),
        ("100.0 * 1 / 3", "33.3"),
        ("0.1 + 0.2 = 0.3", "true"),
        ("1 / 0", "DIVISION_BY_ZERO: Division by zero"),
        ("1 % 0", "DIVISION_BY_ZERO: Division by zero"),
        ("1.0 / 0", "DIVISION_BY_ZERO: Division by zero"),
        ("1 / 0e0", "Infinity"),
        ("0e0 / 0e0", "NaN"),
        ("9223372036854775807 + 1", "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: 9223372036854775807 + 1"),
        (
            "CAST(2147483647 AS integer) * CAST(2 AS integer)",
            "NUMERIC_VALUE_OUT_OF_RANGE: integer multiplication overflow: 2147483647 * 2",
        ),
        ("-(3)", "-3"),
        ("2 + 3 * 4", "14"),
    ])
    .await;
}

#[tokio::test]
async fn transcendental_functions_are_of_doubles() {
    check(&[
        ("power(2, 10)", "1024.0"),
        ("pow(2, 0.5)", "1.4142135623730951"),
        ("sqrt(2)", "1.4142135623730951"),
        ("cbrt(27)", "3.0"),
        ("exp(1)", "2.718281828459045"),
        ("ln(e())", "1.0"),
        ("log2(8)", "3.0"),
        ("log10(1000)", "3.0"),
        ("log(2, 64)", "6.0"),
        ("pi()", "3.141592653589793"),
        ("e()", "2.718281828459045"),
        ("degrees(pi())", "180.0"),
        ("radians(180)", "3.141592653589793"),
        ("sin(0)", "0.0"),
        ("cos(0)", "1.0"),
        ("tan(0)", "0.0"),
        ("asin(1)", "1.5707963267948966"),
        ("acos(1)", "0.0"),
        ("atan(1)", "0.7853981633974483"),
        ("atan2(1, 1)", "0.7853981633974483"),
        ("sinh(0)", "0.0"),
        ("cosh(0)", "1.0"),
        ("tanh(0)", "0.0"),
        ("is_nan(nan())", "true"),
        ("is_finite(infinity())", "false"),
        ("is_infinite(infinity())", "true"),
        ("sqrt(-1)", "NaN"),
        ("random() < 1", "true"),
        ("rand(10) BETWEEN 0 AND 9", "true"),
        ("random(5, 6)", "5"),
        ("width_bucket(5.5, 0, 10, 5)", "3"),
        ("width_bucket(-1, 0, 10, 5)", "0"),
        ("width_bucket(10, 0, 10, 5)", "6"),
    ])
    .await;
}

#[tokio::test]
async fn bits_and_bases_are_of_integers() {
    check(&[
        ("bitwise_and(19, 25)", "17"),
        ("bitwise_or(19, 25)", "27"),
        ("bitwise_xor(19, 25)", "10"),
        ("bitwise_not(19)", "-20"),
        ("bitwise_left_shift(1, 2)", "4"),
        ("bitwise_right_shift(8, 2)", "2"),
        ("bitwise_right_shift_arithmetic(-8, 2)", "-2"),
        ("bit_count(9, 64)", "2"),
        ("bit_count(-7, 8)", "6"),
        ("to_base(255, 16)", "ff"),
        ("to_base(-5, 2)", "-101"),
        ("from_base('ff', 16)", "255"),
        ("from_base('12', 2)", "INVALID_FUNCTION_ARGUMENT: Not a valid base-2 number: 12"),
    ])
    .await;
}
