//! Fills the catalog from a snapshot of what was defined.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use catalog::{ForeignKey, Snapshot, Table, TableKind};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::facts::Facts;
use super::objects::{Ids, Object};
use super::rows::{Rows, int, maybe, text};
use super::statistics;
use crate::error::Result;
use crate::schema::{Relation, RelationColumn, Schema};
use crate::sql::lex;
use crate::types::{MAX, SYSTEM_TYPES, Ty};

/// What the catalog is filled from.
pub(crate) struct Source<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) facts: &'a Facts,
    pub(crate) schema: &'a Schema,
    pub(crate) ids: &'a mut Ids,
}

/// Schemas that every database has.
const SCHEMAS: [(&str, i64); 4] = [("dbo", 1), ("guest", 2), ("INFORMATION_SCHEMA", 3), ("sys", 4)];
const COLLATION: &str = "SQL_Latin1_General_CP1_CI_AS";

/// Where names are looked up while rows are made.
struct Fill<'a, 'b> {
    rows: &'a Rows<'b>,
    schemas: HashMap<String, i64>,
    ids: &'a mut Ids,
    facts: &'a Facts,
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

fn types(rows: &Rows<'_>, facts: &Facts, schemas: &HashMap<String, i64>) -> Result<()> {
    let add = |name: &str,
               system: i64,
               user: i64,
               schema: i64,
               (length, precision, scale): (i16, u8, u8),
               own: bool,
               nullable: bool| {
        rows.add(
            "types",
            &[
                ("name", text(name)),
                ("system_type_id", int(system)),
                ("user_type_id", int(user)),
                ("schema_id", int(schema)),
                ("max_length", int(length)),
                ("precision", int(precision)),
                ("scale", int(scale)),
                ("is_nullable", int(nullable)),
                ("is_user_defined", int(own)),
                ("is_assembly_type", int(!own && system == 240)),
            ],
        )
    };
    for (name, system, user, length, precision, scale) in SYSTEM_TYPES {
        add(
            name,
            (*system).into(),
            (*user).into(),
            4,
            (*length, *precision, *scale),
            false,
            *name != "sysname",
        )?;
    }
    for (at, own) in facts.types.iter().enumerate() {
        let schema = schemas.get(&own.schema.to_lowercase()).copied().unwrap_or(1);
        let system = own.base.system().1;
        add(&own.name, system.into(), 257 + at as i64, schema, own.base.measures(), true, own.nullable)?;
    }
    Ok(())
}

impl Fill<'_, '_> {
    fn schema_id(&self, name: &str) -> i64 {
        self.schemas.get(&name.to_lowercase()).copied().unwrap_or(1)
    }

    fn object(&self, object: &Object<'_>, view: Option<&str>, more: &[(&str, Value)]) -> Result<()> {
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

    fn keys_and_indexes(
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

    fn foreign_key(
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

/// What an index is.
enum Kind<'a> {
    Heap,
    Primary,
    Unique,
    Index(bool, Option<&'a str>),
}

fn column_cells<'c>(
    column: &RelationColumn,
    object: i64,
    number: i64,
    default: i64,
    facts: &Facts,
    table: &Table,
) -> Vec<(&'c str, Value)> {
    let ty = &column.column.ty;
    let (_, system, user, ..) = ty.system();
    let native = table.column(&column.column.name).map(|c| c.native_type.to_lowercase()).unwrap_or_default();
    let own = facts.types.iter().position(|t| {
        let name = t.name.to_lowercase();
        native == name || native == format!("{}.{name}", t.schema.to_lowercase())
    });
    let user = own.map_or(i64::from(user), |at| 257 + at as i64);
    let (length, precision, scale) = ty.measures();
    vec![
        ("object_id", int(object)),
        ("name", text(&column.column.name)),
        ("column_id", int(number)),
        ("system_type_id", int(system)),
        ("user_type_id", int(user)),
        ("max_length", int(length)),
        ("precision", int(precision)),
        ("scale", int(scale)),
        ("collation_name", if ty.is_text() { text(COLLATION) } else { Value::Null }),
        ("is_nullable", int(column.column.nullable)),
        ("is_ansi_padded", int(1)),
        ("is_identity", int(column.column.identity)),
        ("is_computed", int(column.computed.is_some())),
        ("default_object_id", int(default)),
        ("generated_always_type", int(0)),
        ("generated_always_type_desc", text("NOT_APPLICABLE")),
    ]
}

/// Defaults are kept in brackets, numbers in two pairs.
fn default_text(default: &str) -> String {
    if default.trim().trim_start_matches(['-', '+']).parse::<f64>().is_ok() {
        return format!("(({}))", default.trim());
    }
    format!("({default})")
}

/// Names, types and directions of an argument list.
fn parameters(arguments: &str) -> Vec<(String, String, bool)> {
    let tokens = lex::tokens(arguments);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(name) = tokens.get(at).filter(|t| t.text.starts_with('@')) {
        at += 1;
        if tokens.get(at).is_some_and(|t| t.is("AS")) {
            at += 1;
        }
        let mut ty = String::new();
        let mut depth = 0_i32;
        let mut output = false;
        let mut in_type = true;
        while let Some(token) = tokens.get(at) {
            depth += i32::from(token.is("(")) - i32::from(token.is(")"));
            at += 1;
            if depth == 0 && token.is(",") {
                break;
            }
            in_type &= !token.is("=") && !token.is("OUTPUT") && !token.is("OUT") && !token.is("READONLY");
            output |= token.is("OUTPUT") || token.is("OUT");
            if in_type {
                ty.push_str(&token.text);
            }
        }
        found.push((name.text.clone(), ty, output));
    }
    found
}

/// The type of a column by its native text, own types included; what is unknown is a variant.
pub(crate) fn type_of(native: &str, facts: &Facts) -> Ty {
    let lower = native.to_lowercase();
    let own = facts.types.iter().find(|t| {
        let name = t.name.to_lowercase();
        lower == name || lower == format!("{}.{name}", t.schema.to_lowercase())
    });
    Ty::read(native).or_else(|| own.map(|t| t.base.clone())).unwrap_or(Ty::NVarChar(MAX))
}
