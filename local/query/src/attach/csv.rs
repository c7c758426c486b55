//! CSV files with a header. Types are inferred from all values; an empty value is NULL.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    ops::ControlFlow,
    path::PathBuf,
    sync::Arc,
    time::SystemTime,
};

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::{
    Attached,
    folder::{Member, identifier, partition_keys},
    kept::Kept,
    kind::{Declared, Kind},
    rows::{RowTable, Sink, Source},
    sqlite::text,
    sqlite_schema::size,
    tally::Tally,
    value::Value,
};
use crate::{Column, Table, types};

/// What Hive writes into a folder's name for a NULL.
const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// The files of a table, which share a header.
#[derive(Debug)]
pub(crate) struct CsvFiles {
    files: Vec<CsvFile>,
    /// Lower-case names of the header.
    header: Vec<String>,
    delimiter: u8,
}

#[derive(Debug)]
struct CsvFile {
    path: PathBuf,
    /// Values of the partition keys, which come behind the columns of the header.
    partition: Vec<Option<String>>,
}

impl CsvFiles {
    pub(crate) fn read(&self, columns: &[usize], sink: &mut dyn Sink) -> Result<(), String> {
        for file in &self.files {
            let shown = file.path.display();
            match self.read_file(file, columns, sink) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => break,
                Err(error) => return Err(format!("{shown} cannot be read: {error}")),
            }
        }
        Ok(())
    }

    fn read_file(&self, file: &CsvFile, columns: &[usize], sink: &mut dyn Sink) -> Result<ControlFlow<()>, csv::Error> {
        let mut reader = open(&file.path, self.delimiter)?;
        // Each file may order its columns differently; what it lacks is NULL.
        let header = names(&mut reader)?;
        let places: Vec<_> = columns
            .iter()
            .map(|column| match self.header.get(*column) {
                Some(name) => Place::Field(header.iter().position(|other| other == name)),
                None => Place::Partition(*column - self.header.len()),
            })
            .collect();
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record)? {
            for (column, place) in places.iter().enumerate() {
                match place {
                    Place::Field(Some(field)) => match record.get(*field) {
                        None | Some([]) => sink.value(column, Value::Null),
                        Some(bytes) => sink.value(column, Value::Text(&text(bytes))),
                    },
                    Place::Field(None) => sink.value(column, Value::Null),
                    Place::Partition(key) => {
                        let value = file.partition.get(*key).and_then(Option::as_deref);
                        sink.value(column, value.map_or(Value::Null, Value::Text));
                    }
                }
            }
            if sink.end_of_row().is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

enum Place {
    Field(Option<usize>),
    Partition(usize),
}

fn open(path: &std::path::Path, delimiter: u8) -> Result<Reader<impl Read>, csv::Error> {
    let mut file = BufReader::new(File::open(path)?);
    // A byte order mark is no part of the first column's name.
    if file.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        file.consume(3);
    }
    Ok(ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(file))
}

/// The header as Athena could name columns, each name once.
fn names(reader: &mut Reader<impl Read>) -> Result<Vec<String>, csv::Error> {
    let mut names: Vec<String> = Vec::new();
    for (number, field) in reader.byte_headers()?.clone().iter().enumerate() {
        let mut name = identifier(&text(field));
        if name.is_empty() {
            name = format!("col{number}");
        }
        while names.contains(&name) {
            name.push_str("_2");
        }
        names.push(name);
    }
    Ok(names)
}

/// Comma, unless the header has none and another usual delimiter.
fn delimiter(path: &std::path::Path) -> std::io::Result<u8> {
    let mut line = Vec::new();
    BufReader::new(File::open(path)?).take(65_536).read_until(b'\n', &mut line)?;
    let found = |delimiter: &u8| line.contains(delimiter);
    Ok([b',', b';', b'\t', b'|'].into_iter().find(found).unwrap_or(b','))
}

pub(crate) fn attach(
    name: &str,
    members: &[Member],
    created: SystemTime,
    kept: &Arc<Kept>,
) -> Result<Attached, String> {
    let unreadable =
        |path: &PathBuf, error: &dyn std::fmt::Display| format!("{} cannot be read: {error}", path.display());
    let mut files = CsvFiles { files: Vec::new(), header: Vec::new(), delimiter: b',' };
    let keys = partition_keys(members);
    for (number, member) in members.iter().enumerate() {
        if number == 0 {
            files.delimiter = delimiter(&member.path).map_err(|error| unreadable(&member.path, &error))?;
        }
        let header = open(&member.path, files.delimiter)
            .and_then(|mut reader| names(&mut reader))
            .map_err(|error| unreadable(&member.path, &error))?;
        for name in header {
            if !files.header.contains(&name) && !keys.contains(&name) {
                files.header.push(name);
            }
        }
        let partition =
            keys.iter().map(|key| member.value(key).filter(|value| *value != NULL_PARTITION).map(str::to_owned));
        files.files.push(CsvFile { path: member.path.clone(), partition: partition.collect() });
    }
    let columns: Vec<_> = files.header.iter().chain(&keys).cloned().collect();
    let mut look = Look { tallies: vec![Tally::new(Declared::ByValues); columns.len()], rows: 0 };
    let all: Vec<_> = (0..columns.len()).collect();
    files.read(&all, &mut look)?;
    let kinds: Vec<(String, Kind)> = columns.iter().cloned().zip(look.tallies.iter().map(Tally::by_spelling)).collect();
    // Athena finds the values of partition keys in its catalogue and reads no bytes for them.
    let bytes = kinds.iter().zip(&look.tallies).enumerate();
    let bytes = bytes.map(
        |(number, ((_, kind), tally))| {
            if number < files.header.len() { size(*kind, look.rows, tally) } else { 0 }
        },
    );
    let bytes = bytes.collect();
    let described = kinds.iter().enumerate().map(|(number, (name, kind))| Column {
        name: name.clone(),
        kind: types::hive(&kind.arrow()),
        comment: None,
        is_partition_key: number >= files.header.len(),
        is_primary_key: false,
    });
    let table = Table { name: name.to_owned(), comment: None, columns: described.collect(), created };
    Ok(Attached { table, provider: Arc::new(RowTable::new(Source::Csv(files), &kinds, bytes, kept.clone())) })
}

struct Look {
    tallies: Vec<Tally>,
    rows: u64,
}

impl Sink for Look {
    fn value(&mut self, column: usize, value: Value<'_>) {
        if let Value::Text(text) = value {
            self.tallies[column].add_spelled(text);
        }
    }

    fn end_of_row(&mut self) -> ControlFlow<()> {
        self.rows += 1;
        ControlFlow::Continue(())
    }
}
