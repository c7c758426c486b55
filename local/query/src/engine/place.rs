//! Where something stands in the text of a query. DataFusion tells it for few errors; for others the words of the text
//! are looked through.

use std::fmt;

use datafusion::sql::sqlparser::{
    keywords::Keyword,
    tokenizer::{Location, Token, TokenWithSpan},
};

/// A line and a column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}:{}", self.line, self.column)
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self { line: location.line.max(1), column: location.column.max(1) }
    }
}

impl Place {
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// The first place where a dotted name is written, in any case and with any quotes.
    pub(crate) fn of_name(tokens: &[TokenWithSpan], parts: &[&str]) -> Option<Self> {
        let tokens: Vec<_> = significant(tokens).collect();
        let width = parts.len() * 2 - 1;
        let found = tokens.windows(width.max(1)).enumerate().find(|(start, window)| {
            // Not the end of a longer name, and not a function.
            let qualified = *start > 0 && tokens[start - 1].token == Token::Period;
            let called = tokens.get(start + width).is_some_and(|next| next.token == Token::LParen);
            !qualified && !called && is_name(window, parts)
        });
        let anywhere = || tokens.windows(width.max(1)).enumerate().find(|(_, window)| is_name(window, parts));
        found.or_else(anywhere).map(|(_, window)| window[0].span.start.into())
    }

    /// The first call of a function.
    pub(crate) fn of_call(tokens: &[TokenWithSpan], name: &str) -> Option<Self> {
        let tokens: Vec<_> = significant(tokens).collect();
        let found = tokens.windows(2).find(|pair| is_word(&pair[0].token, name) && pair[1].token == Token::LParen);
        let found =
            found.map(|pair| pair[0]).or_else(|| tokens.iter().copied().find(|word| is_word(&word.token, name)));
        found.map(|word| word.span.start.into())
    }

    /// The first place of an operator.
    pub(crate) fn of_sign(tokens: &[TokenWithSpan], sign: &str) -> Option<Self> {
        let is_it = |token: &Token| match token {
            Token::Neq => sign == "!=",
            Token::SingleQuotedString(_) => false,
            other => other.to_string().eq_ignore_ascii_case(sign),
        };
        tokens.iter().find(|token| is_it(&token.token)).map(|token| token.span.start.into())
    }

    /// The first place of a keyword.
    pub(crate) fn of_keyword(tokens: &[TokenWithSpan], keyword: Keyword) -> Option<Self> {
        let found = tokens.iter().find(|token| is_keyword(&token.token, keyword));
        found.map(|token| token.span.start.into())
    }
}

/// The dotted name that is written at a place, if one is.
pub(crate) fn name_at(tokens: &[TokenWithSpan], place: Place) -> Option<String> {
    let mut tokens = significant(tokens).skip_while(|token| Place::from(token.span.start) != place);
    let mut name = String::new();
    while let Some(Token::Word(word)) = tokens.next().map(|token| &token.token) {
        name.push_str(&word.value.to_lowercase());
        if tokens.next().is_none_or(|token| token.token != Token::Period) {
            return Some(name);
        }
        name.push('.');
    }
    None
}

/// The tokens before and after the one at a place.
pub(crate) fn beside(tokens: &[TokenWithSpan], place: Place) -> (Option<&Token>, Option<&Token>) {
    let tokens: Vec<_> = significant(tokens).collect();
    let Some(here) = tokens.iter().position(|token| Place::from(token.span.start) == place) else {
        return (None, None);
    };
    let token = |number: usize| tokens.get(number).map(|token| &token.token);
    (here.checked_sub(1).and_then(token), token(here + 1))
}

pub(crate) fn significant(tokens: &[TokenWithSpan]) -> impl Iterator<Item = &TokenWithSpan> {
    tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_)))
}

pub(crate) fn is_keyword(token: &Token, keyword: Keyword) -> bool {
    matches!(token, Token::Word(word) if word.keyword == keyword)
}

fn is_name(window: &[&TokenWithSpan], parts: &[&str]) -> bool {
    window.iter().enumerate().all(|(number, token)| match number % 2 {
        0 => is_word(&token.token, parts[number / 2]),
        _ => token.token == Token::Period,
    })
}

fn is_word(token: &Token, name: &str) -> bool {
    matches!(token, Token::Word(word) if word.value.to_lowercase() == name.to_lowercase())
}
