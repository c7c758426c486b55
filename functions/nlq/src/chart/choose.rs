//! Which chart, of which columns.

use super::{
    column::{Column, Role},
    names,
};

/// A line or a group of bars has one colour a series, and more colours than these nobody can tell apart.
const MOST_SERIES: usize = 8;
const MOST_BARS: usize = 50;
/// In groups, which share their label.
const MOST_GROUPED_BARS: usize = 64;
/// Groups of two or more bars.
const MOST_GROUPS: usize = 25;
/// Numbers side by side, and measures that share an axis.
const MOST_MEASURES: usize = 4;
/// How many times the largest measure may be the smallest where both share an axis, so that both can be seen.
const LARGEST_RATIO: f64 = 20.0;
/// With fewer points nothing can be seen in a scatter plot.
const FEWEST_POINTS: usize = 3;

/// What is drawn of which columns.
#[derive(Debug)]
pub(crate) enum Chart<'a> {
    /// One number, or a few; `label` says what of.
    Number {
        measures: Vec<&'a Column>,
        label: Option<&'a Column>,
    },
    Line {
        time: &'a Column,
        measures: Vec<&'a Column>,
        series: Option<&'a Column>,
    },
    /// Grouped if there are several measures, or series.
    Bar {
        category: &'a Column,
        measures: Vec<&'a Column>,
        series: Option<&'a Column>,
    },
    Scatter {
        x: &'a Column,
        y: &'a Column,
        series: Option<&'a Column>,
        label: Option<&'a Column>,
    },
}

/// The columns by what they are.
struct Found<'a> {
    question: Vec<String>,
    rows: usize,
    measures: Vec<&'a Column>,
    /// Those in which not every row has the same value.
    times: Vec<&'a Column>,
    categories: Vec<&'a Column>,
    identifiers: Vec<&'a Column>,
}

pub(crate) fn choose<'a>(question: &str, columns: &'a [Column]) -> Option<Chart<'a>> {
    let rows = columns.first()?.values.len();
    let of = |is: fn(&Column) -> bool| columns.iter().filter(move |column| is(column));
    let varied = |is| of(is).filter(move |column| column.distinct > 1 || rows == 1).collect();
    let found = Found {
        question: names::words(question),
        rows,
        measures: of(|column| column.role == Role::Measure).collect(),
        times: varied(|column| column.time().is_some()),
        categories: varied(|column| matches!(column.role, Role::Category | Role::Part)),
        identifiers: varied(|column| column.role == Role::Identifier),
    };
    if rows == 1 { found.number() } else { found.line_or_other() }
}

impl<'a> Found<'a> {
    fn number(&self) -> Option<Chart<'a>> {
        let labels = self.categories.iter().chain(&self.times).chain(&self.identifiers);
        let label = labels.copied().next();
        let measures = match label {
            Some(_) => vec![self.measure()?],
            None => self.measures.clone(),
        };
        (1..=MOST_MEASURES).contains(&measures.len()).then_some(Chart::Number { measures, label })
    }

    fn line_or_other(&self) -> Option<Chart<'a>> {
        let Some(time) = self.times.iter().copied().find(|time| time.known() > 1) else {
            return self.of_categories(&self.categories);
        };
        let is_unique = time.known() == time.values.iter().filter(|value| !value.is_null()).count();
        // Two years are compared rather than followed.
        if time.known() == 2 && time.time().is_some_and(|time| time.is_short) {
            let categories = [self.categories.as_slice(), &[time]].concat();
            return self.of_categories(&categories);
        }
        match self.categories.as_slice() {
            _ if is_unique => Some(Chart::Line { time, measures: self.together()?, series: None }),
            [] => self.scatter_over(time, None),
            [category] if category.distinct > MOST_SERIES => None,
            [category] if time.is_unique_with(category) => {
                Some(Chart::Line { time, measures: vec![self.measure()?], series: Some(category) })
            }
            [category] => self.scatter_over(time, Some(category)),
            _ => None,
        }
    }

    fn scatter_over(&self, time: &'a Column, series: Option<&'a Column>) -> Option<Chart<'a>> {
        let y = self.measure()?;
        (self.rows >= FEWEST_POINTS).then_some(Chart::Scatter { x: time, y, series, label: None })
    }

    fn of_categories(&self, categories: &[&'a Column]) -> Option<Chart<'a>> {
        if let [one, other] = categories
            && let Some(chart) = self.grouped(one, other)
        {
            return Some(chart);
        }
        if let Some(label) = categories.iter().find(|category| category.is_unique()) {
            return self.labelled(label);
        }
        if let Some(chart) = self.histogram().filter(|_| categories.is_empty()) {
            return Some(chart);
        }
        let label = self.identifiers.iter().copied().find(|identifier| identifier.is_unique());
        let series = categories.iter().copied().find(|category| category.distinct <= MOST_SERIES);
        self.scatter(series, label).or_else(|| self.labelled(label.filter(|_| categories.is_empty())?))
    }

    /// Two categories that cross, each of which comes back in several rows.
    fn grouped(&self, one: &'a Column, other: &'a Column) -> Option<Chart<'a>> {
        let is_crossed = !one.is_unique() && !other.is_unique() && one.is_unique_with(other);
        // With more gaps than bars it is no comparison.
        let is_full = one.distinct * other.distinct <= 3 * self.rows;
        if !is_crossed || !is_full || self.rows > MOST_GROUPED_BARS {
            return None;
        }
        let (category, series) = if other.distinct <= MOST_SERIES { (one, other) } else { (other, one) };
        let is_drawn = series.distinct <= MOST_SERIES && category.distinct <= MOST_GROUPS;
        is_drawn.then_some(())?;
        Some(Chart::Bar { category, measures: vec![self.measure()?], series: Some(series) })
    }

    /// A row is about one thing, which has this name.
    fn labelled(&self, label: &'a Column) -> Option<Chart<'a>> {
        let scatter = || self.scatter(None, Some(label));
        if self.asks_for_relation()
            && let Some(chart) = scatter()
        {
            return Some(chart);
        }
        if self.rows > MOST_BARS {
            return scatter();
        }
        let measures = self.together()?;
        if measures.len() > 1 && self.rows <= MOST_GROUPS && self.rows * measures.len() <= MOST_GROUPED_BARS {
            return Some(Chart::Bar { category: label, measures, series: None });
        }
        let is_crowd = self.rows > MOST_GROUPS;
        let bar = Chart::Bar { category: label, measures: vec![self.measure()?], series: None };
        scatter().filter(|_| is_crowd).or(Some(bar))
    }

    /// How many there are of each whole number.
    fn histogram(&self) -> Option<Chart<'a>> {
        let [number, count] = self.measures.as_slice() else { return None };
        let is_scale = number.is_whole() && number.is_unique() && !names::is_count(&number.name);
        let is_histogram = is_scale && names::is_count(&count.name) && self.rows <= MOST_GROUPS;
        is_histogram.then(|| Chart::Bar { category: number, measures: vec![count], series: None })
    }

    fn scatter(&self, series: Option<&'a Column>, label: Option<&'a Column>) -> Option<Chart<'a>> {
        if self.measures.len() < 2 || self.rows < FEWEST_POINTS {
            return None;
        }
        let mut measures = self.measures.clone();
        if measures.len() > 2 {
            measures.sort_by_key(|measure| std::cmp::Reverse(self.mentions(measure)));
        }
        Some(Chart::Scatter { x: measures[0], y: measures[1], series, label })
    }

    /// The measures if they can share an axis, otherwise the one that is meant.
    fn together(&self) -> Option<Vec<&'a Column>> {
        let first = self.measures.first()?;
        let sizes = || self.measures.iter().map(|measure| measure.magnitude());
        let (smallest, largest) = (sizes().fold(f64::MAX, f64::min), sizes().fold(0.0, f64::max));
        let are_alike = largest <= LARGEST_RATIO * smallest
            && self.measures.iter().all(|measure| measure.is_share() == first.is_share())
            && self.measures.len() <= MOST_MEASURES;
        if are_alike { Some(self.measures.clone()) } else { Some(vec![self.measure()?]) }
    }

    /// The measure that is meant: the one that the question names, or that the rows are sorted by, or the first.
    fn measure(&self) -> Option<&'a Column> {
        let most = self.measures.iter().map(|measure| self.mentions(measure)).max()?;
        let mut named = self.measures.iter().copied().filter(|measure| self.mentions(measure) == most);
        let is_sorted = |measure: &&'a Column| {
            let numbers: Vec<f64> = measure.numbers().collect();
            measure.distinct > 1 && (numbers.is_sorted() || numbers.iter().rev().is_sorted())
        };
        named.clone().find(is_sorted).or_else(|| named.next())
    }

    /// How many words of the measure's name are in the question.
    fn mentions(&self, measure: &Column) -> usize {
        let singular = |word: &str| word.trim_end_matches('s').to_owned();
        let is_asked = |word: &String| self.question.iter().any(|asked| singular(asked) == singular(word));
        names::words(&measure.name).iter().filter(|word| is_asked(word)).count()
    }

    fn asks_for_relation(&self) -> bool {
        let words = ["correlat", "relation", "versus", "vs", "against", "scatter", "depend"];
        self.question.iter().any(|asked| words.iter().any(|word| asked.starts_with(word)))
    }
}
