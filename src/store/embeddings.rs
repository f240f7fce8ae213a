//! Vectors of tables, columns, values and questions, and the nearest to one. One of the few places that differ by dialect.

use super::db::{Conn, Dialect, Row, Tx, Value, args};
use super::error::Result;
use crate::model::{Id, clock, new_id};

/// Hits at the most.
const MAX_NEAREST: u32 = 500;

/// A vector to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// What is embedded (`table`, `column`, `value`, `question`).
    pub kind: String,
    /// Its name within the connection, for example `public.orders.placed_at`.
    pub subject: String,
    /// Hash of the embedded text.
    pub fingerprint: String,
    /// The vector; not all zero.
    pub vector: Vec<f32>,
}

/// A neighbour.
#[derive(Debug, Clone, PartialEq)]
pub struct Near {
    /// What is embedded.
    pub kind: String,
    /// Its name within the connection.
    pub subject: String,
    /// Cosine distance, 0 to 2.
    pub distance: f64,
}

/// Keeps vectors of one model; those with the same kind and subject are replaced.
///
/// # Errors
/// When the store fails.
pub async fn put(tx: &Tx, connection_id: Id, model: &str, embeddings: Vec<Embedding>) -> Result<()> {
    let now = clock::now();
    let row = |e: Embedding| -> Vec<Value> {
        let dimensions = i64::try_from(e.vector.len()).unwrap_or(i64::MAX);
        vec![
            new_id().into(),
            connection_id.into(),
            e.kind.into(),
            e.subject.into(),
            model.into(),
            e.fingerprint.into(),
            dimensions.into(),
            e.vector.into(),
            now.into(),
        ]
    };
    tx.insert_many(
        "embeddings (id, connection_id, kind, subject, model, fingerprint, dimensions, vector, updated_at)",
        "ON CONFLICT (connection_id, model, kind, subject) DO UPDATE SET fingerprint = excluded.fingerprint, \
         dimensions = excluded.dimensions, vector = excluded.vector, updated_at = excluded.updated_at",
        embeddings.into_iter().map(row).collect(),
    )
    .await
}

/// Fingerprints of what is kept, by (kind, subject): to embed only what changed.
///
/// # Errors
/// When the store fails.
pub async fn kept(on: &impl Conn, connection_id: Id, model: &str) -> Result<Vec<(String, String, String)>> {
    let sql = "SELECT kind, subject, fingerprint FROM embeddings WHERE connection_id = $1 AND model = $2";
    let rows = on.query(sql, args![connection_id, model]).await?;
    rows.iter().map(|row| Ok((row.text("kind")?, row.text("subject")?, row.text("fingerprint")?))).collect()
}

/// Drops what is not embedded any more.
///
/// # Errors
/// When the store fails.
pub async fn remove(tx: &Tx, connection_id: Id, model: &str, gone: &[(String, String)]) -> Result<()> {
    let sql = "DELETE FROM embeddings WHERE connection_id = $1 AND model = $2 AND kind = $3 AND subject = $4";
    for (kind, subject) in gone {
        tx.execute(sql, args![connection_id, model, kind, subject]).await?;
    }
    Ok(())
}

/// The nearest of one kind, nearest first. Vectors of another length are left out.
///
/// # Errors
/// When the store fails.
pub async fn nearest(
    on: &impl Conn,
    connection_id: Id,
    model: &str,
    kind: &str,
    to: &[f32],
    limit: u32,
) -> Result<Vec<Near>> {
    let distance = match on.dialect() {
        Dialect::Postgres => "vector <=> $4",
        Dialect::Sqlite => "vector_distance(vector, $4)",
    };
    // lengths first, in a step of its own: pgvector refuses to compare vectors of different lengths
    let sql = format!(
        "WITH fitting AS MATERIALIZED (SELECT kind, subject, vector FROM embeddings \
         WHERE connection_id = $1 AND model = $2 AND kind = $3 AND dimensions = $5) \
         SELECT kind, subject, {distance} AS distance FROM fitting ORDER BY distance, subject LIMIT $6"
    );
    // begins with SELECT, so that SQLite runs it beside the writer
    let sql = format!("SELECT kind, subject, distance FROM ({sql}) AS hits");
    let length = i64::try_from(to.len()).unwrap_or(i64::MAX);
    let args = args![connection_id, model, kind, to.to_vec(), length, limit.min(MAX_NEAREST)];
    let read = |row: &Row| {
        let distance = row.opt_float("distance")?.unwrap_or(f64::INFINITY);
        Ok(Near { kind: row.text("kind")?, subject: row.text("subject")?, distance })
    };
    let mut hits: Vec<Near> = on.query(&sql, args).await?.iter().map(read).collect::<Result<_>>()?;
    // neither backend promises the order of an outer query
    hits.sort_by(|a, b| a.distance.total_cmp(&b.distance).then_with(|| a.subject.cmp(&b.subject)));
    Ok(hits)
}
