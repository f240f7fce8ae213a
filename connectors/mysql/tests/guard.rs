//! The servers as judges of the guard: whether the text that runs means what was written under every `sql_mode`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use]
mod support;

use guard::{Policy, check};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row};
use support::{Database, Server, admin};

const WRITTEN: [&str; 18] = [
    r"SELECT 'a\\b', 'it\'s', 'p\%q\_', 'x\ny', 'c' 'd'",
    r#"SELECT "it's", "a""b", 'a''b', "\"", '"' AS "alias's""#,
    r"SELECT name FROM people WHERE name LIKE 'a\_%' ORDER BY id",
    r"SELECT name FROM people WHERE name LIKE CONCAT('%', '\\\\', '%') ORDER BY id",
    r"SELECT name FROM people WHERE name LIKE '%|_%' ESCAPE '|' ORDER BY id",
    r"SELECT name REGEXP '^a\\_', REGEXP_REPLACE(name, '\\d', '#') FROM people ORDER BY id",
    r"SELECT GROUP_CONCAT(name ORDER BY id SEPARATOR '\\') FROM people",
    "SELECT 1 || 0 && 0, 2 ^ 3 * 2, NOT 1 BETWEEN 0 AND 5, ! 1 + 1, 7 DIV 2 MOD 3, 1 XOR 1 OR 1, -2 ^ 2",
    "SELECT 1 = 2 IN (0), 1 = 1 IS NULL, 'a' < 'b' = 1, 5 | 2 & 3 << 1 + 1, BINARY 'a' = 'A', 1 <=> NULL",
    "SELECT NOT 0x41, NOT X'41', 0xF + 0, _binary'1' + 1, b'101' + 0, _utf8mb4 X'C3A9', N'n'",
    "SELECT town, SUM(age) AS age FROM people GROUP BY town HAVING age > 20 ORDER BY age, town",
    "SELECT -age AS id, COUNT(*) FROM people GROUP BY id HAVING id < 0 ORDER BY id",
    "SELECT town, COUNT(*) FROM people GROUP BY town WITH ROLLUP",
    "SELECT COUNT(*) FROM people a JOIN people b JOIN people c ON c.id = a.id",
    "SELECT DATE '2024-01-31' + INTERVAL 1 MONTH, TIMESTAMPADD(DAY, 2, '2024-01-01'), EXTRACT(YEAR_MONTH FROM '2024-05-06')",
    "SELECT INTERVAL(5, 1, 3), INTERVAL (3) DAY + '2024-01-01', TRIM(BOTH 'x' FROM 'xax'), POSITION('b' IN 'abc')",
    "SELECT j.v FROM people p, JSON_TABLE(p.tags, '$[*]' COLUMNS (v VARCHAR(9) PATH '$')) j ORDER BY p.id, j.v",
    "(SELECT id FROM people ORDER BY id LIMIT 1) UNION ALL SELECT age FROM people WHERE age > 30 ORDER BY 1",
];

async fn the_text_that_runs_means_what_was_written_in_every_mode(server: Server) {
    let database = Database::new(
        server,
        &[
            "CREATE TABLE people (id int, name varchar(20), town varchar(20), age int, tags json)",
            r#"INSERT INTO people VALUES (1, 'a_1', 'Rome', 20, '["x","y"]'), (2, 'ab2', 'Rome', 30, '[]')"#,
            r#"INSERT INTO people VALUES (3, 'c\\3', 'Oslo', 40, '["z"]'), (4, NULL, NULL, NULL, NULL)"#,
        ],
    )
    .await;
    let ddl = "CREATE TABLE people (id int, name varchar(20), town varchar(20), age int, tags json);";
    let catalog = catalog::Catalog::new(catalog::ddl::read(ddl, server.engine()).snapshot);
    let mut admin = admin(server, Some(&database.name)).await;
    for sql in WRITTEN {
        let read = check(sql, &catalog, &Policy::default()).unwrap_or_else(|f| panic!("{sql}: {f:?}"));
        let wanted = rows(&mut admin, "", sql).await;
        for mode in ["", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,HIGH_NOT_PRECEDENCE,IGNORE_SPACE"]
        {
            assert_eq!(
                rows(&mut admin, mode, read.sql()).await,
                wanted,
                "{mode}: {sql} ran as {}",
                read.sql()
            );
        }
    }
    admin.disconnect().await.expect("it ends");
}

async fn rows(server: &mut Conn, mode: &str, sql: &str) -> Vec<String> {
    server.query_drop(format!("SET NAMES utf8mb4, sql_mode = '{mode}'")).await.expect("the mode is set");
    let rows: Vec<Row> = server.query(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    rows.into_iter().map(|row| format!("{:?}", row.unwrap())).collect()
}

on_every_server!(the_text_that_runs_means_what_was_written_in_every_mode);
