//! Puts the facts together into a snapshot, with what only the definitions' text knows: checks, names of constraints,
//! generated columns, expressions and conditions of indexes, comments.

use std::collections::HashMap;

use catalog::types::classify;
use catalog::{Column, Engine, ForeignKey, Index, Key, Schema, Snapshot, Table, TableKind, TypeClass, ddl};
use connector_api::CrawlOptions;

use super::comments::{self, Comments};
use super::facts::{ColumnFact, Facts, IndexFact, ReferenceFact};

/// The one schema of a file.
pub(crate) const SCHEMA: &str = "main";

/// Everything but figures about rows.
pub(crate) fn snapshot(database: String, facts: &Facts, options: &CrawlOptions) -> Snapshot {
    let written = Written::read(facts);
    let columns = grouped(&facts.columns, |c| &c.table);
    let references = grouped(&facts.references, |r| &r.table);
    let indexes = grouped(&facts.indexes, |i| &i.table);
    let others = Others::new(&columns);
    let mut tables: Vec<Table> = Vec::new();
    for relation in &facts.relations {
        let name = relation.name.as_str();
        let Some(kind) = kind(&relation.kind) else { continue };
        if !options.wants(Engine::Sqlite, SCHEMA, name) {
            continue;
        }
        let facts = columns.get(name).map(Vec::as_slice).unwrap_or_default();
        // a relation without columns is a view that is broken or a virtual table whose module is not here
        if facts.is_empty() {
            continue;
        }
        let text = written.table(name);
        let indexes = indexes.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut table = Table {
            schema: SCHEMA.to_owned(),
            name: name.to_owned(),
            kind,
            comment: text.comments.table.clone(),
            columns: read_columns(facts, relation.without_rowid, &text),
            primary_key: primary_key(name, &others, &text),
            foreign_keys: foreign_keys(
                references.get(name).map(Vec::as_slice).unwrap_or_default(),
                &others,
                &text,
            ),
            checks: text.table.map(|t| t.checks.clone()).unwrap_or_default(),
            view_text: (kind == TableKind::View).then(|| text.sql.to_owned()),
            ..Table::default()
        };
        add_indexes(&mut table, indexes, &text);
        tables.push(table);
    }
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    Snapshot {
        engine: Engine::Sqlite,
        server_version: rusqlite::version().to_owned(),
        database,
        search_path: vec![SCHEMA.to_owned()],
        schemas: vec![Schema { name: SCHEMA.to_owned(), comment: None }],
        tables,
        routines: Vec::new(),
    }
}

fn kind(text: &str) -> Option<TableKind> {
    match text {
        "table" => Some(TableKind::Table),
        "view" => Some(TableKind::View),
        "virtual" => Some(TableKind::Virtual),
        // the storage of virtual tables is not for reading
        _ => None,
    }
}

fn grouped<'a, T>(facts: &'a [T], table: impl Fn(&'a T) -> &'a String) -> HashMap<&'a str, Vec<&'a T>> {
    let mut groups: HashMap<&str, Vec<&T>> = HashMap::new();
    for fact in facts {
        groups.entry(table(fact).as_str()).or_default().push(fact);
    }
    groups
}

/// The definitions' texts, read once.
struct Written<'a> {
    tables: HashMap<String, Table>,
    texts: HashMap<&'a str, &'a str>,
}

/// What one definition's text says.
struct Text<'a> {
    table: Option<&'a Table>,
    sql: &'a str,
    comments: Comments,
}

impl<'a> Written<'a> {
    fn read(facts: &'a Facts) -> Written<'a> {
        let ours = || facts.stored.iter().filter(|s| s.kind != "trigger" && !s.sql.is_empty());
        let mut all = String::new();
        for stored in ours() {
            all.push_str(&stored.sql);
            // a line of its own: the text may end in a comment
            all.push_str("\n;\n");
        }
        let read = ddl::read(&all, Engine::Sqlite);
        let tables = read.snapshot.tables.into_iter().map(|t| (t.name.to_lowercase(), t)).collect();
        let relations = ours().filter(|s| s.kind != "index");
        Written { tables, texts: relations.map(|s| (s.name.as_str(), s.sql.as_str())).collect() }
    }

    fn table(&self, name: &str) -> Text<'_> {
        let sql = self.texts.get(name).copied().unwrap_or_default();
        Text { table: self.tables.get(&name.to_lowercase()), sql, comments: comments::read(sql) }
    }
}

fn read_columns(facts: &[&ColumnFact], without_rowid: bool, text: &Text<'_>) -> Vec<Column> {
    let in_key = facts.iter().filter(|c| c.key_place > 0).count();
    let visible = facts.iter().filter(|c| c.hidden != 1);
    let columns = visible.zip(1_u32..).map(|(fact, position)| {
        let written =
            text.table.and_then(|t| t.columns.iter().find(|c| c.name.eq_ignore_ascii_case(&fact.name)));
        let is_row_number =
            in_key == 1 && fact.key_place == 1 && fact.declared.eq_ignore_ascii_case("integer");
        // other keys may hold NULL in SQLite, unless the table is WITHOUT ROWID
        let never_null = fact.not_null || is_row_number || (without_rowid && fact.key_place > 0);
        let generated = written.and_then(|c| c.generated.clone());
        Column {
            position,
            name: fact.name.clone(),
            native_type: fact.declared.clone(),
            class: class(fact, text, written),
            nullable: !never_null,
            default: fact.default.clone(),
            generated: generated.or_else(|| (fact.hidden > 1).then(|| "generated".to_owned())),
            comment: text.comments.columns.get(&fact.name.to_lowercase()).cloned(),
            ..Column::default()
        }
    });
    columns.collect()
}

/// The declared type decides. Of a view's computed column SQLite tells nothing or an affinity, and its text may tell more.
fn class(fact: &ColumnFact, text: &Text<'_>, written: Option<&Column>) -> TypeClass {
    let by_text = written.map(|c| c.class).unwrap_or_default();
    let declared = fact.declared.trim();
    let of_view = text.table.is_some_and(|t| t.kind == TableKind::View);
    let affinity = matches!(declared, "NUM" | "INT" | "TEXT" | "REAL" | "BLOB");
    if declared.is_empty() || (of_view && affinity && by_text != TypeClass::Other) {
        return by_text;
    }
    classify(Engine::Sqlite, declared).0
}

/// What references need to know of the tables they lead to, by lower-case name.
struct Others<'a> {
    tables: HashMap<String, Other<'a>>,
}

struct Other<'a> {
    name: &'a str,
    columns: &'a [&'a ColumnFact],
    key: Vec<String>,
}

impl<'a> Others<'a> {
    fn new(columns: &'a HashMap<&'a str, Vec<&'a ColumnFact>>) -> Others<'a> {
        let tables = columns.iter().map(|(name, facts)| {
            let mut places: Vec<_> = facts.iter().filter(|c| c.key_place > 0).collect();
            places.sort_by_key(|c| c.key_place);
            let key = places.iter().map(|c| c.name.clone()).collect();
            (name.to_lowercase(), Other { name, columns: facts.as_slice(), key })
        });
        Others { tables: tables.collect() }
    }

    fn get(&self, table: &str) -> Option<&Other<'a>> {
        self.tables.get(&table.to_lowercase())
    }

    /// Spells the table and the columns that a reference leads to as they are stored.
    fn spell(&self, key: &mut ForeignKey) {
        let Some(other) = self.get(&key.to_table) else { return };
        other.name.clone_into(&mut key.to_table);
        for written in &mut key.to_columns {
            if let Some(stored) = other.columns.iter().find(|c| c.name.eq_ignore_ascii_case(written)) {
                stored.name.clone_into(written);
            }
        }
    }
}

fn primary_key(table: &str, others: &Others<'_>, text: &Text<'_>) -> Option<Key> {
    let columns = others.get(table).map(|t| t.key.clone()).filter(|key| !key.is_empty())?;
    let name = text.table.and_then(|t| t.primary_key.as_ref()).and_then(|k| k.name.clone());
    Some(Key { name, columns })
}

fn foreign_keys(facts: &[&ReferenceFact], others: &Others<'_>, text: &Text<'_>) -> Vec<ForeignKey> {
    let mut found: Vec<(i64, ForeignKey)> = Vec::new();
    for fact in facts {
        let new = found.last().is_none_or(|(id, _)| *id != fact.id);
        if new {
            let key = ForeignKey {
                to_schema: SCHEMA.to_owned(),
                to_table: fact.to_table.clone(),
                on_delete: action(&fact.on_delete),
                on_update: action(&fact.on_update),
                ..ForeignKey::default()
            };
            found.push((fact.id, key));
        }
        let Some((_, key)) = found.last_mut() else { continue };
        // a key that names no column refers to the other table's primary key, place by place
        let implied = || others.get(&fact.to_table).and_then(|t| t.key.get(key.to_columns.len())).cloned();
        let to = fact.to.clone().or_else(implied).unwrap_or_default();
        key.columns.push(fact.from.clone());
        key.to_columns.push(to);
    }
    let written = text.table.map(|t| t.foreign_keys.as_slice()).unwrap_or_default();
    let named = found.into_iter().map(|(_, mut key)| {
        others.spell(&mut key);
        let same = |w: &&ForeignKey| {
            same_names(&w.columns, &key.columns) && w.to_table.eq_ignore_ascii_case(&key.to_table)
        };
        key.name = written.iter().find(same).and_then(|w| w.name.clone());
        key
    });
    named.collect()
}

fn action(text: &str) -> Option<String> {
    (text != "NO ACTION").then(|| text.to_owned())
}

fn same_names(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.eq_ignore_ascii_case(b))
}

/// Unique constraints and unique indexes over plain columns become keys, the rest indexes.
fn add_indexes(table: &mut Table, facts: &[&IndexFact], text: &Text<'_>) {
    for columns in facts.chunk_by(|a, b| a.index == b.index) {
        let Some(first) = columns.first().filter(|f| f.origin != "pk") else { continue };
        let plain: Option<Vec<String>> = columns.iter().map(|f| f.column.clone()).collect();
        match plain {
            Some(columns) if first.unique && !first.partial => {
                let name = if first.origin == "c" {
                    Some(first.index.clone())
                } else {
                    constraint_name(text, &columns)
                };
                table.unique_keys.push(Key { name, columns });
            }
            _ => table.indexes.push(index(columns, first, text)),
        }
    }
    table.unique_keys.sort_by(|a, b| (&a.columns, &a.name).cmp(&(&b.columns, &b.name)));
}

fn constraint_name(text: &Text<'_>, columns: &[String]) -> Option<String> {
    let keys = &text.table?.unique_keys;
    keys.iter().find(|k| same_names(&k.columns, columns)).and_then(|k| k.name.clone())
}

fn index(facts: &[&IndexFact], first: &IndexFact, text: &Text<'_>) -> Index {
    let written =
        text.table.and_then(|t| t.indexes.iter().find(|i| i.name.eq_ignore_ascii_case(&first.index)));
    let columns = facts.iter().enumerate().map(|(place, fact)| {
        let expression = || written.and_then(|w| w.columns.get(place)).cloned();
        fact.column.clone().or_else(expression).unwrap_or_else(|| "(expression)".to_owned())
    });
    Index {
        name: first.index.clone(),
        method: "btree".to_owned(),
        columns: columns.collect(),
        unique: first.unique,
        predicate: written.and_then(|w| w.predicate.clone()),
    }
}
