//! PostgreSQL's rarer forms of reads: what they become, and what of them stays refused.

// Helpers of tests fail by panicking.
#![allow(clippy::expect_used, clippy::panic)]

use catalog::{Catalog, Engine, ddl};
use guard::{Code, Policy, ReadOnly, check};

const TABLES: &str = "CREATE TABLE boat (id int PRIMARY KEY, name text, berth int, built date, log jsonb);
    CREATE TABLE trip (id int PRIMARY KEY, boat_id int REFERENCES boat, parent int, miles numeric, note text);";

fn harbour() -> Catalog {
    Catalog::new(ddl::read(TABLES, Engine::Postgres).snapshot)
}

fn read(sql: &str) -> ReadOnly {
    check(sql, &harbour(), &Policy::default()).unwrap_or_else(|f| panic!("{sql:?}: {f:?}"))
}

fn refused(sql: &str) -> Code {
    match check(sql, &harbour(), &Policy::default()) {
        Ok(read) => panic!("accepted: {}", read.sql()),
        Err(findings) => findings.first().expect("a refusal has a finding").code,
    }
}

fn holds(sql: &str, part: &str) {
    let text = read(sql).sql().replace('\n', " ");
    assert!(text.contains(part), "{sql:?} became {text:?}");
}

#[test]
fn exists_takes_an_empty_list() {
    holds(
        "SELECT name FROM boat b WHERE EXISTS (SELECT FROM trip t WHERE t.boat_id = b.id)",
        "EXISTS (SELECT 1 FROM ",
    );
    assert_eq!(refused("SELECT FROM boat"), Code::G010);
    assert_eq!(refused("SELECT name FROM boat WHERE id IN (SELECT FROM trip)"), Code::G010);
}

#[test]
fn json_is_tested_for_its_kind() {
    holds("SELECT note IS JSON VALUE FROM trip", "IS JSON FROM");
    holds("SELECT note IS NOT JSON OBJECT WITH UNIQUE KEYS FROM trip", "IS NOT JSON OBJECT WITH UNIQUE KEYS");
    holds("SELECT note IS JSON ARRAY WITHOUT UNIQUE FROM trip", "IS JSON ARRAY FROM");
    holds("SELECT note IS JSON SCALAR FROM trip", "IS JSON SCALAR FROM");
}

#[test]
fn text_is_tested_for_its_normal_form() {
    holds("SELECT name IS NORMALIZED FROM boat", "IS NFC NORMALIZED");
    holds("SELECT name IS NOT NFKD NORMALIZED FROM boat", "IS NOT NFKD NORMALIZED");
}

#[test]
fn many_patterns_at_once() {
    holds("SELECT id FROM boat WHERE name LIKE ANY (ARRAY['a%', 'b%'])", "~~ ANY (ARRAY['a%', 'b%'])");
    holds("SELECT id FROM boat WHERE name NOT ILIKE ALL ('{a%,b%}'::text[])", "!~~* ALL (");
    holds("SELECT id FROM boat WHERE name ILIKE SOME (ARRAY['a%'])", "~~* ANY (");
    holds("SELECT id FROM boat WHERE name LIKE ANY (SELECT note FROM trip)", "~~ ANY (SELECT ");
    assert_eq!(refused("SELECT id FROM boat WHERE name LIKE ANY ('a%', 'b%')"), Code::G201);
    assert_eq!(refused("SELECT id FROM boat WHERE name LIKE ANY (ARRAY['a']) ESCAPE 'x'"), Code::G201);
}

#[test]
fn an_operator_of_the_server_by_its_full_name() {
    holds("SELECT 1 OPERATOR(pg_catalog.+) 2 * 3", "SELECT 1 + 2 * 3");
    holds("SELECT 1 * 2 OPERATOR(pg_catalog.*) 3 + 4", "SELECT 1 * 2 * (3 + 4)");
    holds("SELECT id FROM boat WHERE name OPERATOR(pg_catalog.~~) 'a%'", "~~ 'a%'");
    assert_eq!(refused("SELECT 1 OPERATOR(public.+) 2"), Code::G202);
    assert_eq!(refused("SELECT 1 OPERATOR(+) 2"), Code::G202);
}

#[test]
fn a_join_under_a_name_of_its_own() {
    let sql = "SELECT j.name, j.miles FROM (boat b JOIN trip t USING (id)) AS j WHERE j.miles > 3";
    holds(sql, "FROM (SELECT * FROM \"public\".\"boat\" AS \"b\" JOIN");
    holds("SELECT j.x FROM (boat JOIN trip USING (id)) AS j(x)", "AS \"j\" (\"x\")");
    assert_eq!(refused("SELECT b.name FROM (boat b JOIN trip t USING (id)) AS j"), Code::G103);
}

#[test]
fn grouping_by_nothing_and_by_all() {
    holds("SELECT count(*) FROM trip GROUP BY ()", "GROUP BY GROUPING SETS (())");
    holds("SELECT boat_id, count(*) FROM trip GROUP BY ALL boat_id", "GROUP BY \"trip\".\"boat_id\"");
}

#[test]
fn sorting_by_an_operator() {
    holds(
        "SELECT id FROM boat ORDER BY name USING > NULLS LAST LIMIT 3",
        "ORDER BY \"boat\".\"name\" DESC NULLS LAST",
    );
    holds("SELECT id FROM boat ORDER BY name USING < LIMIT 3", "ORDER BY \"boat\".\"name\" ASC");
}
