use super::{
    arithmetic::{Arithmetic, GROUP, LANES, PANELS, ROWS, Weights, mapped},
    operations::{Scale, quantise},
    processor::Processor,
};

/// The largest weight.
const LARGEST: f32 = 127.0;

/// A matrix in eight bits and a bias.
pub(super) struct Linear {
    inputs: usize,
    /// Panel after panel, and in each the groups of inputs.
    weights: Vec<Weights>,
    groups: Vec<Group>,
    /// Panel after panel.
    bias: Vec<[f32; LANES]>,
}

/// What the weights of a group of inputs stand for.
#[derive(Clone)]
struct Group {
    scale: [f32; LANES],
    /// Of all weights: what each step adds that the byte for zero is away from zero.
    sum: [i32; LANES],
}

/// Rows as bytes, with room for as many more as are multiplied together.
pub(super) struct Bytes {
    width: usize,
    values: Vec<u8>,
    /// Row after row, and in each the groups.
    scales: Vec<Scale>,
}

impl Linear {
    /// `matrix` has the weights of one output after those of another. Inputs come in whole groups, and outputs in as many
    /// as are multiplied together.
    pub(super) fn new(matrix: &[f32], bias: &[f32], processor: Processor) -> Linear {
        let inputs = matrix.len() / bias.len();
        let mut weights = vec![[0; GROUP * LANES]; matrix.len() / (GROUP * LANES)];
        let mut groups = vec![Group { scale: [0.0; LANES], sum: [0; LANES] }; weights.len()];
        for (output, row) in matrix.chunks_exact(inputs).enumerate() {
            let (panel, lane) = (output / LANES, output % LANES);
            for (group, values) in row.chunks_exact(GROUP).enumerate() {
                let largest = values.iter().fold(f32::MIN_POSITIVE, |largest, weight| largest.max(weight.abs()));
                let place = panel * inputs / GROUP + group;
                groups[place].scale[lane] = largest / LARGEST;
                for (input, value) in values.iter().enumerate() {
                    let weight = (value / largest * LARGEST).round() as i8;
                    weights[place][processor.place(lane, input)] = weight;
                    groups[place].sum[lane] += i32::from(weight);
                }
            }
        }
        Linear { inputs, weights, groups, bias: bias.as_chunks().0.to_vec() }
    }

    /// Writes a row of outputs for each row of inputs.
    #[inline(always)]
    pub(super) fn apply(&self, arithmetic: impl Arithmetic, inputs: &Bytes, outputs: &mut [f32]) {
        let width = self.bias.len() * LANES;
        let groups = self.inputs / GROUP;
        let (values, _) = inputs.values.as_chunks::<GROUP>();
        for (place, bias) in self.bias.as_chunks::<PANELS>().0.iter().enumerate() {
            for (block, outputs) in outputs.chunks_exact_mut(width * ROWS).take(inputs.blocks()).enumerate() {
                let mut totals = [*bias; ROWS];
                for group in 0..groups {
                    // Numbers of a group within all groups of panels, and of rows.
                    let columns = mapped([0, 1, 2, 3], |panel| (place * PANELS + panel) * groups + group);
                    let rows = mapped([0, 1, 2, 3], |row| (block * ROWS + row) * groups + group);
                    let sums = arithmetic
                        .sums(mapped(rows, |row| &values[row]), mapped(columns, |column| &self.weights[column]));
                    for ((totals, sums), row) in totals.iter_mut().zip(&sums).zip(rows) {
                        let Scale { scale, zero } = inputs.scales[row];
                        for ((totals, sums), column) in totals.iter_mut().zip(sums).zip(columns) {
                            self.groups[column].add(totals, sums, scale, zero - offset(arithmetic));
                        }
                    }
                }
                for (totals, outputs) in totals.iter().zip(outputs.chunks_exact_mut(width)) {
                    outputs[place * PANELS * LANES..][..PANELS * LANES].copy_from_slice(totals.as_flattened());
                }
            }
        }
    }
}

fn offset<A: Arithmetic>(_: A) -> i32 {
    A::OFFSET
}

impl Group {
    /// From sums of integers to numbers.
    #[inline(always)]
    fn add(&self, totals: &mut [f32; LANES], sums: &[i32; LANES], scale: f32, zero: i32) {
        for lane in 0..LANES {
            // Nothing comes near the end of the range, and a check of it would be in the way of vectors.
            let sum = sums[lane].wrapping_sub(zero.wrapping_mul(self.sum[lane]));
            totals[lane] += sum as f32 * (scale * self.scale[lane]);
        }
    }
}

impl Bytes {
    pub(super) fn new(rows: usize, width: usize) -> Bytes {
        let rows = rows.next_multiple_of(ROWS);
        Bytes { width, values: vec![0; rows * width], scales: vec![Scale::default(); rows * width / GROUP] }
    }

    /// Takes over the rows.
    #[inline(always)]
    pub(super) fn fill(&mut self, rows: &[f32]) {
        let bytes = self.values.as_chunks_mut::<GROUP>().0.iter_mut();
        for ((values, bytes), scale) in rows.as_chunks::<GROUP>().0.iter().zip(bytes).zip(&mut self.scales) {
            *scale = quantise(values, bytes);
        }
    }

    fn blocks(&self) -> usize {
        self.values.len() / (self.width * ROWS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::arithmetic::Work;

    struct Apply<'a>(&'a Linear, &'a [f32]);

    impl Work for Apply<'_> {
        type Done = Vec<f32>;

        #[inline(always)]
        fn run(self, arithmetic: impl Arithmetic) -> Vec<f32> {
            let Apply(linear, rows) = self;
            let count = rows.len() / linear.inputs;
            let mut bytes = Bytes::new(count, linear.inputs);
            bytes.fill(rows);
            let outputs = linear.bias.len() * LANES;
            let mut found = vec![0.0; count.next_multiple_of(ROWS) * outputs];
            linear.apply(arithmetic, &bytes, &mut found);
            found.truncate(count * outputs);
            found
        }
    }

    #[test]
    fn products_are_near_the_exact_ones_and_the_same_on_every_processor() {
        let (rows, inputs, outputs) = (7, 2 * GROUP, 2 * PANELS * LANES);
        let numbers = |count: usize, seed: usize| -> Vec<f32> {
            (0..count).map(|place| ((place * 7919 + seed) % 1009) as f32 / 504.0 - 1.0).collect()
        };
        let (matrix, bias, values) = (numbers(inputs * outputs, 1), numbers(outputs, 2), numbers(rows * inputs, 3));
        let exact: Vec<f32> = values
            .chunks_exact(inputs)
            .flat_map(|row| matrix.chunks_exact(inputs).zip(&bias).map(move |(weights, bias)| (row, weights, bias)))
            .map(|(row, weights, bias)| row.iter().zip(weights).map(|(one, other)| one * other).sum::<f32>() + bias)
            .collect();
        let mut all =
            Processor::all().map(|processor| processor.run(Apply(&Linear::new(&matrix, &bias, processor), &values)));
        let found = all.next().unwrap();
        for (found, exact) in found.iter().zip(&exact) {
            // Errors of 256 products of numbers up to one, each by less than a hundredth, go both ways.
            assert!((found - exact).abs() < 0.2, "{found} instead of {exact}");
        }
        assert!(all.all(|other| other == found));
    }
}
