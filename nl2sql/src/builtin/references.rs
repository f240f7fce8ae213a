//! References between tables: declared ones, and those that the names of columns give away.

use std::collections::{HashMap, HashSet};

use catalog::Table;

use super::schema::{Cid, ColumnInfo, Edge, TableInfo, Word};

pub(super) fn edges(tables: &mut [TableInfo<'_>], index: &HashMap<(&str, &str), usize>) -> Vec<Edge> {
    let mut edges = Vec::new();
    for from in 0..tables.len() {
        let table = tables[from].table;
        for key in &table.foreign_keys {
            let Some(&to) = index.get(&(key.to_schema.as_str(), key.to_table.as_str())) else { continue };
            let place =
                |t: &Table, name: &str| t.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name));
            let pairs: Option<Vec<(usize, usize)>> = key
                .columns
                .iter()
                .zip(&key.to_columns)
                .map(|(a, b)| Some((place(table, a)?, place(tables[to].table, b)?)))
                .collect();
            let Some(pairs) = pairs.filter(|p| !p.is_empty()) else { continue };
            if let [(a, b)] = pairs[..] {
                tables[from].columns[a].refers = Some(Cid { t: to, c: b });
            }
            // of two references to one table the first column is the plainer one
            let place = pairs.first().map_or(0.0, |p| p.0 as f64 * 0.002);
            let cost = place + if key.inferred.as_ref().is_some_and(|i| !i.is_certain()) { 1.2 } else { 1.0 };
            edges.push(Edge { from, to, pairs, cost });
        }
    }
    infer(tables, &mut edges);
    edges
}

/// Most keys of one name that a column may refer to.
const MAX_TARGETS: usize = 4;

/// The entity that a key column speaks of: the word before `id`, or the table's own last word.
fn entity<'w>(column: &'w ColumnInfo<'_>, table: Option<&'w TableInfo<'_>>) -> Option<&'w str> {
    let mut words: Vec<&Word> = column.table_words.iter().chain(&column.words).collect();
    let last = words.pop()?;
    if !matches!(last.lemma.as_str(), "id" | "code" | "key") {
        return None;
    }
    let before = words.last().map(|w| w.lemma.as_str());
    before.or_else(|| table.and_then(|t| t.words.last()).map(|w| w.lemma.as_str()))
}

/// Columns named like the key of another table refer to it, where no key is declared between the two.
fn infer(tables: &[TableInfo<'_>], edges: &mut Vec<Edge>) {
    let mut by_name: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
    let mut by_entity: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
    for (t, info) in tables.iter().enumerate() {
        let Some(pk) = info.pk.or_else(|| undeclared_key(info)) else { continue };
        let name = info.columns[pk].column.name.to_lowercase();
        if name.len() > 2 {
            by_name.entry(name).or_default().push((t, pk));
        }
        if let Some(entity) = entity(&info.columns[pk], Some(info)) {
            by_entity.entry(entity).or_default().push((t, pk));
        }
    }
    let joined: HashSet<(usize, usize)> =
        edges.iter().flat_map(|e| [(e.from, e.to), (e.to, e.from)]).collect();
    let mut made: HashSet<(usize, usize, usize)> = HashSet::new();
    for (from, info) in tables.iter().enumerate() {
        for (c, column) in info.columns.iter().enumerate().filter(|(_, c)| c.refers.is_none()) {
            let named = by_name.get(&column.column.name.to_lowercase()).map(|t| (t, 1.5));
            let spoken = entity(column, None).and_then(|e| by_entity.get(e)).map(|t| (t, 1.6));
            let both = named.into_iter().chain(spoken.filter(|_| info.pk != Some(c)));
            for (targets, cost) in both {
                for &(to, pk) in targets.iter().filter(|t| t.0 != from).take(MAX_TARGETS) {
                    let own_key = info.pk.or_else(|| undeclared_key(info)) == Some(c);
                    let twice = own_key && made.contains(&(to, pk, from));
                    let wrong = ruled_out(info.table, c, tables[to].table);
                    if !wrong && !joined.contains(&(from, to)) && !twice && made.insert((from, c, to)) {
                        edges.push(Edge {
                            from,
                            to,
                            pairs: vec![(c, pk)],
                            cost: cost + if own_key { 0.3 } else { 0.0 },
                        });
                    }
                }
            }
        }
    }
}

/// The key of a table that declares none: a first column called id of something, or after the table.
pub(super) fn undeclared_key(info: &TableInfo<'_>) -> Option<usize> {
    let named = |c: &ColumnInfo<'_>| {
        let own = info.words.last().is_some_and(|w| c.table_words.contains(w));
        let id = c.column.name.to_lowercase().ends_with("id") && c.column.name.len() <= 4;
        (own && c.words.iter().all(|w| matches!(w.lemma.as_str(), "id" | "name" | "code" | "no" | "number")))
            || id
    };
    let initial = |c: &ColumnInfo<'_>| {
        let (a, b) = (c.column.name.chars().next(), info.table.name.chars().next());
        a.map(|x| x.to_ascii_lowercase()) == b.map(|x| x.to_ascii_lowercase())
    };
    let declared = info.table.primary_key.is_some();
    let first = info.columns.iter().position(|c| named(c) && (initial(c) || !c.table_words.is_empty()))?;
    (!declared).then_some(first)
}

/// Whether a person said that the column does not refer to that table.
fn ruled_out(table: &Table, column: usize, to: &Table) -> bool {
    let Some(column) = table.columns.get(column) else { return false };
    table.rejected_keys.iter().any(|k| {
        k.columns.as_slice() == [column.name.clone()] && k.to_table == to.name && k.to_schema == to.schema
    })
}
