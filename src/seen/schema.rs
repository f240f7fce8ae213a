//! Schema versions, what changed between them, and what is found in them, as a caller sees it.

use std::sync::Arc;

use catalog::diff::Diff;
use catalog::{Catalog, Snapshot, Table};

use super::Seen;
use crate::error::{Class, Error, Result};
use crate::index::Index;
use crate::model::understanding::Tag;
use crate::model::{Annotation, Page, SchemaVersion};
use crate::store::catalog::Hit;
use crate::store::{self, Db};

impl Seen {
    /// A version with what the caller sees of it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn version(&self, db: &Db, version: &SchemaVersion) -> Result<(SchemaVersion, Snapshot)> {
        let snapshot = store::catalog::load(db, version).await?;
        if self.everything() {
            return Ok((version.clone(), snapshot));
        }
        let annotations = store::annotations::all(db, self.connection).await?;
        let (policy, mut version) = (self.policy(), version.clone());
        let seen =
            tokio::task::spawn_blocking(move || cut(snapshot, &annotations, &policy)).await.map_err(|e| {
                Error::new("X098", Class::Internal, format!("looking at what is seen stopped: {e}"))
            })?;
        (version.table_count, version.column_count) = counts(&seen);
        Ok((self.named(version), seen))
    }

    fn policy(&self) -> guard::Policy {
        self.cut.as_ref().map(|cut| cut.policy.clone()).unwrap_or_default()
    }

    /// A version's record without words on what is hidden.
    pub fn named(&self, mut version: SchemaVersion) -> SchemaVersion {
        if !self.text(&version.summary) {
            version.summary = String::new();
        }
        version
    }

    /// Records of versions for a list. For a caller who does not see everything, only the latest is counted; the others
    /// would have to be read whole, and say 0.
    pub fn versions(&self, mut page: Page<SchemaVersion>) -> Page<SchemaVersion> {
        let Some(cut) = &self.cut else { return page };
        for version in &mut page.items {
            let latest = cut.latest == Some(version.id);
            let seen = cut.snapshot().filter(|_| latest);
            (version.table_count, version.column_count) = seen.map_or((0, 0), counts);
        }
        page.items = page.items.into_iter().map(|version| self.named(version)).collect();
        page
    }

    /// One table of a version; nothing when it is not there for the caller.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn table(&self, db: &Db, version: &SchemaVersion, name: &str) -> Result<Option<Table>> {
        let found = store::catalog::table(db, version, name).await?;
        let Some(found) = found else { return Ok(None) };
        if self.everything() {
            return Ok(Some(found));
        }
        Ok(self.version(db, version).await?.1.table(&found.schema, &found.name).cloned())
    }

    /// What changed between two versions, of what the caller sees.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn changes(&self, db: &Db, from: &SchemaVersion, to: &SchemaVersion) -> Result<Diff> {
        if self.everything() {
            return Ok(store::catalog::changes(db, from, to).await?);
        }
        let (old, new) = (self.version(db, from).await?.1, self.version(db, to).await?.1);
        tokio::task::spawn_blocking(move || catalog::diff::diff(&old, &new))
            .await
            .map_err(|e| Error::new("X098", Class::Internal, format!("comparing stopped: {e}")))
    }

    /// Hits of a search that are there for the caller.
    pub fn hits(&self, mut hits: Vec<Hit>) -> Vec<Hit> {
        hits.retain(|hit| self.place(&hit.schema, &hit.table, hit.column.as_deref()));
        hits
    }

    /// The searchable catalog of the latest version, where the caller does not see all of it.
    pub fn index(&self) -> Option<Arc<Index>> {
        self.cut.as_ref().and_then(|cut| cut.catalogs.as_ref()).map(|(_, seen)| seen.clone())
    }

    /// What tells a version from another for the caller: two callers who see different things have different ones.
    pub fn tag(&self, version: &SchemaVersion) -> String {
        if self.everything() {
            return version.fingerprint.clone();
        }
        format!("{}-{}", version.fingerprint, self.key.get(..16).unwrap_or_default())
    }
}

/// Tables and columns.
fn counts(snapshot: &Snapshot) -> (i64, i64) {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    (count(snapshot.tables.len()), count(snapshot.tables.iter().map(|t| t.columns.len()).sum()))
}

/// A snapshot cut to what a policy shows; what people say of sensitivity counts.
fn cut(mut snapshot: Snapshot, annotations: &[Annotation], policy: &guard::Policy) -> Snapshot {
    for said in annotations {
        let (Some(tag), Some(name)) = (said.sensitivity, &said.column) else { continue };
        let table = snapshot.tables.iter_mut().find(|t| t.schema == said.schema && t.name == said.table);
        if let Some(column) = table.and_then(|t| t.columns.iter_mut().find(|c| c.name == *name)) {
            column.sensitivity = match tag {
                Tag::None => None,
                Tag::Is(sensitivity) => Some(sensitivity),
            };
        }
    }
    guard::resolve::visible_catalog(&Catalog::new(snapshot), policy).snapshot().clone()
}
