//! What the daemon keeps: one file per resource, each statement beside the function that decodes its rows.

pub mod annotations;
pub mod api_keys;
pub mod audit_chain;
pub mod audits;
pub mod bodies;
pub mod catalog;
pub mod chats;
pub mod connections;
pub mod crawls;
pub mod daemons;
pub mod db;
pub mod embeddings;
pub mod error;
pub mod evaluation_cases;
pub mod executions;
pub mod glossary;
pub mod health;
pub mod idempotency;
pub mod identities;
pub mod impacts;
pub mod invitations;
pub mod jobs;
pub mod llm_calls;
pub mod members;
pub mod migrate;
pub mod notifications;
pub mod owner_token;
pub mod password_resets;
pub mod permissions;
pub mod portable;
pub mod queries;
pub mod quotas;
pub mod recover;
pub mod relationships;
pub mod reviews;
pub mod schedules;
pub mod sealed;
pub mod sessions;
pub mod settings;
pub mod sign_in_attempts;
pub mod streams;
pub mod takeover;
pub mod users;
pub mod workspaces;

pub use db::{Conn, Db, Dialect, Row, Tx, Value};
pub use error::{Result, StoreError, StoreErrorKind};

use crate::model::{Cursor, Page};

/// The workspace clause of what belongs to a connection: `$place` is [`Conn::workspace`].
fn of_workspace(place: usize) -> String {
    format!("connection_id IN (SELECT id FROM connections WHERE workspace_id = ${place})")
}

/// A page of rows that were fetched with one more than the limit.
fn read_page<T>(
    rows: &[Row],
    limit: u32,
    read: impl Fn(&Row) -> Result<T>,
    place: impl Fn(&T) -> Cursor,
) -> Result<Page<T>> {
    let items = rows.iter().map(read).collect::<Result<Vec<T>>>()?;
    Ok(Page::from_overfetch(items, limit, place))
}
