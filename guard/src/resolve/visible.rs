//! What a caller may see: the policy's globs over tables and columns, and a catalog cut down to them.

use std::collections::HashSet;

use catalog::{Catalog, Column, Engine, ForeignKey, Schema, Sensitivity, Snapshot, Table, TableKind};

use crate::grants::{Effect, Grants};
use crate::policy::{How, Policy};

/// How far generated columns over generated columns are followed.
const DEEPEST: usize = 8;

/// A policy's globs, lower-cased once.
#[derive(Debug, Clone, Default)]
pub struct Visibility {
    tables: Vec<String>,
    columns: Vec<String>,
    foreign: Vec<String>,
    views: Vec<String>,
    masks: Vec<Masked>,
    filters: Vec<(String, String)>,
    grants: Grants,
    granted_values: Vec<String>,
    granted_tables: Vec<String>,
    rewrites: bool,
}

/// A mask of the policy.
#[derive(Debug, Clone)]
struct Masked {
    columns: Vec<String>,
    sensitivity: Vec<Sensitivity>,
    how: How,
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
            masks: policy
                .masks
                .iter()
                .map(|m| Masked {
                    columns: lower(&m.columns),
                    sensitivity: m.sensitivity.clone(),
                    how: m.how,
                })
                .collect(),
            filters: policy
                .row_filters
                .iter()
                .map(|f| (f.table.to_lowercase(), f.predicate.clone()))
                .collect(),
            granted_values: policy.grants.globs_of_values(),
            granted_tables: policy.grants.globs_of_tables(),
            grants: policy.grants.clone(),
            rewrites: policy.rewrites(),
        }
    }

    /// Whether the table exists for the caller.
    pub fn table(&self, engine: Engine, table: &Table) -> bool {
        if is_system(engine, &table.schema, &table.name) || self.hides_table(table) || self.hides_array(table)
        {
            return false;
        }
        table.kind != TableKind::Foreign || matches_table(&self.foreign, table)
    }

    /// Whether the column exists for the caller (given that its table does).
    pub fn column(&self, table: &Table, column: &Column) -> bool {
        let arrays =
            table.kind == TableKind::Collection && !(self.filters.is_empty() && self.tables.is_empty());
        if self.columns.is_empty() && self.masks.is_empty() && !arrays && self.grants.open() {
            return true;
        }
        !self.hidden(table, column)
            && !self.hides_in_document(table, column)
            && !self.may_show_restricted(table, column)
            && !self.made_of_restricted(table, column, DEEPEST)
    }

    /// Whether a table's own name is hidden.
    pub(super) fn hides_table(&self, table: &Table) -> bool {
        matches_table(&self.tables, table) || !self.grants.shows_table(table)
    }

    /// Whether a column's own name is hidden.
    pub(super) fn hides_column(&self, table: &Table, column: &Column) -> bool {
        self.hidden(table, column)
    }

    /// Globs over columns that are hidden or masked.
    pub(super) fn globs_of_values(&self) -> impl Iterator<Item = &str> {
        let own = self.columns.iter().chain(self.masks.iter().flat_map(|m| &m.columns));
        own.chain(&self.granted_values).map(String::as_str)
    }

    /// Globs over tables whose rows are filtered, and over hidden ones.
    pub(super) fn globs_of_rows(&self) -> impl Iterator<Item = &str> {
        let own = self.filters.iter().map(|(glob, _)| glob).chain(&self.tables);
        own.chain(&self.granted_tables).map(String::as_str)
    }

    /// Whether any mask goes by what values are.
    pub(super) fn masks_by_sensitivity(&self) -> bool {
        self.masks.iter().any(|m| !m.sensitivity.is_empty())
    }

    fn hidden(&self, table: &Table, column: &Column) -> bool {
        fits_column(&self.columns, table, column)
            || !self.grants.open() && self.grants.of_column(table, column) == Effect::Deny
    }

    /// Whether any column may be masked.
    pub(crate) fn masks_anything(&self) -> bool {
        !self.masks.is_empty() || self.grants.masks()
    }

    /// Whether columns of a table that exists may be missing by a grant, whatever its name.
    pub(crate) fn granted_in_part(&self) -> bool {
        self.grants.cuts_columns()
    }

    /// What the policy makes of the column's values; the strictest of the masks that fit.
    pub fn mask(&self, table: &Table, column: &Column) -> Option<How> {
        match (self.masks_column(table, column), self.masks_in_document(table, column)) {
            (Some(a), Some(b)) => Some(a.stricter(b)),
            (a, b) => a.or(b),
        }
    }

    /// The mask that a column has under this name.
    pub(super) fn masks_column(&self, table: &Table, column: &Column) -> Option<How> {
        let fits = |m: &&Masked| {
            column.sensitivity.is_some_and(|s| m.sensitivity.contains(&s))
                || fits_column(&m.columns, table, column)
        };
        let own = self.masks.iter().filter(fits).map(|m| m.how);
        let granted = match self.grants.masks().then(|| self.grants.of_column(table, column)) {
            Some(Effect::Mask(how)) => Some(how),
            Some(Effect::Allow | Effect::Deny) | None => None,
        };
        own.chain(granted).reduce(How::stricter)
    }

    /// A generated column over one that is hidden or masked would show it.
    fn made_of_restricted(&self, table: &Table, column: &Column, depth: usize) -> bool {
        let Some(text) = column.generated.as_deref().filter(|g| *g != "identity") else { return false };
        let text = text.to_lowercase();
        // a name inside another one counts too: better one column less than one too many
        table.columns.iter().filter(|c| c.name != column.name).any(|other| {
            text.contains(&other.name.to_lowercase())
                && (depth == 0
                    || self.hidden(table, other)
                    || self.mask(table, other).is_some()
                    || self.made_of_restricted(table, other, depth - 1))
        })
    }

    /// The conditions that the table's rows must meet.
    pub fn filters(&self, table: &Table) -> impl Iterator<Item = &str> {
        let fits = |glob: &str| fits_table(glob, table);
        self.filters.iter().filter(move |(glob, _)| fits(glob)).map(|(_, predicate)| predicate.as_str())
    }

    /// Whether the caller sees all that the table holds.
    pub fn whole(&self, table: &Table) -> bool {
        !self.rewrites
            || self.filters(table).next().is_none()
                && !self.filtered_above(table)
                && table.columns.iter().all(|c| self.column(table, c) && self.mask(table, c).is_none())
    }

    /// Whether rows or values differ from what is stored (hidden columns alone leave both as they are).
    pub fn alters(&self, table: &Table) -> bool {
        self.rewrites
            && (self.filters(table).next().is_some()
                || self.filtered_above(table)
                || table.columns.iter().any(|c| self.mask(table, c).is_some()))
    }

    /// Whether a view may be read whatever its text reads.
    pub fn view_allowed(&self, table: &Table) -> bool {
        matches_table(&self.views, table)
    }
}

/// The catalog cut to what the caller may read: hidden tables and columns are gone, and so are keys, indexes, checks
/// and foreign keys that name them, and figures about rows and values that it does not see.
pub fn visible_catalog(catalog: &Catalog, policy: &Policy) -> Catalog {
    let snapshot = catalog.snapshot();
    let readable = super::views::Readable::new(catalog, policy);
    let tables: Vec<Table> = snapshot
        .tables
        .iter()
        .filter(|t| readable.readable(t))
        .map(|table| {
            let mut cut = table.clone();
            cut_figures(&mut cut, table, &readable);
            cut_columns(&mut cut, table, &readable);
            cut.foreign_keys.retain(|k| shows_key(catalog, readable.visibility(), table, k));
            cut
        })
        .collect();
    Catalog::new(Snapshot {
        engine: snapshot.engine,
        server_version: snapshot.server_version.clone(),
        database: snapshot.database.clone(),
        search_path: snapshot.search_path.clone(),
        schemas: shown_schemas(snapshot, &tables, policy),
        tables,
        routines: Vec::new(),
    })
}

/// A schema of which nothing is left is not there either.
fn shown_schemas(snapshot: &Snapshot, left: &[Table], policy: &Policy) -> Vec<Schema> {
    if !policy.restricts() {
        return snapshot.schemas.clone();
    }
    let names = |tables: &[Table]| tables.iter().map(|t| t.schema.clone()).collect::<HashSet<_>>();
    let (had, left) = (names(&snapshot.tables), names(left));
    let gone = |name: &String| had.contains(name) && !left.contains(name);
    snapshot.schemas.iter().filter(|schema| !gone(&schema.name)).cloned().collect()
}

/// Statistics are values: of masked columns and of tables whose rows are filtered they are cut.
fn cut_figures<'a>(cut: &mut Table, table: &'a Table, readable: &super::views::Readable<'a, '_>) {
    let visibility = readable.visibility();
    if readable.altered_view(table)
        || visibility.filters(table).next().is_some()
        || visibility.filtered_above(table)
    {
        cut.row_estimate = None;
        cut.size_bytes = None;
        cut.columns.iter_mut().for_each(|c| c.statistics = None);
    }
    for column in cut.columns.iter_mut().filter(|c| visibility.mask(table, c).is_some()) {
        column.statistics = None;
        column.default = None;
    }
}

fn cut_columns(cut: &mut Table, table: &Table, readable: &super::views::Readable<'_, '_>) {
    cut.columns.retain(|c| readable.column(table, c));
    if cut.columns.len() == table.columns.len() {
        return;
    }
    let names: Vec<String> = cut.columns.iter().map(|c| c.name.clone()).collect();
    let has = |columns: &[String]| columns.iter().all(|c| names.contains(c));
    if cut.primary_key.as_ref().is_some_and(|k| !has(&k.columns)) {
        cut.primary_key = None;
    }
    cut.unique_keys.retain(|k| has(&k.columns));
    cut.foreign_keys.retain(|k| has(&k.columns));
    cut.indexes.retain(|i| has(&i.columns) && i.predicate.is_none());
    // texts may name the hidden columns
    cut.checks.clear();
    cut.view_text = None;
}

/// Whether both ends of a foreign key exist for the caller.
pub(super) fn shows_key(catalog: &Catalog, visibility: &Visibility, table: &Table, key: &ForeignKey) -> bool {
    let engine = catalog.engine();
    let own = key.columns.iter().all(|c| table.column(c).is_none_or(|c| visibility.column(table, c)));
    let found = catalog.stored_table(&key.to_schema, &key.to_table);
    own && found.is_some_and(|t| {
        visibility.table(engine, t)
            && key.to_columns.iter().all(|c| t.column(c).is_some_and(|c| visibility.column(t, c)))
    })
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
    globs.iter().any(|g| fits_table(g, table))
}

fn fits_table(pattern: &str, table: &Table) -> bool {
    let name = table.name.to_lowercase();
    glob(pattern, &name) || glob(pattern, &format!("{}.{name}", table.schema.to_lowercase()))
}

fn fits_column(globs: &[String], table: &Table, column: &Column) -> bool {
    if globs.is_empty() {
        return false;
    }
    let name = column.name.to_lowercase();
    let short = format!("{}.{name}", table.name.to_lowercase());
    let long = format!("{}.{short}", table.schema.to_lowercase());
    globs.iter().any(|g| glob(g, &name) || glob(g, &short) || glob(g, &long))
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
