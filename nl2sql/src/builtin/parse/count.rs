//! Counts and aggregates: what is to be computed, over what.

use super::super::frame::{Agg, What};
use super::super::words::is_stop;
use super::{Cid, Parser, Pending, Zone};

/// Words between an aggregate and what it is of.
const FILL: &[&str] = &[
    "of",
    "the",
    "a",
    "an",
    "all",
    "any",
    "some",
    "these",
    "those",
    "its",
    "their",
    "his",
    "her",
    "in",
    "amount",
    "value",
    "values",
    "number",
    "numbers",
    "total",
    "distinct",
    "different",
    "unique",
];

impl Parser<'_, '_> {
    /// `how many X`, `number of X`, `count X`.
    pub(super) fn count_phrase(&mut self) -> bool {
        let at = self.at;
        let how_many = self.is(at, &["how"]) && self.is(at + 1, &["many"]);
        let number_of = self.is(at, &["number", "numbers", "amount"]) && self.is(at + 1, &["of"]);
        let mut j = if how_many || number_of {
            at + 2
        } else if self.is(at, &["total"]) && self.is(at + 1, &["number", "count"]) {
            self.skip(at + 2, &["of"])
        } else if self.is(at, &["count"]) {
            self.skip(at + 1, &["the", "number", "of"])
        } else if self.is(at, &["number"]) && self.zone == Zone::Show && !self.frame.select.is_empty() {
            at + 1
        } else {
            return false;
        };
        let mut distinct = false;
        while self.is(j, FILL)
            || self
                .items
                .get(j)
                .is_some_and(|i| is_stop(&i.lemma) && i.cols.is_empty() && i.tables.is_empty())
        {
            distinct |= self.is(j, &["distinct", "different", "unique"]);
            if self.is(j, &["do", "be", "have", "each", "every", "who", "that", "many"]) {
                break;
            }
            j += 1;
        }
        self.zone_for_count();
        let asked = self.zone == Zone::Show;
        if !asked {
            return false;
        }
        // a value in front of the counted noun is a condition: `how many dog pets`
        let mut noun = j;
        let attribute = self
            .items
            .get(j + 1)
            .is_some_and(|n| n.col_score() >= 0.85 && n.table_score() < 0.6 && !n.quoted);
        if attribute && self.table_of(j, 0.7).is_some() && distinct {
            noun = j + 1;
        }
        let value_first = noun == j
            && self
                .items
                .get(j)
                .is_some_and(|i| i.val_score() > 0.0 && i.table_score() < 0.6 && i.col_score() < 0.6);
        if value_first
            && (self.table_of(j + 1, 0.55).is_some()
                || self.items.get(j + 1).is_some_and(|i| i.col_score() > 0.6))
        {
            noun = j + 1;
        }
        if let Some(flag) = self.flag_before(j) {
            // `how many premium users`: a yes-or-no column in front of the counted noun
            let done = self.count_noun(at, j + 1, distinct, false);
            if done {
                self.flag_condition(flag);
            }
            return done;
        }
        self.count_noun(at, noun, distinct, value_first && noun > j)
    }

    /// A second question in the same sentence (`... and how many`) lists again.
    pub(super) fn zone_for_count(&mut self) {
        let back = self.at.checked_sub(1).is_some_and(|p| {
            self.is(p, &["and", "also", "with", "show", "list"]) || self.items[p].mark == Some(',')
        });
        let compares = (self.at + 2..self.at + 5).any(|j| self.is(j, &["above", "below", "than"]));
        if self.zone == Zone::Which
            && (back || self.frame.select.is_empty())
            && !compares
            && !self.at.checked_sub(1).is_some_and(|p| self.is(p, &["with"]))
        {
            self.end_clause();
            self.zone = Zone::Show;
        }
    }

    pub(super) fn count_noun(&mut self, at: usize, noun: usize, distinct: bool, value_before: bool) -> bool {
        let table = self.counted_table(noun);
        let column = self.items.get(noun).filter(|i| i.col_score() >= 0.5).is_some();
        let how_many = self.is(at, &["how"]);
        if let Some(t) = table.filter(|_| !(distinct && column)) {
            self.mention(t);
            self.show(Some(Agg::Count), What::Rows(t));
        } else if column {
            let owner = self.owner(noun);
            let Some(col) = self.pick(noun, owner) else { return false };
            let info = self.schema.col(col);
            let of_one = how_many
                && self.is(noun + 1, &["do", "does", "did", "be", "is", "are"])
                && info.numeric
                && !distinct;
            let done = self.is(noun + 1, &["be", "have"])
                && self.items.get(noun + 2).is_some_and(|i| {
                    i.lower.ends_with("ed") || i.lower.ends_with("nt") || i.lower.ends_with("ld")
                });
            if of_one && !info.key && done {
                // `how many hours were worked`: all of them together
                self.show(Some(Agg::Sum), What::Col(col));
            } else if of_one && !info.key {
                self.show(None, What::Col(col));
            } else {
                self.distinct_next = true;
                self.show(Some(Agg::Count), What::Col(col));
                self.take(noun + 1);
                self.count_more(distinct);
                self.zone = Zone::Which;
                return true;
            }
            if self.frame.subject.is_none() {
                self.frame.subject = Some(col.t);
            }
        } else if self.frame.subject.is_some() || !self.frame.select.is_empty() {
            let Some(t) = self.frame.subject else { return false };
            let rows = self
                .frame
                .mentioned
                .iter()
                .copied()
                .find(|m| *m != t && self.frame.groups.is_empty())
                .unwrap_or(t);
            self.show(Some(Agg::Count), What::Rows(rows));
            self.take(at + 1);
            return true;
        } else if value_before || self.items.get(noun).is_some_and(|i| i.val_score() > 0.0) {
            let Some(hit) = self.items[noun].vals.first().cloned() else { return false };
            self.mention(hit.col.t);
            self.show(Some(Agg::Count), What::Rows(hit.col.t));
            self.take(noun);
            return true;
        } else {
            return false;
        }
        self.take(if value_before { noun - 1 } else { noun });
        if value_before {
            self.value_phrase();
        }
        self.take(noun + 1);
        self.zone = Zone::Which;
        true
    }

    /// `different series names and contents`: each is counted.
    pub(super) fn count_more(&mut self, distinct: bool) {
        while distinct
            && self.is(self.at, &["and"])
            && self.items.get(self.at + 1).is_some_and(|i| i.col_score() >= 0.7 && i.table_score() < 0.7)
        {
            let at = self.at + 1;
            let owner = self.owner(at);
            let Some(col) = self.pick(at, owner) else { return };
            self.distinct_next = true;
            self.show(Some(Agg::Count), What::Col(col));
            self.take(at + 1);
        }
    }

    /// The table whose rows are counted: the last of adjacent nouns.
    pub(super) fn counted_table(&self, noun: usize) -> Option<usize> {
        let item = self.items.get(noun)?;
        let close = item.table_score() >= 0.55 && item.table_score() + 0.3 >= item.col_score();
        let next = self.items.get(noun + 1);
        let compound = next.is_some_and(|n| n.table_score() >= 0.8 && !item.possessive && n.mark.is_none());
        if compound {
            return self.choose_table(noun + 1);
        }
        if close { self.choose_table(noun) } else { None }
    }

    /// `average and maximum X of Y`.
    pub(super) fn aggregate_phrase(&mut self) -> bool {
        let mut aggs = Vec::new();
        let mut j = self.at;
        while let Some(agg) = self.aggregate_at(j) {
            let column = self.items[j].col_score() >= 0.95 && agg == Agg::Sum;
            if column && !aggs.is_empty() && self.aggregate_at(j - 1).is_some() {
                // `the average total of orders`: a column of that name
                break;
            }
            aggs.push(agg);
            j = self.skip(j + 1, &["and", "the", "as", "well", "also"]);
            if self.items.get(j).is_some_and(|i| i.mark == Some(',')) {
                j = self.skip(j + 1, &["and", "the"]);
            }
        }
        if aggs.is_empty() {
            return false;
        }
        let counts = self.is(j, &["number", "amount", "value", "values", "one"]);
        let start = j;
        j = self.skip(j, FILL);
        if let Some(k) = (start..j).find(|k| self.measure_word(*k, j)) {
            j = k;
        }
        if let Some(done) = self.aggregate_entity(&aggs, j, counts) {
            return done;
        }
        let item = self.items.get(j);
        if item.is_none_or(|i| i.col_score() < 0.45) {
            return counts && self.total_rows(&aggs, j);
        }
        let owner = self.owner(j);
        let says_key =
            self.items[j].lower.split(' ').any(|w| matches!(w, "id" | "ids" | "code" | "number" | "key"));
        let summed = aggs.iter().any(|a| matches!(a, Agg::Sum | Agg::Avg));
        let Some(col) = self.pick_numeric(j, owner).filter(|c| !summed || self.summable(*c, says_key)) else {
            return false;
        };
        if self.zone == Zone::Which && !self.frame.select.is_empty() && self.aggs_are_condition(j) {
            self.pending = Some(Pending { item: j, col, agg: aggs.first().copied() });
        } else {
            for agg in aggs {
                self.show(Some(agg), What::Col(col));
            }
            if self.frame.subject.is_none() {
                self.frame.subject = Some(owner.unwrap_or(col.t));
            }
        }
        self.take(j + 1);
        true
    }

    /// Whether a sum or an average of a column means anything: numbers, and no keys unless the question says so.
    fn summable(&self, col: Cid, says_key: bool) -> bool {
        let info = self.schema.col(col);
        let text = !info.numeric && info.column.class == catalog::TypeClass::Text;
        !(text || self.temporal(col) || (info.key && !says_key))
    }

    /// `total amount of payments`: a word that fills elsewhere is a measure of the entity that follows.
    fn measure_word(&self, k: usize, noun: usize) -> bool {
        let owner = self.table_of(noun, 0.6);
        let exact = |c: &(Cid, f64)| {
            let info = self.schema.col(c.0);
            c.1 >= 0.95 && info.numeric && !info.key && owner.is_none_or(|t| t == c.0.t)
        };
        self.items[k].cols.iter().any(exact)
    }

    /// `the average order`, `total payment amount`, `total revenue`: an aggregate over what an entity carries.
    fn aggregate_entity(&mut self, aggs: &[Agg], j: usize, counts: bool) -> Option<bool> {
        let [agg] = aggs else { return None };
        let entity = self.table_of(j, 0.6).is_some();
        let unlinked = self.items.get(j).is_some_and(|i| i.table_score().max(i.col_score()) < 0.45);
        let extreme = matches!(agg, Agg::Max | Agg::Min);
        let grouped = || (j..self.items.len()).any(|i| self.is(i, &["each", "every", "per"]));
        if !(entity || unlinked) || (extreme && entity && !grouped()) {
            return None;
        }
        if counts
            && *agg == Agg::Sum
            && self.is(j.saturating_sub(1), &["of"])
            && self.is(j.saturating_sub(2), &["number"])
        {
            return None;
        }
        let (col, end) = self.aggregated_noun(j, *agg)?;
        if self.zone == Zone::Which && !self.frame.select.is_empty() && self.aggs_are_condition(j) {
            self.pending = Some(Pending { item: j, col, agg: Some(*agg) });
        } else {
            self.show(Some(*agg), What::Col(col));
            if self.frame.subject.is_none() {
                self.frame.subject = Some(col.t);
            }
        }
        self.take(end);
        Some(true)
    }

    pub(super) fn aggs_are_condition(&self, _at: usize) -> bool {
        !self.at.checked_sub(1).is_some_and(|p| {
            self.is(p, &["and", "the", "show", "list"])
                && self.is(p.saturating_sub(1), &["and", "show", "list", "with"])
        })
    }

    pub(super) fn total_rows(&mut self, aggs: &[Agg], j: usize) -> bool {
        if aggs != [Agg::Sum] {
            return false;
        }
        let Some(t) = self.table_of(j, 0.6) else { return false };
        self.mention(t);
        self.show(Some(Agg::Count), What::Rows(t));
        self.take(j + 1);
        self.zone = Zone::Which;
        true
    }

    pub(super) fn aggregate_at(&self, at: usize) -> Option<Agg> {
        let item = self.items.get(at)?;
        if item.end != item.start + 1 {
            return None;
        }
        let superlative =
            self.zone == Zone::Show && self.frame.subject.is_none() && self.frame.select.is_empty();
        match item.lower.as_str() {
            "average" | "avg" | "mean" => Some(Agg::Avg),
            "total" | "sum" => Some(Agg::Sum),
            "maximum" | "max" | "maximal" => Some(Agg::Max),
            "minimum" | "min" | "minimal" => Some(Agg::Min),
            "highest" | "largest" | "biggest" | "greatest" | "longest" | "latest" if superlative => {
                Some(Agg::Max)
            }
            "lowest" | "smallest" | "least" | "shortest" | "earliest" if superlative => Some(Agg::Min),
            "last"
                if superlative
                    && self.items.get(at + 1).is_some_and(|i| i.cols.iter().any(|c| self.date_like(c.0))) =>
            {
                Some(Agg::Max)
            }
            _ => None,
        }
    }

    pub(super) fn pick_numeric(&mut self, at: usize, hint: Option<usize>) -> Option<Cid> {
        let all = self.items.get(at)?.cols.clone();
        let measures: Vec<_> = all
            .iter()
            .copied()
            .filter(|(c, _)| {
                let info = self.schema.col(*c);
                (info.numeric && !info.key) || self.date_like(*c)
            })
            .collect();
        if measures.is_empty() { self.choose(at, &all, hint) } else { self.choose(at, &measures, hint) }
    }

    pub(super) fn date_like(&self, col: Cid) -> bool {
        use catalog::TypeClass::{Date, Timestamp, TimestampTz};
        let info = self.schema.col(col);
        matches!(info.column.class, Date | Timestamp | TimestampTz)
            || info.words.iter().any(|w| {
                matches!(
                    w.lemma.as_str(),
                    "date" | "year" | "time" | "day" | "created" | "month" | "birthdate"
                )
            })
    }
}
