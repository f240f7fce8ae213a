//! What follows a new schema version: statements are checked again, and versions that are not kept go.

use std::sync::Arc;
use std::time::Duration;

use catalog::Snapshot;
use serde_json::json;

use super::{Crawled, Crawler};
use crate::error::{Error, Result};
use crate::impact::{self, Impacted};
use crate::model::{Connection, Id, JobKind};
use crate::store::catalog::{Keep, Published};
use crate::store::jobs::NewJob;
use crate::store::{self, Tx};

/// A daemon checks statements after that time, when the crawl's own process has not.
const IMPACT_DELAY: Duration = Duration::from_secs(60);

/// What is left to do when a crawl is over.
pub(super) struct Next {
    /// What came of it.
    pub(super) published: Published,
    /// What it found.
    pub(super) newer: Arc<Snapshot>,
    /// The job that asks for the check of statements.
    pub(super) job: Option<Id>,
}

impl Crawler {
    /// Does what follows a crawl.
    pub(super) async fn follow(&self, connection: &Connection, crawled: Crawled, next: Next) -> Crawled {
        let Next { published, newer, job } = next;
        let impact = self.felt(connection, &published, &newer, job).await;
        self.trim(connection, &published).await;
        Crawled { impact, ..crawled }
    }

    /// Asks for the check of statements with the new version, should this process not come to it.
    pub(super) async fn ask_for_impact(&self, tx: &Tx, published: &Published) -> Result<Option<Id>> {
        let (version, Some(before)) = (&published.version, &published.before) else { return Ok(None) };
        let new = NewJob {
            connection_id: Some(version.connection_id),
            payload: json!({ "from": before.id, "to": version.id }),
            delay: IMPACT_DELAY,
            dedup_key: Some(format!("impact:{}:{}", version.connection_id, version.id)),
            ..NewJob::of(JobKind::Impact)
        };
        Ok(store::jobs::enqueue(tx, new).await?.map(|job| job.id))
    }

    /// What the new version did to statements. The crawl is over: what goes wrong here is left to the job.
    async fn felt(
        &self,
        connection: &Connection,
        published: &Published,
        newer: &Arc<Snapshot>,
        job: Option<Id>,
    ) -> Option<Impacted> {
        let before = published.before.as_ref()?;
        let felt = async {
            let to = &published.version;
            let felt = impact::check_with(&self.db, connection, before, to, newer.clone()).await?;
            if let Some(job) = job {
                let tx = self.db.begin().await?;
                store::jobs::done(&tx, job).await?;
                tx.commit().await?;
            }
            Ok(felt)
        };
        let felt: Result<Impacted> = felt.await;
        let told = |error: &Error| {
            tracing::warn!(connection = %connection.id, code = error.code, "statements could not be checked again");
        };
        felt.inspect_err(told).ok()
    }

    /// Removes versions that are not kept any more.
    async fn trim(&self, connection: &Connection, published: &Published) {
        if !published.is_new {
            return;
        }
        let keep = keep_of(&connection.options, self.shared.keep);
        let trimmed = async {
            let tx = self.db.begin().await?;
            store::catalog::trim(&tx, connection.id, keep).await?;
            tx.commit().await
        };
        if let Err(error) = trimmed.await {
            tracing::warn!(connection = %connection.id, %error, "old schema versions could not be removed");
        }
    }
}

/// How long versions of a connection are kept: as its options say, else as the settings do.
fn keep_of(options: &serde_json::Value, settings: Keep) -> Keep {
    let own = |key: &str| {
        options.get(key).and_then(serde_json::Value::as_u64).map(|n| u32::try_from(n).unwrap_or(u32::MAX))
    };
    let (versions, days) = (own("keep_versions"), own("keep_days"));
    if versions.is_none() && days.is_none() {
        return settings;
    }
    Keep { versions: versions.filter(|n| *n > 0), days: days.filter(|n| *n > 0) }
}
