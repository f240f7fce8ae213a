//! Runs a checked statement and streams its rows as Arrow batches.
//!
//! A task of its own owns the session: when whoever asked goes away, the task sends a cancel request and closes the
//! session. Memory is bounded by a few batches: the driver stops reading from the socket while the channel is full.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use connector_api::task::{self, BATCH_BYTES, Told};
use connector_api::{Batch, ConnectorError, ErrorKind, Limits, ResultStream};
use futures::StreamExt;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, Row, Statement};

use crate::arrow::{Column, reading};
use crate::error::{While, from_driver};
use crate::pool::Sessions;
use crate::session::{Session, Standing};

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
    // a caller that goes away while connecting must not leave a session in the middle of its beginning
    let query = only_a_query(&sql);
    let first = async |client: &Client| client.prepare(&query).await;
    let began = Session::begin(&sessions, limits.timeout, Standing::Reader, first).await;
    let (session, statement) = match began {
        Ok(began) => began,
        Err(error) => return told.failed(error).await,
    };
    let finished = tokio::select! {
        biased;
        () = told.left() => None,
        ended = produce(&session, &sql, statement, &limits, &mut told) => Some(ended),
    };
    match finished {
        Some(Ok(())) => session.end().await,
        Some(Err(error)) => {
            // the server's own error ended the statement; after one of ours it may still run
            if error.engine_code.is_some() {
                session.end().await
            } else {
                session.abandon().await
            }
            told.failed(error).await;
        }
        None => session.abandon().await,
    }
}

async fn produce(
    session: &Session,
    sql: &str,
    statement: Statement,
    limits: &Limits,
    told: &mut Told,
) -> Result<(), ConnectorError> {
    let plan = Plan::new(session, sql, statement).await?;
    told.columns(&plan.schema);
    let driver = |error: tokio_postgres::Error| from_driver(&error, While::Working);
    let no_parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 0] = [];
    let rows = session.client()?.query_raw(&plan.statement, no_parameters).await.map_err(driver)?;
    let mut rows = std::pin::pin!(rows);
    let mut builder = Builder::new(plan);
    while let Some(row) = rows.next().await {
        builder.push(&row.map_err(driver)?)?;
        if builder.rows >= limits.batch_rows.max(1) || builder.bytes >= BATCH_BYTES {
            told.batch(builder.finish()).await?;
        }
    }
    if builder.rows > 0 {
        told.batch(builder.finish()).await?;
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

    fn finish(&mut self) -> Batch {
        let arrays = self.columns.iter_mut().map(Column::finish).collect();
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        task::record_batch(&self.schema, arrays, rows)
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
