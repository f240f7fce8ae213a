//! The catalog as it is at one time: the server has no snapshot of it.
//!
//! Every object has a number that no other gets, and the moment of its last change, that of its indexes included. They are
//! asked for again after everything else: when they differ, somebody changed a schema or a right in the middle, and the
//! catalog is read again, up to a bound.

use std::collections::HashMap;

use connector_api::ConnectorError;
use tiberius::Row;

use super::assemble::object;
use super::{Answers, Steps, ask, raw, sql};
use crate::session::Session;

/// How often the catalog is read at the most.
const READS: usize = 4;

/// Reads the catalog until nothing changed meanwhile, or it was read often enough. Then what went away is left out.
pub(super) async fn read(session: &mut Session, steps: &mut Steps<'_>) -> Result<Answers, ConnectorError> {
    let mut reads = 0;
    loop {
        reads += 1;
        let mut answers = ask(session, steps).await?;
        let now = session.rows(sql::RELATIONS, &[]).await?;
        let left = moments(&now);
        if moments(&answers.relations) == left {
            return Ok(answers);
        }
        if reads == READS {
            answers.relations.retain(|row| left.contains_key(&object(row)));
            return Ok(answers);
        }
        session.again().await?;
    }
}

/// When each object was changed.
fn moments(relations: &[Row]) -> HashMap<i64, Option<String>> {
    relations.iter().map(|row| (object(row), raw::maybe(row, 5))).collect()
}
