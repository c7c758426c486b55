//! From text to a syntax tree and back. What is printed has no comments, and its every name is unmistakably a name.

use std::ops::ControlFlow;

use sqlparser::ast::{Query, SetExpr, Value, ValueWithSpan};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace};

use super::Limits;
use super::checker::MOST_HEIGHT;
use super::dialect::Athena;
use super::refusal::Refusal;
use super::stack::on_own_stack;
use crate::sql::walk::{self, Changes};

/// A query of tokens as short as they come stays below this many a limit's character.
const CHARACTERS_A_TOKEN: usize = 5;
const MOST_ARRAY_TYPES: usize = 32;
const MOST_PARTS_OF_PARTS: usize = 8;

/// One statement, which is a query, within the default limits; nothing else of it is checked. For what mends a query
/// before it is checked.
///
/// # Errors
///
/// If the text is too long, is nested too deeply, cannot be parsed, or is no single query.
pub fn parse(sql: &str) -> Result<Query, Refusal> {
    let parsed = on_own_stack(|| {
        let query = parse_limited(sql, &Limits::default())?;
        if is_too_high(&query) {
            Err(Refusal::TooLong { most: MOST_HEIGHT, of: "operators in one expression" })
        } else {
            Ok(query)
        }
    });
    parsed.unwrap_or(Err(Refusal::Unprintable))
}

/// Whether what walks over the tree on the caller's stack had too far to go.
fn is_too_high(query: &Query) -> bool {
    walk::expressions(query, |_, depth| match depth.expressions < MOST_HEIGHT {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    })
    .is_break()
}

pub(super) fn parse_limited(sql: &str, limits: &Limits) -> Result<Query, Refusal> {
    if sql.chars().nth(limits.most_characters).is_some() {
        return Err(Refusal::TooLong { most: limits.most_characters, of: "characters" });
    }
    parse_within(sql, limits.most_characters / CHARACTERS_A_TOKEN, limits.most_depth)
}

pub(super) fn parse_within(sql: &str, most_tokens: usize, most_depth: usize) -> Result<Query, Refusal> {
    let tokens = tokens(sql, true)?;
    if tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).count() > most_tokens {
        return Err(Refusal::TooLong { most: most_tokens, of: "words and signs" });
    }
    must_begin_a_query(&tokens)?;
    must_be_shallow(&tokens)?;
    let mut parser = Parser::new(&Athena).with_recursion_limit(most_depth).with_tokens_with_locations(tokens);
    let query = parser.parse_query().map_err(|error| match error {
        ParserError::RecursionLimitExceeded => Refusal::TooDeep { most: most_depth },
        ParserError::ParserError(text) | ParserError::TokenizerError(text) => Refusal::Syntax(text),
    })?;
    while parser.consume_token(&Token::SemiColon) {}
    if parser.peek_token_ref().token != Token::EOF {
        return Err(Refusal::MoreThanOneStatement);
    }
    match *query.body {
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
            Err(Refusal::NotAQuery("a statement that writes".to_owned()))
        }
        _ => Ok(*query),
    }
}

fn tokens(sql: &str, unescape: bool) -> Result<Vec<TokenWithSpan>, Refusal> {
    if sql.contains('\0') {
        return Err(Refusal::Syntax("it contains a NUL character".to_owned()));
    }
    let tokens = Tokenizer::new(&Athena, sql)
        .with_unescape(unescape)
        .tokenize_with_location()
        .map_err(|error| Refusal::Syntax(error.to_string()))?;
    // Trino reads `1_000` as a number and refuses `1x`; this parser would see a number and an alias.
    let is_glued =
        |pair: &[TokenWithSpan]| matches!((&pair[0].token, &pair[1].token), (Token::Number(..), Token::Word(_)));
    match tokens.windows(2).find(|pair| is_glued(pair)) {
        Some(pair) => Err(Refusal::Syntax(format!("{}{} is neither a number nor a name", pair[0], pair[1]))),
        None => Ok(tokens),
    }
}

/// Bounds what the parser does not: types within types, and parts of parts, which it reads twice a level if they fail.
fn must_be_shallow(tokens: &[TokenWithSpan]) -> Result<(), Refusal> {
    let is_array_type =
        |part: &[Token; 4]| matches!(part, [Token::Word(word), Token::Lt, ..] if word.keyword == Keyword::ARRAY);
    let is_part_of_part = |part: &[Token; 4]| {
        matches!(part, [Token::RBracket | Token::RParen, Token::Period, Token::Word(_), Token::LBracket])
    };
    let mut last = [const { Token::EOF }; 4];
    let (mut array_types, mut parts_of_parts) = (0, 0);
    for token in tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))) {
        last.rotate_left(1);
        last[3] = token.token.clone();
        array_types += usize::from(is_array_type(&last));
        parts_of_parts += usize::from(is_part_of_part(&last));
    }
    for (count, most) in [(array_types, MOST_ARRAY_TYPES), (parts_of_parts, MOST_PARTS_OF_PARTS)] {
        if count > most {
            return Err(Refusal::TooDeep { most });
        }
    }
    Ok(())
}

fn must_begin_a_query(tokens: &[TokenWithSpan]) -> Result<(), Refusal> {
    let first = tokens.iter().find(|token| !matches!(token.token, Token::Whitespace(_) | Token::LParen));
    match first.map(|first| &first.token) {
        Some(Token::Word(word))
            if word.quote_style.is_none()
                && ["SELECT", "WITH", "VALUES"].iter().any(|begin| word.value.eq_ignore_ascii_case(begin)) =>
        {
            Ok(())
        }
        Some(Token::Word(word)) => Err(Refusal::NotAQuery(word.value.to_uppercase())),
        _ => Err(Refusal::Syntax("it does not begin with SELECT, WITH or VALUES".to_owned())),
    }
}

/// The text of a query. `OFFSET` comes before `LIMIT`, as Trino's grammar has it and this parser's printer has not.
#[must_use]
pub fn print(query: &Query) -> String {
    on_own_stack(|| print_here(query)).unwrap_or_default()
}

pub(super) fn print_here(query: &Query) -> String {
    let mut query = query.clone();
    let _ = walk::change(&mut query, &mut DoubledQuotes);
    let text = query.to_string();
    match tokens(&text, false) {
        Ok(mut tokens) => {
            offset_first(&mut tokens);
            tokens.iter().map(|token| token.token.to_string()).collect()
        }
        // A tree that was not made by parsing may print what cannot be read; then it is refused when it is.
        Err(_) => text,
    }
}

/// The parser's printer leaves a quote alone that follows a backslash or another quote, taking it for escaped. Trino knows
/// no backslash: such a text would end early, and the rest of it be run. With each quote doubled, all are left alone.
struct DoubledQuotes;

impl Changes for DoubledQuotes {
    fn value(&mut self, value: &mut ValueWithSpan) {
        if let Value::SingleQuotedString(text) = &mut value.value {
            *text = text.replace('\'', "''");
        }
    }
}

/// The end of a limit and of an offset, counted in tokens: the word, a space, the number.
const CLAUSE: usize = 3;

fn offset_first(tokens: &mut [TokenWithSpan]) {
    let is_word = |token: &TokenWithSpan, name: &str| matches!(&token.token, Token::Word(word) if word.quote_style.is_none() && word.value == name);
    let is_number = |token: &TokenWithSpan| matches!(token.token, Token::Number(..));
    let is_space = |token: &TokenWithSpan| matches!(token.token, Token::Whitespace(Whitespace::Space));
    for start in 0..tokens.len().saturating_sub(2 * CLAUSE) {
        let window = &tokens[start..=start + 2 * CLAUSE];
        if is_word(&window[0], "LIMIT")
            && is_word(&window[CLAUSE + 1], "OFFSET")
            && [2, CLAUSE + 3].iter().all(|place| is_number(&window[*place]))
            && [1, CLAUSE, CLAUSE + 2].iter().all(|place| is_space(&window[*place]))
        {
            tokens.swap(start, start + CLAUSE + 1);
            tokens.swap(start + 2, start + CLAUSE + 3);
        }
    }
}
