//! Keys, references, checks and indexes.

use std::collections::BTreeMap;

use catalog::{Check, ForeignKey, Index, Key};
use tiberius::Row;

use super::Answers;
use super::assemble::{Tables, object};
use super::native::bare;
use super::raw::{filled, flag, maybe, number, signed, text};

/// Rows of one index or reference of a table: those whose first two numbers are the same.
fn grouped(rows: &[Row]) -> BTreeMap<(i64, i64), Vec<&Row>> {
    let mut groups: BTreeMap<_, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        groups.entry((object(row), signed(row, 1).unwrap_or_default())).or_default().push(row);
    }
    groups
}

/// Primary and unique keys, and the other indexes.
pub(super) fn indexes(answers: &Answers, tables: &mut Tables) {
    for ((table, _), mut rows) in grouped(&answers.indexes) {
        let Some(table) = tables.get_mut(&table) else { continue };
        let Some(first) = rows.first().copied() else { continue };
        // columns that are only carried along have no place in the key; an index by columns has nothing else
        rows.sort_by_key(|row| (number(row, 8), number(row, 9)));
        let by_columns = rows.iter().all(|row| number(row, 8) == Some(0));
        let kept = rows.iter().filter(|row| by_columns || number(row, 8) != Some(0));
        let columns: Vec<String> = kept.map(|row| text(row, 10)).collect();
        let (name, unique, predicate) = (text(first, 2), flag(first, 4), filled(first, 7));
        match (flag(first, 5), unique && predicate.is_none()) {
            (true, _) => table.primary_key = Some(Key { name: Some(name), columns }),
            (false, true) => table.unique_keys.push(Key { name: Some(name), columns }),
            (false, false) => {
                let (method, predicate) = (method(first), predicate.map(|p| bare(&p)));
                table.indexes.push(Index { name, method, columns, unique, predicate });
            }
        }
    }
}

fn method(row: &Row) -> String {
    let method = match number(row, 3) {
        Some(1 | 2) => "btree",
        Some(3) => "xml",
        Some(4) => "spatial",
        Some(5 | 6) => "columnstore",
        Some(7) => "hash",
        _ => "other",
    };
    method.to_owned()
}

/// Foreign keys.
pub(super) fn references(answers: &Answers, tables: &mut Tables) {
    for ((table, _), mut rows) in grouped(&answers.references) {
        let Some(table) = tables.get_mut(&table) else { continue };
        let Some(first) = rows.first().copied() else { continue };
        rows.sort_by_key(|row| number(row, 3));
        table.foreign_keys.push(ForeignKey {
            name: filled(first, 2),
            columns: rows.iter().map(|row| text(row, 4)).collect(),
            to_schema: text(first, 6),
            to_table: text(first, 7),
            to_columns: rows.iter().map(|row| text(row, 8)).collect(),
            on_delete: action(first, 9),
            on_update: action(first, 10),
            inferred: None,
        });
    }
}

/// `CASCADE`, `SET NULL`, `SET DEFAULT`; nothing for what happens when nothing is said.
fn action(row: &Row, index: usize) -> Option<String> {
    filled(row, index).map(|action| action.replace('_', " ")).filter(|action| action != "NO ACTION")
}

/// Checks.
pub(super) fn checks(answers: &Answers, tables: &mut Tables) {
    for row in &answers.checks {
        let Some(table) = tables.get_mut(&object(row)) else { continue };
        // a login that may not see definitions sees that there is a check
        let expression = maybe(row, 2).map(|text| bare(&text)).unwrap_or_default();
        table.checks.push(Check { name: filled(row, 1), expression });
    }
}
