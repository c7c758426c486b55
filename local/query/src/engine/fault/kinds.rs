//! Types and values as DataFusion's messages spell them, in Trino's words.

use datafusion::sql::sqlparser::tokenizer::Token;

use crate::QueryError;

pub(super) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let start = text.find(before)? + before.len();
    let rest = &text[start..];
    Some(&rest[..rest.find(after)?])
}

/// The name of an error and what follows, where a text begins so.
pub(super) fn named(text: &str) -> Option<(&str, &str)> {
    let (name, message) = text.split_once(": ")?;
    let is_name = name.len() > 8 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    (is_name && name.contains('_')).then_some((name, message))
}

/// A list of Arrow's types as DataFusion prints it, in Trino's words.
pub(super) fn arrow_names(list: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut depth = 0_usize;
    for letter in list.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                names.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = names.last_mut() {
            last.push(letter);
        }
    }
    names.iter().map(|name| trino_name(name.trim())).collect()
}

/// As `trino_name`; a literal's type is as narrow as the literal.
pub(super) fn operand_name(arrow: &str, token: Option<&Token>) -> String {
    match token {
        Some(Token::Number(digits, _)) if digits.parse::<i32>().is_ok() => "integer".to_owned(),
        Some(Token::SingleQuotedString(text)) => format!("varchar({})", text.chars().count()),
        _ => trino_name(arrow.trim()),
    }
}

pub(super) fn trino_name(arrow: &str) -> String {
    let (name, parameters) = arrow.split_once('(').unwrap_or((arrow, ""));
    match name {
        "Utf8" | "LargeUtf8" | "Utf8View" => "varchar".to_owned(),
        "Int8" => "tinyint".to_owned(),
        "Int16" => "smallint".to_owned(),
        "Int32" => "integer".to_owned(),
        "Int64" => "bigint".to_owned(),
        "Float32" => "real".to_owned(),
        "Float64" => "double".to_owned(),
        "Boolean" => "boolean".to_owned(),
        "Date32" => "date".to_owned(),
        "Timestamp" => "timestamp(3)".to_owned(),
        "Decimal128" => format!("decimal({}", parameters.replace(' ', "")),
        "Interval" | "Duration" => "interval day to second".to_owned(),
        "Null" => "unknown".to_owned(),
        "Binary" => "varbinary".to_owned(),
        "List" => "array".to_owned(),
        _ => arrow.to_owned(),
    }
}

/// `Cannot cast string 'x' to value of Int64 type` → `Cannot cast 'x' to BIGINT`.
pub(super) fn cast_error(text: &str) -> Option<QueryError> {
    let value = between(text, "Cannot cast string '", "' to value of ")?;
    let kind = between(text, "to value of ", " type")?;
    let kind = match kind {
        "Int8" => "TINYINT",
        "Int16" => "SMALLINT",
        "Int32" => "INT",
        "Int64" => "BIGINT",
        "Float32" => "REAL",
        "Float64" => "DOUBLE",
        "Boolean" => "BOOLEAN",
        "Date32" => "DATE",
        other if other.starts_with("Timestamp") => "TIMESTAMP",
        other if other.starts_with("Decimal") => "DECIMAL",
        other => other,
    };
    Some(QueryError::User(format!("INVALID_CAST_ARGUMENT: Cannot cast '{value}' to {kind}")))
}
