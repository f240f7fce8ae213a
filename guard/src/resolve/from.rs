//! FROM: relations become entries of a namespace; joins put namespaces together.

use catalog::{Engine, Table, TableKind, TypeClass};

use crate::finding::{Code, Finding};
use crate::policy::How;
use crate::tree::{FormKind, FromItem, Ident, JoinKind, ObjectName, TableAlias};

use super::mask;
use super::nearest::nearest;
use super::scope::{ColumnRef, Entry, Field, Info, Namespace, Scope, stronger};
use super::{Outer, Resolver, own_operators, unknown};

/// Names of a row's number in an ordinary SQLite table.
const ROWID: [&str; 3] = ["rowid", "_rowid_", "oid"];

impl<'a> Resolver<'a, '_> {
    /// Resolves the comma-separated entries of FROM.
    pub(super) fn from(&mut self, items: &mut [FromItem]) -> Namespace<'a> {
        let mut names = Namespace::default();
        for item in items.iter_mut() {
            let one = self.entry(item, &names);
            self.check_distinct_names(&names, &one);
            names.extend(one);
        }
        if self.engine != Engine::Sqlite || !items.iter().any(|i| matches!(i, FromItem::Join { .. })) {
            return names;
        }
        // SQLite reads ON like WHERE: it may name every entry, later ones too
        self.scopes.push(Scope { names, ..Scope::default() });
        for item in items {
            self.conditions(item);
        }
        self.scopes.pop().map(|s| s.names).unwrap_or_default()
    }

    fn entry(&mut self, item: &mut FromItem, before: &Namespace<'a>) -> Namespace<'a> {
        // joins lean to the left: walked in a loop, so that their number does not deepen the stack
        let mut joins = Vec::new();
        let mut first = item;
        while let FromItem::Join { kind, left, right, on } = first {
            joins.push((kind, right, on));
            first = left;
        }
        let mut names = self.one(first, before);
        while let Some((kind, right, on)) = joins.pop() {
            let applied = matches!(kind, JoinKind::CrossApply | JoinKind::OuterApply);
            let right_names = if applied || sees_left(right) {
                let mut seen = before.clone();
                seen.extend(names.clone());
                self.entry(right, &seen)
            } else {
                self.entry(right, before)
            };
            self.check_distinct_names(&names, &right_names);
            names = self.join(kind, names, right_names, on);
        }
        names
    }

    pub(super) fn one(&mut self, item: &mut FromItem, before: &Namespace<'a>) -> Namespace<'a> {
        match item {
            FromItem::Table { name, alias } => {
                let span = name.span();
                let entry = self.table(name);
                let stand_in = entry.table.and_then(|t| self.stand_in(t, span));
                let mut entry = self.rename(entry, alias.as_mut());
                if let Some((schema, table)) = entry.table.and_then(|t| self.moves?.of_table(t)) {
                    // the old name stays as alias: columns are qualified by it
                    let own = || TableAlias { name: Ident::quoted(entry.name.clone()), columns: Vec::new() };
                    alias.get_or_insert_with(own);
                    *name = moved_name(name, schema, table);
                }
                entry.stood_in = stand_in.is_some();
                if let Some(query) = stand_in {
                    let name = Ident::quoted(entry.name.clone());
                    let alias = alias.take().or(Some(TableAlias { name, columns: Vec::new() }));
                    *item = FromItem::Derived { lateral: false, query: Box::new(query), alias };
                }
                Namespace::of(entry)
            }
            FromItem::Derived { lateral, query, alias } => {
                let mark = self.scopes.len();
                if *lateral {
                    self.scopes.push(Scope { names: before.clone(), ..Scope::default() });
                }
                let reached = std::mem::take(&mut self.reached);
                let outputs = self.query(query, &Outer::Inner);
                let wide = self.wide;
                self.scopes.truncate(mark);
                let depends = *lateral && self.reached.contains(&mark);
                self.reached.retain(|at| *at < mark);
                self.reached.extend(reached);
                let fields = outputs
                    .into_iter()
                    .map(|o| Field { name: o.name, key: o.key, info: o.info })
                    .collect::<Vec<_>>();
                let opaque = fields.iter().any(|f| f.key == "*");
                let entry = Entry { fields, opaque, wide, depends, ..Entry::default() };
                Namespace::of(self.rename(entry, alias.as_mut()))
            }
            FromItem::Function { call, ordinality, alias, column_types, lateral: _ } => {
                self.scopes.push(Scope { names: before.clone(), ..Scope::default() });
                let entry = self.function_rows(call, *ordinality, alias.as_ref(), column_types);
                self.scopes.pop();
                Namespace::of(self.rename(entry, alias.as_mut()))
            }
            FromItem::JsonTable(table) => self.json_table(table, before),
            FromItem::Form(form) => self.form(form, before),
            FromItem::Join { .. } => self.entry(item, before),
        }
    }

    /// The relation that a name means: a common table expression, else a table that the caller may read.
    pub(super) fn table(&mut self, name: &mut ObjectName) -> Entry<'a> {
        self.leave_database_out(name, 3);
        if let Some(cte) = self.cte(name) {
            let Some(fields) = cte.fields.clone() else { return self.unknown_table(name) };
            if let Some(ident) = name.0.last_mut() {
                Self::pin(ident, &cte.name);
            }
            let fields = fields.as_ref().clone();
            let opaque = fields.iter().any(|f| f.key == "*");
            return Entry {
                name: cte.name,
                key: cte.key,
                fields,
                opaque,
                wide: cte.wide,
                ..Entry::default()
            };
        }
        match self.find_relation(name) {
            Some(table) => self.catalog_table(name, table),
            None if self.policy.syntax_only && !self.elsewhere(name) => self.any_table(name),
            None => self.unknown_table(name),
        }
    }

    fn cte(&self, name: &ObjectName) -> Option<super::scope::CteEntry<'a>> {
        let [ident] = name.0.as_slice() else { return None };
        let key = self.key(ident);
        self.ctes.iter().rev().find(|c| c.key == key).cloned()
    }

    /// A table of the catalog that the caller may read.
    pub(super) fn find_relation(&self, name: &ObjectName) -> Option<&'a Table> {
        let catalog = self.catalog;
        let find = |schema: (&str, bool), table: &Ident| {
            let found = catalog.meant_table(schema, (&table.value, table.quoted))?;
            self.readable.readable(found).then_some(found)
        };
        match name.0.as_slice() {
            [table] => catalog.snapshot().search_path.iter().find_map(|s| find((s, true), table)),
            [schema, table] => find((&schema.value, schema.quoted), table),
            _ => None,
        }
    }

    fn catalog_table(&mut self, name: &mut ObjectName, table: &'a Table) -> Entry<'a> {
        let span = name.span();
        self.read_table(table, span);
        // a view's text that is put into a statement must not meet the statement's own names
        let short = table.schema.is_empty()
            || name.0.len() == 1
                && !self.in_view
                && super::views::leaves_schema_out(self.engine, &table.schema);
        let part = |value: &str| Ident { value: value.to_owned(), quoted: true, span };
        name.0 = if short { vec![part(&table.name)] } else { vec![part(&table.schema), part(&table.name)] };
        self.entry_of(table)
    }

    /// The entry of a catalog table: visible columns, and what the engine adds.
    pub(super) fn entry_of(&self, table: &'a Table) -> Entry<'a> {
        let inner = self.readable.view(table);
        let altered = self.readable.altered_view(table);
        let fields: Vec<Field<'a>> = table
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| self.readable.column(table, column))
            .map(|(index, column)| {
                let below = inner.as_ref().and_then(|v| v.columns.get(index));
                let mask = self.readable.visibility().mask(table, column);
                let masked = below.filter(|_| altered).and_then(|i| i.masked);
                let masked = mask.map(|m| masked.map_or(m, |b| b.stricter(m))).or(masked);
                let class = (column.class != TypeClass::Other).then_some(column.class);
                let sensitivity = stronger(column.sensitivity, below.and_then(|i| i.sensitivity));
                let info = Info {
                    class: masked.map_or(class, |how| mask::class(how, class)),
                    element: column.element,
                    lineage: vec![ColumnRef { table, index }],
                    sensitivity: sensitivity.filter(|_| masked != Some(How::Null)),
                    masked,
                    nullable: column.nullable && !keyed(table, &column.name),
                    own: own_operators::of_column(self.engine, column).filter(|_| masked.is_none()),
                    ..Info::default()
                };
                Field::new(self.engine, &column.name, info)
            })
            .collect();
        Entry {
            name: table.name.clone(),
            key: self.engine.stored_key(&table.name),
            table: Some(table),
            bare: true,
            cut: fields.len() < table.columns.len(),
            keys: table.foreign_keys.iter().filter(|k| self.readable.shows_key(table, k)).collect(),
            silent: self.silent(table),
            fields,
            ..Entry::default()
        }
    }

    fn silent(&self, table: &Table) -> Vec<Field<'a>> {
        if self.engine != Engine::Sqlite {
            return Vec::new();
        }
        let field = |name: &str, class| Field::new(self.engine, name, Info::of(class));
        let mut silent: Vec<Field<'a>> = Vec::new();
        // a row's number tells of the rows and keys around it that the caller does not see
        if matches!(table.kind, TableKind::Table | TableKind::Virtual) && !self.policy.rewrites() {
            silent.extend(ROWID.iter().map(|n| field(n, TypeClass::Integer)));
        }
        if table.kind == TableKind::Virtual {
            silent.push(field(&table.name, TypeClass::Text));
            silent.push(field("rank", TypeClass::Float));
        }
        silent.retain(|s| !table.columns.iter().any(|c| self.engine.stored_key(&c.name) == s.key));
        silent
    }

    /// Without a catalog any table may be.
    fn any_table(&mut self, name: &mut ObjectName) -> Entry<'a> {
        name.0.iter_mut().for_each(|part| self.pin_new(part));
        let last = name.last().map(|i| i.value.clone()).unwrap_or_default();
        Entry { key: self.engine.stored_key(&last), name: last, opaque: true, ..Entry::default() }
    }

    fn unknown_table(&mut self, name: &ObjectName) -> Entry<'a> {
        let written: Vec<&str> = name.0.iter().map(|p| p.value.as_str()).collect();
        let written = written.join(".");
        let last = name.last().map(|i| i.value.clone()).unwrap_or_default();
        let near = self.near_tables(&last);
        let message = format!("there is no table {written}");
        self.refuse(unknown(Code::G100, message, &written, name.span(), near));
        // anything may be in it: one finding is enough
        Entry { key: self.engine.stored_key(&last), name: last, opaque: true, ..Entry::default() }
    }

    fn near_tables(&self, wanted: &str) -> Vec<String> {
        let snapshot = self.catalog.snapshot();
        let known = self.catalog.near(wanted).iter().filter(|t| self.readable.readable(t));
        let on_path = |t: &Table| snapshot.search_path.contains(&t.schema);
        let mut names: Vec<(String, String)> = known
            .map(|t| (t.name.clone(), if on_path(t) { t.name.clone() } else { t.full_name() }))
            .collect();
        names.extend(
            self.ctes.iter().filter(|c| c.fields.is_some()).map(|c| (c.name.clone(), c.name.clone())),
        );
        let near = nearest(wanted, names.iter().map(|(short, _)| short.as_str()));
        near.into_iter()
            .filter_map(|n| names.iter().find(|(short, _)| *short == n).map(|(_, full)| full.clone()))
            .collect()
    }

    /// Gives an entry the names of its alias.
    pub(super) fn rename(&mut self, mut entry: Entry<'a>, alias: Option<&mut TableAlias>) -> Entry<'a> {
        let Some(alias) = alias else { return entry };
        self.pin_new(&mut alias.name);
        entry.key = self.engine.stored_key(&alias.name.value);
        entry.name = alias.name.value.clone();
        entry.bare = false;
        entry.named_anew = alias.columns.len();
        if alias.columns.len() > entry.fields.len() && !entry.opaque {
            let message = format!(
                "{} has {} columns, but {} names are given",
                entry.name,
                entry.fields.len(),
                alias.columns.len()
            );
            self.refuse(Finding::new(Code::G105, message).at(alias.name.span).subject(&alias.name.value));
        }
        for (i, column) in alias.columns.iter_mut().enumerate() {
            self.pin_new(column);
            if let Some(field) = entry.fields.get_mut(i) {
                field.key = self.engine.stored_key(&column.value);
                field.name = column.value.clone();
            }
        }
        entry
    }
}

/// The new name with as many parts as the old one had.
fn moved_name(old: &ObjectName, schema: &str, table: &str) -> ObjectName {
    match old.0.len() {
        0 | 1 if schema.is_empty() => ObjectName::quoted([table]),
        _ => ObjectName::quoted([schema, table]),
    }
}

/// Whether an entry may name what stands left of it.
fn sees_left(item: &FromItem) -> bool {
    match item {
        FromItem::Table { .. } => false,
        FromItem::Derived { lateral, .. } => *lateral,
        FromItem::Function { .. } | FromItem::JsonTable(_) => true,
        FromItem::Form(form) => matches!(form.kind, FormKind::Json { .. } | FormKind::Nodes { .. }),
        FromItem::Join { left, right, .. } => sees_left(left) || sees_left(right),
    }
}

/// Whether a column is the primary key, and so holds no NULL whatever its own declaration says.
fn keyed(table: &Table, column: &str) -> bool {
    table.primary_key.as_ref().is_some_and(|k| k.columns.as_slice() == [column])
}
