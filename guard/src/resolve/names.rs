//! Column names: what an unqualified or qualified name means in the scopes around it.

use std::rc::Rc;

use catalog::{Engine, Table};

use crate::finding::{Code, Finding};
use crate::tree::{Expr, Ident, Literal, ObjectName, Span};

use super::nearest::nearest;
use super::scope::{Entry, Field, Info, Shape, Slot};
use super::{Resolver, unknown};

/// What an unqualified name was found to be.
enum Found<'a> {
    /// A column of FROM, at that depth of the scopes.
    Slot(usize, Slot<'a>),
    /// A column that wildcards do not give.
    Silent(usize, Rc<Entry<'a>>, String, Info<'a>),
    /// An output alias.
    Alias(String, Info<'a>),
    /// A relation as a whole.
    Row(Rc<Entry<'a>>),
    /// Anything may be in there.
    Opaque,
    /// Several columns.
    Ambiguous(Vec<String>),
    /// Nothing.
    Nothing,
}

impl<'a> Resolver<'a, '_> {
    /// Resolves a column reference in place.
    pub(super) fn column(&mut self, expr: &mut Expr) -> Info<'a> {
        let Expr::Column(name) = expr else { return Info::default() };
        self.step = None;
        self.leave_database_out(name, 4);
        self.put_together(name);
        let info = match name.0.as_mut_slice() {
            [column] => {
                let single = column.clone();
                match self.unqualified(name, &single) {
                    Some(info) => info,
                    None => return self.text_or_unknown(expr, &single),
                }
            }
            [_, _] => self.qualified(name),
            [_, _, _] => self.schema_qualified(name),
            _ => {
                self.unknown_qualifier(name);
                Info::default()
            }
        };
        self.read_columns(&info, span_of(expr));
        self.replace(expr);
        info
    }

    /// Replaces a column that is called something else now.
    fn replace(&mut self, expr: &mut Expr) {
        let Some(step) = self.step.take() else { return };
        let old = step.apply(expr);
        self.replaced.push((super::output::name(self.engine, expr), old));
    }

    /// Notes what a column that was found is called now.
    fn note_step(&mut self, entry: &Entry<'a>, field: &Field<'a>) {
        self.step = self.moves.and_then(|moves| moves.of_column(entry, field));
    }

    fn unqualified(&mut self, name: &mut ObjectName, ident: &Ident) -> Option<Info<'a>> {
        let key = self.key(ident);
        let found = self.find(&key);
        match found {
            Found::Slot(depth, slot) => {
                self.reach(depth);
                self.pin_slot(name, depth, &slot, ident)
            }
            Found::Silent(depth, entry, column, info) => {
                self.reach(depth);
                let qualify = !entry.name.is_empty() && !self.shadowed(depth, &entry);
                name.0 = qualified_parts(qualify.then_some(entry.name.as_str()), &column, ident.span);
                Some(info)
            }
            Found::Alias(column, info) => {
                name.0 = qualified_parts(None, &column, ident.span);
                Some(info)
            }
            Found::Row(entry) => self.whole_row(name, &entry, ident),
            Found::Opaque => {
                let mut kept = ident.clone();
                self.pin_new(&mut kept);
                name.0 = vec![kept];
                Some(Info { nullable: true, ..Info::default() })
            }
            Found::Ambiguous(candidates) => {
                let message = format!("the column {} is in several relations", ident.value);
                self.refuse(
                    Finding::new(Code::G102, message)
                        .at(ident.span)
                        .subject(&ident.value)
                        .hint(format!("write one of {}", candidates.join(", ")))
                        .nearest(candidates),
                );
                Some(Info::default())
            }
            Found::Nothing => None,
        }
    }

    fn find(&self, key: &str) -> Found<'a> {
        for (depth, scope) in self.scopes.iter().enumerate().rev() {
            if scope.preferred.iter().any(|p| p == key)
                && let Some(output) = scope.outputs.iter().find(|o| o.key == key && o.aliased)
            {
                return Found::Alias(output.name.clone(), output.info.clone());
            }
            let mut slots = scope.names.slots.iter().filter(|s| s.key == key);
            if let Some(first) = slots.next() {
                let others: Vec<&Slot<'a>> = slots.collect();
                if others.is_empty() {
                    return Found::Slot(depth, first.clone());
                }
                let all = std::iter::once(first).chain(others);
                return Found::Ambiguous(all.filter_map(qualified_text).collect());
            }
            if scope.names.opaque() {
                return Found::Opaque;
            }
            if scope.aliases
                && let Some(output) = scope.outputs.iter().find(|o| o.key == key && o.aliased)
            {
                return Found::Alias(output.name.clone(), output.info.clone());
            }
            let mut silent = scope.names.entries.iter().filter_map(|e| {
                let field = e.silent.iter().find(|f| f.key == key)?;
                Some((Rc::clone(e), field.name.clone(), e.info(field)))
            });
            if let Some((entry, column, info)) = silent.next() {
                let rest: Vec<String> = silent.map(|(e, c, _)| format!("{}.{c}", e.name)).collect();
                if rest.is_empty() {
                    return Found::Silent(depth, entry, column, info);
                }
                let first = format!("{}.{column}", entry.name);
                return Found::Ambiguous(std::iter::once(first).chain(rest).collect());
            }
        }
        self.find_row(key)
    }

    /// PostgreSQL: a name that is no column anywhere may be a relation's, and then means its rows.
    fn find_row(&self, key: &str) -> Found<'a> {
        if self.engine != Engine::Postgres {
            return Found::Nothing;
        }
        let entries = self.scopes.iter().rev().flat_map(|s| &s.names.entries);
        match entries.into_iter().find(|e| e.key == key) {
            Some(entry) => Found::Row(Rc::clone(entry)),
            None => Found::Nothing,
        }
    }

    fn whole_row(&mut self, name: &mut ObjectName, entry: &Rc<Entry<'a>>, ident: &Ident) -> Option<Info<'a>> {
        // a row of a cut table would hold what the caller may not see
        if entry.cut || (entry.table.is_some() && self.policy.rewrites()) {
            return None;
        }
        name.0 = qualified_parts(None, &entry.name, ident.span);
        if let (true, Some(field)) = (entry.scalar, entry.fields.first()) {
            return Some(entry.info(field));
        }
        let mut info = Info { shape: Shape::Row, ..Info::default() };
        entry.fields.iter().for_each(|f| info.absorb(&entry.info(f)));
        info.class = None;
        Some(info)
    }

    fn pin_slot(
        &mut self,
        name: &mut ObjectName,
        depth: usize,
        slot: &Slot<'a>,
        ident: &Ident,
    ) -> Option<Info<'a>> {
        let single = match slot.from.as_slice() {
            [(entry, _)] if !entry.name.is_empty() && !self.shadowed(depth, entry) => Some(entry),
            _ => None,
        };
        name.0 = qualified_parts(single.map(|e| e.name.as_str()), &slot.name, ident.span);
        if let [(entry, index)] = slot.from.as_slice()
            && let Some(field) = entry.fields.get(*index)
        {
            self.note_step(entry, field);
        }
        Some(slot.info())
    }

    /// Whether a relation nearer than `depth`, or beside the entry, has the same name: then qualifying changes meaning.
    fn shadowed(&self, depth: usize, entry: &Rc<Entry<'a>>) -> bool {
        let nearer = self.scopes.iter().skip(depth + 1).flat_map(|s| &s.names.entries);
        let beside = self.scopes.get(depth).into_iter().flat_map(|s| &s.names.entries);
        nearer.into_iter().any(|e| e.key == entry.key)
            || beside.into_iter().filter(|e| e.key == entry.key).count() > 1
    }

    fn qualified(&mut self, name: &mut ObjectName) -> Info<'a> {
        let [qualifier, column] = name.0.as_mut_slice() else { return Info::default() };
        let (qualifier_key, key) = (self.key(qualifier), self.key(column));
        let mut missed: Option<Rc<Entry<'a>>> = None;
        let mut found: Option<Rc<Entry<'a>>> = None;
        let mut at = 0;
        for (depth, scope) in self.scopes.iter().enumerate().rev() {
            let Some(entry) = scope.names.entries.iter().find(|e| e.key == qualifier_key) else { continue };
            if entry.opaque || entry.field(&key).is_some() {
                found = Some(Rc::clone(entry));
                at = depth;
                break;
            }
            missed.get_or_insert_with(|| Rc::clone(entry));
            // SQLite looks further out, the others do not
            if self.engine != Engine::Sqlite {
                break;
            }
        }
        match (found, missed) {
            (Some(entry), _) => {
                self.reach(at);
                self.pin_field(name, &entry, &key)
            }
            (None, Some(entry)) => {
                self.unknown_field(name, &entry);
                Info::default()
            }
            (None, None) => {
                self.unknown_qualifier(name);
                Info::default()
            }
        }
    }

    fn pin_field(&mut self, name: &mut ObjectName, entry: &Rc<Entry<'a>>, key: &str) -> Info<'a> {
        let span = name.span();
        let Some(column) = name.0.last_mut() else { return Info::default() };
        if entry.count(key) > 1 {
            let message = format!("the relation {} has several columns {}", entry.name, column.value);
            self.refuse(Finding::new(Code::G102, message).at(span).subject(&column.value));
            return Info::default();
        }
        let Some(field) = entry.field(key) else {
            name.0.iter_mut().for_each(|part| self.pin_new(part));
            return Info { nullable: true, ..Info::default() };
        };
        Self::pin(column, &field.name);
        if let [qualifier, _] = name.0.as_mut_slice() {
            Self::pin(qualifier, &entry.name);
        }
        self.note_step(entry, field);
        entry.info(field)
    }

    fn schema_qualified(&mut self, name: &mut ObjectName) -> Info<'a> {
        let [schema, table, column] = name.0.as_slice() else { return Info::default() };
        let (schema, table, key) = (self.key(schema), self.key(table), self.key(column));
        let engine = self.engine;
        let of_schema = |e: &Entry<'a>| {
            e.bare && e.key == table && e.table.is_some_and(|t| engine.stored_key(&t.schema) == schema)
        };
        let found = self.scopes.iter().enumerate().rev().find_map(|(depth, scope)| {
            let entry = scope.names.entries.iter().find(|e| of_schema(e))?;
            Some((depth, Rc::clone(entry)))
        });
        let Some((depth, entry)) = found else {
            self.unknown_qualifier(name);
            return Info::default();
        };
        if !entry.opaque && entry.field(&key).is_none() {
            self.unknown_field(name, &entry);
            return Info::default();
        }
        if self.shadowed(depth, &entry) {
            self.unknown_qualifier(name);
            return Info::default();
        }
        name.0.remove(0);
        self.pin_field(name, &entry, &key)
    }

    /// SQLite reads a double-quoted name that means nothing as text; everywhere else it is unknown.
    fn text_or_unknown(&mut self, expr: &mut Expr, ident: &Ident) -> Info<'a> {
        if self.engine == Engine::Sqlite && ident.quoted && !self.in_filter {
            let seen = self.scopes.iter().rev().flat_map(|s| &s.names.slots).map(|s| s.name.as_str());
            let near = nearest(&ident.value, seen);
            if !near.is_empty() {
                let message = format!("\"{}\" is no column and was read as text", ident.value);
                self.warn(unknown(Code::W109, message, &ident.value, ident.span, near));
            }
            *expr = Expr::Literal(Literal::String(ident.value.clone()), ident.span);
            return Info::of(catalog::TypeClass::Text);
        }
        self.unknown_column(ident);
        Info::default()
    }

    pub(super) fn unknown_column(&mut self, ident: &Ident) {
        let seen = self.scopes.iter().rev().flat_map(|s| &s.names.slots).map(|s| s.name.as_str());
        let near = nearest(&ident.value, seen);
        let message = format!("there is no column {}", ident.value);
        let elsewhere = if near.is_empty() { self.column_of_neighbour(&self.key(ident)) } else { None };
        let mut finding = unknown(Code::G101, message, &ident.value, ident.span, near);
        if let Some(hint) = elsewhere {
            finding = finding.hint(hint);
        }
        self.refuse(finding);
    }

    /// A table one foreign key away, in either direction, that has the column.
    fn column_of_neighbour(&self, key: &str) -> Option<String> {
        let scope = self.scopes.last()?;
        let engine = self.engine;
        let near: Vec<&Table> = scope.names.entries.iter().filter_map(|e| e.table).collect();
        let refers = |from: &Table, to: &Table| {
            from.foreign_keys.iter().filter(|k| self.readable.shows_key(from, k)).any(|k| {
                engine.stored_key(&k.to_table) == engine.stored_key(&to.name)
                    && engine.stored_key(&k.to_schema) == engine.stored_key(&to.schema)
            })
        };
        let mut others = self.catalog.beside(&near).iter().filter(|other| {
            near.iter().any(|t| !std::ptr::eq(*t, *other) && (refers(t, other) || refers(other, t)))
        });
        others.find_map(|other| {
            let column = other.columns.iter().find(|c| engine.stored_key(&c.name) == key)?;
            let seen = self.readable.readable(other) && self.readable.column(other, column);
            seen.then(|| format!("the table {} has {}: join it", other.name, column.name))
        })
    }

    fn unknown_field(&mut self, name: &ObjectName, entry: &Entry<'a>) {
        let Some(column) = name.last() else { return };
        let near = nearest(&column.value, entry.fields.iter().map(|f| f.name.as_str()));
        let message = format!("{} has no column {}", entry.name, column.value);
        self.refuse(unknown(Code::G101, message, &column.value, name.span(), near));
    }

    pub(super) fn unknown_qualifier(&mut self, name: &ObjectName) {
        let count = name.0.len().saturating_sub(1);
        let written: Vec<&str> = name.0.iter().take(count).map(|p| p.value.as_str()).collect();
        let written = written.join(".");
        let last = name.0.get(count.saturating_sub(1)).map(|i| i.value.clone()).unwrap_or_default();
        let entries = self.scopes.iter().rev().flat_map(|s| &s.names.entries);
        let mut near = nearest(&last, entries.clone().map(|e| e.name.as_str()));
        let last_key = self.engine.stored_key(&last.to_lowercase());
        let aliased = entries.into_iter().find(|e| {
            e.table.is_some_and(|t| self.engine.stored_key(&t.name) == last_key && e.key != last_key)
        });
        let mut hint = None;
        if let Some(entry) = aliased {
            near = vec![entry.name.clone()];
            hint = Some(format!("the table is called {} here", entry.name));
        }
        let message = format!("nothing in FROM is called {written}");
        let mut finding = unknown(Code::G103, message, &written, name.span(), near);
        if let Some(hint) = hint {
            finding = finding.hint(hint);
        }
        self.refuse(finding);
    }
}

fn qualified_parts(qualifier: Option<&str>, column: &str, span: Span) -> Vec<Ident> {
    let part = |value: &str| Ident { value: value.to_owned(), quoted: true, span };
    qualifier.map(part).into_iter().chain(std::iter::once(part(column))).collect()
}

fn qualified_text(slot: &Slot<'_>) -> Option<String> {
    let (entry, _) = slot.from.first()?;
    Some(if entry.name.is_empty() { slot.name.clone() } else { format!("{}.{}", entry.name, slot.name) })
}

fn span_of(expr: &Expr) -> Span {
    match expr {
        Expr::Column(name) => name.span(),
        _ => Span::default(),
    }
}
