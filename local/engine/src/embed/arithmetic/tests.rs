use super::*;
#[cfg(target_arch = "x86_64")]
use crate::embed::x86::{Avx2, Avx512};

/// Numbers without a pattern, the same in every run.
fn numbers() -> impl Iterator<Item = u32> {
    std::iter::successors(Some(1_u32), |last| Some(last.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)))
        .map(|number| number >> 16)
}

/// Whether all is computed as by hand.
fn check<A: Arithmetic>(arithmetic: A) {
    let mut numbers = numbers();
    let mut any_byte = || (numbers.next().unwrap() % 256) as u8;
    let rows: [[u8; GROUP]; ROWS] = std::array::from_fn(|_| std::array::from_fn(|_| any_byte()));
    let weights: [[[i8; GROUP]; LANES]; PANELS] =
        std::array::from_fn(|_| std::array::from_fn(|_| std::array::from_fn(|_| any_byte().cast_signed().max(-127))));
    check_sums(arithmetic, &rows, &weights);
    // Where sums of products are the greatest and the least, and instructions may stop short of them.
    for byte in [0, 1, 127, 128, 255] {
        for weight in [-127, -1, 0, 127] {
            check_sums(arithmetic, &[[byte; GROUP]; ROWS], &[[[weight; GROUP]; LANES]; PANELS]);
        }
    }
    for depth in [0, 1, 32, 200] {
        let mut any = || numbers.next().unwrap() as f32 / 30_000.0 - 1.0;
        let rows: [Vec<f32>; ROWS] = std::array::from_fn(|_| (0..depth).map(|_| any()).collect());
        let panels: [Vec<[f32; LANES]>; 2] =
            std::array::from_fn(|_| (0..depth).map(|_| std::array::from_fn(|_| any())).collect());
        let products = arithmetic.products(rows.each_ref().map(Vec::as_slice), panels.each_ref().map(Vec::as_slice));
        for (row, products) in rows.iter().zip(products) {
            for (panel, products) in panels.iter().zip(products) {
                for (lane, product) in products.into_iter().enumerate() {
                    let pairs = row.iter().zip(panel);
                    let by_hand = pairs.fold(0.0, |sum: f32, (value, columns)| sum + value * columns[lane]);
                    assert_eq!(product.to_bits(), by_hand.to_bits());
                }
            }
        }
    }
}

fn check_sums<A: Arithmetic>(arithmetic: A, rows: &[[u8; GROUP]; ROWS], weights: &[[[i8; GROUP]; LANES]; PANELS]) {
    let packed = weights.map(|weights| {
        let mut packed = [0; GROUP * LANES];
        for (lane, weights) in weights.iter().enumerate() {
            for (input, weight) in weights.iter().enumerate() {
                packed[A::place(lane, input)] = *weight;
            }
        }
        packed
    });
    let sums = arithmetic.sums(rows.each_ref(), packed.each_ref());
    for (row, sums) in rows.iter().zip(sums) {
        for (weights, sums) in weights.iter().zip(sums) {
            for (weights, sum) in weights.iter().zip(sums) {
                let products = row.iter().zip(weights);
                let by_hand = products.map(|(byte, weight)| (i32::from(*byte) - A::OFFSET) * i32::from(*weight));
                assert_eq!(sum, by_hand.sum::<i32>());
            }
        }
    }
}

#[test]
fn any_processor_computes_as_by_hand() {
    check(Plain);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn avx512_computes_as_by_hand() {
    Avx512::detect().into_iter().for_each(check);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn avx_vnni_computes_as_by_hand() {
    Avx2::<true>::detect().into_iter().for_each(check);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn avx2_computes_as_by_hand() {
    Avx2::<false>::detect().into_iter().for_each(check);
}
