//! What is known of a document at one stage: its fields, what they are made from, and how large they may have become.

use std::collections::BTreeSet;

use catalog::TypeClass;

use super::tree::Path;

/// Fields of collections that a value is made from: (collection, path).
pub(super) type Lineage = BTreeSet<(String, String)>;

/// Size that a stored array or document counts with.
pub(super) const STORED: u64 = 100;

/// Fields that one value is followed into. A larger one is known by what it is made from alone: a document that holds
/// itself twice would double at every stage, and its shape with it.
const MOST_FIELDS: usize = 4096;

/// What is known of a value.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    pub(super) from: Lineage,
    /// How many stored values it may hold, roughly: a bound for what expressions build up.
    pub(super) size: u64,
    pub(super) aggregate: bool,
}

/// What kind of value.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Anything: fields below it cannot be told.
    Open,
    /// Neither an array nor a document.
    Scalar(Option<TypeClass>),
    Array(Box<Shape>),
    Document(Vec<(String, Shape)>),
}

impl Shape {
    pub(super) fn new(kind: Kind) -> Shape {
        let size = if matches!(kind, Kind::Scalar(_)) { 1 } else { STORED };
        Shape { kind, from: Lineage::new(), size, aggregate: false }
    }

    pub(super) fn open() -> Shape {
        Shape::new(Kind::Open)
    }

    pub(super) fn scalar(class: Option<TypeClass>) -> Shape {
        Shape::new(Kind::Scalar(class))
    }

    pub(super) fn array(element: Shape) -> Shape {
        let size = element.size.max(STORED);
        Shape::new(Kind::Array(Box::new(element))).sized(size)
    }

    pub(super) fn document(fields: Vec<(String, Shape)>) -> Shape {
        let size = fields.iter().fold(1_u64, |sum, (_, f)| sum.saturating_add(f.size));
        Shape::new(Kind::Document(fields)).sized(size).followed(0)
    }

    /// The value itself, or what it is made from when it has too many fields beside `others`.
    fn followed(self, others: usize) -> Shape {
        if others.saturating_add(self.fields()) <= MOST_FIELDS {
            return self;
        }
        let from = self.lineage();
        let aggregate = self.aggregate;
        Shape { kind: Kind::Open, from, size: self.size, aggregate }
    }

    /// How many fields it has at all depths.
    fn fields(&self) -> usize {
        match &self.kind {
            Kind::Open | Kind::Scalar(_) => 0,
            Kind::Array(element) => element.fields(),
            Kind::Document(fields) => fields.iter().map(|(_, f)| 1 + f.fields()).sum(),
        }
    }

    pub(super) fn sized(mut self, size: u64) -> Shape {
        self.size = size;
        self
    }

    pub(super) fn made_from(mut self, from: Lineage) -> Shape {
        self.from = from;
        self
    }

    /// All that it is made from, its parts included.
    pub(super) fn lineage(&self) -> Lineage {
        let mut all = Lineage::new();
        self.collect(&mut all);
        all
    }

    fn collect(&self, all: &mut Lineage) {
        all.extend(self.from.iter().cloned());
        match &self.kind {
            Kind::Open | Kind::Scalar(_) => {}
            Kind::Array(element) => element.collect(all),
            Kind::Document(fields) => fields.iter().for_each(|(_, f)| f.collect(all)),
        }
    }

    /// The field of that name, looked for in the elements of an array.
    fn step(&self, part: &str) -> Option<Shape> {
        match &self.kind {
            Kind::Open => Some(self.clone()),
            Kind::Scalar(_) => None,
            Kind::Array(element) => element.step(part).map(Shape::array),
            Kind::Document(fields) => fields.iter().find(|(name, _)| name == part).map(|(_, f)| f.clone()),
        }
    }

    /// What stands at a path of an expression.
    pub(super) fn get(&self, path: &Path) -> Option<Shape> {
        let (first, rest) = path.0.split_first()?;
        rest.iter().try_fold(self.step(first)?, |shape, part| shape.step(part))
    }

    /// What stands at a path of a filter, where a number may name an element.
    pub(super) fn find(&self, path: &Path) -> Option<Shape> {
        let (first, rest) = path.0.split_first()?;
        rest.iter().try_fold(self.step(first)?, |shape, part| match &shape.kind {
            Kind::Array(element) if part.bytes().all(|b| b.is_ascii_digit()) => {
                Some(element.as_ref().clone())
            }
            _ => shape.step(part),
        })
    }

    /// Element of an array; anything else stays itself (an operator over it gives null or the value).
    pub(super) fn element(&self) -> Shape {
        match &self.kind {
            Kind::Array(element) => element.as_ref().clone(),
            Kind::Open | Kind::Scalar(_) | Kind::Document(_) => self.clone(),
        }
    }

    /// Names of the fields at the place where a path stops being known.
    pub(super) fn names_near(&self, path: &Path) -> Vec<String> {
        let mut here = self.clone();
        for part in &path.0 {
            match here.step(part) {
                Some(next) => here = next,
                None => break,
            }
        }
        match here.element().kind {
            Kind::Document(fields) => fields.into_iter().map(|(name, _)| name).collect(),
            Kind::Open | Kind::Scalar(_) | Kind::Array(_) => Vec::new(),
        }
    }

    /// Puts a value at a path.
    pub(super) fn set(&mut self, path: &[String], value: Shape) {
        let Some((first, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        let grown = self.size.saturating_add(value.size);
        let value = value.followed(self.fields());
        match &mut self.kind {
            Kind::Open => self.from.extend(value.lineage()),
            Kind::Scalar(_) => {
                let mut inner = Shape::document(Vec::new());
                inner.set(path, value);
                *self = inner;
                return;
            }
            Kind::Array(element) => element.set(path, value),
            Kind::Document(fields) => {
                let index = fields.iter().position(|(name, _)| name == first);
                match index.and_then(|i| fields.get_mut(i)) {
                    Some((_, field)) => field.set(rest, value),
                    None => {
                        let mut field = Shape::document(Vec::new());
                        field.set(rest, value);
                        fields.push((first.clone(), field));
                    }
                }
            }
        }
        self.size = grown;
    }

    /// Takes away what stands at a path.
    pub(super) fn unset(&mut self, path: &[String]) {
        let Some((first, rest)) = path.split_first() else { return };
        match &mut self.kind {
            Kind::Open | Kind::Scalar(_) => {}
            Kind::Array(element) => element.unset(path),
            Kind::Document(fields) if rest.is_empty() => fields.retain(|(name, _)| name != first),
            Kind::Document(fields) => {
                fields.iter_mut().filter(|(name, _)| name == first).for_each(|(_, f)| f.unset(rest));
            }
        }
    }

    /// What is known of a value that is one of two.
    pub(super) fn or(self, other: Shape) -> Shape {
        let size = self.size.max(other.size);
        let aggregate = self.aggregate || other.aggregate;
        let from: Lineage = self.lineage().union(&other.lineage()).cloned().collect();
        let kind = match (self.kind, other.kind) {
            (Kind::Document(a), Kind::Document(b)) => Kind::Document(merged(a, b)),
            (Kind::Array(a), Kind::Array(b)) => Kind::Array(Box::new(a.or(*b))),
            (Kind::Scalar(a), Kind::Scalar(b)) => Kind::Scalar(a.filter(|_| a == b).or(a.xor(b))),
            (kept @ (Kind::Document(_) | Kind::Array(_)), Kind::Scalar(None))
            | (Kind::Scalar(None), kept @ (Kind::Document(_) | Kind::Array(_))) => kept,
            _ => Kind::Open,
        };
        Shape { kind, from, size, aggregate }
    }
}

fn merged(mut a: Vec<(String, Shape)>, b: Vec<(String, Shape)>) -> Vec<(String, Shape)> {
    for (name, shape) in b {
        match a.iter_mut().find(|(known, _)| *known == name) {
            Some((_, field)) => *field = field.clone().or(shape),
            None => a.push((name, shape)),
        }
    }
    a
}
