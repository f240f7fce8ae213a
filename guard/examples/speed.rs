//! How long checks take beside a bare parse of the same statements: `speed FILE.jsonl --engine ENGINE [--ddl SCHEMA.sql]`.
//! Each statement is timed alone, the best of several runs; statements that are refused are timed too, but apart.

use std::hint::black_box;
use std::time::{Duration, Instant};

use catalog::{Catalog, Engine, ddl};
use guard::{Policy, check};
use sqlparser::dialect::{Dialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

/// Runs of one statement, of which the fastest counts.
const RUNS: usize = 5;

fn main() -> Result<(), String> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let after = |flag: &str| args.iter().position(|a| a == flag).and_then(|at| args.get(at + 1));
    let usage = "usage: speed FILE.jsonl --engine ENGINE [--ddl SCHEMA.sql]";
    let file = args.first().ok_or(usage)?;
    let engine = after("--engine").and_then(|name| Engine::parse(name)).ok_or(usage)?;
    let text = std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
    let catalog = match after("--ddl") {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
            Catalog::new(ddl::read(&text, engine).snapshot)
        }
        None => Catalog::empty(engine),
    };
    let policy = Policy { syntax_only: after("--ddl").is_none(), ..Policy::default() };
    measure(&statements(&text, engine), &catalog, &policy);
    Ok(())
}

/// The statements of a file of JSON lines that are for the engine.
fn statements(text: &str, engine: Engine) -> Vec<String> {
    let of_line = |line: &str| {
        let value = serde_json::from_str::<serde_json::Value>(line).ok()?;
        let other = value.get("engine").and_then(|e| e.as_str()).and_then(Engine::parse);
        let fits = other.is_none_or(|other| other == engine);
        let sql = ["sql", "gold_sql", "query", "gold"].into_iter().find_map(|key| value.get(key)?.as_str());
        sql.filter(|_| fits).map(str::to_owned)
    };
    text.lines().filter_map(of_line).collect()
}

fn measure(statements: &[String], catalog: &Catalog, policy: &Policy) {
    let engine = catalog.engine();
    let dialect = dialect_of(engine);
    let (mut accepted, mut refused, mut parsed) = (Vec::new(), Vec::new(), Vec::new());
    for sql in statements {
        let check = || check(black_box(sql), catalog, policy).is_ok();
        // the first run fills what is made once
        let kept = check();
        let time = fastest(check);
        if kept {
            accepted.push(time);
            parsed.push(fastest(|| Parser::parse_sql(dialect, black_box(sql)).is_ok()));
        } else {
            refused.push(time);
        }
    }
    println!("{engine}: {} statements, {} accepted", statements.len(), accepted.len());
    report("bare parse of accepted", &mut parsed);
    report("check of accepted", &mut accepted);
    report("check of refused", &mut refused);
    let ratio = total(&accepted).as_secs_f64() / total(&parsed).as_secs_f64().max(1e-9);
    println!("check / bare parse: {ratio:.2}");
}

fn fastest(mut work: impl FnMut() -> bool) -> Duration {
    let one = |work: &mut dyn FnMut() -> bool| {
        let started = Instant::now();
        black_box(work());
        started.elapsed()
    };
    (0..RUNS).map(|_| one(&mut work)).min().unwrap_or_default()
}

fn total(times: &[Duration]) -> Duration {
    times.iter().sum()
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort();
    let at =
        |share: usize| times.get(times.len().saturating_sub(1) * share / 100).copied().unwrap_or_default();
    println!(
        "{what:>24}: total {:?}, median {:?}, 99th percentile {:?}, longest {:?}",
        total(times),
        at(50),
        at(99),
        at(100)
    );
}

fn dialect_of(engine: Engine) -> &'static dyn Dialect {
    match engine {
        Engine::Postgres => &PostgreSqlDialect {},
        Engine::Sqlite => &SQLiteDialect {},
        Engine::Mysql | Engine::Mariadb => &MySqlDialect {},
        Engine::Mssql | Engine::Mongodb => &MsSqlDialect {},
    }
}
