//! A sample database: Murmel & Daughters, a fictional retailer of outdoor gear with twelve shops and a web shop, from 2023 to
//! 2025. It is generated from a seed, and is the same on every machine.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use datafusion::{
    arrow::error::ArrowError,
    parquet::{
        arrow::ArrowWriter,
        basic::{Compression, Encoding},
        errors::ParquetError,
        file::properties::WriterProperties,
    },
};
use thiserror::Error;

use self::table::Table;

mod calendar;
mod catalogue;
mod customers;
mod random;
mod returns;
mod reviews;
mod sales;
mod stores;
mod table;
#[cfg(test)]
mod tests;
mod words;

/// Why the sample database could not be written.
#[derive(Debug, Error)]
pub enum Error {
    #[error("{path}: {source}")]
    Folder { path: PathBuf, source: io::Error },
    #[error("the sample database: {0}")]
    Rows(#[from] ArrowError),
    #[error("the sample database: {0}")]
    Parquet(#[from] ParquetError),
}

/// Writes `<folder>/<table>/<table>.parquet` for each table, over what is there: a folder a table is what Glue and Athena take
/// for one. Half a megabyte in all, and the same bytes each time.
pub fn write(folder: &Path) -> Result<(), Error> {
    for Table { name, rows } in tables()? {
        let folder = folder.join(name);
        let path = folder.join(format!("{name}.parquet"));
        let failed = |source| Error::Folder { path: path.clone(), source };
        fs::create_dir_all(&folder).map_err(failed)?;
        let file = File::create(&path).map_err(failed)?;

        // What every reader of Parquet knows, Athena's among them.
        let properties =
            WriterProperties::builder().set_compression(Compression::SNAPPY).set_encoding(Encoding::PLAIN).build();
        let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(properties))?;
        writer.write(&rows)?;
        writer.close()?;
    }
    Ok(())
}

/// In the order of their names.
fn tables() -> Result<Vec<Table>, ArrowError> {
    let stores = stores::stores();
    let products = catalogue::products();
    let customers = customers::customers();
    let sales = sales::sales(&stores, &products, &customers);
    Ok(vec![
        customers::table(&customers)?,
        stores::employee_table(&stores::employees(&stores))?,
        stores::stock_table(&stores::stock(&stores, &products))?,
        sales::line_table(&sales)?,
        sales::order_table(&sales)?,
        catalogue::table(&products)?,
        returns::table(&returns::returns(&sales, &products))?,
        reviews::table(&reviews::reviews(&sales, &products))?,
        stores::table(&stores)?,
    ])
}
