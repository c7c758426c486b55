//! The guard: what of the SQL that a model writes is run.
//!
//! Works on the syntax tree, never on text. It lets pass one query over the tables and columns of the schema that are not
//! hidden, with the functions of an allow-list, and limits its rows; what it does not know, it refuses. What is run is
//! what was checked: the tree, printed. Where the engine could read a name in two ways, the printed text has it in one.

mod call;
mod checker;
mod dialect;
mod expression;
mod from;
mod functions;
mod literal;
mod names;
mod query;
mod refusal;
mod scope;
mod select;
mod stack;
#[cfg(test)]
mod tests;
mod text;
mod types;

use sqlparser::ast::Query;

pub use refusal::Refusal;
pub use text::{parse, print};

use super::schema::Schema;
use checker::Checker;

/// Athena's own limit on a query's text, in bytes (`QueryString` in its API reference).
const MOST_PRINTED: usize = 262_144;
/// How much deeper than the limit a query may be that the guard itself wrote: an added pair of parentheses a level.
const PRINTED_DEPTH: usize = 2;

/// How much a query may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The limit that is put in, or to which a higher one is lowered.
    pub most_rows: u64,
    /// Of the text, in Unicode scalar values.
    pub most_characters: usize,
    /// Of subqueries, parentheses, calls and operators within each other.
    pub most_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { most_rows: 1000, most_characters: 20_000, most_depth: 40 }
    }
}

/// A query that passed the guard: only [`check`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectStatement {
    query: Query,
    sql: String,
    tables: Vec<String>,
}

impl SelectStatement {
    /// The text to run.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// What the text says.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// The tables that it reads, each once, as the schema spells them.
    #[must_use]
    pub fn tables(&self) -> &[String] {
        &self.tables
    }
}

/// Lets a query pass that does nothing but read what the schema shows.
///
/// # Errors
///
/// A [`Refusal`], whose sentence tells the query's author what to do otherwise.
pub fn check(sql: &str, schema: &Schema, limits: &Limits) -> Result<SelectStatement, Refusal> {
    stack::on_own_stack(|| check_here(sql, schema, limits)).unwrap_or(Err(Refusal::Unprintable))
}

/// Whether a query would pass: for one that is shown and not run.
///
/// # Errors
///
/// As those of [`check`].
pub fn review(sql: &str, schema: &Schema, limits: &Limits) -> Result<(), Refusal> {
    stack::on_own_stack(|| understand(sql, schema, limits).map(drop)).unwrap_or(Err(Refusal::Unprintable))
}

/// The tree, as it may be run, and its tables.
fn understand(sql: &str, schema: &Schema, limits: &Limits) -> Result<(Query, Vec<String>), Refusal> {
    let mut query = text::parse_limited(sql, limits)?;
    let mut checker = Checker::new(schema, limits);
    checker.outermost(&mut query)?;
    Ok((query, checker.tables))
}

fn check_here(sql: &str, schema: &Schema, limits: &Limits) -> Result<SelectStatement, Refusal> {
    let (query, tables) = understand(sql, schema, limits)?;
    let sql = text::print_here(&query);
    if sql.len() > MOST_PRINTED {
        return Err(Refusal::TooLong { most: MOST_PRINTED, of: "bytes once * is written out" });
    }
    // Trino and DataFusion read this text anew: it must say what was checked.
    let again = text::parse_within(&sql, MOST_PRINTED, limits.most_depth * PRINTED_DEPTH);
    if again.as_ref() != Ok(&query) {
        return Err(Refusal::Unprintable);
    }
    Ok(SelectStatement { query, sql, tables })
}
