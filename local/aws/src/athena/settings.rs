//! What Athena serves, as a template would declare it.

use std::{collections::BTreeMap, path::PathBuf};

/// The workgroup that queries run in, beside `primary`, which every account has, and the databases of the one catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Athena {
    pub workgroup: String,
    /// Of the workgroup's queries: one that scans more ends cancelled. Bytes; no limit where absent.
    pub bytes_scanned_cutoff: Option<u64>,
    /// By name: SQLite files, and folders of CSV and Parquet files. They are only read.
    pub databases: BTreeMap<String, PathBuf>,
}

/// As in a new AWS account: one workgroup, and nothing to query.
impl Default for Athena {
    fn default() -> Self {
        Self {
            workgroup: super::workgroups::PRIMARY.to_owned(),
            bytes_scanned_cutoff: None,
            databases: BTreeMap::new(),
        }
    }
}
