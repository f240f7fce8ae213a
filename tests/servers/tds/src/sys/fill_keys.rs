//! Fills what the catalog says of keys, indexes, their partitions, and references.

use catalog::{ForeignKey, Snapshot, Table};
use rusqlite::Connection;

use super::fill::Fill;
use super::objects::Object;
use super::rows::{int, maybe, text};
use super::statistics;
use crate::error::Result;
use crate::schema::Relation;

/// What an index is.
enum Kind<'a> {
    Heap,
    Primary,
    Unique,
    Index(bool, Option<&'a str>),
}

impl Fill<'_, '_> {
    pub(super) fn keys_and_indexes(
        &mut self,
        lite: &Connection,
        table: &Table,
        relation: &Relation,
        object: &Object<'_>,
    ) -> Result<()> {
        let (rows, pages) = statistics::measure(lite, relation)?;
        let split = self.facts.split.get(&(table.schema.to_lowercase(), table.name.to_lowercase()));
        let scheme = split.and_then(|(scheme, column)| {
            let at = self.facts.schemes.iter().position(|(s, _)| s.eq_ignore_ascii_case(scheme))?;
            let function = self.facts.schemes.get(at).map(|(_, f)| f.clone())?;
            let made = self.facts.functions.iter().find(|f| f.name.eq_ignore_ascii_case(&function))?;
            Some((65_601 + at as i64, column.clone(), made.boundaries + 1))
        });
        let place =
            |name: &str| relation.columns.iter().position(|c| c.column.name.eq_ignore_ascii_case(name));
        let column = |name: &str| int(place(name).map_or(0, |at| at as i64 + 1));
        let mut number = i64::from(table.primary_key.is_some());
        let mut all: Vec<(i64, Option<String>, &[String], Kind<'_>)> = Vec::new();
        match &table.primary_key {
            Some(key) => {
                let name = key.name.clone().unwrap_or_else(|| format!("PK__{}", table.name));
                all.push((1, Some(name), &key.columns, Kind::Primary));
            }
            None => all.push((0, None, &[], Kind::Heap)),
        }
        number = number.max(1);
        for key in &table.unique_keys {
            number += 1;
            let name = key.name.clone().unwrap_or_else(|| format!("UQ__{}__{number}", table.name));
            let indexed = table.indexes.iter().any(|i| i.name == name);
            all.push((
                number,
                Some(name),
                &key.columns,
                if indexed { Kind::Index(true, None) } else { Kind::Unique },
            ));
        }
        for index in table
            .indexes
            .iter()
            .filter(|i| !table.unique_keys.iter().any(|k| k.name.as_ref() == Some(&i.name)))
        {
            number += 1;
            let kind = Kind::Index(index.unique, index.predicate.as_deref());
            all.push((number, Some(index.name.clone()), &index.columns, kind));
        }
        for (number, name, columns, kind) in all {
            let space = scheme.as_ref().filter(|_| number <= 1).map_or(1, |s| s.0);
            self.index(object, (number, name.as_deref(), space), &kind)?;
            for (at, name) in columns.iter().enumerate() {
                let (name, descending) = match name.to_uppercase().strip_suffix(" DESC") {
                    Some(_) => (name.get(..name.len() - 5).unwrap_or(name), true),
                    None => (name.as_str(), false),
                };
                let at = at as i64 + 1;
                let partition =
                    scheme.as_ref().is_some_and(|s| number <= 1 && s.1.eq_ignore_ascii_case(name));
                self.rows.add(
                    "index_columns",
                    &[
                        ("object_id", int(object.id)),
                        ("index_id", int(number)),
                        ("index_column_id", int(at)),
                        ("column_id", column(name)),
                        ("key_ordinal", int(at)),
                        ("partition_ordinal", int(partition)),
                        ("is_descending_key", int(descending)),
                    ],
                )?;
            }
            let keyed = |c: &str| columns.iter().any(|k| k.eq_ignore_ascii_case(c));
            if let Some((_, split, _)) = scheme.as_ref().filter(|s| number <= 1 && !keyed(&s.1)) {
                self.rows.add(
                    "index_columns",
                    &[
                        ("object_id", int(object.id)),
                        ("index_id", int(number)),
                        ("index_column_id", int(columns.len() as i64 + 1)),
                        ("column_id", column(split)),
                        ("partition_ordinal", int(1)),
                    ],
                )?;
            }
            let parts = scheme.as_ref().filter(|_| number <= 1).map_or(1, |s| s.2);
            for part in 1..=parts as i64 {
                self.partition(object.id, (number, part), if part == 1 { rows } else { 0 }, pages)?;
            }
        }
        Ok(())
    }

    fn index(
        &mut self,
        object: &Object<'_>,
        (number, name, space): (i64, Option<&str>, i64),
        kind: &Kind<'_>,
    ) -> Result<()> {
        let (ty, described) = match kind {
            Kind::Heap => (0, "HEAP"),
            Kind::Primary => (1, "CLUSTERED"),
            _ => (2, "NONCLUSTERED"),
        };
        let filter = if let Kind::Index(_, filter) = kind { *filter } else { None };
        let unique = matches!(kind, Kind::Primary | Kind::Unique | Kind::Index(true, _));
        self.rows.add(
            "indexes",
            &[
                ("object_id", int(object.id)),
                ("name", maybe(name.map(str::to_owned))),
                ("index_id", int(number)),
                ("type", int(ty)),
                ("type_desc", text(described)),
                ("is_unique", int(unique)),
                ("data_space_id", int(space)),
                ("is_primary_key", int(matches!(kind, Kind::Primary))),
                ("is_unique_constraint", int(matches!(kind, Kind::Unique))),
                ("allow_row_locks", int(1)),
                ("allow_page_locks", int(1)),
                ("has_filter", int(filter.is_some())),
                ("filter_definition", maybe(filter.map(|f| format!("({f})")))),
            ],
        )?;
        let constraint = match kind {
            Kind::Primary => "PK",
            Kind::Unique => "UQ",
            _ => return Ok(()),
        };
        let name = name.unwrap_or_default();
        let id = self.ids.of(&format!("key {}.{name}", object.schema));
        let made = Object { id, name, parent: object.id, kind: constraint, ..*object };
        self.object(
            &made,
            Some("key_constraints"),
            &[("unique_index_id", int(number)), ("is_enforced", int(1))],
        )
    }

    fn partition(&mut self, object: i64, (index, part): (i64, i64), rows: i64, pages: i64) -> Result<()> {
        let id = self.ids.of(&format!("partition {object}.{index}.{part}"));
        self.rows.add(
            "partitions",
            &[
                ("partition_id", int(id)),
                ("object_id", int(object)),
                ("index_id", int(index)),
                ("partition_number", int(part)),
                ("hobt_id", int(id)),
                ("rows", int(rows)),
            ],
        )?;
        self.rows.add(
            "allocation_units",
            &[
                ("allocation_unit_id", int(id)),
                ("type", int(1)),
                ("type_desc", text("IN_ROW_DATA")),
                ("container_id", int(id)),
                ("total_pages", int(pages)),
                ("used_pages", int(pages)),
                ("data_pages", int(pages)),
            ],
        )?;
        self.rows.add(
            "dm_db_partition_stats",
            &[
                ("partition_id", int(id)),
                ("object_id", int(object)),
                ("index_id", int(index)),
                ("partition_number", int(part)),
                ("used_page_count", int(pages)),
                ("reserved_page_count", int(pages)),
                ("in_row_data_page_count", int(pages)),
                ("row_count", int(rows)),
            ],
        )
    }

    pub(super) fn foreign_key(
        &mut self,
        key: &ForeignKey,
        table: &Table,
        object: &Object<'_>,
        snapshot: &Snapshot,
    ) -> Result<()> {
        let named =
            key.name.clone().unwrap_or_else(|| format!("FK__{}__{}", table.name, key.columns.join("_")));
        let id = self.ids.of(&format!("foreign {}.{named}", table.schema));
        let to = self.ids.of(&format!("{}.{}", key.to_schema, key.to_table));
        let action = |action: &Option<String>| match action.as_deref() {
            Some("CASCADE") => (1, "CASCADE"),
            Some("SET NULL") => (2, "SET_NULL"),
            Some("SET DEFAULT") => (3, "SET_DEFAULT"),
            _ => (0, "NO_ACTION"),
        };
        let ((delete, delete_text), (update, update_text)) = (action(&key.on_delete), action(&key.on_update));
        let made = Object { id, name: &named, parent: object.id, kind: "F ", ..*object };
        self.object(
            &made,
            Some("foreign_keys"),
            &[
                ("referenced_object_id", int(to)),
                ("delete_referential_action", int(delete)),
                ("delete_referential_action_desc", text(delete_text)),
                ("update_referential_action", int(update)),
                ("update_referential_action_desc", text(update_text)),
                ("is_system_named", int(key.name.is_none())),
            ],
        )?;
        let place = |table: Option<&Table>, name: &str| {
            let at = table.and_then(|t| t.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name)));
            int(at.map_or(0, |at| at as i64 + 1))
        };
        let target = snapshot.table(&key.to_schema, &key.to_table);
        for (at, (from, referenced)) in key.columns.iter().zip(&key.to_columns).enumerate() {
            self.rows.add(
                "foreign_key_columns",
                &[
                    ("constraint_object_id", int(id)),
                    ("constraint_column_id", int(at as i64 + 1)),
                    ("parent_object_id", int(object.id)),
                    ("parent_column_id", place(Some(table), from)),
                    ("referenced_object_id", int(to)),
                    ("referenced_column_id", place(target, referenced)),
                ],
            )?;
        }
        Ok(())
    }
}
