//! Logistic regression on two features, by Newton's method.

/// What was seen of a hit, and whether it answers the search.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Example {
    pub(crate) cosine: f64,
    pub(crate) share: f64,
    pub(crate) answers: bool,
}

/// Weights of the cosine, of the share, and the constant.
pub(crate) type Weights = [f64; 3];

/// Keeps the weights finite where a line parts the examples.
const RIDGE: f64 = 1e-3;

pub(crate) fn fit(examples: &[Example]) -> Weights {
    let mut weights = [0.0; 3];
    for _ in 0..50 {
        let mut gradient = weights.map(|weight| -RIDGE * weight);
        let mut hessian = [[RIDGE, 0.0, 0.0], [0.0, RIDGE, 0.0], [0.0, 0.0, RIDGE]];
        for example in examples {
            let features = [example.cosine, example.share, 1.0];
            let likely = probability(&weights, example);
            let error = f64::from(u8::from(example.answers)) - likely;
            for (row, one) in features.iter().enumerate() {
                gradient[row] += error * one;
                for (column, other) in features.iter().enumerate() {
                    hessian[row][column] += likely * (1.0 - likely) * one * other;
                }
            }
        }
        let step = solve(hessian, gradient);
        for (weight, step) in weights.iter_mut().zip(step) {
            *weight += step;
        }
    }
    weights
}

pub(crate) fn probability(weights: &Weights, example: &Example) -> f64 {
    let sum = weights[0] * example.cosine + weights[1] * example.share + weights[2];
    1.0 / (1.0 + (-sum).exp())
}

/// Gauss's elimination; the matrix is positive definite, so no pivot is zero.
fn solve(mut matrix: [[f64; 3]; 3], mut right: [f64; 3]) -> [f64; 3] {
    for pivot in 0..3 {
        for row in 0..3 {
            if row == pivot {
                continue;
            }
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let pivots = matrix[pivot];
            for (value, from) in matrix[row].iter_mut().zip(pivots) {
                *value -= factor * from;
            }
            right[row] -= factor * right[pivot];
        }
    }
    [0, 1, 2].map(|row| right[row] / matrix[row][row])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_weights_that_made_the_examples() {
        let truth = [8.0, 2.0, -5.0];
        let mut examples = Vec::new();
        for (cosine, share) in (0..20).flat_map(|cosine| (0..5).map(move |share| (cosine, share))) {
            let mut example =
                Example { cosine: f64::from(cosine) / 20.0, share: f64::from(share) / 4.0, answers: true };
            let likely = (probability(&truth, &example) * 1000.0) as usize;
            for number in 0..1000 {
                example.answers = number < likely;
                examples.push(example);
            }
        }
        for (found, true_one) in fit(&examples).iter().zip(truth) {
            assert!((found - true_one).abs() < 0.1, "{found} instead of {true_one}");
        }
    }
}
