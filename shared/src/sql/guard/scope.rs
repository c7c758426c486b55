//! Which names mean what at a place of the query, resolved as Trino does: innermost first, columns before row fields.

use std::rc::Rc;

use sqlparser::ast::{Expr, Ident};

use super::names::key;
use super::refusal::{Refusal, listed};

/// What stands in a FROM under a name.
#[derive(Debug)]
pub(super) struct Relation {
    /// As it is written before a column.
    pub(super) alias: Ident,
    pub(super) key: String,
    /// Whether database and catalog may be written before it: a table without an alias.
    pub(super) is_qualifiable: bool,
    /// Whether some of its columns are hidden.
    pub(super) hides: bool,
}

/// A column of a FROM.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) relation: Option<Rc<Relation>>,
    /// None: an expression that nobody named.
    pub(super) name: Option<Ident>,
    pub(super) key: String,
    pub(super) is_hidden: bool,
    /// Whether it may have fields of its own: a row, or of a type that is not known here.
    pub(super) may_be_row: bool,
    /// Not so for the two sides of a column that USING made one: these have a table before them, or do not appear.
    pub(super) stands_alone: bool,
}

/// A column of what a query gives.
#[derive(Debug, Clone)]
pub(super) struct Output {
    pub(super) name: Option<Ident>,
    pub(super) may_be_row: bool,
    /// The expression of an alias, for a WHERE or HAVING that uses it.
    pub(super) expression: Option<Expr>,
}

impl Output {
    pub(super) fn key(&self) -> String {
        self.name.as_ref().map(|name| key(&name.value)).unwrap_or_default()
    }
}

/// What one SELECT adds to the names of the SELECTs around it.
#[derive(Debug, Default)]
pub(super) struct Level {
    pub(super) fields: Vec<Field>,
    /// Names that ORDER BY may use beside the fields, and before them.
    pub(super) outputs: Vec<Output>,
    /// Aliases that Trino does not know where the place is, WHERE or HAVING: their expressions stand in for them.
    pub(super) substitutes: Vec<Output>,
    /// Keys of the parameters of a lambda.
    pub(super) parameters: Vec<String>,
    /// Whether nothing around is seen from here: ORDER BY after UNION knows the columns of its result alone.
    pub(super) is_closed: bool,
    /// Keys of the named windows.
    pub(super) windows: Vec<String>,
}

/// The levels around a place, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) levels: Vec<Level>,
}

impl Scope {
    /// The levels that a name may be of, the innermost first.
    fn in_sight(&self) -> impl Iterator<Item = &Level> {
        let closed = self.levels.iter().rposition(|level| level.is_closed).unwrap_or(0);
        self.levels[closed..].iter().rev()
    }

    /// Resolves a name that stands alone. The relation, if it must be written before the name lest the engine take a
    /// hidden column for it.
    pub(super) fn resolve(&self, name: &Ident) -> Result<Option<Rc<Relation>>, Refusal> {
        let wanted = key(&name.value);
        for level in self.in_sight() {
            if level.parameters.contains(&wanted) {
                return Ok(None);
            }
            let (hidden, visible): (Vec<_>, Vec<_>) = level
                .fields
                .iter()
                .filter(|field| field.stands_alone && field.key == wanted)
                .partition(|field| field.is_hidden);
            if let Some(output) = level.outputs.iter().find(|output| output.key() == wanted) {
                // Engines differ in which they take for the name, so it must not be a hidden column's, or say which.
                return match (visible.as_slice(), hidden.as_slice()) {
                    (_, []) => Ok(None),
                    ([field], _) if output.expression.is_none() && field.relation.is_some() => {
                        Ok(field.relation.clone())
                    }
                    _ => Err(self.unknown(name)),
                };
            }
            match (visible.as_slice(), hidden.as_slice()) {
                ([], []) => {}
                ([], _) => return Err(self.unknown(name)),
                ([_], []) => return Ok(None),
                ([field], _) => return field.relation.clone().map(Some).ok_or_else(|| self.unknown(name)),
                (fields, _) => {
                    let relations = fields.iter().filter_map(|field| field.relation.as_ref());
                    let relations = relations.map(|relation| relation.alias.to_string()).collect();
                    return Err(Refusal::AmbiguousColumn { name: name.to_string(), relations });
                }
            }
        }
        Err(self.unknown(name))
    }

    /// Resolves names with points between them: a column with its table before it, or a row's field.
    pub(super) fn resolve_path(&self, path: &[Ident], catalog: &str, database: &str) -> Result<(), Refusal> {
        let (Some(first), Some(second)) = (path.first(), path.get(1)) else {
            return Err(Refusal::not_allowed("An empty name", "use the names of the schema"));
        };
        let first_key = key(&first.value);
        for (depth, level) in self.in_sight().enumerate() {
            if level.parameters.contains(&first_key) {
                return Ok(());
            }
            if level.relations().any(|relation| relation.key == first_key) {
                // The engine might take a column of a nearer SELECT for the table.
                let nearer = self.levels.iter().rev().take(depth).flat_map(|level| &level.fields);
                if nearer.into_iter().any(|field| field.key == first_key) {
                    return Err(self.ambiguous_path(first));
                }
                return level
                    .column_of(&first_key, second, path.len() > 2)
                    .map_err(|()| self.unknown_in(first, second));
            }
        }
        if let Some(result) = self.resolve_qualified(path, catalog, database) {
            return result;
        }
        for level in self.in_sight() {
            let named = || level.fields.iter().filter(|field| field.stands_alone && field.key == first_key);
            if named().next().is_some() {
                let is_sure = named().count() == 1 && named().all(|field| !field.is_hidden && field.may_be_row);
                return if is_sure { Ok(()) } else { Err(self.unknown_relation(first)) };
            }
        }
        Err(self.unknown_relation(first))
    }

    /// `database.table.column` and `catalog.database.table.column`; None if the path is neither.
    fn resolve_qualified(&self, path: &[Ident], catalog: &str, database: &str) -> Option<Result<(), Refusal>> {
        let is = |place: usize, name: &str| path.get(place).is_some_and(|part| key(&part.value) == key(name));
        let table = match path.len() {
            4.. if is(0, catalog) && is(1, database) => 2,
            3.. if is(0, database) => 1,
            _ => return None,
        };
        let (relation, column) = (path.get(table)?, path.get(table + 1)?);
        let relation_key = key(&relation.value);
        let level =
            self.levels.iter().rev().find(|level| {
                level.relations().any(|relation| relation.is_qualifiable && relation.key == relation_key)
            })?;
        let has_more = path.len() > table + 2;
        Some(level.column_of(&relation_key, column, has_more).map_err(|()| self.unknown_in(relation, column)))
    }

    /// The expression that stands in for an alias, if no column has its name.
    pub(super) fn substitute(&self, name: &Ident) -> Option<&Expr> {
        let wanted = key(&name.value);
        let output = self.levels.last()?.substitutes.iter().find(|output| output.key() == wanted)?;
        output.expression.as_ref().filter(|_| !self.is_column(&wanted))
    }

    pub(super) fn is_column(&self, key: &str) -> bool {
        self.levels.iter().flat_map(|level| &level.fields).any(|field| field.key == key)
    }

    /// The relation of that name in the innermost level.
    pub(super) fn relation(&self, name: &Ident) -> Result<Rc<Relation>, Refusal> {
        let wanted = key(&name.value);
        let found = self
            .levels
            .last()
            .and_then(|level| level.relations().find(|relation| relation.key == wanted).map(Rc::clone));
        found.ok_or_else(|| self.unknown_relation(name))
    }

    /// Whether a name is that of a column, a table or a parameter around.
    pub(super) fn is_known(&self, name: &Ident) -> bool {
        let wanted = key(&name.value);
        self.levels.iter().any(|level| {
            level.parameters.contains(&wanted)
                || level.fields.iter().any(|field| field.key == wanted)
                || level.relations().any(|relation| relation.key == wanted)
        })
    }

    fn unknown(&self, name: &Ident) -> Refusal {
        let fields = || self.levels.iter().rev().flat_map(|level| &level.fields).filter(|field| !field.is_hidden);
        let mut columns: Vec<String> = Vec::new();
        for field in fields() {
            let column = match (&field.relation, &field.name) {
                (Some(relation), Some(name)) => format!("{}.{name}", relation.alias),
                (None, Some(name)) => name.to_string(),
                (_, None) => continue,
            };
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        let hint = if name.quote_style.is_some() {
            format!("the columns are {}; text stands in single quotes", listed(&columns))
        } else {
            format!("the columns are {}", listed(&columns))
        };
        Refusal::UnknownColumn { name: name.to_string(), place: "this FROM".to_owned(), hint }
    }

    fn unknown_in(&self, relation: &Ident, column: &Ident) -> Refusal {
        let relation_key = key(&relation.value);
        let fields = self.levels.iter().rev().flat_map(|level| &level.fields).filter(|field| {
            !field.is_hidden && field.relation.as_ref().is_some_and(|relation| relation.key == relation_key)
        });
        let columns: Vec<String> = fields.filter_map(|field| field.name.as_ref().map(Ident::to_string)).collect();
        Refusal::UnknownColumn {
            name: column.to_string(),
            place: relation.to_string(),
            hint: format!("its columns are {}", listed(&columns)),
        }
    }

    fn unknown_relation(&self, name: &Ident) -> Refusal {
        let mut known: Vec<String> = Vec::new();
        for relation in self.levels.iter().rev().flat_map(Level::relations) {
            let alias = relation.alias.to_string();
            if !known.contains(&alias) {
                known.push(alias);
            }
        }
        Refusal::UnknownRelation { name: name.to_string(), known }
    }

    fn ambiguous_path(&self, name: &Ident) -> Refusal {
        Refusal::not_allowed(
            format!("{name} as the name of a table around and of a column here"),
            "give the table an alias that no column has",
        )
    }
}

impl Level {
    pub(super) fn closed() -> Self {
        Self { is_closed: true, ..Self::default() }
    }

    /// One for each field: the same relation comes again.
    pub(super) fn relations(&self) -> impl Iterator<Item = &Rc<Relation>> {
        self.fields.iter().filter_map(|field| field.relation.as_ref())
    }

    fn column_of(&self, relation_key: &str, column: &Ident, has_more: bool) -> Result<(), ()> {
        let wanted = key(&column.value);
        let of_relation = |field: &&Field| field.relation.as_ref().is_some_and(|found| found.key == relation_key);
        let mut found = self.fields.iter().filter(of_relation).filter(|field| field.key == wanted).peekable();
        if found.peek().is_none() || found.any(|field| field.is_hidden || has_more && !field.may_be_row) {
            return Err(());
        }
        Ok(())
    }
}
