//! Infers the schema: from validators, indexes and a bounded look at documents.
//!
//! A fixed number of commands is sent for each collection (its size, its indexes, a look at its documents), for two
//! collections at a time; then values of fields that look like references are looked for in other collections, where that
//! is allowed. There is no snapshot over collections: the list is asked for again at the end, and one that was dropped
//! meanwhile is left out, as is one that the login may not read. What takes too long, or fails, is left with what its
//! validator and indexes say.

mod field;
mod indexes;
mod kinds;
mod references;
mod sample;
mod tables;
mod validator;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bson::{Bson, Document, doc};
use catalog::{Engine, Schema, Snapshot, Table, TableKind};
use connector_api::{ConnectorError, CrawlOptions, ErrorKind, Progress};
use futures::{StreamExt, TryStreamExt};
use mongodb::Database;

use crate::error::{While, from_driver};
use crate::pool::Sessions;
use crate::{decode, privileges, query};
use field::{Budget, Fields};
use references::Candidate;

type Report<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// Looks at collections that are made anew meanwhile, at the most.
const LOOKS: usize = 3;
/// Collections that are looked at together.
const TOGETHER: usize = 2;
/// Steps beside the collections: the server, the list, the references.
const OTHER_STEPS: u32 = 3;

/// A collection or view as the server lists it.
#[derive(Clone)]
struct Listed {
    name: String,
    kind: TableKind,
    options: Document,
    /// Another one of the same name has another.
    id: Option<Bson>,
}

impl Listed {
    /// Whether it is the same one, and not only called the same.
    fn is(&self, other: &Listed) -> bool {
        self.name == other.name && self.kind == other.kind && self.id == other.id
    }
}

/// A collection and what was found out about it.
struct Looked {
    listed: Listed,
    count: Option<u64>,
    bytes: Option<u64>,
    indexes: Vec<Document>,
    fields: Fields,
    whole: bool,
}

/// Crawls.
pub(crate) async fn introspect(
    sessions: &Arc<Sessions>,
    options: &CrawlOptions,
    progress: Report<'_>,
) -> Result<Snapshot, ConnectorError> {
    let _place = sessions.place().await?;
    let driver = |e: mongodb::error::Error| from_driver(&e, While::Connecting);
    let database = sessions.database().await?;
    progress(Progress { step: "server", done: 0, of: OTHER_STEPS });
    let build = database.run_command(doc! { "buildInfo": 1 }).await.map_err(driver)?;
    let schema = sessions.settings.database.clone();
    let listed = wanted(&database, &schema, options).await?;
    let of = u32::try_from(listed.len()).unwrap_or(u32::MAX - OTHER_STEPS).saturating_add(OTHER_STEPS);
    progress(Progress { step: "collections", done: 2, of });
    let done = AtomicU32::new(2);
    let one_more = || {
        let done = done.fetch_add(1, Ordering::SeqCst) + 1;
        progress(Progress { step: "documents", done: done.min(of), of });
    };
    let looked = look_at_all(sessions, &database, listed, options, &one_more).await?;
    let (mut tables, candidates) = assemble(&schema, &looked, options);
    let probe = (options.probe && options.statistics && options.sample_rows.is_some()).then_some(&database);
    references::propose(&mut tables, &candidates, probe).await?;
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    progress(Progress { step: "references", done: of, of });
    Ok(Snapshot {
        engine: Engine::Mongodb,
        server_version: build.get_str("version").unwrap_or_default().to_owned(),
        database: schema.clone(),
        search_path: vec![schema.clone()],
        schemas: vec![Schema { name: schema, comment: None }],
        tables,
        routines: Vec::new(),
    })
}

/// Those that the crawl is to look at.
async fn wanted(
    database: &Database,
    schema: &str,
    options: &CrawlOptions,
) -> Result<Vec<Listed>, ConnectorError> {
    let mut listed = list(database).await?;
    listed.retain(|c| !c.name.starts_with("system.") && options.wants(Engine::Mongodb, schema, &c.name));
    Ok(listed)
}

/// Looks at collections, and keeps what is still there after that. One that was made anew under its old name meanwhile is
/// looked at once more.
async fn look_at_all(
    sessions: &Sessions,
    database: &Database,
    listed: Vec<Listed>,
    options: &CrawlOptions,
    one_more: &(dyn Fn() + Sync),
) -> Result<Vec<Looked>, ConnectorError> {
    let mut all: Vec<Looked> = Vec::with_capacity(listed.len());
    let mut left = listed;
    for _ in 0..LOOKS {
        let looks = futures::stream::iter(left.into_iter().map(|listed| async move {
            let looked = look(sessions, database, listed, options).await;
            one_more();
            looked
        }));
        let found: Vec<Option<Looked>> = looks.buffered(TOGETHER).try_collect().await?;
        let now = list(database).await?;
        left = Vec::new();
        for looked in found.into_iter().flatten() {
            match now.iter().find(|listed| listed.name == looked.listed.name) {
                Some(listed) if listed.is(&looked.listed) => all.push(looked),
                Some(listed) => left.push(listed.clone()),
                None => left_out(&looked.listed.name),
            }
        }
        if left.is_empty() {
            break;
        }
    }
    all.sort_by(|a, b| a.listed.name.cmp(&b.listed.name));
    Ok(all)
}

fn left_out(collection: &str) {
    tracing::info!(collection, "it went away during the crawl, or may not be read, and is left out");
}

/// Collections and views with their options; their names alone where the login may not see more.
async fn list(database: &Database) -> Result<Vec<Listed>, ConnectorError> {
    let driver = |e: mongodb::error::Error| from_driver(&e, While::Working);
    let read = async {
        let mut cursor = database.run_cursor_command(doc! { "listCollections": 1 }).await.map_err(driver)?;
        let mut listed = Vec::new();
        while cursor.advance().await.map_err(driver)? {
            let document: Document = cursor.deserialize_current().map_err(driver)?;
            let kind = match document.get_str("type") {
                Ok("view") => TableKind::View,
                _ => TableKind::Collection,
            };
            listed.push(Listed {
                name: document.get_str("name").unwrap_or_default().to_owned(),
                kind,
                options: document.get_document("options").cloned().unwrap_or_default(),
                id: document.get_document("info").ok().and_then(|info| info.get("uuid")).cloned(),
            });
        }
        Ok(listed)
    };
    let mut listed = match read.await {
        Err(ConnectorError { kind: ErrorKind::Denied, .. }) => {
            let names = privileges::readable(database).await?;
            let bare =
                |name| Listed { name, kind: TableKind::Collection, options: Document::new(), id: None };
            names.into_iter().map(bare).collect()
        }
        other => other?,
    };
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listed)
}

async fn look(
    sessions: &Sessions,
    database: &Database,
    listed: Listed,
    options: &CrawlOptions,
) -> Result<Option<Looked>, ConnectorError> {
    let mut looked = Looked {
        listed,
        count: None,
        bytes: None,
        indexes: Vec::new(),
        fields: Fields::default(),
        whole: false,
    };
    let found = find_out(sessions, database, &mut looked, options).await;
    match found {
        Err(error) if error.kind == ErrorKind::Denied || is_gone(&error) => {
            left_out(&looked.listed.name);
            return Ok(None);
        }
        // the rest of the database is still worth a crawl
        Err(error) if matches!(error.kind, ErrorKind::Statement | ErrorKind::Timeout) => {
            let collection = &looked.listed.name;
            tracing::warn!(collection, code = error.kind.code(), "the collection could not be read whole");
        }
        other => other?,
    }
    Ok(Some(looked))
}

/// There is no such collection any more.
fn is_gone(error: &ConnectorError) -> bool {
    error.engine_code.as_deref() == Some("26")
}

async fn find_out(
    sessions: &Sessions,
    database: &Database,
    looked: &mut Looked,
    options: &CrawlOptions,
) -> Result<(), ConnectorError> {
    let name = looked.listed.name.clone();
    let view = looked.listed.kind == TableKind::View;
    if !view {
        (looked.count, looked.bytes) = size(database, &name, options).await?;
        looked.indexes = indexes::list(database, &name).await?;
    }
    let Some(rows) = options.sample_rows else { return Ok(()) };
    let look = sample::Look {
        settings: &sessions.settings,
        documents: rows.min(sessions.settings.sample_documents),
        timeout: options.statement_timeout,
    };
    let mut budget = Budget::new(options.max_value_length, options.statistics);
    let into = (&mut looked.fields, &mut budget);
    looked.whole = sample::look(database, (&name, looked.listed.kind), looked.count, &look, into).await?;
    Ok(())
}

/// Documents and bytes, both as the server keeps count of them.
async fn size(
    database: &Database,
    name: &str,
    options: &CrawlOptions,
) -> Result<(Option<u64>, Option<u64>), ConnectorError> {
    let driver = |e: mongodb::error::Error| from_driver(&e, While::Working);
    let whole = |value: Option<&Bson>| value.and_then(query::number).map(|n| n.max(0.0) as u64);
    let milliseconds = i64::try_from(options.statement_timeout.as_millis().max(1)).unwrap_or(i64::MAX);
    let stats = doc! { "collStats": name, "maxTimeMS": milliseconds };
    match database.run_command(stats).await {
        Ok(stats) => {
            let bytes = whole(stats.get("totalSize")).or_else(|| whole(stats.get("storageSize")));
            Ok((whole(stats.get("count")), bytes))
        }
        Err(_) => {
            let counted = database.run_command(doc! { "count": name, "maxTimeMS": milliseconds }).await;
            Ok((whole(counted.map_err(driver)?.get("n")), None))
        }
    }
}

fn assemble(schema: &str, looked: &[Looked], options: &CrawlOptions) -> (Vec<Table>, Vec<Candidate>) {
    let mut taken: HashSet<String> = looked.iter().map(|l| l.listed.name.clone()).collect();
    let mut all = Vec::new();
    let mut candidates = Vec::new();
    for one in looked {
        let view = one.listed.kind == TableKind::View;
        let table = Table {
            schema: schema.to_owned(),
            name: one.listed.name.clone(),
            kind: one.listed.kind,
            row_estimate: one.count,
            size_bytes: one.bytes,
            view_text: view.then(|| view_text(&one.listed.options)),
            comment: time_series(&one.listed.options),
            ..Table::default()
        };
        let about = tables::About { options, whole: one.whole };
        let mut seen = Vec::new();
        let mut made = tables::tables(table, &one.fields, &about, &mut taken, &mut seen);
        let found = seen.iter().filter_map(|(table, column, field)| Candidate::of(table, column, field));
        candidates.extend(found);
        if let Some(table) = made.first_mut() {
            indexes::apply(table, &one.indexes);
        }
        if let Ok(validator) = one.listed.options.get_document("validator") {
            validator::apply(&mut made, validator);
        }
        all.extend(made);
    }
    (all, candidates)
}

/// What a view is over, as JSON.
fn view_text(options: &Document) -> String {
    let mut shown = Document::new();
    for key in ["viewOn", "pipeline"] {
        shown.extend(options.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    decode::simple(Bson::Document(shown)).to_string()
}

/// A time series says what its time and its source are.
fn time_series(options: &Document) -> Option<String> {
    let series = options.get_document("timeseries").ok()?;
    let time = series.get_str("timeField").unwrap_or_default();
    let of = series.get_str("metaField").map(|meta| format!(", measured by {meta}")).unwrap_or_default();
    Some(format!("time series over {time}{of}"))
}
