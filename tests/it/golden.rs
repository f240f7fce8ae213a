//! One database on every engine: written as each engine's DDL, loaded into a real server, crawled, and the same again but
//! for what is listed here with its reason. (`tests/golden.sh` does so with schemas from outside.)

use std::path::Path;

use catalog::diff::across;
use catalog::write::write;
use catalog::{Engine, Snapshot, ddl};
use connector_api::CrawlOptions;
use mysql_async::prelude::Queryable;
use querent::model::new_id;
use querent::store::{Conn, Db};

use crate::harness::{open, postgres_url};

/// The engines that keep tables. SQL Server is our TDS test server.
const ENGINES: [Engine; 5] =
    [Engine::Postgres, Engine::Mariadb, Engine::Mysql, Engine::Sqlite, Engine::Mssql];

/// What differs, where, and why.
type Listed = (&'static [Engine], &'static str, &'static str);

async fn crawl(url: &str) -> Snapshot {
    let connector = querent::sources::open(url, &querent::network::Network::default()).unwrap();
    let options = CrawlOptions { statistics: false, ..CrawlOptions::default() };
    querent::crawl::snapshot(connector.as_ref(), &options, &|_| {}).await.unwrap()
}

/// Statements of a text of ours: each ends with its line.
fn statements(text: &str) -> impl Iterator<Item = &str> {
    text.split(";\n").map(str::trim).filter(|s| !s.is_empty())
}

async fn run_all(db: &Db, text: &str) {
    for statement in statements(text) {
        db.execute(statement, &[]).await.unwrap_or_else(|e| panic!("{e:?}: {statement}"));
    }
}

/// The catalog of a new database that a text made.
async fn loaded(engine: Engine, text: &str, folder: &Path) -> Snapshot {
    let name = format!("querent_golden_{}", new_id().simple());
    match engine {
        Engine::Postgres => on_postgres(&name, text).await,
        Engine::Mysql => on_mysql("QUERENT_TEST_MYSQL_URL", &name, text).await,
        Engine::Mariadb => on_mysql("QUERENT_TEST_MARIADB_URL", &name, text).await,
        Engine::Mssql => on_test_server(text).await,
        _ => {
            let file = folder.join(format!("{name}.db"));
            let db = Db::open_sqlite(&file).await.unwrap();
            run_all(&db, text).await;
            db.close().await;
            crawl(&format!("sqlite:{}", file.display())).await
        }
    }
}

async fn on_postgres(name: &str, text: &str) -> Snapshot {
    let admin = open(&postgres_url()).await;
    admin.execute(&format!("CREATE DATABASE {name}"), &[]).await.unwrap();
    let mut url = url::Url::parse(&postgres_url()).unwrap();
    url.set_path(name);
    let db = open(url.as_str()).await;
    run_all(&db, text).await;
    db.close().await;
    let snapshot = crawl(url.as_str()).await;
    admin.execute(&format!("DROP DATABASE {name} WITH (FORCE)"), &[]).await.unwrap();
    admin.close().await;
    snapshot
}

async fn on_mysql(variable: &str, name: &str, text: &str) -> Snapshot {
    let base = std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run `make test`"));
    let mut url = url::Url::parse(&base).unwrap();
    let pool = mysql_async::Pool::new(mysql_async::Opts::from_url(&base).unwrap());
    let mut connection = pool.get_conn().await.unwrap();
    connection.query_drop(format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")).await.unwrap();
    connection.query_drop(format!("USE {name}")).await.unwrap();
    for statement in statements(text) {
        connection.query_drop(statement).await.unwrap_or_else(|e| panic!("{e}: {statement}"));
    }
    url.set_path(name);
    let snapshot = crawl(url.as_str()).await;
    connection.query_drop(format!("DROP DATABASE {name}")).await.unwrap();
    drop(connection);
    pool.disconnect().await.unwrap();
    snapshot
}

async fn on_test_server(text: &str) -> Snapshot {
    let server = test_tds::Server::start(test_tds::Options::default()).await.unwrap();
    server.execute("querent", text).await.unwrap_or_else(|e| panic!("{}: {text}", e.message));
    crawl(&format!("mssql://sa:Querent-1@localhost:{}/querent?encrypt=no", server.port())).await
}

/// Loads a text on its engine, then what is written of that catalog on every engine; differences have to be the listed.
async fn same_everywhere(engine: Engine, text: &str, listed: &[Listed]) {
    let folder = tempfile::tempdir().unwrap();
    let first = loaded(engine, text, folder.path()).await;
    let read = ddl::read(text, engine).snapshot;
    assert_eq!(lines(&first, &read), Vec::<String>::new(), "the text as the DDL reader has it");
    for to in ENGINES {
        let written = write(&first, to).unwrap();
        let there = loaded(to, &written.sql, folder.path()).await;
        assert_eq!(there.engine, to);
        let expected: Vec<&str> =
            listed.iter().filter(|(engines, _, _)| engines.contains(&to)).map(|(_, line, _)| *line).collect();
        assert_eq!(lines(&first, &there), expected, "{engine} to {to}:\n{}", written.sql);
        // what an engine has is kept when it is written for that engine again
        let again = loaded(to, &write(&there, to).unwrap().sql, folder.path()).await;
        assert_eq!(lines(&there, &again), Vec::<String>::new(), "{to} to itself");
    }
}

fn lines(old: &Snapshot, new: &Snapshot) -> Vec<String> {
    across(old, new).changes.iter().map(|change| change.line()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_shop_is_the_same_on_every_engine() {
    const NO_EMPTY_KEYS: &[Engine] = &[Engine::Postgres, Engine::Mariadb, Engine::Mysql, Engine::Mssql];
    let why = "SQLite alone lets a primary key of text be NULL";
    same_everywhere(
        Engine::Sqlite,
        include_str!("../../examples/storefront/src/schema.sql"),
        &[
            (NO_EMPTY_KEYS, "countries.code: may not be NULL any more", why),
            (NO_EMPTY_KEYS, "orderstatuses.code: may not be NULL any more", why),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_is_the_same_on_every_engine_but_for_types_that_some_lack() {
    same_everywhere(
        Engine::Postgres,
        include_str!("../../catalog/tests/suite/library/postgres.sql"),
        &[(
            &[Engine::Mssql],
            "book.details: type changed from json to text",
            "SQL Server before 2025 keeps JSON in a text",
        )],
    )
    .await;
}
