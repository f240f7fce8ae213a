//! Made-up schemas for the suite.

use catalog::{
    Column, CommonValue, Engine, ForeignKey, Inference, Key, Partitioning, Routine, Schema, Snapshot,
    Statistics, Table, TableKind, TypeClass,
};

/// A schema of so many tables with twelve columns each, statistics and all.
pub fn snapshot(tables: usize) -> Snapshot {
    Snapshot {
        engine: Engine::Postgres,
        server_version: "15.1".to_owned(),
        database: "shop".to_owned(),
        search_path: vec!["public".to_owned()],
        schemas: vec![Schema { name: "public".to_owned(), comment: Some("all of it".to_owned()) }],
        tables: (0..tables).map(table).collect(),
        routines: vec![Routine {
            schema: "public".to_owned(),
            name: "vat".to_owned(),
            kind: "function".to_owned(),
            arguments: "amount numeric".to_owned(),
            returns: Some("numeric".to_owned()),
            ..Routine::default()
        }],
    }
}

fn table(number: usize) -> Table {
    Table {
        schema: "public".to_owned(),
        name: format!("entity_{number:05}"),
        kind: TableKind::Partitioned,
        comment: Some(format!("things of sort {number}")),
        row_estimate: Some(number as u64 * 10),
        size_bytes: Some(8192),
        columns: (1..=12).map(column).collect(),
        primary_key: Some(Key { name: None, columns: vec!["field_01".to_owned()] }),
        foreign_keys: vec![reference("field_02", None), reference("field_03", Some(0.8))],
        partitioning: Some(Partitioning { strategy: "RANGE (field_04)".to_owned(), partitions: 7 }),
        ..Table::default()
    }
}

fn reference(column: &str, score: Option<f64>) -> ForeignKey {
    ForeignKey {
        columns: vec![column.to_owned()],
        to_schema: "public".to_owned(),
        to_table: "entity_00000".to_owned(),
        to_columns: vec!["field_01".to_owned()],
        inferred: score.map(|score| Inference { score, evidence: vec!["same name".to_owned()] }),
        ..ForeignKey::default()
    }
}

fn column(position: u32) -> Column {
    Column {
        position,
        name: format!("field_{position:02}"),
        native_type: "character varying(40)".to_owned(),
        class: TypeClass::Text,
        nullable: position > 1,
        comment: Some("what is written in it".to_owned()),
        statistics: Some(Statistics {
            null_share: Some(0.25),
            distinct: Some(3.0),
            common: vec![CommonValue { value: "red".to_owned(), share: Some(0.5) }],
            ..Statistics::default()
        }),
        ..Column::default()
    }
}
