//! The walk over the tree: what it knows, and how deep it is.

use sqlparser::ast::Ident;

use super::Limits;
use super::names::key;
use super::refusal::Refusal;
use super::scope::{Output, Scope};
use crate::sql::schema::{Schema, Table};

/// The most nodes between the root and a leaf: what prints, compares and drops a tree calls itself for each.
pub(super) const MOST_HEIGHT: usize = 256;
/// The most columns that `*` may become, and bytes of expressions that stand in for an alias.
const MOST_EXPANDED: usize = 5_000;
const MOST_SUBSTITUTED: usize = 20_000;
/// The most tables, subqueries and UNNESTs of all FROMs.
const MOST_RELATIONS: usize = 64;

/// Goes through a query, refuses what it does not know, and writes what it lets pass so that it is unmistakable.
///
/// Every node is taken apart field by field, so that a clause which a later version of the parser adds does not compile
/// until somebody has decided on it.
pub(super) struct Checker<'a> {
    pub(super) schema: &'a Schema,
    pub(super) scope: Scope,
    /// Queries with a name, the innermost last.
    pub(super) named: Vec<Named>,
    /// The schema's tables that the query reads.
    pub(super) tables: Vec<String>,
    limits: &'a Limits,
    depth: usize,
    height: usize,
    expanded: usize,
    substituted: usize,
    relations: usize,
}

/// A query of a WITH.
pub(super) struct Named {
    pub(super) key: String,
    pub(super) outputs: Vec<Output>,
}

impl<'a> Checker<'a> {
    pub(super) fn new(schema: &'a Schema, limits: &'a Limits) -> Self {
        Self {
            schema,
            scope: Scope::default(),
            named: Vec::new(),
            tables: Vec::new(),
            limits,
            depth: 0,
            height: 0,
            expanded: 0,
            substituted: 0,
            relations: 0,
        }
    }

    pub(super) fn most_rows(&self) -> u64 {
        self.limits.most_rows
    }

    /// Does something one level deeper.
    pub(super) fn deeper<T>(&mut self, check: impl FnOnce(&mut Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        if self.depth >= self.limits.most_depth {
            return Err(Refusal::TooDeep { most: self.limits.most_depth });
        }
        self.depth += 1;
        let result = self.higher(|checker| check(checker));
        self.depth -= 1;
        result
    }

    /// Does something where the tree is one node higher, which need not be a level to its reader.
    pub(super) fn higher<T>(&mut self, check: impl FnOnce(&mut Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.climb()?;
        let result = check(self);
        self.descend(1);
        result
    }

    pub(super) fn climb(&mut self) -> Result<(), Refusal> {
        if self.height >= MOST_HEIGHT {
            return Err(Refusal::TooLong { most: MOST_HEIGHT, of: "operators in one expression" });
        }
        self.height += 1;
        Ok(())
    }

    pub(super) fn descend(&mut self, steps: usize) {
        self.height -= steps;
    }

    pub(super) fn count_expanded(&mut self, columns: usize) -> Result<(), Refusal> {
        count(&mut self.expanded, columns, MOST_EXPANDED, "columns behind *")
    }

    pub(super) fn count_substituted(&mut self, bytes: usize) -> Result<(), Refusal> {
        count(&mut self.substituted, bytes, MOST_SUBSTITUTED, "bytes of aliases in WHERE and HAVING")
    }

    pub(super) fn count_relation(&mut self) -> Result<(), Refusal> {
        count(&mut self.relations, 1, MOST_RELATIONS, "tables and subqueries")
    }

    /// The table of the schema by its name, possibly with the schema's database and catalog before it.
    pub(super) fn table(&mut self, name: &[Ident]) -> Result<&'a Table, Refusal> {
        let (schema, is) = (self.schema, |part: &Ident, name: &str| key(&part.value) == key(name));
        let found = match name {
            [table] => schema_table(schema, table),
            [database, table] if is(database, &schema.database) => schema_table(schema, table),
            [catalog, database, table] if is(catalog, &schema.catalog) && is(database, &schema.database) => {
                schema_table(schema, table)
            }
            _ => None,
        };
        let Some(table) = found else {
            let name = name.iter().map(Ident::to_string).collect::<Vec<_>>().join(".");
            let known = self.schema.tables.iter().map(|table| table.name.clone()).collect();
            return Err(Refusal::UnknownTable { name, known });
        };
        if !self.tables.contains(&table.name) {
            self.tables.push(table.name.clone());
        }
        Ok(table)
    }
}

/// None also where two tables differ in case alone: nobody knows which one the engine takes.
pub(super) fn schema_table<'a>(schema: &'a Schema, name: &Ident) -> Option<&'a Table> {
    let wanted = key(&name.value);
    let mut found = schema.tables.iter().filter(|table| key(&table.name) == wanted);
    found.next().filter(|_| found.next().is_none())
}

fn count(counter: &mut usize, more: usize, most: usize, of: &'static str) -> Result<(), Refusal> {
    *counter += more;
    if *counter > most { Err(Refusal::TooLong { most, of }) } else { Ok(()) }
}
