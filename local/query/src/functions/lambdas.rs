//! Functions that take functions (Trino: "Lambda expressions"), and `try`, whose argument the rewrite makes one.

use std::sync::Arc;

use datafusion::logical_expr::HigherOrderUDF;

use super::{lambda_lists, lambda_maps, lambda_try};

pub(super) use lambda_try::TRY;

pub(super) fn all() -> Vec<Arc<HigherOrderUDF>> {
    let mut functions = lambda_lists::all();
    functions.extend(lambda_maps::all());
    functions.push(lambda_try::lambda_try());
    functions
}
