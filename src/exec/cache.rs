//! What makes two runs the same, and how a kept result answers the second.
//!
//! A key holds the workspace, the connection and its last change, the schema version, the canonical text, the caller's
//! policy and the caps: so nothing of it is shared between workspaces or between callers who may see different things,
//! and a new schema version leaves all older results behind.

use std::time::Duration;

use arrow::record_batch::RecordBatch;
use guard::{Policy, ReadOnly};

use super::{Exec, Finished, HEAD_ROWS, internal, limits_under};
use crate::error::Result;
use crate::model::{Execution, Query, clock, new_id};
use crate::results::ResultError;
use crate::sources::Source;
use crate::store::executions::NewExecution;
use crate::store::{self, Conn};

/// Hashes of a statement that is about to run.
#[derive(Debug, Clone)]
pub(super) struct Hashes {
    /// Of the text alone.
    pub query_hash: String,
    /// Of all that the result depends on; `None` when it is not known, or results are not kept to answer others.
    pub cache_key: Option<String>,
    /// How old a result may be that answers.
    pub ttl: Duration,
}

/// Hash of a canonical statement: equal for the same engine and text.
pub fn query_hash(statement: &ReadOnly) -> String {
    let engine = format!("{:?}", statement.engine());
    hash("query", &[engine.as_bytes(), statement.sql().as_bytes()])
}

/// Hash of a policy: equal for callers who may see the same.
pub fn policy_hash(policy: &Policy) -> Result<String> {
    let document =
        serde_json::to_vec(policy).map_err(|e| internal(format!("the policy has no form: {e}")))?;
    Ok(hash("policy", &[&document]))
}

/// Parts with their lengths, so that no two lists of parts give the same bytes.
fn hash(what: &str, parts: &[&[u8]]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"querent/1/");
    for part in std::iter::once(&what.as_bytes()).chain(parts) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_hex().to_string()
}

impl Exec {
    /// The hashes of a statement for this caller.
    pub(super) fn hashes(&self, source: &Source, statement: &ReadOnly) -> Result<Hashes> {
        let query_hash = query_hash(statement);
        let seconds = source.options()?.cache_seconds.unwrap_or(self.shared.settings.cache_seconds);
        let ttl = Duration::from_secs(seconds);
        let (Some((version, _)), false) = (&source.schema, ttl.is_zero()) else {
            return Ok(Hashes { query_hash, cache_key: None, ttl });
        };
        let policy = source.policy()?;
        let limits = limits_under(&self.shared.limits, &policy);
        let caps = format!("{}/{}", limits.max_rows, limits.max_bytes);
        let key = hash(
            "result",
            &[
                self.db.workspace().as_bytes(),
                source.connection.id.as_bytes(),
                source.connection.updated_at.to_string().as_bytes(),
                version.id.as_bytes(),
                query_hash.as_bytes(),
                policy_hash(&policy)?.as_bytes(),
                // grants are no part of a stored policy
                source.policy_key().as_bytes(),
                caps.as_bytes(),
            ],
        );
        Ok(Hashes { query_hash, cache_key: Some(key), ttl })
    }

    /// The record of an execution that a kept result answers, when there is one that can be read here.
    pub(super) async fn kept(&self, query: &Query, hashes: &Hashes) -> Result<Option<Execution>> {
        let Some(key) = &hashes.cache_key else { return Ok(None) };
        let found = store::executions::cached(&self.db, key, clock::before(hashes.ttl)).await?;
        let Some(found) = found else { return Ok(None) };
        let Some(name) = &found.result_path else { return Ok(None) };
        if self.file(&found, name).await.is_err() {
            return Ok(None);
        }
        let new = NewExecution {
            id: new_id(),
            query_id: query.id,
            connection_id: query.connection_id,
            created_by: Some(self.db.by().to_owned()),
            // the key of the cache holds the policy: both ran under the same one
            policy_key: found.policy_key.clone().unwrap_or_default(),
            lease: Duration::ZERO,
            query_hash: Some(hashes.query_hash.clone()),
            cache_key: hashes.cache_key.clone(),
            owner: None,
            resumable: false,
        };
        Ok(Some(store::executions::answered(&self.db, new, &found).await?))
    }

    /// An execution that a kept result answered, with its first rows.
    pub(super) async fn reread(&self, execution: Execution) -> Result<Finished> {
        let spool = self.spool(execution.id).await?;
        let schema = spool.schema();
        let head =
            tokio::task::spawn_blocking(move || -> std::result::Result<Vec<RecordBatch>, ResultError> {
                spool.page(0, HEAD_ROWS)
            });
        let head = head.await.map_err(|e| internal(e.to_string()))?.map_err(|e| internal(e.to_string()))?;
        Ok(Finished { execution, schema, head })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(hash("query", &[b"ab", b"c"]), hash("query", &[b"a", b"bc"]));
        assert_ne!(hash("query", &[b"ab"]), hash("policy", &[b"ab"]));
    }

    #[test]
    fn a_policy_that_shows_something_else_has_another_hash() {
        let open = Policy::default();
        let hiding = Policy { hidden_columns: vec!["customers.email".to_owned()], ..Policy::default() };
        assert_eq!(policy_hash(&open), policy_hash(&Policy::default()));
        assert_ne!(policy_hash(&open), policy_hash(&hiding));
    }
}
