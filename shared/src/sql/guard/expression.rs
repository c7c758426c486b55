//! Expressions.

use sqlparser::ast::{
    AccessExpr, BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DateTimeField, Expr, ExtractSyntax, Ident,
    Subscript, TypedString, UnaryOperator, Value, ValueWithSpan,
};

use super::checker::Checker;
use super::literal::{self, is_extractable, text};
use super::names::{key, normalise};
use super::refusal::{Refusal, listed};
use super::types;
use crate::sql::schema::Table;

impl Checker<'_> {
    pub(super) fn expressions(&mut self, expressions: &mut [Expr]) -> Result<(), Refusal> {
        expressions.iter_mut().try_for_each(|expression| self.expression(expression))
    }

    pub(super) fn expression(&mut self, expression: &mut Expr) -> Result<(), Refusal> {
        self.deeper(|checker| {
            let (mut node, mut climbed) = (expression, 0);
            // A chain of operators is as high as it is long; going down it in a loop keeps the stack low.
            while let Expr::BinaryOp { left, op, right } = node {
                operator(op)?;
                if *op == BinaryOperator::StringConcat {
                    // Trino binds `+` closer than `||`, other parsers not: so that all read the same.
                    [&mut *left, &mut *right].into_iter().for_each(|side| in_parentheses(side, is_arithmetic));
                }
                checker.climb()?;
                climbed += 1;
                checker.expression(right)?;
                node = left;
            }
            checker.node(node)?;
            checker.descend(climbed);
            Ok(())
        })
    }

    fn node(&mut self, node: &mut Expr) -> Result<(), Refusal> {
        match node {
            Expr::Identifier(name) => {
                if let Some(stand_in) = self.scope.substitute(name).cloned() {
                    self.count_substituted(stand_in.to_string().len())?;
                    *node = Expr::Nested(Box::new(stand_in));
                    return Ok(());
                }
                let relation = self.scope.resolve(name).map_err(|refusal| self.pointing(refusal))?;
                normalise(name)?;
                if let Some(relation) = relation {
                    *node = Expr::CompoundIdentifier(vec![relation.alias.clone(), name.clone()]);
                }
                Ok(())
            }
            Expr::CompoundIdentifier(path) => self.path(path),
            Expr::CompoundFieldAccess { root, access_chain } => self.field_access(root, access_chain),
            Expr::Value(value) => literal::value(value),
            Expr::TypedString(TypedString { data_type, value, uses_odbc_syntax }) => {
                if *uses_odbc_syntax {
                    return Err(Refusal::not_allowed("{d '…'}", "write DATE '…'"));
                }
                types::check(data_type)?;
                text(value)
            }
            Expr::Interval(interval) => literal::interval(interval),
            Expr::Nested(inner)
            | Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotUnknown(inner) => self.expression(inner),
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                self.expression(left)?;
                self.expression(right)
            }
            Expr::UnaryOp { op, expr } => {
                match op {
                    UnaryOperator::Not => {}
                    // Two signs without parentheses would begin a comment.
                    UnaryOperator::Plus | UnaryOperator::Minus => in_parentheses(expr, is_signed),
                    other => return Err(Refusal::not_allowed(format!("Operator {other}"), "use a function")),
                }
                self.expression(expr)
            }
            Expr::Between { expr, negated: _, low, high } => {
                self.expression(expr)?;
                self.expression(low)?;
                self.expression(high)
            }
            Expr::InList { expr, list, negated: _ } => {
                self.expression(expr)?;
                self.expressions(list)
            }
            Expr::InSubquery { expr, subquery, negated: _ } => {
                self.expression(expr)?;
                self.query(subquery).map(|_| ())
            }
            Expr::Exists { subquery, negated: _ } | Expr::Subquery(subquery) => self.query(subquery).map(|_| ()),
            Expr::AnyOp { left, compare_op, right, is_some: _ } | Expr::AllOp { left, compare_op, right } => {
                operator(compare_op)?;
                self.expression(left)?;
                match right.as_mut() {
                    Expr::Subquery(subquery) => self.query(subquery).map(|_| ()),
                    _ => Err(Refusal::not_allowed("ANY or ALL of anything but a subquery", "use contains(array, x)")),
                }
            }
            Expr::Like { negated: _, any, expr, pattern, escape_char } => {
                if *any {
                    return Err(Refusal::not_allowed("LIKE ANY", "write LIKE … OR LIKE …"));
                }
                escape_char.as_ref().map_or(Ok(()), text)?;
                self.expression(expr)?;
                self.expression(pattern)
            }
            Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
                if let Some(operand) = operand {
                    self.expression(operand)?;
                }
                for CaseWhen { condition, result } in conditions {
                    self.expression(condition)?;
                    self.expression(result)?;
                }
                else_result.as_mut().map_or(Ok(()), |result| self.expression(result))
            }
            Expr::Cast { kind, expr, data_type, array, format } => {
                match kind {
                    CastKind::Cast | CastKind::TryCast => {}
                    CastKind::SafeCast => *kind = CastKind::TryCast,
                    CastKind::DoubleColon => *kind = CastKind::Cast,
                }
                if *array || format.is_some() {
                    return Err(Refusal::not_allowed("CAST with FORMAT", "use date_parse or date_format"));
                }
                types::check(data_type)?;
                self.expression(expr)
            }
            Expr::AtTimeZone { timestamp, time_zone } => {
                match time_zone.as_ref() {
                    Expr::Value(zone) => text(zone)?,
                    _ => return Err(Refusal::not_allowed("A time zone that is no literal", "write it in quotes")),
                }
                self.expression(timestamp)
            }
            Expr::Extract { field, syntax, expr } => {
                if !matches!(syntax, ExtractSyntax::From) || !is_extractable(field) {
                    return Err(Refusal::not_allowed(
                        format!("EXTRACT of {field}"),
                        "extract YEAR, QUARTER, MONTH, WEEK, DAY, DOW, DOY, HOUR, MINUTE or SECOND FROM a date",
                    ));
                }
                self.expression(expr)
            }
            Expr::Ceil { expr, field } | Expr::Floor { expr, field } => {
                if !matches!(field, CeilFloorKind::DateTimeField(DateTimeField::NoDateTime)) {
                    return Err(Refusal::not_allowed(
                        "CEIL or FLOOR with a unit",
                        "use date_trunc or round(x, digits)",
                    ));
                }
                self.expression(expr)
            }
            Expr::Position { expr, r#in } => {
                self.expression(expr)?;
                self.expression(r#in)
            }
            Expr::Substring { expr, substring_from, substring_for, special: _, shorthand: _ } => {
                let Some(from) = substring_from else {
                    return Err(Refusal::not_allowed("SUBSTRING without a start", "write substr(text, 1, n)"));
                };
                self.expression(expr)?;
                self.expression(from)?;
                substring_for.as_mut().map_or(Ok(()), |length| self.expression(length))
            }
            Expr::Trim { trim_where: _, trim_what, expr, trim_characters } => {
                if trim_characters.is_some() {
                    return Err(Refusal::not_allowed("TRIM with a comma", "write TRIM(BOTH 'x' FROM text)"));
                }
                trim_what.as_mut().map_or(Ok(()), |what| self.expression(what))?;
                self.expression(expr)
            }
            Expr::Tuple(values) if values.len() > 1 => self.expressions(values),
            Expr::Array(array) => {
                array.named = true;
                self.expressions(&mut array.elem)
            }
            Expr::Function(function) => self.call(function),
            Expr::ILike { .. } => Err(Refusal::not_allowed("ILIKE", "write lower(text) LIKE 'pattern in lower case'")),
            Expr::RLike { .. } | Expr::SimilarTo { .. } => {
                Err(Refusal::not_allowed("RLIKE, REGEXP or SIMILAR TO", "use regexp_like(text, pattern)"))
            }
            Expr::BinaryOp { .. } => Err(Refusal::Unprintable),
            Expr::Lambda(_) => Err(Refusal::not_allowed("A lambda here", "give it to a function such as transform")),
            Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => {
                Err(Refusal::not_allowed("* inside an expression", "use count(*), or name the columns"))
            }
            Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_) => {
                Err(Refusal::not_allowed("ROLLUP, CUBE or GROUPING SETS here", "write it directly after GROUP BY"))
            }
            Expr::JsonAccess { .. } => {
                Err(Refusal::not_allowed("Access to JSON by a colon", "use json_extract_scalar(json, '$.path')"))
            }
            Expr::IsNormalized { .. }
            | Expr::InUnnest { .. }
            | Expr::Convert { .. }
            | Expr::Overlay { .. }
            | Expr::Collate { .. }
            | Expr::Prefixed { .. }
            | Expr::Tuple(_)
            | Expr::Struct { .. }
            | Expr::Named { .. }
            | Expr::Dictionary(_)
            | Expr::Map(_)
            | Expr::MatchAgainst { .. }
            | Expr::OuterJoin(_)
            | Expr::Prior(_)
            | Expr::MemberOf(_) => {
                Err(Refusal::not_allowed(format!("The expression {}", shortened(node)), "write it as Athena has it"))
            }
        }
    }

    fn path(&mut self, path: &mut [Ident]) -> Result<(), Refusal> {
        self.resolve_path(path)?;
        path.iter_mut().try_for_each(normalise)
    }

    fn resolve_path(&self, path: &[Ident]) -> Result<(), Refusal> {
        let (catalog, database) = (&self.schema.catalog, &self.schema.database);
        self.scope.resolve_path(path, catalog, database).map_err(|refusal| self.pointing(refusal))
    }

    /// Adds to a refusal which tables have the column that this one has not.
    fn pointing(&self, refusal: Refusal) -> Refusal {
        let Refusal::UnknownColumn { name, place, hint } = refusal else { return refusal };
        let wanted = key(name.trim_matches('"'));
        let has = |table: &&Table| table.visible().any(|column| key(&column.name) == wanted);
        let tables: Vec<_> = self.schema.tables.iter().filter(has).map(|table| table.name.clone()).collect();
        let hint = if tables.is_empty() { hint } else { format!("{hint}; {name} is a column of {}", listed(&tables)) };
        Refusal::UnknownColumn { name, place, hint }
    }

    /// `table.column[1].field`: the parser gives `table` as the root and `column` as its field.
    fn field_access(&mut self, root: &mut Expr, chain: &mut [AccessExpr]) -> Result<(), Refusal> {
        let mut path = match root {
            Expr::Identifier(name) => vec![name.clone()],
            Expr::CompoundIdentifier(path) => path.clone(),
            _ => Vec::new(),
        };
        if path.is_empty() {
            self.expression(root)?;
        } else {
            let fields = chain.iter().map_while(|access| match access {
                AccessExpr::Dot(Expr::Identifier(name)) => Some(name.clone()),
                AccessExpr::Dot(_) | AccessExpr::Subscript(_) => None,
            });
            path.extend(fields);
            match path.as_slice() {
                [_] => self.expression(root)?,
                _ => {
                    self.resolve_path(&path)?;
                    match root {
                        Expr::Identifier(name) => normalise(name)?,
                        Expr::CompoundIdentifier(names) => names.iter_mut().try_for_each(normalise)?,
                        _ => {}
                    }
                }
            }
        }
        let steps = chain.len();
        for access in chain {
            self.climb()?;
            match access {
                AccessExpr::Dot(Expr::Identifier(name)) => normalise(name)?,
                AccessExpr::Subscript(Subscript::Index { index }) => self.expression(index)?,
                AccessExpr::Dot(_) | AccessExpr::Subscript(Subscript::Slice { .. }) => {
                    return Err(Refusal::not_allowed(
                        "This access to a part",
                        "write array[1], map['key'] or row.field",
                    ));
                }
            }
        }
        self.descend(steps);
        Ok(())
    }
}

fn operator(operator: &BinaryOperator) -> Result<(), Refusal> {
    match operator {
        BinaryOperator::Plus
        | BinaryOperator::Minus
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::Modulo
        | BinaryOperator::StringConcat
        | BinaryOperator::Gt
        | BinaryOperator::Lt
        | BinaryOperator::GtEq
        | BinaryOperator::LtEq
        | BinaryOperator::Eq
        | BinaryOperator::NotEq
        | BinaryOperator::And
        | BinaryOperator::Or => Ok(()),
        other => Err(Refusal::not_allowed(
            format!("Operator {other}"),
            "use + - * / % || = <> < <= > >= AND OR NOT, or a function",
        )),
    }
}

fn in_parentheses(expression: &mut Box<Expr>, is_to_be: fn(&Expr) -> bool) {
    if is_to_be(expression) {
        let inner = std::mem::replace(expression.as_mut(), Expr::Value(ValueWithSpan::from(Value::Null)));
        **expression = Expr::Nested(Box::new(inner));
    }
}

fn is_arithmetic(expression: &Expr) -> bool {
    matches!(expression, Expr::BinaryOp { op, .. } if *op != BinaryOperator::StringConcat)
}

fn is_signed(expression: &Expr) -> bool {
    matches!(expression, Expr::UnaryOp { op: UnaryOperator::Plus | UnaryOperator::Minus, .. })
}

fn shortened(expression: &Expr) -> String {
    const MOST: usize = 60;
    expression.to_string().chars().take(MOST).collect()
}
