//! The tables of a database, as its catalog describes them.

use std::sync::Arc;

use aws_sdk_athena::{Client, types};

use super::failure::failed;
use crate::{
    error::Error,
    sql::schema::{Column, Schema, Table},
};

/// What `ListTableMetadata` gives at once.
const PAGE: i32 = 50;

pub(super) async fn list(client: &Client, catalog: &str, database: &str) -> Result<Arc<Schema>, Error> {
    let mut found = client
        .list_table_metadata()
        .catalog_name(catalog)
        .database_name(database)
        .max_results(PAGE)
        .into_paginator()
        .items()
        .send();
    let mut tables = Vec::new();
    while let Some(metadata) = found.next().await {
        tables.push(table(metadata.map_err(failed)?));
    }
    Ok(Arc::new(Schema { catalog: catalog.to_owned(), database: database.to_owned(), tables }))
}

fn table(metadata: types::TableMetadata) -> Table {
    // The catalog keeps a table's comment among its parameters.
    let comment = metadata.parameters().and_then(|parameters| parameters.get("comment"));
    let comment = some_text(comment.map(String::as_str));
    let ordinary = metadata.columns().iter().map(|described| column(described, false));
    let partition_keys = metadata.partition_keys().iter().map(|described| column(described, true));
    Table { comment, columns: ordinary.chain(partition_keys).collect(), name: metadata.name }
}

fn column(described: &types::Column, is_partition_key: bool) -> Column {
    Column {
        name: described.name().to_owned(),
        kind: described.r#type().unwrap_or_default().to_owned(),
        comment: some_text(described.comment()),
        is_partition_key,
        is_hidden: false,
    }
}

fn some_text(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_its_comment_its_columns_and_its_partition_keys() {
        let column = |name: &str, kind: &str, comment: &str| {
            types::Column::builder().name(name).r#type(kind).comment(comment).build().unwrap()
        };
        let metadata = types::TableMetadata::builder()
            .name("orders")
            .parameters("comment", "One row an order.")
            .parameters("EXTERNAL", "TRUE")
            .columns(column("total", "decimal(10,2)", "euro"))
            .partition_keys(column("day", "date", " "))
            .build()
            .unwrap();
        let orders = table(metadata);
        assert_eq!((orders.name.as_str(), orders.comment.as_deref()), ("orders", Some("One row an order.")));
        let columns: Vec<_> = orders
            .columns
            .iter()
            .map(|column| (&*column.name, &*column.kind, column.comment.as_deref(), column.is_partition_key))
            .collect();
        assert_eq!(columns, [("total", "decimal(10,2)", Some("euro"), false), ("day", "date", None, true)]);
    }
}
