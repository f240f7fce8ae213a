//! What a crawl concludes beyond the database's own catalog, and how it keeps what people said of it.

use std::sync::Arc;

use catalog::diff::Diff;
use catalog::infer::{self, Proposal};
use catalog::{Catalog, Snapshot};
use connector_api::{Connector, CrawlOptions, Progress};

use super::probe::{self, Bounds};
use crate::error::{Class, Error, Result};
use crate::model::{Annotation, ConnectionOptions, Id};
use crate::store::annotations::{self, Place};
use crate::store::{self, Conn, Db, Tx};

/// What a crawl found.
pub(super) struct Found {
    pub snapshot: Snapshot,
    /// References that nobody declared.
    pub proposals: Vec<Proposal>,
}

/// Concludes references that nobody declared; asks the database about them where the connection allows it.
pub(super) async fn conclude(
    connector: &dyn Connector,
    mut snapshot: Snapshot,
    own: &ConnectionOptions,
    options: &CrawlOptions,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Found> {
    let mut proposals = take_inferred(&mut snapshot);
    let work = move || {
        let candidates = infer::candidates(&snapshot);
        (snapshot, candidates)
    };
    let (mut snapshot, mut candidates) = tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::new("X099", Class::Internal, format!("concluding references stopped: {e}")))?;
    if own.probe && !candidates.is_empty() {
        progress(Progress { step: "overlap of values", done: 0, of: 1 });
        let bounds = Bounds {
            sessions: own.crawl_sessions.unwrap_or(1).into(),
            statement_time: Bounds::default().statement_time.min(options.statement_timeout),
            ..Bounds::default()
        };
        let catalog = Arc::new(Catalog::new(snapshot));
        let asked = probe::weigh(connector, &catalog, &mut candidates, &bounds).await;
        tracing::debug!(asked, "asked for the overlap of values");
        progress(Progress { step: "overlap of values", done: 1, of: 1 });
        // nobody else holds it any more, unless a question was left behind at its time-out
        snapshot = match Arc::try_unwrap(catalog) {
            Ok(catalog) => catalog.into_snapshot(),
            Err(catalog) => catalog.snapshot().clone(),
        };
    }
    let concluded = infer::settle(candidates);
    let known = |p: &Proposal| {
        proposals.iter().any(|o| (&o.schema, &o.table, &o.columns) == (&p.schema, &p.table, &p.columns))
    };
    let mut concluded: Vec<Proposal> = concluded.into_iter().filter(|p| !known(p)).collect();
    proposals.append(&mut concluded);
    Ok(Found { snapshot, proposals })
}

/// References that the connector itself concluded: they are proposals like others, and no keys until somebody said so.
fn take_inferred(snapshot: &mut Snapshot) -> Vec<Proposal> {
    let mut taken = Vec::new();
    for table in &mut snapshot.tables {
        let (inferred, declared) = std::mem::take(&mut table.foreign_keys)
            .into_iter()
            .partition::<Vec<_>, _>(|key| key.inferred.is_some());
        table.foreign_keys = declared;
        taken.extend(inferred.iter().filter_map(|key| Proposal::of_key(&table.schema, &table.name, key)));
    }
    taken
}

/// Takes out the values of columns whose values nobody wants kept.
///
/// # Errors
/// When the store fails.
pub(super) async fn drop_unwanted(db: &Db, connection: Id, snapshot: &mut Snapshot) -> Result<()> {
    for unwanted in unwanted(db, connection).await? {
        let tables = snapshot.tables.iter_mut();
        let table = tables.into_iter().find(|t| t.schema == unwanted.schema && t.name == unwanted.table);
        let column =
            table.and_then(|t| t.columns.iter_mut().find(|c| Some(&c.name) == unwanted.column.as_ref()));
        if let Some(column) = column {
            column.forget_values();
        }
    }
    Ok(())
}

async fn unwanted(on: &impl Conn, connection: Id) -> Result<Vec<Annotation>> {
    let mut said = store::annotations::all(on, connection).await?;
    said.retain(|a| !a.values);
    Ok(said)
}

/// Moves what people said along with what was renamed, and brings the proposals up to date.
///
/// # Errors
/// When the store fails.
pub(super) async fn keep(
    tx: &Tx,
    connection: Id,
    snapshot: &Snapshot,
    diff: Option<&Diff>,
    proposals: &[Proposal],
) -> Result<()> {
    if let Some(diff) = diff {
        let renames = annotations::renames(diff, snapshot);
        if !renames.is_empty() {
            store::annotations::follow(tx, connection, &renames).await?;
            store::relationships::follow(tx, connection, &renames).await?;
        }
    }
    // what came in under a new name, or while somebody said that it is not to be kept
    let places = unwanted(tx, connection).await?.into_iter().map(|a| Place {
        schema: a.schema,
        table: a.table,
        column: a.column,
    });
    store::catalog::forget_values(tx, connection, &places.collect::<Vec<_>>()).await?;
    store::relationships::propose(tx, connection, proposals).await?;
    store::connections::understood(tx, connection).await?;
    Ok(())
}
