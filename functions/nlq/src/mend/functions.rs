//! Functions of other databases, and arguments that Athena's do not take.

use sqlparser::ast::{
    DataType, ExactNumberInfo, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    Ident, ObjectName, Value,
};

use super::{
    literals::try_cast,
    scope::{Frame, Kind, kind},
};

pub(super) fn mend(expr: &mut Expr, frames: &[Frame]) {
    let Expr::Function(function) = expr else { return };
    if function.over.is_some() {
        return;
    }
    let name = function.name.to_string().to_ascii_lowercase();
    arguments(&name, function, frames);
    if let Some(own) = renamed(&name) {
        function.name = ObjectName::from(vec![Ident::new(own)]);
    }
    if let Some(other) = rewritten(&name, function, frames) {
        *expr = other;
    }
}

/// Of the same arguments.
fn renamed(name: &str) -> Option<&'static str> {
    Some(match name {
        "ifnull" | "nvl" | "isnull" => "coalesce",
        "len" | "char_length" => "length",
        "ucase" => "upper",
        "lcase" => "lower",
        "instr" => "strpos",
        "stdev" => "stddev",
        "any_value" | "first" => "arbitrary",
        "dayofmonth" => "day",
        "dayofyear" => "day_of_year",
        "iif" => "if",
        _ => return None,
    })
}

fn rewritten(name: &str, function: &Function, frames: &[Frame]) -> Option<Expr> {
    let arguments = list(function)?;
    match (name, arguments.as_slice()) {
        // SQLite: strftime('%Y', day). Compared with a text mostly, so that it stays one.
        ("strftime", [Expr::Value(format), day]) => {
            let Value::SingleQuotedString(format) = &format.value else { return None };
            let format = format.replace("%M", "%i").replace("%W", "%v");
            Some(call("date_format", vec![as_timestamp((*day).clone(), frames), text(&format)]))
        }
        ("date", [Expr::Value(now)]) if is_text(&now.value, "now") => Some(bare("current_date")),
        ("datetime", [Expr::Value(now)]) if is_text(&now.value, "now") => Some(bare("current_timestamp")),
        ("getdate" | "now" | "sysdate", []) => Some(bare("current_timestamp")),
        ("curdate", []) => Some(bare("current_date")),
        ("datediff", [one, other]) => Some(call("date_diff", vec![text("day"), (*other).clone(), (*one).clone()])),
        ("group_concat" | "string_agg", [value]) => Some(joined((*value).clone(), ", ", frames)),
        ("group_concat" | "string_agg", [value, Expr::Value(separator)]) => match &separator.value {
            Value::SingleQuotedString(separator) => Some(joined((*value).clone(), separator, frames)),
            _ => None,
        },
        ("total", [value]) => Some(call("sum", vec![(*value).clone()])),
        _ => None,
    }
}

/// Numbers that are kept as text can be added up; dates that are, have a year.
fn arguments(name: &str, function: &mut Function, frames: &[Frame]) {
    let is_sum = matches!(name, "sum" | "avg" | "stddev" | "variance" | "round" | "abs" | "total");
    let is_date_part = matches!(name, "year" | "quarter" | "month" | "week" | "day" | "day_of_week" | "day_of_year");
    let FunctionArguments::List(FunctionArgumentList { args, .. }) = &mut function.args else { return };
    let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(first))) = args.first_mut() else { return };
    if kind(first, frames) == Kind::Text {
        match () {
            () if is_sum => try_cast(first, DataType::Double(ExactNumberInfo::None)),
            () if is_date_part => try_cast(first, DataType::Date),
            () => {}
        }
    }
}

fn as_timestamp(mut expr: Expr, frames: &[Frame]) -> Expr {
    if kind(&expr, frames) == Kind::Text {
        try_cast(&mut expr, DataType::Timestamp(None, sqlparser::ast::TimezoneInfo::None));
    }
    expr
}

/// Athena's `listagg` needs an order; an array does not.
fn joined(mut value: Expr, separator: &str, frames: &[Frame]) -> Expr {
    if kind(&value, frames) != Kind::Text {
        super::literals::cast(&mut value, DataType::Varchar(None));
    }
    call("array_join", vec![call("array_agg", vec![value]), text(separator)])
}

fn list(function: &Function) -> Option<Vec<&Expr>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    list.args
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
            _ => None,
        })
        .collect()
}

pub(super) fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let args = arguments.into_iter().map(|expr| FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))).collect();
    let list = FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() };
    function(name, FunctionArguments::List(list))
}

/// A function without parentheses.
fn bare(name: &str) -> Expr {
    function(name, FunctionArguments::None)
}

fn function(name: &str, args: FunctionArguments) -> Expr {
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args,
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

fn text(text: &str) -> Expr {
    Expr::value(Value::SingleQuotedString(text.to_owned()))
}

fn is_text(value: &Value, text: &str) -> bool {
    matches!(value, Value::SingleQuotedString(own) if own.eq_ignore_ascii_case(text))
}
