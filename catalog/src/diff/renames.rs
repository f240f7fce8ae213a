//! Renames: what was removed and added at once and is alike enough to be the same thing, one to one.

use std::collections::{HashMap, HashSet};

use super::evidence;
use crate::{Column, Inference, Table};

/// Pairs compared at most; beyond it removals and additions stay what they are.
const MOST_PAIRS: usize = 250_000;
/// Likeness from which on two tables are taken for one.
const TABLE_THRESHOLD: f64 = 0.7;
/// Likeness from which on two columns are taken for one.
const COLUMN_THRESHOLD: f64 = 0.6;
/// Two candidates closer than this are no evidence for either.
const TIE: f64 = 0.02;

/// A pair with its evidence: positions in the lists of removed and added.
pub(super) struct Rename {
    pub old: usize,
    pub new: usize,
    pub evidence: Inference,
}

/// Pairs removed with added tables.
pub(super) fn tables(removed: &[&Table], added: &[&Table]) -> Vec<Rename> {
    pair(removed.len(), added.len(), TABLE_THRESHOLD, |i, j| {
        Some(evidence::of_tables(removed.get(i)?, added.get(j)?))
    })
}

/// Pairs removed with added columns of one table.
pub(super) fn columns(old: &Table, new: &Table, removed: &[&Column], added: &[&Column]) -> Vec<Rename> {
    pair(removed.len(), added.len(), COLUMN_THRESHOLD, |i, j| {
        Some(evidence::of_columns(old, new, removed.get(i)?, added.get(j)?))
    })
}

fn pair(
    olds: usize,
    news: usize,
    threshold: f64,
    likeness: impl Fn(usize, usize) -> Option<Inference>,
) -> Vec<Rename> {
    if olds.saturating_mul(news) > MOST_PAIRS {
        return Vec::new();
    }
    let all = (0..olds).flat_map(|old| (0..news).map(move |new| (old, new)));
    let scored = all.filter_map(|(old, new)| Some(Rename { old, new, evidence: likeness(old, new)? }));
    let mut found = scored.filter(|r| r.evidence.score >= threshold).collect::<Vec<_>>();
    found.sort_by(|a, b| {
        b.evidence.score.total_cmp(&a.evidence.score).then((a.old, a.new).cmp(&(b.old, b.new)))
    });
    let mut of_old: HashMap<usize, Vec<(usize, f64)>> = HashMap::new();
    let mut of_new: HashMap<usize, Vec<(usize, f64)>> = HashMap::new();
    for rename in &found {
        of_old.entry(rename.old).or_default().push((rename.new, rename.evidence.score));
        of_new.entry(rename.new).or_default().push((rename.old, rename.evidence.score));
    }
    let (mut used_old, mut used_new) = (HashSet::new(), HashSet::new());
    found.retain(|r| {
        if used_old.contains(&r.old) || used_new.contains(&r.new) {
            return false;
        }
        // as good, or better and itself undecided: then there is no telling
        let close = |score: f64| score > r.evidence.score - TIE;
        let others = |list: Option<&Vec<(usize, f64)>>, own: usize, used: &HashSet<usize>| {
            list.into_iter()
                .flatten()
                .any(|(other, score)| *other != own && !used.contains(other) && close(*score))
        };
        let rival =
            others(of_old.get(&r.old), r.new, &used_new) || others(of_new.get(&r.new), r.old, &used_old);
        !rival && used_old.insert(r.old) && used_new.insert(r.new)
    });
    found
}
