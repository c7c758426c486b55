//! Types are compared as strictly as Athena compares them. DataFusion would turn a text into a date, or a number into a
//! text, to make a comparison possible; on Athena such a query fails, and so it has to fail here.

mod class;
mod place;

use datafusion::{
    arrow::datatypes::DataType,
    common::{
        DFSchema, DFSchemaRef,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    error::{DataFusionError, Result},
    logical_expr::{
        Between, BinaryExpr, Case, Expr, ExprSchemable, Like, LogicalPlan, Operator, expr::InList, utils::merge_schema,
    },
    sql::sqlparser::{
        keywords::Keyword,
        tokenizer::{Token, TokenWithSpan},
    },
};

use self::class::{Class, named};
use crate::{QueryError, engine::Place};

/// Aggregates that take numbers, and what Trino says they expect.
const NUMERIC: [(&str, &str); 9] = [
    ("sum", "sum(bigint), sum(decimal(p,s)), sum(double), sum(interval day to second), sum(real)"),
    ("avg", "avg(bigint), avg(decimal(p,s)), avg(double), avg(interval day to second), avg(real)"),
    ("stddev", "stddev(bigint), stddev(double)"),
    ("stddev_pop", "stddev_pop(bigint), stddev_pop(double)"),
    ("stddev_samp", "stddev_samp(bigint), stddev_samp(double)"),
    ("variance", "variance(bigint), variance(double)"),
    ("var_pop", "var_pop(bigint), var_pop(double)"),
    ("var_samp", "var_samp(bigint), var_samp(double)"),
    ("var", "variance(bigint), variance(double)"),
];

/// Checks a plan whose types have not been coerced yet.
///
/// # Errors
///
/// `TYPE_MISMATCH` or `FUNCTION_NOT_FOUND` in Trino's words, for the first expression that Athena would refuse.
pub(crate) fn check(plan: &LogicalPlan, tokens: &[TokenWithSpan]) -> Result<()> {
    plan.apply_with_subqueries(|node| {
        let schema = scope(node);
        let check = Check { schema: &schema, tokens };
        match node {
            LogicalPlan::Join(join) => {
                for (left, right) in &join.on {
                    check.comparison(left, Operator::Eq, right)?;
                }
            }
            LogicalPlan::Union(union) => {
                check.union(&union.inputs.iter().map(|input| input.schema()).collect::<Vec<_>>())?
            }
            LogicalPlan::Filter(filter) => check.filter(&filter.predicate)?,
            _ => {}
        }
        node.apply_expressions(|expression| {
            expression.apply(|expression| check.expression(expression).map(|()| TreeNodeRecursion::Continue))
        })
    })?;
    Ok(())
}

/// What the expressions of a node can name.
fn scope(node: &LogicalPlan) -> DFSchema {
    match node {
        LogicalPlan::TableScan(scan) => scan.projected_schema.as_ref().clone(),
        _ => merge_schema(&node.inputs()),
    }
}

/// What Trino says an aggregate expects.
pub(crate) fn expected(aggregate: &str) -> Option<&'static str> {
    NUMERIC.iter().find(|(name, _)| *name == aggregate).map(|(_, expected)| *expected)
}

struct Check<'a> {
    schema: &'a DFSchema,
    tokens: &'a [TokenWithSpan],
}

impl Check<'_> {
    fn expression(&self, expression: &Expr) -> Result<()> {
        match expression {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => self.binary(left, *op, right),
            Expr::InList(InList { expr, list, .. }) => {
                let all: Vec<_> = std::iter::once(expr.as_ref()).chain(list).collect();
                self.common("IN value and list items", &all, Keyword::IN)
            }
            Expr::Between(Between { expr, low, high, .. }) => self.between(expr, low, high),
            Expr::Like(Like { expr, pattern, .. }) => self.like(expr, pattern),
            Expr::Case(case) => self.case(case),
            Expr::Not(operand) => self.boolean("Value of logical NOT expression", operand),
            Expr::InSubquery(subquery) => {
                let found = subquery.subquery.subquery.schema().fields().first().map(|field| field.data_type().clone());
                let (Some(kind), Some(found)) = (self.kind(&subquery.expr), found) else { return Ok(()) };
                if Class::of(&kind).meets(&Class::of(&found)) {
                    return Ok(());
                }
                let (left, right) = (named(&subquery.expr, &kind), crate::types::trino(&found));
                let place = self.at_keyword(Keyword::IN, &subquery.expr, None);
                mismatch(
                    place,
                    &format!(
                        "value and result of subquery must be of the same type for IN expression: {left} vs {right}"
                    ),
                )
            }
            Expr::ScalarFunction(call) => match call.name() {
                "coalesce" => {
                    self.common("All COALESCE operands", &call.args.iter().collect::<Vec<_>>(), Keyword::COALESCE)
                }
                name @ ("greatest" | "least") => self.alike(name, &call.args),
                _ => Ok(()),
            },
            Expr::AggregateFunction(call) => self.numeric(call.func.name(), &call.params.args),
            Expr::WindowFunction(call) => self.numeric(call.fun.name(), &call.params.args),
            _ => Ok(()),
        }
    }

    fn kind(&self, expression: &Expr) -> Option<DataType> {
        expression.get_type(self.schema).ok()
    }

    fn class(&self, expression: &Expr) -> Option<(Class, DataType)> {
        self.kind(expression).map(|kind| (Class::of(&kind), kind))
    }

    fn binary(&self, left: &Expr, operator: Operator, right: &Expr) -> Result<()> {
        use Operator::*;
        match operator {
            Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom => {
                self.comparison(left, operator, right)
            }
            And | Or => self.logical(left).and_then(|()| self.logical(right)),
            Plus | Minus | Multiply | Divide | Modulo => self.arithmetic(left, operator, right),
            StringConcat => self.concatenation(left, right),
            _ => Ok(()),
        }
    }

    fn comparison(&self, left: &Expr, operator: Operator, right: &Expr) -> Result<()> {
        let (Some((one, left_kind)), Some((other, right_kind))) = (self.class(left), self.class(right)) else {
            return Ok(());
        };
        if one.meets(&other) {
            return Ok(());
        }
        self.operator(left, &left_kind, operator, right, &right_kind)
    }

    fn arithmetic(&self, left: &Expr, operator: Operator, right: &Expr) -> Result<()> {
        let (Some((one, left_kind)), Some((other, right_kind))) = (self.class(left), self.class(right)) else {
            return Ok(());
        };
        let is_fine = match (&one, &other) {
            (Class::Unknown | Class::Other, _) | (_, Class::Unknown | Class::Other) => true,
            (Class::Number, Class::Number) => true,
            (Class::Moment | Class::Time, interval) if interval.is_interval() => {
                matches!(operator, Operator::Plus | Operator::Minus)
            }
            (interval, Class::Moment | Class::Time) if interval.is_interval() => operator == Operator::Plus,
            (Class::Moment, Class::Moment) | (Class::Time, Class::Time) => operator == Operator::Minus,
            (Class::Number, interval) if interval.is_interval() => operator == Operator::Multiply,
            (interval, Class::Number) if interval.is_interval() => {
                matches!(operator, Operator::Multiply | Operator::Divide)
            }
            (one, other) if one.is_interval() && one.meets(other) => {
                matches!(operator, Operator::Plus | Operator::Minus)
            }
            _ => false,
        };
        if is_fine { Ok(()) } else { self.operator(left, &left_kind, operator, right, &right_kind) }
    }

    fn operator(
        &self,
        left: &Expr,
        left_kind: &DataType,
        operator: Operator,
        right: &Expr,
        right_kind: &DataType,
    ) -> Result<()> {
        let sign = match operator {
            Operator::NotEq => "<>".to_owned(),
            other => other.to_string(),
        };
        let place = place::of_operator(self.tokens, &sign, Some(left), Some(right));
        let (left, right) = (named(left, left_kind), named(right, right_kind));
        mismatch(place, &format!("Cannot apply operator: {left} {sign} {right}"))
    }

    fn concatenation(&self, left: &Expr, right: &Expr) -> Result<()> {
        let (Some((one, left_kind)), Some((other, right_kind))) = (self.class(left), self.class(right)) else {
            return Ok(());
        };
        let is_fine = match (&one, &other) {
            (Class::Unknown | Class::Other, _) | (_, Class::Unknown | Class::Other) => true,
            (Class::Text, Class::Text) | (Class::Binary, Class::Binary) => true,
            (Class::Array(item), other) | (other, Class::Array(item)) => {
                item.meets(other) || one.meets(&Class::Array(item.clone()))
            }
            _ => false,
        };
        if is_fine {
            return Ok(());
        }
        let place = place::of_operator(self.tokens, "||", Some(left), Some(right));
        let (left, right) = (named(left, &left_kind), named(right, &right_kind));
        unexpected(
            place,
            "concat",
            &format!("{left}, {right}"),
            "concat(array(E)) E, concat(varbinary), concat(varchar)",
        )
    }

    fn logical(&self, operand: &Expr) -> Result<()> {
        self.boolean("Logical expression term", operand)
    }

    fn boolean(&self, what: &str, operand: &Expr) -> Result<()> {
        let Some((class, kind)) = self.class(operand) else { return Ok(()) };
        if class.meets(&Class::Boolean) {
            return Ok(());
        }
        let place = place::of_expression(self.tokens, operand);
        mismatch(place, &format!("{what} must evaluate to a boolean (actual: {})", named(operand, &kind)))
    }

    fn filter(&self, predicate: &Expr) -> Result<()> {
        let Some((class, kind)) = self.class(predicate) else { return Ok(()) };
        if class.meets(&Class::Boolean) {
            return Ok(());
        }
        let place = place::of_expression(self.tokens, predicate);
        mismatch(place, &format!("WHERE clause must evaluate to a boolean: actual type {}", named(predicate, &kind)))
    }

    fn between(&self, value: &Expr, low: &Expr, high: &Expr) -> Result<()> {
        let (Some(value_class), Some(low_class), Some(high_class)) =
            (self.class(value), self.class(low), self.class(high))
        else {
            return Ok(());
        };
        if value_class.0.meets(&low_class.0) && value_class.0.meets(&high_class.0) {
            return Ok(());
        }
        let place = self.at_keyword(Keyword::BETWEEN, value, Some(low));
        let (value, low, high) = (named(value, &value_class.1), named(low, &low_class.1), named(high, &high_class.1));
        mismatch(place, &format!("Cannot check if {value} is BETWEEN {low} and {high}"))
    }

    fn like(&self, value: &Expr, pattern: &Expr) -> Result<()> {
        for (operand, what) in [(value, "Left side of LIKE expression"), (pattern, "Pattern for LIKE expression")] {
            let Some((class, kind)) = self.class(operand) else { continue };
            if !class.meets(&Class::Text) {
                let place = self.at_keyword(Keyword::LIKE, value, Some(pattern));
                return mismatch(
                    place,
                    &format!("{what} must evaluate to a varchar (actual: {})", named(operand, &kind)),
                );
            }
        }
        Ok(())
    }

    fn case(&self, case: &Case) -> Result<()> {
        let results = case.when_then_expr.iter().map(|(_, result)| result.as_ref()).chain(case.else_expr.as_deref());
        self.common("All CASE results", &results.collect::<Vec<_>>(), Keyword::CASE)?;
        for (condition, _) in &case.when_then_expr {
            match &case.expr {
                Some(operand) => {
                    let (Some((one, kind)), Some((other, condition_kind))) =
                        (self.class(operand), self.class(condition))
                    else {
                        continue;
                    };
                    if !one.meets(&other) {
                        let place = place::of_expression(self.tokens, condition);
                        let (operand, condition) = (named(operand, &kind), named(condition, &condition_kind));
                        return mismatch(
                            place,
                            &format!(
                                "CASE operand type does not match WHEN clause operand type: {operand} vs {condition}"
                            ),
                        );
                    }
                }
                None => self.boolean("CASE WHEN clause", condition)?,
            }
        }
        Ok(())
    }

    /// All of one family, as `CASE`, `COALESCE` and `IN` need them.
    fn common(&self, what: &str, expressions: &[&Expr], keyword: Keyword) -> Result<()> {
        let known =
            expressions.iter().filter_map(|expression| self.class(expression).map(|class| (*expression, class)));
        let known: Vec<_> = known.filter(|(_, (class, _))| *class != Class::Unknown).collect();
        let Some((first, (first_class, first_kind))) = known.first() else { return Ok(()) };
        let Some((other, (_, other_kind))) = known.iter().find(|(_, (class, _))| !first_class.meets(class)) else {
            return Ok(());
        };
        let mut kinds: Vec<_> = known.iter().map(|(expression, (_, kind))| named(expression, kind)).collect();
        let mut seen = std::collections::BTreeSet::new();
        kinds.retain(|kind| seen.insert(kind.clone()));
        let place = match keyword {
            Keyword::IN => self.at_keyword(keyword, first, None),
            _ => place::of_expression(self.tokens, other),
        };
        let (first, other) = (named(first, first_kind), named(other, other_kind));
        let rest = format!(
            "Cannot find common type between {first} and {other}, all types (without duplicates): [{}]",
            kinds.join(", ")
        );
        mismatch(place, &format!("{what} must be the same type or coercible to a common type. {rest}"))
    }

    fn alike(&self, name: &str, arguments: &[Expr]) -> Result<()> {
        let known: Vec<_> =
            arguments.iter().filter_map(|argument| self.class(argument).map(|class| (argument, class))).collect();
        let clash = known.iter().any(|(_, (one, _))| known.iter().any(|(_, (other, _))| !one.meets(other)));
        if !clash {
            return Ok(());
        }
        let kinds: Vec<_> = known.iter().map(|(argument, (_, kind))| named(argument, kind)).collect();
        let place = Place::of_call(self.tokens, name).unwrap_or(Place::START);
        unexpected(place, name, &kinds.join(", "), &format!("{name}(E) E: orderable"))
    }

    fn numeric(&self, name: &str, arguments: &[Expr]) -> Result<()> {
        let Some(expected) = expected(name) else { return Ok(()) };
        let Some((class, kind)) = arguments.first().and_then(|argument| self.class(argument)) else { return Ok(()) };
        let is_fine = matches!(class, Class::Unknown | Class::Number | Class::Other)
            || (matches!(name, "sum" | "avg") && class.is_interval());
        if is_fine {
            return Ok(());
        }
        let place = Place::of_call(self.tokens, name).unwrap_or(Place::START);
        unexpected(place, name, &crate::types::trino(&kind), expected)
    }

    fn union(&self, schemas: &[&DFSchemaRef]) -> Result<()> {
        let Some((first, others)) = schemas.split_first() else { return Ok(()) };
        for other in others {
            for (number, (one, other)) in first.fields().iter().zip(other.fields()).enumerate() {
                let (one, other) = (one.data_type(), other.data_type());
                if !Class::of(one).meets(&Class::of(other)) {
                    let place = Place::of_keyword(self.tokens, Keyword::UNION).unwrap_or(Place::START);
                    let (one, other) = (crate::types::trino(one), crate::types::trino(other));
                    return mismatch(
                        place,
                        &format!("column {} in UNION query has incompatible types: {one}, {other}", number + 1),
                    );
                }
            }
        }
        Ok(())
    }

    fn at_keyword(&self, keyword: Keyword, left: &Expr, right: Option<&Expr>) -> Place {
        let is_it = |token: &Token| matches!(token, Token::Word(word) if word.keyword == keyword);
        place::of_token(self.tokens, is_it, Some(left), right)
    }
}

fn mismatch(place: Place, message: &str) -> Result<()> {
    Err(refused(format!("TYPE_MISMATCH: {place}: {message}")))
}

fn unexpected(place: Place, function: &str, given: &str, expected: &str) -> Result<()> {
    let message = format!("Unexpected parameters ({given}) for function {function}. Expected: {expected}");
    Err(refused(format!("FUNCTION_NOT_FOUND: {place}: {message}")))
}

fn refused(message: String) -> DataFusionError {
    DataFusionError::External(Box::new(QueryError::User(message)))
}
