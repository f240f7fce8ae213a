//! Rotation of the master keys: a new key, every sealed text brought under it in the background, old keys removed once
//! nothing needs them. Doing any of it twice leads to the same, and two processes may do it at once.

use std::collections::BTreeMap;

use serde_json::json;

use crate::error::{Class, Error, Result};
use crate::model::{Id, Job, JobKind};
use crate::secrets::{Keeper, Keyring, Keys, Sealed};
use crate::store::sealed::{self, PLACES};
use crate::store::{self, Db, jobs};

/// Texts that are read at once.
const BATCH: u32 = 200;
/// Versions of one place that are told apart at the most.
const MAX_VERSIONS: usize = 256;

/// How many texts of a place are sealed with which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// `table.column`.
    pub place: String,
    /// Who keeps the key; `None`: texts that nobody can read.
    pub key: Option<(Keeper, u32)>,
    /// How many.
    pub texts: u64,
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Texts that were looked at.
    pub seen: u64,
    /// Texts that were brought under the newest key.
    pub changed: u64,
    /// Texts that do not open with any key at hand; they stay as they are.
    pub failed: u64,
}

/// How many texts are sealed with which key, over all workspaces.
///
/// # Errors
/// When the store fails.
pub async fn usage(db: &Db) -> Result<Vec<Usage>> {
    let db = db.daemon_in(Id::nil());
    let mut all = Vec::new();
    for place in PLACES {
        let mut counts: BTreeMap<Option<(Keeper, u32)>, u64> = BTreeMap::new();
        let mut last = Id::nil();
        loop {
            let texts = sealed::after(&db, place, last, BATCH).await?;
            let Some(end) = texts.last() else { break };
            last = end.id;
            for text in &texts {
                let key = Sealed::peek(&text.text).ok();
                let known = counts.len() < MAX_VERSIONS || counts.contains_key(&key);
                *counts.entry(key.filter(|_| known)).or_default() += 1;
            }
        }
        let place = format!("{}.{}", place.table, place.column);
        all.extend(counts.into_iter().map(|(key, texts)| Usage { place: place.clone(), key, texts }));
    }
    Ok(all)
}

/// Makes a new master key and asks for the job that brings everything under it; gives its version, and the job unless
/// one waits already.
///
/// # Errors
/// `V030` where keys are made elsewhere; when the keys or the store cannot be used.
pub async fn rotate(db: &Db, keys: &Keys, by: &str) -> Result<(u32, Option<Job>)> {
    let version = keys.rotate().await?;
    let tx = db.begin().await?;
    let new = jobs::NewJob {
        dedup_key: Some("reseal".to_owned()),
        created_by: Some(by.to_owned()),
        ..jobs::NewJob::of(JobKind::Reseal)
    };
    let job = jobs::enqueue(&tx, new).await?;
    let details = json!({ "keeper": keys.sealing().as_str(), "version": version });
    store::audits::add(&tx, by, "keys.rotate", "keys", details).await?;
    tx.commit().await?;
    db.wake();
    Ok((version, job))
}

/// Brings every sealed text under the newest key, batch by batch; what is under it already is left alone, so a run that
/// was broken off goes on where it was. `seen` hears of each batch and may end the run.
///
/// # Errors
/// When the keys or the store cannot be used; what `seen` says.
pub async fn reseal(
    db: &Db,
    keys: &Keys,
    mut seen: impl FnMut(Resealed) -> Result<()> + Send,
) -> Result<Resealed> {
    let db = db.daemon_in(Id::nil());
    let newest = keys.newest().await?;
    let mut done = Resealed::default();
    for place in PLACES {
        let mut last = Id::nil();
        loop {
            let texts = sealed::after(&db, place, last, BATCH).await?;
            let Some(end) = texts.last() else { break };
            last = end.id;
            for text in &texts {
                done.seen += 1;
                match keys.reseal(&text.text, &(place.bound_to)(text.id), newest).await {
                    Ok(None) => {}
                    // one that changed in between was sealed just now
                    Ok(Some(new)) => {
                        done.changed += u64::from(sealed::replace(&db, place, text, &new).await?)
                    }
                    Err(error) if lost(&error) => {
                        tracing::warn!(table = place.table, id = %text.id, code = error.code, "a sealed text does not open");
                        done.failed += 1;
                    }
                    Err(error) => return Err(error),
                }
            }
            seen(done)?;
        }
    }
    Ok(done)
}

/// Whether the text itself is to blame, and not the keeper of the keys.
fn lost(error: &Error) -> bool {
    ["V001", "V002", "V003", "V005", "V023"].contains(&error.code)
}

/// As an error: some texts could not be brought under the newest key.
///
/// # Errors
/// `V031` when there are such.
pub fn complete(done: Resealed) -> Result<()> {
    if done.failed == 0 {
        return Ok(());
    }
    let message = format!("{} sealed texts do not open with any key at hand", done.failed);
    Err(Error::new("V031", Class::Conflict, message)
        .hint("Put back the keys that they were sealed with, or enter those secrets again."))
}

/// Removes the keys at hand that nothing is sealed with any more, the newest excepted; gives their versions.
///
/// # Errors
/// `V030` where keys are made elsewhere; when the keys or the store cannot be used.
pub async fn prune(db: &Db, keys: &Keys, by: &str) -> Result<Vec<u32>> {
    let Some(before) = keys.ring().await? else { return Ok(Vec::new()) };
    let used = at_hand(&usage(db).await?);
    let mut full: Option<Keyring> = None;
    let after = keys
        .change(|ring| {
            full = Some(ring.clone());
            Ok(ring.keeping(|version| used.contains(&version)))
        })
        .await?;
    // another process may have sealed with an old key until it saw the new file
    let needed = at_hand(&usage(db).await?);
    let missing = needed
        .iter()
        .any(|version| before.versions().contains(version) && !after.versions().contains(version));
    if let (true, Some(full)) = (missing, full) {
        keys.change(|ring| Ok(ring.and(&full))).await?;
        return Err(Error::new(
            "V032",
            Class::Conflict,
            "an old key came into use again; all keys were kept",
        )
        .hint("Run `querent key reseal`, then try again."));
    }
    let removed: Vec<u32> =
        before.versions().into_iter().filter(|version| !after.versions().contains(version)).collect();
    if !removed.is_empty() {
        let tx = db.begin().await?;
        store::audits::add(&tx, by, "keys.prune", "keys", json!({ "versions": removed })).await?;
        tx.commit().await?;
    }
    Ok(removed)
}

fn at_hand(usage: &[Usage]) -> Vec<u32> {
    let local =
        |usage: &Usage| usage.key.filter(|(keeper, _)| *keeper == Keeper::Local).map(|(_, version)| version);
    usage.iter().filter_map(local).collect()
}
