//! SQL Server has no truth values: a condition stands where one is asked for and nowhere else, and no value stands for
//! one. Told here, for `'x' = 1` in a select list is an alias there and no comparison.

use sqlparser::ast;

use super::Converter;
use super::refuse::unproven;
use crate::finding::Finding;
use crate::tree::{BinaryOp, Call, Expr, UnaryOp};

impl Converter<'_> {
    /// An expression where a value is asked for.
    pub(super) fn plain(&self, expr: ast::Expr) -> Result<Expr, Finding> {
        self.told(expr, false)
    }

    /// An expression where a condition is asked for.
    pub(super) fn condition(&self, expr: ast::Expr) -> Result<Expr, Finding> {
        self.told(expr, true)
    }

    fn told(&self, expr: ast::Expr, wanted: bool) -> Result<Expr, Finding> {
        let expr = self.expr(expr)?;
        if !self.mssql() || is_condition(&expr) == wanted {
            return Ok(expr);
        }
        let (what, hint) = match wanted {
            true => ("A value in the place of a condition", "Compare it with something."),
            false => ("A condition in the place of a value", "Write CASE WHEN ... THEN 1 ELSE 0 END."),
        };
        Err(unproven(what).hint(hint))
    }

    /// The operands of AND and OR are conditions, those of all other operators values.
    pub(super) fn operand_of(&self, op: BinaryOp, expr: ast::Expr) -> Result<Expr, Finding> {
        self.told(expr, matches!(op, BinaryOp::And | BinaryOp::Or))
    }

    /// Arguments are values; IIF begins with a condition.
    pub(super) fn check_arguments(&self, call: &Call) -> Result<(), Finding> {
        let iif = call.name.last().is_some_and(|n| n.value.eq_ignore_ascii_case("iif"));
        let wrong = |(at, expr): (usize, &Expr)| is_condition(expr) != (iif && at == 0);
        if self.mssql() && call.args.iter().map(|a| &a.value).enumerate().any(wrong) {
            return Err(unproven("A condition in the place of a value, or the other way around"));
        }
        Ok(())
    }
}

fn is_condition(expr: &Expr) -> bool {
    match expr {
        Expr::Binary { op, left: _, right: _ } => matches!(
            op,
            BinaryOp::And
                | BinaryOp::Or
                | BinaryOp::Eq
                | BinaryOp::NotEq
                | BinaryOp::Lt
                | BinaryOp::LtEq
                | BinaryOp::Gt
                | BinaryOp::GtEq
                | BinaryOp::Distinct
                | BinaryOp::NotDistinct
        ),
        Expr::Unary { op, expr: _ } => *op == UnaryOp::Not,
        Expr::Is { .. }
        | Expr::Between { .. }
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Like { .. }
        | Expr::Quantified { .. }
        | Expr::Exists { .. } => true,
        Expr::Call(call) => {
            let name = call.name.last().map(|n| n.value.to_ascii_lowercase()).unwrap_or_default();
            matches!(name.as_str(), "contains" | "freetext")
        }
        _ => false,
    }
}
