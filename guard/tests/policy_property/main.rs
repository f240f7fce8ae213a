//! Nothing that a caller may not see changes the result of a statement: generated statements run on two databases that
//! differ only in that, on a real engine.

#![allow(clippy::panic, clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing)]

mod generate;
mod oracle;
mod twins;

use std::sync::atomic::{AtomicUsize, Ordering};

use catalog::{Catalog, Engine, TableKind};
use generate::Dialect;
use guard::policy::{How, Mask, RowFilter};
use guard::{Policy, check};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use rusqlite::Connection;
use rusqlite::types::Value;
use twins::{SCHEMA, Twins, VIEWS};

/// Statements on one pair of databases.
const STATEMENTS: usize = 16;
/// Accepted statements of an ordinary run at the least.
const ENOUGH: usize = 2_000;

pub(crate) fn policy() -> Policy {
    let mask = |columns: &str, how| Mask { columns: vec![columns.into()], sensitivity: Vec::new(), how };
    let filter =
        |table: &str, predicate: &str| RowFilter { table: table.into(), predicate: predicate.into() };
    Policy {
        hidden_tables: vec!["vault".into()],
        hidden_columns: vec!["customers.secret".into(), "orders.note".into()],
        masks: vec![
            mask("customers.email", How::Partial { keep_last: 2 }),
            mask("customers.phone", How::Null),
        ],
        row_filters: vec![
            filter("customers", "secret NOT LIKE 'x%'"),
            filter("orders", "note NOT LIKE 'x%'"),
        ],
        ..Policy::default()
    }
}

pub(crate) fn ddl() -> Vec<String> {
    let tables = SCHEMA.iter().map(|s| (*s).to_owned());
    let views = VIEWS
        .iter()
        .map(|(name, text, columns)| format!("CREATE VIEW {name} ({}) AS {text}", columns.join(", ")));
    tables.chain(views).collect()
}

pub(crate) fn catalog() -> Catalog {
    let snapshot = catalog::ddl::read(&ddl().join(";\n"), Engine::Sqlite).snapshot;
    assert_eq!(snapshot.tables.iter().filter(|t| t.kind == TableKind::View).count(), VIEWS.len());
    Catalog::new(snapshot)
}

fn database(rows: &[String]) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    for statement in ddl().iter().chain(rows) {
        connection.execute(statement, []).unwrap_or_else(|e| panic!("{statement}: {e}"));
    }
    connection
}

/// Rows as text, or the error's words.
fn run(connection: &Connection, sql: &str, ordered: bool) -> Result<Vec<String>, String> {
    let mut statement = connection.prepare(sql).map_err(|e| e.to_string())?;
    let width = statement.column_count();
    let mut rows = statement.query([]).map_err(|e| e.to_string())?;
    let mut out = Vec::new();
    while let Some(row) = rows.next().map_err(|e| e.to_string())? {
        let cells: Vec<Value> = (0..width).map(|i| row.get(i).unwrap()).collect();
        out.push(format!("{cells:?}"));
    }
    if !ordered {
        out.sort();
    }
    Ok(out)
}

#[derive(Default)]
struct Tally {
    made: AtomicUsize,
    accepted: AtomicUsize,
    rows: AtomicUsize,
    failed: AtomicUsize,
}

fn twins_agree(
    catalog: &Catalog,
    policy: &Policy,
    rows: &[u16],
    statements: &[Vec<u16>],
    tally: &Tally,
) -> Result<(), TestCaseError> {
    let twins = Twins::new(rows, "-9223372036854775808");
    let [one, other] = [database(&twins.rows[0]), database(&twins.rows[1])];
    for choices in statements {
        let made = generate::query(Dialect::Sqlite, choices);
        tally.made.fetch_add(1, Ordering::Relaxed);
        let Ok(read) = check(&made.sql, catalog, policy) else { continue };
        tally.accepted.fetch_add(1, Ordering::Relaxed);
        let (a, b) = (run(&one, read.sql(), made.ordered), run(&other, read.sql(), made.ordered));
        match &a {
            Ok(rows) => tally.rows.fetch_add(usize::from(!rows.is_empty()), Ordering::Relaxed),
            Err(_) => tally.failed.fetch_add(1, Ordering::Relaxed),
        };
        if a != b {
            let text = format!("{}\nruns as {}\ngives {a:?}\nand   {b:?}", made.sql, read.sql());
            return Err(TestCaseError::fail(text));
        }
    }
    Ok(())
}

#[test]
fn what_is_not_seen_changes_no_result() {
    let cases: u32 = std::env::var("QUERENT_POLICY_STATEMENTS")
        .ok()
        .and_then(|n| n.parse::<u32>().ok())
        .map_or(180, |n| n / STATEMENTS as u32);
    let (catalog, policy, tally) = (catalog(), policy(), Tally::default());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let strategy = (vec(any::<u16>(), 0..200), vec(vec(any::<u16>(), 0..120), STATEMENTS));
    let outcome = TestRunner::new(config)
        .run(&strategy, |(rows, statements)| twins_agree(&catalog, &policy, &rows, &statements, &tally));
    let count = |n: &AtomicUsize| n.load(Ordering::Relaxed);
    println!(
        "{} made, {} accepted, {} gave rows, {} failed on the engine",
        count(&tally.made),
        count(&tally.accepted),
        count(&tally.rows),
        count(&tally.failed)
    );
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, _)) => panic!("{why}"),
        Err(other) => panic!("{other}"),
    }
    assert!(count(&tally.accepted) >= ENOUGH, "too few statements were accepted");
    assert!(count(&tally.rows) * 2 > count(&tally.accepted), "too few statements gave rows");
}
