//! Whether two results are the same: execution accuracy, as the test suites of Spider measure it
//! (<https://github.com/taoyds/test-suite-sql-eval>). Names of columns do not count, nor does their order.

use std::ops::Range;

use super::cell::Cell;

/// Rows that are read and compared; the function gives no more either.
pub(super) const MOST_ROWS: usize = 1000;

/// How many arrangements of columns are tried. More are possible only where many columns hold the same values, and then
/// the first ones fit.
const MOST_ARRANGEMENTS: usize = 1000;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rows {
    pub(super) width: usize,
    pub(super) rows: Vec<Vec<Cell>>,
    /// Whether there were more than [`MOST_ROWS`].
    pub(super) is_cut: bool,
    /// Lengths of the runs of rows that may stand in any order among themselves; none where each has its place.
    pub(super) ties: Vec<usize>,
}

impl Rows {
    /// Rows whose order counts must have it too, but for ties; others are compared as multisets.
    pub(super) fn is_same(&self, gold: &Self, ordered: bool) -> bool {
        if self.is_cut != gold.is_cut || self.rows.len() != gold.rows.len() {
            return false;
        }
        if gold.rows.is_empty() {
            return true;
        }
        if self.width != gold.width {
            return false;
        }
        let runs = gold.runs(ordered);
        let places = |column: &usize| {
            let wanted = gold.column(*column, &runs);
            let is_alike = |place: &usize| {
                let there = self.column(*place, &runs);
                wanted.iter().zip(&there).all(|(one, other)| one.is_same(other))
            };
            (0..self.width).filter(is_alike).collect::<Vec<_>>()
        };
        let candidates: Vec<Vec<usize>> = (0..gold.width).map(|column| places(&column)).collect();
        let mut search = Search { found: self, gold, runs: &runs, candidates, left: MOST_ARRANGEMENTS };
        search.fits(&mut Vec::new())
    }

    /// Within which rows the order does not count.
    fn runs(&self, ordered: bool) -> Vec<Range<usize>> {
        let count = self.rows.len();
        let lengths = match (ordered, self.ties.is_empty()) {
            (false, _) => vec![count],
            (true, true) => vec![1; count],
            (true, false) => self.ties.clone(),
        };
        let ends = lengths.iter().scan(0, |end, length| {
            *end += length;
            Some(*end - length..*end)
        });
        ends.collect()
    }

    fn column(&self, place: usize, runs: &[Range<usize>]) -> Vec<&Cell> {
        let mut cells: Vec<&Cell> = self.rows.iter().filter_map(|row| row.get(place)).collect();
        for run in runs {
            if let Some(run) = cells.get_mut(run.clone()) {
                run.sort_by(|one, other| one.order(other));
            }
        }
        cells
    }
}

struct Search<'a> {
    found: &'a Rows,
    gold: &'a Rows,
    runs: &'a [Range<usize>],
    /// For each column of the gold, the columns that hold its values.
    candidates: Vec<Vec<usize>>,
    left: usize,
}

impl Search<'_> {
    /// `places` says where the first columns of the gold are.
    fn fits(&mut self, places: &mut Vec<usize>) -> bool {
        let Some(candidates) = self.candidates.get(places.len()).cloned() else {
            self.left = self.left.saturating_sub(1);
            return self.are_same(places);
        };
        for place in candidates {
            if self.left > 0 && !places.contains(&place) {
                places.push(place);
                if self.fits(places) {
                    return true;
                }
                places.pop();
            }
        }
        false
    }

    fn are_same(&self, places: &[usize]) -> bool {
        let is_row = |gold: &[Cell], row: &[Cell]| {
            gold.iter().zip(places).all(|(cell, place)| row.get(*place).is_some_and(|other| cell.is_same(other)))
        };
        self.runs.iter().all(|run| {
            let (Some(found), Some(gold)) = (self.found.rows.get(run.clone()), self.gold.rows.get(run.clone())) else {
                return false;
            };
            // Both are in much the same order, mostly: the first that is left is likely to be the one.
            let mut left: Vec<&Vec<Cell>> = found.iter().rev().collect();
            gold.iter().all(|gold| {
                let at = left.iter().rposition(|row| is_row(gold, row));
                at.map(|at| left.remove(at)).is_some()
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rows(rows: &[Value]) -> Rows {
        let cells = |row: &Value| row.as_array().unwrap().iter().map(Cell::json).collect::<Vec<_>>();
        let rows: Vec<_> = rows.iter().map(cells).collect();
        Rows { width: rows.first().map_or(0, Vec::len), rows, ..Rows::default() }
    }

    #[test]
    fn columns_may_stand_anywhere() {
        let gold = rows(&[json!(["CH", 3, 1]), json!(["DE", 2, 1])]);
        assert!(rows(&[json!([1, "CH", 3]), json!([1, "DE", 2])]).is_same(&gold, true));
        // The same columns, but not the same rows.
        assert!(!rows(&[json!([1, "CH", 2]), json!([1, "DE", 3])]).is_same(&gold, false));
        assert!(!rows(&[json!(["CH", 3]), json!(["DE", 2])]).is_same(&gold, false));
        assert!(!rows(&[json!(["CH", 3, 1, 0]), json!(["DE", 2, 1, 0])]).is_same(&gold, false));
    }

    #[test]
    fn columns_with_the_same_values_are_told_apart_by_rows() {
        let gold = rows(&[json!([1, 2]), json!([2, 1]), json!([3, 3])]);
        assert!(rows(&[json!([2, 1]), json!([1, 2]), json!([3, 3])]).is_same(&gold, true));
        assert!(!rows(&[json!([1, 1]), json!([2, 2]), json!([3, 3])]).is_same(&gold, false));
    }

    #[test]
    fn order_counts_where_it_is_asked_for() {
        let gold = rows(&[json!(["a"]), json!(["b"]), json!(["b"])]);
        let other = rows(&[json!(["b"]), json!(["a"]), json!(["b"])]);
        assert!(other.is_same(&gold, false) && !other.is_same(&gold, true) && gold.is_same(&gold, true));
    }

    #[test]
    fn rows_count_as_often_as_they_stand_there() {
        let gold = rows(&[json!(["a", 1]), json!(["a", 1]), json!(["b", 1])]);
        assert!(!rows(&[json!(["a", 1]), json!(["b", 1]), json!(["b", 1])]).is_same(&gold, false));
        assert!(!rows(&[json!(["a", 1]), json!(["b", 1])]).is_same(&gold, false));
    }

    #[test]
    fn truth_may_be_spelled_on_one_side() {
        let gold = rows(&[json!(["F", 1]), json!(["T", 2]), json!(["T", 3])]);
        assert!(rows(&[json!([true, 3]), json!([false, 1]), json!([true, 2])]).is_same(&gold, false));
        assert!(!rows(&[json!([true, 3]), json!([false, 2]), json!([true, 1])]).is_same(&gold, false));
    }

    #[test]
    fn nothing_is_nothing_however_wide() {
        let wide = Rows { width: 3, ..Rows::default() };
        assert!(wide.is_same(&Rows { width: 1, ..Rows::default() }, true));
        assert!(!wide.is_same(&rows(&[json!([1])]), true));
    }

    #[test]
    fn what_is_cut_is_only_the_same_as_what_is_cut() {
        let whole = rows(&[json!([1])]);
        let cut = Rows { is_cut: true, ..whole.clone() };
        assert!(!cut.is_same(&whole, false) && !whole.is_same(&cut, false) && cut.is_same(&cut, false));
    }

    #[test]
    fn many_columns_alike_are_no_trouble() {
        let row = |number: usize| Value::from(vec![number % 2; 12]);
        let gold = rows(&(0..100).map(row).collect::<Vec<_>>());
        let mut other = gold.clone();
        other.rows.reverse();
        assert!(other.is_same(&gold, false));
        // As many of each, but not side by side.
        other.rows[0].reverse();
        other.rows[1][0] = Cell::Number(1.0);
        other.rows[0][0] = Cell::Number(0.0);
        assert!(!other.is_same(&gold, false));
    }
}
