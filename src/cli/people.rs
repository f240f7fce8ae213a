//! `querent user` and `querent api-key`: who may come in, without a daemon.

use std::sync::Arc;

use super::args::{AddUser, ApiKeyCommand, UserCommand};
use crate::access::{Caller, SystemRole, User, WorkspaceRole};
use crate::app::{App, Desk, Setup};
use crate::auth::{self, Changes, Wanted};
use crate::error::{Class, Error, Result};
use crate::model::{Id, PageRequest};
use crate::store::{self, Conn};

/// Items that are listed at the most.
const LISTED: u32 = 200;

/// Runs `user`; gives the process's exit code.
pub async fn user(setup: &Setup, command: UserCommand) -> Result<i32> {
    let (app, desk) = (setup.app().await?, setup.desk().await?);
    let caller = caller(&desk)?;
    let change = async |email: &str, changes: Changes| {
        let user = app.auth.change_user(&caller, find(&desk, email).await?, changes).await?;
        say!("{}", line(&user));
        Ok::<(), Error>(())
    };
    match command {
        UserCommand::Add(add) => self::add(app, &caller, add).await?,
        UserCommand::List { search } => list(&desk, search.as_deref()).await?,
        UserCommand::Disable { email } => {
            change(&email, Changes { disabled: Some(true), ..Changes::default() }).await?;
        }
        UserCommand::Enable { email } => {
            change(&email, Changes { disabled: Some(false), ..Changes::default() }).await?;
        }
        UserCommand::Role { email, role } => {
            let system_role = Some(system_role(&role)?);
            change(&email, Changes { system_role, ..Changes::default() }).await?;
        }
        UserCommand::ResetLink { email } => link(app, &caller, find(&desk, &email).await?).await?,
    }
    Ok(0)
}

/// Runs `api-key`; gives the process's exit code.
pub async fn api_key(setup: &Setup, command: ApiKeyCommand) -> Result<i32> {
    let (app, desk) = (setup.app().await?, setup.desk().await?);
    let caller = caller(&desk)?;
    match command {
        ApiKeyCommand::Add { name, scopes, per_minute, days } => {
            let scopes = Some(scopes).filter(|scopes| !scopes.is_empty());
            let wanted = Wanted { name, service: None, scopes, per_minute, days };
            let (key, token) = app.auth.add_key(&caller, wanted).await?;
            eprintln!("key {} is shown this once:", key.id);
            say!("{}", token.expose());
        }
        ApiKeyCommand::List => {
            let page = auth::list_keys(&desk.db, &caller, PageRequest::first().with_limit(LISTED)).await?;
            for key in &page.items {
                let state = if key.revoked_at.is_some() { "revoked" } else { "" };
                let scopes = key.scopes.as_deref().map_or_else(|| "everything".to_owned(), |s| s.join(","));
                say!("{} {}... {:<20} {scopes} {state}", key.id, key.prefix, key.name);
            }
            more(page.next.is_some());
        }
        ApiKeyCommand::Revoke { id } => {
            app.auth.revoke_key(&caller, id).await?;
            say!("revoked {id}");
        }
    }
    Ok(0)
}

fn caller(desk: &Desk) -> Result<Arc<Caller>> {
    let caller = desk.db.caller().cloned();
    caller.ok_or_else(|| Error::new("K098", Class::Internal, "the command works for nobody"))
}

async fn add(app: &App, caller: &Arc<Caller>, add: AddUser) -> Result<()> {
    let short = add.email.split('@').next().unwrap_or_default().to_owned();
    let name = add.name.unwrap_or(short);
    let user = match add.owner {
        true => app.auth.name_owner(caller, &add.email, &name).await?,
        false => app.auth.add_person(caller, &add.email, &name, system_role(&add.system_role)?).await?,
    };
    if let Some(role) = add.role {
        let known =
            WorkspaceRole::parse(&role).ok_or_else(|| unknown(&role, "owner, admin, editor, viewer"))?;
        app.auth.put_member(caller, user.id, known).await?;
    }
    say!("{}", line(&user));
    link(app, caller, user.id).await
}

/// The link's token; who serves a page for it puts it behind that page's address.
async fn link(app: &App, caller: &Arc<Caller>, user: Id) -> Result<()> {
    let token = app.auth.reset_link(caller, user).await?;
    let hours = app.config.auth.link_hours;
    eprintln!("token for a password, good once within {hours} hours (POST /api/v1/auth/reset):");
    say!("{}", token.expose());
    Ok(())
}

async fn find(desk: &Desk, email: &str) -> Result<Id> {
    let found = store::users::by_email(&desk.db, &email.trim().to_lowercase()).await?;
    found.map(|user| user.id).ok_or_else(|| {
        Error::new("K097", Class::NotFound, "nobody has that e-mail address")
            .hint("`querent user list` names all.")
    })
}

async fn list(desk: &Desk, search: Option<&str>) -> Result<()> {
    let page = store::users::list(&desk.db, search, PageRequest::first().with_limit(LISTED)).await?;
    for user in &page.items {
        say!("{}", line(user));
    }
    more(page.next.is_some());
    Ok(())
}

fn more(there_are: bool) {
    if there_are {
        eprintln!("these are the newest {LISTED}; the API lists all");
    }
}

fn line(user: &User) -> String {
    let email = user.email.as_deref().unwrap_or("-");
    let state = if user.disabled_at.is_some() { "disabled" } else { "" };
    let line = format!(
        "{} {:<8} {:<10} {email:<30} {} {state}",
        user.id,
        user.kind,
        user.system_role.as_str(),
        user.name
    );
    line.trim_end().to_owned()
}

fn system_role(word: &str) -> Result<SystemRole> {
    SystemRole::parse(word).ok_or_else(|| unknown(word, "admin, developer, analyst"))
}

fn unknown(word: &str, known: &str) -> Error {
    Error::new("K096", Class::BadInput, format!("{word} is no role")).hint(format!("One of {known}."))
}
