//! Retrieval over a catalog of ten thousand tables: building the index once, narrowing for each question.

use std::sync::Arc;

use catalog::{Catalog, Column, Engine, ForeignKey, Snapshot, Table};
use criterion::{Criterion, criterion_group, criterion_main};
use querent::index::Index;

const TABLES: usize = 10_000;
const QUESTION: &str = "How many invoices were paid late by customers in each region of department 7?";

/// Subjects and parts that names are put together from.
const SUBJECTS: &[&str] =
    &["invoice", "customer", "region", "shipment", "ledger", "employee", "sensor", "contract"];
const PARTS: &[&str] = &["header", "line", "status", "payment", "archive", "note", "address", "reading"];

fn table(number: usize) -> Table {
    let subject = SUBJECTS[number % SUBJECTS.len()];
    let part = PARTS[number / SUBJECTS.len() % PARTS.len()];
    let department = number / (SUBJECTS.len() * PARTS.len());
    let columns = ["id", "parent_id", "name", "paid_at", "amount", "state"];
    Table {
        schema: format!("department_{department}"),
        name: format!("{subject}_{part}"),
        columns: columns
            .iter()
            .map(|name| Column { name: (*name).to_owned(), ..Column::default() })
            .collect(),
        foreign_keys: vec![ForeignKey {
            columns: vec!["parent_id".to_owned()],
            to_schema: format!("department_{department}"),
            to_table: format!("{subject}_header"),
            to_columns: vec!["id".to_owned()],
            ..ForeignKey::default()
        }],
        ..Table::default()
    }
}

fn index(c: &mut Criterion) {
    let tables = (0..TABLES).map(table).collect();
    let catalog =
        Arc::new(Catalog::new(Snapshot { engine: Engine::Postgres, tables, ..Snapshot::default() }));
    let mut group = c.benchmark_group("index of 10,000 tables");
    group.sample_size(10);
    group.bench_function("build", |b| b.iter(|| Index::build(catalog.clone())));
    let built = Index::build(catalog.clone());
    group.bench_function("narrow to 60", |b| b.iter(|| built.narrow(QUESTION, 60)));
    group.finish();
}

criterion_group!(benches, index);
criterion_main!(benches);
