//! Whether a store's schema is what its migrations make: they are run in a scratch place, and both are compared.
//!
//! On SQLite the place is a temporary file. On PostgreSQL it is a schema that lives as long as a transaction that is
//! always undone, so that no right to make databases is needed and nothing is left behind.

use serde::Serialize;

use super::shape::{self, Shape};
use super::{Migration, known, ledger};
use crate::model::new_id;
use crate::store::db::{Conn, Db, Dialect};
use crate::store::error::{Result, StoreError, StoreErrorKind};

/// Something that is not as the migrations make it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is, for example `column crawls.status`.
    pub what: String,
    /// As the migrations make it; `None`: they make no such thing.
    pub made: Option<String>,
    /// As it is in the store; `None`: it is not there.
    pub found: Option<String>,
}

/// What the comparison gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// Things compared.
    pub compared: usize,
    /// Those that differ, by name.
    pub differences: Vec<Difference>,
    /// Migrations of a newer program: what they added is in no list of this one, so additions are not looked at.
    pub newer: Vec<String>,
}

/// Compares a store's schema with what the migrations that ran on it make.
///
/// # Errors
/// When the store is not this program's, or the scratch place cannot be made.
pub async fn verify(db: &Db) -> Result<Drift> {
    verify_of(db, known(db.dialect())).await
}

/// As [`verify`], for a list of migrations.
///
/// # Errors
/// As [`verify`].
pub async fn verify_of(db: &Db, list: &[Migration]) -> Result<Drift> {
    // the lock is held, so that nobody migrates meanwhile
    let tx = ledger::locked(db).await?;
    let done = ledger::read(&tx).await?;
    super::check(list, &done)?;
    let ran: Vec<&Migration> = list.iter().filter(|m| done.iter().any(|d| d.version == m.version)).collect();
    let newer: Vec<String> = done
        .iter()
        .filter(|d| !list.iter().any(|m| m.version == d.version))
        .map(|d| d.name.clone())
        .collect();
    let found = shape::read(&tx).await?;
    let made = match db.dialect() {
        Dialect::Sqlite => made_in_file(&ran).await?,
        Dialect::Postgres => {
            let scratch = format!("querent_scratch_{}", new_id().simple());
            let path = tx.query_one("setting", "SELECT current_setting('search_path') AS path", &[]).await?;
            tx.batch(&format!("CREATE SCHEMA {scratch}")).await?;
            tx.batch(&format!("SET LOCAL search_path = {scratch}, {}", path.text("path")?)).await?;
            for step in ran {
                tx.batch(step.up).await?;
            }
            shape::read(&tx).await?
        }
    };
    tx.rollback().await?;
    Ok(compare(&made, &found, newer))
}

async fn made_in_file(ran: &[&Migration]) -> Result<Shape> {
    let folder = tempfile::tempdir().map_err(|_| {
        StoreError::new(StoreErrorKind::Disk, "no temporary folder could be made")
            .hint("Make room for temporary files, or name another folder for them (TMPDIR).")
    })?;
    let scratch = Db::open_sqlite(&folder.path().join("scratch.db")).await?;
    let tx = scratch.begin_rebuild().await?;
    for step in ran {
        tx.batch(step.up).await?;
    }
    let shape = shape::read(&tx).await?;
    tx.rollback().await?;
    scratch.close().await;
    Ok(shape)
}

fn compare(made: &Shape, found: &Shape, newer: Vec<String>) -> Drift {
    let mut differences = Vec::new();
    for (what, definition) in made {
        // a newer program's additions change the text of a table, not that of its other columns
        let may_differ = !newer.is_empty() && what.starts_with("table ") && found.contains_key(what);
        if !may_differ && found.get(what) != Some(definition) {
            differences.push(Difference {
                what: what.clone(),
                made: Some(definition.clone()),
                found: found.get(what).cloned(),
            });
        }
    }
    let added = found.iter().filter(|(what, _)| newer.is_empty() && !made.contains_key(*what));
    differences.extend(added.map(|(what, definition)| Difference {
        what: what.clone(),
        made: None,
        found: Some(definition.clone()),
    }));
    differences.sort_by(|a, b| a.what.cmp(&b.what));
    Drift { compared: made.len(), differences, newer }
}
