//! Runs a pipeline and streams its documents as Arrow batches.
//!
//! A task of its own owns the server's session: when whoever asked goes away, the task drops what runs (the driver closes
//! the connection, and the server ends the work of a client that left) and kills the session, with its cursor. Memory is
//! bounded by a few batches: the next page is asked for when the last one was handed on.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{Schema, SchemaRef};
use bson::{Bson, Document, RawBsonRef, RawDocument, doc};
use catalog::TypeClass;
use connector_api::task::{self, BATCH_BYTES, Told};
use connector_api::{Batch, ConnectorError, ErrorKind, Limits, ResultStream};
use futures::StreamExt;
use guard::pipeline::ReadPipeline;
use guard::report::{OutputColumn, Report};
use mongodb::{ClientSession, Database};
use serde_json::Value;

use crate::arrow::{Column, Reading};
use crate::error::{self, While, from_driver};
use crate::pool::Sessions;

/// The longest time limit that servers take.
const LONGEST: Duration = Duration::from_millis(2_147_483_647);

/// What is to run, and which columns its documents become.
pub(crate) struct Work {
    /// The collection, or nothing when the pipeline brings its own documents.
    collection: Option<String>,
    stages: Vec<Document>,
    /// All collections that it reads.
    touched: BTreeSet<String>,
    columns: Vec<Wanted>,
}

struct Wanted {
    name: String,
    class: Option<TypeClass>,
    /// The document's field; the whole document when there is none.
    field: Option<String>,
}

impl Work {
    /// A compiled statement: its documents have the fields `c0`, `c1` ... for the report's columns.
    pub(crate) fn of_statement(
        (collection, stages): (&str, &[Value]),
        report: &Report,
    ) -> Result<Work, ConnectorError> {
        let wanted = |(index, column): (usize, &OutputColumn)| Wanted {
            name: column.name.clone(),
            class: column.class,
            field: Some(format!("c{index}")),
        };
        let columns = report.output.iter().enumerate().map(wanted).collect();
        Work::new(collection, stages, columns)
    }

    /// A checked pipeline: fields that the guard knows become columns, otherwise the document is one.
    pub(crate) fn of_pipeline(pipeline: &ReadPipeline) -> Result<Work, ConnectorError> {
        let wanted = |column: &OutputColumn| Wanted {
            name: column.name.clone(),
            class: column.class,
            field: Some(column.name.clone()),
        };
        let mut columns: Vec<Wanted> = pipeline.report().output.iter().map(wanted).collect();
        if columns.is_empty() {
            let name = "document".to_owned();
            columns.push(Wanted { name, class: Some(TypeClass::Json), field: None });
        }
        let stages = pipeline.pipeline().as_array().map(Vec::as_slice).unwrap_or_default();
        Work::new(pipeline.collection(), stages, columns)
    }

    fn new(collection: &str, stages: &[Value], columns: Vec<Wanted>) -> Result<Work, ConnectorError> {
        let mut touched = BTreeSet::new();
        stages.iter().for_each(|stage| collections(stage, &mut touched));
        let collection = Some(collection.to_owned()).filter(|name| !name.is_empty());
        touched.extend(collection.clone());
        Ok(Work { collection, stages: documents(stages)?, touched, columns })
    }
}

/// Stages of extended JSON as documents.
pub(crate) fn documents(stages: &[Value]) -> Result<Vec<Document>, ConnectorError> {
    let unread = || error::internal("a stage of the checked pipeline cannot be read");
    let document = |stage: &Value| match Bson::try_from(stage.clone()) {
        Ok(Bson::Document(document)) => Ok(document),
        _ => Err(unread()),
    };
    stages.iter().map(document).collect()
}

/// A number of an answer.
pub(crate) fn number(value: &Bson) -> Option<f64> {
    match value {
        Bson::Int32(n) => Some(f64::from(*n)),
        Bson::Int64(n) => Some(*n as f64),
        Bson::Double(n) => Some(*n),
        _ => None,
    }
}

/// The collections that a pipeline joins and adds, at any depth.
fn collections(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collections(value, found)),
        Value::Object(fields) => {
            for (key, inner) in fields {
                let named = match key.as_str() {
                    "$lookup" | "$graphLookup" => inner.get("from"),
                    "$unionWith" => inner.get("coll").or(Some(inner)),
                    // a literal holds no stages
                    "$literal" => continue,
                    _ => None,
                };
                found.extend(named.and_then(Value::as_str).map(str::to_owned));
                collections(inner, found);
            }
        }
        _ => {}
    }
}

/// Starts a pipeline: gives its columns as soon as the first page is there.
pub(crate) async fn run(
    sessions: Arc<Sessions>,
    work: Work,
    limits: &Limits,
) -> Result<ResultStream, ConnectorError> {
    task::stream(limits, |told| drive(sessions, work, limits.clone(), told)).await
}

/// The statement's task, from taking a place to giving it back.
async fn drive(sessions: Arc<Sessions>, work: Work, limits: Limits, mut told: Told) {
    let begun = async {
        let place = sessions.place().await?;
        let session = sessions.client().await?.start_session().await;
        Ok((place, session.map_err(|e| from_driver(&e, While::Connecting))?))
    };
    let (place, mut session) = match begun.await {
        Ok(begun) => begun,
        Err(error) => return told.failed(error).await,
    };
    let finished = tokio::select! {
        biased;
        () = told.left() => None,
        ended = produce(&sessions, &mut session, &work, &limits, &mut told) => Some(ended),
    };
    // the server's own error ended the statement; after one of ours it may still run
    let over = match &finished {
        Some(Ok(())) => true,
        Some(Err(error)) => error.engine_code.is_some(),
        None => false,
    };
    if !over {
        sessions.kill(session.id()).await;
    }
    drop(session);
    drop(place);
    if let Some(Err(error)) = finished {
        told.failed(error).await;
    }
}

async fn produce(
    sessions: &Sessions,
    session: &mut ClientSession,
    work: &Work,
    limits: &Limits,
    told: &mut Told,
) -> Result<(), ConnectorError> {
    let driver = |e: mongodb::error::Error| from_driver(&e, While::Working);
    let database = sessions.database().await?;
    all_there(&database, &work.touched, limits.timeout).await?;
    let rows = u32::try_from(limits.batch_rows.max(1)).unwrap_or(u32::MAX);
    let stages = work.stages.clone();
    let collection;
    let aggregate = match &work.collection {
        Some(name) => {
            collection = database.collection::<Document>(name);
            collection.aggregate(stages)
        }
        None => database.aggregate(stages),
    };
    let mut cursor = aggregate
        .max_time(limits.timeout.clamp(Duration::from_millis(1), LONGEST))
        .allow_disk_use(false)
        .batch_size(rows)
        .read_concern(sessions.read_concern())
        .session(&mut *session)
        .batch()
        .await
        .map_err(driver)?;
    let mut pages = cursor.stream(session);
    let mut builder = None;
    while let Some(page) = pages.next().await {
        let page = page.map_err(driver)?;
        let documents: Vec<&RawDocument> = page
            .doc_slices()
            .map_err(driver)?
            .into_iter()
            .map(|value| value.ok().and_then(|value| value.as_document()).ok_or_else(error::no_document))
            .collect::<Result<_, _>>()?;
        let builder = builder.get_or_insert_with(|| Builder::new(&work.columns, &documents));
        told.columns(&builder.schema);
        for document in documents {
            builder.push(document)?;
            if builder.rows >= limits.batch_rows.max(1) || builder.bytes >= BATCH_BYTES {
                told.batch(builder.finish()).await?;
            }
        }
    }
    let mut builder = builder.unwrap_or_else(|| Builder::new(&work.columns, &[]));
    told.columns(&builder.schema);
    if builder.rows > 0 {
        told.batch(builder.finish()).await?;
    }
    Ok(())
}

/// A collection that is not there has no documents, says the server. It was there when the statement was checked, so
/// that an empty answer would be a wrong one.
async fn all_there(
    database: &Database,
    touched: &BTreeSet<String>,
    timeout: Duration,
) -> Result<(), ConnectorError> {
    let names: Vec<&str> = touched.iter().map(String::as_str).collect();
    if names.is_empty() {
        return Ok(());
    }
    let driver = |e: mongodb::error::Error| from_driver(&e, While::Working);
    let asked = doc! {
        "listCollections": 1, "filter": { "name": { "$in": names } }, "nameOnly": true, "authorizedCollections": true,
        "maxTimeMS": i64::try_from(timeout.clamp(Duration::from_millis(1), LONGEST).as_millis()).unwrap_or(i64::MAX),
    };
    let mut found = BTreeSet::new();
    let mut cursor = database.run_cursor_command(asked).await.map_err(driver)?;
    while cursor.advance().await.map_err(driver)? {
        let document: Document = cursor.deserialize_current().map_err(driver)?;
        found.extend(document.get_str("name").ok().map(str::to_owned));
    }
    match touched.iter().find(|name| !found.contains(*name)) {
        Some(missing) => Err(error::gone(missing)),
        None => Ok(()),
    }
}

/// Collects documents into a batch.
struct Builder {
    schema: SchemaRef,
    columns: Vec<Column>,
    /// Where a field goes.
    places: HashMap<String, usize>,
    /// Where the whole document goes.
    whole: Option<usize>,
    rows: usize,
    bytes: usize,
}

impl Builder {
    fn new(wanted: &[Wanted], first: &[&RawDocument]) -> Builder {
        let reading = |column: &Wanted| {
            Reading::of(column.class).unwrap_or_else(|| {
                let field = column.field.as_deref().unwrap_or_default();
                let values: Vec<RawBsonRef<'_>> =
                    first.iter().filter_map(|document| document.get(field).ok().flatten()).collect();
                Reading::seen(&values)
            })
        };
        let readings: Vec<Reading> = wanted.iter().map(reading).collect();
        let fields: Vec<_> =
            wanted.iter().zip(&readings).map(|(column, reading)| reading.field(&column.name)).collect();
        let places = wanted.iter().enumerate().filter_map(|(i, w)| Some((w.field.clone()?, i))).collect();
        Builder {
            schema: Arc::new(Schema::new(fields)),
            columns: readings.into_iter().map(Column::new).collect(),
            places,
            whole: wanted.iter().position(|w| w.field.is_none()),
            rows: 0,
            bytes: 0,
        }
    }

    fn push(&mut self, document: &RawDocument) -> Result<(), ConnectorError> {
        let mut cells: Vec<Option<RawBsonRef<'_>>> = vec![None; self.columns.len()];
        for field in document.iter() {
            let (key, value) =
                field.map_err(|_| error::internal("a document of the result cannot be read"))?;
            if let Some(cell) = self.places.get(key.as_str()).and_then(|place| cells.get_mut(*place)) {
                *cell = Some(value);
            }
        }
        if let Some(cell) = self.whole.and_then(|place| cells.get_mut(place)) {
            *cell = Some(RawBsonRef::Document(document));
        }
        for (index, (column, cell)) in self.columns.iter_mut().zip(cells).enumerate() {
            self.bytes += column.push(cell).map_err(|_| of_several_types(self.schema.field(index).name()))?;
        }
        self.rows += 1;
        Ok(())
    }

    fn finish(&mut self) -> Batch {
        let arrays = self.columns.iter_mut().map(Column::finish).collect();
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        task::record_batch(&self.schema, arrays, rows)
    }
}

fn of_several_types(column: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::Statement, format!("the column {column} holds values of several types"))
        .hint("run a crawl, so that its type is known better, or ask for it as text: CAST(... AS TEXT)")
}
