//! Functions in FROM: what rows they give.

use catalog::{Engine, TableKind, TypeClass};

use crate::finding::{Code, Finding};
use crate::functions::{Function, Kind};
use crate::tree::{Call, Ident, TableAlias, TypeName};

use super::Resolver;
use super::scope::{Entry, Field, Info};
use super::types;

impl<'a> Resolver<'a, '_> {
    /// The rows of a function in FROM, before its alias renames them.
    pub(super) fn function_rows(
        &mut self,
        call: &mut Call,
        ordinality: bool,
        alias: Option<&TableAlias>,
        column_types: &mut [(Ident, TypeName)],
    ) -> Entry<'a> {
        if let Some(entry) = self.search_form(call) {
            return entry;
        }
        let written = call.name.last().cloned().unwrap_or_default();
        let mut name = self.key(&written);
        if self.engine == Engine::Mongodb {
            name = name.to_lowercase();
        }
        let (info, function) = self.call_in_from(call);
        let allowed_kind = function.is_none_or(|f| self.may_stand_in_from(f));
        if !allowed_kind {
            let message = format!("{} gives no rows and cannot stand in FROM", written.value);
            self.refuse(Finding::new(Code::G302, message).at(call.name.span()).subject(&written.value));
        }
        let mut entry = self.columns_of(call, function, &info, alias, &name);
        if !column_types.is_empty() {
            entry = self.declared_columns(column_types, &info);
        } else if function.is_some_and(|f| f.caller_columns) {
            let message = format!("{} needs the columns of its rows: AS x(name type, ...)", written.value);
            self.refuse(Finding::new(Code::G302, message).at(call.name.span()).subject(&written.value));
        }
        if ordinality {
            entry.scalar = false;
            entry.fields.push(Field::new(self.engine, "ordinality", Info::of(TypeClass::Integer)));
        }
        entry.key = name.clone();
        entry.name = name;
        entry
    }

    /// SQLite: `docs('query')` reads the full-text table `docs`.
    fn search_form(&mut self, call: &mut Call) -> Option<Entry<'a>> {
        if self.engine != Engine::Sqlite {
            return None;
        }
        let table = self.find_relation(&call.name).filter(|t| t.kind == TableKind::Virtual)?;
        self.read_table(table, call.name.span());
        for arg in &mut call.args {
            self.expr(&mut arg.value);
        }
        if let Some(last) = call.name.0.last_mut() {
            Self::pin(last, &table.name);
        }
        Some(self.entry_of(table))
    }

    fn may_stand_in_from(&self, function: &Function) -> bool {
        match function.kind {
            Kind::Table => true,
            Kind::Scalar | Kind::Word | Kind::Extension => self.engine == Engine::Postgres,
            Kind::Aggregate | Kind::Window => false,
        }
    }

    fn columns_of(
        &self,
        call: &Call,
        function: Option<&Function>,
        info: &Info<'a>,
        alias: Option<&TableAlias>,
        name: &str,
    ) -> Entry<'a> {
        let Some(function) = function else { return Entry { opaque: true, ..Entry::default() } };
        let own = |column: &(&str, Option<TypeClass>)| {
            Field::new(self.engine, column.0, info.clone().with_class(column.1))
        };
        let mut fields: Vec<Field<'a>> = function.columns.iter().map(own).collect();
        let scalar =
            fields.len() <= 1 && call.args.len() <= 1 || function.name != "unnest" && fields.len() <= 1;
        if fields.is_empty() {
            // one column named after the alias, else the function; unnest gives one for each argument
            let single = alias.filter(|_| scalar).map_or_else(|| name.to_owned(), |a| self.key(&a.name));
            let count = if function.name == "unnest" { call.args.len().max(1) } else { 1 };
            fields = (0..count).map(|_| Field::new(self.engine, &single, info.clone())).collect();
        }
        Entry { fields, scalar, ..Entry::default() }
    }

    fn declared_columns(&mut self, columns: &mut [(Ident, TypeName)], info: &Info<'a>) -> Entry<'a> {
        let mut fields = Vec::new();
        for (ident, ty) in columns {
            self.pin_new(ident);
            self.check_type(ty, ident.span);
            let (class, element) = types::of_name(self.engine, ty);
            let mut own = info.clone().with_class(class);
            own.element = element;
            own.nullable = true;
            fields.push(Field::new(self.engine, &ident.value, own));
        }
        Entry { fields, ..Entry::default() }
    }
}
