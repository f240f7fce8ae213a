//! Keys, references, checks and indexes.

use std::collections::{BTreeMap, HashMap};

use catalog::{Check, ForeignKey, Index, Key, TypeClass};
use mysql_async::Row;

use super::Answers;
use super::assemble::{Distinct, Tables, place};
use super::raw::{maybe, number, text};

/// Rows of one index or reference, in order of its columns.
fn grouped(rows: &[Row]) -> BTreeMap<(String, String, String), Vec<&Row>> {
    let mut groups: BTreeMap<_, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let (schema, table) = place(row);
        groups.entry((schema, table, text(row, 2))).or_default().push(row);
    }
    for group in groups.values_mut() {
        group.sort_by_key(|row| number(row, 3));
    }
    groups
}

/// Primary and unique keys, and the other indexes. Gives how many distinct values leading columns have.
pub(super) fn indexes(answers: &Answers, tables: &mut Tables) -> Distinct {
    let mut distinct = Distinct::new();
    for ((schema, name, index), rows) in grouped(&answers.indexes) {
        let Some(first) = rows.first() else { continue };
        if let (Some(column), Some(values)) = (maybe(first, 4), number(first, 9)) {
            distinct.insert((schema.clone(), name.clone(), column), values as f64);
        }
        let Some(table) = tables.get_mut(&(schema, name)) else { continue };
        let unique = number(first, 5) == Some(0);
        // a key is over whole columns; one over the beginnings of texts, or over expressions, is an index
        let whole = rows.iter().all(|row| maybe(row, 6).is_none() && maybe(row, 4).is_some());
        let columns: Vec<String> = rows.iter().map(|row| part(row)).collect();
        match (index.as_str(), unique && whole) {
            ("PRIMARY", _) => table.primary_key = Some(Key { name: Some(index), columns }),
            (_, true) => table.unique_keys.push(Key { name: Some(index), columns }),
            (_, false) => {
                let method = text(first, 7).to_lowercase();
                table.indexes.push(Index { name: index, method, columns, unique, predicate: None });
            }
        }
    }
    distinct
}

/// A column, the beginning of one, or an expression.
fn part(row: &Row) -> String {
    match (maybe(row, 4), number(row, 6)) {
        (Some(column), None) => column,
        (Some(column), Some(length)) => format!("{column}({length})"),
        (None, _) => text(row, 8),
    }
}

/// Foreign keys.
pub(super) fn references(answers: &Answers, tables: &mut Tables) {
    let rules: HashMap<(String, String, String), &Row> = answers
        .rules
        .iter()
        .map(|row| {
            let (schema, table) = place(row);
            ((schema, table, text(row, 2)), row)
        })
        .collect();
    for (key, rows) in grouped(&answers.references) {
        let Some(first) = rows.first() else { continue };
        let Some(table) = tables.get_mut(&(key.0.clone(), key.1.clone())) else { continue };
        let rule = |index: usize| rules.get(&key).map(|row| text(row, index)).and_then(unusual);
        table.foreign_keys.push(ForeignKey {
            name: Some(key.2.clone()),
            columns: rows.iter().map(|row| text(row, 4)).collect(),
            to_schema: text(first, 5),
            to_table: text(first, 6),
            to_columns: rows.iter().map(|row| text(row, 7)).collect(),
            on_delete: rule(3),
            on_update: rule(4),
            inferred: None,
        });
    }
}

/// `RESTRICT` and `NO ACTION` are the same on both servers, and what happens when nothing is said.
fn unusual(rule: String) -> Option<String> {
    Some(rule).filter(|rule| !matches!(rule.as_str(), "RESTRICT" | "NO ACTION" | ""))
}

/// Checks. MariaDB has no type of JSON of its own: a column declared so is text with a check.
pub(super) fn checks(answers: &Answers, tables: &mut Tables) {
    for row in &answers.checks {
        let Some(table) = tables.get_mut(&place(row)) else { continue };
        let (name, expression) = (text(row, 2), text(row, 3));
        let json = table.columns.iter_mut().find(|c| expression == format!("json_valid(`{}`)", c.name));
        match json {
            Some(column) => column.class = TypeClass::Json,
            None => table.checks.push(Check { name: Some(name), expression }),
        }
    }
}
