//! What is to be shown: counts, aggregates, columns, entities.

use super::super::frame::{Agg, What};
use super::super::words::is_stop;
use super::{Parser, Pending, Zone};

const FILL: &[&str] = &["of", "the", "a", "an", "all", "any", "some", "these", "those", "its", "their", "his", "her", "in", "amount", "value", "values", "number", "numbers", "total", "distinct", "different", "unique"];

impl Parser<'_, '_> {
    /// `how many X`, `number of X`, `count X`.
    pub(super) fn count_phrase(&mut self) -> bool {
        let at = self.at;
        let mut j = if self.is(at, &["how"]) && self.is(at + 1, &["many"]) {
            at + 2
        } else if self.is(at, &["number", "numbers", "count", "amount"]) && self.is(at + 1, &["of"]) {
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
        while self.is(j, FILL) || self.items.get(j).is_some_and(|i| is_stop(&i.lemma) && i.cols.is_empty() && i.tables.is_empty()) {
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
        let attribute = self.items.get(j + 1).is_some_and(|n| n.col_score() >= 0.85 && n.table_score() < 0.6 && !n.quoted);
        if attribute && self.table_of(j, 0.7).is_some() && distinct {
            noun = j + 1;
        }
        let value_first = noun == j && self.items.get(j).is_some_and(|i| i.val_score() > 0.0 && i.table_score() < 0.6 && i.col_score() < 0.6);
        if value_first && (self.table_of(j + 1, 0.55).is_some() || self.items.get(j + 1).is_some_and(|i| i.col_score() > 0.6)) {
            noun = j + 1;
        }
        self.count_noun(at, noun, distinct, value_first && noun > j)
    }

    /// A second question in the same sentence (`... and how many`) lists again.
    fn zone_for_count(&mut self) {
        let back = self.at.checked_sub(1).is_some_and(|p| self.is(p, &["and", "also", "with", "show", "list"]) || self.items[p].mark == Some(','));
        let compares = (self.at + 2..self.at + 5).any(|j| self.is(j, &["above", "below", "than"]));
        if self.zone == Zone::Which && (back || self.frame.select.is_empty()) && !compares && !self.at.checked_sub(1).is_some_and(|p| self.is(p, &["with"])) {
            self.end_clause();
            self.zone = Zone::Show;
        }
    }

    fn count_noun(&mut self, at: usize, noun: usize, distinct: bool, value_before: bool) -> bool {
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
            let of_one = how_many && self.is(noun + 1, &["do", "does", "did", "be", "is", "are"]) && info.numeric && !distinct;
            if of_one && !info.key {
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
            let rows = self.frame.mentioned.iter().copied().find(|m| *m != t && self.frame.groups.is_empty()).unwrap_or(t);
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
    fn count_more(&mut self, distinct: bool) {
        while distinct && self.is(self.at, &["and"]) && self.items.get(self.at + 1).is_some_and(|i| i.col_score() >= 0.7 && i.table_score() < 0.7) {
            let at = self.at + 1;
            let owner = self.owner(at);
            let Some(col) = self.pick(at, owner) else { return };
            self.distinct_next = true;
            self.show(Some(Agg::Count), What::Col(col));
            self.take(at + 1);
        }
    }

    /// The table whose rows are counted: the last of adjacent nouns.
    fn counted_table(&self, noun: usize) -> Option<usize> {
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
        j = self.skip(j, FILL);
        let item = self.items.get(j);
        if item.is_none_or(|i| i.col_score() < 0.45) {
            return counts && self.total_rows(&aggs, j);
        }
        let owner = self.owner(j);
        let Some(col) = self.pick_numeric(j, owner) else { return false };
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

    fn aggs_are_condition(&self, _at: usize) -> bool {
        !self.at.checked_sub(1).is_some_and(|p| self.is(p, &["and", "the", "show", "list"]) && self.is(p.saturating_sub(1), &["and", "show", "list", "with"]))
    }

    fn total_rows(&mut self, aggs: &[Agg], j: usize) -> bool {
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
        let superlative = self.zone == Zone::Show && self.frame.subject.is_none() && self.frame.select.is_empty();
        match item.lower.as_str() {
            "average" | "avg" | "mean" => Some(Agg::Avg),
            "total" | "sum" => Some(Agg::Sum),
            "maximum" | "max" | "maximal" => Some(Agg::Max),
            "minimum" | "min" | "minimal" | "minimu" => Some(Agg::Min),
            "highest" | "largest" | "biggest" | "greatest" | "longest" | "latest" if superlative => Some(Agg::Max),
            "lowest" | "smallest" | "least" | "shortest" | "earliest" if superlative => Some(Agg::Min),
            "last" if superlative && self.items.get(at + 1).is_some_and(|i| i.cols.iter().any(|c| self.date_like(c.0))) => Some(Agg::Max),
            _ => None,
        }
    }

    pub(super) fn pick_numeric(&mut self, at: usize, hint: Option<usize>) -> Option<super::Cid> {
        let all = self.items.get(at)?.cols.clone();
        let measures: Vec<_> = all.iter().copied().filter(|(c, _)| {
            let info = self.schema.col(*c);
            (info.numeric && !info.key) || self.date_like(*c)
        }).collect();
        if measures.is_empty() { self.choose(at, &all, hint) } else { self.choose(at, &measures, hint) }
    }

    pub(super) fn date_like(&self, col: super::Cid) -> bool {
        use catalog::TypeClass::{Date, Timestamp, TimestampTz};
        let info = self.schema.col(col);
        matches!(info.column.class, Date | Timestamp | TimestampTz)
            || info.words.iter().any(|w| matches!(w.lemma.as_str(), "date" | "year" | "time" | "day" | "created" | "month" | "birthdate"))
    }

    /// A table or a column by its name.
    pub(super) fn name_phrase(&mut self) -> bool {
        let at = self.at;
        let item = &self.items[at];
        if item.table_score().max(item.col_score()) < 0.45 {
            return false;
        }
        if self.verb_by(at) {
            return true;
        }
        if let Some(t) = self.table_of(at, 0.55) {
            return self.entity(at, t);
        }
        if item.col_score() < 0.45 {
            return false;
        }
        let of = at.checked_sub(1).map(|p| self.back(p)).is_some_and(|q| self.is(q, &["of", "for"]));
        let whole = self.frame.select.iter().any(|s| s.agg.is_none()) && self.zone == Zone::Show;
        if let Some(t) = self.owner_table(at).filter(|t| of && whole && self.frame.select.iter().any(|s| matches!(s.what, What::Col(c) if c.t == *t) || s.what == What::Naming(*t))) {
            return self.entity(at, t);
        }
        if self.name_of_column(at) {
            return true;
        }
        if self.modifies(at) {
            self.take(at + 1);
            return true;
        }
        let owner = self.owner(at).or_else(|| self.listed_owner(at));
        let called = owner.or(self.frame.subject).or(self.frame.groups.iter().find_map(|g| match g {
            What::Naming(t) => Some(*t),
            _ => None,
        }));
        if let Some(t) = called.filter(|t| self.zone == Zone::Show && self.plain_name(at, *t)) {
            self.take(at + 1);
            self.show(None, What::Naming(t));
            self.mention(t);
            return true;
        }
        let Some(col) = self.pick(at, owner) else { return false };
        self.take(at + 1);
        if self.zone == Zone::Show && !self.condition_follows(at + 1, col) {
            let whole = self.items[at].end > self.items[at].start + 1 && !self.schema.col(col).table_words.is_empty();
            if owner.is_none() && self.frame.subject.is_none() && whole && self.frame.select.is_empty() {
                self.frame.subject = Some(col.t);
            }
            self.show(None, self.shown_as(at, col));
            if let Some(t) = owner.filter(|_| self.frame.subject.is_none()) {
                self.mention(t);
            }
            return true;
        }
        self.flush();
        if self.listed_again(at) && !self.condition_follows(at + 1, col) {
            self.show(None, What::Col(col));
            return true;
        }
        self.pending = Some(Pending { item: at, col, agg: None });
        true
    }

    /// `written by`, `owned by`: a verb, though it sounds like a table or a column.
    fn verb_by(&mut self, at: usize) -> bool {
        let item = &self.items[at];
        let participle = item.end == item.start + 1 && self.is(at + 1, &["by"]) && item.table_score().max(item.col_score()) < 0.95
            && (item.lower.ends_with("ed") || item.lower.ends_with("en") || item.lower.ends_with('t') || item.lower != item.lemma);
        let anyone = self.is(at + 2, &["someone", "anyone", "somebody", "anybody", "other", "others", "nobody"]);
        if !participle || anyone || !self.frame_started() {
            return false;
        }
        self.flush();
        self.zone = Zone::Which;
        if item.col_score() >= 0.6 {
            let owner = self.focus();
            if let Some(col) = self.pick(at, owner) {
                self.pending = Some(Pending { item: at, col, agg: None });
            }
        }
        self.take(at + 1);
        true
    }

    /// A surrogate reference is shown as what it refers to, when the word names that.
    fn shown_as(&self, at: usize, col: super::Cid) -> What {
        let info = self.schema.col(col);
        let item = &self.items[at];
        let target = info.refers.filter(|r| info.numeric && item.tables.iter().any(|t| t.0 == r.t && t.1 >= 0.6));
        let asks_key = item.lower.split(' ').any(|w| matches!(w, "id" | "ids" | "code" | "number"));
        match target {
            Some(target) if !asks_key => What::Naming(target.t),
            _ => What::Col(col),
        }
    }

    /// `maker full name`: the first noun only says whose.
    fn modifies(&self, at: usize) -> bool {
        let item = &self.items[at];
        let next = self.items.get(at + 1).filter(|n| n.mark.is_none() && !n.quoted && n.col_score() >= 0.85);
        let Some(next) = next else { return false };
        item.table_score() >= 0.6 && item.tables.iter().any(|t| next.cols.iter().any(|c| c.0.t == t.0))
    }

    /// In a list of attributes, the one before says whose they are.
    fn listed_owner(&self, at: usize) -> Option<usize> {
        let p = at.checked_sub(1)?;
        let listed = self.items[p].mark == Some(',') || self.is(p, &["and"]);
        let last = self.frame.select.last().filter(|s| s.agg.is_none() && listed && self.zone == Zone::Show)?;
        match last.what {
            What::Col(c) => Some(c.t),
            What::Naming(t) => Some(t),
            What::Rows(_) | What::Star(_) => None,
        }
    }

    /// `the state whose name`: the name of a column is the column.
    fn name_of_column(&mut self, at: usize) -> bool {
        let named = self.is(at, &["name"]) && at >= 2 && self.is(at - 1, &["whose"]) && self.pending.is_some_and(|p| p.item + 2 == at);
        if named {
            self.take(at + 1);
        }
        named
    }

    /// `name of X` where X has no column called so, but one that names it.
    fn plain_name(&self, at: usize, t: usize) -> bool {
        if !self.is(at, &["name", "names", "title"]) {
            return false;
        }
        let info = &self.schema.tables[t];
        let called = info.columns.iter().any(|c| c.words.iter().any(|w| w.lemma == "name" || w.lemma == "title"));
        let whole = info.naming.len() > 1;
        let text = info.naming.iter().all(|&c| !info.columns[c].key && !info.columns[c].numeric);
        text && (!called || whole)
    }

    /// `... and their ages`: listing goes on.
    fn listed_again(&self, at: usize) -> bool {
        let Some(p) = at.checked_sub(1) else { return false };
        let possessive = self.is(p, &["their", "its", "his", "her"]) && p > 0 && (self.is(p - 1, &["and", "with", "show", "list"]) || self.items[p - 1].mark.is_some());
        let q = self.back(p);
        let joined = self.is(q, &["and"]) && q + 2 >= p && self.is(at + 1, &["of"]) && self.owner(at).is_some();
        (possessive || joined) && !self.negated
    }

    /// Whether what follows compares the column: `is`, a value, a comparison.
    pub(super) fn condition_follows(&self, from: usize, col: super::Cid) -> bool {
        let j = self.skip(from, &["is", "are", "was", "were", "be", "equal", "to", "of", "not", "named", "called", "a", "an", "the", "in", "number", "by"]);
        let Some(item) = self.items.get(j) else { return false };
        if item.mark.is_some_and(|m| matches!(m, '=' | '<' | '>')) || (item.quoted && j <= from + 3) {
            return true;
        }
        let info = self.schema.col(col);
        if item.vals.iter().any(|v| v.col == col) && !self.is(from, &["of", "in"]) {
            return true;
        }
        if item.number.is_some() && j <= from + 1 && (info.numeric || self.date_like(col)) {
            return true;
        }
        let is_only = j == from || (j == from + 1 && self.is(from, &["is", "are", "was", "were"]));
        (self.zone == Zone::Which || is_only) && self.comparison(j).is_some()
    }

    fn entity(&mut self, at: usize, t: usize) -> bool {
        let item = &self.items[at];
        let possessive = item.possessive;
        let next_is_noun = self.items.get(at + 1).is_some_and(|i| i.mark.is_none() && (i.col_score() > 0.6 || i.table_score() > 0.75) && !i.quoted);
        let weak = item.table_score() < 0.6;
        if possessive || next_is_noun {
            if !weak || self.frame.subject.is_none() {
                if self.zone == Zone::Show && self.frame.subject.is_none() && self.frame.select.is_empty() {
                    self.frame.subject = Some(t);
                }
                self.named.entry(t).or_insert(0.6);
            }
            self.take(at + 1);
            return true;
        }
        let p = at.checked_sub(1);
        let q = p.map(|p| self.back(p));
        let attached = q.is_some_and(|q| self.is(q, &["of", "for", "from", "in", "on", "by", "about", "among", "across", "to", "at"]));
        self.take(at + 1);
        if self.zone == Zone::Show {
            let q = at.checked_sub(1);
            let column_before = q.is_some_and(|q| self.items[q].col_score() >= 0.6 && self.items[q].mark.is_none() && !self.frame.select.is_empty());
            let attached = attached || column_before || self.leading(at);
            let fresh = self.frame.subject != Some(t);
            let possessed = at > 0 && self.items[at - 1].possessive;
            if !attached && !possessed && (fresh || self.frame.select.is_empty()) {
                self.show(None, What::Naming(t));
            }
            self.mention(t);
            return true;
        }
        if self.pending.is_some() && !attached {
            self.flush();
        }
        if self.negated && self.focus() != Some(t) {
            match self.sink.and_then(|s| self.frame.filters.get_mut(s)) {
                Some((super::Filter::Related(related), _)) => {
                    if !related.tables.contains(&t) {
                        related.tables.push(t);
                    }
                }
                _ => self.related(t, true),
            }
            return true;
        }
        if !weak {
            self.mention(t);
        }
        true
    }

    /// `For the red ones, ...`: what stands before the comma only says which.
    fn leading(&self, at: usize) -> bool {
        let opens = self.is(0, &["for", "among", "of", "in", "from", "within", "considering", "given"]);
        let comma = self.items.iter().position(|i| i.mark == Some(','));
        opens && comma.is_some_and(|c| at < c)
    }

    /// Steps back over articles and the like.
    pub(super) fn back(&self, mut at: usize) -> usize {
        while at > 0 && (self.is(at, &["the", "all", "a", "an", "each", "every", "any", "some", "different", "distinct", "these", "those", "their", "its", "his", "her"]) || self.items[at].val_score() > 0.0) {
            at -= 1;
        }
        at
    }
}
