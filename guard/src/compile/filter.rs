//! Conditions of WHERE, ON and HAVING as `$match`: query operators where they mean the same, so that indexes serve them,
//! and `$expr` for the rest.

use catalog::TypeClass;
use serde_json::{Value, json};

use crate::tree::{BinaryOp, Expr, IsTest, Literal, UnaryOp};

use super::builder::{all, matching};
use super::frame::Val;
use super::truth::opposite;
use super::{Compiler, Made, walk};

impl<'a> Compiler<'a> {
    /// Keeps the rows for which all conditions hold: those without sub-queries first.
    pub(super) fn keep_where(&mut self, conditions: &[&'a Expr]) -> Made<()> {
        let (inner, plain): (Vec<&'a Expr>, Vec<&'a Expr>) =
            conditions.iter().copied().partition(|e| walk::has_query(e));
        self.keep(&plain)?;
        for condition in inner {
            if !self.keep_by_query(condition)? {
                self.keep(&[condition])?;
            }
        }
        Ok(())
    }

    /// One `$match` for all conditions.
    pub(super) fn keep(&mut self, conditions: &[&'a Expr]) -> Made<()> {
        let mut plain = Vec::new();
        let mut computed = Vec::new();
        for condition in conditions {
            match self.query_form(condition, true)? {
                Some(test) => plain.push(test),
                None => computed.push(self.truth(condition, true)?),
            }
        }
        if !computed.is_empty() {
            let test = all(computed);
            if test != Value::Bool(true) {
                plain.push(json!({ "$expr": test }));
            }
        }
        if !plain.is_empty() {
            self.push(json!({ "$match": matching(plain) }))?;
        }
        Ok(())
    }

    /// A condition in query operators, where those say when it is what is wanted.
    fn query_form(&mut self, expr: &'a Expr, wanted: bool) -> Made<Option<Value>> {
        if walk::has_query(expr) {
            return Ok(None);
        }
        match expr {
            Expr::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right } => {
                let (left, right) = (self.query_form(left, wanted)?, self.query_form(right, wanted)?);
                let (Some(left), Some(right)) = (left, right) else { return Ok(None) };
                let and = (*op == BinaryOp::And) == wanted;
                Ok(Some(if and { json!({ "$and": [left, right] }) } else { either(left, right) }))
            }
            Expr::Unary { op: UnaryOp::Not, expr } => self.query_form(expr, !wanted),
            Expr::Binary { op, left, right } if super::truth::is_comparison(*op) => {
                self.compared(*op, left, right, wanted)
            }
            Expr::Between { expr, low, high, negated, symmetric: false } => {
                let low = self.compared(BinaryOp::GtEq, expr, low, wanted != *negated)?;
                let high = self.compared(BinaryOp::LtEq, expr, high, wanted != *negated)?;
                let (Some(low), Some(high)) = (low, high) else { return Ok(None) };
                Ok(Some(if wanted != *negated { within(low, high) } else { either(low, high) }))
            }
            Expr::InList { expr, list, negated } => self.listed(expr, list, wanted != *negated),
            Expr::Is { expr, test: IsTest::Null, negated } => {
                let val = self.value(expr)?;
                // whatever is stored there, an array too, is not null
                let path = val.path().filter(|_| !matches!(val.class, Some(TypeClass::Array)));
                let null = wanted != *negated;
                Ok(path.map(|p| if null { json!({ p: null }) } else { json!({ p: { "$ne": null } }) }))
            }
            Expr::Like { .. } => self.matched(expr, wanted),
            Expr::Column(_) => {
                let val = self.value(expr)?;
                let path = val.scalar_path().filter(|_| val.class == Some(TypeClass::Boolean));
                Ok(path.map(|p| json!({ p: wanted })))
            }
            _ => Ok(None),
        }
    }

    /// A column against a constant.
    fn compared(
        &mut self,
        op: BinaryOp,
        left: &'a Expr,
        right: &'a Expr,
        wanted: bool,
    ) -> Made<Option<Value>> {
        if matches!(op, BinaryOp::Distinct | BinaryOp::NotDistinct) {
            return Ok(None);
        }
        let (mut left, mut right) = (self.value(left)?, self.value(right)?);
        self.align(&mut left, &mut right)?;
        let (column, constant, op) = match (left.literal.is_some(), right.literal.is_some()) {
            (false, true) => (left, right, op),
            (true, false) => (right, left, mirrored(op)),
            _ => return Ok(None),
        };
        let Some(path) = column.scalar_path() else { return Ok(None) };
        if constant.literal == Some(Literal::Null) {
            return Ok(None);
        }
        let constant = plain(constant);
        let name = match if wanted { op } else { opposite(op) } {
            BinaryOp::Eq => return Ok(Some(json!({ path: constant }))),
            // null is unequal to everything here, and unknown to SQL
            BinaryOp::NotEq => return Ok(Some(json!({ path: { "$nin": [constant, null] } }))),
            BinaryOp::Lt => "$lt",
            BinaryOp::LtEq => "$lte",
            BinaryOp::Gt => "$gt",
            _ => "$gte",
        };
        Ok(Some(json!({ path: { name: constant } })))
    }

    fn listed(&mut self, expr: &'a Expr, list: &'a [Expr], wanted: bool) -> Made<Option<Value>> {
        let column = self.value(expr)?;
        let Some(path) = column.scalar_path() else { return Ok(None) };
        let mut constants = Vec::with_capacity(list.len() + 1);
        let mut open = false;
        for item in list {
            let mut item = self.value(item)?;
            if item.literal == Some(Literal::Null) {
                open = true;
                continue;
            }
            let mut own = column.clone();
            self.align(&mut own, &mut item)?;
            if item.literal.is_none() || own.json != column.json {
                return Ok(None);
            }
            constants.push(plain(item));
        }
        Ok(Some(match (wanted, open) {
            (true, _) => json!({ path: { "$in": constants } }),
            // not among values of which one is unknown: never certain
            (false, true) => json!({ "$expr": false }),
            (false, false) => {
                constants.push(Value::Null);
                json!({ path: { "$nin": constants } })
            }
        }))
    }

    fn matched(&mut self, expr: &'a Expr, wanted: bool) -> Made<Option<Value>> {
        let (val, pattern) = self.pattern_of(expr)?;
        let (Some(path), Some(pattern)) = (val.scalar_path(), pattern) else { return Ok(None) };
        let regex = json!({ "$regex": pattern.regex, "$options": pattern.options });
        Ok(Some(if wanted != pattern.negated {
            json!({ path: regex })
        } else {
            json!({ path: { "$not": regex, "$ne": null } })
        }))
    }
}

/// A constant as data: a text that begins with `$` is no field here.
fn plain(val: Val) -> Value {
    match val.json {
        Value::Object(mut inner) if inner.contains_key("$literal") => {
            inner.remove("$literal").unwrap_or(Value::Null)
        }
        other => other,
    }
}

fn either(left: Value, right: Value) -> Value {
    json!({ "$or": [left, right] })
}

/// Two tests of one field in one document.
fn within(low: Value, high: Value) -> Value {
    let single = |v: &Value| {
        let (path, tests) = v.as_object()?.iter().next()?;
        Some((path.clone(), tests.as_object()?.clone()))
    };
    match (single(&low), single(&high)) {
        (Some((path, mut tests)), Some((other, more))) if path == other && !path.starts_with('$') => {
            tests.extend(more);
            json!({ path: tests })
        }
        _ => json!({ "$and": [low, high] }),
    }
}

/// The comparison with its sides changed.
fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::LtEq => BinaryOp::GtEq,
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::GtEq => BinaryOp::LtEq,
        same => same,
    }
}
