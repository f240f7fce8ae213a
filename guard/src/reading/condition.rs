//! Conditions in words.

use crate::tree::{BinaryOp, Expr, IsTest, LikeOp, Literal};

use super::clauses;
use super::phrase::{Block, DEEPEST};
use super::text::{binary, plain};
use super::words::list;

/// How many entries of a list are named.
const MOST: usize = 6;

impl Block<'_> {
    /// A condition.
    pub fn condition(&self, expr: &Expr) -> String {
        self.condition_at(expr, 0)
    }

    pub(super) fn condition_at(&self, expr: &Expr, depth: usize) -> String {
        if depth > DEEPEST {
            return plain(expr);
        }
        let value = |e: &Expr| self.value_at(e, depth + 1);
        match expr {
            Expr::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), .. } => self.junction(*op, expr, depth),
            Expr::Binary { op, left, right } => self.comparison(*op, left, right, depth),
            Expr::Unary { op: crate::tree::UnaryOp::Not, expr } => {
                format!("it is not so that {}", self.condition_at(expr, depth + 1))
            }
            Expr::Is { expr, test, negated } => {
                let not = if *negated { "not " } else { "" };
                let word = match test {
                    IsTest::Null => "empty",
                    IsTest::True => "true",
                    IsTest::False => "false",
                    IsTest::Unknown => "unknown",
                    IsTest::Json { .. } => "JSON",
                    IsTest::Normalized(_) => "normalized",
                };
                format!("{} is {not}{word}", value(expr))
            }
            Expr::Between { expr, low, high, negated, .. } => {
                let not = if *negated { "not " } else { "" };
                format!("{} is {not}between {} and {}", value(expr), value(low), value(high))
            }
            Expr::InList { expr, list: items, negated } => {
                let not = if *negated { "not " } else { "" };
                let mut shown: Vec<String> = items.iter().take(MOST).map(value).collect();
                if items.len() > MOST {
                    shown.push(format!("{} more", items.len() - MOST));
                }
                format!("{} is {not}one of {}", value(expr), list(&shown, "or"))
            }
            Expr::InSubquery { expr, query, negated } => {
                let not = if *negated { "not " } else { "" };
                format!("{} is {not}among ({})", value(expr), clauses::nested(query, self.depth))
            }
            Expr::Like { op, expr, pattern, negated, .. } => self.like(*op, expr, pattern, *negated, depth),
            Expr::Exists { query, negated } => {
                let word = if *negated { "nothing" } else { "something" };
                format!("{word} is found by ({})", clauses::nested(query, self.depth))
            }
            Expr::Quantified { left, op, all, right } => {
                let each = if *all { "every" } else { "any" };
                format!("{} {} {each} of {}", value(left), binary(*op), value(right))
            }
            other => value(other),
        }
    }

    fn junction(&self, op: BinaryOp, expr: &Expr, depth: usize) -> String {
        let mut parts = Vec::new();
        let mut next = expr;
        while let Expr::Binary { op: here, left, right } = next {
            if *here != op {
                break;
            }
            parts.push(right.as_ref());
            next = left;
        }
        parts.push(next);
        let spelled: Vec<String> = parts
            .into_iter()
            .rev()
            .map(|part| {
                let text = self.condition_at(part, depth + 1);
                match part {
                    Expr::Binary { op: BinaryOp::And | BinaryOp::Or, .. } => format!("({text})"),
                    _ => text,
                }
            })
            .collect();
        spelled.join(if op == BinaryOp::And { " and " } else { " or " })
    }

    fn comparison(&self, op: BinaryOp, left: &Expr, right: &Expr, depth: usize) -> String {
        let date = is_date(left) || is_date(right);
        let words = match op {
            BinaryOp::Eq => "is",
            BinaryOp::NotEq => "is not",
            BinaryOp::Lt if date => "is before",
            BinaryOp::Lt => "is less than",
            BinaryOp::LtEq if date => "is on or before",
            BinaryOp::LtEq => "is at most",
            BinaryOp::Gt if date => "is after",
            BinaryOp::Gt => "is more than",
            BinaryOp::GtEq if date => "is on or after",
            BinaryOp::GtEq => "is at least",
            other => binary(other),
        };
        format!("{} {words} {}", self.value_at(left, depth + 1), self.value_at(right, depth + 1))
    }

    fn like(&self, op: LikeOp, expr: &Expr, pattern: &Expr, negated: bool, depth: usize) -> String {
        let subject = self.value_at(expr, depth + 1);
        let verb = |yes: &str, no: &str| if negated { no.to_owned() } else { yes.to_owned() };
        if let (LikeOp::Like | LikeOp::ILike, Expr::Literal(Literal::String(text), _)) = (op, pattern) {
            let core = text.trim_matches('%');
            if !core.contains(['%', '_']) && !core.is_empty() {
                let verb = match (text.starts_with('%'), text.ends_with('%')) {
                    (true, true) => verb("contains", "does not contain"),
                    (false, true) => verb("starts with", "does not start with"),
                    (true, false) => verb("ends with", "does not end with"),
                    (false, false) => verb("is", "is not"),
                };
                return format!("{subject} {verb} '{core}'");
            }
        }
        let verb = verb("matches", "does not match");
        format!("{subject} {verb} {}", self.value_at(pattern, depth + 1))
    }
}

fn is_date(expr: &Expr) -> bool {
    let dated = |text: &str| {
        let bytes = text.as_bytes();
        bytes.len() >= 7
            && bytes.iter().take(4).all(u8::is_ascii_digit)
            && bytes.get(4) == Some(&b'-')
            && bytes.get(5).is_some_and(u8::is_ascii_digit)
    };
    match expr {
        Expr::Literal(Literal::String(text), _) => dated(text),
        Expr::Typed { ty, .. } => ty.name.starts_with("date") || ty.name.starts_with("timestamp"),
        Expr::Cast { to, .. } => to.name.starts_with("date") || to.name.starts_with("timestamp"),
        Expr::Call(call) => call.name.last().is_some_and(|n| {
            matches!(
                n.value.as_str(),
                "now" | "current_date" | "current_timestamp" | "date" | "datetime" | "date_trunc"
            )
        }),
        Expr::Binary { left, right, op: BinaryOp::Plus | BinaryOp::Minus } => is_date(left) || is_date(right),
        _ => false,
    }
}
