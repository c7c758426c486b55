//! What must hold of every text that the guard is given.

#[path = "../../src/sql"]
pub mod sql {
    pub mod guard;
    pub mod schema;
    pub mod walk;
}

use std::ops::ControlFlow;

use sql::guard::{Limits, check, parse};
use sql::schema::{Column, Schema, Table};
use sqlparser::ast::{Expr, ObjectName, Query, Select, SelectItem, TableFactor, TableWithJoins, Visit, Visitor};

fn table(name: &str, columns: &[(&str, &str)]) -> Table {
    let columns = columns.iter().map(|(name, kind)| {
        let visible = name.strip_suffix('!');
        let name = visible.unwrap_or(name).to_owned();
        Column { name, kind: (*kind).to_owned(), is_hidden: visible.is_some(), ..Column::default() }
    });
    Table { name: name.to_owned(), comment: None, columns: columns.collect() }
}

fn schema() -> Schema {
    let columns = [
        ("id", "bigint"),
        ("name", "varchar"),
        ("ssn!", "varchar"),
        ("tags", "array<string>"),
        ("row", "struct<a:int>"),
    ];
    Schema {
        catalog: "awsdatacatalog".to_owned(),
        database: "shop".to_owned(),
        tables: vec![table("a", &columns), table("b", &[("id", "bigint"), ("total", "double"), ("date", "date")])],
    }
}

/// Panics if the guard accepts what it must not.
pub fn judge(sql: &str) {
    let schema = schema();
    let Ok(statement) = check(sql, &schema, &Limits::default()) else { return };
    let printed = statement.sql();
    // What the guard writes is longer than what it read, so its length must not be what refuses it.
    let limits = Limits { most_characters: 300_000, most_depth: 80, ..Limits::default() };
    let again = check(printed, &schema, &limits);
    assert_eq!(again.as_ref().map(|again| again.sql()), Ok(printed), "not the same when it is checked again: {sql}");
    if let Ok(query) = parse(printed) {
        assert!(query.limit_clause.is_some(), "no limit: {printed}");
        let mut seen = Seen::default();
        let _ = query.visit(&mut seen);
        seen.judge(printed);
    }
}

/// What a query reads and names, found without the guard's scopes.
#[derive(Default)]
struct Seen {
    /// Names that the query itself gives to a table, a query of WITH or a column.
    given: Vec<String>,
    tables: Vec<String>,
    /// Names that stand where a column can.
    columns: Vec<String>,
    stars_over_hidden: bool,
}

const HIDDEN: &str = "ssn";

impl Seen {
    fn judge(&self, printed: &str) {
        for table in &self.tables {
            let table = table.strip_prefix("awsdatacatalog.").unwrap_or(table);
            let table = table.strip_prefix("shop.").unwrap_or(table);
            let is_known = ["a", "b", "unnest"].contains(&table) || self.given.iter().any(|given| given == table);
            assert!(is_known, "reads {table}: {printed}");
        }
        let is_given = self.given.iter().any(|given| given == HIDDEN);
        assert!(is_given || !self.columns.iter().any(|column| column == HIDDEN), "reads a hidden column: {printed}");
        assert!(!self.stars_over_hidden, "reads a hidden column by *: {printed}");
    }

    fn select(&mut self, select: &Select) {
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                self.given.push(alias.value.to_lowercase());
            }
        }
        // The aliases under which the table with the hidden column stands in this FROM.
        let mut names = Vec::new();
        for joined in &select.from {
            hiding(joined, &mut names);
        }
        self.stars_over_hidden |= select.projection.iter().any(|item| match item {
            SelectItem::Wildcard(_) => !names.is_empty(),
            SelectItem::QualifiedWildcard(kind, _) => names.contains(&plain(kind).trim_end_matches(".*").to_owned()),
            _ => false,
        });
    }
}

fn plain(name: &impl ToString) -> String {
    name.to_string().replace('"', "").to_lowercase()
}

fn hiding(joined: &TableWithJoins, names: &mut Vec<String>) {
    let factors = std::iter::once(&joined.relation).chain(joined.joins.iter().map(|join| &join.relation));
    for factor in factors {
        match factor {
            TableFactor::Table { name, alias, .. }
                if ["a", "shop.a", "awsdatacatalog.shop.a"].contains(&&*plain(name)) =>
            {
                names.push(alias.as_ref().map_or("a".to_owned(), |alias| alias.name.value.to_lowercase()));
            }
            TableFactor::NestedJoin { table_with_joins, .. } => hiding(table_with_joins, names),
            _ => {}
        }
    }
}

impl Visitor for Seen {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.given.push(cte.alias.name.value.to_lowercase());
            self.given.extend(cte.alias.columns.iter().map(|column| column.name.value.to_lowercase()));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.select(select);
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        self.tables.push(plain(name));
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } = factor
        {
            self.given.push(alias.name.value.to_lowercase());
            self.given.extend(alias.columns.iter().map(|column| column.name.value.to_lowercase()));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Identifier(name) => self.columns.push(name.value.to_lowercase()),
            Expr::CompoundIdentifier(path) => self.columns.extend(path.iter().map(|name| name.value.to_lowercase())),
            Expr::Lambda(lambda) => {
                self.given.extend(lambda.params.iter().map(|param| param.name.value.to_lowercase()))
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
