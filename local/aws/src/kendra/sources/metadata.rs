//! A document's metadata file.
//!
//! <https://docs.aws.amazon.com/kendra/latest/dg/s3-metadata.html>

use std::collections::BTreeMap;

use local_search::Access;
use serde::Deserialize;
use serde_json::Value;

use super::access::{Entry, access};

pub(super) const ENDING: &str = ".metadata.json";

#[derive(Debug, Default, PartialEq)]
pub(super) struct Metadata {
    pub(super) id: Option<String>,
    pub(super) title: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) attributes: BTreeMap<String, Value>,
    /// Present where the file names anybody: then the access-control file does not count for this document.
    pub(super) access: Option<Access>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct File {
    document_id: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, Value>,
    #[serde(default)]
    access_control_list: Vec<Entry>,
    title: Option<String>,
    content_type: Option<String>,
}

impl Metadata {
    /// Unknown fields are refused: a list of readers whose name is misspelt must not be taken for none.
    pub(super) fn parse(content: &[u8]) -> Result<Metadata, String> {
        let file: File = serde_json::from_slice(content).map_err(|error| error.to_string())?;
        let restricts = !file.access_control_list.is_empty();
        let access = access(file.access_control_list)?;
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Ok(Metadata {
            id: filled(file.document_id),
            title: filled(file.title),
            content_type: filled(file.content_type),
            attributes: file.attributes,
            access: restricts.then_some(access),
        })
    }
}

#[cfg(test)]
mod tests {
    use local_search::Principal;

    use super::*;

    #[test]
    fn all_that_aws_documents_is_read() {
        let metadata = Metadata::parse(
            br#"{
                "DocumentId": "pay-2026",
                "Attributes": {"_category": "Pay", "_created_at": "2026-01-02T00:00:00Z", "grade": 7},
                "AccessControlList": [{"Name": "hr", "Type": "GROUP", "Access": "ALLOW"}],
                "Title": "Pay in 2026",
                "ContentType": "PDF"
            }"#,
        )
        .unwrap();
        assert_eq!((metadata.id.as_deref(), metadata.title.as_deref()), (Some("pay-2026"), Some("Pay in 2026")));
        assert_eq!(metadata.access.unwrap().allow, [Principal::Group("hr".to_owned())]);
        assert_eq!(metadata.attributes.len(), 3);
        assert_eq!(Metadata::parse(b"{}").unwrap(), Metadata::default());
    }

    #[test]
    fn a_list_that_cannot_be_read_is_not_taken_for_none() {
        for file in [
            r#"{"AccessControlLst": []}"#,
            r#"{"AccessControlList": [{"Name": "hr", "Type": "TEAM", "Access": "ALLOW"}]}"#,
            r#"{"AccessControlList": [{"Name": "", "Type": "USER", "Access": "ALLOW"}]}"#,
            r#"{"AccessControlList": {}}"#,
            r#"{"Title": "#,
            "[]",
        ] {
            assert!(Metadata::parse(file.as_bytes()).is_err(), "{file}");
        }
    }
}
