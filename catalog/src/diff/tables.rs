//! Joins the schemas, tables and routines of two snapshots by name, and compares what is in both.

use std::collections::{BTreeSet, HashMap};

use super::change::{Change, ChangeKind as K, Severity};
use super::{columns, keys, renames};
use crate::{Routine, Snapshot, Table, TableKind};

/// Compares schemas and the search path.
pub(super) fn schemas(old: &Snapshot, new: &Snapshot, out: &mut Vec<Change>) {
    if old.search_path != new.search_path {
        let values = (Some(old.search_path.join(", ")), Some(new.search_path.join(", ")));
        out.push(Change::new(K::SearchPathChanged, "").values(values.0, values.1));
    }
    let before = old.schemas.iter().map(|s| (s.name.as_str(), s)).collect::<HashMap<_, _>>();
    let after = new.schemas.iter().map(|s| (s.name.as_str(), s)).collect::<HashMap<_, _>>();
    out.extend(before.keys().filter(|n| !after.contains_key(*n)).map(|n| Change::new(K::SchemaRemoved, n)));
    for (name, schema) in &after {
        match before.get(name) {
            None => out.push(Change::new(K::SchemaAdded, name)),
            Some(was) if was.comment != schema.comment => {
                let change = Change::new(K::SchemaCommentChanged, name);
                out.push(change.values(was.comment.clone(), schema.comment.clone()));
            }
            Some(_) => {}
        }
    }
}

/// Compares tables; what is gone and what is new is paired by likeness first.
pub(super) fn tables(old: &Snapshot, new: &Snapshot, out: &mut Vec<Change>) {
    let key = |t: &'_ Table| (t.schema.clone(), t.name.clone());
    let before = old.tables.iter().map(|t| (key(t), t)).collect::<HashMap<_, _>>();
    let after = new.tables.iter().map(|t| (key(t), t)).collect::<HashMap<_, _>>();
    let removed = old.tables.iter().filter(|t| !after.contains_key(&key(t))).collect::<Vec<_>>();
    let added = new.tables.iter().filter(|t| !before.contains_key(&key(t))).collect::<Vec<_>>();
    let renamed = renames::tables(&removed, &added);
    for rename in &renamed {
        if let (Some(was), Some(is)) = (removed.get(rename.old), added.get(rename.new)) {
            let mut change = Change::new(K::TableRenamed, &was.schema).table(&was.name);
            change = change.values(Some(was.full_name()), Some(is.full_name()));
            change.evidence = Some(rename.evidence.clone());
            out.push(change);
            table(was, is, out);
        }
    }
    let gone = renamed.iter().map(|r| r.old).collect::<BTreeSet<_>>();
    let come = renamed.iter().map(|r| r.new).collect::<BTreeSet<_>>();
    let left = removed.iter().enumerate().filter(|(i, _)| !gone.contains(i));
    out.extend(left.map(|(_, t)| {
        Change::new(K::TableRemoved, &t.schema).table(&t.name).values(Some(kind_word(t)), None)
    }));
    let left = added.iter().enumerate().filter(|(i, _)| !come.contains(i));
    out.extend(
        left.map(|(_, t)| {
            Change::new(K::TableAdded, &t.schema).table(&t.name).values(None, Some(kind_word(t)))
        }),
    );
    for was in &old.tables {
        if let Some(is) = after.get(&key(was)) {
            table(was, is, out);
        }
    }
}

/// The kind of a relation in words.
fn kind_word(table: &Table) -> String {
    if let Some(nested) = &table.nested {
        return format!("array {} in {}", nested.path, nested.collection);
    }
    let word = match table.kind {
        TableKind::Table => "table",
        TableKind::View => "view",
        TableKind::MaterializedView => "materialized view",
        TableKind::Partitioned => "partitioned table",
        TableKind::Foreign => "foreign table",
        TableKind::Virtual => "virtual table",
        TableKind::Collection => "collection",
    };
    word.to_owned()
}

fn table(old: &Table, new: &Table, out: &mut Vec<Change>) {
    let change = |kind| Change::new(kind, &old.schema).table(&old.name);
    if old.kind != new.kind || old.nested != new.nested {
        let words = (kind_word(old), kind_word(new));
        out.push(change(K::TableKindChanged).values(Some(words.0), Some(words.1)));
    }
    if old.comment != new.comment {
        out.push(change(K::TableCommentChanged).values(old.comment.clone(), new.comment.clone()));
    }
    if old.view_text != new.view_text {
        out.push(change(K::ViewTextChanged).values(old.view_text.clone(), new.view_text.clone()));
    }
    let strategy = |t: &Table| t.partitioning.as_ref().map(|p| p.strategy.clone());
    if strategy(old) != strategy(new) {
        out.push(change(K::PartitioningChanged).values(strategy(old), strategy(new)));
    }
    let renamed = columns::compare(old, new, out);
    keys::compare(old, new, &renamed, out);
}

/// Compares routines by schema, name and arguments.
pub(super) fn routines(old: &Snapshot, new: &Snapshot, out: &mut Vec<Change>) {
    type Key<'a> = (&'a str, &'a str, &'a str);
    fn key(r: &Routine) -> Key<'_> {
        (&r.schema, &r.name, &r.arguments)
    }
    let before = old.routines.iter().map(|r| (key(r), r)).collect::<HashMap<_, _>>();
    let after = new.routines.iter().map(|r| (key(r), r)).collect::<HashMap<_, _>>();
    let signature = |r: &Routine| format!("{}({})", r.name, r.arguments);
    let change = |kind, r: &Routine| Change::new(kind, &r.schema).name(Some(&signature(r)));
    for (key, was) in &before {
        match after.get(key) {
            None => out.push(change(K::RoutineRemoved, was)),
            Some(is) if is != was => {
                let (from, to) = (traits(was), traits(is));
                let milder = if was.returns == is.returns && was.kind == is.kind {
                    if from == to { Severity::Info } else { Severity::Caution }
                } else {
                    Severity::Breaking
                };
                out.push(change(K::RoutineChanged, was).values(Some(from), Some(to)).severity(milder));
            }
            Some(_) => {}
        }
    }
    out.extend(
        after.iter().filter(|(k, _)| !before.contains_key(*k)).map(|(_, r)| change(K::RoutineAdded, r)),
    );
}

fn traits(r: &Routine) -> String {
    let parts = [Some(&r.kind), r.returns.as_ref(), r.volatility.as_ref(), r.language.as_ref()];
    parts.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
}
