//! What a crawl finds: everything that the servers know of a database, names as they are, figures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use catalog::{Snapshot, TableKind, TypeClass};
use connector_api::{Connector, CrawlOptions};
use connector_mysql::MysqlConnector;
use support::Database;

async fn crawl(url: &str) -> Snapshot {
    let connector = MysqlConnector::new(url).unwrap();
    connector.introspect(&CrawlOptions::default(), &|_| {}).await.unwrap()
}

#[tokio::test]
async fn columns_come_with_all_that_is_declared() {
    let database = Database::new(&["CREATE TABLE t (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, \
         kind enum('a','it''s','x,y') NOT NULL DEFAULT 'a' COMMENT 'which', word varchar(20) DEFAULT NULL, \
         made datetime DEFAULT current_timestamp(), twice int GENERATED ALWAYS AS (n * 2) STORED, n int, \
         doc json, shape point, flag tinyint(1), bits bit(3), seen timestamp NULL) COMMENT 'of things'"])
    .await;
    let snapshot = crawl(&database.url("")).await;
    let table = snapshot.table(&database.name, "t").unwrap();
    assert_eq!(table.comment.as_deref(), Some("of things"));
    let column = |name: &str| table.column(name).unwrap();
    assert_eq!(column("id").native_type, "bigint(20) unsigned");
    assert_eq!(column("id").generated.as_deref(), Some("identity"));
    assert_eq!(column("kind").enum_labels, ["a", "it's", "x,y"]);
    assert_eq!((column("kind").class, column("kind").default.as_deref()), (TypeClass::Enum, Some("'a'")));
    assert_eq!(column("kind").comment.as_deref(), Some("which"));
    assert_eq!((column("word").nullable, column("word").default.as_deref()), (true, None));
    assert_eq!(column("made").default.as_deref(), Some("current_timestamp()"));
    assert!(column("twice").generated.as_deref().is_some_and(|g| g.contains("n")));
    assert_eq!((column("doc").class, table.checks.len()), (TypeClass::Json, 0));
    assert_eq!((column("shape").class, column("flag").class), (TypeClass::Geometry, TypeClass::Boolean));
    assert_eq!((column("bits").class, column("seen").class), (TypeClass::Bit, TypeClass::TimestampTz));
}

#[tokio::test]
async fn relations_of_every_kind_are_told_apart() {
    let database = Database::new(&[
        "CREATE TABLE split (d date NOT NULL) PARTITION BY RANGE (YEAR(d)) \
         (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN MAXVALUE)",
        "CREATE TABLE kept (id int PRIMARY KEY) WITH SYSTEM VERSIONING",
        "CREATE SEQUENCE numbers",
        "CREATE VIEW broken AS SELECT id FROM kept",
        "CREATE VIEW seen AS SELECT d FROM split",
        "CREATE FUNCTION twice(n int) RETURNS bigint DETERMINISTIC COMMENT 'doubles' RETURN n * 2",
        "CREATE PROCEDURE nothing(OUT x int, y varchar(3)) BEGIN END",
        "DROP TABLE kept",
        "CREATE TABLE other (id int PRIMARY KEY)",
    ])
    .await;
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
            ("nothing", "procedure", "OUT x int(11), y varchar(3)", None),
            ("twice", "function", "n int(11)", Some("bigint(20)"))
        ]
    );
}

#[tokio::test]
async fn keys_and_indexes_keep_their_order_and_kind() {
    let database = Database::new(&[
        "CREATE TABLE a (x int, y int, z varchar(100), PRIMARY KEY (y, x), UNIQUE KEY by_z (z), \
         UNIQUE KEY beginning (z(5)), FULLTEXT KEY words (z))",
        "CREATE TABLE b (one int, two int, CONSTRAINT to_a FOREIGN KEY (two, one) REFERENCES a (y, x) \
         ON UPDATE CASCADE ON DELETE SET NULL)",
    ])
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

#[tokio::test]
async fn names_are_kept_as_they_are() {
    let odd =
        ["with space", "it's", "do.t", "quo\"te", "back`tick", "\u{5e9}\u{5dc}\u{5d5}\u{5dd}", "per%cent"];
    let database = Database::new(&[]).await;
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

#[tokio::test]
async fn without_a_database_all_that_may_be_read_is_found() {
    let mut database = Database::new(&["CREATE TABLE mine (id int)", "CREATE TABLE hidden (id int)"]).await;
    let user = database.user("r", "").await;
    database.run(&format!("GRANT SELECT ON {}.mine TO {user}@'%'", database.name)).await;
    let url = database.url_as(Some(&user), "").replace(&format!("/{}?", database.name), "/?");
    let snapshot = crawl(&url).await;
    let names: Vec<_> = snapshot.tables.iter().map(|t| t.full_name()).collect();
    assert_eq!(names, [format!("{}.mine", database.name)]);
    assert!(snapshot.search_path.is_empty());
}

#[tokio::test]
async fn figures_come_from_the_servers_statistics_where_they_may_be_read() {
    let database = Database::new(&[
        "CREATE TABLE t (id int PRIMARY KEY, n int, KEY (n))",
        "INSERT INTO t SELECT seq, IF(seq % 4 = 0, NULL, seq % 10) FROM seq_1_to_1000",
        "ANALYZE TABLE t PERSISTENT FOR ALL",
    ])
    .await;
    let connector = MysqlConnector::new(&database.url("")).unwrap();
    let options = CrawlOptions { sample_rows: None, ..CrawlOptions::default() };
    let snapshot = connector.introspect(&options, &|_| {}).await.unwrap();
    let n = snapshot.table(&database.name, "t").unwrap().column("n").unwrap().statistics.clone().unwrap();
    assert_eq!((n.null_share, n.min.as_deref(), n.max.as_deref()), (Some(0.25), Some("0"), Some("9")));
    assert!(n.distinct.is_some_and(|d| d >= 1.0));
}
