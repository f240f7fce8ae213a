//! Expressions: one spelling for what has several.

use catalog::{Engine, TypeClass};

use super::parts::{Part, of_expr};
use super::{Canon, chain, joined, single};
use crate::tree::{BinaryOp, Call, Expr, Literal, UnaryOp};

impl Canon<'_> {
    /// Brings an expression into its canonical form, names included.
    pub(super) fn expr(&mut self, expr: &mut Expr) {
        self.spell_between(expr);
        if let Expr::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), .. } = expr {
            let op = *op;
            let mut parts = chain(taken(expr), op);
            parts.iter_mut().for_each(|part| self.expr(part));
            // what became a chain itself belongs to this one
            let parts = parts.into_iter().flat_map(|part| chain(part, op)).collect();
            *expr = self.chained(parts, op);
            return;
        }
        match expr {
            Expr::Column(name) => {
                if single(name).is_some_and(|name| self.is_relation(name)) {
                    self.doubt = true;
                }
                self.rename(name);
            }
            _ => of_expr(expr, &mut |part| match part {
                Part::Expr(inner) => self.expr(inner),
                Part::Query(query) => self.query(query),
            }),
        }
        match expr {
            Expr::Binary { .. } => self.sides(expr),
            Expr::Unary { op: UnaryOp::Not, .. } => self.negation(expr),
            Expr::InList { list, .. } => {
                list.sort_by_cached_key(|item| self.text(item));
                list.dedup();
            }
            Expr::Call(call) => count_rows(call),
            _ => {}
        }
    }

    /// Parts of AND or OR in one order, each once; a part alone would not become a truth value, so it stays twice.
    fn chained(&self, mut parts: Vec<Expr>, op: BinaryOp) -> Expr {
        parts.sort_by_cached_key(|part| self.text(part));
        parts.dedup();
        if let [only] = parts.as_slice() {
            parts.push(only.clone());
        }
        joined(parts, op).unwrap_or(Expr::Literal(Literal::Null, crate::tree::Span::default()))
    }

    /// BETWEEN says two comparisons.
    fn spell_between(&self, expr: &mut Expr) {
        let Expr::Between { expr: value, low, high, negated, symmetric: false } = expr else { return };
        let (above, below, op) = match negated {
            false => (BinaryOp::GtEq, BinaryOp::LtEq, BinaryOp::And),
            true => (BinaryOp::Lt, BinaryOp::Gt, BinaryOp::Or),
        };
        let side =
            |op, bound: &Expr| Expr::Binary { op, left: value.clone(), right: Box::new(bound.clone()) };
        let (left, right) = (side(above, low), side(below, high));
        *expr = Expr::Binary { op, left: Box::new(left), right: Box::new(right) };
    }

    /// One order of the sides where both mean the same.
    fn sides(&self, expr: &mut Expr) {
        let Expr::Binary { op, left, right } = expr else { return };
        let sums = match op {
            BinaryOp::Plus => self.engine != Engine::Mssql,
            BinaryOp::Multiply => true,
            _ => false,
        };
        let compared = turned(*op).filter(|_| self.may_turn(left, right));
        let turned = if sums { Some(*op) } else { compared };
        let Some(turned) = turned else { return };
        let swap = if turned == *op {
            self.text(left) > self.text(right)
        } else {
            // `<` is written, never `>`
            matches!(op, BinaryOp::Gt | BinaryOp::GtEq)
        };
        if swap {
            std::mem::swap(left, right);
            *op = turned;
        }
    }

    /// SQLite compares by the collation of the left column, so sides with columns of text stay where they are.
    fn may_turn(&self, left: &Expr, right: &Expr) -> bool {
        self.engine != Engine::Sqlite || self.swaps && !(self.may_collate(left) && self.may_collate(right))
    }

    fn may_collate(&self, expr: &Expr) -> bool {
        let number = |class| matches!(class, TypeClass::Integer | TypeClass::Decimal | TypeClass::Float);
        match expr {
            Expr::Literal(..) | Expr::Param(_) | Expr::Call(_) => false,
            Expr::Column(name) => !self.class(name).is_some_and(number),
            Expr::Binary { op, .. } => !matches!(
                op,
                BinaryOp::Plus | BinaryOp::Minus | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo
            ),
            Expr::Unary { op: UnaryOp::Minus, .. } => false,
            _ => true,
        }
    }

    /// NOT of a comparison is the opposite comparison, for NULL too.
    fn negation(&self, expr: &mut Expr) {
        let Expr::Unary { op: UnaryOp::Not, expr: inner } = expr else { return };
        match inner.as_mut() {
            Expr::Binary { op, .. } => {
                let Some(other) = opposite(*op) else { return };
                *op = other;
            }
            Expr::Is { negated, .. }
            | Expr::InList { negated, .. }
            | Expr::InSubquery { negated, .. }
            | Expr::Like { negated, .. }
            | Expr::Exists { negated, .. } => *negated = !*negated,
            _ => return,
        }
        *expr = taken(inner);
    }
}

/// What stands in `place`; something small is left there.
pub fn taken(place: &mut Expr) -> Expr {
    std::mem::replace(place, Expr::Literal(Literal::Null, crate::tree::Span::default()))
}

/// The comparison with its sides swapped.
fn turned(op: BinaryOp) -> Option<BinaryOp> {
    match op {
        BinaryOp::Eq | BinaryOp::NotEq | BinaryOp::NotDistinct | BinaryOp::Distinct => Some(op),
        BinaryOp::Lt => Some(BinaryOp::Gt),
        BinaryOp::Gt => Some(BinaryOp::Lt),
        BinaryOp::LtEq => Some(BinaryOp::GtEq),
        BinaryOp::GtEq => Some(BinaryOp::LtEq),
        _ => None,
    }
}

fn opposite(op: BinaryOp) -> Option<BinaryOp> {
    match op {
        BinaryOp::Eq => Some(BinaryOp::NotEq),
        BinaryOp::NotEq => Some(BinaryOp::Eq),
        BinaryOp::NotDistinct => Some(BinaryOp::Distinct),
        BinaryOp::Distinct => Some(BinaryOp::NotDistinct),
        _ => None,
    }
}

/// `count(1)` counts rows as `count(*)` does.
fn count_rows(call: &mut Call) {
    let counts = single(&call.name) == Some("count");
    let constant = match call.args.as_slice() {
        [only] => matches!(&only.value, Expr::Literal(literal, _) if *literal != Literal::Null),
        _ => false,
    };
    if counts && constant && !call.distinct {
        call.args.clear();
        call.star = true;
    }
}
