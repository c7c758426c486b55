//! Queries: WITH, what is between UNIONs, ORDER BY and how many rows.

use sqlparser::ast::{
    Cte, Expr, Fetch, LimitClause, Offset, OffsetRows, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, Parens,
    Query, SetExpr, SetOperator, SetQuantifier, TableAlias, Value, ValueWithSpan, Values, With,
};

use super::checker::{Checker, Named, schema_table};
use super::names::{key, normalise_new};
use super::refusal::Refusal;
use super::scope::{Level, Output};

/// More than any table has, less than what overflows a bigint.
const MOST_DIGITS: usize = 15;

impl Checker<'_> {
    /// The query that is the statement: its rows are limited.
    pub(super) fn outermost(&mut self, query: &mut Query) -> Result<(), Refusal> {
        self.query(query)?;
        let most = self.most_rows();
        let number = |rows: u64| Expr::Value(ValueWithSpan::from(Value::Number(rows.to_string(), false)));
        match &mut query.limit_clause {
            Some(LimitClause::LimitOffset { limit, .. }) => {
                let rows = limit.as_ref().and_then(whole_number);
                *limit = Some(number(rows.map_or(most, |rows| rows.min(most))));
            }
            none => {
                *none =
                    Some(LimitClause::LimitOffset { limit: Some(number(most)), offset: None, limit_by: Vec::new() });
            }
        }
        Ok(())
    }

    /// What the query gives.
    pub(super) fn query(&mut self, query: &mut Query) -> Result<Vec<Output>, Refusal> {
        self.deeper(|checker| {
            let outer = checker.named.len();
            let result = checker.query_within(query);
            checker.named.truncate(outer);
            result
        })
    }

    fn query_within(&mut self, query: &mut Query) -> Result<Vec<Output>, Refusal> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if !locks.is_empty() || for_clause.is_some() {
            return Err(Refusal::not_allowed("FOR UPDATE or another FOR", "leave it out"));
        }
        if settings.is_some() || format_clause.is_some() || !pipe_operators.is_empty() {
            return Err(Refusal::not_allowed("SETTINGS, FORMAT or |>", "leave it out"));
        }
        if let Some(with) = with {
            self.with(with)?;
        }
        let (mut outputs, mut level) = self.set_expression(body)?;
        level.outputs.clone_from(&outputs);
        if let Some(order_by) = order_by {
            self.scope.levels.push(level);
            let result = self.order_by(order_by, outputs.len());
            self.scope.levels.pop();
            result?;
        }
        limit(limit_clause, fetch)?;
        // To whoever reads the result, its columns are just columns.
        outputs.iter_mut().for_each(|output| output.expression = None);
        Ok(outputs)
    }

    fn with(&mut self, with: &mut With) -> Result<(), Refusal> {
        let With { with_token: _, recursive, cte_tables } = with;
        if *recursive {
            return Err(Refusal::not_allowed("WITH RECURSIVE", "join the table to itself as often as needed"));
        }
        let first = self.named.len();
        for cte in cte_tables {
            let Cte { alias, query, from, materialized, closing_paren_token: _ } = cte;
            if from.is_some() || materialized.is_some() {
                return Err(Refusal::not_allowed("MATERIALIZED or FROM in WITH", "leave it out"));
            }
            let outputs = self.query(query)?;
            let outputs = renamed(outputs, alias)?;
            let name = key(&alias.name.value);
            if schema_table(self.schema, &alias.name).is_some() {
                return Err(Refusal::not_allowed(
                    format!("Naming a query of WITH as the table {}", alias.name),
                    "give it a name that no table has",
                ));
            }
            if self.named[first..].iter().any(|named| named.key == name) {
                return Err(Refusal::not_allowed(format!("Two queries of WITH named {}", alias.name), "rename one"));
            }
            self.named.push(Named { key: name, outputs });
        }
        Ok(())
    }

    /// What it gives, and the names that an ORDER BY after it may use besides.
    fn set_expression(&mut self, body: &mut SetExpr) -> Result<(Vec<Output>, Level), Refusal> {
        let (mut body, mut climbed, mut is_operand) = (body, 0, false);
        // A chain of UNIONs is as high as it is long; going down it in a loop keeps the stack low.
        while let SetExpr::SetOperation { left, op, set_quantifier, right } = body {
            match op {
                SetOperator::Union | SetOperator::Except | SetOperator::Intersect => {}
                SetOperator::Minus => return Err(Refusal::not_allowed("MINUS", "write EXCEPT")),
            }
            match set_quantifier {
                SetQuantifier::All | SetQuantifier::Distinct | SetQuantifier::None => {}
                SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName => {
                    return Err(Refusal::not_allowed("BY NAME", "list the columns in the same order"));
                }
            }
            self.climb()?;
            climbed += 1;
            is_operand = true;
            self.deeper(|checker| checker.set_expression(right))?;
            body = left;
        }
        let result = match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query).map(|outputs| (outputs, Level::closed())),
            SetExpr::Values(values) => self.values(values).map(|outputs| (outputs, Level::closed())),
            SetExpr::Table(_) => Err(Refusal::not_allowed("TABLE", "write SELECT * FROM the table")),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(Refusal::NotAQuery("a statement that writes".to_owned()))
            }
            SetExpr::SetOperation { .. } => Err(Refusal::Unprintable),
        };
        self.descend(climbed);
        let (outputs, level) = result?;
        Ok((outputs, if is_operand { Level::closed() } else { level }))
    }

    fn values(&mut self, values: &mut Values) -> Result<Vec<Output>, Refusal> {
        let Values { explicit_row, value_keyword, rows } = values;
        if *explicit_row || *value_keyword {
            return Err(Refusal::not_allowed("VALUE or VALUES ROW", "write VALUES (…), (…)"));
        }
        let width = rows.first().map_or(0, |row| row.content.len());
        if width == 0 || rows.iter().any(|row| row.content.len() != width) {
            return Err(Refusal::not_allowed("VALUES with rows that are empty or differ in length", "even them out"));
        }
        for Parens { opening_token: _, content, closing_token: _ } in rows {
            self.expressions(content)?;
        }
        Ok(vec![Output { name: None, may_be_row: true, expression: None }; width])
    }

    fn order_by(&mut self, order_by: &mut OrderBy, outputs: usize) -> Result<(), Refusal> {
        let OrderBy { kind, interpolate } = order_by;
        if interpolate.is_some() {
            return Err(Refusal::not_allowed("INTERPOLATE", "leave it out"));
        }
        match kind {
            OrderByKind::All(_) => Err(Refusal::not_allowed("ORDER BY ALL", "name the columns")),
            OrderByKind::Expressions(expressions) => {
                for order in &mut *expressions {
                    check_ordinal(&order.expr, outputs)?;
                }
                self.order_by_expressions(expressions)
            }
        }
    }

    pub(super) fn order_by_expressions(&mut self, expressions: &mut [OrderByExpr]) -> Result<(), Refusal> {
        for OrderByExpr { expr, options, with_fill } in expressions {
            let OrderByOptions { asc: _, nulls_first: _ } = options;
            if with_fill.is_some() {
                return Err(Refusal::not_allowed("WITH FILL", "leave it out"));
            }
            self.expression(expr)?;
        }
        Ok(())
    }
}

/// Refuses a number that names no column of the query's.
pub(super) fn check_ordinal(expression: &Expr, outputs: usize) -> Result<(), Refusal> {
    let Expr::Value(ValueWithSpan { value: Value::Number(text, _), span: _ }) = expression else { return Ok(()) };
    match text.parse::<usize>() {
        Ok(ordinal) if (1..=outputs).contains(&ordinal) => Ok(()),
        _ => Err(Refusal::not_allowed(
            format!("Ordinal {text}"),
            format!("the query has {outputs} columns, counted from 1"),
        )),
    }
}

/// The same columns under the names that the alias gives them, if it gives some.
pub(super) fn renamed(outputs: Vec<Output>, alias: &mut TableAlias) -> Result<Vec<Output>, Refusal> {
    let TableAlias { explicit: _, name, columns, at } = alias;
    normalise_new(name)?;
    if at.is_some() {
        return Err(Refusal::not_allowed("AT after an alias", "leave it out"));
    }
    if columns.is_empty() {
        return Ok(outputs);
    }
    if columns.len() != outputs.len() {
        return Err(Refusal::not_allowed(
            format!("Giving {} names to the {} columns of {name}", columns.len(), outputs.len()),
            "name each column",
        ));
    }
    let mut named = Vec::with_capacity(outputs.len());
    for (column, output) in columns.iter_mut().zip(outputs) {
        if column.data_type.is_some() {
            return Err(Refusal::not_allowed("A type in an alias", "leave it out"));
        }
        normalise_new(&mut column.name)?;
        named.push(Output { name: Some(column.name.clone()), expression: None, ..output });
    }
    Ok(named)
}

/// Lets whole numbers alone limit, and writes FETCH as LIMIT, which is the same.
fn limit(clause: &mut Option<LimitClause>, fetch: &mut Option<Fetch>) -> Result<(), Refusal> {
    let refusal = || Refusal::not_allowed("LIMIT or OFFSET other than a whole number", "write LIMIT and a number");
    let must_be_number = |expression: &Expr| whole_number(expression).map(|_| ()).ok_or_else(refusal);
    match clause {
        None => {}
        Some(LimitClause::OffsetCommaLimit { .. }) => return Err(refusal()),
        Some(LimitClause::LimitOffset { limit, offset, limit_by }) => {
            limit.as_ref().map_or(Ok(()), must_be_number)?;
            if let Some(Offset { value, rows }) = offset {
                must_be_number(value)?;
                *rows = OffsetRows::None;
            }
            if !limit_by.is_empty() {
                return Err(Refusal::not_allowed("LIMIT BY", "use row_number() in a subquery"));
            }
        }
    }
    let Some(Fetch { with_ties, percent, quantity }) = fetch.take() else { return Ok(()) };
    let quantity = match quantity {
        Some(quantity) if !with_ties && !percent => quantity,
        _ => return Err(Refusal::not_allowed("FETCH WITH TIES, PERCENT or without a number", "write LIMIT")),
    };
    must_be_number(&quantity)?;
    match clause {
        Some(LimitClause::LimitOffset { limit: limit @ None, .. }) => *limit = Some(quantity),
        none @ None => {
            *none = Some(LimitClause::LimitOffset { limit: Some(quantity), offset: None, limit_by: Vec::new() });
        }
        Some(_) => return Err(Refusal::not_allowed("LIMIT and FETCH together", "write LIMIT")),
    }
    Ok(())
}

fn whole_number(expression: &Expr) -> Option<u64> {
    match expression {
        Expr::Value(ValueWithSpan { value: Value::Number(text, false), span: _ })
            if text.len() <= MOST_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            text.parse().ok()
        }
        _ => None,
    }
}
