//! One table as one line, in several degrees of detail.

use std::collections::HashSet;

use super::text::{clean, identifier};
use super::{PrivacyLevel, RenderOptions};
use crate::{Column, Engine, ForeignKey, Snapshot, Table, TableKind, TypeClass};

/// Longest comment on a table, longest on a column, longest value.
const TABLE_COMMENT: usize = 160;
const COLUMN_COMMENT: usize = 80;
const VALUE: usize = 32;
/// Labels and values listed at most.
const LABELS: usize = 12;
const VALUES: usize = 5;

/// How much of a table is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    /// Column names.
    Names,
    /// And types and keys.
    Types,
    /// And comments and labels.
    Comments,
    /// And figures and values, as far as the privacy level lets them.
    Values,
}

/// What all lines share.
pub(super) struct Context<'a> {
    engine: Engine,
    home: Option<&'a str>,
    shown: HashSet<(&'a str, &'a str)>,
    level: PrivacyLevel,
    comments: bool,
}

impl<'a> Context<'a> {
    pub fn new(snapshot: &'a Snapshot, tables: &[&'a Table], options: &RenderOptions<'_>) -> Context<'a> {
        Context {
            engine: snapshot.engine,
            home: snapshot.search_path.first().map(String::as_str),
            shown: tables.iter().map(|t| (t.schema.as_str(), t.name.as_str())).collect(),
            level: options.level,
            comments: options.comments,
        }
    }

    fn qualified(&self, schema: &str, name: &str) -> String {
        let name = identifier(self.engine, name);
        if schema.is_empty() || self.home == Some(schema) {
            return name;
        }
        format!("{}.{name}", identifier(self.engine, schema))
    }

    /// The table's name, with its schema where it needs one.
    pub fn table_name(&self, table: &Table) -> String {
        self.qualified(&table.schema, &table.name)
    }

    /// The whole line.
    pub fn line(&self, table: &Table, detail: Detail) -> String {
        let columns = table.columns.iter().map(|c| self.column(table, c, detail));
        let keys = self.wide_keys(table, detail);
        let inside = columns.chain(keys).collect::<Vec<_>>().join(", ");
        let kind = match table.kind {
            TableKind::View | TableKind::MaterializedView => "view ",
            _ => "",
        };
        let mut line = format!("{kind}{}({inside})", self.table_name(table));
        let notes = self.table_notes(table, detail);
        if !notes.is_empty() {
            line.push_str(&format!(" -- {notes}"));
        }
        line
    }

    fn table_notes(&self, table: &Table, detail: Detail) -> String {
        let mut notes = Vec::new();
        let nested = table.nested.as_ref().filter(|_| detail >= Detail::Types);
        notes.extend(
            nested.map(|n| clean(&format!("elements of {}.{}", n.collection, n.path), TABLE_COMMENT)),
        );
        if detail >= Detail::Comments && self.comments {
            notes.extend(table.comment.as_deref().map(|c| clean(c, TABLE_COMMENT)));
        }
        if detail >= Detail::Values && self.level >= PrivacyLevel::Statistics {
            notes.extend(table.row_estimate.map(|r| format!("about {r} rows")));
        }
        notes.retain(|n| !n.is_empty());
        notes.join("; ")
    }

    fn column(&self, table: &Table, column: &Column, detail: Detail) -> String {
        let mut text = identifier(self.engine, &column.name);
        if detail == Detail::Names {
            return text;
        }
        let native = short_type(self.engine, column);
        if !native.is_empty() {
            text.push_str(&format!(" {native}"));
        }
        let alone = |columns: &[String]| matches!(columns, [only] if *only == column.name);
        if table.primary_key.as_ref().is_some_and(|k| alone(&k.columns)) {
            text.push_str(" pk");
        } else if table.unique_keys.iter().any(|k| alone(&k.columns)) {
            text.push_str(" unique");
        }
        for key in table.foreign_keys.iter().filter(|k| alone(&k.columns)) {
            text.push_str(&self.target(key).map(|t| format!(" -> {t}")).unwrap_or_default());
        }
        if detail >= Detail::Comments {
            text.push_str(&self.column_notes(column, detail));
        }
        text
    }

    fn target(&self, key: &ForeignKey) -> Option<String> {
        if !self.shown.contains(&(key.to_schema.as_str(), key.to_table.as_str())) {
            return None;
        }
        let table = self.qualified(&key.to_schema, &key.to_table);
        let columns = key.to_columns.iter().map(|c| identifier(self.engine, c)).collect::<Vec<_>>();
        match columns.as_slice() {
            [] => Some(table),
            [one] => Some(format!("{table}.{one}")),
            many => Some(format!("{table}({})", many.join(", "))),
        }
    }

    /// Keys over several columns, after the columns.
    fn wide_keys(&self, table: &Table, detail: Detail) -> Vec<String> {
        if detail == Detail::Names {
            return Vec::new();
        }
        let list = |columns: &[String]| {
            columns.iter().map(|c| identifier(self.engine, c)).collect::<Vec<_>>().join(", ")
        };
        let wide = |columns: &[String]| columns.len() > 1;
        let primary = table.primary_key.iter().filter(|k| wide(&k.columns));
        let mut keys = primary.map(|k| format!("pk({})", list(&k.columns))).collect::<Vec<_>>();
        for key in table.foreign_keys.iter().filter(|k| wide(&k.columns)) {
            keys.extend(self.target(key).map(|t| format!("({}) -> {t}", list(&key.columns))));
        }
        keys
    }

    fn column_notes(&self, column: &Column, detail: Detail) -> String {
        let mut notes = String::new();
        let values = self.values(column, detail);
        if !values.is_empty() {
            notes.push_str(&format!(" {{{values}}}"));
        }
        let comment = column.comment.as_deref().filter(|_| self.comments).map(|c| clean(c, COLUMN_COMMENT));
        if let Some(comment) = comment.filter(|c| !c.is_empty()) {
            notes.push_str(&format!(" /* {comment} */"));
        }
        notes
    }

    /// Labels; stored values and figures where both detail and privacy let them.
    fn values(&self, column: &Column, detail: Detail) -> String {
        if !column.enum_labels.is_empty() {
            return joined(column.enum_labels.iter().map(String::as_str), LABELS);
        }
        let Some(statistics) = column.statistics.as_ref().filter(|_| detail >= Detail::Values) else {
            return String::new();
        };
        let open = self.level >= PrivacyLevel::SampleValues && column.sensitivity.is_none();
        if open && !statistics.common.is_empty() && is_listed(column.class) {
            return joined(statistics.common.iter().map(|v| v.value.as_str()), VALUES);
        }
        if let (true, Some(min), Some(max)) = (open, &statistics.min, &statistics.max) {
            return format!("{} .. {}", value(min), value(max));
        }
        match statistics.distinct.filter(|_| self.level >= PrivacyLevel::Statistics) {
            Some(distinct) if distinct >= 1.0 => format!("{distinct:.0} distinct"),
            _ => String::new(),
        }
    }
}

/// Classes whose most common values tell more than their range.
fn is_listed(class: TypeClass) -> bool {
    matches!(
        class,
        TypeClass::Text | TypeClass::Enum | TypeClass::Boolean | TypeClass::Other | TypeClass::Integer
    )
}

fn value(text: &str) -> String {
    clean(text, VALUE).replace(['{', '}', '|'], " ")
}

fn joined<'v>(values: impl ExactSizeIterator<Item = &'v str>, most: usize) -> String {
    let cut = values.len() > most;
    let mut shown = values.take(most).map(value).collect::<Vec<_>>();
    if cut {
        shown.push("...".to_owned());
    }
    shown.join("|")
}

/// The type in its shortest common spelling.
pub fn short_type(engine: Engine, column: &Column) -> String {
    if column.class == TypeClass::Enum && !column.enum_labels.is_empty() && engine != Engine::Postgres {
        return "enum".to_owned();
    }
    let native = clean(&column.native_type, 64);
    let pairs = [
        ("timestamp with time zone", "timestamptz"),
        ("timestamp without time zone", "timestamp"),
        ("time without time zone", "time"),
        ("time with time zone", "timetz"),
        ("character varying", "varchar"),
        ("double precision", "float8"),
    ];
    match native.as_str() {
        "integer" | "INTEGER" => return "int".to_owned(),
        "boolean" | "BOOLEAN" => return "bool".to_owned(),
        _ => {}
    }
    pairs.into_iter().fold(native, |text, (long, short)| text.replacen(long, short, 1))
}
