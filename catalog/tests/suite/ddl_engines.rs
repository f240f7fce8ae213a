//! Catalogs from SQLite, MySQL and T-SQL text, and from text that is none of them.

use catalog::ddl::{self, DdlOutcome};
use catalog::{Engine, Table, TableKind, TypeClass};
use proptest::prelude::*;

fn table<'o>(outcome: &'o DdlOutcome, schema: &str, name: &str) -> &'o Table {
    outcome.snapshot.table(schema, name).unwrap()
}

#[test]
fn sqlite() {
    let outcome = ddl::read(
        "CREATE TABLE [Track List] (`Id` INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL ON CONFLICT FAIL,
            album INT REFERENCES Album(ID) ON DELETE CASCADE, plain, key TEXT);
        CREATE TABLE album (id INTEGER PRIMARY KEY, name TEXT UNIQUE) STRICT;
        CREATE TABLE pair (a TEXT, b TEXT, PRIMARY KEY (a, b) FOREIGN KEY (a) REFERENCES album) WITHOUT ROWID;
        CREATE TRIGGER t AFTER INSERT ON album BEGIN
            UPDATE album SET name = CASE WHEN name = ';' THEN 'x' ELSE 'END' END; SELECT 1; END;
        CREATE VIRTUAL TABLE docs USING fts5(title, body, tokenize = 'porter');
        CREATE VIEW v AS SELECT title AS t, length(title) FROM \"Track List\";",
        Engine::Sqlite,
    );
    assert_eq!(outcome.skipped_total, 1, "only the trigger: {:?}", outcome.skipped);
    let track = table(&outcome, "main", "Track List");
    assert_eq!(track.columns.len(), 5);
    assert_eq!(track.foreign_keys[0].to_table, "album");
    assert_eq!(track.foreign_keys[0].to_columns, ["id"]);
    assert!(!track.columns[0].nullable && !track.columns[1].nullable);
    assert_eq!(track.columns[3].native_type, "");
    let pair = table(&outcome, "main", "pair");
    assert_eq!(pair.foreign_keys[0].to_columns, ["id"]);
    assert!(pair.columns.iter().all(|c| !c.nullable));
    let docs = table(&outcome, "main", "docs");
    assert_eq!((docs.kind, docs.columns.len()), (TableKind::Virtual, 2));
    let view = table(&outcome, "main", "v");
    assert_eq!(view.columns[0].name, "t");
    assert_eq!(view.columns[1].name, "length(title)");
    assert_eq!(outcome.snapshot.search_path, ["main"]);
}

#[test]
fn mysql() {
    let outcome = ddl::read(
        "/*!40101 SET NAMES utf8 */;
        DROP TABLE IF EXISTS `film`;
        CREATE TABLE `film` (
          `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'number',
          `rating` enum('G','PG') CHARACTER SET utf8mb4 DEFAULT 'G',
          `done` tinyint(1) NOT NULL DEFAULT '0', # flag
          `seen` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
          `lang` int,
          PRIMARY KEY (`id`), UNIQUE KEY `one` (`lang`,`rating`(2)), KEY `by_lang` (`lang`),
          CONSTRAINT `fk` FOREIGN KEY (`lang`) REFERENCES `lang` (`id`) ON DELETE CASCADE
        ) ENGINE=InnoDB COMMENT='films; all';
        CREATE TABLE lang (id int PRIMARY KEY, name varchar(20));
        INSERT INTO film VALUES (1,'it\\'s; CREATE TABLE x (y int)');
        DELIMITER $$
        CREATE DEFINER=`root`@`%` FUNCTION twice(i INT) RETURNS int(11) DETERMINISTIC BEGIN IF i THEN RETURN 1; END IF; RETURN 2; END$$
        CREATE TRIGGER tr BEFORE INSERT ON film FOR EACH ROW BEGIN SET NEW.id = 1; END $$
        DELIMITER ;
        CREATE ALGORITHM=UNDEFINED SQL SECURITY INVOKER VIEW names AS SELECT l.name, f.rating AS `r` FROM film f JOIN lang l ON l.id = f.lang;
        ALTER TABLE film MODIFY lang bigint NOT NULL, ADD KEY later (seen);",
        Engine::Mysql,
    );
    assert_eq!(outcome.snapshot.tables.len(), 3);
    let film = table(&outcome, "", "film");
    assert_eq!(film.comment.as_deref(), Some("films; all"));
    assert_eq!(film.columns[0].native_type, "int(10) unsigned");
    assert_eq!(film.columns[0].comment.as_deref(), Some("number"));
    assert_eq!(film.columns[1].enum_labels, ["G", "PG"]);
    assert_eq!(film.columns[2].class, TypeClass::Boolean);
    assert_eq!((film.columns[4].native_type.as_str(), film.columns[4].nullable), ("bigint", false));
    assert_eq!(film.unique_keys[0].columns, ["lang", "rating"]);
    assert_eq!(film.indexes.iter().map(|i| i.name.as_str()).collect::<Vec<_>>(), ["by_lang", "later"]);
    assert_eq!(film.foreign_keys[0].on_delete.as_deref(), Some("CASCADE"));
    assert_eq!(outcome.snapshot.routines[0].name, "twice");
    let names = table(&outcome, "", "names").columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>();
    assert_eq!(names, ["name", "r"]);
}

#[test]
fn mysql_bodies_without_a_delimiter_and_a_named_database() {
    let outcome = ddl::read(
        "CREATE DATABASE shop; USE shop;
        CREATE PROCEDURE p() BEGIN CASE 1 WHEN 1 THEN SELECT 1; END CASE; SELECT 2; END;
        CREATE TABLE t (id int);",
        Engine::Mariadb,
    );
    assert!(outcome.snapshot.table("shop", "t").is_some());
    assert_eq!(
        (outcome.snapshot.search_path, outcome.snapshot.database),
        (vec!["shop".to_owned()], "shop".to_owned())
    );
}

#[test]
fn t_sql() {
    let outcome = ddl::read(
        "USE [Shop]
        GO
        SET ANSI_NULLS ON
        IF NOT EXISTS (SELECT 1 FROM sys.tables) CREATE TABLE extra (id int)
        CREATE TYPE [dbo].[Flag] FROM [bit] NOT NULL
        CREATE TABLE [dbo].[Order Details](
            [Id] [int] IDENTITY(1,1) NOT NULL,
            [Price] [decimal](18, 2) NULL CONSTRAINT [df] DEFAULT ((0)),
            [Gross] AS ([Price]*(1.2)) PERSISTED,
            [Ok] [dbo].[Flag],
            [Name] [nvarchar](max) COLLATE Latin1_General_CI_AS,
            CONSTRAINT [pk] PRIMARY KEY CLUSTERED ([Id] ASC) WITH (PAD_INDEX = OFF) ON [PRIMARY]
        ) ON [PRIMARY]
        CREATE TABLE child (id int, parent int)
        GO
        ALTER TABLE child WITH CHECK ADD CONSTRAINT fk FOREIGN KEY(parent) REFERENCES [Order Details]
        ALTER TABLE child ADD CONSTRAINT d DEFAULT (7) FOR id, more datetime2
        GO
        CREATE OR ALTER PROCEDURE p @a int, @b AS nvarchar(10) = 'x' AS BEGIN SELECT 1; CREATE TABLE #t (x int); END
        GO
        CREATE VIEW v AS SELECT c.id AS Number, d.[Name] FROM child c JOIN [Order Details] d ON d.Id = c.parent
        GO
        EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'the price', @level0type=N'SCHEMA',@level0name=N'dbo',
            @level1type=N'TABLE',@level1name=N'Order Details', @level2type=N'COLUMN',@level2name=N'Price'",
        Engine::Mssql,
    );
    let names = outcome.snapshot.tables.iter().map(|t| t.name.as_str()).collect::<Vec<_>>();
    assert_eq!(names, ["Order Details", "child", "extra", "v"]);
    let details = table(&outcome, "dbo", "Order Details");
    assert_eq!(details.columns[1].native_type, "decimal(18,2)");
    assert_eq!(details.columns[1].default.as_deref(), Some("0"));
    assert_eq!(details.columns[1].comment.as_deref(), Some("the price"));
    assert_eq!(details.columns[2].generated.as_deref(), Some("[Price]*(1.2)"));
    assert_eq!(details.columns[3].class, TypeClass::Boolean);
    assert_eq!(details.primary_key.as_ref().unwrap().columns, ["Id"]);
    let child = table(&outcome, "dbo", "child");
    assert_eq!(child.foreign_keys[0].to_columns, ["Id"]);
    assert_eq!(child.columns[0].default.as_deref(), Some("7"));
    assert_eq!(child.columns[2].name, "more");
    assert_eq!(outcome.snapshot.routines[0].name, "p");
    assert_eq!(table(&outcome, "dbo", "v").columns[0].name, "Number");
    assert_eq!(outcome.snapshot.database, "Shop");
}

#[test]
fn deep_queries_cost_no_stack() {
    let chains = [
        format!("SELECT a{} AS x FROM t", " + a".repeat(20_000)),
        format!("SELECT a AS x FROM t{}", " UNION SELECT a FROM t".repeat(20_000)),
        format!("SELECT {}a{} AS x FROM t", "(".repeat(20_000), ")".repeat(20_000)),
        format!("SELECT {}a AS x FROM t", "- ".repeat(790)),
        format!("SELECT a{} AS x FROM t", " || a".repeat(390)),
        format!("SELECT a AS x FROM t{}", " UNION SELECT a FROM t".repeat(790)),
        format!("SELECT a AS x FROM t WHERE a{}", " AND a".repeat(790)),
    ];
    for chain in chains {
        // MongoDB's catalogs are no DDL text
        for engine in Engine::ALL.into_iter().filter(|e| *e != Engine::Mongodb) {
            let sql = format!("CREATE TABLE t (a int); CREATE VIEW v AS {chain};");
            let view = ddl::read(&sql, engine).snapshot.tables.pop().unwrap();
            assert_eq!(view.columns[0].name, "x");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "(CREATE|TABLE|VIEW|AS|SELECT|ALTER|ADD|[(),;.'\"`\\[\\]$\\\\\n ]|[a-c1]|/\\*|\\*/|--|é|DELIMITER|GO|COPY|stdin|BEGIN|END| ){0,60}") {
        for engine in Engine::ALL {
            let outcome = ddl::read(&text, engine);
            prop_assert!(outcome.skipped.len() <= outcome.skipped_total);
        }
    }

    #[test]
    fn made_tables_are_read_back(names in proptest::collection::btree_set("[a-z]{3,8}x", 1..8)) {
        let columns = names.iter().map(|n| format!("\"{n}\" text")).collect::<Vec<_>>().join(", ");
        let sql = format!("CREATE TABLE \"made up\" ({columns})");
        for engine in [Engine::Postgres, Engine::Sqlite, Engine::Mssql] {
            let outcome = ddl::read(&sql, engine);
            let found = outcome.snapshot.tables[0].columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
            prop_assert_eq!(&found, &names.iter().cloned().collect::<Vec<_>>());
        }
    }
}

#[test]
fn columns_of_views_have_the_types_that_their_expressions_have() {
    use catalog::TypeClass as C;
    for (engine, table, query, expected) in [
        (
            Engine::Mssql,
            "CREATE TABLE p (a nvarchar(9), b nvarchar(9), n int)",
            "SELECT a + ' ' + b AS full_name, n + 1 AS next, CONVERT(money, n * 2) AS price, IIF(n > 1, a, b) AS c FROM p",
            vec![C::Text, C::Integer, C::Decimal, C::Text],
        ),
        (
            Engine::Mysql,
            "CREATE TABLE p (a varchar(9), n int)",
            "SELECT IF(n, _utf8'yes', _utf8'') AS said, IF(n > 1, NULL, n) AS m, n + '1' AS o FROM p",
            vec![C::Text, C::Integer, C::Integer],
        ),
        (
            Engine::Postgres,
            "CREATE TABLE p (x xml, a text)",
            "SELECT (xpath('//b', x))[1] AS first, btrim(regexp_replace(a, 'b', 'c')) AS t FROM p",
            vec![C::Xml, C::Text],
        ),
    ] {
        let read = ddl::read(&format!("{table};\nCREATE VIEW v AS {query};"), engine).snapshot;
        let view = read.tables.iter().find(|t| t.name == "v").unwrap();
        let classes: Vec<C> = view.columns.iter().map(|c| c.class).collect();
        assert_eq!(classes, expected, "{engine}");
    }
}
