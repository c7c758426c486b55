//! Keys that a SQLite file declares.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::ForeignKey;

/// The foreign keys of a table. One whose two ends are not of the same length is left out.
pub(super) fn foreign(connection: &Connection, table: &str) -> rusqlite::Result<Vec<ForeignKey>> {
    let mut statement = connection
        .prepare("SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list(?1) ORDER BY id, seq")?;
    let parts: Vec<(i64, String, String, Option<String>)> = statement
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut keys: BTreeMap<i64, (ForeignKey, bool)> = BTreeMap::new();
    for (id, references, from, to) in parts {
        let (key, is_complete) = keys.entry(id).or_insert_with(|| {
            let key = ForeignKey {
                table: table.to_lowercase(),
                columns: Vec::new(),
                references: references.to_lowercase(),
                referenced_columns: Vec::new(),
            };
            (key, true)
        });
        key.columns.push(from.to_lowercase());
        match to {
            Some(to) => key.referenced_columns.push(to.to_lowercase()),
            None => *is_complete = false,
        }
    }
    let mut complete = Vec::with_capacity(keys.len());
    for (mut key, is_complete) in keys.into_values() {
        if !is_complete {
            // A key that names no columns refers to the primary key.
            key.referenced_columns = primary_key(connection, &key.references)?;
        }
        if key.columns.len() == key.referenced_columns.len() {
            complete.push(key);
        }
    }
    Ok(complete)
}

fn primary_key(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT lower(name) FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}
