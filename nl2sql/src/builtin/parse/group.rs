//! `for each X`, `per X`, and words that open or close parts of the question.

use super::super::frame::What;
use super::{Parser, Zone};

impl Parser<'_, '_> {
    /// `for each X`, `in each X`, `per X`, `by X` after an aggregate, `does each X have`.
    pub(super) fn group_phrase(&mut self) -> bool {
        let at = self.at;
        let mut j = at;
        if self.is(j, &["for", "in", "of", "from", "by", "across", "at", "to", "within", "on"]) {
            j += 1;
        }
        let preposition = j > at;
        j = self.skip(j, &["the", "all"]);
        let each = self.is(j, &["each", "every"])
            || (self.is(j, &["different"]) && preposition && self.is(at, &["for", "across"]));
        let per = self.is(at, &["per"]);
        let participle = at
            .checked_sub(1)
            .is_some_and(|p| self.items[p].cols.is_empty() && self.items[p].tables.is_empty());
        let by = self.is(at, &["by"])
            && !participle
            && self.aggregated()
            && self.items.get(at + 1).is_some_and(|i| i.col_score() > 0.6 || i.table_score() > 0.6);
        let makers = by
            && self.table_of(at + 1, 0.6).is_some()
            && self.items[at + 1].lower != self.items[at + 1].lemma
            && self.is(
                at + 2,
                &["from", "who", "that", "in", "with", "whose", "living", "aged", "over", "under"],
            );
        if makers {
            // `orders by customers from X`: who made them
            return false;
        }
        if each && self.is(j + 1, &["time", "case", "other"]) {
            self.take(j + 2);
            return true;
        }
        if per || by {
            j = self.skip(at + 1, &["the"]);
        } else if each {
            j = self.skip(
                j + 1,
                &["of", "the", "one", "different", "listed", "distinct", "possible", "number", "single"],
            );
        } else {
            return false;
        }
        if self.items.get(j).is_none_or(|i| i.table_score().max(i.col_score()) < 0.5) {
            if each && self.aggregated() {
                self.group_subject();
                self.take(j);
                return true;
            }
            return false;
        }
        self.group_by(at, j, preposition || per || by)
    }

    pub(super) fn aggregated(&self) -> bool {
        self.frame.select.iter().any(|s| s.agg.is_some())
    }

    /// `... for each`, `... in each one`: the entity or the columns shown so far.
    fn group_subject(&mut self) {
        let plain: Vec<What> = self.frame.select.iter().filter(|s| s.agg.is_none()).map(|s| s.what).collect();
        if plain.is_empty() {
            self.frame.groups.extend(self.frame.subject.map(What::Naming));
        }
    }

    fn group_by(&mut self, at: usize, j: usize, preposition: bool) -> bool {
        let table = self.table_of(j, 0.6);
        let next_noun =
            self.items.get(j + 1).is_some_and(|n| n.mark.is_none() && (n.col_score() > 0.85) && !n.quoted);
        let asked = self.aggregated() || self.later_aggregate(j);
        if let (Some(_), true) = (table, next_noun) {
            // `each dog breed`, `each owner's name`: the column says it
            self.take(j + 1);
            if self.items[j].possessive || !asked {
                if let Some(t) = table.filter(|_| self.frame.subject.is_none()) {
                    self.mention(t);
                }
                return true;
            }
            return self.group_by(at, j + 1, preposition);
        }
        let shows = self.zone == Zone::Show && !preposition;
        if let Some(t) = table {
            self.take(j + 1);
            let own = self.items[j]
                .cols
                .iter()
                .map(|c| c.0)
                .find(|c| c.t == t && self.schema.col(*c).refers.is_some_and(|r| r.t == t));
            if let (Some(col), true) =
                (own, asked && self.frame.select.iter().any(|s| s.what == What::Rows(t)))
            {
                // `each manager` of employees: the reference to another row of the same table
                self.frame.groups.push(What::Col(col));
                return true;
            }
            let possessive = self.items[j].possessive;
            if asked
                && !(shows && possessive)
                && !(self.frame.select.len() == 1 && self.frame.select[0].what == What::Rows(t))
            {
                self.frame.groups.push(What::Naming(t));
                self.mention_group(t);
            } else {
                if !preposition && !possessive && self.zone == Zone::Show {
                    self.show(None, What::Naming(t));
                }
                self.mention(t);
            }
            if at == 0 || self.frame.select.is_empty() {
                self.zone = Zone::Show;
            }
            return true;
        }
        let owner = self.owner(j);
        let Some(col) = self.pick(j, owner) else { return false };
        self.take(j + 1);
        let refers = self.schema.col(col).refers.map(|r| r.t);
        let entity = self.items[j]
            .tables
            .iter()
            .map(|t| t.0)
            .find(|t| self.items[j].table_score() >= 0.6 && (*t == col.t || refers == Some(*t)));
        if let Some(t) =
            entity.filter(|t| asked && !self.frame.select.iter().any(|s| s.what == What::Rows(*t)))
        {
            self.frame.groups.push(What::Naming(t));
            self.mention_group(t);
            return true;
        }
        if asked {
            self.frame.groups.push(What::Col(col));
            if let Some(t) = owner {
                self.mention(t);
            }
        } else {
            self.show(None, What::Col(col));
        }
        true
    }

    fn mention_group(&mut self, t: usize) {
        if !self.frame.mentioned.contains(&t) {
            self.frame.mentioned.push(t);
        }
        if self.frame.subject.is_none() {
            self.frame.subject = Some(t);
        }
    }

    fn later_aggregate(&self, from: usize) -> bool {
        (from..self.items.len()).any(|i| {
            (self.is(i, &["how"]) && self.is(i + 1, &["many"]))
                || (self.is(i, &["number", "count"]) && self.is(i + 1, &["of"]))
                || self.is(i, &["average", "total", "maximum", "minimum", "sum", "count", "mean"])
        })
    }

    /// Words that mean something only together.
    pub(super) fn skip_phrase(&mut self) -> bool {
        let at = self.at;
        if self.is(at, &["all", "any"])
            && self.is(at + 1, &["the"])
            && self.is(at + 2, &["information", "info", "detail", "details"])
        {
            return self.everything(at + 3);
        }
        if self.is(at, &["information", "info", "detail", "details", "everything", "record"])
            && self.zone == Zone::Show
            && self.frame.select.iter().all(|s| matches!(s.what, What::Naming(_)))
        {
            return self.everything(at + 1);
        }
        if self.is(at, &["how"]) && self.is(at + 1, &["much"]) {
            if self.zone == Zone::Which {
                self.end_clause();
                self.zone = Zone::Show;
            }
            self.asking = true;
            let upto = self.skip(at + 2, &["do", "does", "did", "it", "they", "each"]);
            self.take(upto);
            return true;
        }
        let along = (self.is(at, &["along", "together"]) && self.is(at + 1, &["with"])).then_some(2);
        let well =
            (self.is(at, &["as"]) && self.is(at + 1, &["well"]) && self.is(at + 2, &["as"])).then_some(3);
        if let Some(length) = along.or(well) {
            self.end_clause();
            self.zone = Zone::Show;
            self.take(at + length);
            return true;
        }
        if self.is(at, &["both"]) && self.both_entities() {
            return true;
        }
        if self.is(at, &["how"])
            && self.is(at + 1, &["old", "tall", "long", "heavy", "high", "big", "large", "expensive"])
        {
            return self.how_adjective(at + 1);
        }
        false
    }

    /// `both owners and professionals`: what is shown must occur with each of two entities.
    fn both_entities(&mut self) -> bool {
        let at = self.at;
        let (Some(a), true, Some(b)) =
            (self.table_of(at + 1, 0.6), self.is(at + 2, &["and"]), self.table_of(at + 3, 0.6))
        else {
            return false;
        };
        let has = |t: usize, name: &str| {
            self.schema.tables[t].columns.iter().any(|c| c.column.name.eq_ignore_ascii_case(name))
        };
        let shared = !self.frame.select.is_empty()
            && self.frame.select.iter().all(|s| match s.what {
                What::Col(c) => {
                    s.agg.is_none()
                        && has(a, &self.schema.col(c).column.name)
                        && has(b, &self.schema.col(c).column.name)
                }
                What::Naming(_) | What::Rows(_) | What::Star(_) => false,
            });
        if a == b || !shared {
            return false;
        }
        self.frame.both = Some((a, b));
        self.take(at + 4);
        true
    }

    fn everything(&mut self, from: usize) -> bool {
        let table = (from.saturating_sub(3)..self.items.len()).find_map(|i| self.table_of(i, 0.55));
        let Some(t) = table else { return false };
        self.frame.select.retain(|s| !matches!(s.what, What::Naming(_)));
        self.show(None, What::Star(t));
        self.mention(t);
        self.take(from);
        self.zone = Zone::Which;
        true
    }

    fn how_adjective(&mut self, at: usize) -> bool {
        let concepts: &[&str] = match self.items[at].lower.as_str() {
            "old" => &["age", "birth"],
            "tall" | "high" => &["height", "elevation"],
            "long" => &["length", "duration"],
            "heavy" => &["weight"],
            "expensive" => &["price", "cost"],
            _ => &["size", "area", "population", "capacity"],
        };
        let near: Vec<usize> = self
            .frame
            .subject
            .into_iter()
            .chain((at..self.items.len()).filter_map(|i| self.table_of(i, 0.55)))
            .chain(self.items.iter().flat_map(|i| i.vals.iter().map(|v| v.col.t)))
            .collect();
        for t in near {
            if let Some(c) = self.schema.concept(t, concepts) {
                self.end_clause();
                self.show(None, What::Col(super::Cid { t, c }));
                self.take(at + 1);
                return true;
            }
        }
        false
    }

    /// A word of the language: it may move the reader on.
    pub(super) fn word(&mut self) {
        let at = self.at;
        let lower = self.items[at].lower.clone();
        let listing = self.zone == Zone::Show;
        match lower.as_str() {
            "distinct" | "different" | "unique" | "distinctive" | "duplicates" if listing => {
                self.distinct_next = true;
            }
            "sort" | "order" | "rank" if listing => self.sorting = true,
            "or" => {
                self.flush();
                self.next_or = true;
            }
            "but" => {
                self.end_clause();
                self.zone = Zone::Which;
            }
            "show" | "list" | "return" | "give" | "display" if self.at > 0 && self.zone == Zone::Which => {
                self.end_clause();
                self.zone = Zone::Show;
            }
            "and" | "also" => self.conjunction(),
            "what" | "which" if !listing && self.asks_again() => {
                self.end_clause();
                self.zone = Zone::Show;
            }
            "who" | "whose" | "that" | "which" | "whom" | "where" | "when" | "with" | "without" | "have"
            | "has" | "had" | "having" | "did" | "does" | "do" | "in" | "from" | "by" | "at" | "on"
            | "during" | "among" | "since" | "using" | "named" | "called" | "directed"
                if self.frame_started() && !self.lists_on(at) && !self.shows_more(at) =>
            {
                if listing {
                    self.zone = Zone::Which;
                } else if matches!(lower.as_str(), "who" | "whose" | "that" | "which")
                    && self.pending.is_some()
                {
                    self.flush();
                }
            }
            _ => {}
        }
        self.at += 1;
    }

    fn asks_again(&self) -> bool {
        let p = self.at.checked_sub(1);
        let joined = p.is_none_or(|p| self.is(p, &["and", "also"]) || self.items[p].mark.is_some());
        joined || self.frame.select.is_empty()
    }

    /// `and` ends a relative clause when a verb or a pronoun of listing follows.
    fn conjunction(&mut self) {
        if self.zone == Zone::Show {
            return;
        }
        let next = self.skip(self.at + 1, &["also", "the"]);
        if self.is(next, &["what", "how", "list", "show", "return", "give", "which", "find"]) {
            self.end_clause();
            self.zone = Zone::Show;
        } else if self.is(next, &["do", "have", "who", "that", "be", "with", "whose"]) {
            self.end_clause();
        }
    }

    /// `the titles with the name of their maker`: what follows is shown too.
    fn shows_more(&self, at: usize) -> bool {
        let start = self.skip(at + 1, &["the", "their", "its", "his", "her"]);
        let column = self.zone == Zone::Show
            && self.is(at, &["with"])
            && start > at + 1
            && self
                .items
                .get(start)
                .is_some_and(|i| i.col_score() >= 0.75 && i.table_score() < 0.75 && !i.quoted);
        let next = self.items.get(start + 1);
        let plain = next.is_none_or(|i| i.mark.is_some_and(|m| matches!(m, '.' | '?' | '!' | ',')));
        column && (plain || self.is(start + 1, &["of", "and"])) && !self.frame.select.is_empty()
    }

    /// `X in Y, Z`: a preposition inside a list of attributes does not end it.
    fn lists_on(&self, at: usize) -> bool {
        let prepositions = ["in", "on", "by", "at", "from"];
        self.is(at, &prepositions) && self.frame.select.is_empty() && self.frame.subject.is_none()
    }
}
