//! What a crawl finds: everything that the servers know of a database, names as they are, figures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use]
mod support;

use catalog::diff::across;
use catalog::{Snapshot, TableKind, TypeClass};
use connector_api::{Connector, CrawlOptions, Progress};
use connector_mysql::MysqlConnector;
use support::{Database, Server};

async fn crawl(url: &str) -> Snapshot {
    let connector = MysqlConnector::new(url).unwrap();
    connector.introspect(&CrawlOptions::default(), &|_| {}).await.unwrap()
}

async fn columns_come_with_all_that_is_declared(server: Server) {
    let database = Database::new(
        server,
        &["CREATE TABLE t (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, \
         kind enum('a','it''s','x,y') NOT NULL DEFAULT 'a' COMMENT 'which', word varchar(20) DEFAULT NULL, \
         made datetime DEFAULT current_timestamp(), twice int GENERATED ALWAYS AS (n * 2) STORED, n int, \
         doc json, shape point, flag tinyint(1), bits bit(3), seen timestamp NULL) COMMENT 'of things'"],
    )
    .await;
    let snapshot = crawl(&database.url("")).await;
    let table = snapshot.table(&database.name, "t").unwrap();
    assert_eq!(table.comment.as_deref(), Some("of things"));
    let column = |name: &str| table.column(name).unwrap();
    assert_eq!(column("id").native_type, server.pick("bigint(20) unsigned", "bigint unsigned"));
    assert_eq!(column("id").generated.as_deref(), Some("identity"));
    assert_eq!(column("kind").enum_labels, ["a", "it's", "x,y"]);
    assert_eq!((column("kind").class, column("kind").default.as_deref()), (TypeClass::Enum, Some("'a'")));
    assert_eq!(column("kind").comment.as_deref(), Some("which"));
    assert_eq!((column("word").nullable, column("word").default.as_deref()), (true, None));
    assert_eq!(
        column("made").default.as_deref(),
        Some(server.pick("current_timestamp()", "CURRENT_TIMESTAMP"))
    );
    assert!(column("twice").generated.as_deref().is_some_and(|g| g.contains("n")));
    assert_eq!((column("doc").class, table.checks.len()), (TypeClass::Json, 0));
    assert_eq!((column("shape").class, column("flag").class), (TypeClass::Geometry, TypeClass::Boolean));
    assert_eq!((column("bits").class, column("seen").class), (TypeClass::Bit, TypeClass::TimestampTz));
}

async fn relations_of_every_kind_are_told_apart(server: Server) {
    let mut statements = vec![
        "CREATE TABLE split (d date NOT NULL) PARTITION BY RANGE (YEAR(d)) \
         (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN MAXVALUE)",
        server.pick(
            "CREATE TABLE kept (id int PRIMARY KEY) WITH SYSTEM VERSIONING",
            "CREATE TABLE kept (id int PRIMARY KEY)",
        ),
        "CREATE VIEW broken AS SELECT id FROM kept",
        "CREATE VIEW seen AS SELECT d FROM split",
        "CREATE FUNCTION twice(n int) RETURNS bigint DETERMINISTIC COMMENT 'doubles' RETURN n * 2",
        "CREATE PROCEDURE nothing(OUT x int, y varchar(3)) BEGIN END",
        "DROP TABLE kept",
        "CREATE TABLE other (id int PRIMARY KEY)",
    ];
    statements.extend(server.pick(Some("CREATE SEQUENCE numbers"), None));
    let database = Database::new(server, &statements).await;
    let snapshot = crawl(&database.url("")).await;
    let names: Vec<_> = snapshot.tables.iter().map(|t| (t.name.as_str(), t.kind)).collect();
    use TableKind::{Partitioned, Table, View};
    // a view whose table is gone is still there; a sequence is no table
    assert_eq!(names, [("broken", View), ("other", Table), ("seen", View), ("split", Partitioned)]);
    let split = snapshot.table(&database.name, "split").unwrap().partitioning.clone().unwrap();
    assert!(split.strategy.starts_with("RANGE") && split.partitions == 2, "{split:?}");
    let routines: Vec<_> = snapshot
        .routines
        .iter()
        .map(|r| (r.name.as_str(), r.kind.as_str(), r.arguments.as_str(), r.returns.as_deref()))
        .collect();
    assert_eq!(
        routines,
        [
            (
                "nothing",
                "procedure",
                server.pick("OUT x int(11), y varchar(3)", "OUT x int, y varchar(3)"),
                None
            ),
            (
                "twice",
                "function",
                server.pick("n int(11)", "n int"),
                Some(server.pick("bigint(20)", "bigint"))
            )
        ]
    );
}

async fn keys_and_indexes_keep_their_order_and_kind(server: Server) {
    let database = Database::new(
        server,
        &[
            "CREATE TABLE a (x int, y int, z varchar(100), PRIMARY KEY (y, x), UNIQUE KEY by_z (z), \
         UNIQUE KEY beginning (z(5)), FULLTEXT KEY words (z))",
            "CREATE TABLE b (one int, two int, CONSTRAINT to_a FOREIGN KEY (two, one) REFERENCES a (y, x) \
         ON UPDATE CASCADE ON DELETE SET NULL)",
        ],
    )
    .await;
    let snapshot = crawl(&database.url("")).await;
    let a = snapshot.table(&database.name, "a").unwrap();
    assert_eq!(a.primary_key.as_ref().unwrap().columns, ["y", "x"]);
    assert_eq!(a.unique_keys.iter().map(|k| k.name.as_deref()).collect::<Vec<_>>(), [Some("by_z")]);
    let indexes: Vec<_> = a
        .indexes
        .iter()
        .map(|i| (i.name.as_str(), i.method.as_str(), i.unique, i.columns[0].as_str()))
        .collect();
    assert_eq!(indexes, [("beginning", "btree", true, "z(5)"), ("words", "fulltext", false, "z")]);
    let key = &snapshot.table(&database.name, "b").unwrap().foreign_keys[0];
    assert_eq!(
        (&key.columns[..], &key.to_columns[..]),
        (&["two".to_owned(), "one".to_owned()][..], &["y".to_owned(), "x".to_owned()][..])
    );
    assert_eq!((key.on_delete.as_deref(), key.on_update.as_deref()), (Some("SET NULL"), Some("CASCADE")));
}

async fn names_are_kept_as_they_are(server: Server) {
    let odd =
        ["with space", "it's", "do.t", "quo\"te", "back`tick", "\u{5e9}\u{5dc}\u{5d5}\u{5dd}", "per%cent"];
    let database = Database::new(server, &[]).await;
    for name in odd {
        let quoted = name.replace('`', "``");
        database.run(&format!("CREATE TABLE `{quoted}` (`{quoted}` varchar(9))")).await;
        database.run(&format!("INSERT INTO `{quoted}` VALUES ('x'), ('x')")).await;
    }
    let snapshot = crawl(&database.url("")).await;
    for name in odd {
        let table = snapshot.table(&database.name, name).unwrap_or_else(|| panic!("{name}"));
        let statistics = table.column(name).and_then(|c| c.statistics.as_ref()).unwrap();
        assert_eq!(statistics.common[0].value, "x", "{name}");
    }
}

async fn without_a_database_all_that_may_be_read_is_found(server: Server) {
    let mut database =
        Database::new(server, &["CREATE TABLE mine (id int)", "CREATE TABLE hidden (id int)"]).await;
    let user = database.user("r", "").await;
    database.run(&format!("GRANT SELECT ON {}.mine TO {user}@'%'", database.name)).await;
    let url = database.url_as(Some(&user), "").replace(&format!("/{}?", database.name), "/?");
    let snapshot = crawl(&url).await;
    let names: Vec<_> = snapshot.tables.iter().map(|t| t.full_name()).collect();
    assert_eq!(names, [format!("{}.mine", database.name)]);
    assert!(snapshot.search_path.is_empty());
}

async fn figures_come_from_the_servers_statistics_where_they_may_be_read(server: Server) {
    let database = Database::new(
        server,
        &[
            "CREATE TABLE t (id int PRIMARY KEY, n int, word varchar(9), KEY (n))",
            "INSERT INTO t WITH RECURSIVE r (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 1000) \
         SELECT i, IF(i % 4 = 0, NULL, i % 10), IF(i % 5 = 0, 'rare', 'often') FROM r",
            server.pick("SET SESSION histogram_type = JSON_HB", "ANALYZE TABLE t"),
            server.pick(
                "ANALYZE TABLE t PERSISTENT FOR ALL",
                "ANALYZE TABLE t UPDATE HISTOGRAM ON n, word WITH 20 BUCKETS",
            ),
        ],
    )
    .await;
    let connector = MysqlConnector::new(&database.url("")).unwrap();
    let options = CrawlOptions { sample_rows: None, ..CrawlOptions::default() };
    let snapshot = connector.introspect(&options, &|_| {}).await.unwrap();
    let table = snapshot.table(&database.name, "t").unwrap();
    let figures = |name: &str| table.column(name).unwrap().statistics.clone().unwrap();
    let n = figures("n");
    assert_eq!((n.null_share, n.min.as_deref(), n.max.as_deref()), (Some(0.25), Some("0"), Some("9")));
    assert!(n.distinct.is_some_and(|d| (9.0..=11.0).contains(&d)), "{n:?}");
    let word = figures("word");
    let common: Vec<_> = word.common.iter().map(|c| (c.value.as_str(), c.share.unwrap())).collect();
    assert_eq!(common.iter().map(|c| c.0).collect::<Vec<_>>(), ["often", "rare"]);
    assert!((common[0].1 - 0.8).abs() < 0.01 && (common[1].1 - 0.2).abs() < 0.01, "{common:?}");
    assert_eq!(word.distinct, Some(2.0));
}

/// What only MySQL has: indexes over expressions, and a key that nobody declared.
#[tokio::test]
async fn mysqls_own_forms_are_read() {
    let database = Database::new(
        Server::Mysql,
        &[
            "SET SESSION sql_generate_invisible_primary_key = ON",
            "CREATE TABLE t (a int, b varchar(20) DEFAULT (UPPER('x')), c int INVISIBLE, KEY by_sum ((a + 1)), \
             UNIQUE KEY mixed (a, (LOWER(b))), CONSTRAINT positive CHECK (a > 0))",
        ],
    )
    .await;
    let snapshot = crawl(&database.url("")).await;
    let table = snapshot.table(&database.name, "t").unwrap();
    let indexes: Vec<_> =
        table.indexes.iter().map(|i| (i.name.as_str(), i.columns.join(", "), i.unique)).collect();
    assert_eq!(
        indexes,
        [("by_sum", "(`a` + 1)".to_owned(), false), ("mixed", "a, lower(`b`)".to_owned(), true)]
    );
    assert!(table.unique_keys.is_empty());
    assert_eq!(table.primary_key.as_ref().unwrap().columns, ["my_row_id"]);
    let names: Vec<_> = table.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["my_row_id", "a", "b", "c"]);
    assert!(table.column("b").unwrap().default.as_deref().is_some_and(|d| d.contains("upper")), "{table:?}");
    assert_eq!(table.checks[0].name.as_deref(), Some("positive"));
    assert!(table.checks[0].expression.contains('a'));
}

/// Among many tables one that cannot be read costs no other its figures.
async fn a_table_that_cannot_be_read_costs_no_other_its_values(server: Server) {
    let mut database = Database::new(server, &["CREATE TABLE b_part (id int, hidden int)"]).await;
    for table in ["a_first", "c_last"] {
        database.run(&format!("CREATE TABLE {table} (word varchar(9))")).await;
        database.run(&format!("INSERT INTO {table} VALUES ('x'), ('x'), ('y')")).await;
    }
    let user = database.user("r", "").await;
    let name = database.name.clone();
    database.run(&format!("GRANT SELECT ON {name}.a_first TO {user}@'%'")).await;
    database.run(&format!("GRANT SELECT ON {name}.c_last TO {user}@'%'")).await;
    // it is listed, and its rows may not be read
    database.run(&format!("GRANT INSERT ON {name}.b_part TO {user}@'%'")).await;
    let snapshot = crawl(&database.url_as(Some(&user), "")).await;
    let word = |table: &str| {
        let table = snapshot.table(&name, table).unwrap_or_else(|| panic!("{table} was crawled"));
        table.column("word").and_then(|c| c.statistics.clone()).map(|s| s.common[0].value.clone())
    };
    assert_eq!((word("a_first").as_deref(), word("c_last").as_deref()), (Some("x"), Some("x")));
    assert!(
        snapshot.table(&name, "b_part").is_some_and(|t| t.columns.iter().all(|c| c.statistics.is_none()))
    );
}

/// A table that is listed by the right to write it, and may not be read, stays when it changes during the crawl.
async fn a_table_that_cannot_be_read_stays_when_it_changes_meanwhile(server: Server) {
    let mut database = Database::new(server, &["CREATE TABLE t (id int PRIMARY KEY)"]).await;
    let user = database.user("r", "").await;
    database.run(&format!("GRANT INSERT ON {}.t TO {user}@'%'", database.name)).await;
    let connector = MysqlConnector::new(&database.url_as(Some(&user), "")).unwrap();
    let alter = || {
        let change = database.run("ALTER TABLE t ADD COLUMN more int");
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(change));
    };
    let progress = |step: Progress| {
        if step.step == "columns" {
            alter();
        }
    };
    let snapshot = connector.introspect(&CrawlOptions::default(), &progress).await.unwrap();
    let table = snapshot.table(&database.name, "t").unwrap();
    let columns: Vec<_> = table.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(columns, ["id", "more"]);
}

/// What a crawl finds is what the database's own DDL says, on each server alike.
async fn a_crawl_agrees_with_the_ddl(server: Server) {
    let ddl = server.pick(
        include_str!("../../../catalog/tests/suite/library/mariadb.sql"),
        include_str!("../../../catalog/tests/suite/library/mysql.sql"),
    );
    let statements: Vec<&str> = ddl.split(";\n").filter(|text| !text.trim().is_empty()).collect();
    let database = Database::new(server, &statements).await;
    let crawled = crawl(&database.url("")).await;
    let read = catalog::ddl::read(ddl, server.engine()).snapshot;
    let differences: Vec<String> = across(&read, &crawled).changes.iter().map(|c| c.line()).collect();
    assert_eq!((crawled.tables.len(), differences), (6, Vec::<String>::new()));
}

on_every_server!(
    a_crawl_agrees_with_the_ddl,
    a_table_that_cannot_be_read_costs_no_other_its_values,
    a_table_that_cannot_be_read_stays_when_it_changes_meanwhile,
    columns_come_with_all_that_is_declared,
    relations_of_every_kind_are_told_apart,
    keys_and_indexes_keep_their_order_and_kind,
    names_are_kept_as_they_are,
    without_a_database_all_that_may_be_read_is_found,
    figures_come_from_the_servers_statistics_where_they_may_be_read,
);
