//! The rows of the catalog queries, kept as the bytes they came in: with ten thousand tables the driver's own rows take
//! several times their room. Read by position, an error instead of a panic when a server answers otherwise.

use connector_api::{ConnectorError, ErrorKind};
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Row, RowStream};

use crate::error::{While, from_driver};
use crate::query::Raw;

/// Marks a cell that is NULL; the other bits are where it ends.
const NULL: u32 = 1 << 31;

/// All rows of one query.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    types: Vec<Type>,
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

/// One of its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowRef<'a> {
    answer: &'a Answer,
    first: usize,
}

impl Answer {
    /// Takes the rows as they come.
    pub(super) async fn collect(rows: RowStream) -> Result<Answer, ConnectorError> {
        let mut answer = Answer::default();
        let mut rows = std::pin::pin!(rows);
        while let Some(row) = rows.next().await {
            answer.push(&row.map_err(|e| from_driver(&e, While::Working))?)?;
        }
        answer.bytes.shrink_to_fit();
        answer.ends.shrink_to_fit();
        Ok(answer)
    }

    /// Hands the rows over in pieces of so many as they come. Who takes them may have ended: then there is nobody to miss
    /// the rest.
    pub(super) async fn hand_over(
        rows: RowStream,
        most: usize,
        pieces: mpsc::Sender<Answer>,
    ) -> Result<(), ConnectorError> {
        let mut answer = Answer::default();
        let mut rows = std::pin::pin!(rows);
        while let Some(row) = rows.next().await {
            answer.push(&row.map_err(|e| from_driver(&e, While::Working))?)?;
            if answer.len() >= most && pieces.send(std::mem::take(&mut answer)).await.is_err() {
                return Ok(());
            }
        }
        let _ = pieces.send(answer).await;
        Ok(())
    }

    fn push(&mut self, row: &Row) -> Result<(), ConnectorError> {
        if self.types.is_empty() {
            self.types = row.columns().iter().map(|c| c.type_().clone()).collect();
        }
        for index in 0..row.len() {
            let cell = row.try_get::<_, Option<Raw<'_>>>(index).map_err(|_| unexpected())?;
            self.bytes.extend_from_slice(cell.as_ref().map_or(&[], |raw| raw.0));
            let end = u32::try_from(self.bytes.len()).ok().filter(|end| *end < NULL).ok_or_else(too_large)?;
            self.ends.push(if cell.is_none() { end | NULL } else { end });
        }
        Ok(())
    }

    /// The rows, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = RowRef<'_>> {
        (0..self.ends.len()).step_by(self.types.len().max(1)).map(|first| RowRef { answer: self, first })
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len() / self.types.len().max(1)
    }

    fn cell(&self, index: usize) -> Option<Option<&[u8]>> {
        let end = *self.ends.get(index)?;
        if end & NULL != 0 {
            return Some(None);
        }
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |e| e & !NULL);
        self.bytes.get(start as usize..end as usize).map(Some)
    }
}

fn unexpected() -> ConnectorError {
    ConnectorError::new(ErrorKind::Internal, "the server's catalog has another form than expected")
        .hint("PostgreSQL 12 and later are supported")
}

fn too_large() -> ConnectorError {
    ConnectorError::new(ErrorKind::ByteCap, "one part of the database's catalog is larger than 2 GiB")
        .hint("crawl it in parts: name what you need with include globs, or leave statistics out")
}

/// The value at a position.
pub(super) fn get<'a, T: FromSql<'a>>(row: RowRef<'a>, index: usize) -> Result<T, ConnectorError> {
    let ty = row.answer.types.get(index).filter(|ty| T::accepts(ty)).ok_or_else(unexpected)?;
    let cell = row.answer.cell(row.first + index).ok_or_else(unexpected)?;
    T::from_sql_nullable(ty, cell).map_err(|_| unexpected())
}

/// A one-byte character.
pub(super) fn letter(row: RowRef<'_>, index: usize) -> Result<char, ConnectorError> {
    Ok(char::from(u8::try_from(get::<i8>(row, index)?).unwrap_or(0)))
}

/// A text of one's own.
pub(super) fn text(row: RowRef<'_>, index: usize) -> Result<String, ConnectorError> {
    get::<&str>(row, index).map(str::to_owned)
}

/// A text that may be NULL.
pub(super) fn maybe(row: RowRef<'_>, index: usize) -> Result<Option<String>, ConnectorError> {
    Ok(get::<Option<&str>>(row, index)?.map(str::to_owned))
}
