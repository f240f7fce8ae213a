//! What the login may do beyond reading, and the statements that would make a login that cannot.

use connector_api::{ConnectorError, Privileges};
use tokio_postgres::{Client, Row};

use crate::error::{While, from_driver};

/// One row of facts about the login, set-based: nothing is asked per table from here.
const FACTS: &str = "WITH relations AS MATERIALIZED (
    SELECT c.oid, c.relkind, c.relowner, c.relnamespace FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT c.relispartition
      AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'),
  writes AS (
    SELECT count(*) FILTER (WHERE has_table_privilege(oid, 'INSERT')) AS inserts,
           count(*) FILTER (WHERE has_table_privilege(oid, 'UPDATE')) AS updates,
           count(*) FILTER (WHERE has_table_privilege(oid, 'DELETE')) AS deletes,
           count(*) FILTER (WHERE has_table_privilege(oid, 'TRUNCATE')) AS truncates,
           count(*) FILTER (WHERE pg_has_role(relowner, 'MEMBER')) AS owned,
           count(*) FILTER (WHERE has_any_column_privilege(oid, 'SELECT')
             AND has_schema_privilege(relnamespace, 'USAGE')) AS readable
    FROM relations)
SELECT current_user::text, current_database()::text, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication,
  r.rolbypassrls,
  ARRAY(SELECT g.rolname::text FROM pg_roles g
        WHERE g.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program',
                            'pg_write_all_data', 'pg_signal_backend', 'pg_maintain', 'pg_checkpoint')
          AND pg_has_role(g.oid, 'MEMBER') ORDER BY 1),
  has_database_privilege(current_database(), 'CREATE'), has_database_privilege(current_database(), 'TEMPORARY'),
  ARRAY(SELECT n.nspname::text FROM pg_namespace n WHERE has_schema_privilege(n.oid, 'CREATE')
        AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' ORDER BY 1),
  ARRAY(SELECT n.nspname::text FROM pg_namespace n
        WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' ORDER BY 1),
  inserts, updates, deletes, truncates, owned, readable
FROM pg_roles r CROSS JOIN writes WHERE r.rolname = current_user";

struct Facts {
    login: String,
    database: String,
    superuser: bool,
    attributes: Vec<&'static str>,
    roles: Vec<String>,
    creates_in_database: bool,
    makes_temporary: bool,
    creates_in: Vec<String>,
    schemas: Vec<String>,
    grants: Vec<(&'static str, i64)>,
    owned: i64,
    readable: i64,
}

/// Asks and judges.
pub(crate) async fn privileges(client: &Client) -> Result<Privileges, ConnectorError> {
    let driver = |error| from_driver(&error, While::Working);
    let rows = client.query_typed(FACTS, &[]).await.map_err(driver)?;
    let Some(row) = rows.first() else { return Ok(Privileges::default()) };
    Ok(judge(&read(row).map_err(driver)?))
}

fn read(row: &Row) -> Result<Facts, tokio_postgres::Error> {
    let mut attributes = Vec::new();
    for (index, name) in [(3, "CREATEROLE"), (4, "CREATEDB"), (5, "REPLICATION"), (6, "BYPASSRLS")] {
        if row.try_get(index)? {
            attributes.push(name);
        }
    }
    Ok(Facts {
        login: row.try_get(0)?,
        database: row.try_get(1)?,
        superuser: row.try_get(2)?,
        attributes,
        roles: row.try_get(7)?,
        creates_in_database: row.try_get(8)?,
        makes_temporary: row.try_get(9)?,
        creates_in: row.try_get(10)?,
        schemas: row.try_get(11)?,
        grants: vec![
            ("INSERT", row.try_get(12)?),
            ("UPDATE", row.try_get(13)?),
            ("DELETE", row.try_get(14)?),
            ("TRUNCATE", row.try_get(15)?),
        ],
        owned: row.try_get(16)?,
        readable: row.try_get(17)?,
    })
}

fn judge(facts: &Facts) -> Privileges {
    let can_write = findings(facts);
    Privileges {
        login: facts.login.clone(),
        fixes: if can_write.is_empty() { Vec::new() } else { fixes(facts) },
        can_write,
        readable_tables: u64::try_from(facts.readable).unwrap_or(0),
    }
}

fn findings(facts: &Facts) -> Vec<String> {
    if facts.superuser {
        // everything else follows from it
        return vec![
            "the login is a superuser: it may write everything, and read and write the server's files"
                .to_owned(),
        ];
    }
    let mut found = Vec::new();
    for attribute in &facts.attributes {
        found.push(format!("the login has the attribute {attribute}"));
    }
    for role in &facts.roles {
        found.push(format!("the login is a member of {role}"));
    }
    if facts.owned > 0 {
        found.push(format!("the login owns {}, which it may change and drop", tables(facts.owned)));
    }
    for (grant, count) in facts.grants.iter().filter(|(_, count)| *count > 0) {
        found.push(format!("the login may {grant} on {}", tables(*count)));
    }
    if facts.creates_in_database {
        found.push("the login may create schemas in the database".to_owned());
    }
    if !facts.creates_in.is_empty() {
        found.push(format!("the login may create objects in the schema {}", facts.creates_in.join(", ")));
    }
    if facts.makes_temporary {
        found.push("the login may make temporary tables in the database".to_owned());
    }
    found
}

fn tables(count: i64) -> String {
    if count == 1 { "1 table".to_owned() } else { format!("{count} tables") }
}

/// A role that reads the schemas of this database and nothing else. PUBLIC is part of every role, so what it may do
/// has to go as well.
fn fixes(facts: &Facts) -> Vec<String> {
    let database = quoted(&facts.database);
    let role = "querent_reader";
    let mut statements = vec![
        format!(
            "CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION CONNECTION LIMIT 10 \
             PASSWORD '(choose one)'"
        ),
        format!("ALTER ROLE {role} SET default_transaction_read_only = on"),
        format!("REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM PUBLIC"),
        format!("GRANT CONNECT ON DATABASE {database} TO {role}"),
    ];
    for schema in &facts.schemas {
        let schema = quoted(schema);
        statements.push(format!("REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC"));
        statements.push(format!("GRANT USAGE ON SCHEMA {schema} TO {role}"));
        statements.push(format!("GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}"));
    }
    statements
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
