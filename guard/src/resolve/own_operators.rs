//! Operators of extensions' types. Sessions look no operator up outside of the server's own, so an operator over such
//! a type becomes the call of its function; where the server's own operator would quietly mean something else
//! (`citext` compares as plain text then), the statement is refused.

use catalog::{Column, Engine};

use crate::finding::{Code, Finding};
use crate::functions::{self, Judgement};
use crate::tree::{Arg, BinaryOp, Call, Expr, Ident, Literal, ObjectName, Span, UnaryOp};

use super::Resolver;
use super::scope::Info;

/// A type with operators of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnType {
    /// Text that compares without case.
    Citext,
    /// Keys and values.
    Hstore,
    /// pgvector's types.
    Vector,
}

/// The type of a column, when it is one of these.
pub(super) fn of_column(engine: Engine, column: &Column) -> Option<OwnType> {
    if engine != Engine::Postgres {
        return None;
    }
    let name = column.native_type.rsplit('.').next().unwrap_or_default();
    match name.split(['(', '[']).next().unwrap_or_default().trim_matches('"') {
        "citext" => Some(OwnType::Citext),
        "hstore" => Some(OwnType::Hstore),
        "vector" | "halfvec" | "sparsevec" => Some(OwnType::Vector),
        _ => None,
    }
}

/// How an operator is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// As it stands.
    AsWritten,
    /// As the call of a function.
    Call(&'static str),
    /// As the call of a function with the sign turned.
    Negated(&'static str),
}

/// Whether `=`, LIKE and the like under it would compare the texts instead of the values.
pub(super) fn compares(op: BinaryOp) -> bool {
    use BinaryOp as B;
    match op {
        B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq | B::NotDistinct | B::Distinct => true,
        // those that ignore case anyway mean the same
        B::Regex | B::NotRegex | B::LikeOp | B::NotLikeOp | B::StartsWith => true,
        _ => false,
    }
}

fn function(op: BinaryOp, left: &Info<'_>, right: &Info<'_>) -> Reading {
    use BinaryOp as B;
    match (left.own, right.own) {
        (Some(OwnType::Vector), _) | (_, Some(OwnType::Vector)) => match op {
            B::Distance => Reading::Call("l2_distance"),
            B::CosineDistance => Reading::Call("cosine_distance"),
            B::NegInnerProduct => Reading::Negated("inner_product"),
            _ => Reading::AsWritten,
        },
        (Some(OwnType::Hstore), _) => match op {
            B::JsonGet => Reading::Call("fetchval"),
            B::HasKey => Reading::Call("exist"),
            B::HasAllKeys => Reading::Call("exists_all"),
            B::HasAnyKey => Reading::Call("exists_any"),
            B::Contains => Reading::Call("hs_contains"),
            _ => Reading::AsWritten,
        },
        _ => Reading::AsWritten,
    }
}

impl Resolver<'_, '_> {
    /// How an operator between two values is to be read; refuses what would be misread.
    pub(super) fn own_reading(&mut self, op: BinaryOp, left: &Info<'_>, right: &Info<'_>) -> Reading {
        if compares(op) {
            self.refuse_misread(&[left, right]);
        }
        function(op, left, right)
    }

    /// Values of `citext` would be compared as plain text.
    pub(super) fn refuse_misread(&mut self, values: &[&Info<'_>]) {
        if values.iter().any(|info| info.own == Some(OwnType::Citext)) {
            let message =
                "a comparison of values of type citext would heed case here, which the type does not";
            self.refuse(
                Finding::new(Code::G202, message).hint("compare lower(column) with a text in lower case"),
            );
        }
    }

    /// Puts the calls in place of their operators, from the outermost of a chain inwards.
    pub(super) fn rewrite_operators(&mut self, expr: &mut Expr, innermost_first: &[Reading]) {
        let mut node = expr;
        for reading in innermost_first.iter().rev() {
            if *reading != Reading::AsWritten {
                self.rewrite(node, *reading);
            }
            node = match leftmost(node) {
                Some(left) => left,
                None => return,
            };
        }
    }

    fn rewrite(&mut self, node: &mut Expr, reading: Reading) {
        let (Reading::Call(name) | Reading::Negated(name)) = reading else { return };
        let Judgement::Allowed(function) = functions::of(self.engine).judge(name) else { return };
        let called = ObjectName(vec![Ident { value: name.to_owned(), quoted: false, span: Span::default() }]);
        let mut call = Call { name: called, ..Call::default() };
        // without the extension's functions in the catalog the operator stays, and the server will not know it
        if !self.extension(&mut call, None, function) {
            return;
        }
        let Expr::Binary { left, right, .. } =
            std::mem::replace(node, Expr::Literal(Literal::Null, Span::default()))
        else {
            return;
        };
        call.args = vec![Arg::plain(*left), Arg::plain(*right)];
        let call = Expr::Call(Box::new(call));
        *node = match reading {
            Reading::Negated(_) => Expr::Unary { op: UnaryOp::Minus, expr: Box::new(call) },
            Reading::Call(_) | Reading::AsWritten => call,
        };
    }
}

/// The left operand, also of an operator that has become a call.
fn leftmost(node: &mut Expr) -> Option<&mut Expr> {
    match node {
        Expr::Binary { left, .. } => Some(left),
        Expr::Call(call) => call.args.first_mut().map(|arg| &mut arg.value),
        Expr::Unary { expr, .. } => leftmost(expr),
        _ => None,
    }
}
