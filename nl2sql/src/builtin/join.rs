//! Paths over references: how far tables are apart, and the smallest tree that connects those a question needs.

use std::collections::{HashMap, HashSet};

use super::schema::Schema;

/// One step of a join: an edge, from a table already joined to a new one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    /// Table already there.
    pub have: usize,
    /// Table that comes in.
    pub add: usize,
    /// Edge used.
    pub edge: usize,
}

/// Most tables that one statement joins.
const MAX_TABLES: usize = 10;

/// Costs and last edges of the cheapest paths from a set of tables, out to a bounded distance.
fn search(
    schema: &Schema<'_>,
    from: &[usize],
    prefer: &HashSet<usize>,
) -> HashMap<usize, (f64, Option<Step>)> {
    let mut best: HashMap<usize, (f64, Option<Step>)> = from.iter().map(|t| (*t, (0.0, None))).collect();
    let mut open: Vec<usize> = from.to_vec();
    let mut rounds = 0;
    while let Some(at) = take_nearest(&mut open, &best) {
        rounds += 1;
        if rounds > 2000 {
            break;
        }
        let base = best.get(&at).map_or(0.0, |b| b.0);
        if base > 5.0 {
            continue;
        }
        for &edge in &schema.by_table[at] {
            let e = &schema.edges[edge];
            let next = if e.from == at { e.to } else { e.from };
            let bonus = if prefer.contains(&edge) { -0.4 } else { 0.0 };
            let cost = base + e.cost + bonus;
            if best.get(&next).is_none_or(|(c, _)| cost + 1e-9 < *c) {
                best.insert(next, (cost, Some(Step { have: at, add: next, edge })));
                open.push(next);
            }
        }
    }
    best
}

fn take_nearest(open: &mut Vec<usize>, best: &HashMap<usize, (f64, Option<Step>)>) -> Option<usize> {
    let cost = |t: &usize| best.get(t).map_or(f64::MAX, |b| b.0);
    let place = (0..open.len()).min_by(|a, b| cost(&open[*a]).total_cmp(&cost(&open[*b])))?;
    Some(open.swap_remove(place))
}

/// Distances from one table to those near it.
pub(crate) fn distances(schema: &Schema<'_>, from: usize) -> HashMap<usize, f64> {
    search(schema, &[from], &HashSet::new()).into_iter().map(|(t, (c, _))| (t, c)).collect()
}

/// Steps that connect all tables to the first; tables that cannot be reached are returned beside them.
pub(crate) fn connect(
    schema: &Schema<'_>,
    tables: &[usize],
    prefer: &HashSet<usize>,
) -> (Vec<Step>, Vec<usize>) {
    let mut steps = Vec::new();
    let Some(&first) = tables.first() else { return (steps, Vec::new()) };
    let mut have = vec![first];
    let mut missing: Vec<usize> = tables[1..].iter().copied().filter(|t| *t != first).collect();
    missing.dedup();
    while !missing.is_empty() && have.len() < MAX_TABLES {
        let paths = search(schema, &have, prefer);
        let cost = |t: &usize| paths.get(t).map_or(f64::MAX, |p| p.0);
        let Some(place) = (0..missing.len()).min_by(|a, b| cost(&missing[*a]).total_cmp(&cost(&missing[*b])))
        else {
            break;
        };
        if cost(&missing[place]) == f64::MAX {
            break;
        }
        let mut path = Vec::new();
        let mut at = missing[place];
        while let Some((_, Some(step))) = paths.get(&at) {
            path.push(*step);
            at = step.have;
            if path.len() > MAX_TABLES {
                break;
            }
        }
        for step in path.into_iter().rev() {
            have.push(step.add);
            steps.push(step);
        }
        missing.retain(|t| !have.contains(t));
    }
    (steps, missing)
}
