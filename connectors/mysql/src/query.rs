//! Runs a checked statement and streams its rows as Arrow batches.
//!
//! A task of its own owns the session: when whoever asked goes away, the task cancels the statement and closes the
//! session. Memory is bounded by a few batches: the driver stops reading from the socket while the channel is full.
//!
//! The text is prepared, never sent as it is: the server prepares one statement at a time.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use catalog::Engine;
use connector_api::task::{self, BATCH_BYTES, Told};
use connector_api::{Batch, ConnectorError, ErrorKind, Limits, ResultStream};
use mysql_async::prelude::Queryable;
use mysql_async::{BinaryProtocol, QueryResult, Row, Value};

use crate::arrow::{Column, reading};
use crate::error::{While, from_driver};
use crate::pool::Sessions;
use crate::session::{Session, Work};

/// Starts a statement: gives its columns as soon as the server has told them.
pub(crate) async fn run(
    sessions: Arc<Sessions>,
    sql: String,
    engine: Option<Engine>,
    limits: &Limits,
) -> Result<ResultStream, ConnectorError> {
    task::stream(limits, |told| drive(sessions, sql, engine, limits.clone(), told)).await
}

/// The statement's task, from taking a session to handing it back.
async fn drive(sessions: Arc<Sessions>, sql: String, engine: Option<Engine>, limits: Limits, mut told: Told) {
    let mut session = match begin(&sessions, engine, &limits).await {
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

async fn begin(
    sessions: &Arc<Sessions>,
    engine: Option<Engine>,
    limits: &Limits,
) -> Result<Session, ConnectorError> {
    let mut session =
        Session::begin(sessions, limits.timeout, Work::Statement { rows: limits.max_rows }).await?;
    let here = session.engine()?;
    if engine.is_some_and(|checked| checked != here) {
        session.end().await;
        let message = "the statement was checked for another engine than the one that answers";
        return Err(ConnectorError::new(ErrorKind::Internal, message)
            .hint("run a crawl: it finds out which engine the server is"));
    }
    Ok(session)
}

async fn produce(
    session: &mut Session,
    sql: &str,
    limits: &Limits,
    told: &mut Told,
) -> Result<(), ConnectorError> {
    let driver = |error: mysql_async::Error| from_driver(&error, While::Working);
    let dates_as_text = session.zero_dates_as_text();
    let link = session.link_mut()?;
    let query = if link.takes_brackets() { only_a_query(sql) } else { sql.to_owned() };
    let conn = &mut link.conn;
    let statement = conn.prep(query).await.map_err(driver)?;
    // what gives no columns is a command; INTO is one too. It was prepared, and it does not run
    if statement.columns().is_empty() {
        return Err(ConnectorError::new(ErrorKind::Statement, "the statement is not a query")
            .hint("only reads can run: ask with SELECT"));
    }
    if statement.num_params() > 0 {
        return Err(ConnectorError::new(ErrorKind::Statement, "the statement has places for parameters")
            .hint("write the values into the statement"));
    }
    let mut rows = conn.exec_iter(&statement, ()).await.map_err(driver)?;
    let mut builder = Builder::new(&rows, dates_as_text);
    told.columns(&builder.schema);
    while let Some(row) = rows.next().await.map_err(driver)? {
        builder.push(row)?;
        if builder.rows >= limits.batch_rows.max(1) || builder.bytes >= BATCH_BYTES {
            told.batch(builder.finish()).await?;
        }
    }
    let warnings = usize::from(rows.warnings());
    drop(rows);
    if warnings > 0 {
        told_of_cuts(session, warnings, sql).await?;
    }
    if builder.rows > 0 {
        told.batch(builder.finish()).await?;
    }
    builder.note_zero_dates();
    Ok(())
}

/// The checked statement in brackets: the servers' own grammar lets nothing but a query stand there, so commands
/// (SET STATEMENT, EXECUTE IMMEDIATE, ANALYZE, BEGIN NOT ATOMIC ...) end as errors before they run. What begins with WITH
/// is left as it is: MariaDB takes no brackets around it, and no command begins so.
fn only_a_query(sql: &str) -> String {
    let first = sql.split_whitespace().next().unwrap_or_default();
    if first.eq_ignore_ascii_case("WITH") { sql.to_owned() } else { format!("(\n{sql}\n)") }
}

/// Warnings that mean that the result is not the whole: cuts that the servers make silently. A session keeps as many
/// warnings as it can; MySQL lets only some logins have that many, so among more than it keeps one of these may be lost,
/// which counts as much when the statement has what could be cut.
async fn told_of_cuts(session: &mut Session, count: usize, sql: &str) -> Result<(), ConnectorError> {
    let warnings = session.conn()?.query::<Row, _>("SHOW WARNINGS").await;
    let warnings = warnings.map_err(|e| from_driver(&e, While::Working))?;
    let code = |row: &Row| row.get_opt::<u16, _>(1).and_then(Result::ok);
    let told = warnings.iter().filter_map(code).find(|code| matches!(code, 1260 | 1931));
    let lost = warnings.len() < count && sql.to_ascii_uppercase().contains("GROUP_CONCAT");
    let (code, message) = match told.or(lost.then_some(1260)) {
        None => return Ok(()),
        Some(1260) if told.is_none() => {
            (1260, "there are so many warnings that the server may have cut a text that GROUP_CONCAT makes")
        }
        Some(1260) => (1260, "a text that GROUP_CONCAT makes is too long; the server would cut it"),
        Some(code) => (code, "a recursive query has too many rounds; the server would cut its result"),
    };
    Err(ConnectorError::new(ErrorKind::Statement, message)
        .hint("narrow the question, so that less is collected")
        .engine_code(code.to_string()))
}

/// Collects rows into a batch.
struct Builder {
    schema: SchemaRef,
    columns: Vec<Column>,
    rows: usize,
    bytes: usize,
}

impl Builder {
    fn new(result: &QueryResult<'_, '_, BinaryProtocol>, dates_as_text: bool) -> Builder {
        let readings: Vec<_> = result.columns_ref().iter().map(|c| reading(c, dates_as_text)).collect();
        let fields: Vec<_> = result
            .columns_ref()
            .iter()
            .zip(&readings)
            .map(|(column, (reading, native))| reading.field(&column.name_str(), native))
            .collect();
        let columns = readings.into_iter().map(|(reading, _)| Column::new(reading)).collect();
        Builder { schema: Arc::new(Schema::new(fields)), columns, rows: 0, bytes: 0 }
    }

    fn push(&mut self, row: Row) -> Result<(), ConnectorError> {
        for (index, (column, value)) in self.columns.iter_mut().zip(row.unwrap_raw()).enumerate() {
            let value = value.unwrap_or(Value::NULL);
            self.bytes += size(&value);
            column.push(&value).map_err(|_| {
                let name = self.schema.field(index).name();
                let message = format!("the column {name} holds a value of an unknown form");
                ConnectorError::new(ErrorKind::Statement, message)
                    .hint(format!("ask for it as text: CAST({name} AS CHAR)"))
            })?;
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

    fn note_zero_dates(&self) {
        for (field, column) in self.schema.fields().iter().zip(&self.columns) {
            if column.zero_dates > 0 {
                let (column, count) = (field.name(), column.zero_dates);
                tracing::info!(column, count, "dates that are none (0000-00-00) are shown as NULL");
            }
        }
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Bytes(bytes) => bytes.len() + 4,
        _ => 8,
    }
}
