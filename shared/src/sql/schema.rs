//! What there is to ask about: plain data.

/// The tables of one database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// Athena's data catalog, `AwsDataCatalog` mostly.
    pub catalog: String,
    pub database: String,
    pub tables: Vec<Table>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub comment: Option<String>,
    pub columns: Vec<Column>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// As the catalog spells it: `varchar(20)`, `decimal(10,2)`, `array<string>`.
    pub kind: String,
    pub comment: Option<String>,
    pub is_partition_key: bool,
    /// Never to be read nor shown.
    pub is_hidden: bool,
}

impl Schema {
    /// Names are compared as Athena does: without regard to case.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    pub fn visible(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.is_hidden)
    }
}
