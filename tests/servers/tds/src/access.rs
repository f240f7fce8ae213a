//! Logins, users, roles and permissions.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::database::locked;
use crate::error::Result;
use crate::server::User;
use crate::session::Context;
use crate::sql::split::Piece;
use crate::sys::rows::{Rows, int, text};

/// The login that set-ups run as.
pub(crate) const OWNER: &str = "sa";

#[derive(Debug, Clone)]
struct Login {
    name: String,
    password: String,
    admin: bool,
}

/// Who may do what.
pub(crate) struct Access {
    logins: Mutex<HashMap<String, Login>>,
}

impl Access {
    pub(crate) fn new(users: &[User]) -> Self {
        let login = |u: &User| {
            let login = Login { name: u.name.clone(), password: u.password.clone(), admin: u.admin };
            (u.name.to_lowercase(), login)
        };
        Access { logins: Mutex::new(users.iter().map(login).collect()) }
    }

    /// The login's name as it was made, if the password is the right one.
    pub(crate) fn log_in(&self, name: &str, password: &str) -> Option<String> {
        let logins = locked(&self.logins);
        logins.get(&name.to_lowercase()).filter(|l| l.password == password).map(|l| l.name.clone())
    }

    /// Which user a login is in a database.
    pub(crate) fn user_in(&self, _database: &str, login: &str) -> Option<String> {
        let logins = locked(&self.logins);
        let admin = login == OWNER || logins.get(&login.to_lowercase()).is_some_and(|l| l.admin);
        Some(if admin { "dbo".to_owned() } else { login.to_owned() })
    }

    pub(crate) fn principal_id(&self, _database: &str, _user: &str) -> i32 {
        1
    }

    pub(crate) fn permissions(&self, _context: &Context, _class: &str) -> Vec<String> {
        ["CONTROL", "SELECT", "INSERT", "UPDATE", "DELETE"].map(str::to_owned).to_vec()
    }

    pub(crate) fn check(&self, _context: &Context, _permission: &str, _objects: &[String]) -> Result<()> {
        Ok(())
    }

    pub(crate) fn may_define(&self, _context: &Context) -> bool {
        true
    }

    pub(crate) fn has(&self, _login: &str, _user: &str, _database: &str, _what: (&str, &str, &str, Option<&str>)) -> i32 {
        1
    }

    pub(crate) fn is_member(&self, _database: &str, _role: &str, _user: &str) -> Option<i32> {
        Some(0)
    }

    pub(crate) fn in_server_role(&self, _role: &str, _login: &str) -> Option<i32> {
        Some(1)
    }

    pub(crate) fn change(&self, _context: &Context, _piece: &Piece) -> Result<()> {
        Ok(())
    }

    /// Fills the views of the catalog that tell of databases and principals.
    pub(crate) fn fill(&self, rows: &Rows<'_>, context: &Context) -> Result<()> {
        for (name, id) in context.shared.database_names() {
            let snapshots = context.shared.database(&name).is_some_and(|d| d.snapshots());
            rows.add("databases", &[
                ("name", text(name)),
                ("database_id", int(id)),
                ("compatibility_level", int(160)),
                ("state", int(0)),
                ("state_desc", text("ONLINE")),
                ("snapshot_isolation_state", int(snapshots)),
                ("snapshot_isolation_state_desc", text(if snapshots { "ON" } else { "OFF" })),
            ])?;
        }
        rows.add("database_principals", &[
            ("name", text("dbo")),
            ("principal_id", int(1)),
            ("type", text("S")),
            ("type_desc", text("SQL_USER")),
        ])
    }
}
