//! What the whole check costs beside a bare parse of the same text: by engine, by length, by size of the catalog.

use std::hint::black_box;

use catalog::{Catalog, Column, Engine, Snapshot, Table, TypeClass};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use guard::{Policy, check};
use sqlparser::dialect::{Dialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

/// Statements that every engine reads, from short to long.
const STATEMENTS: [(&str, &str); 4] = [
    ("short", "SELECT name, country FROM customers WHERE id = 42"),
    (
        "group",
        "SELECT country, count(*) AS customers FROM customers WHERE country IN ('NL', 'BE', 'DE') AND score > 10 \
         GROUP BY country HAVING count(*) > 5 ORDER BY customers DESC",
    ),
    (
        "join",
        "SELECT c.name, sum(o.total) AS spent, count(*) AS orders FROM customers AS c JOIN orders AS o ON \
         o.customer_id = c.id LEFT JOIN refunds AS r ON r.order_id = o.id WHERE o.placed_on >= '2024-01-01' AND r.id IS \
         NULL AND c.country IN ('NL', 'BE', 'DE') GROUP BY c.name HAVING sum(o.total) > 100 ORDER BY spent DESC",
    ),
    (
        "window",
        "WITH monthly AS (SELECT o.customer_id, o.month, sum(o.total) AS total FROM orders AS o GROUP BY \
         o.customer_id, o.month), ranked AS (SELECT m.customer_id, m.month, m.total, row_number() OVER (PARTITION BY \
         m.month ORDER BY m.total DESC) AS place, CASE WHEN m.total > 1000 THEN 'big' WHEN m.total > 100 THEN 'middle' \
         ELSE 'small' END AS class FROM monthly AS m) SELECT month, class, count(*) AS buyers, max(total) AS best FROM \
         ranked WHERE place <= 10 AND EXISTS (SELECT 1 FROM customers AS c WHERE c.id = ranked.customer_id AND \
         c.country = 'NL') GROUP BY month, class ORDER BY buyers DESC",
    ),
];

const ENGINES: [(Engine, &dyn Dialect); 5] = [
    (Engine::Postgres, &PostgreSqlDialect {}),
    (Engine::Sqlite, &SQLiteDialect {}),
    (Engine::Mysql, &MySqlDialect {}),
    (Engine::Mariadb, &MySqlDialect {}),
    (Engine::Mssql, &MsSqlDialect {}),
];

/// The tables of the statements among `count` others.
fn catalog(engine: Engine, count: usize) -> Catalog {
    let schema = match engine {
        Engine::Postgres => "public",
        Engine::Mssql => "dbo",
        Engine::Sqlite | Engine::Mysql | Engine::Mariadb | Engine::Mongodb => "main",
    };
    let table = |name: &str, columns: &[(&str, TypeClass)]| Table {
        schema: schema.to_owned(),
        name: name.to_owned(),
        columns: columns
            .iter()
            .map(|(name, class)| Column { name: (*name).to_owned(), class: *class, ..Column::default() })
            .collect(),
        ..Table::default()
    };
    use TypeClass::{Date, Decimal, Integer, Text};
    let customers = [("id", Integer), ("name", Text), ("country", Text), ("score", Integer)];
    let orders =
        [("id", Integer), ("customer_id", Integer), ("placed_on", Date), ("total", Decimal), ("month", Text)];
    let mut tables = vec![
        table("customers", &customers),
        table("orders", &orders),
        table("refunds", &[("id", Integer), ("order_id", Integer)]),
    ];
    tables.extend((3..count).map(|i| table(&format!("other_{i}"), &orders)));
    let search_path = vec![schema.to_owned()];
    Catalog::new(Snapshot { engine, search_path, tables, ..Snapshot::default() })
}

fn by_engine(criterion: &mut Criterion) {
    let policy = Policy { max_rows: Some(1000), ..Policy::default() };
    for (engine, dialect) in ENGINES {
        let catalog = catalog(engine, 50);
        let mut group = criterion.benchmark_group(engine.name());
        for (name, sql) in STATEMENTS {
            assert!(check(sql, &catalog, &policy).is_ok(), "{engine} refuses {name}");
            group.throughput(Throughput::Bytes(sql.len() as u64));
            group.bench_with_input(BenchmarkId::new("parse", name), sql, |b, sql| {
                b.iter(|| Parser::parse_sql(dialect, black_box(sql)));
            });
            group.bench_with_input(BenchmarkId::new("check", name), sql, |b, sql| {
                b.iter(|| check(black_box(sql), &catalog, &policy));
            });
        }
        group.finish();
    }
}

/// Statements of one shape up to the cap: the time for a byte must stay the same.
fn by_length(criterion: &mut Criterion) {
    let catalog = catalog(Engine::Postgres, 50);
    let policy = Policy::default();
    let mut group = criterion.benchmark_group("length");
    for items in [10, 100, 400, 900] {
        let list: Vec<String> = (0..items).map(|i| format!("coalesce(o.total, {i}) AS c{i}")).collect();
        let sql = format!("SELECT {} FROM orders AS o WHERE o.id > 7", list.join(", "));
        assert!(check(&sql, &catalog, &policy).is_ok(), "{items} items are refused");
        group.throughput(Throughput::Bytes(sql.len() as u64));
        group.bench_with_input(BenchmarkId::new("check", sql.len()), &sql, |b, sql| {
            b.iter(|| check(black_box(sql), &catalog, &policy));
        });
    }
    group.finish();
}

/// The same statement among few and among many tables.
fn by_catalog(criterion: &mut Criterion) {
    let policy = Policy::default();
    let mut group = criterion.benchmark_group("catalog");
    for tables in [50, 10_000] {
        let catalog = catalog(Engine::Postgres, tables);
        for (name, sql) in STATEMENTS {
            group.bench_with_input(BenchmarkId::new(name, tables), sql, |b, sql| {
                b.iter(|| check(black_box(sql), &catalog, &policy));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, by_engine, by_length, by_catalog);
criterion_main!(benches);
