//! Stored values, quoted text, negation, yes-or-no columns.

use super::super::frame::{Cond, Filter, Op, Rhs};
use super::super::link::Item;
use super::super::values::Hit;
use super::{Cid, Parser, Zone};

impl Parser<'_, '_> {
    /// A value, or a quoted text, and the column that it is compared with.
    pub(super) fn value_phrase(&mut self) -> bool {
        let at = self.at;
        let item = &self.items[at];
        if item.quoted {
            return self.quoted(at);
        }
        let score = item.val_score();
        let fits_pending = self.pending.is_some_and(|p| item.vals.iter().any(|v| v.col == p.col));
        if score <= 0.0 || (!fits_pending && item.table_score().max(item.col_score()) + 0.03 >= score) {
            return false;
        }
        let Some(hit) = self.choose_value(at) else { return false };
        self.like_or_equal(at, hit.col, hit.value)
    }

    fn like_or_equal(&mut self, at: usize, col: Cid, value: String) -> bool {
        self.take(at + 1);
        let joined = at > 0 && self.is(at - 1, &["or"]);
        if joined {
            self.next_or = true;
        }
        self.drop_shown(at, col);
        self.compare(col, Op::Eq, Rhs::Text(value));
        true
    }

    /// `the language English`: the column was part of the condition, not of what is shown.
    fn drop_shown(&mut self, at: usize, col: Cid) {
        self.pending = self.pending.filter(|p| p.col != col);
        let before = at.checked_sub(1).is_some_and(|p| self.items[p].cols.iter().any(|c| c.0 == col));
        if before && self.frame.select.len() > 1 {
            self.frame.select.retain(|s| s.what != super::What::Col(col) || s.agg.is_some());
        }
    }

    fn choose_value(&mut self, at: usize) -> Option<Hit> {
        let items = self.items;
        let item = &items[at];
        let beside = |i: Option<&Item>| -> Option<Vec<Hit>> {
            let i = i.filter(|i| i.col_score() >= 0.5)?;
            let found: Vec<Hit> =
                item.vals.iter().filter(|v| i.cols.iter().any(|c| c.0 == v.col)).cloned().collect();
            (!found.is_empty()).then_some(found)
        };
        if let Some(pending) = self.pending
            && let Some(hit) = item.vals.iter().find(|v| v.col == pending.col)
        {
            return Some(hit.clone());
        }
        let next = self.skip(at + 1, &["as", "their", "the", "a"]);
        let before = at.checked_sub(1).map(|p| {
            let mut q = p;
            while q > 0
                && self.is(q, &["is", "are", "named", "called", "of", "be", "not", "the", "name", "a"])
            {
                q -= 1;
            }
            q
        });
        let narrowed = before.and_then(|p| beside(items.get(p))).or_else(|| beside(items.get(next)));
        if let (Some(_), None) = (&narrowed, before.and_then(|p| beside(items.get(p)))) {
            self.read[next] = true;
            if next == at + 1 || self.is(at + 1, &["as"]) {
                // the column after the value belongs to the condition
                let found = narrowed.as_ref().and_then(|n| n.first().cloned());
                if let Some(hit) =
                    found.filter(|_| items[next].table_score() < items[next].col_score() + 0.05)
                {
                    self.take(next);
                    return Some(hit);
                }
            }
        }
        let alternatives: Vec<(Cid, f64)> =
            narrowed.as_ref().unwrap_or(&item.vals).iter().map(|v| (v.col, v.score)).collect();
        let last = match self.frame.filters.last() {
            Some((Filter::Cond(c), _)) => Some(c.col),
            Some((Filter::Related(r), _)) => r.conds.last().map(|c| c.0.col),
            _ => None,
        };
        let continued = last
            .filter(|l| alternatives.iter().any(|a| a.0 == *l) && at > 0 && self.is(at - 1, &["or", "and"]));
        let near = self.nearest_table(at + 1);
        let after = (at + 1..(at + 3).min(items.len())).find_map(|i| self.table_of(i, 0.6));
        let col =
            continued.or_else(|| self.choose(at, &alternatives, after.or(near).or(self.frame.subject)))?;
        item.vals.iter().filter(|v| v.col == col).max_by(|a, b| a.score.total_cmp(&b.score)).cloned()
    }

    /// Quoted text: part of a text when the question says so or nothing stored equals it.
    fn quoted(&mut self, at: usize) -> bool {
        let window = at.saturating_sub(6);
        let contains = (window..at).any(|i| {
            self.is(i, &["contain", "containing", "substring", "include", "including", "like", "contains"])
        });
        let starts = (window..at)
            .any(|i| self.is(i, &["start", "starts", "starting", "begin", "beginning", "begins", "prefix"]));
        let ends = (window..at).any(|i| self.is(i, &["end", "ending", "ends", "suffix"]));
        let part = contains || starts || ends;
        if !part && !self.items[at].vals.is_empty() {
            let Some(hit) = self.choose_value(at) else { return false };
            return self.like_or_equal(at, hit.col, hit.value);
        }
        let Some(col) = self.text_column(at) else { return false };
        let text = self.items[at].text.clone();
        self.take(at + 1);
        if !part {
            return self.like_or_equal(at, col, text);
        }
        self.drop_shown(at, col);
        let pattern = match (starts, ends, contains) {
            (true, _, false) => format!("{text}%"),
            (_, true, false) => format!("%{text}"),
            _ => format!("%{text}%"),
        };
        self.compare(col, Op::Like, Rhs::Text(pattern));
        true
    }

    fn text_column(&mut self, at: usize) -> Option<Cid> {
        if let Some(pending) = self.pending.take() {
            return Some(pending.col);
        }
        let before = (at.saturating_sub(7)..at)
            .rev()
            .find(|i| self.items[*i].col_score() >= 0.6 && !self.items[*i].quoted);
        if let Some(i) = before {
            let hint = self.nearest_table(at);
            return self.pick(i, hint);
        }
        let t = self.nearest_table(at).or(self.frame.subject)?;
        self.schema.tables[t].naming.first().map(|c| Cid { t, c: *c })
    }

    /// `not`, `no`, `without`, `never`, `other than`.
    pub(super) fn negation(&mut self) -> bool {
        let at = self.at;
        let hard = self.is(at, &["without", "never", "non", "except", "excluding", "neither", "nor"]);
        let no = self.is(at, &["no"]);
        let not = self.is(at, &["not"]) && !self.is(at + 1, &["only"]);
        let other = self.is(at, &["other"]) && self.is(at + 1, &["than"]);
        if !(hard || no || not || other) {
            return false;
        }
        if self.zone == Zone::Show && self.frame_started() {
            self.zone = Zone::Which;
        }
        self.negated = true;
        self.take(at + 1 + usize::from(other));
        let next = self.skip(
            self.at,
            &["any", "a", "an", "single", "have", "be", "own", "the", "gone", "through", "go", "ever"],
        );
        let comparing = (self.at..(self.at + 4).min(self.items.len())).any(|i| self.comparison(i).is_some());
        if comparing {
            return true;
        }
        if let Some(t) = self.negated_table(next) {
            if self.focus().is_some_and(|s| s != t) && !self.column_of_subject(next) {
                self.pending = None;
                self.related(t, true);
                let upto = self.past(next, t);
                self.take(upto);
            }
        } else if let Some(t) = self.value_elsewhere(next) {
            self.related(t, true);
            self.take(next);
        }
        true
    }

    /// The table that is negated: among the next items, before the clause ends.
    fn negated_table(&self, from: usize) -> Option<usize> {
        for i in from..(from + 4).min(self.items.len()) {
            let item = &self.items[i];
            if item.mark.is_some() || item.quoted || item.val_score() > item.table_score() {
                return None;
            }
            if self.is(i, &["but", "who", "that"]) {
                return None;
            }
            let t = self.table_of(i, 0.45).filter(|t| self.focus() != Some(*t));
            if t.is_some() {
                return t;
            }
            let verb = item.end == item.start + 1
                && (item.lower.ends_with("ed") || item.lemma != item.lower)
                && !item.cols.iter().any(|c| Some(c.0.t) == self.focus() && c.1 >= 0.85);
            if item.col_score() >= 0.6 && !(verb && i == from) {
                return None;
            }
        }
        None
    }

    fn past(&self, from: usize, t: usize) -> usize {
        (from..(from + 4).min(self.items.len()))
            .find(|i| self.table_of(*i, 0.45) == Some(t))
            .map_or(from, |i| i + 1)
    }

    fn column_of_subject(&self, at: usize) -> bool {
        let Some(subject) = self.focus() else { return false };
        self.items.get(at).is_some_and(|i| i.cols.iter().any(|c| c.0.t == subject && c.1 > i.table_score()))
    }

    /// `do not have a cat`: the value belongs to rows that refer to the subject, so those must not exist.
    fn value_elsewhere(&mut self, from: usize) -> Option<usize> {
        let subject = self.focus()?;
        for i in from..(from + 3).min(self.items.len()) {
            let item = &self.items[i];
            if item.mark.is_some() || item.col_score() >= 0.6 {
                return None;
            }
            if item.val_score() > 0.0 {
                if item.vals.iter().any(|v| v.col.t == subject) {
                    return None;
                }
                let col = item.vals.first()?.col;
                return self.many_to(subject, col.t).then_some(col.t);
            }
        }
        None
    }

    /// Whether a row of `from` may have several of `to`.
    pub(super) fn many_to(&self, from: usize, to: usize) -> bool {
        let (steps, missing) =
            super::join::connect(self.schema, &[from, to], &std::collections::HashSet::new());
        missing.is_empty()
            && steps
                .iter()
                .any(|s| self.schema.edges[s.edge].to == s.have && self.schema.edges[s.edge].from == s.add)
    }

    /// `that has high definition`, `abandoned dogs`: a yes-or-no column named alone.
    pub(super) fn flag_condition(&mut self, col: Cid) -> bool {
        let Some((yes, no)) = self.schema.col(col).flag.clone() else { return false };
        let value = if self.negated { no } else { yes };
        let numeric = value
            .parse::<f64>()
            .ok()
            .filter(|_| self.schema.col(col).column.class != catalog::TypeClass::Text);
        let rhs = numeric.map_or(Rhs::Text(value), Rhs::Number);
        self.add_filter(Filter::Cond(Cond { col, op: Op::Eq, rhs }));
        true
    }
}
