//! Keys for programs: made, listed, taken back. A key does at most what its owner may do, and what its maker could do.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::people::named;
use super::service::Auth;
use super::tokens;
use crate::access::{Action, ApiKey, Caller, Scopes, WorkspaceRole};
use crate::error::{Class, Error, Result};
use crate::model::{Id, Page, PageRequest, clock};
use crate::secrets::Token;
use crate::store::{Db, api_keys, members};

/// Requests a minute at the most that can be asked for.
const MAX_PACE: i64 = 60_000;
/// Days that a key can last.
const MAX_DAYS: u32 = 3650;
const DAY: u64 = 24 * 3600;

/// A key that is wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Name.
    pub name: String,
    /// For a program of the workspace; none: for the caller.
    pub service: Option<Id>,
    /// Words of actions; none: all that its owner may do.
    pub scopes: Option<Vec<String>>,
    /// Requests a minute.
    pub per_minute: Option<i64>,
    /// Days until it ends.
    pub days: Option<u32>,
}

impl Auth {
    /// Makes a key for the caller's workspace. It is shown once.
    ///
    /// # Errors
    /// `I015`, `I025` for a word that is no action, `I026` for more than the caller may do, `I027` for an odd bound.
    pub async fn add_key(&self, caller: &Arc<Caller>, wanted: Wanted) -> Result<(ApiKey, Token)> {
        let name = named(&wanted.name)?;
        let scopes = wanted.scopes.as_deref().map(read).transpose()?;
        within_own(caller, scopes.as_ref())?;
        let fits = wanted.per_minute.is_none_or(|n| (1..=MAX_PACE).contains(&n))
            && wanted.days.is_none_or(|n| (1..=MAX_DAYS).contains(&n));
        if !fits {
            return Err(Error::new("I027", Class::BadInput, "the key's bounds cannot be used")
                .hint(format!("per_minute: 1 to {MAX_PACE}; days: 1 to {MAX_DAYS}.")));
        }
        let token = tokens::key()?;
        let tx = self.db.acting(caller.clone()).begin().await?;
        let user_id = match wanted.service {
            None => caller.who().user,
            Some(service) => service_of(caller, members::get(&tx, service).await?)?,
        };
        let ends = |days: u32| clock::after(Duration::from_secs(u64::from(days) * DAY));
        let new = api_keys::NewApiKey {
            user_id,
            name,
            prefix: tokens::shown(&token),
            token_hash: tokens::hash(token.expose()),
            scopes: wanted.scopes,
            per_minute: wanted.per_minute,
            expires_at: wanted.days.map(ends),
        };
        let key = api_keys::create(&tx, new, caller.name()).await?;
        let details = json!({ "user": user_id, "scopes": key.scopes, "expires_at": key.expires_at });
        let subject = format!("api_key/{}", key.id);
        crate::store::audits::add(&tx, caller.name(), "api_key.create", &subject, details).await?;
        tx.commit().await?;
        Ok((key, token))
    }

    /// Takes a key back.
    ///
    /// # Errors
    /// Not found, also for keys of others where the caller does not care for the workspace.
    pub async fn revoke_key(&self, caller: &Arc<Caller>, id: Id) -> Result<ApiKey> {
        let tx = self.db.acting(caller.clone()).begin().await?;
        let key = api_keys::get(&tx, id).await?;
        if key.user_id != caller.who().user && !cares(caller) {
            return Err(crate::store::StoreError::not_found("key").into());
        }
        let key = api_keys::revoke(&tx, id).await?;
        let subject = format!("api_key/{id}");
        crate::store::audits::add(&tx, caller.name(), "api_key.revoke", &subject, json!({})).await?;
        tx.commit().await?;
        Ok(key)
    }
}

/// Keys of the workspace: the caller's own, or all where the caller cares for the workspace.
///
/// # Errors
/// When the store fails.
pub async fn list(db: &Db, caller: &Caller, page: PageRequest) -> Result<Page<ApiKey>> {
    let user = (!cares(caller)).then_some(caller.who().user);
    Ok(api_keys::list(db, user, page).await?)
}

fn cares(caller: &Caller) -> bool {
    caller.role() >= Some(WorkspaceRole::Admin)
}

fn read(words: &[String]) -> Result<Scopes> {
    Scopes::read(words.iter().map(String::as_str)).map_err(|word| {
        let word: String = word.chars().take(60).collect();
        Error::new("I025", Class::BadInput, format!("`{word}` is no action"))
            .hint("GET /api/v1/me names the actions; also `chats.*` and `*.read`.")
    })
}

/// A key with a bound cannot make one with a wider bound.
fn within_own(caller: &Caller, wanted: Option<&Scopes>) -> Result<()> {
    let Some(own) = caller.scopes() else { return Ok(()) };
    let within = wanted.is_some_and(|wanted| Action::ALL.iter().all(|a| !wanted.hold(*a) || own.hold(*a)));
    if within {
        return Ok(());
    }
    Err(Error::new("I026", Class::Forbidden, "a key cannot make one that may do more than itself")
        .hint("Name scopes among those of the key that is used, or sign in."))
}

/// A program whose key somebody wants to make: it must be one, and not above them.
fn service_of(caller: &Caller, member: crate::access::Member) -> Result<Id> {
    if member.kind == "service" && caller.may(Action::ManageServices) && Some(member.role) <= caller.role() {
        return Ok(member.user_id);
    }
    Err(Error::new("I028", Class::Forbidden, "the caller may make no key for that member")
        .hint("Keys for people are made by themselves; for programs by those who may manage them."))
}
