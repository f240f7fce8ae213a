//! Puts the catalog queries' answers together into a snapshot.

use std::collections::HashMap;

use catalog::{Column, Engine, Partitioning, Routine, Schema, Snapshot, Table, TableKind};
use connector_api::CrawlOptions;
use tiberius::Row;

use super::native::{bare, class, native};
use super::raw::{filled, flag, maybe, number, signed, text};
use super::{Answers, keys};

/// Tables by the server's number of them.
pub(super) type Tables = HashMap<i64, Table>;

/// The server's number of a table, by schema and name.
pub(super) type Numbers = HashMap<(String, String), i64>;

/// The whole, and the numbers that its tables have on the server.
pub(super) struct Assembled {
    pub snapshot: Snapshot,
    pub numbers: Numbers,
}

pub(super) fn snapshot(answers: &Answers, options: &CrawlOptions) -> Assembled {
    let comments = Comments::new(&answers.comments);
    let mut tables = relations(answers, options, &comments);
    columns(answers, &mut tables, &comments);
    views(answers, &mut tables);
    sizes(answers, &mut tables);
    splits(answers, &mut tables);
    keys::indexes(answers, &mut tables);
    keys::references(answers, &mut tables);
    keys::checks(answers, &mut tables);
    let named = |(number, table): (&i64, &Table)| ((table.schema.clone(), table.name.clone()), *number);
    let numbers = tables.iter().map(named).collect();
    let mut tables: Vec<Table> = tables.into_values().map(sorted).collect();
    tables.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    // names without a schema are looked up in the user's own first, then here
    let mut search_path = vec![answers.schema.clone()];
    if answers.schema != "dbo" {
        search_path.push("dbo".to_owned());
    }
    let snapshot = Snapshot {
        engine: Engine::Mssql,
        server_version: answers.version.clone(),
        database: answers.database.clone(),
        search_path,
        schemas: schemas(answers, &comments),
        tables,
        routines: routines(answers, &comments),
    };
    Assembled { snapshot, numbers }
}

/// Comments by class, object and column.
struct Comments(HashMap<(u64, i64, u64), String>);

impl Comments {
    fn new(rows: &[Row]) -> Comments {
        let comment =
            |row: &Row| Some(((number(row, 0)?, signed(row, 1)?, number(row, 2)?), filled(row, 3)?));
        Comments(rows.iter().filter_map(comment).collect())
    }

    fn of_object(&self, object: i64, column: u64) -> Option<String> {
        self.0.get(&(1, object, column)).cloned()
    }

    fn of_schema(&self, schema: i64) -> Option<String> {
        self.0.get(&(3, schema, 0)).cloned()
    }
}

/// The number of the object that a row is about.
pub(super) fn object(row: &Row) -> i64 {
    signed(row, 0).unwrap_or_default()
}

fn schemas(answers: &Answers, comments: &Comments) -> Vec<Schema> {
    let schema = |row: &Row| Schema { name: text(row, 1), comment: comments.of_schema(object(row)) };
    let mut schemas: Vec<Schema> = answers.schemas.iter().map(schema).collect();
    schemas.sort_by(|a, b| a.name.cmp(&b.name));
    schemas
}

fn relations(answers: &Answers, options: &CrawlOptions, comments: &Comments) -> Tables {
    let mut tables = Tables::with_capacity(answers.relations.len());
    for row in &answers.relations {
        let (schema, name) = (text(row, 1), text(row, 2));
        if !options.wants(Engine::Mssql, &schema, &name) {
            continue;
        }
        let kind = match text(row, 3).trim() {
            "V" => TableKind::View,
            "ET" => TableKind::Foreign,
            _ if flag(row, 4) => TableKind::Foreign,
            _ => TableKind::Table,
        };
        let comment = comments.of_object(object(row), 0);
        tables.insert(object(row), Table { schema, name, kind, comment, ..Table::default() });
    }
    tables
}

fn views(answers: &Answers, tables: &mut Tables) {
    for row in &answers.views {
        if let Some(table) = tables.get_mut(&object(row)) {
            table.view_text = filled(row, 1);
        }
    }
}

fn columns(answers: &Answers, tables: &mut Tables, comments: &Comments) {
    for row in &answers.columns {
        let Some(table) = tables.get_mut(&object(row)) else { continue };
        let native_type = native(row, 3);
        let position = number(row, 1).unwrap_or_default();
        table.columns.push(Column {
            position: u32::try_from(position).unwrap_or_default(),
            name: text(row, 2),
            class: class(&native_type),
            nullable: flag(row, 8),
            generated: generated(flag(row, 9), &text(row, 10), maybe(row, 11)),
            default: maybe(row, 12).map(|expression| bare(&expression)),
            comment: comments.of_object(object(row), position),
            native_type,
            ..Column::default()
        });
    }
}

/// What fills a column: the server counts, keeps the period of a row's version, or computes.
fn generated(identity: bool, always: &str, expression: Option<String>) -> Option<String> {
    if identity {
        return Some("identity".to_owned());
    }
    if !matches!(always, "" | "NOT_APPLICABLE") {
        return Some(format!("GENERATED ALWAYS {}", always.replace('_', " ")));
    }
    expression.map(|expression| bare(&expression))
}

fn sizes(answers: &Answers, tables: &mut Tables) {
    for row in &answers.rows {
        if let Some(table) = tables.get_mut(&object(row)) {
            table.row_estimate = number(row, 2);
            // only a view whose rows are stored has any
            if table.kind == TableKind::View {
                table.kind = TableKind::MaterializedView;
            }
        }
    }
    for row in &answers.space {
        if let Some(table) = tables.get_mut(&object(row)) {
            table.size_bytes = number(row, 1).map(|pages| pages.saturating_mul(8192));
        }
    }
}

fn splits(answers: &Answers, tables: &mut Tables) {
    let parts: HashMap<i64, u64> =
        answers.rows.iter().map(|row| (object(row), number(row, 1).unwrap_or_default())).collect();
    for row in &answers.splits {
        let Some(table) = tables.get_mut(&object(row)) else { continue };
        let side = if flag(row, 2) { "RIGHT" } else { "LEFT" };
        let partitions = parts.get(&object(row)).copied().unwrap_or_default();
        if table.kind == TableKind::Table {
            table.kind = TableKind::Partitioned;
        }
        table.partitioning = Some(Partitioning {
            strategy: format!("{} {side} ({})", text(row, 1), text(row, 3)),
            partitions: u32::try_from(partitions).unwrap_or(u32::MAX),
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

fn routines(answers: &Answers, comments: &Comments) -> Vec<Routine> {
    let mut parameters: HashMap<i64, Vec<(u64, String)>> = HashMap::new();
    for row in &answers.parameters {
        let mut text = [text(row, 2), native(row, 3)].join(" ").trim().to_owned();
        if flag(row, 8) && number(row, 1) != Some(0) {
            text.push_str(" OUTPUT");
        }
        parameters.entry(object(row)).or_default().push((number(row, 1).unwrap_or_default(), text));
    }
    let routine = |row: &Row| {
        let mut all = parameters.remove(&object(row)).unwrap_or_default();
        all.sort();
        let returned = all.iter().position(|(number, _)| *number == 0).map(|at| all.remove(at).1);
        let code = text(row, 3);
        let code = code.trim();
        let table = matches!(code, "IF" | "TF" | "FT");
        Routine {
            schema: text(row, 1),
            name: text(row, 2),
            kind: kind(code).to_owned(),
            arguments: all.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", "),
            returns: if table { Some("TABLE".to_owned()) } else { returned },
            volatility: None,
            language: Some(
                if matches!(code, "PC" | "FS" | "FT" | "AF" | "X") { "clr" } else { "sql" }.to_owned(),
            ),
            extension: None,
            comment: comments.of_object(object(row), 0),
        }
    };
    let mut routines: Vec<Routine> = answers.routines.iter().map(routine).collect();
    routines.sort_by(|a, b| (&a.schema, &a.name, &a.arguments).cmp(&(&b.schema, &b.name, &b.arguments)));
    routines
}

fn kind(code: &str) -> &'static str {
    match code {
        "P" | "PC" | "X" => "procedure",
        "AF" => "aggregate",
        _ => "function",
    }
}
