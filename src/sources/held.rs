//! What a caller is held to on a connection: its own policy with the caller's grants, and the fingerprint of both.

use catalog::Engine;
use guard::Policy;

use super::options_of;
use crate::access::{Holder, Merged, policy_key};
use crate::error::{Class, Error, Result};
use crate::model::{Connection, clock};
use crate::store::{self, Conn};

/// A policy, and the fingerprint under which executions remember it.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// What the guard holds statements to.
    pub policy: Policy,
    /// Its fingerprint: whoever has the same one sees the same.
    pub key: String,
}

/// What the caller that the store speaks for is held to, as of now. Asked anew by every request: two small reads.
///
/// # Errors
/// `X005` when the connection's policy cannot be read, `X015` when its options cannot; when the store fails.
pub async fn held(on: &impl Conn, connection: &Connection) -> Result<Held> {
    let own = own_policy(connection)?;
    let policy = match on.caller().and_then(|caller| Holder::of(caller)) {
        Some(holder) => merged(on, connection, own, holder).await?.policy,
        None => own,
    };
    let by_tag = policy.masks.iter().any(|mask| !mask.sensitivity.is_empty());
    let tags = if by_tag { store::permissions::tags(on, connection.id).await? } else { Vec::new() };
    Ok(Held { key: policy_key(&policy, &tags), policy })
}

/// What somebody is held to, and by which grants.
///
/// # Errors
/// As [`held`].
pub async fn held_for(on: &impl Conn, connection: &Connection, holder: Holder) -> Result<Merged> {
    merged(on, connection, own_policy(connection)?, holder).await
}

async fn merged(on: &impl Conn, connection: &Connection, own: Policy, mut holder: Holder) -> Result<Merged> {
    let closed = options_of(connection)?.closed;
    let grants = store::permissions::for_holder(on, connection.id, &holder).await?;
    let predicates = grants.iter().filter_map(|grant| grant.terms.predicate.as_ref());
    let mut filters = predicates.chain(own.row_filters.iter().map(|filter| &filter.predicate));
    if holder.email.is_none() && filters.any(|text| text.contains(":user_email")) {
        holder.email = store::permissions::email_of(on, holder.user).await?;
    }
    let documents = connection.engine == Engine::Mongodb;
    Ok(Merged::of(own, (closed, documents), grants, &holder, clock::now()))
}

fn own_policy(connection: &Connection) -> Result<Policy> {
    Policy::read(&connection.policy).map_err(|e| {
        Error::new("X005", Class::Internal, format!("the connection's policy cannot be read: {e}"))
            .hint("Store the policy again with PATCH /api/v1/connections/{id}.")
    })
}
