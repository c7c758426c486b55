//! What Trino's grammar has and the parser has not.

use datafusion::sql::sqlparser::{
    ast::{Expr, Ident},
    keywords::Keyword,
    parser::{Parser, ParserError},
    tokenizer::{Span, Token},
};

use super::{
    cast::{CAST, TRY_CAST},
    dates::extracting,
    syntax::{call_named, text},
};

/// Reads what the parser reads otherwise or not at all: casts to `array(bigint)`, `EXTRACT(DAY_OF_WEEK FROM x)`,
/// `TRIM(LEADING FROM x)`. None for everything else.
pub(crate) fn parse_prefix(parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
    let Token::Word(word) = &parser.peek_token_ref().token else {
        return None;
    };
    let keyword = word.keyword;
    if parser.peek_nth_token_ref(1).token != Token::LParen {
        return None;
    }
    match keyword {
        Keyword::CAST => Some(parse_cast(parser, CAST)),
        Keyword::TRY_CAST => Some(parse_cast(parser, TRY_CAST)),
        Keyword::EXTRACT => Some(parse_extract(parser)),
        Keyword::TRIM => {
            let is_without_letters = parser.peek_nth_token_ref(3).token == Token::make_keyword("FROM");
            is_without_letters.then(|| parse_trim(parser)).flatten()
        }
        _ => None,
    }
}

/// Only for a field that Trino has; the parser names what is wrong with another.
fn parse_extract(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    let span = parser.next_token().span;
    parser.expect_token(&Token::LParen)?;
    let field = parser.parse_identifier()?;
    parser.expect_keyword(Keyword::FROM)?;
    let value = parser.parse_expr()?;
    parser.expect_token(&Token::RParen)?;
    let function = extracting(&field.value)
        .ok_or_else(|| ParserError::ParserError(format!("Invalid EXTRACT field: {field}{}", field.span.start)))?;
    Ok(call_named(spanned(function, span), vec![value]))
}

/// `TRIM(LEADING FROM x)`; none if what stands before FROM is no such word.
fn parse_trim(parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
    let function = match &parser.peek_nth_token_ref(2).token {
        Token::Word(word) if word.keyword == Keyword::LEADING => "ltrim",
        Token::Word(word) if word.keyword == Keyword::TRAILING => "rtrim",
        Token::Word(word) if word.keyword == Keyword::BOTH => "trim",
        _ => return None,
    };
    let span = parser.next_token().span;
    (0..3).for_each(|_| drop(parser.next_token()));
    let value = parser.parse_expr().and_then(|value| parser.expect_token(&Token::RParen).map(|_| value));
    Some(value.map(|value| call_named(spanned(function, span), vec![value])))
}

fn spanned(name: &str, span: Span) -> Ident {
    let mut name = Ident::with_quote('"', name);
    name.span = span;
    name
}

fn parse_cast(parser: &mut Parser<'_>, name: &str) -> Result<Expr, ParserError> {
    let span = parser.next_token().span;
    parser.expect_token(&Token::LParen)?;
    let value = parser.parse_expr()?;
    parser.expect_keyword(Keyword::AS)?;
    let mut kind = String::new();
    let mut depth = 0_usize;
    loop {
        let token = parser.next_token().token;
        match token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 0 => break,
            Token::RParen => depth -= 1,
            Token::EOF | Token::SemiColon => return parser.expected_ref("a type", parser.peek_token_ref()),
            _ => {}
        }
        if !kind.is_empty() {
            kind.push(' ');
        }
        kind.push_str(&token.to_string());
    }
    Ok(call_named(spanned(name, span), vec![value, text(&kind)]))
}
