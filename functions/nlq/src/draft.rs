//! What the model wrote: a query, or that there is none.

/// How a model says that the data cannot answer.
pub(crate) const UNANSWERABLE: &str = "UNANSWERABLE";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Draft {
    Sql(String),
    /// With the model's reason, which may be empty.
    Unanswerable(String),
}

impl Draft {
    /// Takes SQL out of a fence or out of a sentence. Text without any is no query, whatever it is.
    pub(crate) fn read(reply: &str) -> Self {
        let text = fenced(reply).unwrap_or(reply).trim();
        let says_no = text
            .find(UNANSWERABLE)
            .filter(|at| text[..*at].chars().filter(|letter| letter.is_alphabetic()).count() < 20);
        if let Some(at) = says_no {
            return Self::Unanswerable(reason(&text[at + UNANSWERABLE.len()..]));
        }
        match statement(text) {
            Some(sql) => Self::Sql(sql),
            None => Self::Unanswerable(String::new()),
        }
    }
}

/// The first fenced block; to the end where the model ran out of tokens.
fn fenced(reply: &str) -> Option<&str> {
    let (_, rest) = reply.split_once("```")?;
    let (language, code) = rest.split_once('\n').unwrap_or(("", rest));
    // Some write the statement on the fence's own line.
    let code = if language.trim().chars().all(char::is_alphanumeric) { code } else { rest };
    Some(code.split_once("```").map_or(code, |(code, _)| code))
}

/// From the first line that begins as a query does, without what is said after it.
fn statement(text: &str) -> Option<String> {
    let begins = |line: &str| {
        let line = line.trim_start().trim_start_matches('(');
        let first = line.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default();
        first.eq_ignore_ascii_case("select") || first.eq_ignore_ascii_case("with")
    };
    let mut lines = text.lines().skip_while(|line| !begins(line)).peekable();
    lines.peek()?;
    // A paragraph after the statement is an explanation.
    let sql = lines.take_while(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n");
    // One semicolon may end it; more are for the guard to refuse.
    let sql = sql.trim();
    Some(sql.strip_suffix(';').unwrap_or(sql).trim_end().to_owned())
}

/// The first line of what follows the word.
fn reason(text: &str) -> String {
    let text = text.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    text.lines().next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_is_found_however_it_is_wrapped() {
        for reply in [
            "SELECT 1",
            "SELECT 1;",
            "```sql\nSELECT 1;\n```\nThis selects one.",
            "Here it is:\n\n```\nSELECT 1\n```",
            "```SELECT 1```",
            "Sure:\nSELECT 1\n\nIt selects one.",
            "```sql\nSELECT 1",
        ] {
            assert_eq!(Draft::read(reply), Draft::Sql("SELECT 1".to_owned()), "{reply}");
        }
        assert_eq!(
            Draft::read("WITH a AS (SELECT 1)\nSELECT * FROM a;"),
            Draft::Sql("WITH a AS (SELECT 1)\nSELECT * FROM a".to_owned())
        );
    }

    #[test]
    fn a_refusal_keeps_its_reason() {
        for reply in ["UNANSWERABLE: There are no salaries.\nSorry.", "```\nUNANSWERABLE - There are no salaries.\n```"]
        {
            assert_eq!(Draft::read(reply), Draft::Unanswerable("There are no salaries.".to_owned()));
        }
        for reply in ["", "UNANSWERABLE", "I cannot know that.", "The selected tables hold no salaries."] {
            assert_eq!(Draft::read(reply), Draft::Unanswerable(String::new()), "{reply}");
        }
    }

    #[test]
    fn a_value_called_unanswerable_is_no_refusal() {
        let sql = "SELECT count(*) FROM questions WHERE state = 'UNANSWERABLE'";
        assert_eq!(Draft::read(sql), Draft::Sql(sql.to_owned()));
    }
}
