//! The inner products that embeddings are made of, as any processor computes them; `x86` has faster ones. All
//! give the same numbers, bit for bit: sums of integers are exact, and those of floats are added up in the same order.

/// Rows that are multiplied together, since each number of a matrix that was read then serves all of them.
pub(super) const ROWS: usize = 4;

/// Columns that stand together in memory.
pub(super) const LANES: usize = 16;

/// Panels of a matrix that are multiplied together, since each number of a row that was read then serves all of them.
pub(super) const PANELS: usize = 4;

/// Bytes that are multiplied together, since they share a scale: few enough that a great one does not make all too coarse.
pub(super) const GROUP: usize = 128;

/// What a group of inputs weighs for each of the lanes.
pub(super) type Weights = [i8; GROUP * LANES];

/// Inlined always, which an array's own `map` is not: registers would be emptied into memory and filled again for it.
#[inline(always)]
pub(super) fn mapped<T: Copy, U: Copy, const COUNT: usize>(all: [T; COUNT], make: impl Fn(T) -> U) -> [U; COUNT] {
    let mut made = [make(all[0]); COUNT];
    for place in 1..COUNT {
        made[place] = make(all[place]);
    }
    made
}

/// Proof that the processor can compute so.
pub(super) trait Arithmetic: Copy {
    /// What is subtracted from the bytes before they are multiplied: half of their range where both factors have a sign.
    const OFFSET: i32;

    /// Where the weight of an input for a lane stands in [`Weights`].
    fn place(lane: usize, input: usize) -> usize;

    /// For each row and panel the sums of products. No weight is -128.
    fn sums(self, rows: [&[u8; GROUP]; ROWS], panels: [&Weights; PANELS]) -> [[[i32; LANES]; PANELS]; ROWS];

    /// The same in single precision.
    fn products<const COUNT: usize>(
        self,
        rows: [&[f32]; ROWS],
        panels: [&[[f32; LANES]]; COUNT],
    ) -> [[[f32; LANES]; COUNT]; ROWS];
}

/// What is computed with whatever the processor has.
pub(super) trait Work {
    type Done;

    /// To be inlined always, with all that it calls and that takes long: only so is it compiled for the processor.
    fn run(self, arithmetic: impl Arithmetic) -> Self::Done;
}

/// For every processor, written so that a compiler makes vectors of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plain;

impl Arithmetic for Plain {
    const OFFSET: i32 = 128;

    fn place(lane: usize, input: usize) -> usize {
        lane * GROUP + input
    }

    #[inline(always)]
    fn sums(self, rows: [&[u8; GROUP]; ROWS], panels: [&Weights; PANELS]) -> [[[i32; LANES]; PANELS]; ROWS] {
        let mut sums = [[[0; LANES]; PANELS]; ROWS];
        let rows = rows.map(|row| widened(row.map(|byte| byte.wrapping_sub(128).cast_signed())));
        for (panel, weights) in panels.iter().enumerate() {
            for (lane, weights) in weights.as_chunks::<GROUP>().0.iter().enumerate() {
                let weights = widened(*weights);
                for (sums, row) in sums.iter_mut().zip(&rows) {
                    sums[panel][lane] = product(row, &weights);
                }
            }
        }
        sums
    }

    #[inline(always)]
    fn products<const COUNT: usize>(
        self,
        rows: [&[f32]; ROWS],
        panels: [&[[f32; LANES]]; COUNT],
    ) -> [[[f32; LANES]; COUNT]; ROWS] {
        let mut sums = [[[0.0; LANES]; COUNT]; ROWS];
        for (sums, values) in sums.iter_mut().zip(rows) {
            for (sums, panel) in sums.iter_mut().zip(panels) {
                let mut added = [0.0; LANES];
                for (value, columns) in values.iter().zip(panel) {
                    for (sum, column) in added.iter_mut().zip(columns) {
                        *sum += value * column;
                    }
                }
                *sums = added;
            }
        }
        sums
    }
}

/// Neither this nor the product is inlined: a loop whose length is known would be unrolled, and no vectors made of it. Nor
/// is the sum checked, which nothing in it can overflow.
#[inline(never)]
fn widened(bytes: [i8; GROUP]) -> [i16; GROUP] {
    bytes.map(i16::from)
}

#[inline(never)]
fn product(one: &[i16], other: &[i16]) -> i32 {
    let products = one.iter().zip(other).map(|(one, other)| i32::from(*one).wrapping_mul(i32::from(*other)));
    products.fold(0, i32::wrapping_add)
}

#[cfg(test)]
mod tests;
