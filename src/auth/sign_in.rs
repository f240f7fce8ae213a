//! Sign-in with a password, and sessions: made at each sign-in, never taken over from what a client brings.

use serde_json::json;

use super::service::Auth;
use super::{lockout, password_rules, tokens};
use crate::access::{Caller, Kind, Origin, Session, SystemRole, User, Who};
use crate::error::{Class, Error, Result};
use crate::model::ids::DEFAULT_WORKSPACE;
use crate::model::{Id, clock};
use crate::secrets::{Secret, Token};
use crate::store::{Tx, audits, sessions, users};

/// A person who has just signed in.
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// The session.
    pub session: Session,
    /// Its token, for the cookie.
    pub token: Token,
}

impl Auth {
    /// Signs in with an address and a password; the session that the client came with ends.
    ///
    /// # Errors
    /// `I001`, whatever of the two is wrong; `I012` while there is a pause after failures; `I010` when too many sign in.
    pub async fn sign_in(
        &self,
        email: &str,
        password: Secret,
        origin: &Origin,
        before: Option<&str>,
    ) -> Result<SignedIn> {
        let email = email.trim().to_lowercase();
        let attempt = lockout::count(&self.db, &email, origin.address.as_deref()).await?;
        let found = users::credentials_of(&self.db, &email).await?;
        let kept = found.as_ref().and_then(|found| found.password_hash.as_deref());
        let fits = self.hasher.verify(password, kept).await?;
        let Some(user) = found.map(|found| found.user).filter(|_| fits) else {
            self.note_failure(origin).await?;
            return Err(wrong());
        };
        let db = self.acting(&user, origin).await?;
        let tx = db.begin().await?;
        attempt.succeeded(&tx).await?;
        let (session, token) = self.open_session(&tx, &user, "password", origin, before).await?;
        tx.commit().await?;
        Ok(SignedIn { user, session, token })
    }

    /// The line about a failure names nobody: what was typed may be anything, and a line that is there only for people who
    /// exist would take its time.
    async fn note_failure(&self, origin: &Origin) -> Result<()> {
        let nobody = Who { user: Id::nil(), kind: Kind::Person, system_role: SystemRole::Analyst };
        let caller = Caller::new(nobody, DEFAULT_WORKSPACE, None).from(origin.clone());
        let db = self.db.acting(std::sync::Arc::new(caller));
        audits::add(&db, "nobody", "session.refuse", "session", json!({ "method": "password" })).await?;
        Ok(())
    }

    /// Makes a session with a token of its own.
    pub(super) async fn open_session(
        &self,
        tx: &Tx,
        user: &User,
        method: &str,
        origin: &Origin,
        before: Option<&str>,
    ) -> Result<(Session, Token)> {
        if let Some(before) = before
            && let Some(open) = sessions::open(tx, &tokens::hash(before), self.idle_since()).await?
        {
            sessions::end(tx, open.session.user_id, open.session.id).await?;
        }
        let token = tokens::session()?;
        let new = sessions::NewSession {
            user_id: user.id,
            token_hash: tokens::hash(token.expose()),
            method: method.to_owned(),
            address: origin.address.clone(),
            agent: origin.agent.clone(),
            expires_at: clock::after(self.settings.session()),
        };
        let mut session = sessions::create(tx, new).await?;
        session.current = true;
        let (subject, by) = (format!("session/{}", session.id), user.id.to_string());
        audits::add(tx, &by, "session.create", &subject, json!({ "method": method })).await?;
        Ok((session, token))
    }

    /// The session of a cookie, if it holds.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn session_of(&self, token: Option<&str>) -> Result<Option<Session>> {
        let Some(token) = token else { return Ok(None) };
        let open = sessions::open(&self.db, &tokens::hash(token), self.idle_since()).await?;
        Ok(open.map(|open| Session { current: true, ..open.session }))
    }

    /// Sessions of the caller.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sessions(&self, caller: &Caller, token: Option<&str>) -> Result<Vec<Session>> {
        let current = self.session_of(token).await?.map(|session| session.id);
        let mut all = sessions::list(&self.db, caller.who().user, self.idle_since()).await?;
        for session in &mut all {
            session.current = Some(session.id) == current;
        }
        Ok(all)
    }

    /// Ends a session of the caller.
    ///
    /// # Errors
    /// Not found.
    pub async fn end_session(&self, caller: &std::sync::Arc<Caller>, id: Id) -> Result<()> {
        let tx = self.db.acting(caller.clone()).begin().await?;
        sessions::end(&tx, caller.who().user, id).await?;
        audits::add(&tx, caller.name(), "session.end", &format!("session/{id}"), json!({})).await?;
        Ok(tx.commit().await?)
    }

    /// Ends all sessions of somebody, for the caller; gives how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_sessions(&self, caller: &std::sync::Arc<Caller>, user: Id) -> Result<u64> {
        let tx = self.db.acting(caller.clone()).begin().await?;
        let ended = sessions::end_all(&tx, user).await?;
        let details = json!({ "sessions": ended });
        audits::add(&tx, caller.name(), "session.end_all", &format!("user/{user}"), details).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Changes the caller's own password. All sessions end; the caller gets a new one where they came with one.
    ///
    /// # Errors
    /// `I002` when the old password is wrong, `I011` when the new one is too weak, `I012` while there is a pause.
    pub async fn change_password(
        &self,
        caller: &std::sync::Arc<Caller>,
        old: Secret,
        new: Secret,
        with_session: bool,
    ) -> Result<Option<SignedIn>> {
        let origin = caller.origin();
        let found = users::own_credentials(&self.db, caller.who().user).await?.ok_or_else(wrong_old)?;
        let account = found.user.email.clone().unwrap_or_else(|| found.user.id.to_string());
        let attempt = lockout::count(&self.db, &account, origin.address.as_deref()).await?;
        if !self.hasher.verify(old, found.password_hash.as_deref()).await? {
            return Err(wrong_old());
        }
        password_rules::check(new.expose(), found.user.email.as_deref())?;
        let hash = self.hasher.hash(new).await?;
        let tx = self.db.acting(caller.clone()).begin().await?;
        attempt.succeeded(&tx).await?;
        let user = users::set_password(&tx, found.user.id, &hash, caller.name()).await?;
        sessions::end_all(&tx, user.id).await?;
        let subject = format!("user/{}", user.id);
        audits::add(&tx, caller.name(), "user.password", &subject, json!({ "how": "changed" })).await?;
        let signed_in = match with_session {
            true => {
                let (session, token) = self.open_session(&tx, &user, "password", origin, None).await?;
                Some(SignedIn { user, session, token })
            }
            false => None,
        };
        tx.commit().await?;
        Ok(signed_in)
    }
}

fn wrong() -> Error {
    Error::new("I001", Class::Unauthenticated, "the e-mail address or the password is wrong")
        .hint("Try again; an administrator can give you a link to a new password.")
}

fn wrong_old() -> Error {
    Error::new("I002", Class::BadInput, "the current password is wrong")
        .hint("Send the password that holds now.")
}
