//! Calls of functions, and windows.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArgumentList, FunctionArguments,
    LambdaFunction, LambdaFunctionParameter, LambdaSyntax, ListAggOnOverflow, ObjectNamePart, OneOrManyWithParens,
    UnaryOperator, Value, ValueWithSpan, WindowFrame, WindowFrameBound, WindowSpec, WindowType,
};

use super::checker::Checker;
use super::functions::{self, Kind, MOST_ELEMENTS};
use super::names::{key, normalise_new};
use super::refusal::Refusal;
use super::scope::Level;

impl Checker<'_> {
    pub(super) fn call(&mut self, function: &mut Function) -> Result<(), Refusal> {
        let Function { name, uses_odbc_syntax, parameters, args, filter, null_treatment, over, within_group } =
            function;
        let unknown = |name: String| Refusal::UnknownFunction { instead: functions::instead_of(&name), name };
        let known = match name.0.as_slice() {
            [ObjectNamePart::Identifier(ident)] if ident.quote_style.is_none() => functions::kind(&ident.value),
            _ => None,
        };
        let kind = known.ok_or_else(|| unknown(name.to_string()))?;
        let name = name.to_string().to_ascii_lowercase();
        if *uses_odbc_syntax || !matches!(parameters, FunctionArguments::None) {
            return Err(Refusal::not_allowed(
                "A function with parameters before its arguments",
                "write name(arguments)",
            ));
        }
        let is_aggregate = kind == Kind::Aggregate;
        if (filter.is_some() || !within_group.is_empty()) && !is_aggregate {
            return Err(Refusal::not_allowed(format!("FILTER or WITHIN GROUP after {name}"), "leave it out"));
        }
        if over.is_some() && !is_aggregate && kind != Kind::Window {
            return Err(Refusal::not_allowed(format!("OVER after {name}"), "leave it out"));
        }
        if over.is_none() && (kind == Kind::Window || null_treatment.is_some()) {
            return Err(Refusal::not_allowed(format!("{name} without OVER"), "write OVER (PARTITION BY … ORDER BY …)"));
        }
        match args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(_) => {
                return Err(Refusal::not_allowed("A subquery as a function's arguments", "put it in parentheses"));
            }
            FunctionArguments::List(list) => self.arguments(&name, kind, list)?,
        }
        if let Some(filter) = filter {
            self.expression(filter)?;
        }
        self.order_by_expressions(within_group)?;
        match over {
            None => Ok(()),
            Some(WindowType::WindowSpec(specification)) => self.window_specification(specification),
            Some(WindowType::NamedWindow(window)) => self.named_window(window),
        }
    }

    fn arguments(&mut self, name: &str, kind: Kind, list: &mut FunctionArgumentList) -> Result<(), Refusal> {
        let FunctionArgumentList { duplicate_treatment, args, clauses } = list;
        if duplicate_treatment.is_some() && kind != Kind::Aggregate {
            return Err(Refusal::not_allowed(format!("DISTINCT in {name}"), "leave it out"));
        }
        bounded(name, args)?;
        let is_alone = args.len() == 1 && duplicate_treatment.is_none() && clauses.is_empty();
        for argument in args {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Lambda(lambda)))
                    if kind == Kind::Lambda || name == "reduce_agg" =>
                {
                    self.lambda(lambda)?;
                }
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => self.expression(expression)?,
                FunctionArg::Unnamed(FunctionArgExpr::Wildcard) if name == "count" && is_alone => {}
                FunctionArg::Unnamed(
                    FunctionArgExpr::Wildcard
                    | FunctionArgExpr::QualifiedWildcard(_)
                    | FunctionArgExpr::WildcardWithOptions(_),
                ) => return Err(Refusal::not_allowed(format!("* in {name}"), "use count(*), or name the columns")),
                FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } => {
                    return Err(Refusal::not_allowed("An argument by its name", "give the arguments in order"));
                }
            }
        }
        for clause in clauses {
            match clause {
                FunctionArgumentClause::OrderBy(expressions) if kind == Kind::Aggregate => {
                    self.order_by_expressions(expressions)?;
                }
                FunctionArgumentClause::OnOverflow(ListAggOnOverflow::Error) if name == "listagg" => {}
                FunctionArgumentClause::OnOverflow(ListAggOnOverflow::Truncate { filler, with_count: _ })
                    if name == "listagg" =>
                {
                    filler.as_mut().map_or(Ok(()), |filler| self.expression(filler))?;
                }
                FunctionArgumentClause::OrderBy(_)
                | FunctionArgumentClause::OnOverflow(_)
                | FunctionArgumentClause::IgnoreOrRespectNulls(_)
                | FunctionArgumentClause::Limit(_)
                | FunctionArgumentClause::Having(_)
                | FunctionArgumentClause::Separator(_)
                | FunctionArgumentClause::JsonNullClause(_)
                | FunctionArgumentClause::JsonReturningClause(_) => {
                    return Err(Refusal::not_allowed(format!("{clause} in {name}"), "leave it out"));
                }
            }
        }
        Ok(())
    }

    fn lambda(&mut self, lambda: &mut LambdaFunction) -> Result<(), Refusal> {
        let LambdaFunction { params, body, syntax } = lambda;
        if !matches!(syntax, LambdaSyntax::Arrow) {
            return Err(Refusal::not_allowed("LAMBDA", "write x -> expression"));
        }
        let parameters = match params {
            OneOrManyWithParens::One(parameter) => std::slice::from_mut(parameter),
            OneOrManyWithParens::Many(parameters) => parameters.as_mut_slice(),
        };
        let mut keys = Vec::with_capacity(parameters.len());
        for LambdaFunctionParameter { name, data_type } in parameters {
            normalise_new(name)?;
            if data_type.is_some() {
                return Err(Refusal::not_allowed("A type of a lambda's parameter", "leave it out"));
            }
            if keys.contains(&key(&name.value)) || self.scope.is_known(name) {
                return Err(Refusal::not_allowed(
                    format!("{name} as a lambda's parameter"),
                    "give it a name that is not in use",
                ));
            }
            keys.push(key(&name.value));
        }
        self.scope.levels.push(Level { parameters: keys, ..Level::default() });
        let result = self.expression(body);
        self.scope.levels.pop();
        result
    }

    pub(super) fn window_specification(&mut self, specification: &mut WindowSpec) -> Result<(), Refusal> {
        let WindowSpec { window_name, partition_by, order_by, window_frame } = specification;
        if let Some(name) = window_name {
            self.named_window(name)?;
        }
        self.expressions(partition_by)?;
        self.order_by_expressions(order_by)?;
        let Some(WindowFrame { units: _, start_bound, end_bound }) = window_frame else { return Ok(()) };
        for bound in [Some(start_bound), end_bound.as_mut()].into_iter().flatten() {
            match bound {
                WindowFrameBound::CurrentRow
                | WindowFrameBound::Preceding(None)
                | WindowFrameBound::Following(None) => {}
                WindowFrameBound::Preceding(Some(distance)) | WindowFrameBound::Following(Some(distance)) => {
                    self.expression(distance)?;
                }
            }
        }
        Ok(())
    }

    fn named_window(&mut self, name: &mut sqlparser::ast::Ident) -> Result<(), Refusal> {
        let wanted = key(&name.value);
        if !self.scope.levels.last().is_some_and(|level| level.windows.contains(&wanted)) {
            return Err(Refusal::not_allowed(format!("Window {name}, which WINDOW does not define,"), "define it"));
        }
        normalise_new(name)
    }
}

/// Refuses calls that make much of nothing: how much must be a small number written out.
fn bounded(name: &str, args: &[FunctionArg]) -> Result<(), Refusal> {
    let expression = |place: usize| match args.get(place) {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(expression))) => Some(expression),
        _ => None,
    };
    if let Some(place) = functions::size_argument(name)
        && expression(place).is_some_and(|size| whole(size).is_none_or(|size| size.unsigned_abs() > MOST_ELEMENTS))
    {
        return Err(Refusal::not_allowed(
            format!("{name} with a size that is no number up to {MOST_ELEMENTS}"),
            "write a small number",
        ));
    }
    if name == "sequence" && !is_short_sequence(expression(0), expression(1), expression(2)) {
        return Err(Refusal::not_allowed(
            "A sequence whose ends are neither near numbers nor dates, written out,",
            format!("write both ends, at most {MOST_ELEMENTS} apart"),
        ));
    }
    if name == "format" && !expression(0).is_some_and(has_narrow_fields) {
        return Err(Refusal::not_allowed("A format that is not text with narrow fields", "use concat or CAST"));
    }
    Ok(())
}

fn is_short_sequence(start: Option<&Expr>, stop: Option<&Expr>, step: Option<&Expr>) -> bool {
    let (Some(start), Some(stop)) = (start, stop) else { return false };
    let step_is_literal = step.is_none_or(|step| matches!(step, Expr::Interval(_)) || whole(step).is_some());
    match (whole(start), whole(stop)) {
        (Some(start), Some(stop)) => step_is_literal && start.abs_diff(stop) <= MOST_ELEMENTS,
        (None, None) => step_is_literal && is_date(start) && is_date(stop),
        _ => false,
    }
}

fn is_date(expression: &Expr) -> bool {
    match expression {
        Expr::TypedString(_) => true,
        Expr::Cast { expr, .. } => matches!(expr.as_ref(), Expr::Value(_)),
        Expr::Function(function) => function.name.to_string().eq_ignore_ascii_case("current_date"),
        _ => false,
    }
}

fn whole(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::Value(ValueWithSpan { value: Value::Number(text, false), span: _ }) => text.parse().ok(),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => whole(expr).map(|number| -number),
        _ => None,
    }
}

/// Whether a pattern of `format` has no number of four digits or more.
fn has_narrow_fields(pattern: &Expr) -> bool {
    const MOST_DIGITS: usize = 3;
    let Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(pattern), span: _ }) = pattern else {
        return false;
    };
    pattern.split(|character: char| !character.is_ascii_digit()).all(|digits| digits.len() <= MOST_DIGITS)
}
