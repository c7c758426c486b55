//! What names mean at one place of a query.

use shared::sql::schema::Table;
use sqlparser::ast::{BinaryOperator, DataType, Query, UnaryOperator};
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, SelectItem, SetExpr, Value,
};

/// What a mend has to know of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    /// Decimal or floating.
    Real,
    Boolean,
    Date,
    Timestamp,
    Other,
}

/// A column of a relation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// What stands in FROM.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Relation {
    /// By which its columns are called.
    pub(super) alias: String,
    /// The table's name, where it is one of the schema's.
    pub(super) table: Option<String>,
    pub(super) fields: Vec<Field>,
}

/// What the expressions of one SELECT can name.
#[derive(Debug, Clone, Default)]
pub(super) struct Frame {
    pub(super) relations: Vec<Relation>,
    /// Names of the select list with what they stand for.
    pub(super) aliases: Vec<(String, Expr)>,
}

impl Kind {
    /// Of a type as the catalog spells it.
    pub(super) fn of(kind: &str) -> Self {
        let name: String = kind.trim().chars().take_while(|letter| letter.is_ascii_alphabetic()).collect();
        match name.to_ascii_lowercase().as_str() {
            "varchar" | "char" | "string" | "text" => Self::Text,
            "tinyint" | "smallint" | "int" | "integer" | "bigint" => Self::Integer,
            "float" | "real" | "double" | "decimal" | "numeric" => Self::Real,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "timestamp" => Self::Timestamp,
            _ => Self::Other,
        }
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Real)
    }
}

impl Relation {
    pub(super) fn of_table(table: &Table, alias: Option<&Ident>) -> Self {
        let field =
            |column: &shared::sql::schema::Column| Field { name: column.name.clone(), kind: Kind::of(&column.kind) };
        Self {
            alias: alias.map_or_else(|| table.name.clone(), |alias| alias.value.clone()),
            table: Some(table.name.clone()),
            fields: table.visible().map(field).collect(),
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

impl Frame {
    pub(super) fn relation(&self, alias: &str) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.alias.eq_ignore_ascii_case(alias))
    }

    /// The relations that have a column of this name.
    pub(super) fn having(&self, column: &str) -> Vec<&Relation> {
        self.relations.iter().filter(|relation| relation.field(column).is_some()).collect()
    }

    pub(super) fn alias(&self, name: &str) -> Option<&Expr> {
        self.aliases.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name)).map(|(_, expr)| expr)
    }
}

/// The relation and the column that an expression names, looked for from the inside out.
pub(super) fn resolve<'a>(expr: &Expr, frames: &'a [Frame]) -> Option<(&'a Relation, &'a Field)> {
    match expr {
        Expr::Nested(inner) => resolve(inner, frames),
        Expr::Identifier(name) => frames.iter().rev().find_map(|frame| {
            let relation = *frame.having(&name.value).first()?;
            Some((relation, relation.field(&name.value)?))
        }),
        Expr::CompoundIdentifier(parts) => {
            let [.., qualifier, name] = parts.as_slice() else { return None };
            let relation = frames.iter().rev().find_map(|frame| frame.relation(&qualifier.value))?;
            Some((relation, relation.field(&name.value)?))
        }
        _ => None,
    }
}

/// The type of an expression, as far as that is easily told.
pub(super) fn kind(expr: &Expr, frames: &[Frame]) -> Kind {
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
            resolve(expr, frames).map_or(Kind::Other, |(_, field)| field.kind)
        }
        Expr::Nested(inner) => kind(inner, frames),
        Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => kind(expr, frames),
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) if number.contains(['.', 'e', 'E']) => Kind::Real,
            Value::Number(..) => Kind::Integer,
            Value::SingleQuotedString(_) => Kind::Text,
            Value::Boolean(_) => Kind::Boolean,
            _ => Kind::Other,
        },
        Expr::Cast { data_type, .. } => of_cast(data_type),
        Expr::BinaryOp { op: BinaryOperator::StringConcat, .. } => Kind::Text,
        Expr::BinaryOp { left, op, right } if is_arithmetic(op) => match (kind(left, frames), kind(right, frames)) {
            (Kind::Integer, Kind::Integer) => Kind::Integer,
            (one, other) if one.is_number() && other.is_number() => Kind::Real,
            _ => Kind::Other,
        },
        Expr::Extract { .. } => Kind::Integer,
        Expr::Function(function) => of_function(function, frames),
        _ => Kind::Other,
    }
}

fn is_arithmetic(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Divide, Minus, Modulo, Multiply, Plus};
    matches!(op, Plus | Minus | Multiply | Divide | Modulo)
}

fn of_cast(data_type: &DataType) -> Kind {
    Kind::of(&data_type.to_string())
}

fn of_function(function: &Function, frames: &[Frame]) -> Kind {
    let name = function.name.to_string().to_ascii_lowercase();
    let first = || first_argument(function).map_or(Kind::Other, |argument| kind(argument, frames));
    match name.as_str() {
        "count" | "count_if" | "approx_distinct" | "length" | "strpos" | "year" | "quarter" | "month" | "week"
        | "day" | "hour" | "minute" | "second" | "day_of_week" | "day_of_year" | "date_diff" | "row_number"
        | "rank" | "dense_rank" | "ntile" | "cardinality" => Kind::Integer,
        "avg" | "stddev" | "variance" | "sqrt" | "ln" | "log10" | "exp" | "power" => Kind::Real,
        "lower" | "upper" | "trim" | "substr" | "substring" | "replace" | "concat" | "date_format"
        | "regexp_extract" | "split_part" => Kind::Text,
        "date" | "current_date" => Kind::Date,
        "sum" | "min" | "max" | "abs" | "round" | "coalesce" | "arbitrary" | "date_trunc" | "date_add" | "nullif"
        | "lag" | "lead" => first(),
        _ => Kind::Other,
    }
}

pub(super) fn first_argument(function: &Function) -> Option<&Expr> {
    let FunctionArguments::List(list) = &function.args else { return None };
    match list.args.first()? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    }
}

/// The columns that a query has for those who select from it; none where that cannot be told.
pub(super) fn outputs(query: &Query, frames: &[Frame]) -> Option<Vec<Field>> {
    let select = leftmost(&query.body)?;
    let frame = frames.last()?;
    let mut fields = Vec::new();
    for item in &select.projection {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                let name = match expr {
                    Expr::Identifier(name) => name.value.clone(),
                    Expr::CompoundIdentifier(parts) => parts.last()?.value.clone(),
                    _ => continue,
                };
                fields.push(Field { name, kind: kind(expr, frames) });
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                fields.push(Field { name: alias.value.clone(), kind: kind(expr, frames) });
            }
            SelectItem::Wildcard(_) => {
                fields.extend(frame.relations.iter().flat_map(|relation| relation.fields.clone()))
            }
            SelectItem::QualifiedWildcard(..) | SelectItem::ExprWithAliases { .. } => return None,
        }
    }
    Some(fields)
}

pub(super) fn leftmost(body: &SetExpr) -> Option<&sqlparser::ast::Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(query) => leftmost(&query.body),
        SetExpr::SetOperation { left, .. } => leftmost(left),
        _ => None,
    }
}
