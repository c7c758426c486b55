//! What a SQLite file declares: tables, views, types and keys.

use std::{collections::BTreeMap, ops::ControlFlow, path::Path, sync::Arc, time::SystemTime};

use rusqlite::Connection;

use super::{
    Attached,
    kept::Kept,
    keys,
    kind::{Declared, Kind, declared},
    rows::{RowTable, Sink, Source},
    sqlite::{SqliteFile, SqliteTable},
    tally::{Decision, Tally},
    value::Value,
};
use crate::{Column, Error, ForeignKey, Table, types};

/// Types are settled on the first rows of a table.
const MOST_ROWS_LOOKED_AT: u64 = 1_000_000;

struct Declaration {
    name: String,
    declared: Declared,
    is_primary_key: bool,
}

pub(crate) type Contents = (BTreeMap<String, Attached>, Vec<ForeignKey>);

/// A table whose values were looked at, and whose types can still be changed.
struct Draft {
    source: SqliteTable,
    columns: Vec<Declaration>,
    tallies: Vec<Tally>,
    decisions: Vec<Decision>,
    /// Those that were looked at, and how many times as many there are.
    rows: u64,
    share: f64,
}

/// Reads what there is, and looks at every value once.
pub(crate) fn attach(database: &str, path: &Path, created: SystemTime, kept: &Arc<Kept>) -> Result<Contents, Error> {
    let sqlite = |source| Error::Sqlite { path: path.to_owned(), source };
    let file = Arc::new(SqliteFile::open(path)?);
    let connection = file.connect().map_err(sqlite)?;
    let mut drafts = BTreeMap::new();
    let mut relations = Vec::new();
    for (name, is_view) in names(&connection).map_err(sqlite)? {
        let draft = columns(&connection, &name)
            .map_err(|error| error.to_string())
            .and_then(|columns| draft(&file, &name, is_view, columns));
        match draft {
            Ok(draft) => {
                relations.extend(keys::foreign(&connection, &name).map_err(sqlite)?);
                drafts.insert(name.to_lowercase(), draft);
            }
            // A view may call functions that this SQLite has not; a virtual table, modules.
            Err(reason) => tracing::warn!(database, table = name, is_view, reason, "left out: it cannot be read"),
        }
    }
    relations.retain(|key: &ForeignKey| drafts.contains_key(&key.references));
    join_types(database, &mut drafts, &relations);
    let tables = drafts.into_iter().map(|(name, draft)| {
        let attached = draft.finish(database, &name, created, kept);
        (name, attached)
    });
    Ok((tables.collect(), relations))
}

/// SQLite compares a text with a number as if both were numbers, and Athena does not compare them at all. So the two
/// ends of a foreign key get one type.
fn join_types(database: &str, drafts: &mut BTreeMap<String, Draft>, relations: &[ForeignKey]) {
    // A column that changes may be the end of another key.
    for _ in 0..3 {
        for key in relations {
            for (column, referenced) in key.columns.iter().zip(&key.referenced_columns) {
                let ends = [(&key.table, column), (&key.references, referenced)];
                let kinds = ends.map(|(table, column)| drafts.get(table).and_then(|draft| draft.kind(column)));
                let (text, number) = match kinds {
                    [Some(Kind::Varchar), Some(Kind::Bigint)] => (ends[0], ends[1]),
                    [Some(Kind::Bigint), Some(Kind::Varchar)] => (ends[1], ends[0]),
                    _ => continue,
                };
                let becomes_number = drafts.get(text.0).is_some_and(|draft| draft.is_of_integers(text.1));
                let ((table, column), kind) =
                    if becomes_number { (text, Kind::Bigint) } else { (number, Kind::Varchar) };
                let read_as = types::hive(&kind.arrow());
                tracing::info!(database, table, column, read_as, "as the other end of its foreign key is");
                if let Some(draft) = drafts.get_mut(table) {
                    draft.set_kind(column, kind);
                }
            }
        }
    }
}

impl Draft {
    fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|other| other.name.to_lowercase() == column)
    }

    fn kind(&self, column: &str) -> Option<Kind> {
        self.place(column).map(|place| self.decisions[place].kind)
    }

    fn is_of_integers(&self, column: &str) -> bool {
        self.place(column).is_some_and(|place| self.tallies[place].is_of_integers())
    }

    fn set_kind(&mut self, column: &str, kind: Kind) {
        if let Some(place) = self.place(column) {
            self.decisions[place] = Decision { kind, lost: 0, is_overruled: false };
        }
    }

    fn finish(self, database: &str, name: &str, created: SystemTime, kept: &Arc<Kept>) -> Attached {
        let mut kinds = Vec::with_capacity(self.columns.len());
        let mut bytes = Vec::with_capacity(self.columns.len());
        let mut described = Vec::with_capacity(self.columns.len());
        for ((column, tally), decision) in self.columns.iter().zip(&self.tallies).zip(&self.decisions) {
            let kind = decision.kind;
            let read_as = types::hive(&kind.arrow());
            if decision.is_overruled {
                tracing::info!(
                    database,
                    table = name,
                    column = column.name,
                    read_as,
                    "its values are of another type than declared"
                );
            }
            if decision.lost > 0 {
                let values = decision.lost;
                tracing::warn!(
                    database,
                    table = name,
                    column = column.name,
                    read_as,
                    values,
                    "values of another type are read as NULL"
                );
            }
            bytes.push((size(kind, self.rows, tally) as f64 * self.share) as u64);
            kinds.push((column.name.to_lowercase(), kind));
            described.push(Column {
                name: column.name.to_lowercase(),
                kind: read_as,
                comment: None,
                is_partition_key: false,
                is_primary_key: column.is_primary_key,
            });
        }
        let table = Table { name: name.to_owned(), comment: None, columns: described, created };
        let provider = RowTable::new(Source::Sqlite(self.source), &kinds, bytes, kept.clone());
        Attached { table, provider: Arc::new(provider) }
    }
}

fn draft(file: &Arc<SqliteFile>, name: &str, is_view: bool, columns: Vec<Declaration>) -> Result<Draft, String> {
    let names = columns.iter().map(|column| column.name.clone()).collect();
    let source = SqliteTable { file: file.clone(), name: name.to_owned(), columns: names, is_view };
    let mut look = Look { tallies: columns.iter().map(|column| Tally::new(column.declared)).collect(), rows: 0 };
    let all: Vec<_> = (0..columns.len()).collect();
    source.read(&all, &mut look)?;
    let mut share = 1.0;
    if look.rows == MOST_ROWS_LOOKED_AT {
        tracing::info!(table = name, rows = look.rows, "types are settled on the first rows");
        share = source.count()? as f64 / look.rows as f64;
    }
    let decisions = look.tallies.iter().map(Tally::decide).collect();
    Ok(Draft { source, columns, tallies: look.tallies, decisions, rows: look.rows, share })
}

fn names(connection: &Connection) -> rusqlite::Result<Vec<(String, bool)>> {
    let mut statement = connection.prepare(
        "SELECT name, type = 'view' FROM sqlite_schema \
         WHERE type IN ('table', 'view') AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name",
    )?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Declaration>> {
    // The last column of table_xinfo: 1 is a hidden column of a virtual table.
    let mut statement =
        connection.prepare("SELECT name, type, pk > 0 FROM pragma_table_xinfo(?1) WHERE hidden <> 1")?;
    let columns = statement.query_map([table], |row| {
        let kind: Option<String> = row.get(1)?;
        Ok(Declaration {
            name: row.get(0)?,
            declared: declared(&kind.unwrap_or_default()),
            is_primary_key: row.get(2)?,
        })
    })?;
    columns.collect()
}

/// Bytes of a column in Arrow's layout, NULL flags left out.
pub(crate) fn size(kind: Kind, rows: u64, tally: &Tally) -> u64 {
    match kind {
        Kind::Boolean => rows.div_ceil(8),
        Kind::Date => rows * 4,
        Kind::Bigint | Kind::Double | Kind::Timestamp => rows * 8,
        Kind::Decimal(..) => rows * 16,
        Kind::Varchar | Kind::Varbinary => rows * 4 + tally.text_bytes(),
    }
}

struct Look {
    tallies: Vec<Tally>,
    rows: u64,
}

impl Sink for Look {
    fn value(&mut self, column: usize, value: Value<'_>) {
        self.tallies[column].add(value);
    }

    fn end_of_row(&mut self) -> ControlFlow<()> {
        self.rows += 1;
        if self.rows < MOST_ROWS_LOOKED_AT { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

/// Whether a file begins as SQLite files do.
pub(crate) fn is_sqlite(path: &Path) -> bool {
    use std::io::Read;
    let mut magic = [0; 16];
    let begins = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    begins.is_ok() && &magic == b"SQLite format 3\0"
}
