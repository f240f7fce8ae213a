//! What a caller may see: the policy's globs over tables and columns, and a catalog cut down to them.

use catalog::{Catalog, Column, Engine, Snapshot, Table, TableKind};

use crate::policy::Policy;

/// A policy's globs, lower-cased once.
#[derive(Debug, Clone, Default)]
pub struct Visibility {
    tables: Vec<String>,
    columns: Vec<String>,
    foreign: Vec<String>,
    views: Vec<String>,
}

impl Visibility {
    /// Reads a policy.
    pub fn new(policy: &Policy) -> Visibility {
        let lower = |globs: &[String]| globs.iter().map(|g| g.to_lowercase()).collect();
        Visibility {
            tables: lower(&policy.hidden_tables),
            columns: lower(&policy.hidden_columns),
            foreign: lower(&policy.allowed_foreign_tables),
            views: lower(&policy.allowed_views),
        }
    }

    /// Whether the table exists for the caller.
    pub fn table(&self, engine: Engine, table: &Table) -> bool {
        if is_system(engine, &table.schema, &table.name) || matches_table(&self.tables, table) {
            return false;
        }
        table.kind != TableKind::Foreign || matches_table(&self.foreign, table)
    }

    /// Whether the column exists for the caller (given that its table does).
    pub fn column(&self, table: &Table, column: &Column) -> bool {
        if self.columns.is_empty() {
            return true;
        }
        let name = column.name.to_lowercase();
        let short = format!("{}.{name}", table.name.to_lowercase());
        let long = format!("{}.{short}", table.schema.to_lowercase());
        !self.columns.iter().any(|g| glob(g, &short) || glob(g, &long))
    }

    /// Whether a view may be read whatever its text reads.
    pub fn view_allowed(&self, table: &Table) -> bool {
        matches_table(&self.views, table)
    }
}

/// The catalog cut to what the caller may read: hidden tables and columns are gone, and so are keys, indexes, checks
/// and foreign keys that name them.
pub fn visible_catalog(catalog: &Catalog, policy: &Policy) -> Catalog {
    let snapshot = catalog.snapshot();
    let views = super::views::Readable::new(catalog, policy);
    let kept: Vec<&Table> = snapshot.tables.iter().filter(|t| views.readable(t)).collect();
    let visibility = Visibility::new(policy);
    let engine = snapshot.engine;
    let shown = |schema: &str, table: &str, columns: &[String]| {
        let found = catalog.find_table(Some(&engine.stored_key(schema)), &engine.stored_key(table));
        found.is_some_and(|t| {
            visibility.table(engine, t)
                && columns.iter().all(|c| t.column(c).is_some_and(|c| visibility.column(t, c)))
        })
    };
    let tables = kept
        .iter()
        .map(|table| {
            let mut cut = (*table).clone();
            cut_columns(&mut cut, &visibility);
            cut.foreign_keys.retain(|k| shown(&k.to_schema, &k.to_table, &k.to_columns));
            cut
        })
        .collect();
    Catalog::new(Snapshot {
        engine,
        server_version: snapshot.server_version.clone(),
        database: snapshot.database.clone(),
        search_path: snapshot.search_path.clone(),
        schemas: snapshot.schemas.clone(),
        tables,
        routines: Vec::new(),
    })
}

fn cut_columns(table: &mut Table, visibility: &Visibility) {
    let before = table.columns.len();
    let shape = Table { schema: table.schema.clone(), name: table.name.clone(), ..Table::default() };
    table.columns.retain(|c| visibility.column(&shape, c));
    if table.columns.len() == before {
        return;
    }
    let names: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
    let has = |columns: &[String]| columns.iter().all(|c| names.contains(c));
    if table.primary_key.as_ref().is_some_and(|k| !has(&k.columns)) {
        table.primary_key = None;
    }
    table.unique_keys.retain(|k| has(&k.columns));
    table.foreign_keys.retain(|k| has(&k.columns));
    table.indexes.retain(|i| has(&i.columns) && i.predicate.is_none());
    // texts may name the hidden columns
    table.checks.clear();
    table.view_text = None;
}

/// Relations of the server itself are unknown to everyone, even if a crawl should have listed them.
fn is_system(engine: Engine, schema: &str, table: &str) -> bool {
    let (schema, table) = (schema.to_lowercase(), table.to_lowercase());
    match engine {
        Engine::Postgres => schema == "information_schema" || schema.starts_with("pg_"),
        Engine::Sqlite => table.starts_with("sqlite_") || table.starts_with("pragma_"),
        Engine::Mysql | Engine::Mariadb => {
            matches!(schema.as_str(), "mysql" | "information_schema" | "performance_schema" | "sys")
        }
        Engine::Mssql => matches!(schema.as_str(), "sys" | "information_schema"),
        Engine::Mongodb => table.starts_with("system."),
    }
}

fn matches_table(globs: &[String], table: &Table) -> bool {
    if globs.is_empty() {
        return false;
    }
    let name = table.name.to_lowercase();
    let full = format!("{}.{name}", table.schema.to_lowercase());
    globs.iter().any(|g| glob(g, &name) || glob(g, &full))
}

/// `*` stands for any characters, `?` for one. Linear in practice: a star is retried only at the last one.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut i, mut j) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while j < t.len() {
        match p.get(i) {
            Some('*') => {
                star = Some((i, j));
                i += 1;
            }
            Some(c) if *c == '?' || *c == t[j] => {
                i += 1;
                j += 1;
            }
            Some(_) | None => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                i = at + 1;
                j = from + 1;
            }
        }
    }
    p[i..].iter().all(|c| *c == '*')
}
