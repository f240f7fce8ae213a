//! What speaks for a rename and against it: types, places, neighbours, names, keys, comments and statistics.

use std::collections::HashSet;

use super::similar;
use crate::{Column, Inference, Statistics, Table};

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

/// How alike two tables are.
pub(super) fn of_tables(old: &Table, new: &Table) -> Inference {
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
    if old.comment.is_some() && old.comment == new.comment {
        evidence.add(0.1, "same comment");
    }
    if let (Some(x), Some(y)) = (old.row_estimate, new.row_estimate) {
        let (x, y) = (x.max(1) as f64, y.max(1) as f64);
        match (x / y).max(y / x) {
            factor if factor <= 1.1 => evidence.add(0.1, "as many rows"),
            factor if factor > 2.0 => evidence.add(-0.1, "another number of rows"),
            _ => {}
        }
    }
    evidence.done()
}

/// How alike two columns of one table are.
pub(super) fn of_columns(old: &Table, new: &Table, a: &Column, b: &Column) -> Inference {
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
    keys(&mut evidence, old, new, a, b);
    if let (Some(x), Some(y)) = (&a.statistics, &b.statistics) {
        figures(&mut evidence, x, y);
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
    u32::from(at(old, a, -1) == at(new, b, -1)) + u32::from(at(old, a, 1) == at(new, b, 1))
}

/// A key that a column stands in alone, and what it refers to.
fn keys(evidence: &mut Evidence, old: &Table, new: &Table, a: &Column, b: &Column) {
    let primary = |t: &Table, c: &Column| t.primary_key.as_ref().is_some_and(|k| k.columns.contains(&c.name));
    let unique = |t: &Table, c: &Column| t.unique_keys.iter().any(|k| k.columns == [c.name.as_str()]);
    let refers = |t: &Table, c: &Column| {
        let own = t.foreign_keys.iter().find(|k| k.inferred.is_none() && k.columns == [c.name.as_str()]);
        own.map(|k| (k.to_schema.clone(), k.to_table.clone(), k.to_columns.clone()))
    };
    match (refers(old, a), refers(new, b)) {
        (Some(x), Some(y)) if x == y => evidence.add(0.15, "same reference"),
        (None, None) => {}
        _ => evidence.add(-0.1, "another reference"),
    }
    match (primary(old, a) || unique(old, a), primary(new, b) || unique(new, b)) {
        (true, true) => evidence.add(0.1, "same key"),
        (false, false) => {}
        _ => evidence.add(-0.1, "another key"),
    }
}

/// What the engine counted. Equal figures speak for a rename; figures that no growth explains speak loudly against it.
fn figures(evidence: &mut Evidence, a: &Statistics, b: &Statistics) {
    let common = |s: &Statistics| s.common.iter().map(|v| v.value.clone()).collect::<HashSet<_>>();
    let (x, y) = (common(a), common(b));
    let shared = x.intersection(&y).count();
    if !x.is_empty() && !y.is_empty() {
        if shared == 0 {
            evidence.add(-0.3, "other values");
            return;
        }
        if shared * 2 >= x.len().max(y.len()) {
            evidence.add(0.15, "same common values");
        }
    }
    let spread = |s: &Statistics| s.distinct.map(f64::abs);
    let apart = |x: f64, y: f64| x.max(y) > 10.0 * x.min(y).max(0.01);
    if matches!((spread(a), spread(b)), (Some(x), Some(y)) if apart(x, y)) {
        evidence.add(-0.3, "another number of values");
        return;
    }
    let same = same_figures(a, b);
    evidence.add(if same { 0.15 } else { -0.15 }, "same statistics");
}

fn same_figures(a: &Statistics, b: &Statistics) -> bool {
    let near = |x: Option<f64>, y: Option<f64>| match (x, y) {
        (Some(x), Some(y)) => (x - y).abs() <= 0.1 * x.abs().max(y.abs()).max(0.1),
        (None, None) => true,
        _ => false,
    };
    near(a.null_share, b.null_share) && near(a.distinct, b.distinct) && a.min == b.min
}
