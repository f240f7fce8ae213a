//! What the whole check costs beside a bare parse of the same text.

use std::hint::black_box;

use catalog::{Catalog, Engine};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use guard::{Policy, check};
use sqlparser::dialect::{Dialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

const STATEMENTS: [(&str, &str); 3] = [
    (
        "short",
        "SELECT name, count(*) FROM customers WHERE country = 'NL' GROUP BY name ORDER BY 2 DESC LIMIT 10",
    ),
    (
        "join",
        "SELECT c.name, sum(o.total) AS spent FROM customers AS c JOIN orders AS o ON o.customer_id = c.id \
         LEFT JOIN refunds AS r ON r.order_id = o.id WHERE o.placed_at >= '2024-01-01' AND r.id IS NULL \
         AND c.country IN ('NL', 'BE', 'DE') GROUP BY c.name HAVING sum(o.total) > 100 ORDER BY spent DESC LIMIT 20",
    ),
    (
        "window",
        "WITH monthly AS (SELECT customer_id, substr(placed_at, 1, 7) AS month, sum(total) AS total FROM orders \
         GROUP BY customer_id, substr(placed_at, 1, 7)), ranked AS (SELECT m.*, row_number() OVER (PARTITION BY month \
         ORDER BY total DESC) AS place, CASE WHEN total > 1000 THEN 'big' WHEN total > 100 THEN 'middle' ELSE 'small' \
         END AS class FROM monthly AS m) SELECT month, class, count(*), max(total) FROM ranked WHERE place <= 10 \
         AND EXISTS (SELECT 1 FROM customers AS c WHERE c.id = ranked.customer_id) GROUP BY month, class",
    ),
];

fn whole_check(criterion: &mut Criterion) {
    let engines: [(Engine, &dyn Dialect); 2] =
        [(Engine::Postgres, &PostgreSqlDialect {}), (Engine::Sqlite, &SQLiteDialect {})];
    let policy = Policy { syntax_only: true, ..Policy::default() };
    for (engine, dialect) in engines {
        let catalog = Catalog::empty(engine);
        let mut group = criterion.benchmark_group(engine.name());
        for (name, sql) in STATEMENTS {
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

criterion_group!(benches, whole_check);
criterion_main!(benches);
