//! Numbers that were measured, and where their middle is.

#[derive(Debug, Default)]
pub(super) struct Sample(Vec<f64>);

impl Sample {
    pub(super) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    pub(super) fn median(&self) -> f64 {
        self.percentile(50.0)
    }

    /// The value below which `percent` of all lie, interpolated; NaN for an empty sample.
    pub(super) fn percentile(&self, percent: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
        let place = last as f64 * percent / 100.0;
        let (below, above) = (place.floor() as usize, place.ceil() as usize);
        sorted[below] + (sorted[above] - sorted[below]) * place.fract()
    }

    /// The quartiles around the median, where there is more than one value.
    pub(super) fn spread(&self) -> Option<(f64, f64)> {
        (self.0.len() > 1).then(|| (self.percentile(25.0), self.percentile(75.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_values() {
        let mut sample = Sample::default();
        assert!(sample.median().is_nan());
        [4.0, 1.0, 3.0, 2.0].into_iter().for_each(|value| sample.push(value));
        assert_eq!(sample.percentile(0.0), 1.0);
        assert_eq!(sample.median(), 2.5);
        assert_eq!(sample.percentile(100.0), 4.0);
        assert_eq!(sample.spread(), Some((1.75, 3.25)));
    }
}
