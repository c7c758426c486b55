//! Where an expression of a plan is written. Plans do not say: the operator is looked for whose neighbours in the text
//! are the operands' first and last words.

use datafusion::{
    logical_expr::Expr,
    scalar::ScalarValue,
    sql::sqlparser::tokenizer::{Token, TokenWithSpan},
};

use crate::engine::{Place, significant};

/// The place of an operator between two operands.
pub(super) fn of_operator(tokens: &[TokenWithSpan], sign: &str, left: Option<&Expr>, right: Option<&Expr>) -> Place {
    of_token(tokens, |token| sign_of(token).is_some_and(|other| other.eq_ignore_ascii_case(sign)), left, right)
}

/// The place of a token, by preference one between the operands.
pub(super) fn of_token(
    tokens: &[TokenWithSpan],
    is_it: impl Fn(&Token) -> bool,
    left: Option<&Expr>,
    right: Option<&Expr>,
) -> Place {
    let tokens: Vec<_> = significant(tokens).collect();
    let (left, right) = (left.map(|left| Words::of(left).last), right.map(|right| Words::of(right).first));
    let fits = |number: Option<usize>, word: &Option<Word>| {
        let token = number.and_then(|number| tokens.get(number));
        u8::from(token.zip(word.as_ref()).is_some_and(|(token, word)| word.is(&token.token)))
    };
    let mut best: Option<(u8, Place)> = None;
    for (number, token) in tokens.iter().enumerate().filter(|(_, token)| is_it(&token.token)) {
        let score = fits(number.checked_sub(1), &left) + fits(Some(number + 1), &right);
        if best.is_none_or(|(other, _)| other < score) {
            best = Some((score, token.span.start.into()));
        }
    }
    best.map_or(Place::START, |(_, place)| place)
}

/// The place where an expression begins, as far as its first word tells.
pub(super) fn of_expression(tokens: &[TokenWithSpan], expression: &Expr) -> Place {
    let spans = expression.spans().and_then(|spans| spans.first());
    if let Some(span) = spans {
        return Place { line: span.start.line, column: span.start.column };
    }
    let first = Words::of(expression).first;
    let found = significant(tokens).find(|token| first.is(&token.token));
    found.map_or(Place::START, |token| token.span.start.into())
}

fn sign_of(token: &Token) -> Option<String> {
    match token {
        Token::Word(_) | Token::SingleQuotedString(_) => None,
        Token::Neq => Some("<>".to_owned()),
        other => Some(other.to_string()),
    }
}

/// The first and the last word of an expression as it is written.
struct Words {
    first: Word,
    last: Word,
}

enum Word {
    Name(String),
    /// A column with its table, which the text may leave out.
    Qualified(String, String),
    Text(String),
    Number(String),
    /// A call or a subquery ends with one.
    Parenthesis,
    Unknown,
}

impl Word {
    fn is(&self, token: &Token) -> bool {
        match (self, token) {
            (Self::Name(name), Token::Word(word)) => word.value.to_lowercase() == *name,
            (Self::Qualified(table, name), Token::Word(word)) => {
                let word = word.value.to_lowercase();
                word == *table || word == *name
            }
            (Self::Text(text), Token::SingleQuotedString(other)) => text == other,
            (Self::Number(number), Token::Number(other, _)) => number == other,
            (Self::Parenthesis, Token::RParen | Token::LParen) => true,
            _ => false,
        }
    }
}

impl Words {
    fn of(expression: &Expr) -> Self {
        match expression {
            Expr::Column(column) => {
                let name = column.name.to_lowercase();
                let first = match &column.relation {
                    Some(relation) => Word::Qualified(relation.table().to_lowercase(), name.clone()),
                    None => Word::Name(name.clone()),
                };
                Self { first, last: Word::Name(name) }
            }
            Expr::Literal(value, _) => match value {
                ScalarValue::Utf8(Some(text)) => {
                    Self { first: Word::Text(text.clone()), last: Word::Text(text.clone()) }
                }
                other => Self { first: Word::Number(other.to_string()), last: Word::Number(other.to_string()) },
            },
            Expr::Alias(alias) => Self::of(&alias.expr),
            Expr::BinaryExpr(binary) => {
                Self { first: Self::of(&binary.left).first, last: Self::of(&binary.right).last }
            }
            Expr::ScalarFunction(call) => Self::call(call.name()),
            Expr::AggregateFunction(call) => Self::call(call.func.name()),
            Expr::WindowFunction(call) => Self::call(call.fun.name()),
            Expr::ScalarSubquery(_) => Self { first: Word::Parenthesis, last: Word::Parenthesis },
            _ => Self { first: Word::Unknown, last: Word::Unknown },
        }
    }

    fn call(name: &str) -> Self {
        Self { first: Word::Name(name.trim_start_matches('_').to_lowercase()), last: Word::Parenthesis }
    }
}
