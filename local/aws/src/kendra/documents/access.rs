//! Access-control lists of documents.

use local_search::Access;
use serde::Deserialize;

use crate::kendra::access::{Kind, Right, add};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Principal {
    name: String,
    r#type: Kind,
    access: Right,
    data_source_id: Option<String>,
}

/// A level of a hierarchy, as folders are.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Level {
    principal_list: Vec<Principal>,
}

/// Who may find a document, or what cannot be honoured of its lists.
pub(super) fn of(list: &[Principal], hierarchy: &[Level]) -> Result<Access, String> {
    let mut access = Access::default();
    for principal in list {
        if principal.data_source_id.is_some() {
            return Err("local-aws does not know principals of a data source: DataSourceId.".to_owned());
        }
        add(&mut access, principal.name.clone(), principal.r#type, principal.access);
    }
    access.hierarchy = hierarchy.iter().map(|level| of(&level.principal_list, &[])).collect::<Result<_, _>>()?;
    Ok(access)
}
