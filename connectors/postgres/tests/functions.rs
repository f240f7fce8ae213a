//! Every function that a real server has, its own and those of the extensions at hand, has been judged by the guard.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use catalog::{Catalog, Engine};
use connector_api::{Connector, CrawlOptions, Limits};
use connector_postgres::PostgresConnector;
use futures::TryStreamExt;
use guard::functions::{Judgement, of};
use support::Database;

/// Makes every extension that the server can install; those that need more than that are passed over.
const INSTALL: &str = "DO $$ DECLARE e name; BEGIN \
    FOR e IN SELECT name FROM pg_available_extensions ORDER BY name LOOP \
      BEGIN EXECUTE format('CREATE EXTENSION IF NOT EXISTS %I CASCADE', e); \
      EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'without %', e; END; \
    END LOOP; END $$";

#[tokio::test]
async fn every_function_of_the_server_is_judged() {
    let database = Database::new(&[INSTALL]).await;
    let rows = database
        .admin
        .query(
            "SELECT DISTINCT p.proname::text, coalesce(e.extname::text, 'built in') FROM pg_proc p \
             LEFT JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' \
             LEFT JOIN pg_extension e ON e.oid = d.refobjid \
             WHERE p.pronamespace <> 'information_schema'::regnamespace ORDER BY 2, 1",
            &[],
        )
        .await
        .unwrap();
    assert!(rows.len() > 2000);
    let functions = of(Engine::Postgres);
    let unjudged: Vec<String> = rows
        .iter()
        .map(|row| (row.get::<_, String>(0), row.get::<_, String>(1)))
        .filter(|(name, _)| functions.judge(name) == Judgement::Unknown)
        .map(|(name, origin)| format!("{name} ({origin})"))
        .collect();
    assert!(unjudged.is_empty(), "judge these in guard/src/functions/postgres.txt: {unjudged:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_of_extensions_are_found_by_a_crawl_and_run() {
    let database = Database::new(&[
        "CREATE EXTENSION pg_trgm",
        "CREATE SCHEMA tools",
        "CREATE EXTENSION fuzzystrmatch SCHEMA tools",
        "CREATE TABLE words AS SELECT 'apple' AS word",
        "CREATE FUNCTION metaphone(words, int) RETURNS text LANGUAGE sql AS 'SELECT ''own'''",
    ])
    .await;
    let connector = PostgresConnector::new(&database.url("sslmode=disable")).unwrap();
    let snapshot = connector.introspect(&CrawlOptions::default(), &|_| {}).await.unwrap();
    let catalog = Catalog::new(snapshot);
    let sql = "SELECT similarity(word, 'appel') AS a, levenshtein(word, 'appel') AS b, metaphone(word, 4) AS c FROM words";
    let read = guard::check(sql, &catalog, &guard::Policy::default()).expect("vetted functions");
    assert!(read.sql().contains(r#""tools"."metaphone"("#), "{}", read.sql());
    let stream = connector.query(&read, &Limits::default()).await.unwrap();
    let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
    assert_eq!(batches[0].num_rows(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_of_extensions_mean_what_they_mean_to_the_server() {
    let database = Database::new(&[
        "CREATE EXTENSION vector",
        "CREATE EXTENSION hstore",
        "CREATE TABLE places (id int, at vector(2), tags hstore)",
        "INSERT INTO places VALUES (1, '[1,1]', 'a=>x'), (2, '[4,5]', 'b=>y'), (3, '[0,1]', 'a=>y')",
    ])
    .await;
    let connector = PostgresConnector::new(&database.url("sslmode=disable")).unwrap();
    let catalog = Catalog::new(connector.introspect(&CrawlOptions::default(), &|_| {}).await.unwrap());
    for sql in [
        "SELECT id FROM places ORDER BY at <-> '[0,0]', id",
        "SELECT id FROM places ORDER BY at <=> '[1,0]', id",
        "SELECT id FROM places ORDER BY at <#> '[1,2]', id",
        "SELECT id FROM places WHERE tags -> 'a' = 'y'",
        "SELECT id FROM places WHERE tags ? 'a' AND tags @> 'a=>x'",
        "SELECT id FROM places WHERE tags ?& ARRAY['a'] OR tags ?| ARRAY['b', 'c'] ORDER BY id",
    ] {
        let read = guard::check(sql, &catalog, &guard::Policy::default()).expect(sql);
        let stream = connector
            .query(&read, &Limits::default())
            .await
            .unwrap_or_else(|e| panic!("{}: {e}", read.sql()));
        let batches: Vec<_> =
            stream.batches.try_collect().await.unwrap_or_else(|e| panic!("{}: {e}", read.sql()));
        let found: Vec<i32> = batches
            .iter()
            .flat_map(|b| {
                let ids = b.column(0).as_any().downcast_ref::<arrow::array::Int32Array>().unwrap();
                ids.values().to_vec()
            })
            .collect();
        let plain = database.admin.query(sql, &[]).await.unwrap();
        let expected: Vec<i32> = plain.iter().map(|row| row.get(0)).collect();
        assert_eq!(found, expected, "{sql} as {}", read.sql());
    }
}
