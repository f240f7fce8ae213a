//! Products of rows that nothing can finish: refused however the relations are written, and honest ones are not.

#![allow(clippy::panic, clippy::expect_used)] // helpers of tests fail by panicking, like the tests themselves

use catalog::{Catalog, Engine};
use guard::{Code, Policy, check};

const TABLES: &str = "CREATE TABLE visit (id integer PRIMARY KEY, page integer, spent integer);
    CREATE TABLE page (id integer PRIMARY KEY, title varchar(50));";

fn verdict(engine: Engine, sql: &str) -> Result<(), Vec<Code>> {
    let catalog = Catalog::new(catalog::ddl::read(TABLES, engine).snapshot);
    let found = check(sql, &catalog, &Policy::default());
    found.map(|_| ()).map_err(|findings| findings.into_iter().map(|f| f.code).collect())
}

const ENGINES: [Engine; 4] = [Engine::Postgres, Engine::Mysql, Engine::Mssql, Engine::Sqlite];

#[test]
fn products_are_refused_in_every_dress() {
    let rows = "(SELECT id FROM visit)";
    for engine in ENGINES {
        for sql in [
            "SELECT count(*) FROM visit a, visit b, visit c, visit d".to_owned(),
            format!("SELECT count(*) FROM {rows} a, {rows} b, {rows} c, {rows} d"),
            format!("SELECT count(*) FROM {rows} a CROSS JOIN {rows} b CROSS JOIN visit c CROSS JOIN {rows} d"),
            "WITH v AS (SELECT id FROM visit) SELECT count(*) FROM v a, v b, v c, v d".to_owned(),
            "WITH v AS (SELECT id FROM visit UNION ALL SELECT id FROM page) SELECT count(*) FROM v a, v b, v c, v d"
                .to_owned(),
            "SELECT count(*) FROM (SELECT page, sum(spent) AS s FROM visit GROUP BY page) a, visit b, visit c, visit d"
                .to_owned(),
        ] {
            assert_eq!(verdict(engine, &sql), Err(vec![Code::G303]), "{engine}: {sql}");
        }
    }
    let applied = "SELECT count(*) FROM visit a CROSS APPLY (SELECT * FROM visit) b \
         CROSS APPLY (SELECT * FROM visit) c CROSS APPLY (SELECT a.id FROM visit a) d";
    assert_eq!(verdict(Engine::Mssql, applied), Err(vec![Code::G303]));
    let lateral = "SELECT count(*) FROM visit a, LATERAL (SELECT * FROM visit) b, LATERAL (SELECT * FROM visit) c, \
         LATERAL (SELECT * FROM visit) d";
    assert_eq!(verdict(Engine::Postgres, lateral), Err(vec![Code::G303]));
}

#[test]
fn few_rows_side_by_side_are_not_products() {
    let one = "(SELECT count(*) AS n FROM visit)";
    for engine in ENGINES {
        for sql in [
            format!("SELECT a.n, b.n, c.n, d.n FROM {one} a, {one} b, {one} c, {one} d"),
            "WITH t AS (SELECT sum(spent) AS s FROM visit) SELECT v.id FROM visit v, t a, t b, t c, t d".to_owned(),
            "WITH p AS (SELECT page, sum(spent) AS s FROM visit GROUP BY page) \
             SELECT a.s FROM p a JOIN p b ON a.page = b.page JOIN p c ON b.page = c.page JOIN p d ON d.page = c.page"
                .to_owned(),
            "SELECT a.k FROM (SELECT 1 AS k UNION ALL SELECT 2) a, (SELECT 1 AS k) b, (SELECT 2 AS k) c, (SELECT 3 AS k) d"
                .to_owned(),
        ] {
            assert_eq!(verdict(engine, &sql), Ok(()), "{engine}: {sql}");
        }
    }
    for (engine, sql) in [
        (
            Engine::Postgres,
            "SELECT p.id FROM page p, LATERAL (SELECT v.id FROM visit v WHERE v.page = p.id) a, \
            LATERAL (SELECT id FROM visit WHERE page = p.id) b, LATERAL (SELECT max(spent) FROM visit WHERE page = title::int) c, visit d \
            WHERE d.page = p.id",
        ),
        (
            Engine::Mssql,
            "SELECT p.id FROM page p CROSS APPLY (SELECT TOP 1 id FROM visit WHERE page = p.id) a \
            OUTER APPLY (SELECT v.id FROM visit v WHERE v.page = p.id) b OUTER APPLY (SELECT v.id FROM visit v WHERE v.page = b.id) c",
        ),
    ] {
        assert_eq!(verdict(engine, sql), Ok(()), "{engine}: {sql}");
    }
}
