//! References of several columns, by names alone: a table that has all columns of another's wide primary key.

use super::Proposal;
use super::targets::Targets;
use crate::{Column, Table};

/// Columns of a key at the most.
const WIDEST: usize = 4;
/// Tables with the same key's columns at the most; more are no evidence.
const MOST: usize = 3;

/// What the table's columns may refer to together.
pub(super) fn candidates(table: &Table, targets: &Targets<'_>) -> Vec<Proposal> {
    let referred = table.columns.iter().flat_map(|c| targets.wide(&c.name));
    let others = referred.filter(|to| !std::ptr::eq(**to, table));
    let rare =
        others.filter(|to| to.primary_key.as_ref().is_some_and(|k| targets.with_key(&k.columns) <= MOST));
    rare.filter_map(|to| candidate(table, to)).collect()
}

fn candidate(table: &Table, to: &Table) -> Option<Proposal> {
    let key = to.primary_key.as_ref().filter(|k| k.columns.len() <= WIDEST)?;
    let here = |name: &str| table.columns.iter().find(|c| c.name.eq_ignore_ascii_case(name));
    let pairs: Vec<(&Column, &Column)> =
        key.columns.iter().map(|name| Some((here(name)?, to.column(name)?))).collect::<Option<_>>()?;
    let columns: Vec<String> = pairs.iter().map(|(own, _)| own.name.clone()).collect();
    // a table with the very same key is a sibling, not a child
    let own_key = table.primary_key.as_ref().map(|k| k.columns.as_slice()).unwrap_or_default();
    let sibling = own_key.len() == columns.len() && own_key.iter().all(|c| columns.contains(c));
    let declared = table.foreign_keys.iter().any(|k| {
        k.to_table == to.name && k.to_schema == to.schema || k.columns.len() > 1 && k.columns == columns
    });
    if sibling || declared || pairs.iter().any(|(a, b)| a.class != b.class) {
        return None;
    }
    let listed = columns.join(", ");
    Some(Proposal {
        schema: table.schema.clone(),
        table: table.name.clone(),
        columns,
        to_schema: to.schema.clone(),
        to_table: to.name.clone(),
        to_columns: key.columns.clone(),
        score: 0.55,
        evidence: vec![
            format!("has all columns of the key of {} ({listed})", to.name),
            "same types".to_owned(),
        ],
    })
}
