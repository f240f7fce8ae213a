//! JSON_TABLE in FROM: its value sees what stands before it, its columns are its own.

use catalog::TypeClass;

use crate::tree::{Ident, JsonColumn, JsonTable};

use super::scope::{Entry, Field, Info, Namespace, Scope};
use super::{Resolver, types};

impl<'a> Resolver<'a, '_> {
    pub(super) fn json_table(&mut self, table: &mut JsonTable, before: &Namespace<'a>) -> Namespace<'a> {
        const NAME: &str = "json_table";
        self.check_forbidden(NAME, table.alias.name.span);
        self.called(NAME);
        self.scopes.push(Scope { names: before.clone(), ..Scope::default() });
        let from = self.value(&mut table.value);
        self.scopes.pop();
        let mut fields = Vec::new();
        self.json_fields(&mut table.columns, &from, &mut fields);
        let entry = Entry { fields, ..Entry::default() };
        Namespace::of(self.rename(entry, Some(&mut table.alias)))
    }

    fn json_fields(&mut self, columns: &mut [JsonColumn], from: &Info<'a>, fields: &mut Vec<Field<'a>>) {
        for column in columns {
            match column {
                JsonColumn::Ordinality(name) => {
                    fields.push(self.json_field(name, Info::of(TypeClass::Integer)));
                }
                JsonColumn::Value { name, ty, path: _, exists: _, empty: _, error: _ } => {
                    let (class, _) = types::of_name(self.engine, ty);
                    let info = Info { nullable: true, ..from.clone().with_class(class) };
                    fields.push(self.json_field(name, info));
                }
                JsonColumn::Nested { path: _, columns } => self.json_fields(columns, from, fields),
            }
        }
    }

    fn json_field(&mut self, name: &mut Ident, info: Info<'a>) -> Field<'a> {
        self.pin_new(name);
        Field::new(self.engine, &name.value, info)
    }
}
