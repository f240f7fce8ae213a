//! Expressions in scope: every field and variable must be known, and what is built up must have a bound.

use catalog::TypeClass;

use crate::finding::{Code, Finding};
use crate::resolve::nearest::nearest;

use super::at::{At, shown};
use super::literal::Literal;
use super::operators::{Gives, Operator};
use super::resolve::{Resolver, Scope};
use super::shape::{Kind, Lineage, STORED, Shape};
use super::tree::{Args, Expr, Path};
use super::{bounds, walk};

/// How much one value may build up.
const LARGEST: u64 = 200_000;
/// How often the body of nested loops may run for one document.
const LOOPS: u64 = 1_000_000;
/// Expressions that are looked at in one pipeline.
const STEPS: u64 = 2_000_000;
/// `$reduce` inside `$reduce`.
const REDUCES: usize = 3;
/// Parts of `$$value` that one `$reduce` may carry along.
const CARRIED: usize = 16;
/// A size that stands for "all that was built so far".
const SO_FAR: u64 = 1 << 40;

impl Resolver<'_> {
    /// What an expression gives.
    pub(super) fn eval(&mut self, node: &Expr, scope: &Scope, at: &At<'_>) -> Shape {
        self.steps += 1;
        if self.steps > STEPS {
            self.once(at.finding(Code::G002, "The pipeline is too large to be proven."));
            return Shape::open();
        }
        let shape = self.value_of(node, scope, at);
        if shape.size > LARGEST && !self.probing {
            self.once(
                at.finding(Code::G303, "A value is built up without a bound.")
                    .hint("Shorten what is repeated or joined together."),
            );
        }
        shape
    }

    fn value_of(&mut self, node: &Expr, scope: &Scope, at: &At<'_>) -> Shape {
        match node {
            Expr::Literal(value) | Expr::Constant(value) => constant(value),
            Expr::Field(path) => self.field(path, scope, at),
            Expr::Variable(name, path) => self.variable(name, path.as_ref(), scope, at),
            Expr::Array(items) => self.array(items, scope, at),
            Expr::Document(fields) => {
                Shape::document(fields.iter().map(|(n, e)| (n.clone(), self.eval(e, scope, at))).collect())
            }
            Expr::Call(op, args) => self.call(op, args, scope, at),
            Expr::Cond(parts) => {
                let [test, yes, no] = parts.as_ref();
                self.eval(test, scope, at);
                self.eval(yes, scope, at).or(self.eval(no, scope, at))
            }
            Expr::Switch(branches, default) => self.switch(branches, default.as_deref(), scope, at),
            Expr::Let(vars, body) => {
                let inner = self.bind(vars, scope, at);
                self.eval(body, &inner, at)
            }
            Expr::Map(input, name, body) => {
                let input = self.eval(input, scope, at);
                let inner = scope.with(name.as_deref().unwrap_or("this"), input.element());
                let made = self.looped(input.size, at, |r| r.eval(body, &inner, at));
                let size = input.size.saturating_mul(made.size);
                Shape::array(made).sized(size)
            }
            Expr::Filter(input, name, cond, limit) => {
                let input = self.eval(input, scope, at);
                let inner = scope.with(name.as_deref().unwrap_or("this"), input.element());
                self.looped(input.size, at, |r| r.eval(cond, &inner, at));
                limit.iter().for_each(|l| drop(self.eval(l, scope, at)));
                input
            }
            Expr::Reduce(input, initial, body) => self.reduce(input, initial, body, scope, at),
            Expr::GetField(name, input) => {
                let path = Path(vec![name.clone()]);
                match input {
                    None => self.field(&path, scope, at),
                    Some(input) => {
                        let input = self.eval(input, scope, at);
                        self.below(&input, &path, at)
                    }
                }
            }
            Expr::SortArray(input, by) => {
                let input = self.eval(input, scope, at);
                if let super::tree::SortBy::Fields(fields) = by {
                    fields.iter().for_each(|(path, _)| drop(self.below(&input, path, at)));
                }
                input
            }
            Expr::Range(start, end, step) => self.range(start, end, *step, scope, at),
        }
    }

    fn array(&mut self, items: &[Expr], scope: &Scope, at: &At<'_>) -> Shape {
        let made: Vec<Shape> = items.iter().map(|e| self.eval(e, scope, at)).collect();
        let size = made.iter().fold(1_u64, |sum, s| sum.saturating_add(s.size));
        let element = made.into_iter().reduce(Shape::or).unwrap_or_else(Shape::open);
        Shape::array(element).sized(size)
    }

    fn switch(
        &mut self,
        branches: &[(Expr, Expr)],
        default: Option<&Expr>,
        scope: &Scope,
        at: &At<'_>,
    ) -> Shape {
        let mut made = default.map(|d| self.eval(d, scope, at));
        for (case, then) in branches {
            self.eval(case, scope, at);
            let then = self.eval(then, scope, at);
            made = Some(match made {
                Some(known) => known.or(then),
                None => then,
            });
        }
        made.unwrap_or_else(Shape::open)
    }

    /// The scope with variables, each defined in the scope outside.
    pub(super) fn bind(&mut self, vars: &[(String, Expr)], scope: &Scope, at: &At<'_>) -> Scope {
        let mut inner = scope.clone();
        for (name, value) in vars {
            inner.vars.push((name.clone(), self.eval(value, scope, at)));
        }
        inner
    }

    fn looped<T>(&mut self, count: u64, at: &At<'_>, body: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.loops;
        self.loops = before.saturating_mul(count.max(1));
        if self.loops > LOOPS && !self.probing {
            self.once(at.finding(Code::G303, "Loops inside loops run without a bound."));
        }
        let made = body(self);
        self.loops = before;
        made
    }

    /// A field of the document. What is hidden and what is not there give the same finding.
    pub(super) fn field(&mut self, path: &Path, scope: &Scope, at: &At<'_>) -> Shape {
        let document = scope.document.clone();
        self.below(&document, path, at)
    }

    /// A field below a value.
    pub(super) fn below(&mut self, shape: &Shape, path: &Path, at: &At<'_>) -> Shape {
        match shape.get(path) {
            Some(found) => {
                self.columns.extend(found.lineage());
                found
            }
            None => {
                self.once(unknown_field(shape, path, at));
                Shape::open()
            }
        }
    }

    fn variable(&mut self, name: &str, path: Option<&Path>, scope: &Scope, at: &At<'_>) -> Shape {
        let found = match name {
            "ROOT" | "CURRENT" => Some(scope.document.clone()),
            "NOW" => Some(Shape::scalar(Some(TypeClass::TimestampTz))),
            "REMOVE" => Some(Shape::scalar(None)),
            "DESCEND" | "PRUNE" | "KEEP" => scope.redacts.then(|| Shape::scalar(None)),
            _ => scope.vars.iter().rev().find(|(known, _)| known == name).map(|(_, s)| s.clone()),
        };
        let Some(found) = found else {
            let known = scope.vars.iter().map(|(n, _)| n.as_str());
            self.once(
                at.finding(Code::G103, format!("The variable \"{}\" is not known here.", shown(name)))
                    .hint("Define it with `let`, `vars` or `as`.")
                    .nearest(nearest(name, known)),
            );
            return Shape::open();
        };
        match path {
            Some(path) => self.below(&found, path, at),
            None => {
                self.columns.extend(found.lineage());
                found
            }
        }
    }

    fn call(&mut self, op: &Operator, args: &Args, scope: &Scope, at: &At<'_>) -> Shape {
        self.operator(op.name, at);
        let operands: Vec<Shape> = match args {
            Args::One(one) => vec![self.eval(one, scope, at)],
            Args::List(items) => items.iter().map(|e| self.eval(e, scope, at)).collect(),
            Args::Named(named) => named.iter().map(|(_, e)| self.eval(e, scope, at)).collect(),
        };
        let size = bounds::size(op, args, &operands);
        given(op.gives, operands).sized(size)
    }

    fn range(&mut self, start: &Expr, end: &Expr, step: Option<i64>, scope: &Scope, at: &At<'_>) -> Shape {
        self.eval(start, scope, at);
        self.eval(end, scope, at);
        let count = bounds::range(start, end, step);
        if count.is_none() {
            self.once(at.finding(Code::G303, "`$range` has no bound, or one that is too high.").hint(
                "Give start and end as numbers, `$size`, or `$min` with a number; 10,000 steps at the most.",
            ));
        }
        Shape::array(Shape::scalar(Some(TypeClass::Integer))).sized(count.unwrap_or(STORED).max(1))
    }

    /// A fold is bounded when no round takes more than one copy of what was built so far.
    fn reduce(&mut self, input: &Expr, initial: &Expr, body: &Expr, scope: &Scope, at: &At<'_>) -> Shape {
        let input = self.eval(input, scope, at);
        let initial = self.eval(initial, scope, at);
        let parts = walk::parts_of("value", body);
        if self.reduces >= REDUCES || parts.len() > CARRIED {
            self.once(at.finding(Code::G002, "Folds are nested too deep, or carry too much along."));
            return Shape::open();
        }
        self.reduces += 1;
        let with_element = scope.with("this", input.element());
        let round = |r: &mut Self, value: Shape| {
            let inner = with_element.with("value", value);
            r.looped(input.size, at, |r| r.eval(body, &inner, at))
        };
        let made = round(self, carried(&parts, None, 0).made_from(initial.lineage()));
        let before = std::mem::replace(&mut self.probing, true);
        let carried_parts: Vec<Option<&String>> =
            if parts.is_empty() { vec![None] } else { parts.iter().map(Some).collect() };
        let grows = carried_parts
            .into_iter()
            .any(|p| round(self, carried(&parts, p, SO_FAR)).size >= SO_FAR.saturating_mul(2));
        self.probing = before;
        self.reduces -= 1;
        if grows {
            self.once(
                at.finding(
                    Code::G303,
                    "A fold takes what it has built more than once in a round, so it may double.",
                )
                .hint("Use `$$value` once in what the fold builds."),
            );
        }
        let size = initial.size.saturating_add(input.size.saturating_mul(made.size));
        let from: Lineage = initial.lineage().union(&made.lineage()).cloned().collect();
        let kind = if matches!(made.kind, Kind::Scalar(_)) { made.kind } else { Kind::Open };
        Shape::new(kind).made_from(from).sized(size)
    }
}

/// `$$value` of a fold: its parts, one of them with the size that is probed.
fn carried(parts: &[String], probed: Option<&String>, size: u64) -> Shape {
    if parts.is_empty() {
        return Shape::open().sized(size);
    }
    let part = |name: &String| Shape::open().sized(if probed == Some(name) { size } else { 0 });
    Shape::document(parts.iter().map(|p| (p.clone(), part(p))).collect()).sized(size)
}

/// The finding for a field that is not known where it is named.
pub(super) fn unknown_field(shape: &Shape, path: &Path, at: &At<'_>) -> Finding {
    let known = shape.names_near(path);
    let wanted = path.0.last().map(String::as_str).unwrap_or_default();
    at.finding(Code::G101, format!("The field \"{}\" is not known here.", shown(&path.to_string())))
        .hint("Use a field of the documents as they are at this stage.")
        .nearest(nearest(wanted, known.iter().map(String::as_str)))
}

fn constant(value: &Literal) -> Shape {
    let class = match value {
        Literal::Null => None,
        Literal::Bool(_) => Some(TypeClass::Boolean),
        Literal::Int(_) => Some(TypeClass::Integer),
        Literal::Double(_) => Some(TypeClass::Float),
        Literal::Text(_) => Some(TypeClass::Text),
        Literal::Date(_) => Some(TypeClass::TimestampTz),
        Literal::Typed(..)
        | Literal::Binary(..)
        | Literal::Timestamp(..)
        | Literal::Bound(_)
        | Literal::Regex(..) => None,
        Literal::Array(items) => {
            let element = items.iter().map(constant).reduce(Shape::or).unwrap_or_else(Shape::open);
            return Shape::array(element).sized(items.len() as u64 + 1);
        }
        Literal::Document(fields) => {
            return Shape::document(fields.iter().map(|(n, v)| (n.clone(), constant(v))).collect());
        }
    };
    Shape::scalar(class)
}

/// What an operator gives, by its operands.
pub(super) fn given(gives: Gives, operands: Vec<Shape>) -> Shape {
    let from: Lineage = operands.iter().flat_map(|s| s.lineage()).collect();
    let first = || operands.first().cloned().unwrap_or_else(Shape::open);
    let shape = match gives {
        Gives::Small(class) => Shape::scalar(Some(class)),
        Gives::Value => Shape::scalar(None),
        Gives::Text => Shape::scalar(Some(TypeClass::Text)),
        Gives::First => first(),
        Gives::Element => first().element(),
        Gives::ArrayOf => Shape::array(first()),
        Gives::OneOf => operands.iter().cloned().reduce(Shape::or).unwrap_or_else(Shape::open),
        Gives::Together => operands.iter().cloned().reduce(Shape::or).unwrap_or_else(Shape::open),
        Gives::Anything => Shape::open(),
    };
    let whole = matches!(shape.kind, Kind::Document(_) | Kind::Array(_));
    if whole { shape } else { shape.made_from(from) }
}
