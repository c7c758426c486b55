//! Vectors of unit length, compared one by one: a hundred thousand take some ten milliseconds, and none is missed.

use local_engine::Embedder;

const LENGTH: usize = Embedder::DIMENSIONS;

#[derive(Default)]
pub(crate) struct Vectors {
    values: Vec<f32>,
}

impl Vectors {
    pub(crate) fn set(&mut self, row: usize, vector: &[f32]) {
        let end = (row + 1) * LENGTH;
        if self.values.len() < end {
            self.values.resize(end, 0.0);
        }
        self.values[end - LENGTH..end].copy_from_slice(vector);
    }

    /// From -1 to 1.
    pub(crate) fn cosine(&self, row: usize, vector: &[f32]) -> f32 {
        let (stored, _) = self.values[row * LENGTH..(row + 1) * LENGTH].as_chunks::<16>();
        let (asked, _) = vector.as_chunks::<16>();
        // Sums side by side, since the order of additions is the compiler's obstacle.
        let mut sums = [0.0; 16];
        for (stored, asked) in stored.iter().zip(asked) {
            for ((sum, stored), asked) in sums.iter_mut().zip(stored).zip(asked) {
                *sum += stored * asked;
            }
        }
        sums.iter().sum()
    }
}
