//! The look at a collection's documents: bounded in number, bytes and time.
//!
//! A small collection is read whole. Of a larger one the oldest and the newest documents by `_id` are read, by the index
//! that every collection has: two crawls then see the same as long as nothing changed, and no version of the catalog
//! comes from chance. `sampling=random` takes `$sample` instead.

use std::time::Duration;

use bson::{Document, doc};
use catalog::TableKind;
use connector_api::ConnectorError;
use futures::StreamExt;
use mongodb::Database;

use super::field::{Budget, Fields};
use crate::config::Settings;
use crate::error::{self, While, from_driver};

/// Bytes of one collection's documents that are read, at the most.
const BYTES: usize = 16 * 1024 * 1024;
/// Documents of a view that are read, at the most: each may cost much.
const OF_VIEW: u64 = 200;
/// The longest look at one collection.
const LONGEST: Duration = Duration::from_secs(20);

/// How much is looked at.
pub(super) struct Look<'a> {
    pub settings: &'a Settings,
    pub documents: u64,
    pub timeout: Duration,
}

/// Reads documents into `fields`. True when these were all.
pub(super) async fn look(
    database: &Database,
    (name, kind): (&str, TableKind),
    count: Option<u64>,
    look: &Look<'_>,
    (fields, budget): (&mut Fields, &mut Budget),
) -> Result<bool, ConnectorError> {
    let most = look.documents.max(1);
    let limit = |n: u64| doc! { "$limit": i64::try_from(n).unwrap_or(i64::MAX) };
    // one more than is looked at tells whether there are more
    let pipelines: Vec<Vec<Document>> = match (kind, count) {
        (TableKind::View, _) => vec![vec![limit(most.min(OF_VIEW))]],
        (_, Some(count)) if count > most && look.settings.random_sample => {
            vec![vec![doc! { "$sample": { "size": i64::try_from(most).unwrap_or(i64::MAX) } }]]
        }
        (_, Some(count)) if count > most => {
            let half = (most / 2).max(1);
            vec![
                vec![doc! { "$sort": { "_id": 1 } }, limit(half)],
                vec![doc! { "$sort": { "_id": -1 } }, limit(half)],
            ]
        }
        _ => vec![vec![doc! { "$sort": { "_id": 1 } }, limit(most)]],
    };
    let complete =
        pipelines.len() == 1 && count.is_some_and(|count| count <= most) && kind != TableKind::View;
    let share = BYTES / pipelines.len().max(1);
    let mut cut = false;
    for pipeline in pipelines {
        cut |=
            read(database, name, pipeline, (share, look.timeout.min(LONGEST)), (&mut *fields, &mut *budget))
                .await?;
    }
    Ok(complete && !cut)
}

/// Reads one pipeline's documents. True when it was cut by its bytes.
async fn read(
    database: &Database,
    name: &str,
    pipeline: Vec<Document>,
    (bytes, timeout): (usize, Duration),
    (fields, budget): (&mut Fields, &mut Budget),
) -> Result<bool, ConnectorError> {
    let driver = |e: mongodb::error::Error| from_driver(&e, While::Working);
    let collection = database.collection::<Document>(name);
    let cursor = collection.aggregate(pipeline).max_time(timeout).allow_disk_use(false).batch_size(200);
    let mut pages = cursor.batch().await.map_err(driver)?;
    let mut left = bytes;
    while let Some(page) = pages.next().await {
        let page = page.map_err(driver)?;
        for value in page.doc_slices().map_err(driver)? {
            let document = value.ok().and_then(|value| value.as_document()).ok_or_else(error::no_document)?;
            fields.observe(document, 0, budget);
            match left.checked_sub(document.as_bytes().len()) {
                Some(rest) => left = rest,
                None => return Ok(true),
            }
        }
    }
    Ok(false)
}
