//! What is to be shown: counts, aggregates, columns, entities.

use super::super::frame::What;
use super::{Parser, Pending, Zone};

impl Parser<'_, '_> {
    /// A table or a column by its name.
    pub(super) fn name_phrase(&mut self) -> bool {
        let at = self.at;
        let item = &self.items[at];
        if item.table_score().max(item.col_score()) < 0.45 {
            return false;
        }
        if self.verb_by(at) || self.adjective(at) || self.said_of_value(at) || self.costs(at) {
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
        if let Some(t) = self.owner_table(at).filter(|t| {
            of && whole
                && self
                    .frame
                    .select
                    .iter()
                    .any(|s| matches!(s.what, What::Col(c) if c.t == *t) || s.what == What::Naming(*t))
        }) {
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
        let happened = self.temporal(col)
            && self.items[at].lower.ends_with("ed")
            && at > 0
            && self.is(at - 1, &["be", "have", "been"])
            && self.frame_started();
        let who = self.temporal(col)
            && self.frame.select.is_empty()
            && (self.items[at].lower != self.items[at].lemma || self.items[at].lower.ends_with("ed"))
            && at > 0
            && self.is(at - 1, &["who"]);
        if who && self.zone == Zone::Show {
            self.show(None, What::Naming(col.t));
            self.mention(col.t);
            self.zone = Zone::Which;
        }
        if happened && self.zone == Zone::Show {
            // `was hired ...`: what happened, not what is shown
            self.zone = Zone::Which;
        }
        if self.zone == Zone::Show && !self.condition_follows(at + 1, col) {
            let whole =
                self.items[at].end > self.items[at].start + 1 && !self.schema.col(col).table_words.is_empty();
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

    /// `discontinued products`: a yes-or-no column in front of its table.
    fn adjective(&mut self, at: usize) -> bool {
        let Some(col) = self.flag_before(at) else { return false };
        self.take(at + 1);
        self.flag_condition(col);
        self.negated = false;
        true
    }

    /// The yes-or-no column that an item names, when its table follows.
    pub(super) fn flag_before(&self, at: usize) -> Option<super::Cid> {
        let item = self.items.get(at).filter(|i| i.col_score() >= 0.85 && i.table_score() < 0.6)?;
        let t = self.table_of(at + 1, 0.6)?;
        item.cols.iter().map(|c| c.0).find(|c| c.t == t && self.schema.col(*c).flag.is_some())
    }

    /// `tagged waterproof`, `labelled new`: the verb only says where the value stands.
    fn said_of_value(&mut self, at: usize) -> bool {
        let item = &self.items[at];
        let verb = item.end == item.start + 1 && item.lower.ends_with("ed") && self.frame_started();
        let next = self.items.get(at + 1).filter(|n| verb && (n.val_score() > 0.0));
        let Some(next) = next else { return false };
        let of = |t: usize| {
            item.tables.iter().any(|x| x.0 == t)
                || item
                    .cols
                    .iter()
                    .any(|c| c.0.t == t || self.schema.col(c.0).refers.is_some_and(|r| r.t == t))
        };
        if !next.vals.iter().any(|v| of(v.col.t)) {
            return false;
        }
        self.flush();
        self.zone = Zone::Which;
        self.take(at + 1);
        true
    }

    /// `which cost more than 5`: the verb is about the price, where there is one.
    fn costs(&mut self, at: usize) -> bool {
        let verb = self.is(at, &["cost", "costs"])
            && (self.is(at + 1, &["between", "exactly"]) || self.comparison(at + 1).is_some());
        let Some(subject) = self.focus().filter(|_| verb) else { return false };
        let columns = &self.schema.tables[subject].columns;
        let price =
            columns.iter().position(|c| c.numeric && c.words.last().is_some_and(|w| w.lemma == "price"));
        let Some(c) = price else { return false };
        self.flush();
        self.take(at + 1);
        self.pending = Some(Pending { item: at, col: super::Cid { t: subject, c }, agg: None });
        true
    }

    /// `written by`, `owned by`: a verb, though it sounds like a table or a column.
    fn verb_by(&mut self, at: usize) -> bool {
        let item = &self.items[at];
        let participle = item.end == item.start + 1
            && self.is(at + 1, &["by"])
            && item.table_score().max(item.col_score()) < 0.95
            && (item.lower.ends_with("ed")
                || item.lower.ends_with("en")
                || item.lower.ends_with('t')
                || item.lower != item.lemma);
        let anyone =
            self.is(at + 2, &["someone", "anyone", "somebody", "anybody", "other", "others", "nobody"]);
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
        let target =
            info.refers.filter(|r| info.numeric && item.tables.iter().any(|t| t.0 == r.t && t.1 >= 0.6));
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
        let last =
            self.frame.select.last().filter(|s| s.agg.is_none() && listed && self.zone == Zone::Show)?;
        match last.what {
            What::Col(c) => Some(c.t),
            What::Naming(t) => Some(t),
            What::Rows(_) | What::Star(_) => None,
        }
    }

    /// `the state whose name`: the name of a column is the column.
    fn name_of_column(&mut self, at: usize) -> bool {
        let named = self.is(at, &["name"])
            && at >= 2
            && self.is(at - 1, &["whose"])
            && self.pending.is_some_and(|p| p.item + 2 == at);
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
        let called =
            info.columns.iter().any(|c| c.words.iter().any(|w| w.lemma == "name" || w.lemma == "title"));
        let whole = info.naming.len() > 1;
        let text = info.naming.iter().all(|&c| !info.columns[c].key && !info.columns[c].numeric);
        text && (!called || whole)
    }

    /// `... and their ages`: listing goes on.
    fn listed_again(&self, at: usize) -> bool {
        let Some(p) = at.checked_sub(1) else { return false };
        let possessive = self.is(p, &["their", "its", "his", "her"])
            && p > 0
            && (self.is(p - 1, &["and", "with", "show", "list"]) || self.items[p - 1].mark.is_some());
        let q = self.back(p);
        let joined =
            self.is(q, &["and"]) && q + 2 >= p && self.is(at + 1, &["of"]) && self.owner(at).is_some();
        (possessive || joined) && !self.negated
    }

    /// Whether what follows compares the column: `is`, a value, a comparison.
    pub(super) fn condition_follows(&self, from: usize, col: super::Cid) -> bool {
        let j = self.skip(
            from,
            &[
                "is", "are", "was", "were", "be", "equal", "to", "of", "not", "named", "called", "a", "an",
                "the", "in", "number", "by",
            ],
        );
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
        let ranged = self.is(j, &["between"]) && self.items.get(j + 1).is_some_and(|i| i.number.is_some());
        if ranged && (info.numeric || self.date_like(col)) {
            return true;
        }
        let is_only = j == from || (j == from + 1 && self.is(from, &["is", "are", "was", "were"]));
        (self.zone == Zone::Which || is_only) && self.comparison(j).is_some()
    }

    fn entity(&mut self, at: usize, t: usize) -> bool {
        let item = &self.items[at];
        let possessive = item.possessive;
        let next_is_noun = self.items.get(at + 1).is_some_and(|i| {
            i.mark.is_none() && (i.col_score() > 0.6 || i.table_score() > 0.75) && !i.quoted
        });
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
        let attached = q.is_some_and(|q| {
            self.is(q, &["of", "for", "from", "in", "on", "by", "about", "among", "across", "to", "at"])
        });
        self.take(at + 1);
        if self.zone == Zone::Show {
            let q = at.checked_sub(1);
            let column_before = q.is_some_and(|q| {
                self.items[q].col_score() >= 0.6
                    && self.items[q].mark.is_none()
                    && !self.frame.select.is_empty()
            });
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
        while at > 0
            && (self.is(
                at,
                &[
                    "the",
                    "all",
                    "a",
                    "an",
                    "each",
                    "every",
                    "any",
                    "some",
                    "different",
                    "distinct",
                    "these",
                    "those",
                    "their",
                    "its",
                    "his",
                    "her",
                ],
            ) || self.items[at].val_score() > 0.0)
        {
            at -= 1;
        }
        at
    }
}
