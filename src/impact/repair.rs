//! From a diff to what a repair follows: renames, and casts where a column's class of type changed.

use catalog::Snapshot;
use catalog::diff::{Change, ChangeKind as K, Diff};
use guard::{Moves, Report};

/// What a renamed table is called now, as schema and name.
pub fn new_name(change: &Change, newer: &Snapshot) -> Option<(String, String)> {
    let after = change.after.as_deref()?;
    let table = newer.tables.iter().find(|t| t.full_name() == after)?;
    Some((table.schema.clone(), table.name.clone()))
}

/// The ways to write a statement anew, the least change first: by its renames, then by casts as well.
pub fn ways(diff: &Diff, before: &Report, older: &Snapshot, newer: &Snapshot) -> Vec<Moves> {
    let read = |c: &&Change| {
        before.tables.iter().any(|t| t.schema == c.schema && Some(t.table.as_str()) == c.table.as_deref())
    };
    let changes: Vec<&Change> = diff.changes.iter().filter(read).collect();
    let mut moves = Moves::default();
    for change in &changes {
        let table = change.table.as_deref().unwrap_or_default();
        match (change.kind, &change.column, &change.after) {
            (K::TableRenamed, None, _) => {
                if let Some((schema, name)) = new_name(change, newer) {
                    moves.table((&change.schema, table), (&schema, &name));
                }
            }
            (K::ColumnRenamed, Some(old), Some(new)) => moves.column(&change.schema, table, old, new),
            _ => {}
        }
    }
    let mut ways = Vec::new();
    if !moves.is_empty() {
        ways.push(moves.clone());
    }
    if with_casts(&mut moves, &changes, older, newer) {
        ways.push(moves);
    }
    ways
}

/// Adds casts back to the older types; false when there is none to add.
fn with_casts(moves: &mut Moves, changes: &[&Change], older: &Snapshot, newer: &Snapshot) -> bool {
    let mut any = false;
    let retyped = |c: &&&Change| matches!(c.kind, K::TypeChanged | K::TypeNarrowed | K::TypeWidened);
    for change in changes.iter().filter(retyped) {
        let (Some(table), Some(column)) = (change.table.as_deref(), change.column.as_deref()) else {
            continue;
        };
        let Some(was) = older.table(&change.schema, table).and_then(|t| t.column(column)) else { continue };
        if class_now(change, table, column, changes, newer).is_some_and(|class| class != was.class) {
            any |= moves.cast(older.engine, &change.schema, table, was);
        }
    }
    any
}

/// The class of a column's values now, under its new name if it has one.
fn class_now(
    change: &Change,
    table: &str,
    column: &str,
    changes: &[&Change],
    newer: &Snapshot,
) -> Option<catalog::TypeClass> {
    let of_table = |c: &&&Change| c.schema == change.schema && c.table.as_deref() == Some(table);
    let renamed = changes.iter().filter(of_table).find(|c| c.kind == K::TableRenamed);
    let (schema, table) = match renamed {
        Some(rename) => new_name(rename, newer)?,
        None => (change.schema.clone(), table.to_owned()),
    };
    let renamed = changes
        .iter()
        .filter(of_table)
        .find(|c| c.kind == K::ColumnRenamed && c.column.as_deref() == Some(column));
    let column = renamed.and_then(|c| c.after.as_deref()).unwrap_or(column);
    newer.table(&schema, &table)?.column(column).map(|c| c.class)
}
