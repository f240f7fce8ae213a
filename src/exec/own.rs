//! Whose rows a result holds: they were read under a policy, and only who is held to the same one may read them.

use super::Exec;
use crate::error::{Class, Error, Result};
use crate::model::Execution;
use crate::sources::held;
use crate::store;

impl Exec {
    /// Whether the caller sees the same as whoever ran it. One from before fingerprints were kept is for those alone who
    /// see everything.
    ///
    /// # Errors
    /// The connection is gone; when the store fails.
    pub async fn reads_alike(&self, execution: &Execution) -> Result<bool> {
        let connection = store::connections::get_kept(&self.db, execution.connection_id).await?;
        let held = held(&self.db, &connection).await?;
        Ok(match &execution.policy_key {
            Some(key) => *key == held.key,
            None => !held.policy.restricts(),
        })
    }

    /// Refuses rows that were read under another policy than the caller's.
    pub(super) async fn may_read(&self, execution: &Execution) -> Result<()> {
        if self.reads_alike(execution).await? {
            return Ok(());
        }
        let message = "the rows were read under other permissions than the caller has now";
        Err(Error::new("E030", Class::Forbidden, message)
            .hint("Run the query yourself: POST /api/v1/queries/{id}/executions."))
    }

    /// Refuses a result whose permissions changed while it was made.
    pub(super) async fn still_held(&self, execution: &Execution) -> Result<()> {
        if self.reads_alike(execution).await? {
            return Ok(());
        }
        let message = "the permissions changed while the statement ran";
        Err(Error::new("E031", Class::Forbidden, message).hint("Run the query again."))
    }
}
