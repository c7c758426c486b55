//! What BERT does between its matrices, in one pass over memory each.
//!
//! The exponential function and the error function are approximated to single precision by arithmetic alone, so that the
//! compiler computes several at once.

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Result, Tensor, bail};

/// Adds a bias and what came before, and normalises each row.
pub(super) struct AddNorm {
    pub(super) bias: Vec<f32>,
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
    pub(super) epsilon: f32,
}

impl AddNorm {
    /// Changes `rows`.
    pub(super) fn apply(&self, rows: &Tensor, before: &Tensor) -> Result<()> {
        rows.inplace_op2(before, self)
    }
}

impl InplaceOp2 for AddNorm {
    fn name(&self) -> &'static str {
        "add-norm"
    }

    fn cpu_fwd(&self, rows: &mut CpuStorage, place: &Layout, before: &CpuStorage, its: &Layout) -> Result<()> {
        let rows = values_mut(rows, place)?.chunks_exact_mut(self.bias.len());
        let before = values(before, its)?.chunks_exact(self.bias.len());
        for (row, before) in rows.zip(before) {
            for ((value, bias), before) in row.iter_mut().zip(&self.bias).zip(before) {
                *value += bias + before;
            }
            let count = row.len() as f32;
            let mean = sum(row, |value| value) / count;
            let variance = sum(row, |value| (value - mean) * (value - mean)) / count;
            let factor = 1.0 / (variance + self.epsilon).sqrt();
            for ((value, scale), shift) in row.iter_mut().zip(&self.scale).zip(&self.shift) {
                *value = (*value - mean) * factor * scale + shift;
            }
        }
        Ok(())
    }
}

/// Adds a bias to each row, and then applies the Gaussian error linear unit.
pub(super) struct BiasGelu {
    pub(super) bias: Vec<f32>,
}

impl BiasGelu {
    /// Changes `rows`.
    pub(super) fn apply(&self, rows: &Tensor) -> Result<()> {
        rows.inplace_op1(self)
    }
}

impl InplaceOp1 for BiasGelu {
    fn name(&self) -> &'static str {
        "bias-gelu"
    }

    fn cpu_fwd(&self, rows: &mut CpuStorage, place: &Layout) -> Result<()> {
        for row in values_mut(rows, place)?.chunks_exact_mut(self.bias.len()) {
            for (value, bias) in row.iter_mut().zip(&self.bias) {
                let biased = *value + bias;
                *value = 0.5 * biased * (1.0 + erf(biased * std::f32::consts::FRAC_1_SQRT_2));
            }
        }
        Ok(())
    }
}

/// Scales each row, and turns it into weights that sum up to one.
pub(super) struct Softmax {
    pub(super) scale: f32,
}

impl Softmax {
    /// Changes `rows`.
    pub(super) fn apply(&self, rows: &Tensor) -> Result<()> {
        rows.inplace_op1(self)
    }
}

impl InplaceOp1 for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn cpu_fwd(&self, rows: &mut CpuStorage, place: &Layout) -> Result<()> {
        let length = place.dims().last().copied().unwrap_or(1);
        for row in values_mut(rows, place)?.chunks_exact_mut(length) {
            let largest = row.iter().fold(f32::MIN, |largest, value| largest.max(*value));
            for value in row.iter_mut() {
                *value = exp((*value - largest) * self.scale);
            }
            let factor = 1.0 / sum(row, |value| value);
            row.iter_mut().for_each(|value| *value *= factor);
        }
        Ok(())
    }
}

/// In eight sums side by side, since the order of additions is the compiler's obstacle.
fn sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let (eights, rest) = row.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for eight in eights {
        for (sum, value) in sums.iter_mut().zip(eight) {
            *sum += of(*value);
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|value| of(*value)).sum::<f32>()
}

/// For what is not above zero; the polynomial is that of Cephes.
#[inline(always)]
fn exp(value: f32) -> f32 {
    // Adding this rounds to an integer, which then stands in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
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

fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        _ => bail!("these are no contiguous numbers in single precision"),
    }
}

fn values_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&mut values[start..end]),
        _ => bail!("these are no contiguous numbers in single precision"),
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{D, Device};

    use super::*;

    fn tensor(values: impl Iterator<Item = f32>, columns: usize) -> Tensor {
        let values: Vec<f32> = values.collect();
        Tensor::from_slice(&values, (values.len() / columns, columns), &Device::Cpu).unwrap()
    }

    fn apart(one: &Tensor, other: &Tensor) -> f32 {
        (one - other).unwrap().abs().unwrap().max_all().unwrap().to_scalar().unwrap()
    }

    #[test]
    fn gelu_is_that_of_candle() {
        let rows = tensor((-1000..1000).map(|step| step as f32 / 100.0), 10);
        let bias = tensor((0..10).map(|step| step as f32 / 7.0), 10);
        let exact = rows.broadcast_add(&bias).unwrap().gelu_erf().unwrap();
        BiasGelu { bias: bias.flatten_all().unwrap().to_vec1().unwrap() }.apply(&rows).unwrap();
        assert!(apart(&rows, &exact) < 2e-6);
    }

    #[test]
    fn softmax_is_that_of_candle() {
        let rows = tensor((0..190).map(|step| ((step * 7919) % 1000) as f32 - 300.0), 19);
        let exact = candle_nn::ops::softmax(&(&rows * 0.25).unwrap(), D::Minus1).unwrap();
        Softmax { scale: 0.25 }.apply(&rows).unwrap();
        assert!(apart(&rows, &exact) < 1e-6);
    }

    #[test]
    fn rows_are_normalised() {
        let rows = tensor((0..40).map(|step| ((step * 7919) % 100) as f32), 20);
        let before = tensor((0..40).map(|step| step as f32), 20);
        let bias = vec![3.0; 20];
        let sum = ((&rows + &before).unwrap() + 3.0).unwrap();
        let (scale, shift) = (vec![2.0; 20], vec![0.5; 20]);
        let tensors = [&scale, &shift].map(|values| Tensor::from_slice(values, 20, &Device::Cpu).unwrap());
        let exact = candle_nn::ops::layer_norm(&sum, &tensors[0], &tensors[1], 1e-12).unwrap();
        AddNorm { bias, scale, shift, epsilon: 1e-12 }.apply(&rows, &before).unwrap();
        assert!(apart(&rows, &exact) < 1e-5);
    }
}
