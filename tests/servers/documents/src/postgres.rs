//! The engine behind: connections of a pool, documents as parameters, functions of the extension.

use std::error::Error as StdError;
use std::time::Duration;

use bson::{Document, RawDocumentBuf};
use bytes::BytesMut;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};

use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Config, NoTls, Row};

use crate::failure::Failure;

/// Connections to the engine: one a running command, and one a cursor that is not read to its end.
const CONNECTIONS: usize = 64;

/// A document, or documents one after the other, in the engine's binary form, which is BSON.
#[derive(Debug, Clone)]
pub(crate) struct Bytes(pub Vec<u8>);

impl ToSql for Bytes {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        matches!(kind.name(), "bson" | "bsonsequence")
    }

    to_sql_checked!();
}

impl FromSql<'_> for Bytes {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Bytes, Box<dyn StdError + Sync + Send>> {
        Ok(Bytes(raw.to_vec()))
    }

    fn accepts(kind: &Type) -> bool {
        kind.name() == "bson"
    }
}

impl From<&RawDocumentBuf> for Bytes {
    fn from(document: &RawDocumentBuf) -> Bytes {
        Bytes(document.as_bytes().to_vec())
    }
}

/// The bytes of a document.
pub(crate) fn bytes(document: &Document) -> Result<Vec<u8>, Failure> {
    let written = RawDocumentBuf::try_from(document);
    written.map(RawDocumentBuf::into_bytes).map_err(|_| Failure::bad_value("a document cannot be written"))
}

/// The pool of connections.
pub(crate) fn pool(url: &str) -> Result<Pool, String> {
    let config: Config = url.parse().map_err(|e| format!("the URL cannot be read: {e}"))?;
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let wait = Some(Duration::from_secs(30));
    Pool::builder(Manager::from_config(config, NoTls, recycling))
        .max_size(CONNECTIONS)
        .timeouts(Timeouts { wait, create: wait, recycle: wait })
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|e| format!("no pool: {e}"))
}

/// A connection, with a time limit on each of its statements; none when zero.
pub(crate) async fn connection(pool: &Pool, timeout: Duration) -> Result<Object, Failure> {
    let reached = |why: String| Failure { code: 6, message: format!("the engine cannot be reached: {why}") };
    let client = pool.get().await.map_err(|e| reached(e.to_string()))?;
    limit(&client, timeout).await?;
    Ok(client)
}

/// Sets the time limit of the statements that follow.
pub(crate) async fn limit(client: &Object, timeout: Duration) -> Result<(), Failure> {
    plain(client, &format!("SET statement_timeout = {}", timeout.as_millis().min(2_147_483_647))).await
}

/// A statement without parameters and rows.
pub(crate) async fn plain(client: &Object, sql: &str) -> Result<(), Failure> {
    client.batch_execute(sql).await.map_err(|e| Failure::from_postgres(&e))
}

/// The one row that a function of the extension gives.
pub(crate) async fn call(
    client: &Object,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Row, Failure> {
    let failed = |e: tokio_postgres::Error| Failure::from_postgres(&e);
    let statement = client.prepare_cached(sql).await.map_err(failed)?;
    client.query_one(&statement, parameters).await.map_err(failed)
}

/// A cell that holds a document.
pub(crate) fn document(row: &Row, index: usize) -> Result<Vec<u8>, Failure> {
    let cell = row.try_get::<_, Option<Bytes>>(index).map_err(|e| Failure::from_postgres(&e))?;
    cell.map(|bytes| bytes.0).ok_or_else(|| Failure::bad_value("the engine gave no document"))
}
