//! Runs a checked statement and streams its rows as Arrow batches.
//!
//! A task of its own owns the session: when whoever asked goes away, the task sends a cancel request and closes the
//! session. Memory is bounded by a few batches: the driver stops reading from the socket while the channel is full.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use connector_api::{ConnectorError, ErrorKind, Limits, ResultStream, enforce, timed_out};
use futures::StreamExt;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, Row, Statement};

use crate::arrow::{Column, reading};
use crate::error::{While, from_driver};
use crate::pool::Sessions;
use crate::session::{Session, Standing};

/// Bytes of wire data after which a batch is handed on even when it has few rows.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

type Item = Result<RecordBatch, ConnectorError>;

/// Starts a statement: gives its columns as soon as the server has told them.
pub(crate) async fn run(
    sessions: Arc<Sessions>,
    sql: String,
    limits: &Limits,
) -> Result<ResultStream, ConnectorError> {
    let started = Instant::now();
    let (schema_sender, schema_receiver) = oneshot::channel();
    let (sender, mut receiver) = mpsc::channel(2);
    tokio::spawn(drive(sessions, sql, limits.clone(), schema_sender, sender));
    let described = tokio::time::timeout(limits.timeout, schema_receiver);
    let schema = match described.await {
        Ok(Ok(schema)) => schema?,
        Ok(Err(_)) => {
            return Err(ConnectorError::new(ErrorKind::Internal, "the statement's task ended early"));
        }
        Err(_) => return Err(timed_out(limits.timeout)),
    };
    let batches = futures::stream::poll_fn(move |cx| receiver.poll_recv(cx)).boxed();
    Ok(ResultStream { schema, batches: enforce(batches, limits, started) })
}

/// The statement's task, from taking a session to handing it back.
async fn drive(
    sessions: Arc<Sessions>,
    sql: String,
    limits: Limits,
    schema: oneshot::Sender<Result<SchemaRef, ConnectorError>>,
    sender: mpsc::Sender<Item>,
) {
    // a caller that goes away while connecting must not leave a session in the middle of its beginning
    let query = only_a_query(&sql);
    let first = async |client: &Client| client.prepare(&query).await;
    let began = Session::begin(&sessions, limits.timeout, Standing::Reader, first).await;
    let (session, statement) = match began {
        Ok(began) => began,
        Err(error) => {
            let _ = schema.send(Err(error));
            return;
        }
    };
    let finished = tokio::select! {
        biased;
        () = sender.closed() => None,
        ended = produce(&session, &sql, statement, &limits, schema, &sender) => Some(ended),
    };
    match finished {
        Some(Ok(())) => session.end().await,
        // the error is told last: then the session is free for the next statement
        Some(Err(error)) => {
            // the server's own error ended the statement; after one of ours it may still run
            if error.engine_code.is_some() {
                session.end().await
            } else {
                session.abandon().await
            }
            let _ = sender.send(Err(error)).await;
        }
        None => session.abandon().await,
    }
}

async fn produce(
    session: &Session,
    sql: &str,
    statement: Statement,
    limits: &Limits,
    schema: oneshot::Sender<Result<SchemaRef, ConnectorError>>,
    sender: &mpsc::Sender<Item>,
) -> Result<(), ConnectorError> {
    let plan = match Plan::new(session, sql, statement).await {
        Ok(plan) => plan,
        Err(error) => {
            let _ = schema.send(Err(error));
            return Ok(());
        }
    };
    let _ = schema.send(Ok(Arc::clone(&plan.schema)));
    let driver = |error: tokio_postgres::Error| from_driver(&error, While::Working);
    let no_parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 0] = [];
    let rows = session.client()?.query_raw(&plan.statement, no_parameters).await.map_err(driver)?;
    let mut rows = std::pin::pin!(rows);
    let mut builder = Builder::new(plan);
    while let Some(row) = rows.next().await {
        builder.push(&row.map_err(driver)?)?;
        if (builder.rows >= limits.batch_rows.max(1) || builder.bytes >= BATCH_BYTES)
            && sender.send(builder.finish()).await.is_err()
        {
            return Err(ConnectorError::new(ErrorKind::Cancelled, "nobody reads the result any more"));
        }
    }
    if builder.rows > 0 {
        let _ = sender.send(builder.finish()).await;
    }
    Ok(())
}

/// What is run, and how its columns are read.
struct Plan {
    statement: Statement,
    schema: SchemaRef,
    columns: Vec<Column>,
}

impl Plan {
    async fn new(session: &Session, sql: &str, first: Statement) -> Result<Plan, ConnectorError> {
        let readings: Vec<_> = first
            .columns()
            .iter()
            .map(|c| reading(c.type_(), c.type_modifier(), session.money_scale))
            .collect();
        let text = || crate::arrow::Reading::Text(crate::arrow::TextForm::Plain);
        let statement = if readings.iter().all(Option::is_some) {
            first.clone()
        } else {
            let asked: Vec<bool> = readings.iter().map(Option::is_none).collect();
            let prepared = session.client()?.prepare(&printed_by_server(sql, &asked)).await;
            prepared.map_err(|e| from_driver(&e, While::Working))?
        };
        let readings: Vec<_> = readings.into_iter().map(|r| r.unwrap_or_else(text)).collect();
        let fields: Vec<_> =
            first.columns().iter().zip(&readings).map(|(c, r)| r.field(c.name(), c.type_())).collect();
        let columns = readings.into_iter().map(Column::new).collect();
        Ok(Plan { statement, schema: Arc::new(Schema::new(fields)), columns })
    }
}

/// The checked statement inside a SELECT of ours: the server's own grammar lets nothing but a query stand there, so
/// commands (EXPLAIN ANALYZE, LOAD, LISTEN, EXECUTE ...), INTO and writing CTEs end as errors before they run. Rows
/// keep their order: the planner drops the scan around a sub-query.
fn only_a_query(sql: &str) -> String {
    format!("SELECT * FROM (\n{sql}\n) AS q")
}

/// The checked statement inside a SELECT of ours that has the server print some columns. `concat` calls the type's
/// own output function, never a cast that somebody defined; `num_nulls` tells NULL from a row of NULLs. The checked
/// text is not touched, and rows keep its order: a sub-query with ORDER BY is scanned as it is.
fn printed_by_server(sql: &str, asked: &[bool]) -> String {
    let names: Vec<String> = (1..=asked.len()).map(|n| format!("c{n}")).collect();
    let columns: Vec<String> = names
        .iter()
        .zip(asked)
        .map(|(name, asked)| match asked {
            true => {
                format!("CASE WHEN pg_catalog.num_nulls(q.{name}) = 0 THEN pg_catalog.concat(q.{name}) END")
            }
            false => format!("q.{name}"),
        })
        .collect();
    format!("SELECT {} FROM (\n{sql}\n) AS q ({})", columns.join(", "), names.join(", "))
}

/// Collects rows into a batch.
struct Builder {
    schema: SchemaRef,
    columns: Vec<Column>,
    rows: usize,
    bytes: usize,
}

impl Builder {
    fn new(plan: Plan) -> Builder {
        Builder { schema: plan.schema, columns: plan.columns, rows: 0, bytes: 0 }
    }

    fn push(&mut self, row: &Row) -> Result<(), ConnectorError> {
        for (index, column) in self.columns.iter_mut().enumerate() {
            let raw: Option<Raw<'_>> = row.try_get(index).map_err(|e| from_driver(&e, While::Working))?;
            column.push(raw.map(|raw| raw.0)).map_err(|bad| {
                let name = self.schema.field(index).name();
                ConnectorError::new(ErrorKind::Statement, format!("the column {name} {}", bad.sentence()))
                    .hint(format!("ask for it as text: CAST({name} AS text)"))
            })?;
        }
        self.rows += 1;
        self.bytes += row.raw_size_bytes();
        Ok(())
    }

    fn finish(&mut self) -> Item {
        let options = arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(self.rows));
        let arrays = self.columns.iter_mut().map(Column::finish).collect();
        (self.rows, self.bytes) = (0, 0);
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|e| ConnectorError::new(ErrorKind::Internal, format!("a batch could not be built: {e}")))
    }
}

/// A value's bytes as they came.
pub(crate) struct Raw<'a>(pub &'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Raw<'a>, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
