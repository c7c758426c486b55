//! Files of questions and answers.
//!
//! <https://docs.aws.amazon.com/kendra/latest/dg/in-creating-faq.html>

use std::collections::{BTreeMap, BTreeSet};

use csv::{ReaderBuilder, StringRecord, Trim};
use local_search::{Access, Attribute, Principal};
use serde::Deserialize;
use serde_json::Value;

use super::{
    access::{Entry as AccessEntry, access},
    attributes::{Attributes, FieldType, attribute},
};
use crate::kendra::settings::FaqFormat;

/// Fields that Kendra sets itself.
const NOT_TO_BE_SET: [&str; 4] = ["_faq_id", "_data_source_id", "_document_title", "_file_type"];
const URI: &str = "_source_uri";

#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) question: String,
    pub(super) answer: String,
    pub(super) attributes: Attributes,
    pub(super) access: Access,
}

/// All entries of a file, or what is wrong with it.
pub(super) fn parse(content: &[u8], format: FaqFormat) -> Result<Vec<Entry>, String> {
    let text = std::str::from_utf8(content).map_err(|error| format!("it is not UTF-8: {error}"))?;
    let text = text.trim_start_matches('\u{feff}');
    let entries = match format {
        FaqFormat::Csv => parse_csv(text)?,
        FaqFormat::CsvWithHeader => parse_csv_with_header(text)?,
        FaqFormat::Json => parse_json(text)?,
    };
    match entries.is_empty() {
        true => Err("it holds no question".to_owned()),
        false => Ok(entries),
    }
}

/// Question, answer and, perhaps, a URI.
fn parse_csv(text: &str) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    for record in records(text) {
        let (line, record) = record?;
        let fields: Vec<&str> = record.iter().collect();
        let entry = match fields.as_slice() {
            [question, answer] => entry(question, answer, Attributes::new(), Access::default()),
            [question, answer, uri] => {
                let uri = (!uri.is_empty()).then(|| (URI.to_owned(), Attribute::Text((*uri).to_owned())));
                entry(question, answer, uri.into_iter().collect(), Access::default())
            }
            fields => Err(format!("{} fields instead of two or three", fields.len())),
        };
        entries.push(entry.map_err(|reason| format!("line {line}: {reason}"))?);
    }
    Ok(entries)
}

fn parse_csv_with_header(text: &str) -> Result<Vec<Entry>, String> {
    let mut records = records(text);
    let Some(header) = records.next() else { return Err("it is empty".to_owned()) };
    let (_, header) = header?;
    let names: BTreeSet<&str> = header.iter().collect();
    if names.len() != header.len() {
        return Err("line 1: a field is there twice".to_owned());
    }
    if let Some(name) = NOT_TO_BE_SET.iter().find(|name| names.contains(*name)) {
        return Err(format!("line 1: {name} cannot be set"));
    }
    for required in ["_question", "_answer"] {
        if !names.contains(required) {
            return Err(format!("line 1: the field {required} is missing"));
        }
    }
    let mut entries = Vec::new();
    for record in records {
        let (line, record) = record?;
        let fields: BTreeMap<&str, &str> = header.iter().zip(record.iter()).collect();
        let entry = match record.len() == header.len() {
            true => entry_of_fields(fields),
            false => Err(format!("{} fields, and the header has {}", record.len(), header.len())),
        };
        entries.push(entry.map_err(|reason| format!("line {line}: {reason}"))?);
    }
    Ok(entries)
}

fn entry_of_fields(mut fields: BTreeMap<&str, &str>) -> Result<Entry, String> {
    let mut take = |name: &str| fields.remove(name).unwrap_or_default().to_owned();
    let (question, answer) = (take("_question"), take("_answer"));
    let mut principals = |column: &str, kind: fn(String) -> Principal| -> Vec<Principal> {
        listed(&take(column)).into_iter().map(kind).collect()
    };
    let mut access = Access::default();
    access.allow.extend(principals("_acl_user_allow", Principal::User));
    access.allow.extend(principals("_acl_group_allow", Principal::Group));
    access.deny.extend(principals("_acl_user_deny", Principal::User));
    access.deny.extend(principals("_acl_group_deny", Principal::Group));

    let mut attributes = Attributes::new();
    for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
        let value = match FieldType::of_reserved(name) {
            Some(FieldType::Long) => value.parse::<i64>().map_or_else(|_| value.into(), Value::from),
            Some(FieldType::StringList) => listed(value).into(),
            _ => value.into(),
        };
        attributes.insert(name.to_owned(), attribute(name, &value, None)?);
    }
    entry(&question, &answer, attributes, access)
}

fn listed(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// As RFC 4180 has them, with the line that each begins in; the spaces around fields do not count.
fn records(text: &str) -> impl Iterator<Item = Result<(u64, StringRecord), String>> + '_ {
    let reader = ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    reader.into_records().map(|record| {
        let record = record.map_err(|error| error.to_string())?;
        Ok((record.position().map_or(0, csv::Position::line), record))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct File {
    schema_version: u32,
    faq_documents: Vec<JsonEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct JsonEntry {
    question: String,
    answer: String,
    #[serde(default)]
    attributes: BTreeMap<String, Value>,
    #[serde(default)]
    access_control_list: Vec<AccessEntry>,
}

fn parse_json(text: &str) -> Result<Vec<Entry>, String> {
    let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if file.schema_version != 1 {
        return Err(format!("SchemaVersion is {}, and only 1 is known", file.schema_version));
    }
    let entries = file.faq_documents.into_iter().zip(1..).map(|(parsed, number)| {
        entry_of_json(parsed).map_err(|reason| format!("FaqDocuments, the entry {number}: {reason}"))
    });
    entries.collect()
}

fn entry_of_json(parsed: JsonEntry) -> Result<Entry, String> {
    let mut attributes = Attributes::new();
    for (name, value) in parsed.attributes {
        if NOT_TO_BE_SET.contains(&name.as_str()) {
            return Err(format!("{name} cannot be set"));
        }
        let attribute = attribute(&name, &value, None)?;
        attributes.insert(name, attribute);
    }
    entry(&parsed.question, &parsed.answer, attributes, access(parsed.access_control_list)?)
}

fn entry(question: &str, answer: &str, attributes: Attributes, access: Access) -> Result<Entry, String> {
    for (what, text) in [("question", question), ("answer", answer)] {
        if text.trim().is_empty() {
            return Err(format!("the {what} is empty"));
        }
    }
    if access.allow.iter().any(|principal| access.deny.contains(principal)) {
        return Err("somebody is both allowed and denied".to_owned());
    }
    Ok(Entry { question: question.to_owned(), answer: answer.to_owned(), attributes, access })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Attribute {
        Attribute::Text(value.to_owned())
    }

    #[test]
    fn basic_csv_has_two_fields_or_three() {
        let file = "How many clinics?, 13, https://example.com/a\n\"Where, then?\",\"Here,\nand there\"\n";
        let entries = parse(file.as_bytes(), FaqFormat::Csv).unwrap();
        assert_eq!((entries[0].question.as_str(), entries[0].answer.as_str()), ("How many clinics?", "13"));
        assert_eq!(entries[0].attributes[URI], text("https://example.com/a"));
        assert_eq!((entries[1].question.as_str(), entries[1].answer.as_str()), ("Where, then?", "Here,\nand there"));
    }

    #[test]
    fn a_header_names_attributes_and_readers() {
        let file = "\u{feff}_question,_answer,_last_updated_at,_authors,team,_acl_user_allow,_acl_group_deny\r\n\
                    Q,A,2012-03-25T12:30:10+01:00,\"Ann, Bob\",hr,\"alice,bob\",interns\r\n\
                    R,B,,,,,\r\n";
        let entries = parse(file.as_bytes(), FaqFormat::CsvWithHeader).unwrap();
        assert_eq!(entries[0].attributes["_last_updated_at"], Attribute::Date(1_332_675_010));
        assert_eq!(entries[0].attributes["_authors"], Attribute::List(vec!["Ann".to_owned(), "Bob".to_owned()]));
        assert_eq!(entries[0].attributes["team"], text("hr"));
        assert_eq!(entries[0].access.allow, ["alice", "bob"].map(|name| Principal::User(name.to_owned())));
        assert_eq!(entries[0].access.deny, [Principal::Group("interns".to_owned())]);
        assert_eq!((&entries[1].attributes, &entries[1].access), (&Attributes::new(), &Access::default()));
    }

    #[test]
    fn json_has_attributes_and_readers_too() {
        let file = r#"{"SchemaVersion": 1, "FaqDocuments": [
            {"Question": "Q", "Answer": "A", "Attributes": {"_category": "Clinics", "rank": 3},
             "AccessControlList": [{"Name": "Admin", "Type": "GROUP", "Access": "ALLOW"}]},
            {"Question": "R", "Answer": "B"}
        ]}"#;
        let entries = parse(file.as_bytes(), FaqFormat::Json).unwrap();
        assert_eq!(entries[0].attributes["rank"], Attribute::Number(3));
        assert_eq!(entries[0].access.allow, [Principal::Group("Admin".to_owned())]);
        assert_eq!(entries[1].access, Access::default());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (file, format, expected) in [
            ("", FaqFormat::Csv, "no question"),
            ("Q,A\nQ\n", FaqFormat::Csv, "line 2: 1 fields"),
            ("Q,\n", FaqFormat::Csv, "line 1: the answer is empty"),
            ("_question,answer\nQ,A\n", FaqFormat::CsvWithHeader, "_answer is missing"),
            ("_question,_answer,_faq_id\nQ,A,1\n", FaqFormat::CsvWithHeader, "_faq_id cannot be set"),
            ("_question,_answer,a,a\nQ,A,1,2\n", FaqFormat::CsvWithHeader, "twice"),
            ("_question,_answer\nQ,A,B\n", FaqFormat::CsvWithHeader, "line 2: 3 fields"),
            ("_question,_answer,_created_at\nQ,A,B\n", FaqFormat::CsvWithHeader, "_created_at"),
            (
                "_question,_answer,_acl_user_allow,_acl_user_deny\nQ,A,ann,ann\n",
                FaqFormat::CsvWithHeader,
                "both allowed and denied",
            ),
            (r#"{"SchemaVersion": 2, "FaqDocuments": []}"#, FaqFormat::Json, "only 1 is known"),
            (r#"{"SchemaVersion": 1, "FaqDocuments": [{"Question": "Q"}]}"#, FaqFormat::Json, "Answer"),
            (r#"{"SchemaVersion": 1, "FaqDocuments": [{"Question": " ", "Answer": "A"}]}"#, FaqFormat::Json, "entry 1"),
        ] {
            let error = parse(file.as_bytes(), format).unwrap_err();
            assert!(error.contains(expected), "{file}: {error}");
        }
        assert!(parse(b"\xff", FaqFormat::Csv).unwrap_err().contains("UTF-8"));
    }
}
