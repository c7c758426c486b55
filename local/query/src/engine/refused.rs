//! What the parser reads, because other databases have it, and Athena does not.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::{
    ast::{
        Distinct, JoinConstraint, JoinOperator, Query, Select, SetExpr, Statement, TableFactor, TableWithJoins, Visit,
        Visitor,
    },
    keywords::Keyword,
    tokenizer::TokenWithSpan,
};

use super::place::Place;
use crate::QueryError;

/// # Errors
///
/// In the words of Trino's parser, for the first clause that it does not know.
pub(crate) fn check(statement: &Statement, tokens: &[TokenWithSpan]) -> Result<(), QueryError> {
    match statement.visit(&mut Clauses { tokens }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Clauses<'a> {
    tokens: &'a [TokenWithSpan],
}

impl Clauses<'_> {
    fn unknown(&self, keyword: Keyword, is_there: bool) -> ControlFlow<QueryError> {
        if !is_there {
            return ControlFlow::Continue(());
        }
        let place = Place::of_keyword(self.tokens, keyword).unwrap_or(Place::START);
        ControlFlow::Break(QueryError::User(format!("SYNTAX_ERROR: {place}: mismatched input '{keyword:?}'")))
    }

    fn join(&self, tables: &TableWithJoins) -> ControlFlow<QueryError> {
        for join in &tables.joins {
            use JoinOperator::*;
            let constraint = match &join.join_operator {
                Join(constraint)
                | Inner(constraint)
                | Left(constraint)
                | LeftOuter(constraint)
                | Right(constraint)
                | RightOuter(constraint)
                | FullOuter(constraint) => Some(constraint),
                CrossJoin(_) => None,
                Semi(_) | LeftSemi(_) | RightSemi(_) => return self.unknown(Keyword::SEMI, true),
                Anti(_) | LeftAnti(_) | RightAnti(_) => return self.unknown(Keyword::ANTI, true),
                _ => return self.unknown(Keyword::JOIN, true),
            };
            if matches!(constraint, Some(JoinConstraint::Natural)) {
                let place = Place::of_keyword(self.tokens, Keyword::NATURAL).unwrap_or(Place::START);
                return ControlFlow::Break(QueryError::User(format!(
                    "NOT_SUPPORTED: {place}: Natural join not supported"
                )));
            }
            let is_unnested = matches!(join.relation, TableFactor::UNNEST { .. });
            if matches!(constraint, Some(JoinConstraint::None)) && !is_unnested {
                self.unknown(Keyword::JOIN, true)?;
            }
        }
        ControlFlow::Continue(())
    }
}

impl Visitor for Clauses<'_> {
    type Break = QueryError;

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<QueryError> {
        self.unknown(Keyword::TOP, select.top.is_some())?;
        self.unknown(Keyword::INTO, select.into.is_some())?;
        self.unknown(Keyword::QUALIFY, select.qualify.is_some())?;
        self.unknown(Keyword::LATERAL, !select.lateral_views.is_empty())?;
        self.unknown(Keyword::PREWHERE, select.prewhere.is_some())?;
        self.unknown(Keyword::CONNECT, !select.connect_by.is_empty())?;
        self.unknown(Keyword::CLUSTER, !select.cluster_by.is_empty())?;
        self.unknown(Keyword::DISTRIBUTE, !select.distribute_by.is_empty())?;
        self.unknown(Keyword::SORT, !select.sort_by.is_empty())?;
        self.unknown(Keyword::ON, matches!(select.distinct, Some(Distinct::On(_))))?;
        self.unknown(Keyword::FROM, select.projection.is_empty())?;
        select.from.iter().try_for_each(|tables| self.join(tables))
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<QueryError> {
        self.unknown(Keyword::FOR, !query.locks.is_empty() || query.for_clause.is_some())?;
        self.unknown(Keyword::FORMAT, query.format_clause.is_some())?;
        self.unknown(Keyword::SETTINGS, query.settings.is_some())?;
        match &*query.body {
            SetExpr::Insert(_) => self.unknown(Keyword::INSERT, true),
            SetExpr::Update(_) => self.unknown(Keyword::UPDATE, true),
            SetExpr::Delete(_) => self.unknown(Keyword::DELETE, true),
            SetExpr::Merge(_) => self.unknown(Keyword::MERGE, true),
            _ => ControlFlow::Continue(()),
        }
    }
}
