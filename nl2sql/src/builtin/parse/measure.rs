//! Numbers: what a number measures, by the words before it, after it, or in the comparison.

use super::super::degrees::Degree;
use super::super::frame::{Agg, Cond, Filter, Having, Op, Rhs, What};
use super::{Cid, Parser, Zone};

impl Parser<'_, '_> {
    /// A number: with what it measures before it, after it, or in the word that compares.
    pub(super) fn number_phrase(&mut self, j: usize, op: Op, degree: Option<Degree>, from: usize) -> bool {
        let Some(mut value) = self.items[j].number else { return false };
        let year = value.fract() == 0.0 && (1000.0..3000.0).contains(&value);
        if let Some(pending) = self.pending.filter(|p| !year && self.temporal(p.col)) {
            // a date is never compared with a plain number
            self.pending = None;
            self.idle.push((pending.item, pending.col));
        }
        let mut op = op;
        let mut next = j + 1;
        if self.is(next, &["million", "billion", "thousand", "hundred"])
            || self.items.get(next).is_some_and(|i| matches!(i.lower.as_str(), "million" | "thousand"))
        {
            value *= self.items[next].number.unwrap_or(1e9);
            next += 1;
        }
        if self.is(next, &["or"]) {
            let more =
                self.is(next + 1, &["more", "above", "greater", "older", "higher", "over", "later", "after"]);
            let less = self
                .is(next + 1, &["less", "fewer", "below", "younger", "lower", "under", "earlier", "before"]);
            if more || less {
                op = if more { Op::GtEq } else { Op::LtEq };
                next += 2;
            }
        }
        let old = self.is(next, &["years", "year"]) && self.is(next + 1, &["old", "of"]);
        if old {
            next = self.skip(next, &["years", "year", "old", "of", "age"]);
        }
        next =
            self.skip(next, &["different", "total", "of", "the", "lbs", "kg", "pounds", "dollars", "unique"]);
        let unit = next;
        while self.items.get(next).is_some_and(|i| super::money::UNITS.contains(&i.lower.as_str())) {
            next += 1;
        }
        let unit = (next > unit).then_some(unit);
        if let Some(last) = self.alternative(j) {
            self.take(j + 1);
            self.next_or = true;
            self.compare(last.0, last.1, Rhs::Number(value));
            return true;
        }
        let in_which = self.zone == Zone::Which || op != Op::Eq;
        // after the number: `4 cylinders`, `3 friends`
        let item = self.items.get(next);
        let following = item.filter(|i| i.mark.is_none() && !i.quoted && !old);
        let close = next == j + 1 || op != Op::Eq;
        if let Some(item) =
            following.filter(|i| i.col_score() >= 0.6 && i.col_score() + 0.05 >= i.table_score())
        {
            let all = item.cols.clone();
            let numeric: Vec<_> = all
                .into_iter()
                .filter(|(c, _)| self.schema.col(*c).numeric && !self.schema.col(*c).key)
                .collect();
            if !numeric.is_empty()
                && self.pending.is_none_or(|p| p.item + 3 < from)
                && let Some(col) = self.choose(next, &numeric, None)
            {
                self.take(next + 1);
                self.compare(col, op, Rhs::Number(value));
                return true;
            }
        }
        let countable = following.is_some() && in_which && close && self.counted_rows(next).is_some();
        if countable && self.pending.is_none() && degree.is_none_or(|d| d.of.is_empty()) {
            return self.counted(next, op, value);
        }
        let column = self.measured(degree, value, old, from).or_else(|| self.of_unit(unit?));
        let Some(col) = column else { return false };
        self.take(next.max(j + 1));
        self.compare(col, op, Rhs::Number(value));
        true
    }

    /// `9 or 10`: the number continues the condition before.
    pub(super) fn alternative(&self, j: usize) -> Option<(Cid, Op)> {
        if !(self.next_or && j > 0 && self.is(j - 1, &["or"])) {
            return None;
        }
        match self.frame.filters.last() {
            Some((Filter::Cond(Cond { col, op, rhs: Rhs::Number(_) }), _)) => Some((*col, *op)),
            _ => None,
        }
    }

    pub(super) fn measured(
        &mut self,
        degree: Option<Degree>,
        value: f64,
        old: bool,
        from: usize,
    ) -> Option<Cid> {
        if let Some(pending) = self.pending.filter(|p| p.item + 8 > from) {
            let info = self.schema.col(pending.col);
            if info.numeric || self.date_like(pending.col) {
                self.pending = None;
                return Some(pending.col);
            }
        }
        let subject = self.focus()?;
        let near = self.nearest_table(from).unwrap_or(subject);
        if old {
            return self
                .schema
                .concept(near, &["age"])
                .map(|c| Cid { t: near, c })
                .or_else(|| self.schema.concept(subject, &["age"]).map(|c| Cid { t: subject, c }));
        }
        let yearly = value.fract() == 0.0 && (1500.0..2200.0).contains(&value);
        if let Some(degree) = degree.filter(|d| !d.of.is_empty()) {
            return self
                .degree_column(near, degree)
                .or_else(|| self.degree_column(subject, degree))
                .map(|(c, _)| c)
                .or_else(|| if yearly { self.year_column(value) } else { None });
        }
        if yearly
            && self.is(
                self.skip(from, &["the"]).saturating_sub(1),
                &["in", "on", "year", "of", "since", "before", "after", "than", "during", "the"],
            )
            && let Some(col) = self.year_column(value)
        {
            return Some(col);
        }
        // `no less than 3000 and no more than 4000`
        match self.frame.filters.last() {
            Some((Filter::Cond(Cond { col, rhs: Rhs::Number(_), .. }), _))
                if degree.is_some()
                    || self.is(from.saturating_sub(2), &["more", "less", "most", "least", "at"]) =>
            {
                Some(*col)
            }
            _ => None,
        }
    }

    /// The last table named before an item.
    pub(super) fn nearest_table(&self, from: usize) -> Option<usize> {
        (0..from.min(self.items.len())).rev().find_map(|i| self.table_of(i, 0.55))
    }

    /// A column that holds years or dates, in the tables named so far or next to them.
    pub(super) fn year_column(&mut self, _value: f64) -> Option<Cid> {
        let mut tables: Vec<usize> = self.nearest_table(self.at).into_iter().chain(self.focus()).collect();
        let mut named: Vec<usize> = self.named.keys().copied().collect();
        named.sort_unstable();
        tables.extend(named);
        if !tables.iter().any(|&t| self.schema.concept(t, &["year"]).is_some())
            && let Some(col) = self.event_date(self.at)
        {
            return Some(col);
        }
        for &t in &tables {
            let dated = || self.event_column(t, self.at).or_else(|| self.schema.concept(t, &["date"]));
            if let Some(c) = self.schema.concept(t, &["year"]).or_else(dated) {
                return Some(Cid { t, c });
            }
        }
        let mut best: Option<(f64, Cid)> = None;
        let base = *tables.first()?;
        for t in 0..self.schema.tables.len().min(400) {
            let Some(c) = self.schema.concept(t, &["year", "date"]) else { continue };
            let cost = self.distance(base, t);
            if best.is_none_or(|(b, _)| cost < b) && cost < 5.0 {
                best = Some((cost, Cid { t, c }));
            }
        }
        best.map(|b| b.1)
    }

    pub(super) fn counted_rows(&self, at: usize) -> Option<usize> {
        let item = self.items.get(at)?;
        if let Some(t) = self.table_of(at, 0.5) {
            return Some(t);
        }
        let numeric = item.cols.iter().any(|c| self.schema.col(c.0).numeric && !self.schema.col(c.0).key);
        (item.table_score() >= 0.5 && !numeric && !item.quoted).then(|| item.tables[0].0)
    }

    /// `at least 3 friends`: rows of a table per entity.
    pub(super) fn counted(&mut self, at: usize, op: Op, value: f64) -> bool {
        let at = self.skip(at, &["the", "different", "type", "types", "kind", "kinds", "of"]);
        let Some(t) = self.counted_rows(at) else { return false };
        self.take(at + 1);
        let op = if std::mem::take(&mut self.negated) { op.not() } else { op };
        let having = Having { agg: Agg::Count, what: What::Rows(t), op, value };
        self.add_filter(Filter::Having(having));
        self.named.insert(t, 1.0);
        self.zone = Zone::Which;
        true
    }
}
