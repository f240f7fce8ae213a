//! Fills what the catalog says of types, and of columns and parameters by their types.

use std::collections::HashMap;

use catalog::Table;
use rusqlite::types::Value;

use super::facts::Facts;
use super::rows::{Rows, int, text};
use crate::error::Result;
use crate::schema::RelationColumn;
use crate::sql::lex;
use crate::types::{MAX, SYSTEM_TYPES, Ty};

const COLLATION: &str = "SQL_Latin1_General_CP1_CI_AS";

pub(super) fn types(rows: &Rows<'_>, facts: &Facts, schemas: &HashMap<String, i64>) -> Result<()> {
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

pub(super) fn column_cells<'c>(
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
pub(super) fn default_text(default: &str) -> String {
    if default.trim().trim_start_matches(['-', '+']).parse::<f64>().is_ok() {
        return format!("(({}))", default.trim());
    }
    format!("({default})")
}

/// Names, types and directions of an argument list.
pub(super) fn parameters(arguments: &str) -> Vec<(String, String, bool)> {
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
