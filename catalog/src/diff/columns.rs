//! Compares the columns of one table in two snapshots.

use std::collections::{HashMap, HashSet};

use super::change::{Change, ChangeKind as K, Severity};
use super::renames;
use super::widen::{TypeStep, type_step};
use crate::{Column, Table};

/// Old names of renamed columns with their new ones.
pub(super) type Renamed = HashMap<String, String>;

/// Adds what changed among the columns; says which were renamed.
pub(super) fn compare(old: &Table, new: &Table, out: &mut Vec<Change>) -> Renamed {
    let before = old.columns.iter().map(|c| (c.name.as_str(), c)).collect::<HashMap<_, _>>();
    let after = new.columns.iter().map(|c| (c.name.as_str(), c)).collect::<HashMap<_, _>>();
    let removed = old.columns.iter().filter(|c| !after.contains_key(c.name.as_str())).collect::<Vec<_>>();
    let added = new.columns.iter().filter(|c| !before.contains_key(c.name.as_str())).collect::<Vec<_>>();
    let at = |kind, column: &Column| Change::new(kind, &old.schema).table(&old.name).column(&column.name);
    let mut renamed = Renamed::new();
    for rename in renames::columns(old, new, &removed, &added) {
        if let (Some(was), Some(is)) = (removed.get(rename.old), added.get(rename.new)) {
            let mut change = at(K::ColumnRenamed, was).values(Some(was.name.clone()), Some(is.name.clone()));
            change.evidence = Some(rename.evidence);
            out.push(change);
            column(&|kind| at(kind, was), was, is, out);
            renamed.insert(was.name.clone(), is.name.clone());
        }
    }
    let kept_new = renamed.values().collect::<HashSet<_>>();
    let gone = removed.iter().filter(|c| !renamed.contains_key(&c.name));
    out.extend(gone.map(|c| at(K::ColumnRemoved, c).values(Some(type_text(c)), None)));
    let come = added.iter().filter(|c| !kept_new.contains(&c.name));
    out.extend(come.map(|c| at(K::ColumnAdded, c).values(None, Some(type_text(c)))));
    for was in &old.columns {
        if let Some(is) = after.get(was.name.as_str()) {
            column(&|kind| at(kind, was), was, is, out);
        }
    }
    moved(old, new, &renamed, out);
    renamed
}

fn type_text(column: &Column) -> String {
    if column.native_type.is_empty() { "no type".to_owned() } else { column.native_type.clone() }
}

/// Positions that changed beyond what removals and additions explain, or that are numbered anew.
fn moved(old: &Table, new: &Table, renamed: &Renamed, out: &mut Vec<Change>) {
    let positions = new.columns.iter().map(|c| (c.name.as_str(), c.position)).collect::<HashMap<_, _>>();
    for was in &old.columns {
        let name = renamed.get(&was.name).unwrap_or(&was.name);
        let Some(position) = positions.get(name.as_str()).filter(|p| **p != was.position) else { continue };
        let change = Change::new(K::ColumnMoved, &old.schema).table(&old.name).column(&was.name);
        out.push(change.values(Some(was.position.to_string()), Some(position.to_string())));
    }
}

fn column(at: &dyn Fn(K) -> Change, old: &Column, new: &Column, out: &mut Vec<Change>) {
    let types = |change: Change| change.values(Some(type_text(old)), Some(type_text(new)));
    match type_step(old, new) {
        TypeStep::Same if old.native_type == new.native_type => {}
        TypeStep::Same => out.push(types(at(K::TypeChanged)).severity(Severity::Info)),
        TypeStep::Widened => out.push(types(at(K::TypeWidened))),
        TypeStep::Narrowed => out.push(types(at(K::TypeNarrowed))),
        TypeStep::Altered => out.push(types(at(K::TypeChanged)).severity(Severity::Caution)),
        TypeStep::Changed => out.push(types(at(K::TypeChanged))),
    }
    match (old.nullable, new.nullable) {
        (false, true) => out.push(at(K::BecameNullable)),
        (true, false) => out.push(at(K::BecameRequired)),
        _ => {}
    }
    let texts = [
        (K::DefaultChanged, &old.default, &new.default),
        (K::GeneratedChanged, &old.generated, &new.generated),
        (K::ColumnCommentChanged, &old.comment, &new.comment),
    ];
    let changed = texts.into_iter().filter(|(_, a, b)| a != b);
    out.extend(changed.map(|(kind, a, b)| at(kind).values(a.clone(), b.clone())));
    labels(at, old, new, out);
}

fn labels(at: &dyn Fn(K) -> Change, old: &Column, new: &Column, out: &mut Vec<Change>) {
    let missing = |from: &Column, other: &Column| {
        let left = from.enum_labels.iter().filter(|l| !other.enum_labels.contains(l)).cloned();
        left.collect::<Vec<_>>()
    };
    let (gone, come) = (missing(old, new), missing(new, old));
    if !gone.is_empty() {
        out.push(at(K::LabelsRemoved).values(Some(gone.join(", ")), None));
    }
    if !come.is_empty() {
        out.push(at(K::LabelsAdded).values(None, Some(come.join(", "))));
    }
    if gone.is_empty() && come.is_empty() && old.enum_labels != new.enum_labels {
        out.push(
            at(K::LabelsReordered).values(Some(old.enum_labels.join(", ")), Some(new.enum_labels.join(", "))),
        );
    }
}
