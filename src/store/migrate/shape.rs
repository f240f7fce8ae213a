//! The schema of a store as lines that can be compared: what there is, and how it is defined.

use std::collections::BTreeMap;

use crate::store::db::{Conn, Dialect};
use crate::store::error::Result;

/// What there is (`column crawls.status`), and its definition.
pub(super) type Shape = BTreeMap<String, String>;

// the store's own schema is the first of the search path; names in definitions are those that a statement would use
const POSTGRES: &[&str] = &[
    "SELECT 'table ' || c.relname AS what, CASE WHEN c.relrowsecurity THEN 'row security' ELSE 'no row security' END \
     || CASE WHEN c.relforcerowsecurity THEN ', forced' ELSE '' END AS definition \
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')",
    "SELECT 'column ' || c.relname || '.' || a.attname AS what, format_type(a.atttypid, a.atttypmod) \
     || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END \
     || CASE WHEN a.attidentity <> '' THEN ' identity' ELSE '' END \
     || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') AS definition \
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
     WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped",
    "SELECT 'constraint ' || c.relname || '.' || k.conname AS what, pg_get_constraintdef(k.oid) AS definition \
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = current_schema()",
    "SELECT 'index ' || i.relname AS what, replace(pg_get_indexdef(i.oid), ' ON ' || quote_ident(n.nspname) || '.', ' ON ') \
     || CASE WHEN x.indisvalid THEN '' ELSE ' (not valid)' END AS definition \
     FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace \
     WHERE n.nspname = current_schema()",
    "SELECT 'policy ' || c.relname || '.' || p.polname AS what, p.polcmd::text || ' ' || p.polpermissive::text \
     || coalesce(' using ' || pg_get_expr(p.polqual, p.polrelid), '') \
     || coalesce(' check ' || pg_get_expr(p.polwithcheck, p.polrelid), '') AS definition \
     FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = current_schema()",
    "SELECT 'trigger ' || c.relname || '.' || t.tgname AS what, \
     replace(pg_get_triggerdef(t.oid), quote_ident(n.nspname) || '.', '') \
     || CASE WHEN t.tgenabled = 'O' THEN '' ELSE ' (not enabled)' END AS definition \
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = current_schema() AND NOT t.tgisinternal",
    "SELECT 'rule ' || c.relname || '.' || r.rulename AS what, \
     replace(pg_get_ruledef(r.oid), quote_ident(n.nspname) || '.', '') AS definition \
     FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')",
    // functions of extensions belong to their extensions
    "SELECT 'function ' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS what, \
     pg_get_function_result(p.oid) || ' ' || p.provolatile::text || ' ' || coalesce(p.prosrc, '') AS definition \
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
     WHERE n.nspname = current_schema() AND p.prokind IN ('f', 'p') \
     AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')",
];

// SQLite keeps the text of each statement: it holds the checks and references, which nothing else tells
const SQLITE: &[&str] = &[
    "SELECT type || ' ' || name AS what, coalesce(sql, '') AS definition FROM sqlite_schema \
     WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    "SELECT 'column ' || m.name || '.' || c.name AS what, c.type || CASE c.\"notnull\" WHEN 1 THEN ' not null' ELSE '' END \
     || coalesce(' default ' || c.dflt_value, '') || CASE c.pk WHEN 0 THEN '' ELSE ' key ' || c.pk END AS definition \
     FROM sqlite_schema m, pragma_table_xinfo(m.name) c \
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
];

/// Reads the schema of a store.
///
/// # Errors
/// When the store fails.
pub(super) async fn read(on: &impl Conn) -> Result<Shape> {
    let statements = match on.dialect() {
        Dialect::Postgres => POSTGRES,
        Dialect::Sqlite => SQLITE,
    };
    let mut shape = Shape::new();
    for sql in statements {
        for row in on.query(sql, &[]).await? {
            let what = row.text("what")?;
            if !is_ledger(&what) {
                shape.insert(what, plain(&row.text("definition")?));
            }
        }
    }
    Ok(shape)
}

/// The table `migrations` is made by no migration.
fn is_ledger(what: &str) -> bool {
    let name = what.split_once(' ').map_or(what, |(_, name)| name);
    name == "migrations" || name == "migrations_pkey" || name.starts_with("migrations.")
}

/// Text with single spaces, without comments: SQLite keeps both as they were written.
fn plain(definition: &str) -> String {
    let lines = definition.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code));
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}
