//! What the login may do beyond reading, from the rights that the server says it has, and the statements that would make
//! a login that cannot. What is not known to be harmless counts: a right that a new version invents is reported.

use std::collections::BTreeSet;

use connector_api::{ConnectorError, Privileges};

use crate::introspect::raw;
use crate::session::Session;

/// Rights on the server or the database that only show things. Those that begin with VIEW do so too.
const HARMLESS: &[&str] = &[
    "CONNECT",
    "CONNECT SQL",
    "CONNECT ANY DATABASE",
    "CONNECT REPLICATION",
    "REFERENCES",
    "SELECT",
    "SELECT ALL USER SECURABLES",
    "SHOWPLAN",
    "UNMASK",
];

const LOGIN: &str = "SELECT ORIGINAL_LOGIN(), USER_NAME()";

/// Rights that hold everywhere, roles counted in.
const RIGHTS: &str = "SELECT 'SERVER', permission_name FROM sys.fn_my_permissions(NULL, 'SERVER') \
     UNION ALL SELECT 'DATABASE', permission_name FROM sys.fn_my_permissions(NULL, 'DATABASE')";

/// On how many tables and views the login may do what.
const RELATIONS: &str = "SELECT COUNT(*), SUM(r.may_select), SUM(r.may_insert), SUM(r.may_update), SUM(r.may_delete), \
     SUM(r.may_alter) FROM (SELECT \
     HAS_PERMS_BY_NAME(QUOTENAME(s.name) + '.' + QUOTENAME(o.name), 'OBJECT', 'SELECT') AS may_select, \
     HAS_PERMS_BY_NAME(QUOTENAME(s.name) + '.' + QUOTENAME(o.name), 'OBJECT', 'INSERT') AS may_insert, \
     HAS_PERMS_BY_NAME(QUOTENAME(s.name) + '.' + QUOTENAME(o.name), 'OBJECT', 'UPDATE') AS may_update, \
     HAS_PERMS_BY_NAME(QUOTENAME(s.name) + '.' + QUOTENAME(o.name), 'OBJECT', 'DELETE') AS may_delete, \
     HAS_PERMS_BY_NAME(QUOTENAME(s.name) + '.' + QUOTENAME(o.name), 'OBJECT', 'ALTER') AS may_alter \
     FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
     WHERE o.type IN ('U', 'V', 'ET') AND o.is_ms_shipped = 0) AS r";

/// How many procedures and functions it may run.
const ROUTINES: &str = "SELECT COUNT(*) FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
     WHERE o.type IN ('P', 'PC', 'X', 'FN', 'FS') AND o.is_ms_shipped = 0 \
     AND HAS_PERMS_BY_NAME(QUOTENAME(s.name) + '.' + QUOTENAME(o.name), 'OBJECT', 'EXECUTE') = 1";

/// Grants to single columns, and grants that may be handed on.
const GRANTS: &str = "SELECT SUM(CASE WHEN p.minor_id > 0 AND p.permission_name = 'UPDATE' THEN 1 ELSE 0 END), \
     SUM(CASE WHEN p.state = 'W' THEN 1 ELSE 0 END) FROM sys.database_permissions AS p \
     WHERE p.state IN ('G', 'W') AND (p.grantee_principal_id = DATABASE_PRINCIPAL_ID() \
     OR IS_ROLEMEMBER(USER_NAME(p.grantee_principal_id)) = 1)";

/// Schemas of users, for the statements that help.
const SCHEMAS: &str = "SELECT DISTINCT s.name FROM sys.objects AS o JOIN sys.schemas AS s \
     ON s.schema_id = o.schema_id WHERE o.type IN ('U', 'V', 'ET') AND o.is_ms_shipped = 0";

/// Asks and judges.
pub(crate) async fn privileges(session: &mut Session, database: &str) -> Result<Privileges, ConnectorError> {
    let login = session.rows(LOGIN, &[]).await?;
    let mut sentences = BTreeSet::new();
    for row in session.rows(RIGHTS, &[]).await? {
        sentences.extend(sentence(&raw::text(&row, 0), &raw::text(&row, 1)));
    }
    let relations = session.rows(RELATIONS, &[]).await?;
    let count = |index| relations.first().and_then(|row| raw::number(row, index)).unwrap_or(0);
    for (index, right) in [(2, "INSERT into"), (3, "UPDATE"), (4, "DELETE from"), (5, "ALTER")] {
        if count(index) > 0 {
            sentences.insert(format!("the login may {right} {} tables or views", count(index)));
        }
    }
    let runnable =
        session.rows(ROUTINES, &[]).await?.first().and_then(|row| raw::number(row, 0)).unwrap_or(0);
    if runnable > 0 {
        sentences.insert(format!(
            "the login may run {runnable} procedures or functions, which may write with their owner's rights"
        ));
    }
    let grants = session.rows(GRANTS, &[]).await?;
    let granted = |index| grants.first().and_then(|row| raw::number(row, index)).unwrap_or(0);
    if granted(0) > 0 {
        sentences.insert("the login may UPDATE single columns".to_owned());
    }
    if granted(1) > 0 {
        sentences.insert("the login may grant some of its rights to others".to_owned());
    }
    let can_write: Vec<String> = sentences.into_iter().collect();
    let fixes = if can_write.is_empty() { Vec::new() } else { fixes(session, database).await? };
    Ok(Privileges {
        login: login.first().map(|row| raw::text(row, 0)).unwrap_or_default(),
        can_write,
        fixes,
        readable_tables: count(1),
    })
}

fn sentence(on: &str, right: &str) -> Option<String> {
    if HARMLESS.contains(&right) || right.starts_with("VIEW ") {
        return None;
    }
    Some(match (on, right) {
        ("SERVER", "CONTROL SERVER") => "the login may do everything on the server".to_owned(),
        ("DATABASE", "CONTROL") => "the login may do everything in the database".to_owned(),
        ("SERVER", "ADMINISTER BULK OPERATIONS") => {
            "the login may read the server's files (ADMINISTER BULK OPERATIONS)".to_owned()
        }
        ("DATABASE", "EXECUTE") => {
            "the login may run every procedure of the database, which may write with their owner's rights"
                .to_owned()
        }
        ("SERVER", right) => format!("the login may {right} on the server"),
        (_, right) => format!("the login may {right} in the database"),
    })
}

/// A login that reads these schemas, makes plans, and does nothing else.
async fn fixes(session: &mut Session, database: &str) -> Result<Vec<String>, ConnectorError> {
    let schemas = session.rows(SCHEMAS, &[]).await?;
    Ok(statements(database, schemas.iter().map(|row| raw::text(row, 0)).collect()))
}

fn statements(database: &str, mut schemas: Vec<String>) -> Vec<String> {
    schemas.sort();
    let user = "[querent_reader]";
    let mut statements = vec![
        format!("CREATE LOGIN {user} WITH PASSWORD = '(choose one)'"),
        format!("USE {}", quoted(database)),
        format!("CREATE USER {user} FOR LOGIN {user}"),
        format!("GRANT SHOWPLAN, VIEW DEFINITION TO {user}"),
    ];
    statements
        .extend(schemas.iter().map(|schema| format!("GRANT SELECT ON SCHEMA::{} TO {user}", quoted(schema))));
    statements
}

/// A name in brackets.
pub(crate) fn quoted(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_shows_things_is_harmless() {
        for harmless in ["CONNECT SQL", "SELECT", "VIEW ANY DATABASE", "VIEW SERVER STATE", "SHOWPLAN"] {
            assert_eq!(sentence("SERVER", harmless), None);
        }
        for other in
            ["INSERT", "CONTROL", "EXECUTE", "ALTER ANY SCHEMA", "IMPERSONATE ANY LOGIN", "SOMETHING NEW"]
        {
            assert!(sentence("DATABASE", other).is_some(), "{other}");
        }
    }

    #[test]
    fn names_in_fixes_are_quoted() {
        let made = statements("my]shop", vec!["dbo".to_owned()]);
        assert!(made.contains(&"USE [my]]shop]".to_owned()), "{made:?}");
        assert!(made.iter().any(|s| s == "GRANT SELECT ON SCHEMA::[dbo] TO [querent_reader]"));
    }
}
