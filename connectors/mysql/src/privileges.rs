//! What the login may do beyond reading, from the grants that the server lists, and the statements that would make a
//! login that cannot. What is not known to be harmless counts: a privilege that a new version invents is reported.

use std::collections::BTreeSet;

use catalog::Engine;
use connector_api::{ConnectorError, Privileges};
use mysql_async::Row;

use crate::session::Session;

/// Privileges that only show things.
const HARMLESS: &[&str] =
    &["USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES", "REFERENCES", "SHOW CREATE ROUTINE"];

/// Who has these everywhere can do anything. MySQL lists them one by one even for a login that was granted all.
const EVERYTHING: &[&str] =
    &["INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "FILE", "CREATE USER", "SHUTDOWN", "SUPER"];

/// Roles that are followed, granted to one another or not.
const ROLES: usize = 64;

const ABOUT: &str = "SELECT CURRENT_USER(), SCHEMA_NAME FROM information_schema.SCHEMATA \
     WHERE SCHEMA_NAME NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')";

const READABLE: &str = "SELECT TABLE_SCHEMA, COUNT(*) FROM information_schema.TABLES \
     WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'VIEW') GROUP BY TABLE_SCHEMA";

/// One line of `SHOW GRANTS`.
#[derive(Debug, PartialEq)]
enum Grant {
    /// Privileges on something.
    Rights { privileges: Vec<String>, on: String, grantable: bool },
    /// A role, quoted as the server quotes it.
    Role(String),
}

/// Asks and judges. `database`: the one that is crawled, or empty for all.
pub(crate) async fn privileges(session: &mut Session, database: &str) -> Result<Privileges, ConnectorError> {
    let about = session.rows(ABOUT).await?;
    let text = |row: &Row, index| row.get_opt::<String, _>(index).and_then(Result::ok).unwrap_or_default();
    let mut schemas: Vec<String> = about.iter().map(|row| text(row, 1)).collect();
    if !database.is_empty() {
        schemas.retain(|schema| schema == database);
    }
    let login = session.rows("SELECT CURRENT_USER()").await?;
    let readable = session.rows(READABLE).await?;
    let readable = readable.iter().filter(|row| schemas.contains(&text(row, 0)));
    let readable_tables = readable.filter_map(|row| row.get_opt::<u64, _>(1)?.ok()).sum();
    let can_write = findings(session).await?;
    Ok(Privileges {
        login: login.first().map(|row| text(row, 0)).unwrap_or_default(),
        fixes: if can_write.is_empty() { Vec::new() } else { fixes(&schemas) },
        can_write,
        readable_tables,
    })
}

/// What is found while grants are read.
#[derive(Default)]
struct Found {
    sentences: BTreeSet<String>,
    /// Roles to be looked at.
    roles: Vec<String>,
    known: BTreeSet<String>,
}

/// What the login's own grants, those of its roles, and those that everybody has, allow.
async fn findings(session: &mut Session) -> Result<Vec<String>, ConnectorError> {
    let engine = session.engine()?;
    let mut found = Found::default();
    // a grant to PUBLIC is everybody's; servers before 10.11 have none
    if engine == Engine::Mariadb
        && let Ok(lines) = session.rows("SHOW GRANTS FOR PUBLIC").await
    {
        found.judge(&lines);
    }
    found.judge(&session.rows("SHOW GRANTS").await?);
    while let Some(role) = found.roles.pop() {
        if found.known.len() > ROLES {
            found.sentences.insert("the login has more roles than are looked at".to_owned());
            break;
        }
        match of_role(session, engine, &role).await {
            Ok(lines) => found.judge(&lines),
            Err(_) => {
                let unread = format!("the login has the role {role}, whose rights could not be read");
                found.sentences.insert(unread);
            }
        }
    }
    Ok(found.told())
}

/// The grants of a role, and again the login's own. MariaDB shows those of a role in use only, so it is put to use:
/// the session is closed after the test.
async fn of_role(session: &mut Session, engine: Engine, role: &str) -> Result<Vec<Row>, ConnectorError> {
    if engine != Engine::Mariadb {
        return session.rows(&format!("SHOW GRANTS FOR CURRENT_USER() USING {role}")).await;
    }
    session.rows(&format!("SET ROLE {role}")).await?;
    session.rows("SHOW GRANTS").await
}

impl Found {
    /// The sentences, without those that go without saying.
    fn told(self) -> Vec<String> {
        let all = self.sentences.contains(&everything("*.*"));
        self.sentences.into_iter().filter(|said| !all || !said.ends_with(" on *.*")).collect()
    }

    fn judge(&mut self, lines: &[Row]) {
        for line in lines.iter().filter_map(|row| row.get_opt::<String, _>(0)?.ok()) {
            match parse(&line) {
                Some(Grant::Role(role)) => {
                    if self.known.insert(role.clone()) {
                        self.roles.push(role);
                    }
                }
                Some(Grant::Rights { mut privileges, on, grantable }) => {
                    if EVERYTHING.iter().all(|wanted| privileges.iter().any(|had| had == wanted)) {
                        privileges = vec!["ALL PRIVILEGES".to_owned()];
                    }
                    self.sentences.extend(privileges.iter().filter_map(|privilege| sentence(privilege, &on)));
                    if grantable {
                        self.sentences.insert(format!("the login may grant its rights on {on} to others"));
                    }
                }
                None => {
                    self.sentences.insert("the login has a grant of a form that is not known".to_owned());
                }
            }
        }
    }
}

fn everything(on: &str) -> String {
    match on {
        "*.*" => "the login may do everything on the server".to_owned(),
        on => format!("the login may do everything on {on}"),
    }
}

fn sentence(privilege: &str, on: &str) -> Option<String> {
    if HARMLESS.contains(&privilege) {
        return None;
    }
    Some(match privilege {
        "ALL PRIVILEGES" | "ALL" => everything(on),
        "FILE" => "the login may read and write the server's files (FILE)".to_owned(),
        "EXECUTE" => {
            format!("the login may run stored routines on {on}, which may write with their owner's rights")
        }
        "PROXY" => format!("the login may act as {on}"),
        other => format!("the login may {other} on {on}"),
    })
}

/// Reads one line. `None` when it is of no known form.
fn parse(line: &str) -> Option<Grant> {
    let rest = line.strip_prefix("GRANT ")?;
    let to = find(rest, " TO ")?;
    let (what, tail) = (rest.get(..to)?, rest.get(to..)?);
    let Some(on) = find(what, " ON ") else { return Some(Grant::Role(what.to_owned())) };
    let privileges = split(what.get(..on)?);
    Some(Grant::Rights {
        privileges,
        on: what.get(on + 4..)?.to_owned(),
        grantable: find(tail, " WITH GRANT OPTION").is_some() || tail.ends_with(" WITH GRANT OPTION"),
    })
}

/// Where a word stands outside quotes and brackets.
fn find(text: &str, word: &str) -> Option<usize> {
    outside(text).find(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(word)))
}

/// The positions outside quotes and brackets. A doubled quote ends and begins again, which is the same.
fn outside(text: &str) -> impl Iterator<Item = usize> {
    let (mut quote, mut depth) = (None, 0_u32);
    text.char_indices().filter_map(move |(at, letter)| {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '`' | '"' | '\'') => quote = Some(letter),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, _) => return (depth == 0).then_some(at),
        }
        None
    })
}

/// Privileges, without the columns that they are for.
fn split(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for at in outside(text) {
        if text.get(at..).is_some_and(|rest| rest.starts_with(',')) {
            pieces.push(text.get(from..at).unwrap_or_default());
            from = at + 1;
        }
    }
    pieces.push(text.get(from..).unwrap_or_default());
    pieces.iter().map(|p| p.split('(').next().unwrap_or_default().trim().to_ascii_uppercase()).collect()
}

/// A user that reads these databases and nothing else.
fn fixes(schemas: &[String]) -> Vec<String> {
    let user = "'querent_reader'@'%'";
    let mut statements =
        vec![format!("CREATE USER {user} IDENTIFIED BY '(choose one)' WITH MAX_USER_CONNECTIONS 10")];
    for schema in schemas {
        // there `_` and `%` stand for any letters
        let name = schema.replace('`', "``").replace('_', "\\_").replace('%', "\\%");
        statements.push(format!("GRANT SELECT, SHOW VIEW ON `{name}`.* TO {user}"));
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(line: &str) -> (Vec<String>, String, bool) {
        match parse(line) {
            Some(Grant::Rights { privileges, on, grantable }) => (privileges, on, grantable),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn grants_are_read_with_columns_quotes_and_options() {
        let (privileges, on, grantable) = rights(
            "GRANT SELECT (`a TO b`, `c`), UPDATE (`id`), EXECUTE ON `x ON y`.`t` TO `u`@`%` WITH GRANT OPTION",
        );
        assert_eq!(privileges, ["SELECT", "UPDATE", "EXECUTE"]);
        assert_eq!((on.as_str(), grantable), ("`x ON y`.`t`", true));
        let (privileges, on, grantable) = rights("GRANT SELECT, SHOW VIEW ON \"shop\".* TO \"u\"@\"%\"");
        assert_eq!((privileges.len(), on.as_str(), grantable), (2, "\"shop\".*", false));
        assert_eq!(parse("GRANT `r1` TO `u`@`%`"), Some(Grant::Role("`r1`".to_owned())));
        assert_eq!(parse("REVOKE x"), None);
    }

    #[test]
    fn only_what_shows_things_is_harmless() {
        for harmless in ["USAGE", "SELECT", "SHOW VIEW"] {
            assert_eq!(sentence(harmless, "*.*"), None);
        }
        for other in
            ["INSERT", "FILE", "EXECUTE", "SUPER", "READ_ONLY ADMIN", "LOCK TABLES", "SOMETHING NEW", "PROXY"]
        {
            assert!(sentence(other, "*.*").is_some(), "{other}");
        }
    }

    #[test]
    fn a_fix_means_the_database_by_its_exact_name() {
        let statements = fixes(&["my_shop".to_owned()]);
        assert!(statements[1].contains("`my\\_shop`.*"), "{statements:?}");
    }
}
