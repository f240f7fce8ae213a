//! Keys, checks and indexes: column numbers become names.

use std::collections::HashSet;

use catalog::{Check, ForeignKey, Index, Key};
use connector_api::ConnectorError;

use super::answers::Answers;
use super::assemble::{Building, Lookup, Tables, place};
use super::raw::{RowRef, get, letter, maybe, text};

/// Gives the numbers of the indexes behind keys.
pub(super) fn constraints(
    answers: &Answers,
    lookup: &Lookup<'_>,
    tables: &mut Tables,
) -> Result<HashSet<u32>, ConnectorError> {
    let mut keyed = HashSet::new();
    for row in answers.constraints.get()?.rows() {
        let oid: u32 = get(row, 0)?;
        let Some(building) = tables.get(&oid) else { continue };
        let numbers = get::<Option<Vec<i16>>>(row, 3)?.unwrap_or_default();
        let (name, columns) = (Some(text(row, 1)?), names(building, &numbers));
        let kind = letter(row, 2)?;
        let foreign = if kind == 'f' { foreign_key(row, lookup, tables)? } else { None };
        let Some(building) = tables.get_mut(&oid) else { continue };
        let table = &mut building.table;
        if matches!(kind, 'p' | 'u') {
            keyed.insert(get(row, 8)?);
        }
        match kind {
            'p' => table.primary_key = Some(Key { name, columns }),
            'u' => table.unique_keys.push(Key { name, columns }),
            'f' => {
                if let Some(foreign) = foreign {
                    table.foreign_keys.push(ForeignKey { name, columns, ..foreign });
                }
            }
            _ => table.checks.push(Check { name, expression: maybe(row, 9)?.unwrap_or_default() }),
        }
    }
    Ok(keyed)
}

/// The far side of a reference; `None` when that table is not part of the snapshot.
fn foreign_key(
    row: RowRef<'_>,
    lookup: &Lookup<'_>,
    tables: &Tables,
) -> Result<Option<ForeignKey>, ConnectorError> {
    let referred: u32 = get(row, 4)?;
    // a reference to one partition leads to its table
    let root = lookup.roots.get(&referred).copied().unwrap_or(referred);
    let Some(to) = tables.get(&root) else { return Ok(None) };
    let numbers = get::<Option<Vec<i16>>>(row, 5)?.unwrap_or_default();
    Ok(Some(ForeignKey {
        to_schema: to.table.schema.clone(),
        to_table: to.table.name.clone(),
        to_columns: names(to, &numbers),
        on_update: action(letter(row, 6)?),
        on_delete: action(letter(row, 7)?),
        ..ForeignKey::default()
    }))
}

fn action(letter: char) -> Option<String> {
    let text = match letter {
        'r' => "RESTRICT",
        'c' => "CASCADE",
        'n' => "SET NULL",
        'd' => "SET DEFAULT",
        // no action, the default
        _ => return None,
    };
    Some(text.to_owned())
}

fn names(building: &Building, numbers: &[i16]) -> Vec<String> {
    numbers.iter().filter_map(|n| name(building, *n)).collect()
}

fn name(building: &Building, number: i16) -> Option<String> {
    let column = building.table.columns.get(place(&building.table, number)?)?;
    Some(column.name.clone())
}

/// Adds indexes to their tables; those behind keys are known already.
pub(super) fn indexes(
    answers: &Answers,
    lookup: &Lookup<'_>,
    tables: &mut Tables,
    keyed: &HashSet<u32>,
) -> Result<(), ConnectorError> {
    for row in answers.indexes.get()?.rows() {
        let table: u32 = get(row, 1)?;
        let root = lookup.roots.get(&table).copied().unwrap_or(table);
        let Some(building) = tables.get_mut(&root) else { continue };
        building.pages += i64::from(get::<i32>(row, 8)?);
        // an index of a partition counts in its root's size; the root has an entry of its own
        if root != table {
            continue;
        }
        if keyed.contains(&get(row, 0)?) || !get::<bool>(row, 9)? {
            continue;
        }
        let count = usize::try_from(get::<i16>(row, 6)?).unwrap_or(0);
        let numbers: Vec<i16> = get::<Vec<i16>>(row, 7)?.into_iter().take(count).collect();
        let printed: Vec<Option<String>> = get::<Option<Vec<_>>>(row, 11)?.unwrap_or_default();
        // dropped since the snapshot was taken
        let Some(expressions) = printed.into_iter().collect::<Option<Vec<_>>>() else { continue };
        let mut expressions = expressions.into_iter();
        let (unique, predicate, name) = (get::<bool>(row, 4)?, maybe(row, 10)?, text(row, 2)?);
        if unique && predicate.is_none() && !numbers.contains(&0) {
            let columns = names(building, &numbers);
            building.table.unique_keys.push(Key { name: Some(name), columns });
            continue;
        }
        let columns = numbers
            .iter()
            .filter_map(|n| if *n == 0 { expressions.next() } else { self::name(building, *n) })
            .collect();
        let method = lookup.methods.get(&get(row, 3)?).copied().unwrap_or_default().to_owned();
        building.table.indexes.push(Index { name, method, columns, unique, predicate });
    }
    Ok(())
}
