//! Logins, users, roles and permissions: kept by name, decided as the server decides.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::database::locked;
use crate::error::{Result, SqlError};
use crate::rights::{FIXED, State, Users};
use crate::server::User;
use crate::session::Context;
use crate::sql::lex::{Token, tokens};
use crate::sql::split::Piece;
use crate::sys::facts::name_at;
use crate::sys::rows::{Rows, int, text};

/// The login that set-ups run as.
pub(crate) const OWNER: &str = "sa";

/// Permissions on the server that a statement can give.
const ON_SERVER: &[&str] = &["SERVER", "ANY DATABASE", "ANY LOGIN", "BULK", "CONNECT SQL", "TRACE"];
/// What one who may do everything holds, as far as clients ask.
const ALL_OF_SERVER: &[&str] = &[
    "CONNECT SQL",
    "SHUTDOWN",
    "CREATE ANY DATABASE",
    "VIEW ANY DATABASE",
    "ALTER ANY LOGIN",
    "ALTER ANY DATABASE",
    "VIEW SERVER STATE",
    "ALTER SERVER STATE",
    "ADMINISTER BULK OPERATIONS",
    "CONTROL SERVER",
    "IMPERSONATE ANY LOGIN",
];
const ALL_OF_DATABASE: &[&str] = &[
    "CREATE TABLE",
    "CREATE VIEW",
    "CREATE PROCEDURE",
    "CREATE FUNCTION",
    "CREATE SCHEMA",
    "CREATE TYPE",
    "BACKUP DATABASE",
    "CONNECT",
    "SHOWPLAN",
    "ALTER",
    "ALTER ANY USER",
    "ALTER ANY ROLE",
    "ALTER ANY SCHEMA",
    "VIEW DATABASE STATE",
    "VIEW DEFINITION",
    "TAKE OWNERSHIP",
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "REFERENCES",
    "EXECUTE",
    "CONTROL",
];

#[derive(Debug, Clone)]
struct Login {
    name: String,
    password: String,
    admin: bool,
    permissions: Vec<String>,
}

#[derive(Default)]
struct Known {
    logins: HashMap<String, Login>,
    databases: HashMap<String, Users>,
}

/// Who may do what.
pub(crate) struct Access(Mutex<Known>);

impl Access {
    pub(crate) fn new(users: &[User]) -> Self {
        let login = |u: &User| {
            let (name, password) = (u.name.clone(), u.password.clone());
            (u.name.to_lowercase(), Login { name, password, admin: u.admin, permissions: Vec::new() })
        };
        Access(Mutex::new(Known { logins: users.iter().map(login).collect(), databases: HashMap::new() }))
    }

    /// The login's name as it was made, if the password is the right one.
    pub(crate) fn log_in(&self, name: &str, password: &str) -> Option<String> {
        let known = locked(&self.0);
        known.logins.get(&name.to_lowercase()).filter(|l| l.password == password).map(|l| l.name.clone())
    }

    fn is_admin(&self, login: &str) -> bool {
        login == OWNER || locked(&self.0).logins.get(&login.to_lowercase()).is_some_and(|l| l.admin)
    }

    /// Which user a login is in a database; none may be there.
    pub(crate) fn user_in(&self, database: &str, login: &str) -> Option<String> {
        if self.is_admin(login) {
            return Some("dbo".to_owned());
        }
        let known = locked(&self.0);
        let user = known.databases.get(&database.to_lowercase()).and_then(|d| d.user_of(login));
        user.or_else(|| database.eq_ignore_ascii_case("master").then(|| "guest".to_owned()))
    }

    pub(crate) fn principal_id(&self, database: &str, user: &str) -> i32 {
        locked(&self.0).databases.get(&database.to_lowercase()).and_then(|d| d.id(user)).unwrap_or(1)
    }

    /// The permissions on the server or on the database.
    pub(crate) fn permissions(&self, context: &Context, class: &str) -> Vec<String> {
        let own = |list: &[&str]| list.iter().map(|p| (*p).to_owned()).collect();
        if class.eq_ignore_ascii_case("SERVER") {
            if self.is_admin(&context.login) {
                return own(ALL_OF_SERVER);
            }
            let mut list: Vec<String> = own(&["CONNECT SQL", "VIEW ANY DATABASE"]);
            let known = locked(&self.0);
            let given = known.logins.get(&context.login.to_lowercase()).map(|l| l.permissions.clone());
            list.extend(given.unwrap_or_default());
            return list;
        }
        if context.user == "dbo" {
            return own(ALL_OF_DATABASE);
        }
        let known = locked(&self.0);
        let users = known.databases.get(&context.database.to_lowercase());
        let may = |p: &&&str| **p == "CONNECT" || users.is_some_and(|u| u.may(&context.user, p, None, None));
        ALL_OF_DATABASE.iter().filter(may).map(|p| (*p).to_owned()).collect()
    }

    /// Whether a user may do something to an object, 0 or 1; NULL for what there is not.
    pub(crate) fn has(
        &self,
        user: &str,
        database: &str,
        what: (&str, &str, &str, Option<&str>),
    ) -> Option<i32> {
        let (securable, class, permission, column) = what;
        if user == "dbo" {
            return Some(1);
        }
        let known = locked(&self.0);
        let Some(users) = known.databases.get(&database.to_lowercase()) else { return Some(0) };
        let named = name_at(&tokens(securable)).map(|(name, _)| name);
        let object = named.filter(|_| class.eq_ignore_ascii_case("OBJECT"));
        if permission.eq_ignore_ascii_case("ANY") {
            let (schema, name) = object?;
            return Some(users.sees(user, (&schema, &name)).into());
        }
        let object = object.as_ref().map(|(s, n)| (s.as_str(), n.as_str()));
        Some(users.may(user, permission, object, column).into())
    }

    /// Refuses what the session's user may not do to objects (`schema.name`).
    pub(crate) fn check(&self, context: &Context, permission: &str, objects: &[String]) -> Result<()> {
        if context.user == "dbo" {
            return Ok(());
        }
        for object in objects {
            let (schema, name) = object.split_once('.').unwrap_or(("dbo", object));
            if schema.eq_ignore_ascii_case("sys") {
                continue;
            }
            let known = locked(&self.0);
            let users = known.databases.get(&context.database.to_lowercase());
            if !users.is_some_and(|u| u.may(&context.user, permission, Some((schema, name)), None)) {
                let said = format!(
                    "The {permission} permission was denied on the object '{name}', database '{}', schema '{schema}'.",
                    context.database
                );
                return Err(SqlError::new(229, said).class(14).state(5));
            }
        }
        Ok(())
    }

    /// Whether the session's user sees an object in the catalog.
    pub(crate) fn sees(&self, user: &str, database: &str, object: (&str, &str)) -> bool {
        user == "dbo"
            || locked(&self.0).databases.get(&database.to_lowercase()).is_some_and(|u| u.sees(user, object))
    }

    pub(crate) fn may_define(&self, context: &Context) -> bool {
        context.user == "dbo"
            || locked(&self.0)
                .databases
                .get(&context.database.to_lowercase())
                .is_some_and(|u| u.may(&context.user, "ALTER", None, None))
    }

    pub(crate) fn is_member(&self, database: &str, role: &str, user: &str) -> Option<i32> {
        let known = locked(&self.0);
        let users = known.databases.get(&database.to_lowercase())?;
        users.id(role)?;
        Some((user == "dbo" || users.is_member(role, user)).into())
    }

    pub(crate) fn in_server_role(&self, role: &str, login: &str) -> Option<i32> {
        Some((role.eq_ignore_ascii_case("public") || self.is_admin(login)).into())
    }

    /// CREATE and DROP of logins, users and roles, ALTER ROLE, GRANT, DENY and REVOKE.
    pub(crate) fn change(&self, context: &Context, piece: &Piece) -> Result<()> {
        let all = &piece.tokens;
        let words: Vec<String> = all.iter().take(3).map(|t| t.text.to_uppercase()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if context.user != "dbo" {
            return Err(SqlError::new(15_247, "User does not have permission to perform this action."));
        }
        let after = |word: &str| {
            let at = all.iter().position(|t| t.is(word))?;
            all.get(at + 1).map(|t| t.text.clone())
        };
        let mut known = locked(&self.0);
        let database = context.database.to_lowercase();
        let name = |at: usize| all.get(at).map(|t| t.text.clone()).unwrap_or_default();
        match words.as_slice() {
            ["CREATE", "LOGIN", _] => {
                let password =
                    all.iter().find(|t| t.kind == crate::sql::lex::Kind::Text).map(|t| t.text.clone());
                let login = Login {
                    name: name(2),
                    password: password.unwrap_or_default(),
                    admin: false,
                    permissions: Vec::new(),
                };
                known.logins.insert(name(2).to_lowercase(), login);
            }
            ["DROP", "LOGIN", _] => {
                known.logins.remove(&name(2).to_lowercase());
            }
            ["ALTER", "SERVER", "ROLE"] => {
                let member = after("MEMBER").unwrap_or_default().to_lowercase();
                if let Some(login) = known.logins.get_mut(&member) {
                    login.admin = all.iter().any(|t| t.is("ADD")) && name(3).eq_ignore_ascii_case("sysadmin");
                }
            }
            ["CREATE", "USER", _] => {
                let login = after("LOGIN")
                    .filter(|_| !all.iter().any(|t| t.is("WITHOUT")))
                    .unwrap_or_else(|| name(2));
                known.databases.entry(database).or_default().add_user(&name(2), &login);
            }
            ["CREATE", "ROLE", _] => known.databases.entry(database).or_default().add_role(&name(2)),
            ["DROP", "USER" | "ROLE", _] => known.databases.entry(database).or_default().remove(&name(2)),
            ["ALTER", "ROLE", _] => {
                let member = after("MEMBER").unwrap_or_default();
                let add = all.iter().any(|t| t.is("ADD"));
                known.databases.entry(database).or_default().member(&name(2), &member, add)?;
            }
            ["ALTER", "USER" | "LOGIN", _] => {}
            ["GRANT" | "DENY" | "REVOKE", ..] => grant(&mut known, &database, all)?,
            _ => return Err(SqlError::unserved("this statement about principals")),
        }
        Ok(())
    }

    /// Fills the views of the catalog that tell of databases and principals.
    pub(crate) fn fill(
        &self,
        rows: &Rows<'_>,
        context: &Context,
        object: &mut dyn FnMut(&str) -> i64,
    ) -> Result<()> {
        for (name, id) in context.shared.database_names() {
            let snapshots = context.shared.database(&name).is_some_and(|d| d.snapshots());
            rows.add(
                "databases",
                &[
                    ("name", text(name)),
                    ("database_id", int(id)),
                    ("compatibility_level", int(160)),
                    ("state", int(0)),
                    ("state_desc", text("ONLINE")),
                    ("snapshot_isolation_state", int(snapshots)),
                    ("snapshot_isolation_state_desc", text(if snapshots { "ON" } else { "OFF" })),
                ],
            )?;
        }
        let principal = |name: &str, id: i32, role: bool| {
            rows.add(
                "database_principals",
                &[
                    ("name", text(name)),
                    ("principal_id", int(id)),
                    ("type", text(if role { "R" } else { "S" })),
                    ("type_desc", text(if role { "DATABASE_ROLE" } else { "SQL_USER" })),
                    ("is_fixed_role", int(role && id > 0)),
                ],
            )
        };
        for (name, id) in [("dbo", 1), ("guest", 2), ("INFORMATION_SCHEMA", 3), ("sys", 4)] {
            principal(name, id, false)?;
        }
        for (name, id) in FIXED {
            principal(name, *id, true)?;
        }
        let known = locked(&self.0);
        let Some(users) = known.databases.get(&context.database.to_lowercase()) else { return Ok(()) };
        for (name, id, role) in users.own() {
            principal(name, id, role)?;
        }
        for (role, member) in users.members() {
            rows.add(
                "database_role_members",
                &[("role_principal_id", int(role)), ("member_principal_id", int(member))],
            )?;
        }
        for grant in users.grants() {
            let class = grant.class();
            rows.add(
                "database_permissions",
                &[
                    ("class", int(class)),
                    ("major_id", int(if class == 1 { object(&grant.object) } else { 0 })),
                    ("minor_id", int(grant.column.is_some())),
                    ("grantee_principal_id", int(grant.grantee)),
                    ("grantor_principal_id", int(1)),
                    ("permission_name", text(&grant.permission)),
                    ("state", text(grant.state.letter())),
                ],
            )?;
        }
        Ok(())
    }
}

/// `GRANT SELECT, UPDATE (a) ON [OBJECT::]s.t TO u, v WITH GRANT OPTION`, and its relatives.
fn grant(known: &mut Known, database: &str, all: &[Token]) -> Result<()> {
    let revoke = all.first().is_some_and(|t| t.is("REVOKE"));
    let to = all.iter().rposition(|t| t.is("TO") || (revoke && t.is("FROM")));
    let Some(to) = to else { return Err(SqlError::syntax("TO")) };
    let on = all.iter().take(to).position(|t| t.is("ON")).unwrap_or(to);
    let end = all.iter().skip(to).position(|t| t.is("WITH") || t.is("CASCADE")).map_or(all.len(), |n| n + to);
    let option = all.get(end).is_some_and(|t| t.is("WITH"));
    let state = match all.first() {
        Some(first) if first.is("DENY") => Some(State::Denied),
        Some(first) if first.is("GRANT") && option => Some(State::Grantable),
        Some(first) if first.is("GRANT") => Some(State::Granted),
        _ => None,
    };
    let (object, mut columns) = on_what(all.get(on + 1..to).unwrap_or_default());
    let mut permissions: Vec<String> = vec![String::new()];
    let mut depth = 0_i32;
    for token in all.get(1..on).unwrap_or_default() {
        depth += i32::from(token.is("(")) - i32::from(token.is(")"));
        match permissions.last_mut() {
            _ if token.is(",") && depth == 0 => permissions.push(String::new()),
            Some(last) if depth == 0 && !token.is(")") => {
                last.push_str(if last.is_empty() { "" } else { " " });
                last.push_str(&token.text.to_uppercase());
            }
            _ if token.is_name() => columns.push(token.text.to_lowercase()),
            _ => {}
        }
    }
    for grantee in all.get(to + 1..end).unwrap_or_default().iter().filter(|t| t.is_name()) {
        for permission in &permissions {
            let permission = permission.trim_start_matches("GRANT OPTION FOR ");
            if ON_SERVER.iter().any(|s| permission.contains(s)) && object.is_none() {
                let Some(login) = known.logins.get_mut(&grantee.text.to_lowercase()) else { continue };
                login.permissions.retain(|p| p != permission);
                if matches!(state, Some(State::Granted | State::Grantable)) {
                    login.permissions.push(permission.to_owned());
                }
                continue;
            }
            let users = known.databases.entry(database.to_owned()).or_default();
            let columns: Vec<Option<String>> =
                if columns.is_empty() { vec![None] } else { columns.iter().cloned().map(Some).collect() };
            for column in columns {
                users.grant(&grantee.text, permission, object.clone(), column, state)?;
            }
        }
    }
    Ok(())
}

/// The object of a grant (`schema.name`, or `schema` alone with a colon before it), and columns after it.
fn on_what(tokens: &[Token]) -> (Option<String>, Vec<String>) {
    let class = tokens.first().filter(|_| tokens.get(1).is_some_and(|t| t.is(":")));
    let rest = if class.is_some() { tokens.get(3..).unwrap_or_default() } else { tokens };
    let Some(((schema, name), taken)) = name_at(rest) else { return (None, Vec::new()) };
    let columns = rest.get(taken..).unwrap_or_default().iter().filter(|t| t.is_name());
    let columns = columns.map(|t| t.text.to_lowercase()).collect();
    match class {
        Some(class) if class.is("SCHEMA") => (Some(format!(":{}", name.to_lowercase())), columns),
        Some(class) if class.is("DATABASE") => (None, columns),
        _ => (Some(format!("{}.{}", schema.to_lowercase(), name.to_lowercase())), columns),
    }
}
