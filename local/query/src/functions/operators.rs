//! Operators that DataFusion computes otherwise than Trino.

use std::sync::Arc;

use datafusion::{
    arrow::datatypes::{DataType, IntervalUnit, TimeUnit},
    common::{DFSchema, ScalarValue},
    error::Result,
    logical_expr::{
        Expr, ExprSchemable, Operator, ScalarUDF, binary_expr, cast,
        planner::{ExprPlanner, PlannerResult, RawBinaryExpr},
    },
    sql::sqlparser::ast::BinaryOperator,
};

use super::{
    division::division,
    fault::Fault,
    generic::{generic, number},
    integers::{Operation, checked},
};

/// Longer chains of operators stay DataFusion's, whose time grows with their length less quickly than that of functions.
const MOST_DEPTH: usize = 16;

const INTERVAL: DataType = DataType::Interval(IntervalUnit::MonthDayNano);
const MOMENT: DataType = DataType::Timestamp(TimeUnit::Millisecond, None);

#[derive(Debug)]
pub(super) struct Operators {
    division: Arc<ScalarUDF>,
    multiple: Arc<ScalarUDF>,
    addition: Arc<ScalarUDF>,
    subtraction: Arc<ScalarUDF>,
    multiplication: Arc<ScalarUDF>,
}

impl Default for Operators {
    fn default() -> Self {
        Self {
            division: Arc::new(division()),
            multiple: Arc::new(multiple()),
            addition: Arc::new(checked(Operation::Addition)),
            subtraction: Arc::new(checked(Operation::Subtraction)),
            multiplication: Arc::new(checked(Operation::Multiplication)),
        }
    }
}

/// An interval times an integer.
fn multiple() -> ScalarUDF {
    let types = |given: &[DataType]| match given {
        [DataType::Interval(_), count] if count.is_integer() => Some((vec![INTERVAL, DataType::Int64], INTERVAL)),
        _ => None,
    };
    let body = |row: &[ScalarValue], _: &DataType| {
        let (ScalarValue::IntervalMonthDayNano(Some(interval)), count) = (&row[0], number(&row[1])) else {
            return Ok(ScalarValue::IntervalMonthDayNano(None));
        };
        let overflow = || Fault::range("interval overflow");
        let times = |part: i32| i32::try_from(i64::from(part) * count).map_err(|_| overflow());
        let nanoseconds = interval.nanoseconds.checked_mul(count).ok_or_else(overflow)?;
        Ok(ScalarValue::new_interval_mdn(times(interval.months)?, times(interval.days)?, nanoseconds))
    };
    generic("interval times", "interval, bigint", types, body).into()
}

impl ExprPlanner for Operators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let is_known = match expr.op {
            BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply => depth(&expr.left) < MOST_DEPTH,
            BinaryOperator::Divide => true,
            _ => false,
        };
        if !is_known {
            return Ok(PlannerResult::Original(expr));
        }
        let (Ok(left), Ok(right)) = (expr.left.get_type(schema), expr.right.get_type(schema)) else {
            return Ok(PlannerResult::Original(expr));
        };
        Ok(match self.planned(&expr, &left, &right) {
            Some(planned) => PlannerResult::Planned(planned),
            None => PlannerResult::Original(expr),
        })
    }
}

/// How many operators stand in each other at the left end.
fn depth(mut expression: &Expr) -> usize {
    let mut depth = 0;
    loop {
        expression = match expression {
            Expr::BinaryExpr(binary) => &binary.left,
            Expr::ScalarFunction(function) => match function.args.first() {
                Some(first) => first,
                None => return depth,
            },
            _ => return depth,
        };
        depth += 1;
    }
}

impl Operators {
    fn planned(&self, expr: &RawBinaryExpr, left: &DataType, right: &DataType) -> Option<Expr> {
        let is_decimal = |kind: &DataType| matches!(kind, DataType::Decimal128(..));
        let is_exact = |kind: &DataType| is_decimal(kind) || kind.is_integer();
        let are_integers = left.is_integer() && right.is_integer();
        let call = |function: &ScalarUDF| Some(function.call(vec![expr.left.clone(), expr.right.clone()]));
        match (&expr.op, left, right) {
            (BinaryOperator::Plus, ..) if are_integers => call(&self.addition),
            (BinaryOperator::Minus, ..) if are_integers => call(&self.subtraction),
            (BinaryOperator::Multiply, ..) if are_integers => call(&self.multiplication),
            (BinaryOperator::Divide, left, right)
                if is_exact(left) && is_exact(right) && (is_decimal(left) || is_decimal(right)) =>
            {
                call(&self.division)
            }
            (BinaryOperator::Multiply, DataType::Interval(_), count) if count.is_integer() => call(&self.multiple),
            (BinaryOperator::Multiply, count, DataType::Interval(_)) if count.is_integer() => {
                Some(self.multiple.call(vec![expr.right.clone(), expr.left.clone()]))
            }
            // An interval, as the difference of timestamps is; DataFusion would count the days.
            (BinaryOperator::Minus, DataType::Date32, DataType::Date32) => {
                let moment = |date: &Expr| cast(date.clone(), MOMENT);
                Some(binary_expr(moment(&expr.left), Operator::Minus, moment(&expr.right)))
            }
            _ => None,
        }
    }
}
