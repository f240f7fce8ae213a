//! Text made to break a parser: every case must be answered, on a small stack, without aborting the process.

// Helpers of tests fail by panicking.
#![allow(clippy::expect_used, clippy::panic)]

use catalog::{Catalog, Engine};
use guard::{Code, Policy, check};

/// Runs on a thread with the stack that an async runtime gives its workers.
fn on_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    thread.spawn(work).expect("a thread").join().expect("no panic")
}

fn policy(max_bytes: usize) -> Policy {
    Policy { syntax_only: true, max_bytes, ..Policy::default() }
}

/// Each shape repeated `n` times; none may abort, whatever the answer.
fn shapes(n: usize) -> Vec<String> {
    let around = |open: &str, middle: &str, close: &str| {
        format!("SELECT {}{middle}{}", open.repeat(n), close.repeat(n))
    };
    vec![
        format!("SELECT 1{}", "+1".repeat(n)),
        format!("SELECT 1{}", " AND 1".repeat(n)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(n)),
        format!("SELECT 1{}", " UNION ALL VALUES (1)".repeat(n)),
        format!("SELECT 1{}", " IS NOT NULL".repeat(n)),
        format!("SELECT 1{}", " ISNULL".repeat(n)),
        format!("SELECT 1{}", " IS DISTINCT FROM 1".repeat(n)),
        format!("SELECT 1{}", " COLLATE \"C\"".repeat(n)),
        format!("SELECT a{}", "::int".repeat(n)),
        format!("SELECT a{}", "[1]".repeat(n)),
        format!("SELECT a{}", ".b".repeat(n)),
        format!("SELECT limit{}", " + limit".repeat(n)),
        format!("SELECT 1 + f() WITHIN GROUP (ORDER BY 1){}", " + f() WITHIN GROUP (ORDER BY 1)".repeat(n)),
        format!("SELECT now(){}", " AT TIME ZONE 'utc'".repeat(n)),
        format!("SELECT * FROM a{}", " JOIN b ON true".repeat(n)),
        format!("SELECT * FROM a{}", " NATURAL JOIN b".repeat(n)),
        format!("SELECT * FROM a{}", " CROSS JOIN b".repeat(n)),
        format!("SELECT {}1", "NOT ".repeat(n)),
        format!("SELECT {}1", "- ".repeat(n)),
        format!("SELECT {}1", "~ ".repeat(n)),
        format!("SELECT {}", "interval ".repeat(n)),
        format!("SELECT {}", "case ".repeat(n)),
        format!("SELECT case{}", "-case".repeat(n)),
        format!("SELECT {}", "f(".repeat(n)),
        format!("WITH {}", "a AS (WITH ".repeat(n)),
        around("(", "1", ")"),
        around("(SELECT ", "1", ")"),
        around("CASE WHEN 1 THEN ", "1", " END"),
        around("CASE ", "1", " WHEN 1 THEN 1 END"),
        around("f(", "1", ")"),
        around("CAST(", "1", " AS int)"),
        around("ARRAY[", "1", "]"),
        around("EXISTS (SELECT ", "1", ")"),
        around("1 IN (", "1", ")"),
        around("(1 + ", "1", ") + 1 + 1"),
        format!("SELECT * FROM {}a{}", "(".repeat(n), " JOIN b ON true)".repeat(n)),
        format!("SELECT * FROM {}t{}", "(SELECT * FROM ".repeat(n), ")".repeat(n)),
        format!("SELECT * FROM a{}", " CROSS APPLY b".repeat(n)),
        format!("SELECT * FROM a{}", " PIVOT (SUM(b) FOR c IN (d)) AS e".repeat(n)),
        format!("SELECT a{} FROM b", ".query('c')".repeat(n)),
        format!("SELECT 1 FROM a {}", "FOR SYSTEM_TIME ALL ".repeat(n)),
        format!("SELECT 1 {}", "OPTION (RECOMPILE) ".repeat(n)),
        "/* /* ".repeat(n),
        "(".repeat(n),
        "[".repeat(n),
        "SELECT ".repeat(n),
        "'".repeat(n),
        "\"".repeat(n),
        "$".repeat(n),
        "/*".repeat(n),
        ";".repeat(n),
    ]
}

fn answer(engine: Engine, sizes: &'static [usize], max_bytes: usize) {
    on_small_stack(move || {
        let catalog = Catalog::empty(engine);
        for n in sizes {
            for sql in shapes(*n) {
                let _ = check(&sql, &catalog, &policy(max_bytes));
            }
        }
    });
}

#[test]
fn hostile_shapes_are_answered_on_a_small_stack() {
    answer(Engine::Postgres, &[1, 63, 450, 2000], 32 * 1024);
    answer(Engine::Sqlite, &[1, 63, 450, 2000], 32 * 1024);
    answer(Engine::Mssql, &[1, 63, 450, 2000], 32 * 1024);
}

#[test]
fn huge_chains_are_refused_even_when_a_policy_allows_long_text() {
    answer(Engine::Postgres, &[20_000], 4 * 1024 * 1024);
    answer(Engine::Sqlite, &[20_000], 4 * 1024 * 1024);
    answer(Engine::Mssql, &[20_000], 4 * 1024 * 1024);
}

#[test]
fn chains_up_to_the_cap_are_accepted() {
    let long = format!("SELECT 1{}", "+1".repeat(450));
    let accepted =
        on_small_stack(move || check(&long, &Catalog::empty(Engine::Postgres), &policy(32 * 1024)).is_ok());
    assert!(accepted);
}

#[test]
fn size_nesting_and_chains_have_their_own_code() {
    let catalog = Catalog::empty(Engine::Postgres);
    let cases = [
        format!("SELECT '{}'", "x".repeat(40_000)),
        format!("SELECT {}1{}", "(".repeat(100), ")".repeat(100)),
        format!("SELECT 1{}", " OR 1=1".repeat(600)),
        format!("SELECT limit{}", " + limit".repeat(600)),
        format!("SELECT 1{}", " IS DISTINCT FROM 1".repeat(600)),
    ];
    for sql in cases {
        let findings = check(&sql, &catalog, &policy(32 * 1024)).expect_err("refused");
        assert_eq!(findings[0].code, Code::G002, "{}", &sql[..60]);
    }
}
