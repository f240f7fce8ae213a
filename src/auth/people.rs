//! People and programs: who there is, what role they have in the installation, and that nothing is let in for them any more.

use std::sync::Arc;

use serde_json::json;

use super::service::Auth;
use super::{password_rules, tokens};
use crate::access::{Caller, SystemRole, User, WorkspaceRole};
use crate::error::{Class, Error, Result};
use crate::model::ids::OWNER;
use crate::model::{Id, clock, new_id};
use crate::secrets::{Secret, Token};
use crate::store::{Tx, audits, members, password_resets, sessions, users};

/// Characters of a name at the most.
const MAX_NAME: usize = 200;

/// What can be changed of somebody; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Name.
    pub name: Option<String>,
    /// Role in the installation.
    pub system_role: Option<SystemRole>,
    /// Whether nothing is let in for them.
    pub disabled: Option<bool>,
}

impl Auth {
    /// Adds a person, without a password: a link to one is the next step.
    ///
    /// # Errors
    /// `I014` for an odd address, `I015` for an odd name, a conflict when the address is taken.
    pub async fn add_person(
        &self,
        caller: &Arc<Caller>,
        email: &str,
        name: &str,
        system_role: SystemRole,
    ) -> Result<User> {
        let (email, name) = (address(email)?, named(name)?);
        let tx = self.db.acting(caller.clone()).begin().await?;
        let new = users::NewUser {
            id: new_id(),
            kind: "person",
            email: Some(email),
            name,
            system_role,
            password_hash: None,
        };
        let user = users::create(&tx, new, Some(caller.name())).await?;
        let details = json!({ "kind": "person", "system_role": system_role });
        audits::add(&tx, caller.name(), "user.create", &format!("user/{}", user.id), details).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Adds a program to the caller's workspace. It works with keys alone.
    ///
    /// # Errors
    /// `I015` for an odd name, `I016` for a role above the caller's own.
    pub async fn add_service(
        &self,
        caller: &Arc<Caller>,
        name: &str,
        system_role: SystemRole,
        role: WorkspaceRole,
    ) -> Result<User> {
        let name = named(name)?;
        not_above(caller, Some(system_role), Some(role))?;
        let tx = self.db.acting(caller.clone()).begin().await?;
        let new = users::NewUser {
            id: new_id(),
            kind: "service",
            email: None,
            name,
            system_role,
            password_hash: None,
        };
        let user = users::create(&tx, new, Some(caller.name())).await?;
        members::put(&tx, user.id, role, caller.name()).await?;
        let details = json!({ "kind": "service", "system_role": system_role, "role": role });
        audits::add(&tx, caller.name(), "user.create", &format!("user/{}", user.id), details).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Changes somebody. With another role, or when nothing is let in any more, their sessions end.
    ///
    /// # Errors
    /// Not found; `I017` for the owner of the data folder, whose role stays.
    pub async fn change_user(&self, caller: &Arc<Caller>, id: Id, changes: Changes) -> Result<User> {
        let name = changes.name.as_deref().map(named).transpose()?;
        if id == OWNER && (changes.system_role.is_some() || changes.disabled.is_some()) {
            return Err(owner_stays());
        }
        let tx = self.db.acting(caller.clone()).begin().await?;
        let before = users::get(&tx, id).await?;
        let mut user = before.clone();
        if let Some(name) = name {
            user = users::rename(&tx, id, &name, caller.name()).await?;
        }
        if let Some(role) = changes.system_role {
            user = users::set_system_role(&tx, id, role, caller.name()).await?;
        }
        if let Some(disabled) = changes.disabled {
            user = users::set_disabled(&tx, id, disabled, caller.name()).await?;
        }
        if user.system_role != before.system_role || user.disabled_at.is_some() {
            sessions::end_all(&tx, id).await?;
        }
        let facts =
            |user: &User| json!({ "system_role": user.system_role, "disabled": user.disabled_at.is_some() });
        let details =
            json!({ "before": facts(&before), "after": facts(&user), "renamed": before.name != user.name });
        audits::add(&tx, caller.name(), "user.change", &format!("user/{id}"), details).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Takes somebody out of the installation.
    ///
    /// # Errors
    /// Not found; `I017` for the owner of the data folder and for the caller.
    pub async fn remove_user(&self, caller: &Arc<Caller>, id: Id) -> Result<()> {
        if id == OWNER || id == caller.who().user {
            return Err(owner_stays());
        }
        let tx = self.db.everywhere().begin().await?;
        sessions::end_all(&tx, id).await?;
        users::delete(&tx, id, caller.name()).await?;
        tx.commit().await?;
        let db = self.db.acting(caller.clone());
        Ok(audits::add(&db, caller.name(), "user.delete", &format!("user/{id}"), json!({})).await?)
    }

    /// Makes a link to a new password; the one before ends. The token is shown once.
    ///
    /// # Errors
    /// Not found, also for programs.
    pub async fn reset_link(&self, caller: &Arc<Caller>, id: Id) -> Result<Token> {
        let tx = self.db.acting(caller.clone()).begin().await?;
        let user = users::get(&tx, id).await?;
        if user.kind != "person" {
            return Err(Error::new("I018", Class::BadInput, "a program has no password")
                .hint("Make a key for it: POST /api/v1/api-keys."));
        }
        let token = tokens::link()?;
        let ends = clock::after(self.settings.link());
        password_resets::put(&tx, id, &tokens::hash(token.expose()), ends, caller.name()).await?;
        audits::add(&tx, caller.name(), "user.reset_link", &format!("user/{id}"), json!({})).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Sets a password with a link's token, which is used up with that; all sessions of the person end.
    ///
    /// # Errors
    /// `I013` when the link does not hold (any more), `I011` when the password is too weak: then it still holds.
    pub async fn reset_password(
        &self,
        token: &str,
        password: Secret,
        origin: &crate::access::Origin,
    ) -> Result<User> {
        password_rules::check(password.expose(), None)?;
        let hash = self.hasher.hash(password.clone()).await?;
        let tx = self.db.begin().await?;
        let id = password_resets::take(&tx, &tokens::hash(token)).await?.ok_or_else(bad_link)?;
        let found = users::own_credentials(&tx, id).await?.ok_or_else(bad_link)?;
        password_rules::check(password.expose(), found.user.email.as_deref())?;
        let user = users::set_password(&tx, id, &hash, &id.to_string()).await?;
        sessions::end_all(&tx, id).await?;
        tx.commit().await?;
        let db = self.acting(&user, origin).await?;
        let (by, subject) = (id.to_string(), format!("user/{id}"));
        audits::add(&db, &by, "user.password", &subject, json!({ "how": "link" })).await?;
        Ok(user)
    }

    /// Gives the owner of the data folder an address and a password, once: from then on they can sign in too.
    ///
    /// # Errors
    /// `I019` when there is one, `I014`, `I011`.
    pub async fn set_up(
        &self,
        caller: &Arc<Caller>,
        email: &str,
        name: Option<&str>,
        password: Secret,
    ) -> Result<User> {
        let email = address(email)?;
        let name = name.map(named).transpose()?;
        password_rules::check(password.expose(), Some(&email))?;
        let hash = self.hasher.hash(password).await?;
        let tx = self.db.acting(caller.clone()).begin().await?;
        users::set_email(&tx, OWNER, &email, caller.name()).await?;
        let found = users::own_credentials(&tx, OWNER).await?.ok_or_else(bad_link)?;
        if found.password_hash.is_some() {
            return Err(Error::new("I019", Class::Conflict, "the owner has a password already")
                .hint("`querent user reset-link` gives a link to another."));
        }
        if let Some(name) = name {
            users::rename(&tx, OWNER, &name, caller.name()).await?;
        }
        let user = users::set_password(&tx, OWNER, &hash, caller.name()).await?;
        audits::add(&tx, caller.name(), "user.setup", &format!("user/{OWNER}"), json!({})).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Gives the owner of the data folder an address, for a link to a password.
    ///
    /// # Errors
    /// `I014`; a conflict when it is taken.
    pub async fn name_owner(&self, caller: &Arc<Caller>, email: &str, name: &str) -> Result<User> {
        let (email, name) = (address(email)?, named(name)?);
        let tx: Tx = self.db.acting(caller.clone()).begin().await?;
        users::set_email(&tx, OWNER, &email, caller.name()).await?;
        let user = users::rename(&tx, OWNER, &name, caller.name()).await?;
        audits::add(&tx, caller.name(), "user.setup", &format!("user/{OWNER}"), json!({})).await?;
        tx.commit().await?;
        Ok(user)
    }
}

/// An address in small letters. Whether somebody reads it cannot be told from its letters.
pub(super) fn address(email: &str) -> Result<String> {
    let email = email.trim().to_lowercase();
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"".contains(c);
    let fits = email.len() <= 254
        && !email.contains(odd)
        && email.split_once('@').is_some_and(|(name, domain)| {
            !name.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
        });
    if fits {
        return Ok(email);
    }
    Err(Error::new("I014", Class::BadInput, "that is no e-mail address").hint("For example ada@example.com."))
}

/// A name without blanks around it.
pub(super) fn named(name: &str) -> Result<String> {
    let name = name.trim();
    if (1..=MAX_NAME).contains(&name.chars().count()) && !name.contains(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(Error::new("I015", Class::BadInput, "the name is empty, too long or has control characters")
        .hint(format!("Take 1 to {MAX_NAME} characters.")))
}

/// Nobody gives a role above their own.
pub(super) fn not_above(
    caller: &Caller,
    system_role: Option<SystemRole>,
    role: Option<WorkspaceRole>,
) -> Result<()> {
    let own = caller.who().system_role;
    if system_role.is_none_or(|given| given <= own) && role.is_none_or(|given| Some(given) <= caller.role()) {
        return Ok(());
    }
    Err(Error::new("I016", Class::Forbidden, "that is a role above the caller's own")
        .hint("Somebody with that role can give it."))
}

pub(super) fn bad_link() -> Error {
    Error::new("I013", Class::NotFound, "the link does not hold, or not any more")
        .hint("Ask whoever sent it for a new one.")
}

fn owner_stays() -> Error {
    Error::new(
        "I017",
        Class::Conflict,
        "the owner of the data folder, and oneself, cannot be taken out or demoted",
    )
    .hint("Another administrator can do it; the owner of the data folder always stays.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_in_small_letters() {
        assert_eq!(address(" Ada@Example.COM ").unwrap(), "ada@example.com");
        for bad in
            ["", "ada", "@example.com", "ada@", "a b@example.com", "a@b@c", "ada@.com", "\"x\"@example.com"]
        {
            assert_eq!(address(bad).unwrap_err().code, "I014", "{bad}");
        }
    }
}
