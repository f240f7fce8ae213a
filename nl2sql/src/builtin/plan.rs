//! Sorts what a frame asks for into joined tables, sub-queries and conditions on groups.

use std::collections::HashSet;

use super::build::Builder;
use super::frame::{Cond, Filter, Frame, Having, Op, Related, Rhs, What};
use super::join;

impl Builder<'_, '_> {
    /// Two conditions on the entity itself that no row fulfils at once: what is shown must occur with each.
    pub(super) fn split_contradiction(&self, frame: &Frame) -> Option<(Frame, Frame)> {
        if frame.select.iter().any(|s| s.agg.is_some()) {
            return None;
        }
        let core: Vec<usize> = frame.select.iter().map(|s| table_of(s.what)).chain(frame.subject).collect();
        for (i, (a, _)) in frame.filters.iter().enumerate() {
            for (j, (b, or)) in frame.filters.iter().enumerate().skip(i + 1) {
                let (Filter::Cond(x), Filter::Cond(y)) = (a, b) else { continue };
                if *or || !excludes(x, y) || !self.single(&core, x.col.t) {
                    continue;
                }
                let without = |k: usize| {
                    let mut arm = frame.clone();
                    arm.filters.remove(k);
                    arm.order.clear();
                    arm.limit = None;
                    arm
                };
                return Some((without(j), without(i)));
            }
        }
        None
    }

    /// Sorts the filters: joined tables, sub-queries for rows that may repeat, conditions on groups.
    pub(super) fn plan(&mut self, frame: &Frame) -> Plan {
        let mut core: Vec<usize> = Vec::new();
        let whats = frame
            .select
            .iter()
            .map(|s| s.what)
            .chain(frame.groups.iter().copied())
            .chain(frame.order.iter().map(|o| o.what));
        core.extend(whats.map(table_of));
        let counts = frame.select.iter().any(|s| matches!(s.what, What::Rows(_)))
            || frame.order.iter().any(|o| o.agg.is_some());
        core.extend(frame.subject.filter(|_| !counts || core.is_empty()));
        let mut seen = HashSet::new();
        core.retain(|t| seen.insert(*t));
        let mut plan = Plan { core, ..Plan::default() };
        let cross_or = frame
            .filters
            .iter()
            .enumerate()
            .any(|(i, (f, or))| *or && i > 0 && cond_table(f) != cond_table(&frame.filters[i - 1].0));
        let mut many: Vec<(Related, bool)> = Vec::new();
        for (filter, or) in &frame.filters {
            match filter {
                Filter::Having(having) => self.plan_having(frame, having, *or, &mut plan),
                Filter::Related(_) => plan.filters.push((filter.clone(), *or)),
                Filter::Cond(cond)
                    if plan.core.contains(&cond.col.t) || cross_or || self.single(&plan.core, cond.col.t) =>
                {
                    plan.repeats |= cross_or && !self.single(&plan.core, cond.col.t);
                    if !plan.core.contains(&cond.col.t) {
                        plan.core.push(cond.col.t);
                    }
                    plan.filters.push((filter.clone(), *or));
                }
                Filter::Cond(cond) => add_related(&mut many, cond, *or),
            }
        }
        let covered: Vec<usize> = frame
            .filters
            .iter()
            .flat_map(|(f, _)| match f {
                Filter::Related(r) => r.tables.clone(),
                Filter::Having(h) => vec![table_of(h.what)],
                Filter::Cond(_) => Vec::new(),
            })
            .collect();
        let lone: Vec<usize> = frame
            .mentioned
            .iter()
            .copied()
            .filter(|t| !plan.core.contains(t) && !covered.contains(t) && !self.single(&plan.core, *t))
            .collect();
        for t in lone {
            let on_path = many.iter().any(|(r, _)| r.tables.contains(&t));
            if on_path {
                continue;
            }
            let (steps, _) =
                join::connect(self.schema, &[plan.core.first().copied().unwrap_or(t), t], &self.prefer);
            match many.iter_mut().find(|(r, _)| {
                steps.iter().any(|s| r.tables.contains(&s.add) || r.conds.iter().any(|c| c.0.col.t == s.add))
            }) {
                Some((related, _)) => related.tables.push(t),
                None => many.push((Related { tables: vec![t], ..Related::default() }, false)),
            }
        }
        plan.filters.extend(many.into_iter().map(|(r, or)| (Filter::Related(r), or)));
        plan
    }

    pub(super) fn plan_having(&self, frame: &Frame, having: &Having, or: bool, plan: &mut Plan) {
        let t = table_of(having.what);
        let own = plan.core.contains(&t);
        let entity = plan.core.first().copied();
        if own || entity.is_none() {
            plan.having.push(*having);
            return;
        }
        let related = Related { tables: vec![t], having: Some(*having), ..Related::default() };
        let _ = frame;
        plan.filters.push((Filter::Related(related), or));
    }

    /// Whether each row of the core has at most one of the table.
    pub(super) fn single(&self, core: &[usize], t: usize) -> bool {
        let Some(first) = core.first() else { return true };
        let mut all = core.to_vec();
        all.push(t);
        let (steps, missing) = join::connect(self.schema, &all, &self.prefer);
        let _ = first;
        missing.is_empty()
            && steps.iter().all(|s| {
                let inside = core.contains(&s.add) && core.contains(&s.have);
                let edge = &self.schema.edges[s.edge];
                let unique =
                    edge.pairs.len() == 1 && self.schema.tables[edge.from].pk == Some(edge.pairs[0].0);
                inside || (edge.from == s.have && edge.to == s.add) || unique
            })
    }
}

#[derive(Default)]
pub(super) struct Plan {
    pub core: Vec<usize>,
    pub filters: Vec<(Filter, bool)>,
    pub having: Vec<Having>,
    pub repeats: bool,
}

fn table_of(what: What) -> usize {
    match what {
        What::Col(c) => c.t,
        What::Rows(t) | What::Naming(t) | What::Star(t) => t,
    }
}

fn cond_table(filter: &Filter) -> Option<usize> {
    match filter {
        Filter::Cond(c) => Some(c.col.t),
        Filter::Related(_) | Filter::Having(_) => None,
    }
}

/// Conditions on the same kind of related rows share a sub-query, unless no row could fulfil both.
fn add_related(many: &mut Vec<(Related, bool)>, cond: &Cond, or: bool) {
    let fits = many.iter_mut().find(|(r, _)| or || !r.conds.iter().any(|(c, _)| excludes(c, cond)));
    match fits {
        Some((related, _)) => {
            let joined = or && !related.conds.is_empty();
            related.conds.push((cond.clone(), joined));
        }
        None => many.push((Related { conds: vec![(cond.clone(), false)], ..Related::default() }, or)),
    }
}

/// Whether no value fulfils both conditions.
fn excludes(a: &Cond, b: &Cond) -> bool {
    if a.col != b.col {
        return false;
    }
    match (a.op, &a.rhs, b.op, &b.rhs) {
        (Op::Eq, Rhs::Text(x), Op::Eq, Rhs::Text(y)) => x != y,
        (Op::Eq, Rhs::Number(x), Op::Eq, Rhs::Number(y)) => x != y,
        (Op::Lt | Op::LtEq, Rhs::Number(low), Op::Gt | Op::GtEq, Rhs::Number(high)) => low <= high,
        (Op::Gt | Op::GtEq, Rhs::Number(high), Op::Lt | Op::LtEq, Rhs::Number(low)) => low <= high,
        _ => false,
    }
}
