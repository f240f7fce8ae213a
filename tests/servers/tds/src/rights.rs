//! The users and roles of one database, and what was granted to them.

use crate::error::{Result, SqlError};

/// Roles that every database has.
pub(crate) const FIXED: &[(&str, i32)] = &[
    ("public", 0),
    ("db_owner", 16_384),
    ("db_accessadmin", 16_385),
    ("db_securityadmin", 16_386),
    ("db_ddladmin", 16_387),
    ("db_backupoperator", 16_389),
    ("db_datareader", 16_390),
    ("db_datawriter", 16_391),
    ("db_denydatareader", 16_392),
    ("db_denydatawriter", 16_393),
];

/// What became of a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Granted,
    Grantable,
    Denied,
}

impl State {
    /// As the catalog says it.
    pub(crate) fn letter(self) -> &'static str {
        match self {
            State::Granted => "G",
            State::Grantable => "W",
            State::Denied => "D",
        }
    }
}

/// One permission of one principal.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) grantee: i32,
    pub(crate) permission: String,
    /// `schema.name`, `:schema`, or nothing for the database; in lower case.
    pub(crate) object: String,
    pub(crate) column: Option<String>,
    pub(crate) state: State,
}

impl Grant {
    /// 0 the database, 1 an object, 3 a schema.
    pub(crate) fn class(&self) -> i64 {
        match self.object.as_str() {
            "" => 0,
            schema if schema.starts_with(':') => 3,
            _ => 1,
        }
    }

    fn covers(&self, object: Option<(&str, &str)>) -> bool {
        let Some((schema, name)) = object else { return self.object.is_empty() };
        let (schema, name) = (schema.to_lowercase(), name.to_lowercase());
        self.object.is_empty()
            || self.object == format!(":{schema}")
            || self.object == format!("{schema}.{name}")
    }
}

struct Principal {
    id: i32,
    name: String,
    /// The login of a user; roles have none.
    login: Option<String>,
}

/// Users, roles and grants of a database.
#[derive(Default)]
pub(crate) struct Users {
    principals: Vec<Principal>,
    members: Vec<(i32, i32)>,
    grants: Vec<Grant>,
}

impl Users {
    pub(crate) fn add_user(&mut self, name: &str, login: &str) {
        self.add(name, Some(login.to_owned()));
    }

    pub(crate) fn add_role(&mut self, name: &str) {
        self.add(name, None);
    }

    fn add(&mut self, name: &str, login: Option<String>) {
        let id = 5 + self.principals.iter().map(|p| p.id - 4).max().unwrap_or(0);
        self.principals.push(Principal { id, name: name.to_owned(), login });
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if let Some(id) = self.id(name) {
            self.principals.retain(|p| p.id != id);
            self.members.retain(|(role, member)| *role != id && *member != id);
            self.grants.retain(|g| g.grantee != id);
        }
    }

    /// The number of a user or a role.
    pub(crate) fn id(&self, name: &str) -> Option<i32> {
        let fixed = FIXED.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, id)| *id);
        let own = self.principals.iter().find(|p| p.name.eq_ignore_ascii_case(name)).map(|p| p.id);
        let server = [("dbo", 1), ("guest", 2)].into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        fixed.or(own).or(server.map(|(_, id)| id))
    }

    pub(crate) fn user_of(&self, login: &str) -> Option<String> {
        let found =
            self.principals.iter().find(|p| p.login.as_ref().is_some_and(|l| l.eq_ignore_ascii_case(login)));
        found.map(|p| p.name.clone())
    }

    fn missing(name: &str) -> SqlError {
        let said = format!(
            "Cannot find the user '{name}', because it does not exist or you do not have permission."
        );
        SqlError::new(15_151, said)
    }

    pub(crate) fn member(&mut self, role: &str, member: &str, add: bool) -> Result<()> {
        let role = self.id(role).ok_or_else(|| Self::missing(role))?;
        let member = self.id(member).ok_or_else(|| Self::missing(member))?;
        self.members.retain(|m| *m != (role, member));
        if add {
            self.members.push((role, member));
        }
        Ok(())
    }

    pub(crate) fn grant(
        &mut self,
        grantee: &str,
        permission: &str,
        object: Option<String>,
        column: Option<String>,
        state: Option<State>,
    ) -> Result<()> {
        let grantee = self.id(grantee).ok_or_else(|| Self::missing(grantee))?;
        let object = object.unwrap_or_default();
        self.grants.retain(|g| {
            g.grantee != grantee || g.permission != permission || g.object != object || g.column != column
        });
        if let Some(state) = state {
            self.grants.push(Grant { grantee, permission: permission.to_owned(), object, column, state });
        }
        Ok(())
    }

    /// A user, all roles that it is in, and `public`.
    fn everything_of(&self, user: &str) -> Vec<i32> {
        let mut found: Vec<i32> = self.id(user).into_iter().chain([0]).collect();
        let mut at = 0;
        while let Some(id) = found.get(at).copied() {
            let roles = self.members.iter().filter(|(role, member)| *member == id && !found.contains(role));
            let roles: Vec<i32> = roles.map(|(role, _)| *role).collect();
            found.extend(roles);
            at += 1;
        }
        found
    }

    pub(crate) fn is_member(&self, role: &str, user: &str) -> bool {
        self.id(role).is_some_and(|role| self.everything_of(user).contains(&role))
    }

    /// Whether a user may do something: to the database, or to an object, or to a column of it.
    pub(crate) fn may(
        &self,
        user: &str,
        permission: &str,
        object: Option<(&str, &str)>,
        column: Option<&str>,
    ) -> bool {
        let permission = permission.to_uppercase();
        let all = self.everything_of(user);
        let role = |name: &str| FIXED.iter().any(|(n, id)| *n == name && all.contains(id));
        if role("db_owner") {
            return true;
        }
        let changes = ["INSERT", "UPDATE", "DELETE"].contains(&permission.as_str());
        let here = |g: &&Grant| {
            let column = match (&g.column, column) {
                (None, _) => true,
                (Some(own), Some(asked)) => own.eq_ignore_ascii_case(asked),
                (Some(_), None) => false,
            };
            all.contains(&g.grantee)
                && column
                && (g.permission == permission
                    || g.permission == "CONTROL"
                    || (permission == "REFERENCES" && g.permission == "ALTER"))
                && g.covers(object)
        };
        if self.grants.iter().filter(here).any(|g| g.state == State::Denied)
            || (permission == "SELECT" && role("db_denydatareader"))
            || (changes && role("db_denydatawriter"))
        {
            return false;
        }
        (permission == "SELECT" && role("db_datareader"))
            || (changes && role("db_datawriter"))
            || ((permission == "ALTER" || permission.starts_with("CREATE ")) && role("db_ddladmin"))
            || self.grants.iter().any(|g| here(&g))
    }

    /// Whether a user sees that an object is there: with any permission on it.
    pub(crate) fn sees(&self, user: &str, object: (&str, &str)) -> bool {
        let kinds = [
            "SELECT",
            "INSERT",
            "UPDATE",
            "DELETE",
            "ALTER",
            "EXECUTE",
            "REFERENCES",
            "VIEW DEFINITION",
            "CONTROL",
        ];
        let all = self.everything_of(user);
        kinds.iter().any(|p| self.may(user, p, Some(object), None))
            || self.grants.iter().any(|g| {
                all.contains(&g.grantee)
                    && g.state != State::Denied
                    && g.column.is_some()
                    && g.covers(Some(object))
            })
    }

    /// Users and roles made here: name, number, whether it is a role.
    pub(crate) fn own(&self) -> impl Iterator<Item = (&str, i32, bool)> {
        self.principals.iter().map(|p| (p.name.as_str(), p.id, p.login.is_none()))
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = (i32, i32)> {
        self.members.iter().copied()
    }

    pub(crate) fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.grants.iter()
    }
}
