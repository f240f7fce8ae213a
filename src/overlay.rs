//! What people say of a database, laid over what a crawl found: for questions, the guard and retrieval. The stored
//! versions stay as the crawls found them.

use std::collections::HashMap;

use catalog::infer::RETRIEVAL;
use catalog::{ForeignKey, Inference, Snapshot, Table};

use crate::index::Link;
use crate::model::understanding::Tag;
use crate::model::{Annotation, Relationship, RelationshipState};

/// Lays annotations and relationships over a snapshot. Gives the references that nobody has decided on but that are
/// sure enough to find tables by.
pub fn lay_over(
    snapshot: &mut Snapshot,
    annotations: &[Annotation],
    relationships: &[Relationship],
) -> Vec<Link> {
    let places: HashMap<(String, String), usize> =
        snapshot.tables.iter().enumerate().map(|(at, t)| ((t.schema.clone(), t.name.clone()), at)).collect();
    let at = |schema: &str, table: &str| places.get(&(schema.to_owned(), table.to_owned())).copied();
    for annotation in annotations {
        let place = at(&annotation.schema, &annotation.table);
        if let Some(table) = place.and_then(|at| snapshot.tables.get_mut(at)) {
            annotate(table, annotation);
        }
    }
    let mut links = Vec::new();
    for relationship in relationships {
        let (Some(from), Some(to)) = (
            at(&relationship.from_schema, &relationship.from_table),
            at(&relationship.to_schema, &relationship.to_table),
        ) else {
            continue;
        };
        let holds = ends_exist(snapshot, from, to, relationship);
        if let Some(table) = snapshot.tables.get_mut(from).filter(|_| holds) {
            relate(table, relationship);
        }
        if holds && relationship.state == RelationshipState::Proposed && relationship.score >= RETRIEVAL {
            links.push(Link {
                from: (relationship.from_schema.clone(), relationship.from_table.clone()),
                to: (relationship.to_schema.clone(), relationship.to_table.clone()),
            });
        }
    }
    links
}

/// What is said of a renamed or dropped column says nothing of what is there now.
fn ends_exist(snapshot: &Snapshot, from: usize, to: usize, relationship: &Relationship) -> bool {
    let has = |at: usize, columns: &[String]| {
        snapshot.tables.get(at).is_some_and(|t| columns.iter().all(|c| t.column(c).is_some()))
    };
    has(from, &relationship.from_columns) && has(to, &relationship.to_columns)
}

fn annotate(table: &mut Table, annotation: &Annotation) {
    let Some(name) = &annotation.column else {
        table.comment = said(annotation.description.as_deref(), table.comment.take());
        return;
    };
    let Some(column) = table.columns.iter_mut().find(|c| c.name == *name) else { return };
    column.comment = said(annotation.description.as_deref(), column.comment.take());
    match annotation.sensitivity {
        Some(Tag::None) => column.sensitivity = None,
        Some(Tag::Is(kind)) => column.sensitivity = Some(kind),
        None => {}
    }
    if !annotation.values {
        column.forget_values();
        column.enum_labels.clear();
    }
}

/// The person's words first: they are the newer ones, and what is cut is cut at the end.
fn said(description: Option<&str>, comment: Option<String>) -> Option<String> {
    match (description, comment) {
        (Some(description), Some(comment)) if comment.trim() != description => {
            Some(format!("{description} ({comment})"))
        }
        (Some(description), _) => Some(description.to_owned()),
        (None, comment) => comment,
    }
}

fn relate(table: &mut Table, relationship: &Relationship) {
    let key = ForeignKey {
        columns: relationship.from_columns.clone(),
        to_schema: relationship.to_schema.clone(),
        to_table: relationship.to_table.clone(),
        to_columns: relationship.to_columns.clone(),
        inferred: Some(Inference { score: 1.0, evidence: relationship.evidence.clone() }),
        ..ForeignKey::default()
    };
    let same = |known: &ForeignKey| {
        known.columns == key.columns
            && known.to_schema == key.to_schema
            && known.to_table == key.to_table
            && known.to_columns == key.to_columns
    };
    match relationship.state {
        RelationshipState::Approved if table.foreign_keys.iter().any(|k| k.inferred.is_none() && same(k)) => {
        }
        RelationshipState::Approved => {
            table.foreign_keys.retain(|k| !same(k));
            table.foreign_keys.push(key);
        }
        RelationshipState::Rejected => {
            table.foreign_keys.retain(|k| k.inferred.is_none() || !same(k));
            table.rejected_keys.push(ForeignKey { inferred: None, ..key });
        }
        RelationshipState::Proposed => {}
    }
}
