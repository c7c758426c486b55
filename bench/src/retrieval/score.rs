//! How good a ranking is.

use std::collections::BTreeMap;

/// Documents of a ranking that count.
pub(crate) const CUT: usize = 10;

/// Normalised discounted cumulative gain of the first ten, as trec_eval computes it.
pub(crate) fn ndcg(ranking: &[String], relevant: &BTreeMap<String, f64>) -> f64 {
    let gain = |(place, relevance): (usize, f64)| relevance / (place as f64 + 2.0).log2();
    let found = ranking.iter().take(CUT).map(|id| relevant.get(id).copied().unwrap_or_default());
    let mut best: Vec<f64> = relevant.values().copied().collect();
    best.sort_by(|one, other| other.total_cmp(one));
    let ideal: f64 = best.into_iter().take(CUT).enumerate().map(gain).sum();
    found.enumerate().map(gain).sum::<f64>() / ideal
}

/// The share of the relevant documents that are among the first ten.
pub(crate) fn recall(ranking: &[String], relevant: &BTreeMap<String, f64>) -> f64 {
    let found = ranking.iter().take(CUT).filter(|id| relevant.contains_key(*id)).count();
    found as f64 / relevant.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ranking_is_worth_what_trec_eval_says() {
        let relevant = BTreeMap::from([("a".to_owned(), 1.0), ("b".to_owned(), 1.0)]);
        let ranking = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        assert_eq!(ndcg(&ranking(&["a", "b"]), &relevant), 1.0);
        assert_eq!(ndcg(&ranking(&["x", "y"]), &relevant), 0.0);
        // 1 / log2(3), over 1 + 1 / log2(3).
        assert!((ndcg(&ranking(&["x", "a"]), &relevant) - 0.386_853).abs() < 1e-6);
        assert_eq!(recall(&ranking(&["x", "a"]), &relevant), 0.5);
        let late = ranking(&["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "a"]);
        assert_eq!((ndcg(&late, &relevant), recall(&late, &relevant)), (0.0, 0.0));
    }
}
