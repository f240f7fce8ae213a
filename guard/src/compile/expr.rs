//! Expressions as values.

use catalog::TypeClass;
use serde_json::{Value, json};

use crate::tree::{BinaryOp, Expr, Literal, SpecialCall, TrimSide, UnaryOp};

use super::builder::quoted;
use super::frame::Val;
use super::{Compiler, Made, align, form, operator, time, weighed};

impl<'a> Compiler<'a> {
    /// The value of an expression.
    pub(super) fn value(&mut self, expr: &'a Expr) -> Made<Val> {
        if let Some(known) = self.grouped_value(expr) {
            return Ok(known);
        }
        let val = self.evaluated(expr)?;
        weighed(&val.json)?;
        Ok(val)
    }

    fn evaluated(&mut self, expr: &'a Expr) -> Made<Val> {
        match expr {
            Expr::Column(name) => self.find(name),
            Expr::Literal(literal, span) => literal_value(literal).map_err(|f| f.at(*span)),
            Expr::Typed { ty, value, span } => {
                let text = Val { literal: Some(Literal::String(value.clone())), ..text_of(value) };
                self.converted(text, ty).map_err(|f| f.at(*span))
            }
            Expr::Param(_) => Err(form("A parameter")),
            Expr::Unary { op: UnaryOp::Not, .. }
            | Expr::Is { .. }
            | Expr::Between { .. }
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Like { .. }
            | Expr::Quantified { .. }
            | Expr::Exists { .. } => self.three_valued(expr),
            Expr::Unary { op, expr } => self.unary(*op, expr),
            Expr::Binary { op, left, right } => match op {
                BinaryOp::And
                | BinaryOp::Or
                | BinaryOp::Regex
                | BinaryOp::RegexI
                | BinaryOp::NotRegex
                | BinaryOp::NotRegexI => self.three_valued(expr),
                op if super::truth::is_comparison(*op) => self.three_valued(expr),
                _ => self.computed(*op, left, right),
            },
            Expr::Case { operand, branches, otherwise } => {
                self.case(operand.as_deref(), branches, otherwise.as_deref())
            }
            Expr::Cast { expr, to, try_cast: false } => {
                let val = self.value(expr)?;
                self.converted(val, to)
            }
            Expr::Call(call) => self.call(call),
            Expr::Extract { field, expr } => self.extract(field, expr),
            Expr::Special(special) => self.special(special),
            Expr::AtTimeZone { expr, zone } => self.at_zone(expr, zone),
            Expr::Subquery(query) => self.scalar_query(query),
            Expr::Array(items) => {
                let items: Made<Vec<Value>> = items.iter().map(|e| Ok(self.value(e)?.json)).collect();
                Ok(Val::new(json!(items?), Some(TypeClass::Array), false))
            }
            Expr::Subscript { expr, index: Some(index), slice_to: None } => {
                let (array, index) = (self.value(expr)?, self.value(index)?);
                // PostgreSQL counts from 1, and has nothing before that
                let at = json!({ "$arrayElemAt": [array.json, { "$subtract": [index.json, 1] }] });
                let inside = json!({ "$and": [{ "$isArray": [array.json] }, { "$gt": [index.json, 0] }] });
                Ok(Val::new(super::builder::cond(inside, at, Value::Null), None, true))
            }
            Expr::Cast { try_cast: true, .. } => Err(operator("TRY_CAST")),
            Expr::Interval { .. } => Err(operator("An interval other than beside a date")),
            Expr::Collate { .. } => Err(operator("COLLATE").hint("Texts are compared byte by byte.")),
            Expr::Row(_) => Err(form("A row of values")),
            Expr::ArraySubquery(_) => Err(form("ARRAY(SELECT ...)").hint("Use array_agg in a sub-query.")),
            Expr::Subscript { .. } => Err(form("A slice of an array")),
            Expr::Field { .. } => Err(form("A field of a row")),
        }
    }

    /// What the block's grouping or its windows have computed already.
    fn grouped_value(&self, expr: &'a Expr) -> Option<Val> {
        let frame = self.frames.last()?;
        if let Expr::Call(call) = expr
            && let Some((_, val)) = frame.windows.iter().find(|(known, _)| *known == **call)
        {
            return Some(val.clone());
        }
        let grouped = frame.grouped.as_ref()?;
        if let Some((_, val)) = grouped.keys.iter().find(|(key, _)| key == expr) {
            return Some(val.clone());
        }
        let Expr::Call(call) = expr else { return None };
        grouped.calls.iter().find(|(known, _)| *known == **call).map(|(_, val)| val.clone())
    }

    fn case(
        &mut self,
        operand: Option<&'a Expr>,
        branches: &'a [(Expr, Expr)],
        otherwise: Option<&'a Expr>,
    ) -> Made<Val> {
        let operand = operand.map(|e| self.value(e)).transpose()?;
        let mut cases = Vec::with_capacity(branches.len());
        let mut results = Vec::with_capacity(branches.len() + 1);
        for (when, then) in branches {
            let test = match &operand {
                None => self.truth(when, true)?,
                Some(operand) => {
                    let when = self.value(when)?;
                    self.compare(BinaryOp::Eq, operand, &when, true)?
                }
            };
            let then = self.value(then)?;
            cases.push((test, then.json.clone()));
            results.push(then);
        }
        let otherwise = otherwise.map(|e| self.value(e)).transpose()?.unwrap_or_else(null);
        let json = match cases.as_slice() {
            [(test, then)] => super::builder::cond(test.clone(), then.clone(), otherwise.json.clone()),
            _ => {
                let branches: Vec<Value> =
                    cases.into_iter().map(|(test, then)| json!({ "case": test, "then": then })).collect();
                json!({ "$switch": { "branches": branches, "default": otherwise.json } })
            }
        };
        results.push(otherwise);
        Ok(one_of(json, &results))
    }

    fn special(&mut self, special: &'a SpecialCall) -> Made<Val> {
        match special {
            SpecialCall::Substring { expr, from, length } => {
                let from = from.as_deref();
                let (text, from) = (self.text(expr)?, from.map(|e| self.value(e)).transpose()?);
                let length = length.as_deref().map(|e| self.value(e)).transpose()?;
                let from = from.unwrap_or_else(|| Val::new(json!(1), Some(TypeClass::Integer), false));
                self.substring(text, from, length)
            }
            SpecialCall::Trim { side, what, expr } => {
                let text = self.text(expr)?;
                let what = what.as_deref().map(|e| self.value(e)).transpose()?;
                let name = match side {
                    TrimSide::Both => "$trim",
                    TrimSide::Leading => "$ltrim",
                    TrimSide::Trailing => "$rtrim",
                };
                self.trim(name, text, what)
            }
            SpecialCall::Position { needle, haystack } => {
                let (needle, haystack) = (self.text(needle)?, self.text(haystack)?);
                self.position(haystack, needle)
            }
            SpecialCall::Overlay { .. } => Err(operator("OVERLAY")),
            SpecialCall::ConvertUsing { .. }
            | SpecialCall::TimestampDiff { .. }
            | SpecialCall::MatchAgainst { .. }
            | SpecialCall::Typed(_) => Err(operator("This call")),
        }
    }

    /// A value that is a constant of the statement: for operands that pipelines need written out.
    pub(super) fn whole(&mut self, expr: &'a Expr, what: &str) -> Made<i64> {
        let found = match expr {
            Expr::Literal(Literal::Number(digits), _) => digits.parse().ok(),
            _ => None,
        };
        found.ok_or_else(|| form(&format!("{what} that is not written out as a whole number")))
    }
}

/// NULL.
pub(super) fn null() -> Val {
    Val { json: Value::Null, nullable: true, literal: Some(Literal::Null), ..Val::default() }
}

pub(super) fn text_of(text: &str) -> Val {
    let literal = Some(Literal::String(text.to_owned()));
    Val { json: quoted(text), class: Some(TypeClass::Text), literal, ..Val::default() }
}

fn literal_value(literal: &Literal) -> Made<Val> {
    let (json, class) = match literal {
        Literal::Null => return Ok(null()),
        Literal::Bool(b) => (json!(b), TypeClass::Boolean),
        Literal::Number(text) if text.parse::<i64>().is_ok() => {
            (align::number(text, None), TypeClass::Integer)
        }
        Literal::Number(text) if text.parse::<f64>().is_ok_and(f64::is_finite) => {
            (align::number(text, None), TypeClass::Float)
        }
        Literal::String(text) => return Ok(text_of(text)),
        Literal::Number(_)
        | Literal::Hex(_)
        | Literal::Bits(_)
        | Literal::National(_)
        | Literal::Money(_) => {
            return Err(form("This constant"));
        }
    };
    Ok(Val { json, class: Some(class), literal: Some(literal.clone()), ..Val::default() })
}

/// What is known of a value that is one of several.
pub(super) fn one_of(json: Value, results: &[Val]) -> Val {
    let mut class = None;
    for result in results.iter().filter(|r| r.literal != Some(Literal::Null)) {
        class = match (class, result.class) {
            (None, found) => found,
            (Some(a), Some(b)) if a == b => Some(a),
            (Some(TypeClass::Integer), Some(b @ (TypeClass::Float | TypeClass::Decimal)))
            | (Some(b @ (TypeClass::Float | TypeClass::Decimal)), Some(TypeClass::Integer)) => Some(b),
            _ => Some(TypeClass::Other),
        };
    }
    let oid = results.iter().all(|r| r.oid);
    Val { oid, ..Val::new(json, class, results.iter().any(|r| r.nullable)) }
}

/// The time of the statement.
pub(super) fn now() -> Val {
    Val::new(json!("$$NOW"), Some(TypeClass::TimestampTz), false)
}

/// Today.
pub(super) fn today() -> Val {
    time::truncated(&now(), "day")
}
