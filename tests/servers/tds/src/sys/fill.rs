//! Fills the catalog from a snapshot of what was defined.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use catalog::{Snapshot, Table, TableKind};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::facts::Facts;
use super::fill_types::{column_cells, default_text, parameters, types};
use super::objects::{Ids, Object};
use super::rows::{Rows, int, maybe, text};
use super::statistics;
use crate::error::Result;
use crate::schema::{Relation, RelationColumn, Schema};
use crate::types::Ty;

/// What the catalog is filled from.
pub(crate) struct Source<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) facts: &'a Facts,
    pub(crate) schema: &'a Schema,
    pub(crate) ids: &'a mut Ids,
}

/// Schemas that every database has.
const SCHEMAS: [(&str, i64); 4] = [("dbo", 1), ("guest", 2), ("INFORMATION_SCHEMA", 3), ("sys", 4)];

/// Where names are looked up while rows are made.
pub(super) struct Fill<'a, 'b> {
    pub(super) rows: &'a Rows<'b>,
    pub(super) schemas: HashMap<String, i64>,
    pub(super) ids: &'a mut Ids,
    pub(super) facts: &'a Facts,
}

/// Fills every view of the catalog that depends on definitions.
pub(crate) fn fill(lite: &Connection, rows: &Rows<'_>, source: Source<'_>) -> Result<()> {
    let mut schemas: HashMap<String, i64> = SCHEMAS.iter().map(|(n, id)| (n.to_lowercase(), *id)).collect();
    for (name, id) in SCHEMAS {
        rows.add("schemas", &[("name", text(name)), ("schema_id", int(id)), ("principal_id", int(1))])?;
    }
    for schema in &source.snapshot.schemas {
        let next = 1 + schemas.len() as i64;
        if let Entry::Vacant(entry) = schemas.entry(schema.name.to_lowercase()) {
            entry.insert(next);
            rows.add(
                "schemas",
                &[("name", text(&schema.name)), ("schema_id", int(next)), ("principal_id", int(1))],
            )?;
        }
        if let Some(comment) = &schema.comment {
            let id = schemas.get(&schema.name.to_lowercase()).copied().unwrap_or(1);
            comment_on(rows, 3, id, 0, comment)?;
        }
    }
    types(rows, source.facts, &schemas)?;
    let mut fill = Fill { rows, schemas, ids: source.ids, facts: source.facts };
    fill.partition_schemes()?;
    for table in &source.snapshot.tables {
        let found = source.schema.find(&[table.schema.clone(), table.name.clone()], "");
        if let Some(relation) = found {
            fill.table(lite, table, &relation, source.snapshot)?;
        }
    }
    fill.routines(source.snapshot)?;
    statistics::fill(rows, lite, source.schema, source.facts, fill.ids)
}

fn comment_on(rows: &Rows<'_>, class: i64, major: i64, minor: i64, comment: &str) -> Result<()> {
    let described = if class == 3 { "SCHEMA" } else { "OBJECT_OR_COLUMN" };
    rows.add(
        "extended_properties",
        &[
            ("class", int(class)),
            ("class_desc", text(described)),
            ("major_id", int(major)),
            ("minor_id", int(minor)),
            ("name", text("MS_Description")),
            ("value", text(comment)),
        ],
    )
}

impl Fill<'_, '_> {
    fn schema_id(&self, name: &str) -> i64 {
        self.schemas.get(&name.to_lowercase()).copied().unwrap_or(1)
    }

    pub(super) fn object(
        &self,
        object: &Object<'_>,
        view: Option<&str>,
        more: &[(&str, Value)],
    ) -> Result<()> {
        for name in ["objects", "all_objects"] {
            self.rows.add(name, &object.cells(&[]))?;
        }
        match view {
            Some(view) => self.rows.add(view, &object.cells(more)),
            None => Ok(()),
        }
    }

    fn partition_schemes(&self) -> Result<()> {
        for (at, function) in self.facts.functions.iter().enumerate() {
            self.rows.add(
                "partition_functions",
                &[
                    ("name", text(&function.name)),
                    ("function_id", int(65_536 + at as i64)),
                    ("type", text("R ")),
                    ("type_desc", text("RANGE")),
                    ("fanout", int(function.boundaries as i64 + 1)),
                    ("boundary_value_on_right", int(function.right)),
                ],
            )?;
        }
        for (at, (scheme, function)) in self.facts.schemes.iter().enumerate() {
            let number = self.facts.functions.iter().position(|f| f.name.eq_ignore_ascii_case(function));
            self.rows.add(
                "partition_schemes",
                &[
                    ("name", text(scheme)),
                    ("data_space_id", int(65_601 + at as i64)),
                    ("type", text("PS")),
                    ("type_desc", text("PARTITION_SCHEME")),
                    ("function_id", int(65_536 + number.unwrap_or(0) as i64)),
                ],
            )?;
        }
        Ok(())
    }

    fn table(
        &mut self,
        lite: &Connection,
        table: &Table,
        relation: &Relation,
        snapshot: &Snapshot,
    ) -> Result<()> {
        let is_view = matches!(table.kind, TableKind::View | TableKind::MaterializedView);
        let schema = self.schema_id(&table.schema);
        let id = self.ids.of(&relation.full_name());
        let kind = if is_view { "V " } else { "U " };
        let object = Object { id, name: &table.name, schema, parent: 0, kind };
        let more = [("max_column_id_used", int(relation.columns.len() as i64)), ("temporal_type", int(0))];
        self.object(&object, Some(if is_view { "views" } else { "tables" }), &more)?;
        if let Some(comment) = &table.comment {
            comment_on(self.rows, 1, id, 0, comment)?;
        }
        self.columns(table, relation, &object)?;
        if is_view {
            let key = (table.schema.to_lowercase(), table.name.to_lowercase());
            let module = self.facts.modules.get(&key);
            return self.module(id, module.map(|m| m.definition.clone()));
        }
        self.keys_and_indexes(lite, table, relation, &object)?;
        for key in &table.foreign_keys {
            self.foreign_key(key, table, &object, snapshot)?;
        }
        for (at, check) in table.checks.iter().enumerate() {
            let named = check.name.clone().unwrap_or_else(|| format!("CK__{}__{at:08X}", table.name));
            let key = format!("check {}.{named}", table.schema);
            let check_object =
                Object { id: self.ids.of(&key), name: &named, parent: id, kind: "C ", ..object };
            self.object(
                &check_object,
                Some("check_constraints"),
                &[
                    ("definition", text(format!("({})", check.expression))),
                    ("is_system_named", int(check.name.is_none())),
                ],
            )?;
        }
        Ok(())
    }

    fn module(&self, object: i64, definition: Option<String>) -> Result<()> {
        self.rows.add(
            "sql_modules",
            &[
                ("object_id", int(object)),
                ("definition", maybe(definition)),
                ("uses_ansi_nulls", int(1)),
                ("uses_quoted_identifier", int(1)),
            ],
        )
    }

    fn columns(&mut self, table: &Table, relation: &Relation, object: &Object<'_>) -> Result<()> {
        for (at, column) in relation.columns.iter().enumerate() {
            let number = at as i64 + 1;
            let default = self.default(table, column, object, number)?;
            let cells = column_cells(column, object.id, number, default, self.facts, table);
            for view in ["columns", "all_columns"] {
                self.rows.add(view, &cells)?;
            }
            if let Some(computed) = &column.computed {
                let mut cells = cells.clone();
                cells.push(("definition", text(format!("({computed})"))));
                self.rows.add("computed_columns", &cells)?;
            }
            if column.column.identity {
                let mut cells = cells.clone();
                cells.extend([("seed_value", int(1)), ("increment_value", int(1))]);
                self.rows.add("identity_columns", &cells)?;
            }
            if let Some(comment) = table.column(&column.column.name).and_then(|c| c.comment.as_ref()) {
                comment_on(self.rows, 1, object.id, number, comment)?;
            }
        }
        Ok(())
    }

    /// The number of a column's default, or 0.
    fn default(
        &mut self,
        table: &Table,
        column: &RelationColumn,
        object: &Object<'_>,
        number: i64,
    ) -> Result<i64> {
        let Some(default) = &column.default else { return Ok(0) };
        let name = format!("DF__{}__{}", table.name, column.column.name);
        let id = self.ids.of(&format!("default {}.{name}", table.schema));
        let made = Object { id, name: &name, parent: object.id, kind: "D ", ..*object };
        self.object(
            &made,
            Some("default_constraints"),
            &[
                ("parent_column_id", int(number)),
                ("definition", text(default_text(default))),
                ("is_system_named", int(1)),
            ],
        )?;
        Ok(id)
    }

    fn routines(&mut self, snapshot: &Snapshot) -> Result<()> {
        for routine in &snapshot.routines {
            let kind = match (routine.kind.as_str(), routine.returns.as_deref()) {
                ("procedure", _) => "P ",
                (_, Some(returns)) if returns.eq_ignore_ascii_case("table") => "IF",
                (_, Some(returns)) if returns.to_lowercase().contains("table") => "TF",
                _ => "FN",
            };
            let id = self.ids.of(&format!("{}.{}", routine.schema, routine.name));
            let object =
                Object { id, name: &routine.name, schema: self.schema_id(&routine.schema), parent: 0, kind };
            self.object(&object, (kind == "P ").then_some("procedures"), &[])?;
            let key = (routine.schema.to_lowercase(), routine.name.to_lowercase());
            self.module(id, self.facts.modules.get(&key).map(|m| m.definition.clone()))?;
            if let Some(returns) = routine.returns.as_deref().filter(|_| kind == "FN") {
                self.parameter(id, 0, "", returns, true)?;
            }
            for (at, (name, ty, output)) in parameters(&routine.arguments).into_iter().enumerate() {
                self.parameter(id, at as i64 + 1, &name, &ty, output)?;
            }
        }
        Ok(())
    }

    fn parameter(&self, object: i64, number: i64, name: &str, ty: &str, output: bool) -> Result<()> {
        let ty = Ty::read(ty).unwrap_or(Ty::Variant);
        let (_, system, user, ..) = ty.system();
        let (length, precision, scale) = ty.measures();
        self.rows.add(
            "parameters",
            &[
                ("object_id", int(object)),
                ("name", text(name)),
                ("parameter_id", int(number)),
                ("system_type_id", int(system)),
                ("user_type_id", int(user)),
                ("max_length", int(length)),
                ("precision", int(precision)),
                ("scale", int(scale)),
                ("is_output", int(output)),
            ],
        )
    }
}
