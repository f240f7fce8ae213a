//! Compares keys, references, indexes and checks of one table; a renamed column alone changes none of them.

use std::collections::BTreeMap;

use super::change::{Change, ChangeKind as K, Severity};
use super::columns::Renamed;
use crate::{Check, ForeignKey, Index, Key, Table};

/// One constraint or index: what it is joined by, its name, and all of it as text.
struct Entry {
    identity: String,
    name: Option<String>,
    text: String,
}

/// The kinds of change for one sort of entry.
struct Kinds {
    removed: K,
    added: K,
    changed: K,
}

/// Adds what changed among a table's keys, references, indexes and checks.
pub(super) fn compare(old: &Table, new: &Table, renamed: &Renamed, out: &mut Vec<Change>) {
    primary(old, new, renamed, out);
    let mut sort =
        |kinds: &Kinds, before: Vec<Entry>, after: Vec<Entry>| join(old, kinds, before, after, out);
    let none = Renamed::new();
    let unique = Kinds { removed: K::UniqueRemoved, added: K::UniqueAdded, changed: K::UniqueChanged };
    let keys = |t: &Table, r: &Renamed| t.unique_keys.iter().map(|k| key_entry(k, r)).collect();
    sort(&unique, keys(old, renamed), keys(new, &none));
    let foreign =
        Kinds { removed: K::ForeignKeyRemoved, added: K::ForeignKeyAdded, changed: K::ForeignKeyChanged };
    let references = |t: &Table, r: &Renamed| {
        t.foreign_keys.iter().filter(|k| k.inferred.is_none()).map(|k| foreign_entry(k, r)).collect()
    };
    sort(&foreign, references(old, renamed), references(new, &none));
    let index = Kinds { removed: K::IndexRemoved, added: K::IndexAdded, changed: K::IndexChanged };
    let indexes = |t: &Table, r: &Renamed| t.indexes.iter().map(|i| index_entry(i, r)).collect();
    sort(&index, indexes(old, renamed), indexes(new, &none));
    let check = Kinds { removed: K::CheckRemoved, added: K::CheckAdded, changed: K::CheckChanged };
    let checks = |t: &Table| t.checks.iter().map(check_entry).collect();
    sort(&check, checks(old), checks(new));
}

fn now(names: &[String], renamed: &Renamed) -> String {
    names.iter().map(|n| renamed.get(n).unwrap_or(n).as_str()).collect::<Vec<_>>().join(", ")
}

fn primary(old: &Table, new: &Table, renamed: &Renamed, out: &mut Vec<Change>) {
    let at = |kind| Change::new(kind, &old.schema).table(&old.name);
    match (&old.primary_key, &new.primary_key) {
        (None, None) => {}
        (Some(was), None) => {
            let change = at(K::PrimaryKeyRemoved).name(was.name.as_deref());
            out.push(change.values(Some(was.columns.join(", ")), None));
        }
        (None, Some(is)) => {
            let change = at(K::PrimaryKeyAdded).name(is.name.as_deref());
            out.push(change.values(None, Some(is.columns.join(", "))));
        }
        (Some(was), Some(is)) => {
            let (from, to) = (now(&was.columns, renamed), now(&is.columns, &Renamed::new()));
            let change = at(K::PrimaryKeyChanged).name(was.name.as_deref());
            if from != to {
                out.push(change.values(Some(was.columns.join(", ")), Some(to)));
            } else if was.name != is.name {
                out.push(change.values(was.name.clone(), is.name.clone()).severity(Severity::Info));
            }
        }
    }
}

fn key_entry(key: &Key, renamed: &Renamed) -> Entry {
    let text = now(&key.columns, renamed);
    Entry { identity: text.clone(), name: key.name.clone(), text }
}

fn foreign_entry(key: &ForeignKey, renamed: &Renamed) -> Entry {
    let target = format!("{}.{} ({})", key.to_schema, key.to_table, key.to_columns.join(", "));
    let mut text = format!("{} -> {target}", now(&key.columns, renamed));
    for (word, action) in [("delete", &key.on_delete), ("update", &key.on_update)] {
        if let Some(action) = action {
            text.push_str(&format!(" on {word} {}", action.to_lowercase()));
        }
    }
    let identity = format!("{} -> {}.{}", now(&key.columns, renamed), key.to_schema, key.to_table);
    Entry { identity, name: key.name.clone(), text }
}

fn index_entry(index: &Index, renamed: &Renamed) -> Entry {
    let unique = if index.unique { "unique " } else { "" };
    let mut text = format!("{unique}{} ({})", index.method, now(&index.columns, renamed));
    if let Some(predicate) = &index.predicate {
        text.push_str(&format!(" where {predicate}"));
    }
    Entry { identity: index.name.clone(), name: Some(index.name.clone()), text }
}

fn check_entry(check: &Check) -> Entry {
    let identity = check.name.clone().unwrap_or_else(|| check.expression.clone());
    Entry { identity, name: check.name.clone(), text: check.expression.clone() }
}

/// Joins entries by identity; several of one identity are paired in the order of their text.
fn join(table: &Table, kinds: &Kinds, before: Vec<Entry>, after: Vec<Entry>, out: &mut Vec<Change>) {
    let mut groups: BTreeMap<String, (Vec<Entry>, Vec<Entry>)> = BTreeMap::new();
    for entry in before {
        groups.entry(entry.identity.clone()).or_default().0.push(entry);
    }
    for entry in after {
        groups.entry(entry.identity.clone()).or_default().1.push(entry);
    }
    let at =
        |kind, entry: &Entry| Change::new(kind, &table.schema).table(&table.name).name(entry.name.as_deref());
    for (mut old, mut new) in groups.into_values() {
        for side in [&mut old, &mut new] {
            side.sort_by(|a, b| (&a.text, &a.name).cmp(&(&b.text, &b.name)));
        }
        for (was, is) in old.iter().zip(&new) {
            if was.text != is.text {
                out.push(at(kinds.changed, was).values(Some(was.text.clone()), Some(is.text.clone())));
            } else if was.name != is.name {
                let change = at(kinds.changed, was).values(was.name.clone(), is.name.clone());
                out.push(change.severity(Severity::Info));
            }
        }
        let gone = old.iter().skip(new.len());
        out.extend(gone.map(|e| at(kinds.removed, e).values(Some(e.text.clone()), None)));
        let come = new.iter().skip(old.len());
        out.extend(come.map(|e| at(kinds.added, e).values(None, Some(e.text.clone()))));
    }
}
