//! Where a column's new name may be used: for DataFusion also in GROUP BY and HAVING, for Athena only in ORDER BY.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Ident, ObjectName, Query, Select, SelectItem, SetExpr, Statement, TableAlias, TableFactor,
    TableWithJoins, Visit, Visitor,
};

use super::{catalog::Catalog, place::Place};
use crate::QueryError;

/// Names of columns; none if not all of them are known here.
type Names = Option<BTreeSet<String>>;

/// # Errors
///
/// `COLUMN_NOT_FOUND` for a name in GROUP BY or HAVING that only the list of columns gives.
pub(crate) fn check(statement: &Statement, catalog: &Catalog, database: &str) -> Result<(), QueryError> {
    let mut scopes = Scopes { catalog, database, queries: Vec::new() };
    match statement.visit(&mut scopes) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Scopes<'a> {
    catalog: &'a Catalog,
    database: &'a str,
    /// The queries around the one that is looked at, the outermost first.
    queries: Vec<Scope>,
}

struct Scope {
    /// Named by WITH.
    named: BTreeMap<String, Names>,
    columns: Names,
}

impl Visitor for Scopes<'_> {
    type Break = QueryError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<QueryError> {
        self.queries.push(Scope { named: BTreeMap::new(), columns: Some(BTreeSet::new()) });
        for common in query.with.iter().flat_map(|with| &with.cte_tables) {
            let columns = aliased(&common.alias).or_else(|| self.outputs(&common.query.body));
            if let Some(scope) = self.queries.last_mut() {
                scope.named.insert(lower(&common.alias.name), columns);
            }
        }
        self.set(&query.body)
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<QueryError> {
        self.queries.pop();
        ControlFlow::Continue(())
    }
}

impl Scopes<'_> {
    fn set(&mut self, body: &SetExpr) -> ControlFlow<QueryError> {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::SetOperation { left, right, .. } => {
                self.set(left)?;
                self.set(right)
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn select(&mut self, select: &Select) -> ControlFlow<QueryError> {
        let columns = self.from(&select.from);
        if let Some(scope) = self.queries.last_mut() {
            scope.columns = columns;
        }
        let renamed = select.projection.iter().filter_map(|item| match item {
            SelectItem::ExprWithAlias { alias, .. } => Some(lower(alias)),
            _ => None,
        });
        let renamed: BTreeSet<_> = renamed.collect();
        let known: Option<Vec<_>> = self.queries.iter().map(|scope| scope.columns.as_ref()).collect();
        let Some(known) = known else { return ControlFlow::Continue(()) };
        let mut uses = Uses { renamed: &renamed, known, depth: 0 };
        if let GroupByExpr::Expressions(expressions, _) = &select.group_by {
            expressions.iter().try_for_each(|expression| uses.pre_visit_expr(expression))?;
        }
        select.having.visit(&mut uses)
    }

    fn from(&self, tables: &[TableWithJoins]) -> Names {
        let mut names = BTreeSet::new();
        for table in tables {
            names.extend(self.factor(&table.relation)?);
            for join in &table.joins {
                names.extend(self.factor(&join.relation)?);
            }
        }
        Some(names)
    }

    fn factor(&self, factor: &TableFactor) -> Names {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                alias.as_ref().and_then(aliased).or_else(|| self.table(name))
            }
            TableFactor::Derived { subquery, alias, .. } => {
                alias.as_ref().and_then(aliased).or_else(|| self.outputs(&subquery.body))
            }
            TableFactor::UNNEST { alias: Some(alias), .. } => aliased(alias),
            TableFactor::NestedJoin { table_with_joins, .. } => self.from(std::slice::from_ref(table_with_joins)),
            _ => None,
        }
    }

    fn table(&self, name: &ObjectName) -> Names {
        let parts: Vec<_> = name.0.iter().filter_map(|part| part.as_ident().map(lower)).collect();
        let (database, table) = match parts.as_slice() {
            [table] => match self.queries.iter().rev().find_map(|scope| scope.named.get(table)) {
                Some(named) => return named.clone(),
                None => (self.database, table),
            },
            [.., database, table] => (database.as_str(), table),
            [] => return None,
        };
        let table = self.catalog.database(database)?.table_named(table)?;
        Some(table.columns.iter().map(|column| column.name.clone()).collect())
    }

    /// The names that a subquery gives its columns.
    fn outputs(&self, body: &SetExpr) -> Names {
        match body {
            SetExpr::Select(select) => {
                let mut names = BTreeSet::new();
                for item in &select.projection {
                    match item {
                        SelectItem::UnnamedExpr(Expr::Identifier(name)) => names.insert(lower(name)),
                        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => names.insert(lower(parts.last()?)),
                        SelectItem::ExprWithAlias { alias, .. } => names.insert(lower(alias)),
                        _ => return None,
                    };
                }
                Some(names)
            }
            SetExpr::SetOperation { left, .. } => self.outputs(left),
            SetExpr::Query(query) => self.outputs(&query.body),
            _ => None,
        }
    }
}

/// Looks for names that only the list of columns gives.
struct Uses<'a> {
    renamed: &'a BTreeSet<String>,
    known: Vec<&'a BTreeSet<String>>,
    /// How many subqueries are around; they have names of their own.
    depth: usize,
}

impl Visitor for Uses<'_> {
    type Break = QueryError;

    fn pre_visit_query(&mut self, _query: &Query) -> ControlFlow<QueryError> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<QueryError> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<QueryError> {
        let Expr::Identifier(name) = expression else { return ControlFlow::Continue(()) };
        let column = lower(name);
        if self.depth > 0 || !self.renamed.contains(&column) || self.known.iter().any(|names| names.contains(&column)) {
            return ControlFlow::Continue(());
        }
        let place = Place::from(name.span.start);
        let rest = "cannot be resolved or requester is not authorized to access requested resources";
        ControlFlow::Break(QueryError::User(format!("COLUMN_NOT_FOUND: {place}: Column '{column}' {rest}")))
    }
}

fn aliased(alias: &TableAlias) -> Names {
    let columns = alias.columns.iter().map(|column| lower(&column.name)).collect::<BTreeSet<_>>();
    (!columns.is_empty()).then_some(columns)
}

fn lower(name: &Ident) -> String {
    name.value.to_lowercase()
}
