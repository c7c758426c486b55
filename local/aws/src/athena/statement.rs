//! What kind of statement a query is, by its first word: Athena tells it, also of those that fail. Only queries run
//! here.

/// Of a statement, as `GetQueryExecution` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) kind: &'static str,
    pub(super) subkind: Option<&'static str>,
}

impl Statement {
    pub(super) fn of(sql: &str) -> Statement {
        let rest = without_comments(sql);
        let mut words = rest.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let first = words.find(|word| !word.is_empty()).unwrap_or_default().to_ascii_uppercase();
        let (kind, subkind) = match first.as_str() {
            "SELECT" | "WITH" | "VALUES" | "TABLE" => ("DML", Some("SELECT")),
            "EXPLAIN" => ("DML", Some("EXPLAIN")),
            "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "UNLOAD" => ("DML", None),
            "SHOW" | "DESCRIBE" | "DESC" => ("UTILITY", None),
            _ => ("DDL", None),
        };
        Statement { kind, subkind }
    }

    /// Of the file of results.
    pub(super) fn suffix(self) -> &'static str {
        if self.subkind == Some("SELECT") { "csv" } else { "txt" }
    }
}

/// The rest of a query once blanks and comments before it are left out.
fn without_comments(sql: &str) -> &str {
    let mut rest = sql.trim_start();
    loop {
        let after = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, after)| after)
        } else {
            return rest;
        };
        rest = after.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_that_is_no_comment_decides() {
        for (sql, kind, subkind) in [
            ("SELECT 1", "DML", Some("SELECT")),
            (" ( select 1 )", "DML", Some("SELECT")),
            ("-- SHOW\n/* SHOW */ WITH a AS (SELECT 1) SELECT * FROM a", "DML", Some("SELECT")),
            ("/* SELECT */ show tables", "UTILITY", None),
            ("CREATE TABLE t AS SELECT 1", "DDL", None),
            ("/* SELECT 1", "DDL", None),
            ("", "DDL", None),
        ] {
            assert_eq!(Statement::of(sql), Statement { kind, subkind }, "{sql}");
        }
    }
}
