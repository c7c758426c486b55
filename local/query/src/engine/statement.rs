//! From the text of a query to its syntax tree: one `SELECT`, names in lower case, columns labelled.

use datafusion::sql::sqlparser::{
    ast::Statement,
    parser::{Parser, ParserError},
    tokenizer::{Token, TokenWithSpan, Tokenizer},
};

use super::{
    aliases,
    catalog::Catalog,
    dialect::Athena,
    names::{self, Names},
    place::{Place, significant},
    refused,
};
use crate::{QueryError, functions};

/// Athena's limit, in bytes; see "Service Quotas" in its user guide.
const MOST_BYTES: usize = 262_144;

/// A tree is as deep as its operators are many, and it is walked by recursion.
const MOST_OPERATORS: usize = 1_000;

/// Parentheses and subqueries in each other.
const MOST_NESTED: usize = 100;

const CHAINING: [&str; 11] =
    ["AND", "OR", "NOT", "IS", "IN", "LIKE", "BETWEEN", "UNION", "INTERSECT", "EXCEPT", "JOIN"];

#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) statement: Statement,
    pub(crate) names: Names,
    /// As they were written, to find places in.
    pub(crate) tokens: Vec<TokenWithSpan>,
}

/// # Errors
///
/// Where the text is no query, or more than one, in the words of Athena.
pub(crate) fn parse(sql: &str, catalog: &Catalog, database: &str) -> Result<Query, QueryError> {
    if sql.len() > MOST_BYTES {
        return Err(wrong(Place::START, &format!("the query is longer than {MOST_BYTES} bytes")));
    }
    let tokens = tokens(sql)?;
    if significant(&tokens).filter(|token| is_operator(&token.token)).count() > MOST_OPERATORS {
        // As Trino says when its own parser has no more room.
        return Err(wrong(Place::START, "statement is too large (stack overflow while parsing)"));
    }
    let written = one(tokens.clone())?;
    let Statement::Query(body) = &written else {
        let first = significant(&tokens).next().map(|token| token.token.to_string()).unwrap_or_default();
        let message =
            format!("line 1:1: only queries are run here, and this is a statement of {}", first.to_uppercase());
        return Err(QueryError::User(format!("NOT_SUPPORTED: {message}")));
    };
    let names = Names::written(body);
    let mut statement = one(lower_cased(tokens.clone()))?;
    refused::check(&statement, &tokens)?;
    names::label(&mut statement);
    aliases::check(&statement, catalog, database)?;
    functions::rewrite(&mut statement)?;
    Ok(Query { statement, names, tokens })
}

/// The words of a query. Nothing if it has characters that no word can have.
pub(crate) fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, QueryError> {
    Tokenizer::new(&Athena, sql).tokenize_with_location().map_err(|error| wrong(error.location.into(), &error.message))
}

/// Quoted names, too, mean the same in any case.
fn lower_cased(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    for token in &mut tokens {
        if let Token::Word(word) = &mut token.token
            && word.quote_style.is_some()
        {
            word.value = word.value.to_lowercase();
        }
    }
    tokens
}

fn one(tokens: Vec<TokenWithSpan>) -> Result<Statement, QueryError> {
    let end = tokens.last().map_or(Place::START, |last| last.span.end.into());
    let mut parser = Parser::new(&Athena).with_recursion_limit(MOST_NESTED).with_tokens_with_locations(tokens);
    if parser.peek_token().token == Token::EOF {
        return Err(wrong(Place::START, "mismatched input '<EOF>'. Expecting: a query"));
    }
    let statement = parser.parse_statement().map_err(|error| mismatched(&error, end))?;
    let _ = parser.consume_token(&Token::SemiColon);
    let next = parser.next_token();
    match next.token {
        Token::EOF => Ok(statement),
        other => Err(wrong(next.span.start.into(), &format!("mismatched input '{other}'. Expecting: <EOF>"))),
    }
}

/// The parser's error in Trino's words: `line 1:8: mismatched input 'FROM'. Expecting: an expression`.
fn mismatched(error: &ParserError, end: Place) -> QueryError {
    let (ParserError::TokenizerError(message) | ParserError::ParserError(message)) = error else {
        return wrong(Place::START, "statement is too large (stack overflow while parsing)");
    };
    let (message, place) = located(message);
    let found = message.strip_prefix("Expected: ").and_then(|rest| rest.rsplit_once(", found: "));
    match found {
        Some((expected, "EOF")) => wrong(end, &format!("mismatched input '<EOF>'. Expecting: {expected}")),
        Some((_, "`")) => {
            wrong(place, "backquoted identifiers are not supported; use double quotes to quote identifiers")
        }
        Some((expected, found)) => wrong(place, &format!("mismatched input '{found}'. Expecting: {expected}")),
        None => wrong(place, message),
    }
}

/// Takes the place off the end of a message of the parser: `… at Line: 1, Column: 8`.
fn located(message: &str) -> (&str, Place) {
    let Some((text, place)) = message.rsplit_once(" at Line: ") else { return (message, Place::START) };
    let Some((line, column)) = place.split_once(", Column: ") else { return (message, Place::START) };
    match (line.parse(), column.trim().parse()) {
        (Ok(line), Ok(column)) => (text, Place { line, column }),
        _ => (message, Place::START),
    }
}

/// Whether it can be in a chain that makes the tree deeper.
fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => CHAINING.contains(&word.value.to_ascii_uppercase().as_str()),
        Token::Eq | Token::Neq | Token::Lt | Token::Gt | Token::LtEq | Token::GtEq => true,
        Token::Plus | Token::Minus | Token::Mul | Token::Div | Token::Mod => true,
        Token::StringConcat | Token::DoubleColon | Token::Arrow | Token::LBracket => true,
        _ => false,
    }
}

fn wrong(place: Place, message: &str) -> QueryError {
    QueryError::User(format!("SYNTAX_ERROR: {place}: {message}"))
}
