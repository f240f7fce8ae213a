//! Workspaces, who belongs to them, and links into them.

use std::sync::Arc;

use serde_json::json;

use super::people::{address, bad_link, named, not_above};
use super::service::Auth;
use super::sign_in::SignedIn;
use super::{lockout, password_rules, tokens};
use crate::access::{Caller, Invitation, Member, Origin, SystemRole, User, Workspace, WorkspaceRole};
use crate::error::{Class, Error, Result};
use crate::model::ids::DEFAULT_WORKSPACE;
use crate::model::{Id, clock, new_id};
use crate::secrets::{Secret, Token};
use crate::store::{Db, Tx, audits, invitations, members, users, workspaces};

impl Auth {
    /// Makes a workspace; the caller is its owner.
    ///
    /// # Errors
    /// `I015`, `I022` for an odd short name, a conflict when that is taken.
    pub async fn add_workspace(&self, caller: &Arc<Caller>, name: &str, slug: &str) -> Result<Workspace> {
        let (name, slug, id) = (named(name)?, short(slug)?, new_id());
        let user = caller.who().clone();
        let inside = Caller::new(user, id, Some(WorkspaceRole::Owner)).from(caller.origin().clone());
        let tx = self.db.acting(Arc::new(inside)).begin().await?;
        let mut made = workspaces::create(&tx, id, &name, &slug, caller.name()).await?;
        members::put(&tx, caller.who().user, WorkspaceRole::Owner, caller.name()).await?;
        let details = json!({ "slug": slug });
        audits::add(&tx, caller.name(), "workspace.create", &format!("workspace/{id}"), details).await?;
        tx.commit().await?;
        made.role = Some(WorkspaceRole::Owner);
        Ok(made)
    }

    /// Renames the workspace that the caller works in.
    ///
    /// # Errors
    /// As [`Auth::add_workspace`].
    pub async fn change_workspace(
        &self,
        caller: &Arc<Caller>,
        name: Option<&str>,
        slug: Option<&str>,
    ) -> Result<Workspace> {
        let (name, slug) = (name.map(named).transpose()?, slug.map(short).transpose()?);
        let tx = self.db.acting(caller.clone()).begin().await?;
        let mut changed = workspaces::change(&tx, name.as_deref(), slug.as_deref(), caller.name()).await?;
        let details = json!({ "renamed": name.is_some(), "slug": slug });
        let subject = format!("workspace/{}", changed.id);
        audits::add(&tx, caller.name(), "workspace.change", &subject, details).await?;
        tx.commit().await?;
        changed.role = caller.role();
        Ok(changed)
    }

    /// Closes the workspace that the caller works in: nobody reaches it any more. What is in it stays in the store.
    ///
    /// # Errors
    /// `I023` for the first workspace, which stays.
    pub async fn close_workspace(&self, caller: &Arc<Caller>) -> Result<()> {
        if caller.workspace() == DEFAULT_WORKSPACE {
            return Err(Error::new("I023", Class::Conflict, "the first workspace stays")
                .hint("Rename it, or take its members out."));
        }
        let tx = self.db.acting(caller.clone()).begin().await?;
        workspaces::close(&tx, caller.name()).await?;
        let subject = format!("workspace/{}", caller.workspace());
        audits::add(&tx, caller.name(), "workspace.close", &subject, json!({})).await?;
        Ok(tx.commit().await?)
    }

    /// Makes somebody a member of the caller's workspace, or gives them another role there.
    ///
    /// # Errors
    /// Not found; `I016` for a role, or a member, above the caller's own; `I024` for the last owner.
    pub async fn put_member(&self, caller: &Arc<Caller>, user: Id, role: WorkspaceRole) -> Result<Member> {
        not_above(caller, None, Some(role))?;
        let tx = self.db.acting(caller.clone()).begin().await?;
        users::get(&tx, user).await?;
        let before = members::find(&tx, user).await?.map(|member| member.role);
        not_above(caller, None, before)?;
        members::put(&tx, user, role, caller.name()).await?;
        keep_an_owner(&tx, before, Some(role)).await?;
        let details = json!({ "before": before, "after": role });
        audits::add(&tx, caller.name(), "member.put", &format!("user/{user}"), details).await?;
        let member = members::get(&tx, user).await?;
        tx.commit().await?;
        Ok(member)
    }

    /// Takes somebody out of the caller's workspace, with their keys for it.
    ///
    /// # Errors
    /// Not found; `I016` for a member above the caller's own role; `I024` for the last owner.
    pub async fn remove_member(&self, caller: &Arc<Caller>, user: Id) -> Result<()> {
        let tx = self.db.acting(caller.clone()).begin().await?;
        let before = members::get(&tx, user).await?.role;
        not_above(caller, None, Some(before))?;
        members::remove(&tx, user).await?;
        keep_an_owner(&tx, Some(before), None).await?;
        let details = json!({ "before": before });
        audits::add(&tx, caller.name(), "member.remove", &format!("user/{user}"), details).await?;
        Ok(tx.commit().await?)
    }

    /// Makes a link into the caller's workspace. The token is shown once.
    ///
    /// # Errors
    /// `I014`; `I016` for roles above the caller's own.
    pub async fn invite(
        &self,
        caller: &Arc<Caller>,
        email: &str,
        role: WorkspaceRole,
        system_role: SystemRole,
    ) -> Result<(Invitation, Token)> {
        let email = address(email)?;
        not_above(caller, Some(system_role), Some(role))?;
        let token = tokens::link()?;
        let tx = self.db.acting(caller.clone()).begin().await?;
        let new = invitations::NewInvitation {
            email,
            role,
            system_role,
            token_hash: tokens::hash(token.expose()),
            expires_at: clock::after(self.settings.link()),
        };
        let made = invitations::create(&tx, new, caller.name()).await?;
        let details = json!({ "role": role, "system_role": system_role });
        audits::add(&tx, caller.name(), "invitation.create", &format!("invitation/{}", made.id), details)
            .await?;
        tx.commit().await?;
        Ok((made, token))
    }

    /// Takes a link back.
    ///
    /// # Errors
    /// Not found.
    pub async fn revoke_invitation(&self, caller: &Arc<Caller>, id: Id) -> Result<Invitation> {
        let tx = self.db.acting(caller.clone()).begin().await?;
        let taken = invitations::revoke(&tx, id).await?;
        audits::add(&tx, caller.name(), "invitation.revoke", &format!("invitation/{id}"), json!({})).await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// Accepts an invitation and signs in. Somebody new chooses a name and a password; who is known proves the password
    /// that holds.
    ///
    /// # Errors
    /// `I013` when the link does not hold, `I001` when a known person's password is wrong, `I011`, `I015`, `I012`.
    pub async fn accept(
        &self,
        token: &str,
        name: Option<&str>,
        password: Secret,
        origin: &Origin,
    ) -> Result<SignedIn> {
        let open = invitations::open(&self.db, &tokens::hash(token)).await?.ok_or_else(bad_link)?;
        if users::by_email(&self.db, &open.email).await?.is_some() {
            return self.accept_known(&open, password, origin).await;
        }
        password_rules::check(password.expose(), Some(&open.email))?;
        let name = named(name.unwrap_or_else(|| open.email.split('@').next().unwrap_or_default()))?;
        let hash = self.hasher.hash(password).await?;
        let user = new_person(&open.email, name, open.system_role, Some(hash));
        let db = self.joining(&open, user.id, open.system_role, origin);
        let tx = db.begin().await?;
        let by = user.id.to_string();
        let user = users::create(&tx, user, open.created_by.as_deref()).await?;
        join(&tx, &open, user.id).await?;
        audits::add(&tx, &by, "user.create", &format!("user/{by}"), json!({ "how": "invitation" })).await?;
        let (session, token) = self.open_session(&tx, &user, "password", origin, None).await?;
        tx.commit().await?;
        Ok(SignedIn { user, session, token })
    }

    async fn accept_known(&self, open: &Invitation, password: Secret, origin: &Origin) -> Result<SignedIn> {
        let attempt = lockout::count(&self.db, &open.email, origin.address.as_deref()).await?;
        let found = users::credentials_of(&self.db, &open.email).await?;
        let kept = found.as_ref().and_then(|found| found.password_hash.as_deref());
        let fits = self.hasher.verify(password, kept).await?;
        let wrong = || {
            Error::new("I001", Class::Unauthenticated, "the e-mail address or the password is wrong")
                .hint("You are known already: send the password that you sign in with.")
        };
        let user = found.map(|found| found.user).filter(|_| fits).ok_or_else(wrong)?;
        let tx = self.joining(open, user.id, user.system_role, origin).begin().await?;
        attempt.succeeded(&tx).await?;
        join(&tx, open, user.id).await?;
        let (session, token) = self.open_session(&tx, &user, "password", origin, None).await?;
        tx.commit().await?;
        Ok(SignedIn { user, session, token })
    }

    /// The store for somebody on the way into a workspace.
    pub(super) fn joining(
        &self,
        open: &Invitation,
        user: Id,
        system_role: SystemRole,
        origin: &Origin,
    ) -> Db {
        let who = crate::access::Who { user, kind: crate::access::Kind::Person, system_role };
        let caller = Caller::new(who, open.workspace_id, Some(open.role)).from(origin.clone());
        self.db.acting(Arc::new(caller))
    }
}

/// A person to be stored.
pub(super) fn new_person(
    email: &str,
    name: String,
    system_role: SystemRole,
    password_hash: Option<String>,
) -> users::NewUser {
    users::NewUser {
        id: new_id(),
        kind: "person",
        email: Some(email.to_owned()),
        name,
        system_role,
        password_hash,
    }
}

/// Uses an invitation up. A role that somebody has already is not lowered by it.
pub(super) async fn join(tx: &Tx, open: &Invitation, user: Id) -> Result<()> {
    if !invitations::accept(tx, open.id).await? {
        return Err(bad_link());
    }
    let has = members::find(tx, user).await?.map(|member| member.role);
    let role = has.map_or(open.role, |has| has.max(open.role));
    members::put(tx, user, role, open.created_by.as_deref().unwrap_or_default()).await?;
    let details = json!({ "role": role });
    let (by, subject) = (user.to_string(), format!("invitation/{}", open.id));
    Ok(audits::add(tx, &by, "invitation.accept", &subject, details).await?)
}

/// A workspace keeps somebody who can care for it.
async fn keep_an_owner(tx: &Tx, before: Option<WorkspaceRole>, after: Option<WorkspaceRole>) -> Result<()> {
    let lost = before == Some(WorkspaceRole::Owner) && after != Some(WorkspaceRole::Owner);
    if lost && members::count_owners(tx).await? == 0 {
        return Err(Error::new("I024", Class::Conflict, "that is the last owner of the workspace")
            .hint("Make somebody else an owner first."));
    }
    Ok(())
}

/// What links call a workspace.
fn short(slug: &str) -> Result<String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if (1..=40).contains(&slug.len())
        && slug.chars().all(fits)
        && !slug.starts_with('-')
        && Id::parse_str(slug).is_err()
    {
        return Ok(slug.to_owned());
    }
    Err(Error::new("I022", Class::BadInput, "the short name of the workspace cannot be used")
        .hint("Take up to 40 small letters, digits and hyphens, not a hyphen first."))
}

/// Whoever it is, as the API shows them to themselves.
pub async fn oneself(db: &Db, caller: &Caller) -> Result<(User, Vec<Workspace>)> {
    let db = db.everywhere();
    let user = users::get(&db, caller.who().user).await?;
    Ok((user, workspaces::of_user(&db, caller.who().user).await?))
}
