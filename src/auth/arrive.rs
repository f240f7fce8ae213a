//! Sign-in with an identity provider: out to it, back from it, and who that is here.

use std::sync::Arc;

use serde_json::json;
use std::time::Duration;
use url::Url;

use super::oidc::{Person, Provider, domain_fits};
use super::people::named;
use super::service::Auth;
use super::sign_in::SignedIn;
use super::spaces::{join, new_person};
use super::tokens::{self, Flow};
use crate::access::{Caller, Kind, Origin, SystemRole, User, Who, WorkspaceRole};
use crate::error::{Class, Error, Result};
use crate::model::ids::OWNER;
use crate::model::{Id, clock};
use crate::secrets::Token;
use crate::store::{audits, identities, invitations, members, sessions, users, workspaces};

/// A person must be back from the provider by then.
const FLOW_TIME: Duration = Duration::from_secs(10 * 60);
/// Characters of a page's path that is shown afterwards.
const MAX_RETURN: usize = 500;

/// What a provider sends back with the person.
#[derive(Debug, Clone, Default)]
pub struct Answer<'a> {
    /// The code for tokens.
    pub code: Option<&'a str>,
    /// The state that was sent with the person.
    pub state: Option<&'a str>,
    /// Who says so (RFC 9207).
    pub issuer: Option<&'a str>,
    /// Why there is no code.
    pub error: Option<&'a str>,
}

impl Auth {
    /// Where a person is sent, and what their browser keeps meanwhile (a cookie).
    ///
    /// # Errors
    /// `I034` for no such provider, `I030` when it cannot be asked, `I035` for a page elsewhere.
    pub async fn start_oidc(&self, name: &str, base: &str, return_to: Option<&str>) -> Result<(Url, Token)> {
        let provider = self.providers.get(name)?;
        let return_to = local(return_to.unwrap_or("/"))?;
        let token = tokens::flow()?;
        let flow = Flow::of(token.expose());
        let url = provider.start(base, &flow).await?;
        let ends = clock::after(FLOW_TIME);
        identities::begin(&self.db, &tokens::hash(&flow.state), name, return_to, ends).await?;
        Ok((url, token))
    }

    /// Signs a person in who comes back. `cookie` is what their browser kept; `before` a session that they had. Also gives
    /// the page to show.
    ///
    /// # Errors
    /// `I032` when the answer belongs to no sign-in of this browser; `I031`, `I030`; `I033` for people who are not let in.
    pub async fn finish_oidc(
        &self,
        name: &str,
        base: &str,
        answer: Answer<'_>,
        cookie: Option<&str>,
        origin: &Origin,
        before: Option<&str>,
    ) -> Result<(SignedIn, String)> {
        let provider = self.providers.get(name)?;
        let flow = Flow::of(cookie.ok_or_else(stray)?);
        // The state is used up whatever comes next: an answer is good for one try.
        if answer.state.is_none_or(|state| tokens::hash(state) != tokens::hash(&flow.state)) {
            return Err(stray());
        }
        let return_to =
            identities::finish(&self.db, &tokens::hash(&flow.state), name).await?.ok_or_else(stray)?;
        if answer.issuer.is_some_and(|issuer| issuer != provider.settings.issuer) || answer.error.is_some() {
            return Err(declined(provider));
        }
        let code = answer.code.ok_or_else(|| declined(provider))?;
        let person = provider.finish(base, &flow, code).await?;
        let user = self.admit(provider, &person, origin).await?;
        let db = self.acting(&user, origin).await?;
        let tx = db.begin().await?;
        let method = format!("oidc:{name}");
        let (session, token) = self.open_session(&tx, &user, &method, origin, before).await?;
        tx.commit().await?;
        Ok((SignedIn { user, session, token }, return_to))
    }

    /// Whom a provider's person is here; with the roles that their groups give.
    async fn admit(&self, provider: &Provider, person: &Person, origin: &Origin) -> Result<User> {
        let user = match identities::find(&self.db, provider.name(), &person.subject).await? {
            Some(id) => id,
            None => self.introduce(provider, person, origin).await?,
        };
        let found = users::own_credentials(&self.db, user).await?;
        let user = found.ok_or_else(|| not_let_in("their account here is closed"))?.user;
        let user = self.follow_system_role(provider, person, user, origin).await?;
        self.follow_workspaces(provider, person, &user, origin).await?;
        Ok(user)
    }

    /// Somebody whom this provider never named: known by their address, invited, or let in by the settings.
    async fn introduce(&self, provider: &Provider, person: &Person, origin: &Origin) -> Result<Id> {
        let email = person
            .email
            .as_deref()
            .ok_or_else(|| not_let_in("the provider names no verified e-mail address"))?;
        if !domain_fits(&provider.settings.domains, email) {
            return Err(not_let_in("their address is of another domain"));
        }
        if let Some(user) = users::by_email(&self.db, email).await? {
            let db = self.acting(&user, origin).await?;
            let tx = db.begin().await?;
            identities::add(&tx, provider.name(), &person.subject, user.id).await?;
            let details = json!({ "provider": provider.name() });
            let (by, subject) = (user.id.to_string(), format!("user/{}", user.id));
            audits::add(&tx, &by, "user.identity", &subject, details).await?;
            tx.commit().await?;
            return Ok(user.id);
        }
        let invited = invitations::open_for(&self.db, email).await?;
        if invited.is_empty() && !provider.settings.create_users {
            return Err(not_let_in("nobody invited them"));
        }
        let system_role = invited.iter().map(|i| i.system_role).max().unwrap_or(SystemRole::Analyst);
        let short = email.split('@').next().unwrap_or_default();
        let name = person.name.as_deref().and_then(|name| named(name).ok());
        let new = new_person(email, name.map_or_else(|| named(short), Ok)?, system_role, None);
        let (id, by) = (new.id, new.id.to_string());
        let who = Who { user: id, kind: Kind::Person, system_role };
        let home = invited.first().map_or(crate::model::ids::DEFAULT_WORKSPACE, |i| i.workspace_id);
        let caller = Caller::new(who, home, None).from(origin.clone());
        let tx = self.db.acting(Arc::new(caller)).begin().await?;
        users::create(&tx, new, Some(&format!("oidc:{}", provider.name()))).await?;
        identities::add(&tx, provider.name(), &person.subject, id).await?;
        let details = json!({ "how": "oidc", "provider": provider.name() });
        audits::add(&tx, &by, "user.create", &format!("user/{id}"), details).await?;
        tx.commit().await?;
        for open in &invited {
            let tx = self.joining(open, id, system_role, origin).begin().await?;
            join(&tx, open, id).await?;
            tx.commit().await?;
        }
        Ok(id)
    }

    async fn follow_system_role(
        &self,
        provider: &Provider,
        person: &Person,
        user: User,
        origin: &Origin,
    ) -> Result<User> {
        let wanted = provider.roles.system(&person.groups).filter(|role| *role != user.system_role);
        let Some(role) = wanted.filter(|_| user.id != OWNER) else { return Ok(user) };
        let (by, before) = (format!("oidc:{}", provider.name()), user.system_role);
        let db = self.acting(&user, origin).await?;
        let tx = db.begin().await?;
        let user = users::set_system_role(&tx, user.id, role, &by).await?;
        sessions::end_all(&tx, user.id).await?;
        let details = json!({ "before": { "system_role": before }, "after": { "system_role": role } });
        audits::add(&tx, &by, "user.change", &format!("user/{}", user.id), details).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Memberships that the provider gave follow the groups; those that people gave stay.
    async fn follow_workspaces(
        &self,
        provider: &Provider,
        person: &Person,
        user: &User,
        origin: &Origin,
    ) -> Result<()> {
        if provider.settings.workspace_roles.is_empty() {
            return Ok(());
        }
        let by = format!("oidc:{}", provider.name());
        let mut wanted = provider.roles.workspaces(&person.groups);
        for (slug, id, given) in workspaces::given_by(&self.db, user.id, &by).await? {
            let role = wanted.remove(slug.as_str());
            if role != Some(given) {
                self.follow(user, id, role, &by, origin).await?;
            }
        }
        for (slug, role) in wanted {
            let Some(id) = workspaces::by_slug(&self.db, slug).await? else { continue };
            self.follow(user, id, Some(role), &by, origin).await?;
        }
        Ok(())
    }

    async fn follow(
        &self,
        user: &User,
        workspace: Id,
        role: Option<WorkspaceRole>,
        by: &str,
        origin: &Origin,
    ) -> Result<()> {
        let tx = self.acting_in(user, workspace, role, origin).begin().await?;
        let before = members::find(&tx, user.id).await?;
        match (&before, role) {
            // people gave it
            (Some(has), _) if has.created_by.as_deref() != Some(by) => return Ok(()),
            (None, None) => return Ok(()),
            (_, Some(role)) => members::put(&tx, user.id, role, by).await?,
            (Some(_), None) => members::remove(&tx, user.id).await?,
        }
        let details = json!({ "before": before.map(|member| member.role), "after": role });
        audits::add(&tx, by, "member.follow", &format!("user/{}", user.id), details).await?;
        Ok(tx.commit().await?)
    }
}

/// A page of this daemon, so that the way back leads nowhere else.
fn local(path: &str) -> Result<&str> {
    let fits = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= MAX_RETURN
        && !path.contains(|c: char| c == '\\' || c.is_control() || c.is_whitespace());
    if fits {
        return Ok(path);
    }
    Err(Error::new("I035", Class::BadInput, "`return_to` is no page of this daemon")
        .hint("Name a path that begins with one `/`."))
}

fn stray() -> Error {
    Error::new("I032", Class::BadInput, "the answer belongs to no sign-in that this browser began")
        .hint("Sign in again from the beginning; a sign-in must end within ten minutes in the same browser.")
}

fn declined(provider: &Provider) -> Error {
    let message = format!("the identity provider {} did not let the person in", provider.name());
    Error::new("I031", Class::Unauthenticated, message).hint("Sign in again from the beginning.")
}

fn not_let_in(why: &str) -> Error {
    Error::new("I033", Class::Forbidden, format!("the person is not let in: {why}"))
        .hint("An administrator can invite them.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_leads_to_this_daemon() {
        for good in ["/", "/chats/1?x=y#z"] {
            assert!(local(good).is_ok(), "{good}");
        }
        for bad in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "/a b", "/a\nb"]
        {
            assert!(local(bad).is_err(), "{bad}");
        }
    }
}
