//! Conditions in three-valued logic: the expressions that are true where a condition holds, and where it does not. What
//! is neither is unknown.

use catalog::TypeClass;
use serde_json::{Value, json};

use crate::tree::{BinaryOp, Expr, IsTest, Literal, UnaryOp};

use super::builder::{all, any, cond, not, present, settled};
use super::frame::Val;
use super::{Compiler, Made, form, operator, weighed};

impl<'a> Compiler<'a> {
    /// A condition as a value: true, false or null.
    pub(super) fn three_valued(&mut self, expr: &'a Expr) -> Made<Val> {
        let holds = self.truth(expr, true)?;
        let fails = self.truth(expr, false)?;
        let certain = fails == not(holds.clone());
        let json = match (&holds, &fails) {
            _ if certain => holds,
            (Value::Bool(false), Value::Bool(false)) => Value::Null,
            _ => cond(holds, json!(true), cond(fails, json!(false), Value::Null)),
        };
        Ok(Val::new(json, Some(TypeClass::Boolean), !certain))
    }

    /// An expression that is true where the condition is what is wanted, and false everywhere else.
    pub(super) fn truth(&mut self, expr: &'a Expr, wanted: bool) -> Made<Value> {
        let test = self.tested(expr, wanted)?;
        weighed(&test)?;
        Ok(test)
    }

    fn tested(&mut self, expr: &'a Expr, wanted: bool) -> Made<Value> {
        match expr {
            Expr::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), .. } => {
                let parts = chain(expr, *op);
                let tests: Made<Vec<Value>> = parts.into_iter().map(|e| self.truth(e, wanted)).collect();
                let and = (*op == BinaryOp::And) == wanted;
                Ok(if and { all(tests?) } else { any(tests?) })
            }
            Expr::Unary { op: UnaryOp::Not, expr } => self.truth(expr, !wanted),
            Expr::Binary { op, left, right } if is_comparison(*op) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                self.compare(*op, &left, &right, wanted)
            }
            Expr::Binary {
                op: BinaryOp::Regex | BinaryOp::RegexI | BinaryOp::NotRegex | BinaryOp::NotRegexI,
                ..
            }
            | Expr::Like { .. } => self.pattern(expr, wanted),
            Expr::Is { expr, test, negated } => self.is(expr, *test, wanted != *negated),
            Expr::Between { expr, low, high, negated, symmetric: false } => {
                let (val, low, high) = (self.value(expr)?, self.value(low)?, self.value(high)?);
                let wanted = wanted != *negated;
                let tests = vec![
                    self.compare(BinaryOp::GtEq, &val, &low, wanted)?,
                    self.compare(BinaryOp::LtEq, &val, &high, wanted)?,
                ];
                Ok(if wanted { all(tests) } else { any(tests) })
            }
            Expr::InList { expr, list, negated } => self.in_list(expr, list, wanted != *negated),
            Expr::InSubquery { expr, query, negated } => self.in_query(expr, query, wanted != *negated),
            Expr::Quantified { left, op, all, right } => self.quantified(left, *op, *all, right, wanted),
            Expr::Exists { query, negated } => {
                let found = self.exists(query)?;
                let there = json!({ "$ne": [found, []] });
                Ok(if wanted != *negated { there } else { not(there) })
            }
            Expr::Literal(Literal::Bool(b), _) => Ok(json!(*b == wanted)),
            Expr::Literal(Literal::Null, _) => Ok(json!(false)),
            _ => {
                let val = self.value(expr)?;
                match val.class {
                    None | Some(TypeClass::Boolean | TypeClass::Other) => {
                        Ok(json!({ "$eq": [val.json, wanted] }))
                    }
                    Some(_) => Err(form("A value that is no condition, where a condition is needed,")
                        .hint("Compare it with something.")),
                }
            }
        }
    }

    fn is(&mut self, expr: &'a Expr, test: IsTest, wanted: bool) -> Made<Value> {
        let test = match test {
            IsTest::Null => {
                let val = self.value(expr)?;
                not(present(&val.json))
            }
            IsTest::True => self.truth(expr, true)?,
            IsTest::False => self.truth(expr, false)?,
            IsTest::Unknown => {
                let (holds, fails) = (self.truth(expr, true)?, self.truth(expr, false)?);
                all(vec![not(holds), not(fails)])
            }
            IsTest::Json { .. } | IsTest::Normalized(_) => return Err(operator("This test")),
        };
        Ok(if wanted { test } else { not(test) })
    }

    fn in_list(&mut self, expr: &'a Expr, list: &'a [Expr], wanted: bool) -> Made<Value> {
        let val = self.value(expr)?;
        let mut tests = Vec::with_capacity(list.len());
        let mut constants = Vec::new();
        for item in list {
            let mut item = self.value(item)?;
            let mut own = val.clone();
            self.align(&mut own, &mut item)?;
            // what is converted for the comparison is compared alone
            if item.literal.is_some() && item.literal != Some(Literal::Null) && own.json == val.json {
                constants.push(item.json);
            } else {
                tests.push(self.compare(BinaryOp::Eq, &val, &item, wanted)?);
            }
        }
        if !constants.is_empty() {
            let found = json!({ "$in": [val.json, constants] });
            let mut parts = if wanted { vec![found] } else { vec![not(found)] };
            parts.extend((!wanted && val.nullable).then(|| present(&val.json)));
            tests.insert(0, all(parts));
        }
        Ok(if wanted { any(tests) } else { all(tests) })
    }

    /// Where a comparison holds, or where it certainly does not: then the opposite one holds, as neither side is null.
    pub(super) fn compare(&mut self, op: BinaryOp, left: &Val, right: &Val, wanted: bool) -> Made<Value> {
        let (mut left, mut right) = (left.clone(), right.clone());
        self.align(&mut left, &mut right)?;
        if matches!(op, BinaryOp::Distinct | BinaryOp::NotDistinct) {
            let test = json!({ "$eq": [settled(&left.json), settled(&right.json)] });
            return Ok(if (op == BinaryOp::NotDistinct) == wanted { test } else { not(test) });
        }
        let nothing = |val: &Val| val.literal == Some(Literal::Null);
        if nothing(&left) || nothing(&right) {
            return Ok(json!(false));
        }
        let op = if wanted { op } else { opposite(op) };
        if let Some(known) = of_constants(op, &left, &right) {
            return Ok(json!(known));
        }
        let name = match op {
            BinaryOp::Eq => "$eq",
            BinaryOp::NotEq => "$ne",
            BinaryOp::Lt => "$lt",
            BinaryOp::LtEq => "$lte",
            BinaryOp::Gt => "$gt",
            _ => "$gte",
        };
        // null is below everything: where a null on one side cannot make the comparison hold, nothing is asked of it
        let (ask_left, ask_right) = match op {
            BinaryOp::Eq => (right.nullable, false),
            BinaryOp::Lt | BinaryOp::LtEq => (true, false),
            BinaryOp::Gt | BinaryOp::GtEq => (false, true),
            _ => (true, true),
        };
        let mut tests = Vec::new();
        tests.extend((ask_left && left.nullable).then(|| present(&left.json)));
        tests.extend((ask_right && right.nullable).then(|| present(&right.json)));
        tests.push(json!({ name: [left.json, right.json] }));
        Ok(all(tests))
    }

    fn quantified(
        &mut self,
        left: &'a Expr,
        op: BinaryOp,
        every: bool,
        right: &'a Expr,
        wanted: bool,
    ) -> Made<Value> {
        match (op, every, right) {
            (BinaryOp::Eq, false, Expr::Subquery(query)) => self.in_query(left, query, wanted),
            (BinaryOp::NotEq, true, Expr::Subquery(query)) => self.in_query(left, query, !wanted),
            (BinaryOp::Eq, false, _) | (BinaryOp::NotEq, true, _) => {
                let (val, array) = (self.value(left)?, self.value(right)?);
                let items = json!({ "$cond": [{ "$isArray": [array.json] }, array.json, []] });
                Ok(in_items(&val, &items, Some(&array), wanted == (op == BinaryOp::Eq)))
            }
            _ => Err(form("A comparison with ANY or ALL other than = ANY and <> ALL")
                .hint("Compare with min() or max() of the sub-query.")),
        }
    }
}

/// Where a value is certainly among some, or certainly not: a null on either side leaves it open.
pub(super) fn in_items(val: &Val, items: &Value, whole: Option<&Val>, wanted: bool) -> Value {
    let found = json!({ "$in": [val.json, items] });
    if wanted {
        return all(vec![present(&val.json), found]);
    }
    let open = json!({ "$in": [null, items] });
    let known = all(vec![present(&val.json), not(open), not(found)]);
    let there = whole.map(|w| present(&w.json));
    let empty = json!({ "$eq": [items, []] });
    all(there.into_iter().chain([any(vec![empty, known])]).collect())
}

/// What the comparison of two written numbers gives.
fn of_constants(op: BinaryOp, left: &Val, right: &Val) -> Option<bool> {
    let number = |val: &Val| match &val.literal {
        Some(Literal::Number(text)) => text.parse::<f64>().ok(),
        _ => None,
    };
    let order = number(left)?.partial_cmp(&number(right)?)?;
    Some(match op {
        BinaryOp::Eq => order.is_eq(),
        BinaryOp::NotEq => order.is_ne(),
        BinaryOp::Lt => order.is_lt(),
        BinaryOp::LtEq => order.is_le(),
        BinaryOp::Gt => order.is_gt(),
        _ => order.is_ge(),
    })
}

/// The operands of a chain of one operator.
fn chain(expr: &Expr, wanted: BinaryOp) -> Vec<&Expr> {
    let mut found = Vec::new();
    let mut open = vec![expr];
    while let Some(next) = open.pop() {
        match next {
            Expr::Binary { op, left, right } if *op == wanted => {
                open.extend([right, left].map(|e| e.as_ref()))
            }
            other => found.push(other),
        }
    }
    found
}

pub(super) fn is_comparison(op: BinaryOp) -> bool {
    use BinaryOp as B;
    matches!(op, B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq | B::Distinct | B::NotDistinct)
}

/// The comparison that holds where this one does not.
pub(super) fn opposite(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Eq => BinaryOp::NotEq,
        BinaryOp::NotEq => BinaryOp::Eq,
        BinaryOp::Lt => BinaryOp::GtEq,
        BinaryOp::LtEq => BinaryOp::Gt,
        BinaryOp::Gt => BinaryOp::LtEq,
        _ => BinaryOp::Lt,
    }
}
