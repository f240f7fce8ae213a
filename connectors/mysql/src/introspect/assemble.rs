//! Puts the catalog queries' answers together into a snapshot.

use std::collections::HashMap;

use catalog::types::classify;
use catalog::{Column, Engine, Partitioning, Routine, Schema, Snapshot, Table, TableKind, TypeClass};
use connector_api::CrawlOptions;
use mysql_async::Row;

use super::raw::{filled, maybe, number, text};
use super::{Answers, keys};

/// Tables by database and name.
pub(super) type Tables = HashMap<(String, String), Table>;

/// Distinct values by database, table and column, where an index knows them.
pub(super) type Distinct = HashMap<(String, String, String), f64>;

/// The whole, and what the indexes know of distinct values.
pub(super) fn snapshot(answers: &Answers, options: &CrawlOptions) -> (Snapshot, Distinct) {
    let mut tables = relations(answers, options);
    views(answers, &mut tables);
    columns(answers, &mut tables);
    partitions(answers, &mut tables);
    let distinct = keys::indexes(answers, &mut tables);
    keys::references(answers, &mut tables);
    keys::checks(answers, &mut tables);
    let mut tables: Vec<Table> = tables.into_values().map(sorted).collect();
    tables.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    let snapshot = Snapshot {
        engine: answers.engine,
        server_version: answers.version.clone(),
        database: answers.database.clone().unwrap_or_default(),
        search_path: answers.database.iter().cloned().collect(),
        schemas: schemas(answers),
        tables,
        routines: routines(answers),
    };
    (snapshot, distinct)
}

/// The key under which a row's table is found: its first two cells.
pub(super) fn place(row: &Row) -> (String, String) {
    (text(row, 0), text(row, 1))
}

fn schemas(answers: &Answers) -> Vec<Schema> {
    let schema = |row: &Row| Schema { name: text(row, 0), comment: filled(row, 1) };
    let mut schemas: Vec<Schema> = answers.schemas.iter().map(schema).collect();
    schemas.sort_by(|a, b| a.name.cmp(&b.name));
    schemas
}

fn relations(answers: &Answers, options: &CrawlOptions) -> Tables {
    let mut tables = Tables::with_capacity(answers.tables.len());
    for row in &answers.tables {
        let Some(kind) = kind(&text(row, 2), &text(row, 3)) else { continue };
        let (schema, name) = place(row);
        if !options.wants(answers.engine, &schema, &name) {
            continue;
        }
        let stored = kind == TableKind::Table;
        let table = Table {
            schema: schema.clone(),
            name: name.clone(),
            kind,
            // of a view it is the word VIEW, or what is wrong with it
            comment: filled(row, 6).filter(|_| kind != TableKind::View),
            row_estimate: number(row, 4).filter(|_| kind != TableKind::View),
            size_bytes: number(row, 5).filter(|_| stored),
            ..Table::default()
        };
        tables.insert((schema, name), table);
    }
    tables
}

/// What a relation is; `None` for what holds no rows to ask for (sequences, the server's own).
fn kind(table_type: &str, engine: &str) -> Option<TableKind> {
    match table_type {
        "BASE TABLE" | "SYSTEM VERSIONED" => Some(match engine.to_ascii_uppercase().as_str() {
            "FEDERATED" | "CONNECT" | "SPIDER" => TableKind::Foreign,
            _ => TableKind::Table,
        }),
        "VIEW" => Some(TableKind::View),
        _ => None,
    }
}

fn views(answers: &Answers, tables: &mut Tables) {
    for row in &answers.views {
        if let Some(table) = tables.get_mut(&place(row)) {
            table.view_text = filled(row, 2);
        }
    }
}

fn columns(answers: &Answers, tables: &mut Tables) {
    for row in &answers.columns {
        let Some(table) = tables.get_mut(&place(row)) else { continue };
        let native_type = text(row, 4);
        let (class, element) = classify(answers.engine, &native_type);
        let extra = text(row, 7).to_ascii_lowercase();
        table.columns.push(Column {
            position: number(row, 2).and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
            name: text(row, 3),
            class,
            element,
            nullable: text(row, 5) == "YES",
            generated: generated(&extra, filled(row, 8)),
            default: default(answers.engine, maybe(row, 6), class, &extra),
            enum_labels: labels(&native_type),
            comment: filled(row, 9),
            native_type,
            ..Column::default()
        });
    }
}

fn generated(extra: &str, expression: Option<String>) -> Option<String> {
    if extra.contains("auto_increment") {
        return Some("identity".to_owned());
    }
    expression
}

/// The default as an expression. MariaDB gives one; MySQL gives the bare value, and says when it is an expression.
fn default(engine: Engine, value: Option<String>, class: TypeClass, extra: &str) -> Option<String> {
    let value = value?;
    if engine == Engine::Mariadb {
        return Some(value).filter(|text| text != "NULL");
    }
    use TypeClass::{Boolean, Decimal, Float, Integer};
    let bare = extra.contains("default_generated")
        || matches!(class, Boolean | Decimal | Float | Integer)
        || value.to_ascii_uppercase().starts_with("CURRENT_TIMESTAMP");
    Some(if bare { value } else { format!("'{}'", value.replace('\'', "''")) })
}

/// The labels of `enum('a','b')` and of `set('a','b')`. A quote within one is doubled.
fn labels(native: &str) -> Vec<String> {
    let list = native.strip_prefix("enum(").or_else(|| native.strip_prefix("set("));
    let Some(list) = list.and_then(|rest| rest.rfind(')').and_then(|end| rest.get(..end))) else {
        return Vec::new();
    };
    let (mut labels, mut label, mut inside) = (Vec::new(), String::new(), false);
    let mut letters = list.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, inside) {
            ('\'', false) => inside = true,
            ('\'', true) if letters.peek() == Some(&'\'') => {
                letters.next();
                label.push('\'');
            }
            ('\'', true) => {
                inside = false;
                labels.push(std::mem::take(&mut label));
            }
            (_, true) => label.push(letter),
            (_, false) => {}
        }
    }
    labels
}

fn partitions(answers: &Answers, tables: &mut Tables) {
    for row in &answers.partitions {
        let Some(table) = tables.get_mut(&place(row)) else { continue };
        let (method, over) = (text(row, 2), maybe(row, 3));
        // its partitions may be on other servers
        if table.kind != TableKind::Foreign {
            table.kind = TableKind::Partitioned;
        }
        table.partitioning = Some(Partitioning {
            strategy: match over {
                Some(over) => format!("{method} ({over})"),
                None => method,
            },
            partitions: number(row, 4).and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
        });
    }
}

fn sorted(mut table: Table) -> Table {
    table.columns.sort_by_key(|c| c.position);
    table.foreign_keys.sort_by(|a, b| a.name.cmp(&b.name));
    table.unique_keys.sort_by(|a, b| a.name.cmp(&b.name));
    table.indexes.sort_by(|a, b| a.name.cmp(&b.name));
    table.checks.sort_by(|a, b| a.name.cmp(&b.name));
    table
}

fn routines(answers: &Answers) -> Vec<Routine> {
    let mut arguments: HashMap<(String, String), Vec<(u64, String)>> = HashMap::new();
    for row in &answers.parameters {
        let mode = filled(row, 3).filter(|mode| mode != "IN");
        let words = [mode, filled(row, 4), filled(row, 5)];
        let text = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
        arguments.entry(place(row)).or_default().push((number(row, 2).unwrap_or(0), text));
    }
    let routine = |row: &Row| {
        let mut parameters = arguments.get(&place(row)).cloned().unwrap_or_default();
        parameters.sort();
        let parameters: Vec<String> = parameters.into_iter().map(|(_, text)| text).collect();
        Routine {
            schema: text(row, 0),
            name: text(row, 2),
            kind: text(row, 3).to_lowercase(),
            arguments: parameters.join(", "),
            returns: filled(row, 4),
            // deterministic is all that the servers know; a function may write whatever it says of itself
            volatility: Some(if text(row, 5) == "YES" { "immutable" } else { "volatile" }.to_owned()),
            language: Some("sql".to_owned()),
            comment: filled(row, 7),
            extension: None,
        }
    };
    let mut routines: Vec<Routine> = answers.routines.iter().map(routine).collect();
    routines.sort_by(|a, b| (&a.schema, &a.name, &a.arguments).cmp(&(&b.schema, &b.name, &b.arguments)));
    routines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_whose_rows_are_elsewhere_are_foreign() {
        for engine in ["FEDERATED", "CONNECT", "SPIDER", "Federated"] {
            assert_eq!(kind("BASE TABLE", engine), Some(TableKind::Foreign), "{engine}");
        }
        assert_eq!(kind("BASE TABLE", "InnoDB"), Some(TableKind::Table));
        assert_eq!(kind("SEQUENCE", "InnoDB"), None);
    }

    #[test]
    fn labels_keep_quotes_commas_and_brackets() {
        assert_eq!(labels("enum('a','it''s','x,y)','')"), ["a", "it's", "x,y)", ""]);
        assert_eq!(labels("set('r','w')"), ["r", "w"]);
        assert!(labels("varchar(3)").is_empty());
    }

    #[test]
    fn defaults_are_expressions_on_both_servers() {
        let of = |engine, value: &str, class, extra| default(engine, Some(value.to_owned()), class, extra);
        assert_eq!(of(Engine::Mariadb, "NULL", TypeClass::Text, ""), None);
        assert_eq!(of(Engine::Mariadb, "'open'", TypeClass::Text, "").as_deref(), Some("'open'"));
        assert_eq!(of(Engine::Mysql, "it's", TypeClass::Text, "").as_deref(), Some("'it''s'"));
        assert_eq!(of(Engine::Mysql, "0.00", TypeClass::Decimal, "").as_deref(), Some("0.00"));
        assert_eq!(
            of(Engine::Mysql, "uuid()", TypeClass::Text, "default_generated").as_deref(),
            Some("uuid()")
        );
    }
}
