//! Numbers of questions, by what became of them.

use std::time::Duration;

use super::{
    answers::Outcome,
    record::{Record, Written},
};

#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// Those that the data can answer.
    pub(super) answerable: Accuracy,
    /// Of them, those whose gold is not known to be doubtful.
    pub(super) sound: Accuracy,
    pub(super) bare_does_not_run: usize,
    /// Answerable questions, by what the function did.
    pub(super) refused_by_guard: usize,
    pub(super) repaired: usize,
    pub(super) unanswerable: usize,
    pub(super) no_valid_query: usize,
    pub(super) failed: usize,
    /// Questions that the data cannot answer, and how many of them the function says so of.
    pub(super) impossible: usize,
    pub(super) impossible_refused: usize,
    pub(super) took: Vec<Duration>,
    pub(super) bare_took: Vec<Duration>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Accuracy {
    pub(super) questions: usize,
    pub(super) right: usize,
    /// Of those that the bare model was asked.
    pub(super) bare_questions: usize,
    pub(super) bare_right: usize,
}

impl Tally {
    pub(super) fn add(&mut self, record: &Record) {
        let Record { question, bare, answer, .. } = record;
        self.took.push(answer.took);
        let is_refused = answer.outcome == Outcome::Unanswerable;
        if !record.is_answerable() {
            self.impossible += 1;
            self.impossible_refused += usize::from(is_refused);
            return;
        }
        self.answerable.add(record);
        if !question.is_weak {
            self.sound.add(record);
        }
        if let Some(Written { bare, error, .. }) = bare {
            self.bare_does_not_run += usize::from(error.is_some());
            self.bare_took.push(bare.took);
        }
        self.refused_by_guard += usize::from(answer.was_refused());
        self.repaired += usize::from(answer.was_repaired());
        match answer.outcome {
            Outcome::Answered => {}
            Outcome::Unanswerable => self.unanswerable += 1,
            Outcome::NoValidQuery => self.no_valid_query += 1,
            Outcome::Failed(_) => self.failed += 1,
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.answerable.merge(other.answerable);
        self.sound.merge(other.sound);
        self.bare_does_not_run += other.bare_does_not_run;
        self.refused_by_guard += other.refused_by_guard;
        self.repaired += other.repaired;
        self.unanswerable += other.unanswerable;
        self.no_valid_query += other.no_valid_query;
        self.failed += other.failed;
        self.impossible += other.impossible;
        self.impossible_refused += other.impossible_refused;
        self.took.extend(&other.took);
        self.bare_took.extend(&other.bare_took);
    }
}

impl Accuracy {
    /// NaN where nothing was asked.
    pub(super) fn share(self) -> f64 {
        self.right as f64 / self.questions as f64
    }

    pub(super) fn bare_share(self) -> f64 {
        self.bare_right as f64 / self.bare_questions as f64
    }

    fn add(&mut self, record: &Record) {
        self.questions += 1;
        self.right += usize::from(record.is_right);
        if let Some(bare) = &record.bare {
            self.bare_questions += 1;
            self.bare_right += usize::from(bare.is_right);
        }
    }

    fn merge(&mut self, other: Self) {
        self.questions += other.questions;
        self.right += other.right;
        self.bare_questions += other.bare_questions;
        self.bare_right += other.bare_right;
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            answers::{Answer, Attempt, Bare},
            questions::Question,
            rows::Rows,
        },
        *,
    };

    fn record(
        outcome: Outcome,
        is_right: bool,
        gold: &[&str],
        is_weak: bool,
        bare: Option<Result<bool, &str>>,
    ) -> Record {
        let bare = bare.map(|bare| Written {
            bare: Bare { sql: Ok(String::new()), took: Duration::from_secs(1) },
            error: bare.err().map(str::to_owned),
            is_right: bare == Ok(true),
        });
        let question = Question {
            id: String::new(),
            database: String::new(),
            text: String::new(),
            gold: gold.iter().map(|sql| (*sql).to_owned()).collect(),
            ordered: false,
            is_weak,
        };
        let refused = Attempt { sql: String::new(), error: Some("There is no column x.".to_owned()) };
        let attempts = vec![refused];
        let (sql, rows, tables, took) = (None, Rows::default(), Vec::new(), Duration::from_secs(2));
        Record { question, bare, answer: Answer { outcome, sql, attempts, rows, tables, took }, is_right }
    }

    #[test]
    fn every_question_is_counted_where_it_belongs() {
        let mut tally = Tally::default();
        for record in [
            record(Outcome::Answered, true, &["SELECT 1"], false, Some(Ok(true))),
            record(Outcome::Answered, false, &["SELECT 1"], true, Some(Err("no such column"))),
            record(Outcome::Unanswerable, false, &["SELECT 1"], false, Some(Ok(false))),
            record(Outcome::Failed("query_timeout".to_owned()), false, &["SELECT 1"], false, None),
            record(Outcome::Unanswerable, false, &[], false, None),
            record(Outcome::NoValidQuery, false, &[], false, None),
        ] {
            tally.add(&record);
        }
        let mut all = Tally::default();
        all.merge(&tally);
        all.merge(&tally);
        let Accuracy { questions, right, bare_questions, bare_right } = all.answerable;
        assert_eq!([questions, right, bare_questions, bare_right], [8, 2, 6, 2]);
        assert_eq!((all.sound.questions, all.sound.bare_questions), (6, 4));
        assert_eq!((all.sound.share(), all.sound.bare_share()), (1.0 / 3.0, 0.5));
        assert_eq!([all.bare_does_not_run, all.refused_by_guard, all.repaired], [2, 8, 4]);
        assert_eq!([all.unanswerable, all.no_valid_query, all.failed], [2, 0, 2]);
        assert_eq!((all.impossible, all.impossible_refused), (4, 2));
        assert_eq!((all.took.len(), all.bare_took.len()), (12, 6));
    }
}
