//! Renames: what was removed and added at once and is alike enough to be the same thing, one to one.

use std::collections::HashSet;

use super::similar;
use crate::{Column, Inference, Statistics, Table};

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
        Some(table_likeness(removed.get(i)?, added.get(j)?))
    })
}

/// Pairs removed with added columns of one table.
pub(super) fn columns(old: &Table, new: &Table, removed: &[&Column], added: &[&Column]) -> Vec<Rename> {
    pair(removed.len(), added.len(), COLUMN_THRESHOLD, |i, j| {
        Some(column_likeness(old, new, removed.get(i)?, added.get(j)?))
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
    let rivals = found.iter().map(|r| (r.old, r.new, r.evidence.score)).collect::<Vec<_>>();
    let (mut used_old, mut used_new) = (HashSet::new(), HashSet::new());
    found.retain(|r| {
        if used_old.contains(&r.old) || used_new.contains(&r.new) {
            return false;
        }
        let rival = rivals.iter().any(|(old, new, score)| {
            let other = (*old == r.old) != (*new == r.new);
            let free = !used_old.contains(old) && !used_new.contains(new);
            other && free && (score - r.evidence.score).abs() < TIE
        });
        !rival && used_old.insert(r.old) && used_new.insert(r.new)
    });
    found
}

/// Gathers reasons, each with what it is worth.
#[derive(Default)]
struct Evidence {
    score: f64,
    reasons: Vec<String>,
}

impl Evidence {
    fn add(&mut self, worth: f64, reason: &str) {
        self.score += worth;
        if worth > 0.0 {
            self.reasons.push(reason.to_owned());
        }
    }

    fn done(self) -> Inference {
        Inference { score: (self.score * 100.0).round() / 100.0, evidence: self.reasons }
    }
}

fn table_likeness(old: &Table, new: &Table) -> Inference {
    let mut evidence = Evidence::default();
    if old.kind != new.kind || old.columns.is_empty() {
        return evidence.done();
    }
    let typed =
        |t: &Table| t.columns.iter().map(|c| (c.name.clone(), c.native_type.clone())).collect::<HashSet<_>>();
    let (a, b) = (typed(old), typed(new));
    let shared = a.intersection(&b).count();
    let share = shared as f64 / a.union(&b).count().max(1) as f64;
    // one shared column (an id, say) proves nothing
    if shared < 2 && a.len() > 1 {
        return evidence.done();
    }
    evidence.add(0.7 * share, &format!("{shared} of {} columns are the same", a.len().max(b.len())));
    let keyed = |t: &Table| t.primary_key.as_ref().map(|k| k.columns.clone());
    if keyed(old) == keyed(new) {
        evidence.add(0.1, "same primary key");
    }
    if old.schema == new.schema {
        evidence.add(0.05, "same schema");
    }
    let name = similar::names(&old.name, &new.name);
    evidence.add(0.15 * name, if name >= 0.5 { "similar name" } else { "name shares letters" });
    evidence.done()
}

fn column_likeness(old: &Table, new: &Table, a: &Column, b: &Column) -> Inference {
    let mut evidence = Evidence::default();
    if a.class != b.class {
        return evidence.done();
    }
    if a.native_type.eq_ignore_ascii_case(&b.native_type) && a.element == b.element {
        evidence.add(0.3, "same type");
    } else {
        evidence.add(0.15, "same class of type");
    }
    match a.position.abs_diff(b.position) {
        0 => evidence.add(0.2, "same position"),
        1 => evidence.add(0.1, "next position"),
        _ => {}
    }
    let around = same_neighbours(old, new, a, b);
    evidence.add(0.1 * around as f64, "same neighbours");
    let name = similar::names(&a.name, &b.name);
    evidence.add(0.25 * name, if name >= 0.5 { "similar name" } else { "name shares letters" });
    if a.comment.is_some() && a.comment == b.comment {
        evidence.add(0.15, "same comment");
    }
    if let (Some(x), Some(y)) = (&a.statistics, &b.statistics) {
        let same = same_figures(x, y);
        evidence.add(if same { 0.15 } else { -0.15 }, "same statistics");
    }
    evidence.done()
}

fn same_neighbours(old: &Table, new: &Table, a: &Column, b: &Column) -> u32 {
    let at = |t: &Table, c: &Column, step: i64| {
        let position = i64::from(c.position) + step;
        if position == 0 {
            return Some(String::new());
        }
        let found = t.columns.iter().find(|x| i64::from(x.position) == position);
        found.map(|x| x.name.to_lowercase())
    };
    let both_end = |x: &Option<String>, y: &Option<String>| x == y;
    u32::from(both_end(&at(old, a, -1), &at(new, b, -1)))
        + u32::from(both_end(&at(old, a, 1), &at(new, b, 1)))
}

fn same_figures(a: &Statistics, b: &Statistics) -> bool {
    let near = |x: Option<f64>, y: Option<f64>| match (x, y) {
        (Some(x), Some(y)) => (x - y).abs() <= 0.1 * x.abs().max(y.abs()).max(0.1),
        (None, None) => true,
        _ => false,
    };
    near(a.null_share, b.null_share) && near(a.distinct, b.distinct) && a.min == b.min
}
