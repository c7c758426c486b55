//! Access control as Kendra's files write it: entries of a metadata file or a FAQ, and the file of a whole bucket.
//!
//! <https://docs.aws.amazon.com/kendra/latest/dg/s3-acl.html>

use local_search::Access;
use serde::Deserialize;

use crate::kendra::access::{Kind, Right, add};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Entry {
    name: String,
    r#type: Kind,
    access: Right,
}

/// An entry without a name would mean nobody, or everybody: it is a mistake.
pub(super) fn access(entries: Vec<Entry>) -> Result<Access, String> {
    let mut access = Access::default();
    for entry in entries {
        let name = entry.name.trim().to_owned();
        if name.is_empty() {
            return Err("an entry of its access control has no name".to_owned());
        }
        add(&mut access, name, entry.r#type, entry.access);
    }
    Ok(access)
}

/// The access-control file of a bucket.
#[derive(Debug, Default)]
pub(super) struct AccessFile {
    /// Prefixes of keys, longest first.
    prefixes: Vec<(String, Access)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Prefix {
    key_prefix: String,
    acl_entries: Vec<Entry>,
}

impl AccessFile {
    /// A prefix is written `s3://bucket/prefix`, or without the bucket. One of another bucket is refused: it would
    /// protect nothing here.
    pub(super) fn parse(content: &[u8], bucket: &str) -> Result<AccessFile, String> {
        let parsed: Vec<Prefix> = serde_json::from_slice(content).map_err(|error| error.to_string())?;
        let mut prefixes: Vec<(String, Access)> = Vec::new();
        for Prefix { key_prefix, acl_entries } in parsed {
            let prefix = match key_prefix.strip_prefix("s3://").map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
                None => key_prefix.trim_start_matches('/'),
                Some((of, prefix)) if of == bucket => prefix,
                Some(_) => return Err(format!("the prefix {key_prefix} is not in the bucket {bucket}")),
            };
            if prefixes.iter().any(|(other, _)| other == prefix) {
                return Err(format!("the prefix {key_prefix} is there twice"));
            }
            let access = access(acl_entries).map_err(|reason| format!("the prefix {key_prefix}: {reason}"))?;
            prefixes.push((prefix.to_owned(), access));
        }
        prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Ok(AccessFile { prefixes })
    }

    /// What the longest prefix says. Everybody may see what none is for, as on AWS.
    pub(super) fn of(&self, key: &str) -> Access {
        let found = self.prefixes.iter().find(|(prefix, _)| key.starts_with(prefix));
        found.map(|(_, access)| access.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use local_search::Principal;

    use super::*;

    const FILE: &str = r#"[
        {"keyPrefix": "s3://documents/hr/", "aclEntries": [{"Name": "hr", "Type": "GROUP", "Access": "ALLOW"}]},
        {"keyPrefix": "s3://documents/hr/public/", "aclEntries": []},
        {"keyPrefix": "plans/", "aclEntries": [{"Name": "bob", "Type": "USER", "Access": "DENY"}]}
    ]"#;

    #[test]
    fn the_longest_prefix_decides() {
        let file = AccessFile::parse(FILE.as_bytes(), "documents").unwrap();
        assert_eq!(file.of("hr/pay.md").allow, [Principal::Group("hr".to_owned())]);
        assert_eq!(file.of("hr/public/holidays.md"), Access::default());
        assert_eq!(file.of("plans/2027.md").deny, [Principal::User("bob".to_owned())]);
        assert_eq!(file.of("readme.md"), Access::default());
    }

    #[test]
    fn what_would_protect_nothing_is_refused() {
        for (file, expected) in [
            (FILE.replace("s3://documents/hr/\"", "s3://other/hr/\""), "not in the bucket documents"),
            (FILE.replace("plans/", "hr/"), "twice"),
            (FILE.replace("\"bob\"", "\" \""), "no name"),
            (FILE.replace("DENY", "FORBID"), "FORBID"),
            (FILE.replace("aclEntries", "aclEntrys"), "aclEntrys"),
            ("{}".to_owned(), "sequence"),
        ] {
            let error = AccessFile::parse(file.as_bytes(), "documents").unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
