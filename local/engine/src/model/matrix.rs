use std::sync::Arc;

use candle_core::{
    D, Device, Module, Tensor,
    quantized::{GgmlDType, QMatMul, QTensor},
};

/// Candle's fast kernels take rows of whole blocks of this many values.
const BLOCK: usize = 256;

/// A matrix to multiply with, in a form that candle has a fast kernel for.
pub(super) struct Matrix {
    weight: QMatMul,
    /// Zeros that were put at the end of each row, and have to be at the end of what it is multiplied with.
    padding: usize,
}

impl Matrix {
    /// Formats of five bits are computed value by value, and rows of uneven length without the widest instructions. Both
    /// are taken to eight bits with padded rows, which loses next to nothing: the small model is made of them.
    pub(super) fn new(tensor: QTensor) -> candle_core::Result<Matrix> {
        let (_, columns) = tensor.shape().dims2()?;
        let padding = columns.next_multiple_of(BLOCK) - columns;
        let slow = matches!(tensor.dtype(), GgmlDType::Q4_1 | GgmlDType::Q5_0 | GgmlDType::Q5_1);
        let uneven = padding > 0 && tensor.dtype() == GgmlDType::Q8_0;
        if !slow && !uneven {
            return Ok(Matrix { weight: QMatMul::from_qtensor(tensor)?, padding: 0 });
        }
        let values = tensor.dequantize(&Device::Cpu)?.pad_with_zeros(D::Minus1, 0, padding)?;
        let weight = QMatMul::from_qtensor(QTensor::quantize(&values, GgmlDType::Q8_0)?)?;
        Ok(Matrix { weight, padding })
    }

    /// One that serves something else too, and so stays as it is.
    pub(super) fn shared(tensor: &Arc<QTensor>) -> candle_core::Result<Matrix> {
        Ok(Matrix { weight: QMatMul::from_arc(Arc::clone(tensor))?, padding: 0 })
    }

    pub(super) fn forward(&self, rows: &Tensor) -> candle_core::Result<Tensor> {
        match self.padding {
            0 => self.weight.forward(rows),
            padding => self.weight.forward(&rows.pad_with_zeros(D::Minus1, 0, padding)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_format_gives_the_same_product() {
        let value = |seed: usize| (seed * 7919 % 1000) as f32 / 500.0 - 1.0;
        let weight = Tensor::from_iter((0..32 * 96).map(value), &Device::Cpu).unwrap().reshape((32, 96)).unwrap();
        let rows = Tensor::from_iter((0..3 * 96).map(|seed| value(seed + 5)), &Device::Cpu).unwrap();
        let rows = rows.reshape((3, 96)).unwrap();
        for format in [GgmlDType::Q5_0, GgmlDType::Q5_1, GgmlDType::Q4_1, GgmlDType::Q8_0] {
            let stored = QTensor::quantize(&weight, format).unwrap();
            let exact = rows.matmul(&stored.dequantize(&Device::Cpu).unwrap().t().unwrap()).unwrap();
            let product = Matrix::new(stored).unwrap().forward(&rows).unwrap();
            let apart = (product - exact).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
            assert!(apart < 0.2, "{format:?}: {apart} apart, where sums reach 30");
        }
    }
}
