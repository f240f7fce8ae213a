//! Tables that somebody drops while the catalog is read.
//!
//! The rows of the catalogs come from one snapshot, but the server's functions that print definitions look at what is
//! there now: for what is gone they give NULL. Such a table is left out as a whole rather than described by half.

use std::collections::HashSet;

use catalog::TableKind;
use connector_api::ConnectorError;

use super::answers::Answers;
use super::assemble::Tables;
use super::raw::{get, letter, maybe};

/// Takes out the tables of which something could not be printed any more.
pub(super) fn leave_out(answers: &Answers, tables: &mut Tables) -> Result<(), ConnectorError> {
    for oid in found(answers)? {
        if let Some(left) = tables.remove(&oid) {
            tracing::info!(table = left.table.full_name(), "it was dropped during the crawl and is left out");
        }
    }
    tables
        .retain(|_, built| built.table.kind != TableKind::Partitioned || built.table.partitioning.is_some());
    Ok(())
}

fn found(answers: &Answers) -> Result<HashSet<u32>, ConnectorError> {
    let mut gone = HashSet::new();
    for row in answers.views.get()?.rows() {
        if maybe(row, 1)?.is_none() {
            gone.insert(get(row, 0)?);
        }
    }
    for row in answers.defaults.get()?.rows() {
        if maybe(row, 2)?.is_none() {
            gone.insert(get(row, 0)?);
        }
    }
    for row in answers.constraints.get()?.rows() {
        if letter(row, 2)? == 'c' && maybe(row, 9)?.is_none() {
            gone.insert(get(row, 0)?);
        }
    }
    Ok(gone)
}
