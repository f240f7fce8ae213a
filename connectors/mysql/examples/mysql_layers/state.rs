//! The state of a database and its server, in parts: every row of every table, definitions, logins, settings, locks,
//! sessions, files.

use std::path::Path;

use connector_api::layers::State;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, Row, Value};

use crate::bench::VICTIM;

/// Questions whose whole answers are kept, on both servers.
const PARTS: &[(&str, &str)] = &[
    ("databases", "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY 1"),
    (
        "tables",
        "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, CREATE_TIME, TABLE_COMMENT FROM \
         information_schema.TABLES WHERE TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema', 'sys') \
         ORDER BY 1, 2",
    ),
    (
        "columns",
        "SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS \
         WHERE TABLE_SCHEMA = 'querent_layers_victim' ORDER BY 1, 2",
    ),
    (
        "routines",
        "SELECT ROUTINE_NAME, ROUTINE_DEFINITION, LAST_ALTERED FROM information_schema.ROUTINES ORDER BY 1",
    ),
    ("events", "SELECT EVENT_NAME FROM information_schema.EVENTS ORDER BY 1"),
    ("triggers", "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS ORDER BY 1"),
    ("plugins", "SELECT PLUGIN_NAME, PLUGIN_STATUS FROM information_schema.PLUGINS ORDER BY 1"),
    ("rights", "SELECT * FROM mysql.tables_priv ORDER BY Db, User, Table_name"),
    ("rights on databases", "SELECT * FROM mysql.db ORDER BY Db, User"),
    ("functions", "SELECT * FROM mysql.func ORDER BY name"),
    (
        "locks by name",
        "SELECT IFNULL(IS_USED_LOCK('a'), ''), IFNULL(IS_USED_LOCK('x'), ''), IFNULL(IS_USED_LOCK('l'), ''), \
         IFNULL(IS_USED_LOCK('lock'), ''), IFNULL(IS_USED_LOCK('mylock'), '')",
    ),
    (
        "open transactions",
        "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_rows_locked > 0 OR trx_rows_modified > 0",
    ),
];

/// And on MariaDB. The clock, and what the server counts by itself, are not settings.
const MARIADB: &[(&str, &str)] = &[
    ("logins", "SELECT * FROM mysql.global_priv ORDER BY Host, User"),
    ("sequence", "SELECT next_not_cached_value FROM querent_layers_victim.ticket_seq"),
    (
        "settings",
        "SELECT VARIABLE_NAME, VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES \
         WHERE VARIABLE_NAME NOT LIKE 'GTID%' ORDER BY 1",
    ),
];

/// And on MySQL.
const MYSQL: &[(&str, &str)] = &[
    ("logins", "SELECT * FROM mysql.user ORDER BY Host, User"),
    ("roles", "SELECT * FROM mysql.role_edges ORDER BY 1, 2, 3, 4"),
    ("components", "SELECT component_urn FROM mysql.component ORDER BY 1"),
    ("resource groups", "SELECT RESOURCE_GROUP_NAME FROM information_schema.RESOURCE_GROUPS ORDER BY 1"),
    (
        "settings",
        "SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.global_variables \
         WHERE VARIABLE_NAME NOT LIKE 'gtid%' ORDER BY 1",
    ),
    ("kept settings", "SELECT * FROM performance_schema.persisted_variables ORDER BY 1"),
];

/// What a session could have been left with, asked inside of it.
pub const fn session(mariadb: bool) -> &'static str {
    if mariadb {
        "SELECT CONCAT_WS(' ', @@SESSION.tx_read_only, @@SESSION.sql_mode, @@SESSION.max_statement_time, \
         @@SESSION.sql_select_limit, @@SESSION.autocommit, @@SESSION.tx_isolation, @@SESSION.character_set_client, \
         @@SESSION.foreign_key_checks, IFNULL(@x, '-'), IFNULL(@a, '-'), IFNULL(@v, '-'), IFNULL(@leak, '-'), \
         LAST_INSERT_ID(), IFNULL(DATABASE(), '-'), IFNULL(CURRENT_ROLE(), '-')) AS session"
    } else {
        "SELECT CONCAT_WS(' ', @@SESSION.transaction_read_only, @@SESSION.sql_mode, @@SESSION.max_execution_time, \
         @@SESSION.sql_select_limit, @@SESSION.autocommit, @@SESSION.transaction_isolation, \
         @@SESSION.character_set_client, @@SESSION.foreign_key_checks, IFNULL(@x, '-'), IFNULL(@a, '-'), \
         IFNULL(@v, '-'), IFNULL(@leak, '-'), LAST_INSERT_ID(), IFNULL(DATABASE(), '-'), CURRENT_ROLE()) AS session"
    }
}

/// Takes the state. `files`: the folder that the server may write to.
pub async fn of(conn: &mut Conn, mariadb: bool, files: &str) -> Result<State, Error> {
    let mut state = State::new();
    for (name, question) in PARTS.iter().chain(if mariadb { MARIADB } else { MYSQL }) {
        let rows: Vec<Row> = conn.query(*question).await?;
        let text: Vec<String> = rows.into_iter().map(|row| shown(row.unwrap())).collect();
        state.insert((*name).to_owned(), text.join("\n"));
    }
    let tables: Vec<String> = conn
        .query(format!(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{VICTIM}' \
             AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1"
        ))
        .await?;
    for table in tables {
        let rows: Vec<Row> =
            conn.query(format!("SELECT * FROM {VICTIM}.`{}`", table.replace('`', "``"))).await?;
        let mut text: Vec<String> = rows.into_iter().map(|row| shown(row.unwrap())).collect();
        text.sort();
        state.insert(format!("rows of {table}"), text.join("\n"));
    }
    state.insert("files".to_owned(), listing(Path::new(files)));
    state.insert("temporary files".to_owned(), owned(Path::new(files)));
    Ok(state)
}

fn shown(values: Vec<Value>) -> String {
    values.iter().map(|value| value.as_sql(true)).collect::<Vec<_>>().join(",")
}

fn listing(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.path().display().to_string()).collect();
    names.sort();
    names.join("\n")
}

/// What the server's account owns in the folder for temporary files.
fn owned(folder: &Path) -> String {
    use std::os::unix::fs::MetadataExt;
    let Ok(owner) = folder.metadata() else { return "not watched".to_owned() };
    let entries = std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.metadata().is_ok_and(|m| m.uid() == owner.uid()));
    let mut names: Vec<String> = ours.map(|entry| entry.path().display().to_string()).collect();
    names.sort();
    names.join("\n")
}
