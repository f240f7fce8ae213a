//! Joins: conditions, USING and NATURAL, and the namespace of both sides together.

use std::rc::Rc;

use catalog::Engine;

use crate::finding::{Code, Finding};
use crate::report::JoinRead;
use crate::tree::{Expr, FromItem, Ident, JoinKind, JoinOn, Literal, Span};

use super::nearest::nearest;
use super::scope::{Namespace, Scope, Slot};
use super::{Resolver, unknown};

impl<'a> Resolver<'a, '_> {
    /// Resolves the ON conditions of an entry against the scope on top.
    pub(super) fn conditions(&mut self, item: &mut FromItem) {
        let mut joins = Vec::new();
        let mut first = item;
        while let FromItem::Join { left, right, on, kind: _ } = first {
            joins.push((right, on));
            first = left;
        }
        while let Some((right, on)) = joins.pop() {
            self.conditions(right);
            if let JoinOn::On(condition) = on {
                self.expr(condition);
                self.read_condition(condition);
            }
        }
    }

    fn read_condition(&mut self, condition: &Expr) {
        let Some(scope) = self.scopes.last() else { return };
        let keyed = crate::warn::keyed(self.engine, &scope.names, condition);
        let right = self.open_join().unwrap_or_default();
        let cardinality = crate::warn::cardinality::of(self.engine, &scope.names, right, condition);
        self.fill_join(crate::reading::plain(condition), keyed, cardinality);
    }

    pub(super) fn check_distinct_names(&mut self, left: &Namespace<'a>, right: &Namespace<'a>) {
        let clash = right
            .entries
            .iter()
            .find(|r| !r.key.is_empty() && left.entries.iter().any(|l| l.key == r.key))
            .map(|e| e.name.clone());
        if let Some(name) = clash {
            let message = format!("two entries of FROM are called {name}");
            self.refuse(Finding::new(Code::G104, message).subject(name).hint("give one of them an alias"));
        }
    }

    pub(super) fn join(
        &mut self,
        kind: &mut JoinKind,
        left: Namespace<'a>,
        right: Namespace<'a>,
        on: &mut JoinOn,
    ) -> Namespace<'a> {
        let mut read = JoinRead { left: called(&left), right: called(&right), ..JoinRead::default() };
        self.spell_out_natural(kind, on, &left, &right);
        if matches!(kind, JoinKind::Left | JoinKind::Full | JoinKind::OuterApply) {
            right.may_be_missing();
        }
        if matches!(kind, JoinKind::Right | JoinKind::Full) {
            left.may_be_missing();
        }
        let joined = match on {
            JoinOn::None | JoinOn::Natural => {
                let mut joined = left;
                joined.extend(right);
                joined
            }
            JoinOn::Using(columns) => {
                let names: Vec<&str> = columns.iter().map(|c| c.value.as_str()).collect();
                read.condition = format!("using {}", names.join(", "));
                read.keyed = crate::warn::using_keyed(self.engine, &left, &right, columns);
                read.cardinality = crate::warn::cardinality::of_using(self.engine, &left, &right, columns);
                self.merge(left, right, columns)
            }
            JoinOn::On(condition) => {
                super::OPEN.clone_into(&mut read.condition);
                self.joined(read);
                return self.on(left, right, condition);
            }
        };
        self.joined(read);
        joined
    }

    fn on(&mut self, left: Namespace<'a>, right: Namespace<'a>, condition: &mut Expr) -> Namespace<'a> {
        let mut joined = left;
        joined.extend(right);
        if self.engine == Engine::Sqlite {
            return joined;
        }
        self.scopes.push(Scope { names: joined, ..Scope::default() });
        self.expr(condition);
        self.read_condition(condition);
        self.scopes.pop().map(|s| s.names).unwrap_or_default()
    }

    /// NATURAL joins on whatever columns are common on the server, hidden and new ones too: said with USING instead.
    fn spell_out_natural(
        &mut self,
        kind: &mut JoinKind,
        on: &mut JoinOn,
        left: &Namespace<'a>,
        right: &Namespace<'a>,
    ) {
        if *on != JoinOn::Natural || left.opaque() || right.opaque() {
            return;
        }
        let common: Vec<Ident> = left
            .slots
            .iter()
            .filter(|l| right.slots.iter().any(|r| r.key == l.key))
            .map(|l| Ident::quoted(l.name.clone()))
            .collect();
        *on = match (common.is_empty(), *kind) {
            (false, _) => JoinOn::Using(common),
            (true, JoinKind::Inner) => {
                *kind = JoinKind::Cross;
                JoinOn::None
            }
            (true, _) => JoinOn::On(Expr::Literal(Literal::Number("1".to_owned()), Span::default())),
        };
        if let JoinOn::On(always) = on
            && self.as_postgres()
        {
            *always = Expr::Literal(Literal::Bool(true), Span::default());
        }
    }

    /// USING: common columns come first and once.
    fn merge(&mut self, left: Namespace<'a>, right: Namespace<'a>, columns: &mut [Ident]) -> Namespace<'a> {
        let mut merged: Vec<Slot<'a>> = Vec::new();
        for column in columns {
            let key = self.key(column);
            let from_left = self.using_side(&left, &key, column);
            let from_right = self.using_side(&right, &key, column);
            let (Some(l), Some(r)) = (from_left, from_right) else { continue };
            self.refuse_misread(&[&l.info(), &r.info()]);
            Self::pin(column, &l.name);
            let mut slot = l.clone();
            slot.from.extend(r.from.iter().map(|(e, i)| (Rc::clone(e), *i)));
            self.read_columns(&slot.info(), column.span);
            merged.push(slot);
        }
        let keys: Vec<String> = merged.iter().map(|s| s.key.clone()).collect();
        let rest = left.slots.into_iter().chain(right.slots).filter(|s| !keys.contains(&s.key));
        merged.extend(rest);
        let mut entries = left.entries;
        entries.extend(right.entries);
        Namespace { entries, slots: merged }
    }

    fn using_side(&mut self, side: &Namespace<'a>, key: &str, column: &Ident) -> Option<Slot<'a>> {
        let mut found = side.slots.iter().filter(|s| s.key == key);
        let slot = found.next().cloned();
        if found.next().is_some() {
            let message = format!("the column {} is on one side of USING more than once", column.value);
            self.refuse(Finding::new(Code::G102, message).at(column.span).subject(&column.value));
        }
        if slot.is_none() && !side.opaque() {
            let near = nearest(&column.value, side.slots.iter().map(|s| s.name.as_str()));
            let message = format!("one side of USING has no column {}", column.value);
            self.refuse(unknown(Code::G101, message, &column.value, column.span, near));
        }
        if slot.is_none() && side.opaque() {
            let mut kept = column.clone();
            self.pin_new(&mut kept);
            let entry = side.entries.iter().find(|e| e.opaque).map(Rc::clone)?;
            return Some(Slot { key: key.to_owned(), name: kept.value, from: vec![(entry, usize::MAX)] });
        }
        slot
    }
}

/// What one side of a join is called in the report: its last relation.
fn called(side: &Namespace<'_>) -> String {
    side.entries.last().map(|e| e.name.clone()).unwrap_or_default()
}
