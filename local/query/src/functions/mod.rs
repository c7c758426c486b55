//! Athena's functions under Athena's names. Athena runs Trino, whose documentation is the source of every name and of what
//! it means: "Functions and operators". DataFusion's own functions serve where they mean the same.

/// A function is known by its name: there is one of each.
macro_rules! known_by_name {
    ($function:ident) => {
        impl PartialEq for $function {
            fn eq(&self, other: &Self) -> bool {
                self.name == other.name
            }
        }

        impl Eq for $function {}

        impl std::hash::Hash for $function {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.name.hash(state);
            }
        }
    };
}

mod aggregate;
mod aggregates;
mod aggregates_by;
mod array_sets;
mod arrays;
mod average;
mod cast;
mod cast_syntax;
mod cast_text;
mod cast_value;
mod conditions;
mod date_text;
mod dates;
mod division;
mod encodings;
mod fault;
mod generic;
mod integers;
mod joda;
mod json;
mod json_path;
mod kinds;
mod lambda_lists;
mod lambda_maps;
mod lambda_try;
mod lambdas;
mod maps;
mod math;
mod mysql_dates;
mod names;
mod numbers;
mod operators;
mod parts;
mod printf;
mod regexps;
mod rewrite;
mod row;
mod scalar;
mod scan;
mod sequences;
mod strings;
mod syntax;
mod types;
mod unnest;
mod urls;
mod value;
mod zones;

use std::{collections::HashSet, sync::Arc};

use datafusion::{execution::FunctionRegistry, logical_expr::ScalarUDF, prelude::SessionContext};

pub(crate) use cast_syntax::parse_prefix;
pub(crate) use rewrite::rewrite;

/// Makes Athena's functions known to a context. They are called as Athena calls them only by a statement that went through
/// `rewrite`.
pub fn register_functions(context: &SessionContext) {
    let scalars = scalars();
    let aggregates = aggregates::all();
    let lambdas = lambdas::all();
    let planner = Arc::new(operators::Operators::default());
    let state = context.state_ref();
    let mut state = state.write();
    // DataFusion's functions of these names, or with aliases that are, would come back when a session is made of another.
    let names = scalars.iter().flat_map(|function| names_of(function.name(), function.aliases()));
    let ours: HashSet<String> =
        names.chain(aggregates.iter().flat_map(|function| names_of(function.name(), function.aliases()))).collect();
    let theirs: Vec<_> =
        state.scalar_functions().values().map(|function| names_of(function.name(), function.aliases())).collect();
    let theirs_too = state.aggregate_functions().values().map(|function| names_of(function.name(), function.aliases()));
    let theirs: Vec<_> =
        theirs.into_iter().chain(theirs_too).filter(|names| names.iter().any(|name| ours.contains(name))).collect();

    let mut registered = theirs.into_iter().flatten().try_for_each(|name| {
        state.deregister_udf(&name)?;
        state.deregister_udaf(&name).map(|_| ())
    });
    for function in scalars {
        registered = registered.and(state.register_udf(Arc::new(function)).map(|_| ()));
    }
    for function in aggregates {
        registered = registered.and(state.register_udaf(Arc::new(function)).map(|_| ()));
    }
    for function in lambdas {
        registered = registered.and(state.register_higher_order_function(function).map(|_| ()));
    }
    state.add_analyzer_rule(Arc::new(unnest::LateralUnnest));
    if let Err(error) = registered.and(state.register_expr_planner(planner)) {
        tracing::error!(%error, "not all of Athena's functions are there");
    }
}

fn names_of(name: &str, aliases: &[String]) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(aliases.iter().cloned()).collect()
}

fn scalars() -> Vec<ScalarUDF> {
    let themes = [
        arrays::all(),
        cast::all(),
        conditions::all(),
        date_text::all(),
        dates::all(),
        encodings::all(),
        json::all(),
        maps::all(),
        math::all(),
        regexps::all(),
        strings::all(),
        urls::all(),
    ];
    themes.into_iter().flatten().collect()
}
