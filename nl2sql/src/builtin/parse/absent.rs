//! What is stored or not: `without a phone number`, `not yet shipped`, `with a rating`; and percentages of rows.

use super::super::frame::{Agg, Cond, Filter, Op, Rhs, What};
use super::{Cid, Parser, Pending, Zone};

impl Parser<'_, '_> {
    /// Whether rows may have nothing stored in a column.
    fn may_lack(&self, col: Cid) -> bool {
        let info = self.schema.col(col);
        let share = info.column.statistics.as_ref().and_then(|s| s.null_share);
        info.column.nullable && self.schema.tables[col.t].pk != Some(col.c) && share != Some(0.0)
    }

    fn stored(&mut self, col: Cid, is: bool) {
        self.negated = false;
        self.pending = None;
        if self.frame_started() {
            self.zone = Zone::Which;
        }
        let op = if is { Op::NotEq } else { Op::Eq };
        self.add_filter(Filter::Cond(Cond { col, op, rhs: Rhs::Null }));
    }

    /// `without X`, `no X`, `missing X`, `not shipped`: nothing stored in the column.
    pub(super) fn absent_phrase(&mut self) -> bool {
        let at = self.at;
        let lack = self.is(at, &["without", "no", "missing", "lack", "lacking"]);
        let not = self.is(at, &["not", "never"]) && !self.is(at + 1, &["only"]);
        if !(lack || not) || !self.frame_started() {
            return false;
        }
        let mut j =
            self.skip(at + 1, &["yet", "a", "an", "any", "be", "have", "been", "the", "known", "recorded"]);
        let Some(subject) = self.focus() else { return false };
        let ends = |p: &Self, k: usize| {
            p.items.get(k).is_none_or(|i| i.mark.is_some())
                || p.is(
                    k,
                    &["and", "or", "but", "yet", "in", "by", "at", "set", "recorded", "stored", "on", "file"],
                )
                || p.items.get(k).is_some_and(|i| {
                    i.number.is_none() && i.lower.starts_with("order") || i.lower.starts_with("sort")
                })
        };
        // `have not been shipped`, `are not shipped`: the time stamp of what the verb says
        let item = self.items.get(j);
        let verb =
            item.is_some_and(|i| i.end == i.start + 1 && (i.lower.ends_with("ed") || i.lemma != i.lower));
        let own = |p: &Self, j: usize| -> Option<Cid> {
            let i = p.items.get(j)?;
            let best = i.col_score();
            let own = i.cols.iter().filter(|c| c.0.t == subject && c.1 >= 0.6 && c.1 + 0.15 >= best);
            let reference = || {
                let columns = &p.schema.tables[subject].columns;
                let names = |c: &super::super::schema::ColumnInfo<'_>| {
                    c.refers.is_some()
                        && c.words.len() <= 2
                        && c.words.first().is_some_and(|w| w.lemma == i.lemma)
                };
                columns.iter().position(names).map(|c| Cid { t: subject, c }).filter(|c| p.may_lack(*c))
            };
            own.map(|c| c.0).find(|c| p.may_lack(*c)).or_else(reference)
        };
        let Some(col) = own(self, j) else { return false };
        if self.schema.col(col).flag.is_some() {
            return false;
        }
        if not && !(verb && self.temporal(col)) {
            return false;
        }
        // the reference itself may be empty: `no manager` of an employee
        let refers = self.schema.col(col).refers.is_some();
        if lack && !refers && self.items[j].table_score() > self.items[j].col_score() + 0.1 {
            return false;
        }
        while self.is(j + 1, &["number", "address", "date", "value", "yet"]) {
            j += 1;
        }
        if lack && !ends(self, j + 1) {
            return false;
        }
        self.flush();
        self.take(j + 1);
        self.stored(col, false);
        true
    }

    /// `with a phone number`, `orders that were shipped`: something is stored.
    pub(super) fn presence(&mut self, pending: Pending) -> bool {
        let item = &self.items[pending.item];
        if pending.agg.is_some() || !self.may_lack(pending.col) || Some(pending.col.t) != self.focus() {
            return false;
        }
        let before = |words: &[&str]| pending.item.checked_sub(1).is_some_and(|p| self.is(p, words));
        let article = before(&["a", "an", "any"])
            && pending.item >= 2
            && self.is(pending.item - 2, &["with", "have", "has", "having"]);
        let verb = item.end == item.start + 1
            && (item.lower.ends_with("ed") || item.lemma != item.lower)
            && self.temporal(pending.col)
            && before(&["been", "be", "is", "are", "was", "were", "already"]);
        if !(article || verb) || !self.schema.col(pending.col).column.nullable {
            return false;
        }
        let is = !self.negated;
        self.stored(pending.col, is);
        true
    }

    /// `what percentage of X`: the conditions after the verb say of which part.
    pub(super) fn share_phrase(&mut self) -> bool {
        let at = self.at;
        let word = self.is(at, &["percentage", "percent", "proportion", "fraction"]);
        if !word || !self.is(at + 1, &["of"]) || !self.frame.select.is_empty() {
            return false;
        }
        let noun = self.skip(at + 2, &["all", "the", "our"]);
        let Some(t) = self.table_of(noun, 0.6) else { return false };
        self.mention(t);
        self.show(Some(Agg::Count), What::Rows(t));
        self.take(noun + 1);
        self.zone = Zone::Which;
        self.frame.share = Some(0);
        self.share_open = true;
        true
    }

    /// The verb after the rows of a percentage: what follows is the part.
    pub(super) fn share_verb(&mut self) {
        if self.share_open && self.is(self.at, &["be", "have", "do"]) {
            self.end_clause();
            self.frame.share = Some(self.frame.filters.len());
            self.share_open = false;
        }
    }
}
