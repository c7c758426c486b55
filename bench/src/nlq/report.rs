//! The table, and whether the targets hold.

use std::time::Duration;

use super::tally::Tally;

/// Points of execution accuracy beyond the bare model.
const BEYOND_BARE: f64 = 0.10;
/// Refused of what cannot be answered, at least.
const REFUSED: f64 = 0.60;
/// Refused of what can, at most.
const WRONGLY_REFUSED: f64 = 0.05;

const COLUMNS: [&str; 13] = [
    "database",
    "questions",
    "bare",
    "nlq",
    "bare, without weak",
    "nlq, without weak",
    "bare SQL does not run",
    "refused by the guard",
    "repaired",
    "unanswerable",
    "no valid query",
    "other errors",
    "refused of what cannot be answered",
];

/// Prints a table in Markdown, by database and of all; tells whether all targets hold that can be told.
pub(super) fn print(tallies: &[(String, Tally)]) -> bool {
    let mut all = Tally::default();
    tallies.iter().for_each(|(_, tally)| all.merge(tally));
    println!("| {} |", COLUMNS.join(" | "));
    println!("|{}", " --- |".repeat(COLUMNS.len()));
    for (database, tally) in tallies {
        println!("{}", line(database, tally));
    }
    println!("{}", line("all", &all));
    println!();
    println!("seconds a question, median: bare {}, nlq {}", seconds(&all.bare_took), seconds(&all.took));
    let targets = targets(&all);
    for Target { name, value, bound, holds } in &targets {
        println!("{name}: {} (target: {bound}) {}", percent(*value), if *holds { "holds" } else { "MISSED" });
    }
    targets.iter().all(|target| target.holds)
}

fn line(name: &str, tally: &Tally) -> String {
    let questions = tally.answerable.questions;
    let share = |count: usize| percent(count as f64 / questions as f64);
    let bare_share = tally.bare_does_not_run as f64 / tally.answerable.bare_questions as f64;
    let refused = match tally.impossible {
        0 => "–".to_owned(),
        impossible => format!("{} of {impossible}", tally.impossible_refused),
    };
    let cells = [
        name.to_owned(),
        questions.to_string(),
        percent(tally.answerable.bare_share()),
        percent(tally.answerable.share()),
        percent(tally.sound.bare_share()),
        percent(tally.sound.share()),
        percent(bare_share),
        share(tally.refused_by_guard),
        share(tally.repaired),
        share(tally.unanswerable),
        share(tally.no_valid_query),
        share(tally.failed),
        refused,
    ];
    format!("| {} |", cells.join(" | "))
}

struct Target {
    name: &'static str,
    value: f64,
    bound: &'static str,
    holds: bool,
}

/// Those that the questions can tell something of.
fn targets(all: &Tally) -> Vec<Target> {
    let mut targets = Vec::new();
    let mut add = |name, value: f64, bound, holds: fn(f64) -> bool| {
        if value.is_finite() {
            targets.push(Target { name, value, bound, holds: holds(value) });
        }
    };
    let beyond = all.answerable.share() - all.answerable.bare_share();
    add("accuracy beyond the bare model", beyond, "at least 10 %", |value| value >= BEYOND_BARE);
    let refused = all.impossible_refused as f64 / all.impossible as f64;
    add("refused of what cannot be answered", refused, "at least 60 %", |value| value >= REFUSED);
    let wrongly = all.unanswerable as f64 / all.answerable.questions as f64;
    add("refused of what can be answered", wrongly, "at most 5 %", |value| value <= WRONGLY_REFUSED);
    targets
}

fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1} %", share * 100.0) } else { "–".to_owned() }
}

fn seconds(times: &[Duration]) -> String {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len() / 2).map_or_else(|| "–".to_owned(), |median| format!("{:.1}", median.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::{super::tally::Accuracy, *};

    fn tally(right: usize, bare_right: usize, unanswerable: usize, impossible_refused: usize) -> Tally {
        let answerable = Accuracy { questions: 100, right, bare_questions: 100, bare_right };
        Tally { answerable, unanswerable, impossible: 10, impossible_refused, ..Tally::default() }
    }

    #[test]
    fn targets_are_those_of_the_documentation() {
        let hold = |tally: &Tally| targets(tally).iter().map(|target| target.holds).collect::<Vec<_>>();
        assert_eq!(hold(&tally(85, 70, 5, 6)), [true, true, true]);
        assert_eq!(hold(&tally(79, 70, 6, 5)), [false, false, false]);
    }

    #[test]
    fn what_was_not_asked_is_no_target() {
        assert!(targets(&Tally::default()).is_empty());
        let without_bare = Accuracy { questions: 100, right: 50, ..Accuracy::default() };
        let names = targets(&Tally { answerable: without_bare, ..Tally::default() });
        assert_eq!(names.iter().map(|target| target.name).collect::<Vec<_>>(), ["refused of what can be answered"]);
    }

    #[test]
    fn a_line_has_a_cell_for_every_column() {
        let line = line("pets_1", &tally(85, 70, 5, 6));
        assert_eq!(line.matches(" | ").count() + 1, COLUMNS.len());
        assert!(line.starts_with("| pets_1 | 100 | 70.0 % | 85.0 % | – | – | 0.0 % |"), "{line}");
        assert!(line.ends_with("| 6 of 10 |"), "{line}");
        assert_eq!(seconds(&[3, 1, 2].map(Duration::from_secs)), "2.0");
    }
}
