//! Walks over a syntax tree.
//!
//! The parser's tree has some 250 types, and every visitor gets code of its own for all of them: 45 kB in a function's binary,
//! and in its memory. So there is one visitor that looks and one that changes, whatever is looked for and changed.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Query, ValueWithSpan, Visit, VisitMut, Visitor, VisitorMut};

/// How far below the node an expression is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Depth {
    pub expressions: usize,
    pub queries: usize,
}

/// Shows every expression below a node, those of subqueries too, each before what is below it. Breaks off if `see` does.
pub fn expressions(node: &impl Visit, mut see: impl FnMut(&Expr, Depth) -> ControlFlow<()>) -> ControlFlow<()> {
    node.visit(&mut Look { depth: Depth::default(), see: &mut see })
}

/// What is changed below a node.
pub trait Changes {
    fn before_query(&mut self, _: &mut Query) {}

    fn after_query(&mut self, _: &mut Query) {}

    /// From the leaves up. May break off.
    fn after_expression(&mut self, _: &mut Expr) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn value(&mut self, _: &mut ValueWithSpan) {}
}

pub fn change(node: &mut impl VisitMut, changes: &mut dyn Changes) -> ControlFlow<()> {
    node.visit(&mut Change(changes))
}

/// Every expression below a node, those of subqueries too, to be changed.
pub fn expressions_mut(
    node: &mut impl VisitMut,
    change_it: impl FnMut(&mut Expr) -> ControlFlow<()>,
) -> ControlFlow<()> {
    struct Each<F>(F);
    impl<F: FnMut(&mut Expr) -> ControlFlow<()>> Changes for Each<F> {
        fn after_expression(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            self.0(expr)
        }
    }
    change(node, &mut Each(change_it))
}

struct Look<'a> {
    depth: Depth,
    see: &'a mut dyn FnMut(&Expr, Depth) -> ControlFlow<()>,
}

impl Visitor for Look<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth.queries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth.queries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let depth = self.depth;
        self.depth.expressions += 1;
        (self.see)(expr, depth)
    }

    fn post_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
        self.depth.expressions -= 1;
        ControlFlow::Continue(())
    }
}

struct Change<'a>(&'a mut dyn Changes);

impl VisitorMut for Change<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        self.0.before_query(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        self.0.after_query(query);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.0.after_expression(expr)
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<()> {
        self.0.value(value);
        ControlFlow::Continue(())
    }
}
