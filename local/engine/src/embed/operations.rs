//! What BERT does between its matrices, row by row.
//!
//! The exponential function and the error function are approximated to single precision by arithmetic alone, so that the
//! compiler computes several at once. All is inlined, since only so is it compiled for the processor that is there.

use super::arithmetic::LANES;

/// Adding this rounds to an integer, which then stands in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// The highest byte of [`quantise`], one less than there is: ends of the range may be rounded away from each other.
const STEPS: f32 = 254.0;

/// What normalised rows are scaled and shifted by.
pub(super) struct Norm {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
    pub(super) epsilon: f32,
}

impl Norm {
    /// Adds, and normalises the row.
    #[inline(always)]
    pub(super) fn add(&self, row: &mut [f32], addition: &[f32]) {
        for (value, addition) in row.iter_mut().zip(addition) {
            *value += addition;
        }
        let count = row.len() as f32;
        let mean = sum(row, |value| value) / count;
        let variance = sum(row, |value| (value - mean) * (value - mean)) / count;
        let factor = 1.0 / (variance + self.epsilon).sqrt();
        for ((value, scale), shift) in row.iter_mut().zip(&self.scale).zip(&self.shift) {
            *value = (*value - mean) * factor * scale + shift;
        }
    }
}

/// The Gaussian error linear unit.
#[inline(always)]
pub(super) fn gelu(row: &mut [f32]) {
    for value in row {
        *value = 0.5 * *value * (1.0 + erf(*value * std::f32::consts::FRAC_1_SQRT_2));
    }
}

/// Scales the row, and turns it into weights that sum up to one.
#[inline(always)]
pub(super) fn softmax(row: &mut [f32], scale: f32) {
    let [_, largest] = ends(row);
    for value in row.iter_mut() {
        *value = exp((*value - largest) * scale);
    }
    let factor = 1.0 / sum(row, |value| value);
    for value in row {
        *value *= factor;
    }
}

/// What the bytes of a row stand for: `scale * (byte - zero)`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Scale {
    pub(super) scale: f32,
    pub(super) zero: i32,
}

/// Numbers as bytes, by the least and the greatest of them.
#[inline(always)]
pub(super) fn quantise(row: &[f32], bytes: &mut [u8]) -> Scale {
    let [least, largest] = ends(row);
    // Zero is a byte of its own, so the range must hold it.
    let (least, largest) = (least.min(0.0), largest.max(0.0));
    let range = (largest - least).max(f32::MIN_POSITIVE);
    let factor = STEPS / range;
    let zero = -least * factor + ROUND - ROUND;
    for (byte, value) in bytes.iter_mut().zip(row) {
        *byte = (*value * factor + zero + ROUND).to_bits() as u8;
    }
    Scale { scale: range / STEPS, zero: zero as i32 }
}

/// In sums side by side, since the order of additions is the compiler's obstacle.
#[inline(always)]
fn sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let (parts, rest) = row.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for part in parts {
        for (sum, value) in sums.iter_mut().zip(part) {
            *sum += of(*value);
        }
    }
    let mut all = 0.0;
    for sum in sums {
        all += sum;
    }
    for value in rest {
        all += of(*value);
    }
    all
}

/// The least and the greatest number.
#[inline(always)]
fn ends(row: &[f32]) -> [f32; 2] {
    let less = |one: f32, other: f32| if one < other { one } else { other };
    let more = |one: f32, other: f32| if one > other { one } else { other };
    let (parts, rest) = row.as_chunks::<LANES>();
    let (mut least, mut largest) = ([f32::MAX; LANES], [f32::MIN; LANES]);
    for part in parts {
        for lane in 0..LANES {
            least[lane] = less(part[lane], least[lane]);
            largest[lane] = more(part[lane], largest[lane]);
        }
    }
    // The lanes are halved, rather than compared one after the other.
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            least[lane] = less(least[lane + half], least[lane]);
            largest[lane] = more(largest[lane + half], largest[lane]);
        }
        half /= 2;
    }
    let mut all = [least[0], largest[0]];
    for value in rest {
        all = [less(*value, all[0]), more(*value, all[1])];
    }
    all
}

/// For what is not above zero; the polynomial is that of Cephes.
#[inline(always)]
fn exp(value: f32) -> f32 {
    let value = value.max(-87.0);
    let rounded = value * std::f32::consts::LOG2_E + ROUND;
    let power = rounded - ROUND;
    let rest = value - power * 0.693_359_4 + power * 2.121_944_4e-4;
    let polynomial = ((((1.987_569_1e-4 * rest + 1.398_2e-3) * rest + 8.333_452e-3) * rest + 4.166_579_6e-2) * rest
        + 1.666_666_5e-1)
        * rest
        + 0.5;
    let fraction = polynomial * rest * rest + rest + 1.0;
    fraction * f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23))
}

/// The rational approximation that Eigen uses.
#[inline(always)]
fn erf(value: f32) -> f32 {
    let value = value.clamp(-4.0, 4.0);
    let square = value * value;
    let above = (((((-2.726_142_3e-10 * square + 2.770_681_4e-8) * square - 2.101_024e-6) * square - 5.692_506_5e-5)
        * square
        - 7.349_906_3e-4)
        * square
        - 2.954_6e-3)
        * square
        - 1.609_603_3e-2;
    let below = (((-1.456_607_2e-5 * square - 2.133_740_6e-4) * square - 1.682_827e-3) * square - 7.373_329e-3)
        * square
        - 1.426_473_9e-2;
    value * above / below
}

#[cfg(test)]
mod tests {
    use candle_core::{D, Device, Tensor};

    use super::*;

    fn tensor(values: &[f32]) -> Tensor {
        Tensor::from_slice(values, values.len(), &Device::Cpu).unwrap()
    }

    fn apart(found: &[f32], exact: &Tensor) -> f32 {
        let exact: Vec<f32> = exact.flatten_all().unwrap().to_vec1().unwrap();
        found.iter().zip(exact).map(|(found, exact)| (found - exact).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn gelu_is_that_of_candle() {
        let mut row: Vec<f32> = (-1000..1000).map(|step| step as f32 / 100.0).collect();
        let exact = tensor(&row).gelu_erf().unwrap();
        gelu(&mut row);
        assert!(apart(&row, &exact) < 2e-6);
    }

    #[test]
    fn softmax_is_that_of_candle() {
        for length in [1, 16, 19] {
            let mut row: Vec<f32> = (0..length).map(|step| ((step * 7919) % 1000) as f32 - 300.0).collect();
            let exact = candle_nn::ops::softmax(&(tensor(&row) * 0.25).unwrap(), D::Minus1).unwrap();
            softmax(&mut row, 0.25);
            assert!(apart(&row, &exact) < 1e-6);
        }
    }

    #[test]
    fn rows_are_normalised() {
        let mut row: Vec<f32> = (0..40).map(|step| ((step * 7919) % 100) as f32).collect();
        let addition: Vec<f32> = (0..40).map(|step| step as f32).collect();
        let sum = (tensor(&row) + tensor(&addition)).unwrap().reshape((1, 40)).unwrap();
        let norm = Norm { scale: vec![2.0; 40], shift: vec![0.5; 40], epsilon: 1e-12 };
        let exact = candle_nn::ops::layer_norm(&sum, &tensor(&norm.scale), &tensor(&norm.shift), norm.epsilon).unwrap();
        norm.add(&mut row, &addition);
        assert!(apart(&row, &exact) < 1e-5);
    }

    #[test]
    fn bytes_are_the_nearest_to_the_numbers() {
        let rows: [Vec<f32>; 5] = [
            (0..100).map(|step| ((step * 7919) % 1000) as f32 / 7.0 - 60.0).collect(),
            (0..20).map(|step| step as f32 + 3.0).collect(),
            (0..20).map(|step| -3.0 - step as f32).collect(),
            vec![0.0; 20],
            vec![-101.5, 152.5, 0.0],
        ];
        for row in rows {
            let mut bytes = vec![0; row.len()];
            let Scale { scale, zero } = quantise(&row, &mut bytes);
            assert!((0..=255).contains(&zero));
            for (value, byte) in row.iter().zip(bytes) {
                let stood_for = scale * (i32::from(byte) - zero) as f32;
                // The zero itself is rounded too.
                assert!((value - stood_for).abs() <= scale * 1.001, "{value} became {stood_for}");
            }
        }
    }
}
