//! SEARCH and CYCLE of PostgreSQL's recursive expressions: read, resolved and written back.

#![allow(clippy::panic, clippy::expect_used)] // helpers of tests fail by panicking, like the tests themselves

use catalog::{Catalog, Engine};
use guard::{Code, Policy, ReadOnly, check};

const TABLES: &str =
    "CREATE TABLE part (id integer PRIMARY KEY, whole integer REFERENCES part (id), name text, secret text);";

fn verdict(sql: &str) -> Result<ReadOnly, Vec<Code>> {
    under(sql, &Policy::default())
}

fn under(sql: &str, policy: &Policy) -> Result<ReadOnly, Vec<Code>> {
    let catalog = Catalog::new(catalog::ddl::read(TABLES, Engine::Postgres).snapshot);
    check(sql, &catalog, policy).map_err(|findings| findings.into_iter().map(|f| f.code).collect())
}

const TREE: &str = "WITH RECURSIVE t AS (SELECT id, name FROM part WHERE whole IS NULL \
     UNION ALL SELECT p.id, p.name FROM part p JOIN t ON p.whole = t.id)";

#[test]
fn walks_are_kept() {
    for (clause, columns) in [
        ("SEARCH DEPTH FIRST BY id SET way", 3),
        ("SEARCH BREADTH FIRST BY name, id SET way", 3),
        ("CYCLE id SET again USING path", 4),
        ("CYCLE id SET again TO 'Y' DEFAULT 'N' USING path", 4),
        ("SEARCH DEPTH FIRST BY id SET way CYCLE id, name SET again USING path", 5),
    ] {
        let sql = format!("{TREE} {clause} SELECT * FROM t");
        let read = verdict(&sql).unwrap_or_else(|f| panic!("{sql}: {f:?}"));
        let words: Vec<&str> =
            clause.split_whitespace().filter(|w| w.chars().all(char::is_uppercase)).collect();
        assert!(words.iter().all(|w| read.sql().contains(w)), "{}", read.sql());
        assert_eq!(read.report().output.len(), columns, "{sql}");
        let again = verdict(read.sql()).expect("the canonical text is accepted");
        assert_eq!(again.sql(), read.sql());
    }
    let sorted = format!("{TREE} SEARCH DEPTH FIRST BY id SET way SELECT name FROM t ORDER BY way");
    assert!(verdict(&sorted).is_ok());
    let two = format!(
        "{TREE} CYCLE id SET again USING path, u AS (SELECT id FROM part) SELECT t.id FROM t JOIN u USING (id) WHERE NOT again"
    );
    assert!(verdict(&two).is_ok(), "{:?}", verdict(&two));
}

#[test]
fn what_they_name_must_be_there() {
    let policy = Policy { hidden_columns: vec!["part.secret".to_owned()], ..Policy::default() };
    let refused = |clause: &str, rest: &str| under(&format!("{TREE} {clause} {rest}"), &policy).err();
    assert_eq!(refused("SEARCH DEPTH FIRST BY nam SET way", "SELECT id FROM t"), Some(vec![Code::G101]));
    assert_eq!(refused("SEARCH DEPTH FIRST BY secret SET way", "SELECT id FROM t"), Some(vec![Code::G101]));
    assert_eq!(refused("SEARCH DEPTH FIRST BY id SET name", "SELECT id FROM t"), Some(vec![Code::G102]));
    assert!(refused("CYCLE id SET again TO pg_sleep(1) DEFAULT 0 USING path", "SELECT id FROM t").is_some());
    assert!(refused("SEARCH DEPTH FIRST BY id", "SELECT id FROM t").is_some());
    for elsewhere in [
        "SELECT (1) CYCLE id SET again USING path",
        "WITH t AS (SELECT id FROM part) SEARCH DEPTH FIRST BY id SET way SELECT id FROM t",
        "SELECT id FROM (SELECT id FROM part) SEARCH DEPTH FIRST BY id SET way",
        "SELECT id FROM part WHERE id IN (1) SEARCH DEPTH FIRST BY id SET way, x AS (DELETE FROM part) SELECT 1",
    ] {
        assert!(verdict(elsewhere).is_err(), "{elsewhere}");
    }
}
