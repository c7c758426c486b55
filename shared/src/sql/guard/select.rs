//! SELECT: its names, its columns and what `*` stands for, its groups.

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Ident, NamedWindowDefinition, NamedWindowExpr, ObjectName, Select, SelectFlavor,
    SelectItem, SelectItemQualifiedWildcardKind, Value, ValueWithSpan, WildcardAdditionalOptions,
};

use super::checker::Checker;
use super::names::{key, normalise, normalise_new};
use super::query::check_ordinal;
use super::refusal::Refusal;
use super::scope::{Field, Level, Output};

impl Checker<'_> {
    /// What it gives, and the names that an ORDER BY after it may use besides.
    pub(super) fn select(&mut self, select: &mut Select) -> Result<(Vec<Output>, Level), Refusal> {
        let Select {
            select_token: _,
            optimizer_hints,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        if into.is_some() {
            return Err(Refusal::not_allowed("SELECT INTO", "only read"));
        }
        if top.is_some() {
            return Err(Refusal::not_allowed("TOP", "write LIMIT at the end"));
        }
        if qualify.is_some() {
            return Err(Refusal::not_allowed("QUALIFY", "filter the window function's result in an outer query"));
        }
        if !lateral_views.is_empty() {
            return Err(Refusal::not_allowed("LATERAL VIEW", "write CROSS JOIN UNNEST(array) AS t(column)"));
        }
        match distinct {
            None | Some(Distinct::All | Distinct::Distinct) => {}
            Some(Distinct::On(_)) => {
                return Err(Refusal::not_allowed("DISTINCT ON", "use row_number() in a subquery, or GROUP BY"));
            }
        }
        if !optimizer_hints.is_empty()
            || select_modifiers.is_some()
            || exclude.is_some()
            || prewhere.is_some()
            || !connect_by.is_empty()
            || !cluster_by.is_empty()
            || !distribute_by.is_empty()
            || !sort_by.is_empty()
            || value_table_mode.is_some()
            || !matches!(flavor, SelectFlavor::Standard)
        {
            return Err(Refusal::not_allowed(
                "A clause of SELECT that Athena has not",
                "write SELECT … FROM … WHERE … GROUP BY … HAVING … ORDER BY … LIMIT …",
            ));
        }
        let fields = self.from(from)?;
        self.scope.levels.push(Level { fields, ..Level::default() });
        let result = self.select_within(projection, selection, group_by, having, named_window);
        let level = self.scope.levels.pop().unwrap_or_default();
        Ok((result?, level))
    }

    fn select_within(
        &mut self,
        projection: &mut Vec<SelectItem>,
        selection: &mut Option<Expr>,
        group_by: &mut GroupByExpr,
        having: &mut Option<Expr>,
        named_window: &mut [NamedWindowDefinition],
    ) -> Result<Vec<Output>, Refusal> {
        self.named_windows(named_window)?;
        let outputs = self.projection(projection)?;
        self.group_by(group_by, &outputs)?;
        if let Some(level) = self.scope.levels.last_mut() {
            level.substitutes.clone_from(&outputs);
        }
        for condition in [selection, having].into_iter().flatten() {
            self.expression(condition)?;
        }
        if let Some(level) = self.scope.levels.last_mut() {
            level.substitutes.clear();
        }
        Ok(outputs)
    }

    fn named_windows(&mut self, windows: &mut [NamedWindowDefinition]) -> Result<(), Refusal> {
        for NamedWindowDefinition(name, definition) in windows {
            normalise_new(name)?;
            match definition {
                NamedWindowExpr::WindowSpec(specification) => self.window_specification(specification)?,
                NamedWindowExpr::NamedWindow(_) => {
                    return Err(Refusal::not_allowed("A window that is another one", "write it in parentheses"));
                }
            }
            // After its definition: it may use those before it.
            if let Some(level) = self.scope.levels.last_mut() {
                level.windows.push(key(&name.value));
            }
        }
        Ok(())
    }

    fn projection(&mut self, projection: &mut Vec<SelectItem>) -> Result<Vec<Output>, Refusal> {
        if projection.is_empty() {
            return Err(Refusal::not_allowed("SELECT without columns", "name the columns"));
        }
        let mut outputs = Vec::new();
        let mut items = Vec::with_capacity(projection.len());
        for mut item in std::mem::take(projection) {
            match &mut item {
                SelectItem::UnnamedExpr(expression) => {
                    let name = implied_name(expression);
                    self.expression(expression)?;
                    outputs.push(Output { name, may_be_row: true, expression: None });
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    self.expression(expr)?;
                    normalise(alias)?;
                    outputs.push(Output {
                        name: Some(alias.clone()),
                        may_be_row: true,
                        expression: Some(expr.clone()),
                    });
                }
                SelectItem::ExprWithAliases { .. } => {
                    return Err(Refusal::not_allowed("Several aliases of one column", "give it one"));
                }
                SelectItem::Wildcard(options) => {
                    plain_star(options)?;
                    let fields = self.scope.levels.last().map(|level| level.fields.clone()).unwrap_or_default();
                    if fields.is_empty() {
                        return Err(Refusal::not_allowed("* without FROM", "name the columns"));
                    }
                    let hides = fields.iter().any(|field| field.is_hidden);
                    let star = fields.iter().filter(|field| field.stands_alone).collect::<Vec<_>>();
                    self.star(&star, hides, item, &mut items, &mut outputs)?;
                    continue;
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    plain_star(options)?;
                    let relation = self.scope.relation(single(name)?)?;
                    *name = ObjectName::from(vec![relation.alias.clone()]);
                    let fields = self.scope.levels.last().map(|level| level.fields.clone()).unwrap_or_default();
                    let of_relation = |field: &&Field| field.relation.as_ref().is_some_and(|of| of.key == relation.key);
                    let star = fields.iter().filter(of_relation).collect::<Vec<_>>();
                    self.star(&star, relation.hides, item, &mut items, &mut outputs)?;
                    continue;
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(_), _) => {
                    return Err(Refusal::not_allowed("All fields of an expression", "name the fields"));
                }
            }
            items.push(item);
        }
        *projection = items;
        Ok(outputs)
    }

    /// Leaves a star as it is if it stands for no hidden column, and writes the other columns in its place if it does.
    fn star(
        &mut self,
        fields: &[&Field],
        hides: bool,
        item: SelectItem,
        items: &mut Vec<SelectItem>,
        outputs: &mut Vec<Output>,
    ) -> Result<(), Refusal> {
        self.count_expanded(fields.len())?;
        let visible = fields.iter().filter(|field| !field.is_hidden);
        outputs.extend(visible.clone().map(|field| Output {
            name: field.name.clone(),
            may_be_row: field.may_be_row,
            expression: None,
        }));
        if !hides {
            items.push(item);
            return Ok(());
        }
        let before = items.len();
        for field in visible {
            let Some(name) = &field.name else {
                return Err(Refusal::not_allowed("* over a column without a name", "give each column an alias"));
            };
            let mut expression = match &field.relation {
                Some(relation) if field.stands_alone || !self.stands_alone(name) => {
                    Expr::CompoundIdentifier(vec![relation.alias.clone(), name.clone()])
                }
                _ => Expr::Identifier(name.clone()),
            };
            self.expression(&mut expression)?;
            items.push(SelectItem::UnnamedExpr(expression));
        }
        if items.len() == before {
            return Err(Refusal::not_allowed("* over a table without columns", "use another table"));
        }
        Ok(())
    }

    fn group_by(&mut self, group_by: &mut GroupByExpr, outputs: &[Output]) -> Result<(), Refusal> {
        let GroupByExpr::Expressions(elements, modifiers) = group_by else {
            return Err(Refusal::not_allowed("GROUP BY ALL", "name the columns"));
        };
        if !modifiers.is_empty() {
            return Err(Refusal::not_allowed("WITH ROLLUP, CUBE or TOTALS", "write GROUP BY ROLLUP (…)"));
        }
        for element in elements {
            match element {
                Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                    for set in sets {
                        set.iter().try_for_each(|element| check_ordinal(element, outputs.len()))?;
                        self.expressions(set)?;
                    }
                }
                other => self.group(other, outputs)?,
            }
        }
        Ok(())
    }

    fn group(&mut self, element: &mut Expr, outputs: &[Output]) -> Result<(), Refusal> {
        check_ordinal(element, outputs.len())?;
        if let Some(place) = self.alias(element, outputs) {
            // Trino does not know aliases here, but the column's place.
            let ordinal = Value::Number((place + 1).to_string(), false);
            *element = Expr::Value(ValueWithSpan::from(ordinal));
            return Ok(());
        }
        self.expression(element)
    }

    /// Whether USING made one column of those with this name.
    fn stands_alone(&self, name: &Ident) -> bool {
        let wanted = key(&name.value);
        let fields = self.scope.levels.last().map(|level| level.fields.as_slice()).unwrap_or_default();
        fields.iter().any(|field| field.relation.is_none() && field.key == wanted)
    }

    /// The place among the outputs of the alias that the expression is, if no column has that name.
    fn alias(&self, expression: &Expr, outputs: &[Output]) -> Option<usize> {
        let Expr::Identifier(name) = expression else { return None };
        let wanted = key(&name.value);
        let mut places = outputs.iter().enumerate().filter(|(_, output)| output.key() == wanted);
        let (place, output) = places.next()?;
        (!self.scope.is_column(&wanted) && output.expression.is_some() && places.next().is_none()).then_some(place)
    }
}

/// The name that an expression without an alias gives its column.
fn implied_name(expression: &Expr) -> Option<Ident> {
    match expression {
        Expr::Identifier(name) => Some(name.clone()),
        Expr::CompoundIdentifier(path) => path.last().cloned(),
        _ => None,
    }
}

fn single(name: &ObjectName) -> Result<&Ident, Refusal> {
    match name.0.as_slice() {
        [part] => part.as_ident(),
        _ => None,
    }
    .ok_or_else(|| Refusal::not_allowed("* after more than a table's name", "give the table an alias and use that"))
}

fn plain_star(options: &WildcardAdditionalOptions) -> Result<(), Refusal> {
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike,
        opt_exclude,
        opt_except,
        opt_replace,
        opt_rename,
        opt_alias,
    } = options;
    if opt_ilike.is_some()
        || opt_exclude.is_some()
        || opt_except.is_some()
        || opt_replace.is_some()
        || opt_rename.is_some()
        || opt_alias.is_some()
    {
        return Err(Refusal::not_allowed("A word after *", "name the columns"));
    }
    Ok(())
}
