//! Statements that a fuzzer found: each was once refused, changed or misread, and must not be again.

#![allow(clippy::panic)] // helpers of tests fail by panicking, like the tests themselves

use catalog::{Catalog, Engine};
use guard::{Policy, check};

/// The canonical text, which must be its own canonical text.
fn canonical(sql: &str, engine: Engine) -> String {
    let (catalog, policy) = (Catalog::empty(engine), Policy { syntax_only: true, ..Policy::default() });
    let accept = |sql: &str| match check(sql, &catalog, &policy) {
        Ok(read) => read.sql().to_owned(),
        Err(findings) => panic!("{sql}\n{findings:?}"),
    };
    let text = accept(sql);
    assert_eq!(accept(&text), text, "{sql}");
    text
}

#[test]
fn a_grouping_set_may_be_one_value_in_brackets() {
    let sql = "SELECT a FROM t GROUP BY GROUPING SETS (a, ((SELECT min(b) FROM t)))";
    assert!(canonical(sql, Engine::Postgres).ends_with("(\"a\", ((SELECT min(\"b\") FROM \"t\")))"));
    let rollup = canonical("SELECT 1 FROM t GROUP BY ROLLUP ((a + 1), b)", Engine::Postgres);
    assert!(rollup.ends_with("ROLLUP ((\"a\" + 1), \"b\")"), "{rollup}");
}
