//! `t CROSS JOIN UNNEST(t.items) AS u(x)`. DataFusion plans it as a join with a subquery that refers to the other side, and
//! then has no way to run that; here it becomes what it means: the elements beside the columns of their row.

use datafusion::common::NullHandling;
use datafusion::{
    common::{
        Column, Result, TableReference,
        config::ConfigOptions,
        tree_node::{Transformed, TreeNode},
    },
    logical_expr::{
        Expr, Join, JoinType, LogicalPlan, LogicalPlanBuilder, Projection, Unnest, builder::unnest_with_options, lit,
    },
    optimizer::AnalyzerRule,
};

#[derive(Debug)]
pub(super) struct LateralUnnest;

impl AnalyzerRule for LateralUnnest {
    fn name(&self) -> &str {
        "lateral_unnest"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| {
            let LogicalPlan::Join(join) = &plan else {
                return Ok(Transformed::no(plan));
            };
            match Lateral::of(join) {
                Some(lateral) => Ok(Transformed::yes(lateral.beside(join)?)),
                None => Ok(Transformed::no(plan)),
            }
        })
        .map(|transformed| transformed.data)
    }
}

/// The right side of the join.
struct Lateral<'a> {
    alias: Option<TableReference>,
    /// Above the unnesting, the innermost first.
    above: Vec<&'a Projection>,
    unnest: &'a Unnest,
    /// Below it: the arrays, which refer to the left side.
    arrays: &'a Projection,
}

impl<'a> Lateral<'a> {
    fn of(join: &'a Join) -> Option<Self> {
        let is_plain = matches!(join.join_type, JoinType::Inner | JoinType::Left)
            && join.on.is_empty()
            && (join.join_type == JoinType::Inner || join.filter.as_ref().is_none_or(|filter| *filter == lit(true)));
        let (alias, subquery) = match join.right.as_ref() {
            LogicalPlan::SubqueryAlias(alias) => match alias.input.as_ref() {
                LogicalPlan::Subquery(subquery) => (Some(alias.alias.clone()), subquery),
                _ => return None,
            },
            LogicalPlan::Subquery(subquery) => (None, subquery),
            _ => return None,
        };
        let mut above = Vec::new();
        let mut plan = subquery.subquery.as_ref();
        while let LogicalPlan::Projection(projection) = plan {
            above.insert(0, projection);
            plan = projection.input.as_ref();
        }
        let LogicalPlan::Unnest(unnest) = plan else {
            return None;
        };
        match unnest.input.as_ref() {
            LogicalPlan::Projection(arrays) if is_plain => Some(Self { alias, above, unnest, arrays }),
            _ => None,
        }
    }

    fn beside(&self, join: &Join) -> Result<LogicalPlan> {
        let left: Vec<Expr> = join.left.schema().columns().into_iter().map(Expr::Column).collect();
        let beside = |expressions: Vec<Expr>| left.iter().cloned().chain(expressions).collect::<Vec<_>>();

        let arrays = self.arrays.expr.iter().cloned().map(of_left_side).collect::<Result<Vec<_>>>()?;
        let input = LogicalPlanBuilder::from(join.left.as_ref().clone()).project(beside(arrays))?.build()?;
        let mut options = self.unnest.options.clone();
        options.null_handling =
            if join.join_type == JoinType::Left { NullHandling::PreserveAndExpandEmpty } else { NullHandling::Drop };
        let mut plan = unnest_with_options(input, self.unnest.exec_columns.clone(), options)?;
        for (index, projection) in self.above.iter().enumerate() {
            let is_last = index + 1 == self.above.len();
            let expressions = projection.expr.iter().zip(projection.schema.fields()).map(|(expression, field)| {
                if !is_last || self.alias.is_none() {
                    return expression.clone();
                }
                expression.clone().unalias().alias_qualified(self.alias.clone(), field.name())
            });
            plan = LogicalPlanBuilder::from(plan).project(beside(expressions.collect()))?.build()?;
        }
        match &join.filter {
            Some(filter) if *filter != lit(true) => LogicalPlanBuilder::from(plan).filter(filter.clone())?.build(),
            _ => Ok(plan),
        }
    }
}

fn of_left_side(expression: Expr) -> Result<Expr> {
    let replaced = expression.transform(|expression| match expression {
        Expr::OuterReferenceColumn(_, column) => {
            Ok(Transformed::yes(Expr::Column(Column::new(column.relation, column.name))))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(replaced.data)
}
