//! Comparisons whose operands are resolved alike: BETWEEN, LIKE, and those with ANY and ALL.

use catalog::TypeClass;

use crate::tree::{Expr, Span};

use super::Resolver;
use super::expr::width_of;
use super::scope::Info;

impl<'a> Resolver<'a, '_> {
    pub(super) fn boolean_of<const N: usize>(&mut self, parts: [&mut Box<Expr>; N]) -> Info<'a> {
        let mut info = Info::default();
        for part in parts {
            let part = self.value(part);
            info.own = info.own.or(part.own);
            info.absorb(&part);
        }
        let own = info.own;
        Info { own, ..info.with_class(Some(TypeClass::Boolean)) }
    }

    pub(super) fn quantified(&mut self, left: &mut Expr, right: &mut Expr) -> Info<'a> {
        let width = width_of(left);
        let mut info = self.value(left);
        let other = match right {
            Expr::Subquery(query) => self.subquery(query, width, Span::default()),
            array => self.value(array),
        };
        self.refuse_misread(&[&info, &other]);
        info.absorb(&other);
        info.with_class(Some(TypeClass::Boolean))
    }
}
