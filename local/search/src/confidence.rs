//! How likely a hit answers the search. How the numbers came about is in docs/retrieval.md.

use crate::{Confidence, Evidence, Target};

/// A logistic regression on judged pairs of searches and texts.
struct Calibration {
    /// Of the cosine between the two vectors.
    cosine: f32,
    /// Of the share of the search's words that the text has.
    share: f32,
    constant: f32,
}

const PASSAGES: Calibration = Calibration { cosine: 5.7, share: 4.9, constant: -6.6 };
/// Other questions about the same thing have its words too, so words tell nothing beyond the cosine.
const QUESTIONS: Calibration = Calibration { cosine: 21.6, share: 0.0, constant: -14.3 };

/// Between 0 and 1. Depends on the search and the text alone, not on what else is in the index.
pub(crate) fn score(target: Target, evidence: Evidence) -> f32 {
    let calibration = match target {
        Target::Passages | Target::Documents => PASSAGES,
        Target::Questions => QUESTIONS,
    };
    let sum = calibration.cosine * evidence.cosine + calibration.share * evidence.share + calibration.constant;
    1.0 / (1.0 + (-sum).exp())
}

/// Where a level begins. Passages that answer a question of everyday words score lower than those of the science that the
/// regression is from.
pub(crate) fn bucket(target: Target, score: f32) -> Confidence {
    let [medium, high, very_high] = match target {
        Target::Passages | Target::Documents => [0.04, 0.3, 0.7],
        Target::Questions => [0.3, 0.6, 0.9],
    };
    match score {
        score if score >= very_high => Confidence::VeryHigh,
        score if score >= high => Confidence::High,
        score if score >= medium => Confidence::Medium,
        _ => Confidence::Low,
    }
}
