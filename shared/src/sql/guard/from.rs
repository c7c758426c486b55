//! FROM: tables, subqueries, UNNEST and joins, and the columns that they bring.

use std::rc::Rc;

use sqlparser::ast::{
    FunctionArg, FunctionArgExpr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, Query,
    TableAlias, TableFactor, TableFunctionArgs, TableWithJoins,
};

use super::checker::Checker;
use super::names::{key, normalise, normalise_new, written};
use super::query::renamed;
use super::refusal::Refusal;
use super::scope::{Field, Level, Output, Relation};

impl Checker<'_> {
    /// The columns of a FROM, in the order of `*`.
    pub(super) fn from(&mut self, from: &mut [TableWithJoins]) -> Result<Vec<Field>, Refusal> {
        let mut fields = Vec::new();
        for item in from {
            let more = self.joined(item, &fields)?;
            fields.extend(more);
        }
        // Checked at the end: it is the same for commas, joins and parentheses.
        let mut seen: Vec<&Rc<Relation>> = Vec::new();
        for relation in fields.iter().filter_map(|field| field.relation.as_ref()) {
            if seen.iter().all(|known| !Rc::ptr_eq(known, relation)) {
                if seen.iter().any(|known| known.key == relation.key) {
                    return Err(Refusal::not_allowed(
                        format!("{} twice in one FROM", relation.alias),
                        "give each its own alias",
                    ));
                }
                seen.push(relation);
            }
        }
        Ok(fields)
    }

    fn joined(&mut self, item: &mut TableWithJoins, before: &[Field]) -> Result<Vec<Field>, Refusal> {
        let TableWithJoins { relation, joins } = item;
        let mut fields = self.factor(relation, before)?;
        for Join { relation, global, join_operator } in joins {
            if *global {
                return Err(Refusal::not_allowed("GLOBAL JOIN", "write JOIN"));
            }
            let siblings = [before, &fields].concat();
            let right = self.factor(relation, &siblings)?;
            let constraint = match join_operator {
                JoinOperator::Join(constraint)
                | JoinOperator::Inner(constraint)
                | JoinOperator::Left(constraint)
                | JoinOperator::LeftOuter(constraint)
                | JoinOperator::Right(constraint)
                | JoinOperator::RightOuter(constraint)
                | JoinOperator::FullOuter(constraint) => Some(constraint),
                JoinOperator::CrossJoin(JoinConstraint::None) => None,
                JoinOperator::CrossJoin(_)
                | JoinOperator::Semi(_)
                | JoinOperator::LeftSemi(_)
                | JoinOperator::RightSemi(_)
                | JoinOperator::Anti(_)
                | JoinOperator::LeftAnti(_)
                | JoinOperator::RightAnti(_)
                | JoinOperator::CrossApply
                | JoinOperator::OuterApply
                | JoinOperator::AsOf { .. }
                | JoinOperator::StraightJoin(_)
                | JoinOperator::ArrayJoin
                | JoinOperator::LeftArrayJoin
                | JoinOperator::InnerArrayJoin => {
                    return Err(Refusal::not_allowed(
                        "A join other than INNER, LEFT, RIGHT, FULL or CROSS",
                        "use one of these, or EXISTS",
                    ));
                }
            };
            fields = match constraint {
                None => [fields, right].concat(),
                Some(JoinConstraint::On(condition)) => {
                    let fields = [fields, right].concat();
                    let in_sight = [hidden(before), fields.clone()].concat();
                    self.beside(in_sight, |checker| checker.expression(condition))?;
                    fields
                }
                Some(JoinConstraint::Using(columns)) => using(columns, fields, right)?,
                Some(JoinConstraint::Natural) => {
                    return Err(Refusal::not_allowed("NATURAL JOIN", "write JOIN … ON …"));
                }
                Some(JoinConstraint::None) => {
                    return Err(Refusal::not_allowed("A JOIN without ON", "write JOIN … ON …, or CROSS JOIN"));
                }
            };
        }
        Ok(fields)
    }

    fn factor(&mut self, factor: &mut TableFactor, siblings: &[Field]) -> Result<Vec<Field>, Refusal> {
        self.count_relation()?;
        self.deeper(|checker| match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                if !with_hints.is_empty()
                    || version.is_some()
                    || !partitions.is_empty()
                    || json_path.is_some()
                    || sample.is_some()
                    || !index_hints.is_empty()
                {
                    return Err(Refusal::not_allowed(
                        "A clause after a table's name (version, sample, partition, hint)",
                        "write the name and an alias",
                    ));
                }
                let path = identifiers(name)?;
                match (args, path.as_slice()) {
                    (None, _) if *with_ordinality => {
                        Err(Refusal::not_allowed("WITH ORDINALITY after a table", "use row_number()"))
                    }
                    (None, _) => checker.table_or_named(name, alias),
                    (Some(arguments), [function])
                        if function.quote_style.is_none() && function.value.eq_ignore_ascii_case("unnest") =>
                    {
                        checker.unnest(arguments, *with_ordinality, alias, siblings)
                    }
                    (Some(_), _) => Err(Refusal::not_allowed(
                        format!("The table function {name}"),
                        "use tables, subqueries and UNNEST(array) AS t(column)",
                    )),
                }
            }
            TableFactor::Derived { lateral, subquery, alias, sample } => {
                if sample.is_some() {
                    return Err(Refusal::not_allowed("TABLESAMPLE", "leave it out"));
                }
                checker.derived(*lateral, subquery, alias, siblings)
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                if alias.is_some() {
                    return Err(Refusal::not_allowed("An alias of a join in parentheses", "give each table an alias"));
                }
                checker.joined(table_with_joins, siblings)
            }
            TableFactor::TableFunction { .. }
            | TableFactor::Function { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::JsonTable { .. }
            | TableFactor::OpenJsonTable { .. }
            | TableFactor::Pivot { .. }
            | TableFactor::Unpivot { .. }
            | TableFactor::MatchRecognize { .. }
            | TableFactor::XmlTable { .. }
            | TableFactor::SemanticView { .. } => Err(Refusal::not_allowed(
                "In FROM, anything but tables, subqueries and UNNEST(array) AS t(column)",
                "use these",
            )),
        })
    }

    fn table_or_named(&mut self, name: &mut ObjectName, alias: &mut Option<TableAlias>) -> Result<Vec<Field>, Refusal> {
        for part in &mut name.0 {
            if let ObjectNamePart::Identifier(ident) = part {
                normalise(ident)?;
            }
        }
        let path = identifiers(name)?;
        if let [single] = path.as_slice() {
            let wanted = key(&single.value);
            if let Some(named) = self.named.iter().rev().find(|named| named.key == wanted) {
                let outputs = named.outputs.clone();
                let mut own = alias.is_none().then(|| plain_alias(single.clone()));
                let alias = alias.as_mut().or(own.as_mut());
                return fields_of(outputs, alias);
            }
        }
        let table = self.table(&path)?;
        let (alias, is_qualifiable) = match alias {
            Some(alias) if !alias.columns.is_empty() => {
                return Err(Refusal::not_allowed("Renaming a table's columns in FROM", "use AS in SELECT"));
            }
            Some(alias) => {
                alias.explicit = true;
                renamed(Vec::new(), alias)?;
                (alias.name.clone(), false)
            }
            None => (path.last().cloned().unwrap_or_else(|| Ident::new(&table.name)), true),
        };
        let relation = Rc::new(Relation {
            key: key(&alias.value),
            alias,
            is_qualifiable,
            hides: table.columns.iter().any(|column| column.is_hidden),
        });
        let field = |column: &crate::sql::schema::Column| -> Result<Field, Refusal> {
            Ok(Field {
                relation: Some(Rc::clone(&relation)),
                name: Some(written(&column.name)?),
                key: key(&column.name),
                is_hidden: column.is_hidden,
                may_be_row: is_row(&column.kind),
                stands_alone: true,
            })
        };
        table.columns.iter().map(field).collect()
    }

    fn derived(
        &mut self,
        lateral: bool,
        subquery: &mut Query,
        alias: &mut Option<TableAlias>,
        siblings: &[Field],
    ) -> Result<Vec<Field>, Refusal> {
        let in_sight = if lateral { siblings.to_vec() } else { hidden(siblings) };
        let outputs = self.beside(in_sight, |checker| checker.query(subquery))?;
        fields_of(outputs, alias.as_mut())
    }

    fn unnest(
        &mut self,
        arguments: &mut TableFunctionArgs,
        with_ordinality: bool,
        alias: &mut Option<TableAlias>,
        siblings: &[Field],
    ) -> Result<Vec<Field>, Refusal> {
        let TableFunctionArgs { args, settings } = arguments;
        let refusal = || Refusal::not_allowed("UNNEST in this form", "write UNNEST(array) AS t(column)");
        let Some(alias) = alias else { return Err(refusal()) };
        if settings.is_some() || args.is_empty() || alias.columns.is_empty() {
            return Err(refusal());
        }
        // An array gives one column or, of rows, more; a map two.
        if with_ordinality && alias.columns.len() < 2 {
            return Err(refusal());
        }
        self.beside(siblings.to_vec(), |checker| {
            for argument in args {
                match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => checker.expression(expression)?,
                    FunctionArg::Unnamed(_) | FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } => {
                        return Err(refusal());
                    }
                }
            }
            Ok(())
        })?;
        let outputs = vec![Output { name: None, may_be_row: true, expression: None }; alias.columns.len()];
        fields_of(outputs, Some(alias))
    }

    /// Does something that sees columns of the same FROM.
    fn beside<T>(
        &mut self,
        fields: Vec<Field>,
        check: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.scope.levels.push(Level { fields, ..Level::default() });
        let result = check(self);
        self.scope.levels.pop();
        result
    }
}

/// What of a FROM is in sight where Trino sees nothing of it: an engine that did would find these, so no name may have
/// theirs and mean another further out.
fn hidden(fields: &[Field]) -> Vec<Field> {
    fields.iter().filter(|field| field.is_hidden).cloned().collect()
}

/// The columns of a subquery, under its alias.
fn fields_of(outputs: Vec<Output>, alias: Option<&mut TableAlias>) -> Result<Vec<Field>, Refusal> {
    let (outputs, relation) = match alias {
        None => (outputs, None),
        Some(alias) => {
            alias.explicit = true;
            let outputs = renamed(outputs, alias)?;
            let (alias, key) = (alias.name.clone(), key(&alias.name.value));
            (outputs, Some(Rc::new(Relation { alias, key, is_qualifiable: false, hides: false })))
        }
    };
    let field = |output: Output| Field {
        relation: relation.clone(),
        key: output.key(),
        name: output.name,
        is_hidden: false,
        may_be_row: output.may_be_row,
        stands_alone: true,
    };
    Ok(outputs.into_iter().map(field).collect())
}

/// The columns of a join by equal names: first the shared ones, which are of both tables and so of none.
fn using(columns: &mut [ObjectName], mut left: Vec<Field>, mut right: Vec<Field>) -> Result<Vec<Field>, Refusal> {
    let mut shared = Vec::new();
    for column in columns {
        let [ObjectNamePart::Identifier(name)] = column.0.as_mut_slice() else {
            return Err(Refusal::not_allowed("USING with more than a column's name", "write ON"));
        };
        normalise_new(name)?;
        let wanted = key(&name.value);
        for side in [&mut left, &mut right] {
            let mut found: Vec<_> = side.iter_mut().filter(|field| field.stands_alone && field.key == wanted).collect();
            match found.as_mut_slice() {
                [field] if !field.is_hidden => field.stands_alone = false,
                _ => {
                    return Err(Refusal::UnknownColumn {
                        name: name.to_string(),
                        place: "both sides of USING".to_owned(),
                        hint: "write JOIN … ON … with the columns of each table".to_owned(),
                    });
                }
            }
        }
        shared.push(Field {
            relation: None,
            name: Some(name.clone()),
            key: wanted,
            is_hidden: false,
            may_be_row: true,
            stands_alone: true,
        });
    }
    Ok([shared, left, right].concat())
}

fn identifiers(name: &ObjectName) -> Result<Vec<Ident>, Refusal> {
    let part = |part: &ObjectNamePart| part.as_ident().cloned();
    let path = name.0.iter().map(part).collect::<Option<Vec<_>>>();
    path.ok_or_else(|| Refusal::not_allowed(format!("{name} as a table"), "use the tables' names"))
}

fn plain_alias(name: Ident) -> TableAlias {
    TableAlias { explicit: true, name, columns: Vec::new(), at: None }
}

/// Whether a column of a type, as the catalog spells it, has fields.
fn is_row(kind: &str) -> bool {
    let kind = kind.trim_start().to_ascii_lowercase();
    kind.starts_with("struct") || kind.starts_with("row")
}
