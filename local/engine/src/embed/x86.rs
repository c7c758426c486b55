//! Inner products with the vectors of x86-64. All that is unsafe of the embeddings is here.
#![expect(unsafe_code, reason = "intrinsics need a processor that has them, and arrays turn into its registers")]

use std::{
    arch::{is_x86_feature_detected, x86_64::*},
    mem::transmute,
};

use super::arithmetic::{Arithmetic, GROUP, LANES, PANELS, Plain, ROWS, Weights, Work, mapped};

/// What this processor is best at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Processor {
    Avx512(Avx512),
    AvxVnni(Avx2<true>),
    Avx2(Avx2<false>),
    Plain(Plain),
}

impl Processor {
    pub(super) fn detect() -> Processor {
        Processor::all().next().unwrap_or(Processor::Plain(Plain))
    }

    /// All that it can do, the best first.
    pub(super) fn all() -> impl Iterator<Item = Processor> {
        let avx512 = Avx512::detect().map(Processor::Avx512);
        let avx_vnni = Avx2::<true>::detect().map(Processor::AvxVnni);
        let avx2 = Avx2::<false>::detect().map(Processor::Avx2);
        avx512.into_iter().chain(avx_vnni).chain(avx2).chain([Processor::Plain(Plain)])
    }

    pub(super) fn place(self, lane: usize, input: usize) -> usize {
        match self {
            Processor::Avx512(_) => Avx512::place(lane, input),
            Processor::AvxVnni(_) | Processor::Avx2(_) => Avx2::<false>::place(lane, input),
            Processor::Plain(_) => Plain::place(lane, input),
        }
    }

    /// Does the work compiled for this processor.
    pub(super) fn run<W: Work>(self, work: W) -> W::Done {
        // SAFETY: each value is made only where its features were found.
        match self {
            Processor::Avx512(found) => unsafe { avx512(found, work) },
            Processor::AvxVnni(found) => unsafe { avx_vnni(found, work) },
            Processor::Avx2(found) => unsafe { avx2(found, work) },
            Processor::Plain(found) => work.run(found),
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
fn avx512<W: Work>(found: Avx512, work: W) -> W::Done {
    work.run(found)
}

#[target_feature(enable = "avx2,avxvnni")]
fn avx_vnni<W: Work>(found: Avx2<true>, work: W) -> W::Done {
    work.run(found)
}

#[target_feature(enable = "avx2")]
fn avx2<W: Work>(found: Avx2<false>, work: W) -> W::Done {
    work.run(found)
}

/// Vectors of 512 bits, and products of four bytes that are added up at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx512(());

/// Vectors of 256 bits: two for the lanes. With or without the instruction for products of four bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx2<const VNNI: bool>(());

impl Avx512 {
    pub(super) fn detect() -> Option<Avx512> {
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni");
        found.then_some(Avx512(()))
    }
}

impl<const VNNI: bool> Avx2<VNNI> {
    pub(super) fn detect() -> Option<Avx2<VNNI>> {
        let found = is_x86_feature_detected!("avx2") && (!VNNI || is_x86_feature_detected!("avxvnni"));
        found.then_some(Avx2(()))
    }
}

/// Numbers of all lanes in the processor's registers. Its methods are safe, since a value proves that the processor has
/// the instructions.
trait Vectors: Copy {
    type Integers: Copy;
    /// Of a row: the same for all lanes.
    type Inputs: Copy;
    type Floats: Copy;
    /// Of a row: the same for all lanes.
    type Value: Copy;

    fn no_integers(self) -> Self::Integers;
    fn inputs(self, inputs: [u8; 4]) -> Self::Inputs;
    fn weights(self, weights: &[i8; 4 * LANES]) -> Self::Integers;
    /// The sums, with the products of four inputs and their weights.
    fn add_integers(self, sums: Self::Integers, inputs: Self::Inputs, weights: Self::Integers) -> Self::Integers;
    fn integers(self, sums: Self::Integers) -> [i32; LANES];

    fn no_floats(self) -> Self::Floats;
    fn value(self, value: f32) -> Self::Value;
    fn columns(self, columns: &[f32; LANES]) -> Self::Floats;
    /// Rounded after the product and after the sum: fused, they would be other numbers than elsewhere.
    fn add_floats(self, sums: Self::Floats, value: Self::Value, columns: Self::Floats) -> Self::Floats;
    fn floats(self, sums: Self::Floats) -> [f32; LANES];
}

#[inline(always)]
fn sums<V: Vectors, const COUNT: usize>(
    vectors: V,
    rows: [&[u8; GROUP]; ROWS],
    panels: [&Weights; COUNT],
) -> [[[i32; LANES]; COUNT]; ROWS] {
    let mut sums = [[vectors.no_integers(); COUNT]; ROWS];
    for four in 0..GROUP / 4 {
        let weights = mapped(panels, |panel| vectors.weights(&panel.as_chunks().0[four]));
        for row in 0..ROWS {
            let inputs = vectors.inputs(rows[row].as_chunks().0[four]);
            for panel in 0..COUNT {
                sums[row][panel] = vectors.add_integers(sums[row][panel], inputs, weights[panel]);
            }
        }
    }
    mapped(sums, |sums| mapped(sums, |sums| vectors.integers(sums)))
}

#[inline(always)]
fn products<V: Vectors, const COUNT: usize>(
    vectors: V,
    rows: [&[f32]; ROWS],
    panels: [&[[f32; LANES]]; COUNT],
) -> [[[f32; LANES]; COUNT]; ROWS] {
    let depth = panels[0].len();
    // One check of all lengths instead of one for every number.
    let (rows, panels) = (mapped(rows, |row| &row[..depth]), mapped(panels, |panel| &panel[..depth]));
    let mut sums = [[vectors.no_floats(); COUNT]; ROWS];
    for at in 0..depth {
        let columns = mapped(panels, |panel| vectors.columns(&panel[at]));
        for row in 0..ROWS {
            let value = vectors.value(rows[row][at]);
            for panel in 0..COUNT {
                sums[row][panel] = vectors.add_floats(sums[row][panel], value, columns[panel]);
            }
        }
    }
    mapped(sums, |sums| mapped(sums, |sums| vectors.floats(sums)))
}

/// As the instructions for products of bytes want it: four inputs after four, and in them lane after lane.
fn place(lane: usize, input: usize) -> usize {
    (input / 4 * LANES + lane) * 4 + input % 4
}

impl Arithmetic for Avx512 {
    const OFFSET: i32 = 0;

    fn place(lane: usize, input: usize) -> usize {
        place(lane, input)
    }

    #[inline(always)]
    fn sums(self, rows: [&[u8; GROUP]; ROWS], panels: [&Weights; PANELS]) -> [[[i32; LANES]; PANELS]; ROWS] {
        sums(self, rows, panels)
    }

    #[inline(always)]
    fn products<const COUNT: usize>(
        self,
        rows: [&[f32]; ROWS],
        panels: [&[[f32; LANES]]; COUNT],
    ) -> [[[f32; LANES]; COUNT]; ROWS] {
        products(self, rows, panels)
    }
}

/// There are registers for the sums of one panel at a time.
impl<const VNNI: bool> Arithmetic for Avx2<VNNI> {
    const OFFSET: i32 = if VNNI { 0 } else { 128 };

    fn place(lane: usize, input: usize) -> usize {
        place(lane, input)
    }

    #[inline(always)]
    fn sums(self, rows: [&[u8; GROUP]; ROWS], panels: [&Weights; PANELS]) -> [[[i32; LANES]; PANELS]; ROWS] {
        let mut all = [[[0; LANES]; PANELS]; ROWS];
        for panel in 0..PANELS {
            let sums = sums(self, rows, [panels[panel]]);
            for row in 0..ROWS {
                all[row][panel] = sums[row][0];
            }
        }
        all
    }

    #[inline(always)]
    fn products<const COUNT: usize>(
        self,
        rows: [&[f32]; ROWS],
        panels: [&[[f32; LANES]]; COUNT],
    ) -> [[[f32; LANES]; COUNT]; ROWS] {
        let mut all = [[[0.0; LANES]; COUNT]; ROWS];
        for panel in 0..COUNT {
            let sums = products(self, rows, [panels[panel]]);
            for row in 0..ROWS {
                all[row][panel] = sums[row][0];
            }
        }
        all
    }
}

// SAFETY, for all that follows: the processor has the instructions, since `self` was made; arrays are read and written
// whole, and have the length of what is read or written.

impl Vectors for Avx512 {
    type Integers = __m512i;
    type Inputs = __m512i;
    type Floats = __m512;
    type Value = __m512;

    #[inline(always)]
    fn no_integers(self) -> __m512i {
        unsafe { _mm512_setzero_si512() }
    }

    #[inline(always)]
    fn weights(self, weights: &[i8; 4 * LANES]) -> __m512i {
        unsafe { transmute(*weights) }
    }

    #[inline(always)]
    fn inputs(self, inputs: [u8; 4]) -> __m512i {
        unsafe { _mm512_set1_epi32(i32::from_le_bytes(inputs)) }
    }

    #[inline(always)]
    fn add_integers(self, sums: __m512i, inputs: __m512i, weights: __m512i) -> __m512i {
        unsafe { _mm512_dpbusd_epi32(sums, inputs, weights) }
    }

    #[inline(always)]
    fn integers(self, sums: __m512i) -> [i32; LANES] {
        unsafe { transmute(sums) }
    }

    #[inline(always)]
    fn no_floats(self) -> __m512 {
        unsafe { _mm512_setzero_ps() }
    }

    #[inline(always)]
    fn columns(self, columns: &[f32; LANES]) -> __m512 {
        unsafe { transmute(*columns) }
    }

    #[inline(always)]
    fn value(self, value: f32) -> __m512 {
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    fn add_floats(self, sums: __m512, value: __m512, columns: __m512) -> __m512 {
        unsafe { _mm512_add_ps(sums, _mm512_mul_ps(value, columns)) }
    }

    #[inline(always)]
    fn floats(self, sums: __m512) -> [f32; LANES] {
        unsafe { transmute(sums) }
    }
}

impl<const VNNI: bool> Vectors for Avx2<VNNI> {
    type Integers = [__m256i; 2];
    type Inputs = __m256i;
    type Floats = [__m256; 2];
    type Value = __m256;

    #[inline(always)]
    fn no_integers(self) -> [__m256i; 2] {
        unsafe { [_mm256_setzero_si256(); 2] }
    }

    #[inline(always)]
    fn weights(self, weights: &[i8; 4 * LANES]) -> [__m256i; 2] {
        unsafe { transmute(*weights) }
    }

    #[inline(always)]
    fn inputs(self, inputs: [u8; 4]) -> __m256i {
        unsafe {
            let inputs = _mm256_set1_epi32(i32::from_le_bytes(inputs));
            if VNNI { inputs } else { _mm256_xor_si256(inputs, _mm256_set1_epi8(i8::MIN)) }
        }
    }

    #[inline(always)]
    fn add_integers(self, [low, high]: [__m256i; 2], inputs: __m256i, weights: [__m256i; 2]) -> [__m256i; 2] {
        [self.add(low, inputs, weights[0]), self.add(high, inputs, weights[1])]
    }

    #[inline(always)]
    fn integers(self, sums: [__m256i; 2]) -> [i32; LANES] {
        unsafe { transmute(sums) }
    }

    #[inline(always)]
    fn no_floats(self) -> [__m256; 2] {
        unsafe { [_mm256_setzero_ps(); 2] }
    }

    #[inline(always)]
    fn columns(self, columns: &[f32; LANES]) -> [__m256; 2] {
        unsafe { transmute(*columns) }
    }

    #[inline(always)]
    fn value(self, value: f32) -> __m256 {
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    fn add_floats(self, [low, high]: [__m256; 2], value: __m256, columns: [__m256; 2]) -> [__m256; 2] {
        unsafe {
            [
                _mm256_add_ps(low, _mm256_mul_ps(value, columns[0])),
                _mm256_add_ps(high, _mm256_mul_ps(value, columns[1])),
            ]
        }
    }

    #[inline(always)]
    fn floats(self, sums: [__m256; 2]) -> [f32; LANES] {
        unsafe { transmute(sums) }
    }
}

impl<const VNNI: bool> Avx2<VNNI> {
    #[inline(always)]
    fn add(self, sums: __m256i, inputs: __m256i, weights: __m256i) -> __m256i {
        unsafe {
            if VNNI {
                return _mm256_dpbusd_avx_epi32(sums, inputs, weights);
            }
            // With the sign moved to the weights, no two products reach 2^15, where this instruction stops.
            let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(inputs), _mm256_sign_epi8(weights, inputs));
            _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
        }
    }
}
