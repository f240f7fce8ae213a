//! SQL Server's own entries of FROM: which columns they have.

use catalog::TypeClass;

use super::nearest::nearest;
use super::scope::{Entry, Field, Info, Namespace, Scope, Slot};
use super::{Resolver, types, unknown};
use crate::finding::{Code, Finding};
use crate::tree::{Expr, Form, FormKind, Ident, ObjectName, OpenJsonColumn, Span};

impl<'a> Resolver<'a, '_> {
    pub(super) fn form(&mut self, form: &mut Form, before: &Namespace<'a>) -> Namespace<'a> {
        let Form { kind, alias } = form;
        let entry = match kind {
            FormKind::Json { json, path, columns } => {
                let mut info = self.applied(json, before);
                if let Some(path) = path {
                    info.absorb(&self.value(path));
                }
                self.called("openjson");
                self.check_forbidden("openjson", Span::default());
                self.open_json_fields(columns, &info)
            }
            FormKind::Nodes { xml, path: _ } => {
                let info = self.applied(xml, before).with_class(Some(TypeClass::Xml));
                let fields = vec![Field::new(self.engine, "nodes", info)];
                Entry { fields, ..Entry::default() }
            }
            FormKind::Pivot { input, function, value, column, values } => {
                let names = self.one(input, before);
                self.called(function);
                self.check_forbidden(function, value.span);
                self.pivoted(&names, value, column, values)
            }
            FormKind::Unpivot { input, value, name, columns } => {
                let names = self.one(input, before);
                self.unpivoted(&names, value, name, columns)
            }
            FormKind::Table { name, period: _, sample: _ } => self.table_as_it_is(name),
        };
        Namespace::of(self.rename(entry, alias.as_mut()))
    }

    /// A value that may name what stands left of it.
    fn applied(&mut self, expr: &mut Expr, before: &Namespace<'a>) -> Info<'a> {
        self.scopes.push(Scope { names: before.clone(), ..Scope::default() });
        let info = self.value(expr);
        self.scopes.pop();
        info
    }

    fn open_json_fields(&mut self, columns: &mut [OpenJsonColumn], info: &Info<'a>) -> Entry<'a> {
        let mut fields = Vec::with_capacity(columns.len());
        for OpenJsonColumn { name, ty, path: _, as_json: _ } in columns {
            self.pin_new(name);
            let own = info.clone().with_class(types::of_name(self.engine, ty).0);
            fields.push(Field::new(self.engine, &name.value, Info { nullable: true, ..own }));
        }
        Entry { fields, ..Entry::default() }
    }

    /// All columns but the two that are turned, then one for each value.
    fn pivoted(
        &mut self,
        names: &Namespace<'a>,
        value: &mut Ident,
        column: &mut Ident,
        values: &mut [Ident],
    ) -> Entry<'a> {
        let (turned, by) = (self.input_column(names, value), self.input_column(names, column));
        values.iter_mut().for_each(|v| self.pin_new(v));
        if names.opaque() {
            return Entry { opaque: true, ..Entry::default() };
        }
        let (Some(turned), Some(by)) = (turned, by) else {
            return Entry { opaque: true, ..Entry::default() };
        };
        let mut info = turned.info();
        let class = info.class;
        info.absorb(&by.info());
        let info = Info { nullable: true, aggregate: true, ..info.with_class(class) };
        let mut fields = rest(names, &[&turned, &by]);
        fields.extend(values.iter().map(|v| Field::new(self.engine, &v.value, info.clone())));
        Entry { fields, ..Entry::default() }
    }

    /// All columns but those that become rows, then their values and their names.
    fn unpivoted(
        &mut self,
        names: &Namespace<'a>,
        value: &mut Ident,
        name: &mut Ident,
        columns: &mut [Ident],
    ) -> Entry<'a> {
        let found: Vec<Slot<'a>> = columns.iter_mut().filter_map(|c| self.input_column(names, c)).collect();
        self.pin_new(value);
        self.pin_new(name);
        if names.opaque() || found.len() < columns.len() {
            return Entry { opaque: true, ..Entry::default() };
        }
        let mut info = found.first().map(Slot::info).unwrap_or_default();
        let class = info.class;
        found.iter().for_each(|slot| info.absorb(&slot.info()));
        let mut fields = rest(names, &found.iter().collect::<Vec<_>>());
        fields.push(Field::new(self.engine, &value.value, info.with_class(class)));
        fields.push(Field::new(self.engine, &name.value, Info::of(TypeClass::Text)));
        Entry { fields, ..Entry::default() }
    }

    /// A column of the entry that is turned, pinned to its name.
    fn input_column(&mut self, names: &Namespace<'a>, ident: &mut Ident) -> Option<Slot<'a>> {
        let key = self.key(ident);
        let slot = names.slots.iter().find(|s| s.key == key).cloned();
        match &slot {
            Some(slot) => {
                self.read_columns(&slot.info(), ident.span);
                Self::pin(ident, &slot.name);
            }
            None if names.opaque() => self.pin_new(ident),
            None => {
                let near = nearest(&ident.value, names.slots.iter().map(|s| s.name.as_str()));
                let message = format!("there is no column {} to turn", ident.value);
                self.refuse(unknown(Code::G101, message, &ident.value, ident.span, near));
            }
        }
        slot
    }

    /// A table read at another time or in part: nothing may stand in for it.
    fn table_as_it_is(&mut self, name: &mut ObjectName) -> Entry<'a> {
        let span = name.span();
        let entry = self.table(name);
        let changed = entry.table.is_some_and(|t| self.stand_in(t, span).is_some());
        if changed || entry.cut || (entry.table.is_none() && !entry.opaque) {
            let message = "only a table that is seen whole can be read at another time or in part";
            self.refuse(
                Finding::new(Code::G201, message).at(span).hint("leave FOR SYSTEM_TIME or TABLESAMPLE out"),
            );
        }
        entry
    }
}

/// The columns that stay.
fn rest<'a>(names: &Namespace<'a>, gone: &[&Slot<'a>]) -> Vec<Field<'a>> {
    let stays = |s: &&Slot<'a>| !gone.iter().any(|g| g.key == s.key);
    let kept = names.slots.iter().filter(stays);
    kept.map(|s| Field { name: s.name.clone(), key: s.key.clone(), info: s.info() }).collect()
}
