//! All that a query may give: SQL leaves open in which order rows come that are equal in what they are ordered by, and
//! which of them a LIMIT takes. Engines differ in it, and are right all the same.

use std::path::Path;

use sqlparser::{
    ast::{
        Expr, LimitClause, OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr, Statement, Value, ValueWithSpan,
    },
    dialect::SQLiteDialect,
    parser::Parser,
};

use super::{cell::Cell, rows::Rows, sqlite};

/// Choices of a LIMIT among equal rows that are tried; of more, only SQLite's own is right.
const MOST_CHOICES: usize = 200;

/// The rows of a query, and those that would be as right.
pub(super) async fn all(file: &Path, sql: &str) -> Result<Vec<Rows>, String> {
    let rows = sqlite::query(file, sql).await?;
    let Some(ordered) = Ordered::of(sql) else { return Ok(vec![rows]) };
    match sqlite::query(file, &ordered.sql).await {
        Ok(whole) if !whole.is_cut && rows.rows.len() <= whole.rows.len() => Ok(ordered.all(&rows, &whole)),
        _ => Ok(vec![rows]),
    }
}

/// A query without its limit and with what it is ordered by.
struct Ordered {
    sql: String,
    /// Columns that rows are ordered by.
    keys: Vec<usize>,
}

impl Ordered {
    /// None where the query orders nothing, or where that is not easily told.
    fn of(sql: &str) -> Option<Self> {
        let mut statements = Parser::parse_sql(&SQLiteDialect {}, sql).ok()?;
        let (Some(Statement::Query(mut query)), true) = (statements.pop(), statements.is_empty()) else { return None };
        let Query { body, order_by: Some(OrderBy { kind: OrderByKind::Expressions(by), .. }), limit_clause, .. } =
            &mut *query
        else {
            return None;
        };
        let SetExpr::Select(select) = &mut **body else { return None };
        if !matches!(limit_clause, None | Some(LimitClause::LimitOffset { offset: None, .. })) {
            return None;
        }
        *limit_clause = None;
        let is_known =
            |item: &SelectItem| matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. });
        if !select.projection.iter().all(is_known) {
            return None;
        }
        let mut keys = Vec::new();
        for by in by.iter() {
            let place = place(select, &by.expr).or_else(|| {
                // Of distinct rows, only what is selected is distinct.
                select.distinct.is_none().then(|| {
                    select.projection.push(SelectItem::UnnamedExpr(by.expr.clone()));
                    select.projection.len() - 1
                })
            });
            keys.push(place?);
        }
        Some(Self { sql: query.to_string(), keys })
    }

    fn all(&self, rows: &Rows, whole: &Rows) -> Vec<Rows> {
        let taken = rows.rows.len();
        let own = |row: &Vec<Cell>| row.iter().take(rows.width).cloned().collect::<Vec<_>>();
        let key = |row: &Vec<Cell>| self.keys.iter().map(|key| row.get(*key).cloned()).collect::<Vec<_>>();
        // Rows that are equal in the keys stand side by side.
        let (mut ties, mut complete) = (Vec::new(), Vec::new());
        for equal in whole.rows.chunk_by(|one, other| key(one) == key(other)) {
            let left = taken - complete.len();
            if left == 0 {
                break;
            }
            let equal: Vec<Vec<Cell>> = equal.iter().map(own).collect();
            ties.push(left.min(equal.len()));
            if equal.len() <= left {
                complete.extend(equal);
                continue;
            }
            let choices = choices(&equal, left);
            if choices.len() >= MOST_CHOICES {
                return vec![rows.clone()];
            }
            let with = |choice: Vec<Vec<Cell>>| [complete.clone(), choice].concat();
            return choices
                .into_iter()
                .map(with)
                .map(|rows_of| Rows { rows: rows_of, ties: ties.clone(), ..rows.clone() })
                .collect();
        }
        vec![Rows { rows: complete, ties, ..rows.clone() }]
    }
}

/// Which column of the select list is named, by its number, its name, or by being the same.
fn place(select: &Select, by: &Expr) -> Option<usize> {
    if let Expr::Value(ValueWithSpan { value: Value::Number(number, _), .. }) = by {
        return number.parse::<usize>().ok()?.checked_sub(1);
    }
    select.projection.iter().position(|item| match item {
        SelectItem::ExprWithAlias { expr, alias } => {
            expr == by || matches!(by, Expr::Identifier(name) if name.value.eq_ignore_ascii_case(&alias.value))
        }
        SelectItem::UnnamedExpr(expr) => expr == by,
        _ => false,
    })
}

/// Each choice of so many of the rows; at most [`MOST_CHOICES`].
fn choices(rows: &[Vec<Cell>], count: usize) -> Vec<Vec<Vec<Cell>>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut found = Vec::new();
    for (index, first) in rows.iter().enumerate() {
        let rest = choices(&rows[index + 1..], count - 1);
        found.extend(rest.into_iter().map(|rest| [vec![first.clone()], rest].concat()));
        if found.len() >= MOST_CHOICES {
            break;
        }
    }
    found.truncate(MOST_CHOICES);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn of(sql: &str) -> Vec<Rows> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let script = "CREATE TABLE t (name TEXT, age INTEGER);
                      INSERT INTO t VALUES ('a', 1), ('b', 2), ('c', 2), ('d', 2), ('e', 3);";
        rusqlite::Connection::open(file.path()).unwrap().execute_batch(script).unwrap();
        all(file.path(), sql).await.unwrap()
    }

    fn names(rows: &[Rows]) -> Vec<String> {
        let cell = |cell: &Cell| if let Cell::Text(text) = cell { text.clone() } else { "?".to_owned() };
        rows.iter().map(|rows| rows.rows.iter().flatten().map(cell).collect::<String>()).collect()
    }

    #[tokio::test]
    async fn equal_rows_may_come_in_any_order() {
        for sql in ["SELECT name FROM t ORDER BY age", "SELECT name FROM t ORDER BY age DESC LIMIT 9"] {
            let all = of(sql).await;
            assert_eq!((all.len(), all[0].ties.as_slice()), (1, &[1, 3, 1][..]), "{sql}");
        }
        let reversed = |names: &str| Rows {
            width: 1,
            rows: names.chars().map(|name| vec![Cell::Text(name.to_string())]).collect(),
            ..Rows::default()
        };
        let gold = &of("SELECT name FROM t ORDER BY age").await[0];
        assert!(reversed("adcbe").is_same(gold, true));
        assert!(!reversed("bacde").is_same(gold, true) && !reversed("adcce").is_same(gold, true));
    }

    #[tokio::test]
    async fn a_limit_may_take_any_of_equal_rows() {
        assert_eq!(names(&of("SELECT name FROM t ORDER BY age LIMIT 3").await), ["abc", "abd", "acd"]);
        assert_eq!(names(&of("SELECT name FROM t ORDER BY age DESC LIMIT 1").await), ["e"]);
        let by_group = "SELECT age AS a FROM t WHERE name IN ('a', 'b') GROUP BY age ORDER BY count(*) LIMIT 1";
        assert_eq!(of(by_group).await.len(), 2);
    }

    #[tokio::test]
    async fn what_has_no_order_is_as_it_is() {
        for sql in [
            "SELECT name FROM t",
            "SELECT name FROM t LIMIT 2",
            "SELECT name FROM t ORDER BY age LIMIT 1 OFFSET 1",
            "SELECT DISTINCT name FROM t ORDER BY age",
            "SELECT name FROM t UNION SELECT 'x' ORDER BY 1",
            "SELECT * FROM t ORDER BY age",
        ] {
            let all = of(sql).await;
            assert!(all.len() == 1 && all[0].ties.is_empty(), "{sql}");
        }
    }

    #[test]
    fn what_is_ordered_by_may_be_selected_already() {
        let of = |sql: &str| Ordered::of(sql).map(|ordered| (ordered.sql, ordered.keys));
        let expected = |sql: &str, keys: &[usize]| Some((sql.to_owned(), keys.to_vec()));
        assert_eq!(
            of("SELECT a, count(*) AS n FROM t GROUP BY a ORDER BY n DESC, 1 LIMIT 1"),
            expected("SELECT a, count(*) AS n FROM t GROUP BY a ORDER BY n DESC, 1", &[1, 0])
        );
        assert_eq!(of("SELECT a FROM t ORDER BY b"), expected("SELECT a, b FROM t ORDER BY b", &[1]));
    }
}
