//! The SQL that is read: Trino's, which is Athena's engine, and none of the extensions of others.

use sqlparser::ast::{Expr, ObjectName};
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

#[derive(Debug)]
pub(super) struct Athena;

impl Dialect for Athena {
    fn is_identifier_start(&self, character: char) -> bool {
        character.is_ascii_alphabetic() || character == '_'
    }

    fn is_identifier_part(&self, character: char) -> bool {
        character.is_ascii_alphanumeric() || character == '_'
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_lambda_functions(&self) -> bool {
        true
    }

    fn supports_named_fn_args_with_rarrow_operator(&self) -> bool {
        false
    }

    fn supports_parens_around_table_factor(&self) -> bool {
        true
    }

    /// `||` binds less than `+` in Trino's grammar, and as `*` in this parser's. `->` is no operator but a lambda's.
    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        match parser.peek_token_ref().token {
            Token::StringConcat => Some(Ok(self.prec_value(Precedence::PlusMinus) - 1)),
            Token::Arrow => Some(Ok(self.prec_unknown())),
            _ => None,
        }
    }

    /// Where such a word fails as what it begins, the parser would read all of what follows again as a name's: twice a
    /// level, which is without end for a query of forty levels. What [`Self::parse_prefix`] reads, it reads for the same
    /// reason.
    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        CALLS.contains(&keyword) || BEGINNINGS.contains(&keyword)
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        let Token::Word(word) = &parser.peek_token_ref().token else { return None };
        let keyword = if word.quote_style.is_none() { word.keyword } else { Keyword::NoKeyword };
        let [next, after] = [1, 2].map(|place| &parser.peek_nth_token_ref(place).token);
        match (keyword, next, after) {
            (_, Token::Period, Token::Word(_)) => Some(path(parser)),
            (Keyword::SELECT | Keyword::VALUES | Keyword::WITH, ..) => {
                Some(parser.expected_ref("an expression", parser.peek_token_ref()))
            }
            (Keyword::POSITION, Token::LParen, _) => Some(position(parser)),
            (Keyword::INTERVAL, Token::SingleQuotedString(_) | Token::Number(..), _) => None,
            (keyword, next, _)
                if keyword == Keyword::INTERVAL || CALLS.contains(&keyword) && *next != Token::LParen =>
            {
                Some(parser.parse_identifier().map(Expr::Identifier))
            }
            _ => None,
        }
    }
}

const CALLS: [Keyword; 13] = [
    Keyword::CAST,
    Keyword::CEIL,
    Keyword::CONVERT,
    Keyword::EXTRACT,
    Keyword::FLOOR,
    Keyword::LAMBDA,
    Keyword::OVERLAY,
    Keyword::POSITION,
    Keyword::SAFE_CAST,
    Keyword::SUBSTR,
    Keyword::SUBSTRING,
    Keyword::TRIM,
    Keyword::TRY_CAST,
];

const BEGINNINGS: [Keyword; 10] = [
    Keyword::ARRAY,
    Keyword::CASE,
    Keyword::CURRENT_DATE,
    Keyword::CURRENT_TIME,
    Keyword::CURRENT_TIMESTAMP,
    Keyword::EXISTS,
    Keyword::INTERVAL,
    Keyword::LOCALTIME,
    Keyword::LOCALTIMESTAMP,
    Keyword::NOT,
];

/// Names with points between them, or the call of a function of such a name.
fn path(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    let mut names = vec![parser.parse_identifier()?];
    while parser.peek_token_ref().token == Token::Period && matches!(parser.peek_nth_token_ref(1).token, Token::Word(_))
    {
        parser.advance_token();
        names.push(parser.parse_identifier()?);
    }
    if parser.peek_token_ref().token == Token::LParen {
        return parser.parse_function(ObjectName::from(names));
    }
    Ok(Expr::CompoundIdentifier(names))
}

/// `POSITION(part IN text)`.
fn position(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    parser.advance_token();
    parser.expect_token(&Token::LParen)?;
    let expr = Box::new(parser.parse_subexpr(Athena.prec_value(Precedence::Between))?);
    parser.expect_keyword_is(Keyword::IN)?;
    let r#in = Box::new(parser.parse_expr()?);
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Position { expr, r#in })
}
