use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{Error, Sampling};

// What the card of Qwen2.5-Coder-Instruct recommends (its generation_config.json), used where the caller says nothing.
// Its repetition penalty is left out: it spoils code, SQL and JSON, which repeat themselves by nature.
const TEMPERATURE: f64 = 0.7;
const TOP_P: f64 = 0.8;
const TOP_K: u32 = 20;

/// Chooses tokens from logits.
pub(crate) struct Sampler {
    temperature: f64,
    top_p: f64,
    top_k: usize,
    random: StdRng,
}

impl Sampler {
    pub(crate) fn new(sampling: &Sampling) -> Result<Sampler, Error> {
        let temperature = sampling.temperature.unwrap_or(TEMPERATURE);
        let top_p = sampling.top_p.unwrap_or(TOP_P);
        if !temperature.is_finite() || temperature < 0.0 {
            return Err(Error::Invalid(format!("the temperature {temperature} is not a number from 0 up")));
        }
        if !(0.0..=1.0).contains(&top_p) {
            return Err(Error::Invalid(format!("top_p {top_p} is not between 0 and 1")));
        }
        let random = match sampling.seed {
            Some(seed) => StdRng::seed_from_u64(seed),
            None => StdRng::from_os_rng(),
        };
        Ok(Sampler { temperature, top_p, top_k: sampling.top_k.unwrap_or(TOP_K) as usize, random })
    }

    /// The next token; `None` where the logits are no numbers, or leave no token possible.
    pub(crate) fn choose(&mut self, logits: &[f32]) -> Option<u32> {
        let highest = logits.iter().copied().reduce(f32::max)?;
        if !highest.is_finite() || logits.iter().any(|logit| logit.is_nan()) {
            return None;
        }
        if self.temperature == 0.0 {
            return best(logits);
        }
        let mut candidates: Vec<(u32, f32)> = (0u32..).zip(logits.iter().copied()).collect();
        let by_logit = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        // 0 means all, as elsewhere.
        if (1..candidates.len()).contains(&self.top_k) {
            candidates.select_nth_unstable_by(self.top_k - 1, by_logit);
            candidates.truncate(self.top_k);
        }
        candidates.sort_unstable_by(by_logit);
        let highest = f64::from(highest);
        let mut weights: Vec<f64> =
            candidates.iter().map(|(_, logit)| ((f64::from(*logit) - highest) / self.temperature).exp()).collect();
        weights.truncate(self.nucleus(&weights));

        let mut point = self.random.random_range(0.0..weights.iter().sum());
        let chosen = weights.iter().position(|weight| {
            point -= weight;
            point < 0.0
        });
        candidates.get(chosen.unwrap_or(0)).map(|(token, _)| *token)
    }

    /// How many of the likeliest tokens make up the share `top_p`: always at least one.
    fn nucleus(&self, weights: &[f64]) -> usize {
        let enough = weights.iter().sum::<f64>() * self.top_p;
        let mut sum = 0.0;
        let last = weights.iter().position(|weight| {
            sum += weight;
            sum >= enough
        });
        last.map_or(weights.len(), |last| last + 1)
    }
}

/// The likeliest token, the first of equals.
fn best(logits: &[f32]) -> Option<u32> {
    (0u32..).zip(logits).reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(token, _)| token)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn sampler(sampling: Sampling) -> Sampler {
        Sampler::new(&Sampling { seed: Some(7), ..sampling }).unwrap()
    }

    fn chosen(mut sampler: Sampler, logits: &[f32]) -> HashSet<u32> {
        (0..500).map(|_| sampler.choose(logits).unwrap()).collect()
    }

    #[test]
    fn temperature_zero_takes_the_likeliest() {
        let greedy = sampler(Sampling { temperature: Some(0.0), ..Sampling::default() });
        assert_eq!(chosen(greedy, &[0.0, 3.0, 2.9, 3.0]), HashSet::from([1]));
    }

    #[test]
    fn top_k_and_top_p_cut_the_tail() {
        let logits = [1.0, 0.9, 0.8, 0.7];
        let open = Sampling { temperature: Some(1.0), top_p: Some(1.0), top_k: Some(0), ..Sampling::default() };
        assert_eq!(chosen(sampler(open.clone()), &logits), HashSet::from([0, 1, 2, 3]));
        assert_eq!(chosen(sampler(Sampling { top_k: Some(2), ..open.clone() }), &logits), HashSet::from([0, 1]));
        assert_eq!(chosen(sampler(Sampling { top_p: Some(0.5), ..open.clone() }), &logits), HashSet::from([0, 1]));
        assert_eq!(chosen(sampler(Sampling { top_p: Some(0.0), ..open }), &logits), HashSet::from([0]));
    }

    #[test]
    fn a_seed_repeats_the_choice() {
        let logits: Vec<f32> = (0..100).map(|index| (index as f32).sin()).collect();
        let run = |mut sampler: Sampler| (0..50).map(|_| sampler.choose(&logits).unwrap()).collect::<Vec<_>>();
        assert_eq!(run(sampler(Sampling::default())), run(sampler(Sampling::default())));
        let other = Sampler::new(&Sampling { seed: Some(8), ..Sampling::default() }).unwrap();
        assert_ne!(run(sampler(Sampling::default())), run(other));
    }

    #[test]
    fn nonsense_is_refused() {
        for sampling in [
            Sampling { temperature: Some(-1.0), ..Sampling::default() },
            Sampling { temperature: Some(f64::NAN), ..Sampling::default() },
            Sampling { top_p: Some(1.1), ..Sampling::default() },
        ] {
            assert!(matches!(Sampler::new(&sampling), Err(Error::Invalid(_))));
        }
        for temperature in [0.0, 0.7] {
            let mut sampler = sampler(Sampling { temperature: Some(temperature), ..Sampling::default() });
            for logits in [&[f32::NAN, 1.0][..], &[f32::INFINITY, 1.0], &[f32::NEG_INFINITY; 3], &[]] {
                assert_eq!(sampler.choose(logits), None, "{logits:?} at {temperature}");
            }
            // A token that is ruled out rules out no other.
            assert_eq!(sampler.choose(&[f32::NEG_INFINITY, 1.0]), Some(1));
        }
    }
}
