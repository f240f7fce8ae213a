//! UNION, INTERSECT and EXCEPT.

use serde_json::{Map, Value, json};

use crate::tree::{SetExpr, SetOp};

use super::builder::settled;
use super::frame::{Col, Frame};
use super::query::{Piped, merged};
use super::{Compiler, Made, form};

impl<'a> Compiler<'a> {
    /// Two arms into the frame on top.
    pub(super) fn set(
        &mut self,
        op: SetOp,
        every: bool,
        left: &'a SetExpr,
        right: &'a SetExpr,
    ) -> Made<Vec<Col>> {
        let first = self.arm(left, false)?;
        let second = self.arm(right, true)?;
        if !second.captures.is_empty() {
            return Err(form("A set operation whose second arm names columns from outside"));
        }
        let cols: Vec<Col> = first.cols.iter().zip(&second.cols).map(|(l, r)| merged(l, r)).collect();
        self.same_kinds(&first, &second)?;
        let mut other = second.stages;
        let top = self.top()?;
        top.collection = Some(first.collection);
        top.stages = first.stages;
        if op != SetOp::Union {
            if every {
                return Err(form("INTERSECT ALL and EXCEPT ALL").hint("Leave ALL out: each row once."));
            }
            top.stages.push(json!({ "$set": { "_q0": 1 } }));
            other.push(json!({ "$set": { "_q0": 2 } }));
        }
        top.stages.push(json!({ "$unionWith": { "coll": second.collection, "pipeline": other } }));
        match op {
            SetOp::Union if every => {}
            SetOp::Union => self.distinct(cols.len())?,
            SetOp::Intersect | SetOp::Except => {
                // which arms a row came from: 1, 2, or both
                self.push(json!({ "$group": { "_id": each(cols.len()), "from": { "$addToSet": "$_q0" } } }))?;
                let test = if op == SetOp::Intersect {
                    json!({ "from": { "$size": 2 } })
                } else {
                    json!({ "from": { "$nin": [2] } })
                };
                self.push(json!({ "$match": test }))?;
                self.push(json!({ "$replaceRoot": { "newRoot": "$_id" } }))?;
            }
        }
        Ok(Compiler::outputs(&cols, &[]))
    }

    fn arm(&mut self, arm: &'a SetExpr, apart: bool) -> Made<Piped> {
        self.block()?;
        match arm {
            SetExpr::Query(query) => self.query(query, apart),
            SetExpr::Select(select) => {
                self.frames.push(Frame { apart, ..Frame::default() });
                let cols = self.select(select, &[], super::query::Bounds::default())?;
                self.piped(cols)
            }
            SetExpr::SetOp { op, all, left, right } => {
                self.frames.push(Frame { apart, ..Frame::default() });
                let cols = self.set(*op, *all, left, right)?;
                self.piped(cols)
            }
            SetExpr::Values(_) => Err(form("VALUES")),
        }
    }

    /// Columns of both arms must be of one kind, or rows that SQL takes for equal would differ.
    fn same_kinds(&mut self, first: &Piped, second: &Piped) -> Made<()> {
        for (left, right) in first.cols.iter().zip(&second.cols) {
            let (mut left, mut right) = (left.val.clone(), right.val.clone());
            let (a, b) = (left.oid, right.oid);
            left.literal = None;
            right.literal = None;
            self.align(&mut left, &mut right)?;
            if a != b && left.class.is_some() && right.class.is_some() {
                return Err(
                    form("A set operation over ObjectIds and texts").hint("Cast the ObjectId to text.")
                );
            }
        }
        Ok(())
    }

    /// Each row once.
    pub(super) fn distinct(&mut self, columns: usize) -> Made<()> {
        self.push(json!({ "$group": { "_id": each(columns) } }))?;
        self.push(json!({ "$replaceRoot": { "newRoot": "$_id" } }))
    }
}

/// All fields of a row; one that is not there counts as null.
fn each(columns: usize) -> Value {
    let fields: Map<String, Value> =
        (0..columns).map(|i| (format!("c{i}"), settled(&json!(format!("$c{i}"))))).collect();
    Value::Object(fields)
}
