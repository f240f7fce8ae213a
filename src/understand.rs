//! What people say of a database: descriptions, tags, values that are not to be kept, references that hold or do not.
//! And how much of it is described.

use serde_json::json;

use crate::error::{Class, Error, Result};
use crate::model::{Annotation, Coverage, Id, Relationship, RelationshipState, Share};
use crate::sources::{Source, Sources};
use crate::store::annotations::{AnnotationChange, Place};
use crate::store::{self, Db};

/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 2_000;
/// Tables without a description that are named.
const NAMED: usize = 50;
/// Places that an ambiguous name offers.
const OFFERED: usize = 5;

/// Changes what is said of a table or column, with its audit line. Values that are no longer wanted leave the store in
/// the same transaction; wanted again, they come back with the next crawl.
///
/// # Errors
/// Not found; `U001` when the latest version has no such table or column; `U002` when the description is too long.
pub async fn annotate(
    db: &Db,
    sources: &Sources,
    connection: Id,
    place: &Place,
    mut change: AnnotationChange,
    by: &str,
) -> Result<Annotation> {
    let source = sources.get(connection).await?;
    check_place(&source, place).await?;
    if let Some(description) = change.description.take() {
        change.description = Some(checked(description)?);
    }
    let fields = json!({
        "schema": place.schema, "table": place.table, "column": place.column,
        "description": change.description.is_some(), "sensitivity": change.sensitivity.map(|s| s.map(|s| s.word())),
        "values": change.values,
    });
    let drop_values = change.values == Some(false);
    let tx = db.begin().await?;
    store::connections::lock(&tx, connection).await?;
    let annotation = store::annotations::put(&tx, connection, place, change, Some(by)).await?;
    if drop_values {
        store::catalog::forget_values(&tx, connection, std::slice::from_ref(place)).await?;
    }
    store::connections::understood(&tx, connection).await?;
    store::audits::add(&tx, by, "annotation.change", &annotation.id.to_string(), fields).await?;
    tx.commit().await?;
    Ok(annotation)
}

/// Keeps a person's word on a reference, with its audit line.
///
/// # Errors
/// Not found.
pub async fn decide(db: &Db, id: Id, state: RelationshipState, by: &str) -> Result<Relationship> {
    let action = match state {
        RelationshipState::Approved => "relationship.approve",
        RelationshipState::Rejected => "relationship.reject",
        RelationshipState::Proposed => "relationship.reopen",
    };
    let tx = db.begin().await?;
    let relationship = store::relationships::decide(&tx, id, state, by).await?;
    store::connections::understood(&tx, relationship.connection_id).await?;
    let details = json!({ "connection": relationship.connection_id, "reference": relationship.line() });
    store::audits::add(&tx, by, action, &id.to_string(), details).await?;
    tx.commit().await?;
    Ok(relationship)
}

fn checked(description: Option<String>) -> Result<Option<String>> {
    let Some(text) = description else { return Ok(None) };
    let text = text.trim();
    if text.chars().count() > MAX_DESCRIPTION {
        let message = format!("the description is longer than {MAX_DESCRIPTION} characters");
        return Err(Error::new("U002", Class::TooLarge, message).hint("Shorten it."));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

async fn check_place(source: &Source, place: &Place) -> Result<()> {
    let index = source.seen().await?;
    let snapshot = index.catalog().snapshot();
    let table = snapshot.table(&place.schema, &place.table);
    let there = match (&place.column, table) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(column), Some(table)) => table.column(column).is_some(),
    };
    if there { Ok(()) } else { Err(no_such_place()) }
}

fn no_such_place() -> Error {
    Error::new("U001", Class::NotFound, "the latest schema version has no such table or column")
        .hint("Names are as the version spells them; `querent coverage` and the API's search list some.")
}

/// The place that a text names: `schema.table`, `table`, `schema.table.column` or `table.column`.
///
/// # Errors
/// `U001` when there is none, `U003` when there are several.
pub async fn place(source: &Source, text: &str) -> Result<Place> {
    let index = source.seen().await?;
    let snapshot = index.catalog().snapshot();
    let mut found = Vec::new();
    for table in &snapshot.tables {
        let at = |column: Option<&str>| Place {
            schema: table.schema.clone(),
            table: table.name.clone(),
            column: column.map(str::to_owned),
        };
        for name in [table.full_name(), table.name.clone()] {
            if name == text {
                found.push(at(None));
            } else if let Some(column) = text.strip_prefix(&name).and_then(|rest| rest.strip_prefix('.'))
                && table.column(column).is_some()
            {
                found.push(at(Some(column)));
            }
        }
    }
    match found.as_slice() {
        [] => Err(no_such_place()),
        [one] => Ok(one.clone()),
        several => {
            let names: Vec<String> = several.iter().take(OFFERED).map(shown).collect();
            Err(Error::new("U003", Class::BadInput, format!("{text:?} names several things"))
                .hint(format!("Say which: {}.", names.join(", "))))
        }
    }
}

/// A place as people write it.
pub fn shown(place: &Place) -> String {
    let parts = [Some(place.schema.as_str()), Some(place.table.as_str()), place.column.as_deref()];
    parts.into_iter().flatten().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(".")
}

/// How much of the latest version is described, by comments in the database or by people.
///
/// # Errors
/// `X001` before the first crawl.
pub async fn coverage(source: &Source) -> Result<Coverage> {
    let index = source.seen().await?;
    let snapshot = index.catalog().snapshot();
    let says = |comment: &Option<String>| comment.as_ref().is_some_and(|c| !c.trim().is_empty());
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let columns = || snapshot.tables.iter().flat_map(|t| &t.columns);
    let tables = Share {
        described: count(snapshot.tables.iter().filter(|t| says(&t.comment)).count()),
        all: count(snapshot.tables.len()),
    };
    let columns = Share {
        described: count(columns().filter(|c| says(&c.comment)).count()),
        all: count(columns().count()),
    };
    let mut missing: Vec<_> = snapshot.tables.iter().filter(|t| !says(&t.comment)).collect();
    missing
        .sort_by(|a, b| b.row_estimate.cmp(&a.row_estimate).then_with(|| a.full_name().cmp(&b.full_name())));
    let all = tables.all + columns.all;
    let share = if all == 0 { 0.0 } else { (tables.described + columns.described) as f64 / all as f64 };
    let undescribed = missing.iter().take(NAMED).map(|t| t.full_name()).collect();
    Ok(Coverage { tables, columns, share, undescribed })
}
