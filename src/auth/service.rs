//! What proves who calls, in one place: the owner's token, keys of programs, sessions of people.

use std::sync::Arc;
use std::time::Duration;

use super::oidc::Providers;
use super::password::Hasher;
use super::{Proof, tokens};
use crate::access::{Caller, Kind, Origin, Scopes, User, Who, WorkspaceRole};
use crate::config::{AuthSettings, Config};
use crate::error::{Class, Error, Result};
use crate::model::Id;
use crate::model::clock::{self, Timestamp};
use crate::model::ids::{DEFAULT_WORKSPACE, OWNER};
use crate::secrets::TokenHash;
use crate::store::{Db, api_keys, sessions, workspaces};

/// The last use of a session or key is written down once in that time.
const NOTED: Duration = Duration::from_secs(60);
const MINUTE: i64 = 60_000_000;

/// Everything that sign-in, sessions, keys and links need.
pub struct Auth {
    /// The daemon's own store.
    pub(super) db: Db,
    /// Hashes passwords.
    pub hasher: Hasher,
    /// Identity providers.
    pub providers: Providers,
    pub(super) settings: AuthSettings,
    owner: TokenHash,
}

impl Auth {
    /// `db` is the daemon's own, `owner` the hash of the owner's token.
    ///
    /// # Errors
    /// When the settings of a provider cannot be used, or the system gives no random numbers.
    pub fn new(db: Db, owner: TokenHash, config: &Config) -> Result<Auth> {
        let hasher = Hasher::new(config.auth.hashes)?;
        let providers = Providers::new(&config.oidc)?;
        Ok(Auth { db, hasher, providers, settings: config.auth.clone(), owner })
    }

    /// The caller behind a request.
    ///
    /// # Errors
    /// `H007` when nothing proves who calls, `H041` when the workspace is not one of the caller's, `I020` when a page of
    /// another site may have sent the request, `I021` when a key is used too often.
    pub async fn caller(&self, proof: Proof<'_>) -> Result<Caller> {
        match (proof.authorization, proof.session) {
            (Some(header), _) => self.bearer(header, &proof).await,
            (None, Some(session)) => self.session(session, &proof).await,
            (None, None) => Err(unproven()),
        }
    }

    async fn bearer(&self, header: &str, proof: &Proof<'_>) -> Result<Caller> {
        let token = super::bearer(header).unwrap_or_default();
        if self.owner.matches(token) {
            let workspace = match proof.workspace {
                Some(named) => self.chosen(OWNER, named).await?.0,
                None => DEFAULT_WORKSPACE,
            };
            return Ok(Caller::owner_in(workspace).from(proof.origin.clone()));
        }
        if !token.starts_with(tokens::KEY) {
            return Err(unproven());
        }
        self.key(token, proof).await
    }

    async fn key(&self, token: &str, proof: &Proof<'_>) -> Result<Caller> {
        let open = api_keys::open(&self.db, &tokens::hash(token)).await?.ok_or_else(unproven)?;
        let (key, now) = (open.key, clock::now());
        if let Some(per_minute) = key.per_minute.filter(|n| *n > 0) {
            let interval = (MINUTE / per_minute).max(1);
            let wait = api_keys::pace(&self.db, key.id, now, interval, MINUTE - interval).await?;
            if let Some(wait) = wait {
                return Err(too_often(per_minute, wait));
            }
        }
        if let Some(named) = proof.workspace
            && self.chosen(key.user_id, named).await?.0 != key.workspace_id
        {
            return Err(no_workspace());
        }
        if stale(key.last_used_at, now) {
            api_keys::used(&self.db, key.id, now, proof.origin.address.as_deref()).await?;
        }
        let kind = if open.kind == "service" { Kind::Service } else { Kind::Person };
        let who = Who { user: key.user_id, kind, system_role: open.system_role };
        let caller = Caller::new(who, key.workspace_id, Some(open.role));
        Ok(caller.scoped(key.scopes.as_deref().map(scopes)).from(proof.origin.clone()))
    }

    async fn session(&self, token: &str, proof: &Proof<'_>) -> Result<Caller> {
        let open = sessions::open(&self.db, &tokens::hash(token), self.idle_since()).await?;
        let open = open.ok_or_else(unproven)?;
        proof.check_forgery(token)?;
        let user = open.session.user_id;
        let place = match proof.workspace {
            Some(named) => Some(self.chosen(user, named).await?),
            None => workspaces::first_of(&self.db, user).await?,
        };
        let now = clock::now();
        if stale(Some(open.session.last_seen_at), now) {
            sessions::seen(&self.db, open.session.id, now).await?;
        }
        let who = Who { user, kind: Kind::Person, system_role: open.system_role };
        let (workspace, role) = place.map_or((Id::nil(), None), |(id, role)| (id, Some(role)));
        Ok(Caller::new(who, workspace, role).from(proof.origin.clone()))
    }

    /// The owner of the data folder, in one of the owner's workspaces: for the command line.
    ///
    /// # Errors
    /// `H041` when it is none of them.
    pub async fn owner_in(&self, named: &str) -> Result<Caller> {
        Ok(Caller::owner_in(self.chosen(OWNER, named).await?.0))
    }

    /// The workspace of that key or slug, if the user is a member. Others do not exist for them.
    async fn chosen(&self, user: Id, named: &str) -> Result<(Id, WorkspaceRole)> {
        workspaces::of_member(&self.db, user, named).await?.ok_or_else(no_workspace)
    }

    /// A session that was last used before that has ended.
    pub(super) fn idle_since(&self) -> Timestamp {
        clock::before(self.settings.idle())
    }

    /// The store for somebody who has not proven anything by a request: what they do is written under their first
    /// workspace.
    pub(super) async fn acting(&self, user: &User, origin: &Origin) -> Result<Db> {
        let (workspace, role) = match workspaces::first_of(&self.db, user.id).await? {
            Some((workspace, role)) => (workspace, Some(role)),
            None => (DEFAULT_WORKSPACE, None),
        };
        Ok(self.acting_in(user, workspace, role, origin))
    }

    /// As [`Auth::acting`], in a workspace.
    pub(super) fn acting_in(
        &self,
        user: &User,
        workspace: Id,
        role: Option<WorkspaceRole>,
        origin: &Origin,
    ) -> Db {
        let who = Who { user: user.id, kind: Kind::Person, system_role: user.system_role };
        self.db.acting(Arc::new(Caller::new(who, workspace, role).from(origin.clone())))
    }
}

/// Words that name no action any more give nothing.
fn scopes(words: &[String]) -> Scopes {
    let known = words.iter().map(String::as_str).filter(|word| Scopes::read([*word]).is_ok());
    Scopes::read(known).unwrap_or_default()
}

fn stale(last: Option<Timestamp>, now: Timestamp) -> bool {
    last.is_none_or(|last| now.duration_since(last).unsigned_abs() >= NOTED)
}

fn unproven() -> Error {
    Error::new("H007", Class::Unauthenticated, "a valid token, key or session is needed").hint(
        "Sign in, or send `Authorization: Bearer TOKEN` with a key, or with the token in the link that `querent serve` \
         prints.",
    )
}

fn no_workspace() -> Error {
    Error::new("H041", Class::NotFound, "there is no such workspace, or the caller is no member of it")
        .hint("Name one of yours by key or slug: in the header Querent-Workspace, or with --workspace.")
}

fn too_often(per_minute: i64, wait: i64) -> Error {
    let seconds = u64::try_from(wait / 1_000_000).unwrap_or(0) + 1;
    Error::new("I021", Class::Busy, format!("the key is used more than {per_minute} times a minute"))
        .hint(format!("Wait {seconds} seconds; whoever made the key can make one with a higher bound."))
        .retry_after(seconds)
}
