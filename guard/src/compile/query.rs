//! Whole queries: WITH, the body, and what stands behind it.

use catalog::TypeClass;
use serde_json::{Value, json};

use crate::tree::{Cte, Expr, Ident, Literal, Query, SetExpr, Tail};

use super::frame::{Col, Frame, Val};
use super::{Compiler, Made, form};

/// A pipeline that gives rows with the fields `c0`, `c1` ...
pub(super) struct Piped {
    pub(super) collection: String,
    pub(super) stages: Vec<Value>,
    pub(super) captures: Vec<(String, Value)>,
    pub(super) cols: Vec<Col>,
}

/// LIMIT and OFFSET.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds {
    pub(super) skip: Option<i64>,
    pub(super) most: Option<i64>,
}

impl<'a> Compiler<'a> {
    /// A query as a pipeline. `apart`: one of its own, not the beginning of the frame that is being filled.
    pub(super) fn query(&mut self, query: &'a Query, apart: bool) -> Made<Piped> {
        self.block()?;
        self.frames.push(Frame { apart, ..Frame::default() });
        let cols = self.query_here(query)?;
        self.piped(cols)
    }

    /// Takes the finished frame off.
    pub(super) fn piped(&mut self, cols: Vec<Col>) -> Made<Piped> {
        let frame = self.frames.pop().unwrap_or_default();
        let Frame { collection, stages, captures, .. } = frame;
        let Some(collection) = collection else {
            return Err(
                form("A query without FROM").hint("Read from a collection: a pipeline starts from one.")
            );
        };
        Ok(Piped { collection, stages, captures, cols })
    }

    /// A query into the frame on top, which is empty.
    pub(super) fn query_here(&mut self, query: &'a Query) -> Made<Vec<Col>> {
        let Query { recursive, with, body, order_by, limit, offset, with_ties, tail } = query;
        if *recursive {
            return Err(form("WITH RECURSIVE"));
        }
        if *with_ties || *tail != Tail::default() {
            return Err(form("WITH TIES"));
        }
        let bounds = Bounds { skip: bound(offset.as_deref())?, most: bound(limit.as_deref())? };
        let mark = self.ctes.len();
        for cte in with {
            let Cte { name: _, columns: _, materialized: _, query: _, walk } = cte;
            if walk.search.is_some() || walk.cycle.is_some() {
                return Err(form("SEARCH and CYCLE"));
            }
            self.ctes.push(cte);
        }
        let cols = match body {
            SetExpr::Select(select) => self.select(select, order_by, bounds)?,
            SetExpr::Query(inner) => {
                let cols = self.query_here(inner)?;
                self.order_outputs(order_by, &cols)?;
                self.bound(bounds)?;
                cols
            }
            SetExpr::SetOp { op, all, left, right } => {
                let cols = self.set(*op, *all, left, right)?;
                self.order_outputs(order_by, &cols)?;
                self.bound(bounds)?;
                cols
            }
            SetExpr::Values(_) => {
                return Err(form("VALUES").hint("Read from a collection: a pipeline starts from one."));
            }
        };
        self.ctes.truncate(mark);
        Ok(cols)
    }

    /// Skips and limits.
    pub(super) fn bound(&mut self, bounds: Bounds) -> Made<()> {
        if let Some(skip) = bounds.skip.filter(|n| *n > 0) {
            self.push(json!({ "$skip": skip }))?;
        }
        match bounds.most {
            // a limit of nothing is no limit to the server
            Some(0) => {
                self.push(json!({ "$limit": 1 }))?;
                self.push(json!({ "$skip": 1 }))
            }
            Some(most) => self.push(json!({ "$limit": most })),
            None => Ok(()),
        }
    }

    /// The fields of finished rows, under other names if given.
    pub(super) fn outputs(cols: &[Col], names: &[Ident]) -> Vec<Col> {
        let renamed = names.iter().map(|n| n.value.as_str()).map(Some).chain(std::iter::repeat(None));
        let field = |(i, (col, name)): (usize, (&Col, Option<&str>))| {
            let json = json!(format!("$c{i}"));
            let val = Val { json, literal: None, zone: None, ..col.val.clone() };
            Col { name: name.unwrap_or(&col.name).to_owned(), val }
        };
        cols.iter().zip(renamed).enumerate().map(field).collect()
    }
}

fn bound(expr: Option<&Expr>) -> Made<Option<i64>> {
    match expr {
        None | Some(Expr::Literal(Literal::Null, _)) => Ok(None),
        Some(Expr::Literal(Literal::Number(digits), span)) => {
            let whole = digits.parse::<i64>().map_err(|_| form("This LIMIT or OFFSET").at(*span))?;
            Ok(Some(whole))
        }
        Some(_) => Err(form("A LIMIT or OFFSET that is not written out as a number")),
    }
}

/// What is known of a column in all arms of a set operation.
pub(super) fn merged(left: &Col, right: &Col) -> Col {
    let mut val = super::expr::one_of(left.val.json.clone(), &[left.val.clone(), right.val.clone()]);
    if left.val.class.is_none() && left.val.literal == Some(Literal::Null) {
        val.class = right.val.class;
    }
    val.class = val.class.filter(|c| *c != TypeClass::Other);
    Col { name: left.name.clone(), val }
}
