//! What a crawl finds: everything that the server knows of a database, names as they are, figures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use catalog::{Snapshot, TableKind, TypeClass};
use connector_api::{Connector, CrawlOptions};
use connector_mssql::MssqlConnector;
use support::Database;
use test_tds::{Fault, Options};

async fn crawl(url: &str) -> Snapshot {
    let connector = MssqlConnector::new(url).unwrap();
    connector.introspect(&CrawlOptions::default(), &|_| {}).await.unwrap()
}

#[tokio::test]
async fn columns_come_with_all_that_is_declared() {
    let database = Database::new(&[
        "CREATE TYPE dbo.Phone FROM nvarchar(25) NOT NULL",
        "CREATE TABLE t (id bigint IDENTITY(1,1) PRIMARY KEY, word nvarchar(20) NULL DEFAULT N'a)', \
         made datetime2(3) NOT NULL DEFAULT sysdatetime(), n int NULL, twice AS (n * 2), call dbo.Phone, \
         price money NOT NULL DEFAULT 0, doc xml NULL, seen datetimeoffset(7) NULL, version rowversion NOT NULL)",
        "EXEC sp_addextendedproperty N'MS_Description', N'of things', N'SCHEMA', N'dbo', N'TABLE', N't'",
        "EXEC sp_addextendedproperty N'MS_Description', N'which', N'SCHEMA', N'dbo', N'TABLE', N't', N'COLUMN', N'word'",
    ])
    .await;
    let snapshot = crawl(&database.url("")).await;
    assert_eq!(snapshot.search_path, ["dbo"]);
    let table = snapshot.table("dbo", "t").unwrap();
    assert_eq!(table.comment.as_deref(), Some("of things"));
    let column = |name: &str| table.column(name).unwrap();
    assert_eq!(
        (column("id").native_type.as_str(), column("id").generated.as_deref()),
        ("bigint", Some("identity"))
    );
    assert_eq!((column("word").native_type.as_str(), column("word").nullable), ("nvarchar(20)", true));
    assert_eq!(column("word").default.as_deref(), Some("N'a)'"));
    assert_eq!(column("word").comment.as_deref(), Some("which"));
    assert_eq!(column("made").native_type, "datetime2(3)");
    assert!(column("made").default.as_deref().is_some_and(|d| d.eq_ignore_ascii_case("sysdatetime()")));
    assert!(column("twice").generated.as_deref().is_some_and(|g| g.contains('n')));
    // a type that somebody named is what it stands for
    assert_eq!(
        (column("call").native_type.as_str(), column("call").class),
        ("nvarchar(25)", TypeClass::Text)
    );
    assert_eq!((column("price").class, column("price").default.as_deref()), (TypeClass::Decimal, Some("0")));
    assert_eq!((column("doc").class, column("seen").class), (TypeClass::Xml, TypeClass::TimestampTz));
    assert_eq!(
        (column("version").native_type.as_str(), column("version").class),
        ("rowversion", TypeClass::Bytes)
    );
}

#[tokio::test]
async fn relations_and_routines_are_told_apart() {
    let database = Database::new(&[
        "CREATE SCHEMA sales",
        "CREATE TABLE sales.orders (id int PRIMARY KEY, placed date NOT NULL)",
        "CREATE VIEW sales.recent AS SELECT id FROM sales.orders WHERE placed > '2024-01-01'",
        "CREATE FUNCTION dbo.twice(@n int) RETURNS bigint AS BEGIN RETURN @n * 2 END",
        "CREATE PROCEDURE dbo.nothing @x int, @y nvarchar(3) OUTPUT AS SELECT 1",
    ])
    .await;
    let snapshot = crawl(&database.url("")).await;
    let names: Vec<_> = snapshot.tables.iter().map(|t| (t.full_name(), t.kind)).collect();
    assert_eq!(
        names,
        [("sales.orders".to_owned(), TableKind::Table), ("sales.recent".to_owned(), TableKind::View)]
    );
    assert!(snapshot.schemas.iter().any(|s| s.name == "sales"));
    assert!(snapshot.schemas.iter().all(|s| s.name != "sys" && !s.name.starts_with("db_")));
    let routines: Vec<_> = snapshot
        .routines
        .iter()
        .map(|r| (r.name.as_str(), r.kind.as_str(), r.arguments.as_str(), r.returns.as_deref()))
        .collect();
    assert_eq!(
        routines,
        [
            ("nothing", "procedure", "@x int, @y nvarchar(3) OUTPUT", None),
            ("twice", "function", "@n int", Some("bigint"))
        ]
    );
}

#[tokio::test]
async fn keys_and_indexes_keep_their_order_and_kind() {
    let database = Database::new(&[
        "CREATE TABLE a (x int NOT NULL, y int NOT NULL, z nvarchar(100) NULL, CONSTRAINT pk_a PRIMARY KEY (y, x), \
         CONSTRAINT uq_z UNIQUE (z))",
        "CREATE UNIQUE INDEX open_z ON a (x) WHERE z IS NOT NULL",
        "CREATE INDEX by_y ON a (y) INCLUDE (z)",
        "CREATE TABLE b (one int NULL, two int NULL, CONSTRAINT to_a FOREIGN KEY (two, one) REFERENCES a (y, x) \
         ON UPDATE CASCADE ON DELETE SET NULL)",
    ])
    .await;
    let snapshot = crawl(&database.url("")).await;
    let a = snapshot.table("dbo", "a").unwrap();
    let key = a.primary_key.as_ref().unwrap();
    assert_eq!(
        (key.name.as_deref(), &key.columns[..]),
        (Some("pk_a"), &["y".to_owned(), "x".to_owned()][..])
    );
    assert_eq!(a.unique_keys.iter().map(|k| k.name.as_deref()).collect::<Vec<_>>(), [Some("uq_z")]);
    let indexes: Vec<_> = a
        .indexes
        .iter()
        .map(|i| (i.name.as_str(), i.unique, i.columns.join(","), i.predicate.is_some()))
        .collect();
    assert_eq!(indexes, [("by_y", false, "y".to_owned(), false), ("open_z", true, "x".to_owned(), true)]);
    let key = &snapshot.table("dbo", "b").unwrap().foreign_keys[0];
    assert_eq!(
        (&key.columns[..], &key.to_columns[..]),
        (&["two".to_owned(), "one".to_owned()][..], &["y".to_owned(), "x".to_owned()][..])
    );
    assert_eq!((key.on_delete.as_deref(), key.on_update.as_deref()), (Some("SET NULL"), Some("CASCADE")));
}

#[tokio::test]
async fn names_are_kept_as_they_are() {
    let odd = ["with space", "it's", "do.t", "quo\"te", "back]et", "שלום", "per%cent"];
    let database = Database::new(&[]).await;
    for name in odd {
        let quoted = name.replace(']', "]]");
        database.run(&format!("CREATE TABLE [{quoted}] ([{quoted}] nvarchar(9) NULL)")).await;
        database.run(&format!("INSERT INTO [{quoted}] VALUES (N'x'), (N'x')")).await;
    }
    let snapshot = crawl(&database.url("")).await;
    for name in odd {
        let table = snapshot.table("dbo", name).unwrap_or_else(|| panic!("{name}"));
        let statistics = table.column(name).and_then(|c| c.statistics.as_ref()).unwrap();
        assert_eq!(statistics.common[0].value, "x", "{name}");
    }
}

#[tokio::test]
async fn a_table_that_may_not_be_read_is_crawled_without_its_values() {
    let database = Database::ours(
        Options::default(),
        &[
            "CREATE TABLE mine (id int PRIMARY KEY, s nvarchar(9) NOT NULL)",
            "INSERT INTO mine VALUES (1, N'x')",
            "CREATE TABLE other (id int PRIMARY KEY, s nvarchar(9) NOT NULL)",
            "INSERT INTO other VALUES (1, N'x')",
        ],
    )
    .await;
    let denied =
        test_tds::SqlError::new(229, "The SELECT permission was denied on the object 'mine'.".to_owned());
    database.server().fail_always("[dbo].[mine]", Fault::Error(denied.clone()));
    database.server().fail_always("dm_db_stats_histogram", Fault::Error(denied));
    let snapshot = crawl(&database.url("")).await;
    let of = |table: &str| snapshot.table("dbo", table).unwrap().column("s").unwrap();
    assert_eq!(of("mine").statistics, None);
    assert_eq!(of("other").statistics.as_ref().unwrap().common[0].value, "x");
}

#[tokio::test]
async fn figures_come_from_the_servers_histograms() {
    let database = Database::new(&[
        "CREATE TABLE t (id int PRIMARY KEY, n int NULL, word nvarchar(9) NOT NULL)",
        "INSERT INTO t VALUES (1, 9, N'a'), (2, 10, N'b'), (3, 9, N'a'), (4, NULL, N'a')",
        "CREATE STATISTICS of_n ON t (n)",
        "CREATE STATISTICS of_word ON t (word)",
        "UPDATE STATISTICS t",
    ])
    .await;
    let connector = MssqlConnector::new(&database.url("")).unwrap();
    let options = CrawlOptions { sample_rows: None, ..CrawlOptions::default() };
    let snapshot = connector.introspect(&options, &|_| {}).await.unwrap();
    let figures = |column: &str| {
        snapshot.table("dbo", "t").unwrap().column(column).unwrap().statistics.clone().unwrap()
    };
    let n = figures("n");
    assert_eq!((n.min.as_deref(), n.max.as_deref()), (Some("9"), Some("10")));
    assert_eq!((n.null_share, n.distinct), (Some(0.25), Some(2.0)));
    let word = figures("word");
    assert_eq!((word.common[0].value.as_str(), word.common[0].share), ("a", Some(0.75)));
    // text has no range worth a stored value
    assert_eq!((word.min, word.max), (None, None));
}
