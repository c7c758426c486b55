//! References that no key declares, as in folders of CSV: `flights.airline` is the `uid` of `airlines`, because it is called
//! so and because each of its values is one of theirs.

use std::time::{Duration, Instant};

use local_query::{Column, Engine, ForeignKey, Table};

/// Looking at one column.
const WITHIN: Duration = Duration::from_secs(2);

/// Ends of names of keys, longer ones first.
const KEYS: [&str; 8] = ["_number", "number", "_code", "_key", "_uid", "_id", "uid", "id"];

/// References of columns that are in no declared one. What cannot be looked at in time is left out.
pub(super) async fn guess(
    engine: &Engine,
    database: &str,
    tables: &[Table],
    declared: &[ForeignKey],
    until: Instant,
) -> Vec<ForeignKey> {
    let mut guessed = Vec::new();
    for table in tables {
        let is_declared =
            |column: &Column| declared.iter().any(|key| key.table == table.name && key.columns.contains(&column.name));
        for column in table.columns.iter().filter(|column| !is_declared(column)) {
            let others = tables.iter().filter(|other| other.name != table.name);
            let named = others.filter_map(|other| Some((other, own_key(other)?)));
            let Some((other, key)) = named.clone().find(|(other, _)| is_called(&column.name, &other.name)) else {
                continue;
            };
            if key.kind != column.kind {
                continue;
            }
            let reference = ForeignKey {
                table: table.name.clone(),
                columns: vec![column.name.clone()],
                references: other.name.clone(),
                referenced_columns: vec![key.name.clone()],
            };
            let within = WITHIN.min(until.saturating_duration_since(Instant::now()));
            if let Ok(Ok(true)) = tokio::time::timeout(within, engine.refers(database, &reference)).await {
                guessed.push(reference);
            }
        }
    }
    guessed
}

/// The column that tells the rows of a table apart: its primary key, or one that is called after it.
fn own_key(table: &Table) -> Option<&Column> {
    let mut primary = table.columns.iter().filter(|column| column.is_primary_key);
    if let (Some(key), more) = (primary.next(), primary.next()) {
        return more.is_none().then_some(key);
    }
    table.columns.iter().find(|column| {
        let (stem, end) = parted(&column.name);
        !end.is_empty() && (stem.is_empty() || is_singular_of(stem, &table.name))
    })
}

/// `airline`, `airline_id` and `airlineid` may refer to `airlines`.
fn is_called(column: &str, table: &str) -> bool {
    is_singular_of(parted(column).0, table)
}

/// A name without the end that says that it is a key's, and that end.
fn parted(name: &str) -> (&str, &str) {
    let stem = KEYS.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    (stem, &name[stem.len()..])
}

fn is_singular_of(word: &str, name: &str) -> bool {
    let is_plural = match name.strip_prefix(word) {
        Some(end) => matches!(end, "" | "s" | "es"),
        None => word.strip_suffix('y').is_some_and(|stem| name.strip_prefix(stem) == Some("ies")),
    };
    !word.is_empty() && is_plural
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Of a folder with these files: `airlines: uid,name; 1,JetBlue`.
    async fn guessed(files: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let (name, lines) = file.split_once(": ").unwrap();
            fs::write(folder.path().join(format!("{name}.csv")), lines.replace("; ", "\n") + "\n").unwrap();
        }
        let engine = Engine::new(local_query::Options::default()).unwrap();
        engine.attach("air", folder.path()).await.unwrap();
        let tables = engine.tables("air").unwrap();
        let until = Instant::now() + Duration::from_secs(60);
        let guessed = guess(&engine, "air", &tables, &engine.relations("air"), until).await;
        guessed.iter().map(super::super::layer::join).collect()
    }

    #[tokio::test]
    async fn a_column_refers_to_the_table_that_it_is_called_after() {
        let airlines = "airlines: uid,name; 1,JetBlue; 2,Delta; 3,United";
        for (flights, expected) in [
            ("flights: airline,number; 1,10; 1,20; 3,30; ,40", vec!["flights.airline = airlines.uid"]),
            ("flights: airline_id,number; 1,10; 2,20", vec!["flights.airline_id = airlines.uid"]),
            ("flights: airlineid; 1; 2", vec!["flights.airlineid = airlines.uid"]),
            // No such airline.
            ("flights: airline,number; 1,10; 4,20", vec![]),
            // Another type.
            ("flights: airline,number; JetBlue,10; Delta,20", vec![]),
            ("flights: carrier,number; 1,10; 2,20", vec![]),
            ("flights: airline,number; ,10; ,20", vec![]),
        ] {
            assert_eq!(guessed(&[airlines, flights]).await, expected, "{flights}");
        }
        // Rows that nothing tells apart are not referred to.
        let twice = "airlines: uid,name; 1,JetBlue; 1,Delta";
        assert!(guessed(&[twice, "flights: airline; 1; 1"]).await.is_empty());
    }

    #[test]
    fn names_of_keys_are_taken_apart() {
        for (column, name) in
            [("city", "cities"), ("city_id", "city"), ("boxid", "boxes"), ("order_number", "orders"), ("team", "team")]
        {
            assert!(is_called(column, name), "{column}, {name}");
        }
        for (column, name) in [("id", "ids"), ("cit", "cities"), ("order", "order_lines")] {
            assert!(!is_called(column, name), "{column}, {name}");
        }
    }
}
