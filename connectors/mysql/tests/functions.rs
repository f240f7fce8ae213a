//! What a server can call, against what the guard has judged: a function that nobody has judged is unknown to the guard
//! and refused, but it should be refused knowingly; and one that the guard allows has to be the server's own, or the name
//! would be looked for among the routines of the database.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use]
mod support;

use guard::functions::{self, Judgement, Kind};
use mysql_async::prelude::Queryable;
use support::{Database, Server};

/// Where a server lists what it can call. MySQL has only its manual for that, beside what plugins bring.
const MARIADB: &[&str] = &[
    "SELECT LOWER(FUNCTION) FROM information_schema.SQL_FUNCTIONS",
    "SELECT LOWER(PLUGIN_NAME) FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'FUNCTION'",
];
const MYSQL: &[&str] = &[
    "WITH RECURSIVE functions (id) AS (SELECT help_category_id FROM mysql.help_category WHERE name = 'Functions' UNION ALL \
     SELECT c.help_category_id FROM mysql.help_category AS c JOIN functions AS f ON c.parent_category_id = f.id) \
     SELECT LOWER(REPLACE(REPLACE(t.name, ' FUNCTION', ''), '()', '')) FROM mysql.help_topic AS t \
     JOIN functions AS f ON t.help_category_id = f.id WHERE t.name REGEXP '^[A-Z_0-9]+( FUNCTION|\\\\(\\\\))?$'",
    "SELECT LOWER(UDF_NAME) FROM performance_schema.user_defined_functions",
];

/// Words of MySQL's manual that are operators and parts of grammar.
const OPERATORS: &[&str] = &[
    "binary",
    "case",
    "div",
    "like",
    "regexp",
    "and",
    "or",
    "xor",
    "not",
    "is",
    "in",
    "exists",
    "default",
    "json_table",
];

async fn every_function_of_the_server_is_judged(server: Server) {
    let mut admin = support::admin(server, None).await;
    let mut names: Vec<String> = Vec::new();
    for list in server.pick(MARIADB, MYSQL) {
        names.extend(admin.query::<String, _>(*list).await.unwrap());
    }
    assert!(names.len() > 200, "the server lists {} functions", names.len());
    let judged = functions::of(server.engine());
    names.retain(|name| !OPERATORS.contains(&name.as_str()) && judged.judge(name) == Judgement::Unknown);
    names.sort();
    assert!(names.is_empty(), "not judged: {}", names.join(" "));
}

/// What MariaDB has from 11.1 on, and MySQL had up to 9.5.
const OTHER_VERSIONS: (&[&str], &[&str]) = (&["json_schema_valid"], &["md5", "sha", "sha1"]);

async fn every_allowed_function_is_the_servers_own(server: Server) {
    const NO_SUCH_FUNCTION: [u16; 2] = [1305, 1630];
    let database = Database::new(server, &[]).await;
    let mut admin = database.admin.lock().await;
    let mut unknown = Vec::new();
    for function in functions::judged(server.engine()) {
        if server.pick(OTHER_VERSIONS.0, OTHER_VERSIONS.1).contains(&function.name) {
            continue;
        }
        let arguments = vec!["NULL"; function.min_args].join(", ");
        let over = if function.kind == Kind::Window { " OVER (ORDER BY 1)" } else { "" };
        // the server says by one error that it knows no such function, by others that the arguments do not fit
        let prepared = admin.prep(format!("SELECT {}({arguments}){over}", function.name)).await;
        if let Err(mysql_async::Error::Server(error)) = prepared
            && NO_SUCH_FUNCTION.contains(&error.code)
        {
            unknown.push(function.name);
        }
    }
    assert!(unknown.is_empty(), "the server has no {}", unknown.join(" "));
}

on_every_server!(every_function_of_the_server_is_judged, every_allowed_function_is_the_servers_own);
