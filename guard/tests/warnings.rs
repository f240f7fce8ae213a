//! Each warning with a statement that raises it and one close by that does not; grouping as each engine takes it.

#![allow(clippy::panic, clippy::expect_used)] // helpers of tests fail by panicking, like the tests themselves

use catalog::{Catalog, Engine};
use guard::{Code, Policy, check};

const TABLES: &str = "
    CREATE TABLE farm (id integer PRIMARY KEY, name text NOT NULL, acres integer, code text, since date);
    CREATE TABLE cow (id integer PRIMARY KEY, farm_id integer NOT NULL REFERENCES farm (id), litres integer, born date);
    CREATE TABLE barn (id integer PRIMARY KEY, farm_id integer REFERENCES farm (id), stalls integer);
";

fn codes(engine: Engine, sql: &str) -> Vec<Code> {
    let catalog = Catalog::new(catalog::ddl::read(TABLES, engine).snapshot);
    let read = check(sql, &catalog, &Policy::default()).unwrap_or_else(|f| panic!("{sql}: {f:?}"));
    for warning in &read.report().warnings {
        assert!(warning.hint.is_some(), "{warning:?} says nothing to do");
    }
    read.report().warnings.iter().map(|w| w.code).collect()
}

fn fires(code: Code, sql: &str) {
    assert_eq!(codes(Engine::Postgres, sql), [code], "{sql}");
}

fn quiet(sql: &str) {
    assert_eq!(codes(Engine::Postgres, sql), [], "{sql}");
}

#[test]
fn sums_over_repeated_rows() {
    let (joined, both) = (
        "FROM farm f JOIN cow c ON c.farm_id = f.id",
        "FROM farm f JOIN cow c ON c.farm_id = f.id JOIN barn b ON b.farm_id = f.id",
    );
    fires(Code::W106, &format!("SELECT sum(f.acres) {joined}"));
    fires(Code::W106, &format!("SELECT sum(c.litres) {both}"));
    fires(Code::W106, &format!("SELECT count(c.id) {both}"));
    fires(Code::W106, "SELECT avg(f.acres * 2) FROM farm f, cow c WHERE f.id = c.farm_id");
    quiet(&format!("SELECT sum(c.litres) {joined}"));
    quiet(&format!("SELECT count(f.id) {joined}"));
    quiet(&format!("SELECT count(DISTINCT c.id) {both}"));
    quiet(&format!("SELECT sum(CASE WHEN f.acres > 5 THEN 1 ELSE 0 END) {joined}"));
    quiet(&format!("SELECT c.id, sum(f.acres) {joined} GROUP BY c.id"));
}

#[test]
fn comparisons_that_seldom_mean_what_they_say() {
    fires(Code::W102, "SELECT id FROM farm WHERE id NOT IN (SELECT farm_id FROM barn)");
    fires(Code::W102, "SELECT id FROM farm WHERE id NOT IN (1, NULL)");
    quiet("SELECT id FROM farm WHERE id NOT IN (SELECT farm_id FROM cow)");
    fires(Code::W112, "SELECT id FROM farm WHERE code = 7");
    quiet("SELECT id FROM farm WHERE code = '7'");
    fires(Code::W113, "SELECT id FROM cow WHERE born > '01/02/2024'");
    quiet("SELECT id FROM cow WHERE born > '2024-02-01'");
    quiet("SELECT id FROM cow WHERE born > '21/02/2024'");
}

#[test]
fn limits_and_ratios() {
    fires(Code::W110, "SELECT id FROM farm LIMIT 3");
    quiet("SELECT id FROM farm ORDER BY id LIMIT 3");
    quiet("SELECT count(*) FROM farm LIMIT 1");
    fires(Code::W111, "SELECT litres / stalls FROM cow JOIN barn ON cow.farm_id = barn.farm_id");
    quiet("SELECT litres * 1.0 / id FROM cow");
    quiet("SELECT acres / 10 FROM farm");
}

#[test]
fn columns_beside_aggregates_are_grouped() {
    let loose = "SELECT name, acres, count(*) FROM farm GROUP BY name";
    let catalog = Catalog::new(catalog::ddl::read(TABLES, Engine::Postgres).snapshot);
    let findings = check(loose, &catalog, &Policy::default()).expect_err("PostgreSQL refuses it");
    assert_eq!(findings[0].code, Code::G310);
    assert_eq!(findings[0].subject.as_deref(), Some("acres"));
    assert_eq!(codes(Engine::Sqlite, loose), [Code::W114]);
    for fine in [
        "SELECT name, count(*) FROM farm GROUP BY name",
        "SELECT f.name, f.acres, count(*) FROM farm f JOIN cow c ON c.farm_id = f.id GROUP BY f.id",
        "SELECT upper(name) AS n, count(*) FROM farm GROUP BY n ORDER BY n",
        "SELECT upper(name), count(*) FROM farm GROUP BY 1",
        "SELECT upper(name) || '!', count(*) FROM farm GROUP BY upper(name)",
        "SELECT name, sum(sum(acres)) OVER (ORDER BY name) FROM farm GROUP BY name",
        "SELECT name FROM farm GROUP BY name HAVING max(acres) > 3 ORDER BY count(*)",
    ] {
        assert_eq!(codes(Engine::Postgres, fine), [], "{fine}");
        assert_eq!(codes(Engine::Sqlite, fine), [], "{fine}");
    }
    assert_eq!(codes(Engine::Sqlite, "SELECT name, max(acres) FROM farm"), []);
}
