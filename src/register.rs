//! Registering a database: the name and the URL are checked, the login is tried, then the URI is stored sealed.

use connector_api::ServerInfo;
use guard::Policy;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::error::{Class, Error, Result};
use crate::model::{Connection, ConnectionOptions, Id, new_id};
use crate::secret::Secret;
use crate::sources::{self, Sources, options_of};
use crate::store::connections::{ConnectionChange, NewConnection};
use crate::store::{self, Db};

/// Longest name.
const MAX_NAME: usize = 64;

/// What is told of a new connection.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// Name: letters, digits, `-`, `_` and `.`; unique.
    #[serde(default)]
    pub name: String,
    /// URL with its secrets; stored sealed, never given back.
    #[schema(value_type = String)]
    #[serde(default)]
    pub url: Secret,
    /// What may leave for a model: names, statistics, values, rows.
    #[serde(default)]
    pub privacy: Option<String>,
    /// Tables and columns that questions must not see, caps, functions.
    #[serde(default)]
    pub policy: Option<Value>,
    /// How it is crawled and used.
    #[schema(value_type = Option<ConnectionOptions>)]
    #[serde(default)]
    pub options: Option<Value>,
    /// Refuse the connection when the login could write.
    #[serde(default)]
    pub require_read_only: bool,
}

/// What may be changed of a connection; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// New name.
    #[serde(default)]
    pub name: Option<String>,
    /// New URL; tested before it is stored.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub url: Option<Secret>,
    /// What may leave for a model.
    #[serde(default)]
    pub privacy: Option<String>,
    /// New policy.
    #[serde(default)]
    pub policy: Option<Value>,
    /// Options to change: what is named changes, null brings the daemon's setting back, the others stay.
    #[schema(value_type = Option<ConnectionOptions>)]
    #[serde(default)]
    pub options: Option<Value>,
}

/// Tests the database and stores the connection with its audit line.
///
/// # Errors
/// A bad name, URL or policy; the test failed; the login could write and that was not wanted; the name is taken.
pub async fn create(
    db: &Db,
    sources: &Sources,
    new: Registration,
    by: &str,
) -> Result<(Connection, ServerInfo)> {
    check_name(&new.name)?;
    let privacy = checked_privacy(new.privacy.as_deref())?;
    let policy = checked_policy(new.policy)?;
    let options = checked_options(&ConnectionOptions::default(), new.options.as_ref())?;
    let info = test(sources, &new.url).await?;
    if new.require_read_only && !info.privileges.can_write.is_empty() {
        return Err(Error::new(
            "X006",
            Class::Forbidden,
            "the login could write, and a read-only login was required",
        )
        .hint(info.privileges.fixes.join("; ")));
    }
    let id = new_id();
    let record = NewConnection {
        id,
        name: new.name,
        engine: info.engine,
        sealed_uri: sources.seal(id, &new.url).await?,
        display_uri: sources::display_url(new.url.expose()),
        privacy,
        options,
        policy,
        created_by: Some(by.to_owned()),
    };
    let tx = db.begin().await?;
    let connection = store::connections::create(&tx, record).await?;
    store::audits::add(&tx, by, "connection.create", &id.to_string(), json!({ "name": connection.name }))
        .await?;
    tx.commit().await?;
    Ok((connection, info))
}

/// Changes a connection; a new URL is tested first.
///
/// # Errors
/// As [`create`]; not found.
pub async fn update(db: &Db, sources: &Sources, id: Id, change: Change, by: &str) -> Result<Connection> {
    if let Some(name) = &change.name {
        check_name(name)?;
    }
    let uri = match &change.url {
        Some(url) => {
            test(sources, url).await?;
            Some((sources.seal(id, url).await?, sources::display_url(url.expose())))
        }
        None => None,
    };
    let privacy = change.privacy.as_deref().map(|p| checked_privacy(Some(p))).transpose()?;
    let policy = change.policy.map(|p| checked_policy(Some(p))).transpose()?;
    let fields = json!({
        "name": change.name, "url": uri.is_some(), "policy": policy.is_some(), "options": change.options,
    });
    let tx = db.begin().await?;
    let options = match &change.options {
        Some(patch) => {
            let stored = options_of(&store::connections::lock(&tx, id).await?)?;
            Some(checked_options(&stored, Some(patch))?)
        }
        None => None,
    };
    let stored = ConnectionChange { name: change.name, uri, privacy, options, policy };
    let connection = store::connections::update(&tx, id, stored, Some(by)).await?;
    store::audits::add(&tx, by, "connection.update", &id.to_string(), fields).await?;
    tx.commit().await?;
    sources.forget(id, None);
    Ok(connection)
}

/// Deletes a connection in a way that [`restore`] can undo; its name becomes free.
///
/// # Errors
/// Not found.
pub async fn delete(db: &Db, sources: &Sources, id: Id, by: &str) -> Result<()> {
    let tx = db.begin().await?;
    store::connections::delete(&tx, id, Some(by)).await?;
    store::audits::add(&tx, by, "connection.delete", &id.to_string(), json!({})).await?;
    tx.commit().await?;
    sources.forget(id, None);
    Ok(())
}

/// Undoes [`delete`].
///
/// # Errors
/// Not found (or not deleted); the name was taken in the meantime.
pub async fn restore(db: &Db, id: Id, by: &str) -> Result<Connection> {
    let tx = db.begin().await?;
    let connection = store::connections::restore(&tx, id, Some(by)).await?;
    store::audits::add(&tx, by, "connection.restore", &id.to_string(), json!({})).await?;
    tx.commit().await?;
    Ok(connection)
}

/// Connects and looks around.
///
/// # Errors
/// As the connector says.
pub async fn test(sources: &Sources, url: &Secret) -> Result<ServerInfo> {
    Ok(sources.try_out(url.expose())?.test().await?)
}

fn check_name(name: &str) -> Result<()> {
    let fits = !name.is_empty()
        && name.chars().count() <= MAX_NAME
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if fits {
        return Ok(());
    }
    Err(Error::new("X007", Class::BadInput, format!("the name {name:?} cannot be used for a connection"))
        .hint(format!("Use 1 to {MAX_NAME} letters, digits, '-', '_' or '.'.")))
}

fn checked_privacy(level: Option<&str>) -> Result<String> {
    let level = level.unwrap_or("values");
    if ["names", "statistics", "values", "rows"].contains(&level) {
        return Ok(level.to_owned());
    }
    Err(Error::new("X008", Class::BadInput, format!("there is no privacy level {level:?}"))
        .hint("Use names, statistics, values or rows."))
}

fn checked_policy(policy: Option<Value>) -> Result<Value> {
    let policy = policy.unwrap_or_else(|| json!({}));
    match Policy::read(&policy) {
        Ok(_) => Ok(policy),
        Err(why) => Err(unreadable_policy(&why)),
    }
}

fn checked_options(stored: &ConnectionOptions, patch: Option<&Value>) -> Result<Value> {
    let Some(patch) = patch else { return Ok(stored.document()) };
    let options = stored.patched(patch).map_err(|why| sources::unreadable_options(&why))?;
    Ok(options.document())
}

/// A policy that cannot be read.
pub fn unreadable_policy(why: &str) -> Error {
    Error::new("X009", Class::BadInput, format!("the policy cannot be read: {why}"))
        .hint("Correct it; the README lists the keys of a policy under \"Policies\".")
}
