use super::{
    arithmetic::{Arithmetic, LANES, PANELS, ROWS, mapped},
    bert::{HEAD, HEADS, HIDDEN},
    operations::softmax,
};

/// Room for one head of one text, used again and again.
#[derive(Default)]
pub(super) struct Attention {
    /// Turned about: panel after panel the numbers of all keys in it.
    keys: Vec<[f32; LANES]>,
    /// Two panels, since a head is two wide.
    values: [Vec<[f32; LANES]>; HEAD / LANES],
    /// How much each of the keys counts for the queries that are computed together.
    weights: Vec<f32>,
}

impl Attention {
    /// The tokens of one text look at each other. `projected` has queries, keys and values of each.
    #[inline(always)]
    pub(super) fn attend(&mut self, arithmetic: impl Arithmetic, projected: &[f32], attended: &mut [f32]) {
        let tokens = attended.len() / HIDDEN;
        let width = tokens.next_multiple_of(LANES);
        self.keys.resize(width / LANES * HEAD, [0.0; LANES]);
        self.weights.resize(ROWS * width, 0.0);
        for head in 0..HEADS {
            self.take(projected, head);
            for first in (0..tokens).step_by(ROWS) {
                // Past the end, the last one is computed again.
                let rows = mapped([0, 1, 2, 3], |row| (first + row).min(tokens - 1));
                let queries = mapped(rows, |row| &projected[row * 3 * HIDDEN + head * HEAD..][..HEAD]);
                self.weigh(arithmetic, queries, tokens, width);
                let weights = mapped([0, 1, 2, 3], |row| &self.weights[row * width..][..tokens]);
                let values = mapped([0, 1], |panel| &self.values[panel][..tokens]);
                let sums = arithmetic.products(weights, values);
                for (row, sums) in rows.into_iter().zip(&sums) {
                    attended[row * HIDDEN + head * HEAD..][..HEAD].copy_from_slice(sums.as_flattened());
                }
            }
        }
    }

    /// Keys and values of a head.
    #[inline(always)]
    fn take(&mut self, projected: &[f32], head: usize) {
        for values in &mut self.values {
            values.clear();
        }
        let (panels, _) = self.keys.as_chunks_mut::<HEAD>();
        for (token, row) in projected.chunks_exact(3 * HIDDEN).enumerate() {
            let (key, value) = (&row[HIDDEN + head * HEAD..][..HEAD], &row[2 * HIDDEN + head * HEAD..][..HEAD]);
            for (lanes, key) in panels[token / LANES].iter_mut().zip(key) {
                lanes[token % LANES] = *key;
            }
            for (panel, value) in self.values.iter_mut().zip(value.as_chunks().0) {
                panel.push(*value);
            }
        }
    }

    #[inline(always)]
    fn weigh(&mut self, arithmetic: impl Arithmetic, queries: [&[f32]; ROWS], tokens: usize, width: usize) {
        let (panels, _) = self.keys.as_chunks::<HEAD>();
        let (fours, rest) = panels.as_chunks::<PANELS>();
        for (place, four) in fours.iter().enumerate() {
            let products = arithmetic.products(queries, mapped([0, 1, 2, 3], |panel| &four[panel][..]));
            for (weights, products) in self.weights.chunks_exact_mut(width).zip(&products) {
                weights[place * PANELS * LANES..][..PANELS * LANES].copy_from_slice(products.as_flattened());
            }
        }
        for (place, panel) in rest.iter().enumerate() {
            let products = arithmetic.products(queries, [&panel[..]]);
            let place = fours.len() * PANELS + place;
            for (weights, products) in self.weights.chunks_exact_mut(width).zip(&products) {
                weights[place * LANES..][..LANES].copy_from_slice(products.as_flattened());
            }
        }
        for weights in self.weights.chunks_exact_mut(width) {
            // Where there is no key any more.
            weights[tokens..].fill(f32::MIN);
            softmax(weights, 1.0 / (HEAD as f32).sqrt());
        }
    }
}
