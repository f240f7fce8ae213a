//! Runs a checked statement and streams its rows as Arrow batches.
//!
//! A task of its own owns the session: when whoever asked goes away, the task cancels the statement and closes the
//! session. Memory is bounded by a few batches: the driver stops reading from the socket while the channel is full.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use connector_api::task::{self, BATCH_BYTES, Told};
use connector_api::{Batch, ConnectorError, ErrorKind, Limits, ResultStream};
use futures::TryStreamExt;
use tiberius::{QueryItem, Row};

use crate::arrow::{Column, reading};
use crate::describe::{Described, describe, no_query};
use crate::error::{While, from_driver};
use crate::pool::Sessions;
use crate::session::{Session, Work};

/// Starts a statement: gives its columns as soon as the server has told them.
pub(crate) async fn run(
    sessions: Arc<Sessions>,
    sql: String,
    limits: &Limits,
) -> Result<ResultStream, ConnectorError> {
    task::stream(limits, |told| drive(sessions, sql, limits.clone(), told)).await
}

/// The statement's task, from taking a session to handing it back.
async fn drive(sessions: Arc<Sessions>, sql: String, limits: Limits, mut told: Told) {
    let mut session = match Session::begin(&sessions, limits.timeout, Work::Statement).await {
        Ok(session) => session,
        Err(error) => return told.failed(error).await,
    };
    let finished = tokio::select! {
        biased;
        () = told.left() => None,
        ended = produce(&mut session, &sql, &limits, &mut told) => Some(ended),
    };
    match finished {
        Some(Ok(())) => session.end().await,
        Some(Err(error)) => {
            session.end().await;
            told.failed(error).await;
        }
        None => session.abandon().await,
    }
}

async fn produce(
    session: &mut Session,
    sql: &str,
    limits: &Limits,
    told: &mut Told,
) -> Result<(), ConnectorError> {
    let described = describe(session, sql).await?;
    session.running = true;
    let ended = stream(session, sql, &described, limits, told).await;
    // the server's own error ended the statement; after one of ours it may still run
    session.running = ended.as_ref().is_err_and(|error| error.engine_code.is_none());
    ended
}

async fn stream(
    session: &mut Session,
    sql: &str,
    described: &[Described],
    limits: &Limits,
    told: &mut Told,
) -> Result<(), ConnectorError> {
    let driver = |error: tiberius::error::Error| from_driver(&error, While::Working);
    // the text is a parameter of sp_executesql
    let mut rows = session.conn()?.query(sql, &[]).await.map_err(driver)?;
    let columns = rows.columns().await.map_err(driver)?.ok_or_else(no_query)?;
    let mut builder = Builder::new(columns, described)?;
    told.columns(&builder.schema);
    while let Some(item) = rows.try_next().await.map_err(driver)? {
        match item {
            QueryItem::Row(row) => builder.push(row)?,
            QueryItem::Metadata(result) if result.result_index() == 0 => {}
            QueryItem::Metadata(_) => {
                let message = "the statement gives more than one result";
                return Err(ConnectorError::new(ErrorKind::Statement, message).hint("ask with one SELECT"));
            }
        }
        if builder.rows >= limits.batch_rows.max(1) || builder.bytes >= BATCH_BYTES {
            told.batch(builder.finish()).await?;
        }
    }
    if builder.rows > 0 {
        told.batch(builder.finish()).await?;
    }
    Ok(())
}

/// Collects rows into a batch.
struct Builder {
    schema: SchemaRef,
    columns: Vec<Column>,
    rows: usize,
    bytes: usize,
}

impl Builder {
    fn new(columns: &[tiberius::Column], described: &[Described]) -> Result<Builder, ConnectorError> {
        let told = described.len() == columns.len();
        let mut fields = Vec::with_capacity(columns.len());
        let mut builders = Vec::with_capacity(columns.len());
        for (index, column) in columns.iter().enumerate() {
            let described = described.get(index).filter(|_| told);
            let (reading, native) = reading(column.column_type(), described)
                .ok_or_else(|| unreadable(column.name(), described))?;
            fields.push(reading.field(column.name(), &native));
            builders.push(Column::new(reading));
        }
        Ok(Builder { schema: Arc::new(Schema::new(fields)), columns: builders, rows: 0, bytes: 0 })
    }

    fn push(&mut self, row: Row) -> Result<(), ConnectorError> {
        for (index, (column, value)) in self.columns.iter_mut().zip(row).enumerate() {
            self.bytes += column.push(&value).map_err(|_| unknown_form(self.schema.field(index)))?;
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

fn unreadable(name: &str, described: Option<&Described>) -> ConnectorError {
    let native = described.map_or("a type of an assembly", |d| d.native.as_str());
    let message = format!("the column {name} is of a type that cannot be read: {native}");
    ConnectorError::new(ErrorKind::Statement, message)
        .hint(format!("ask for it as text: CAST({name} AS nvarchar(max))"))
}

fn unknown_form(field: &arrow::datatypes::Field) -> ConnectorError {
    let name = field.name();
    let message = format!("the column {name} holds a value that cannot be carried exactly");
    let hint = match field.data_type() {
        arrow::datatypes::DataType::Decimal128(_, 4) => format!("ask for CAST({name} AS decimal(19,4))"),
        _ => format!("ask for it as text, or for its beginning: CAST({name} AS nvarchar(4000))"),
    };
    ConnectorError::new(ErrorKind::Statement, message).hint(hint)
}
