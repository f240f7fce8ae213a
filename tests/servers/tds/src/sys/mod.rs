//! The catalog: its views as tables with the columns that SQL Server documents, filled from what the set-up made.

pub(crate) mod definitions;
pub(crate) mod facts;
pub(crate) mod fill;
mod fill_keys;
pub(crate) mod fill_types;
pub(crate) mod objects;
pub(crate) mod rows;
pub(crate) mod statistics;

use crate::schema::{Relation, RelationColumn, Schema};
use crate::types::Ty;
use crate::wire::row::Column;

/// The catalog's relations.
pub(crate) fn relations() -> impl Iterator<Item = Relation> {
    definitions::VIEWS.iter().map(|(name, columns)| {
        let columns = columns.split(',').filter_map(|column| {
            let (name, ty) = column.trim().split_once(' ')?;
            let (ty, nullable) = match ty.strip_suffix('?') {
                Some(ty) => (ty, true),
                None => (ty, false),
            };
            let ty = Ty::read(&ty.replace(';', ","))?;
            let column = Column { nullable, ..Column::new(name, ty) };
            Some(RelationColumn { column, computed: None, default: None })
        });
        let (schema, name) = name.split_once('.').unwrap_or(("sys", name));
        Relation {
            schema: schema.to_owned(),
            name: name.to_owned(),
            columns: columns.collect(),
            ..Relation::default()
        }
    })
}

/// A schema that knows the catalog only.
pub(crate) fn schema() -> Schema {
    let mut schema = Schema::default();
    relations().for_each(|r| schema.add(r));
    schema
}
