//! Superlatives, top-n and sorting.

use super::super::degrees::{Degree, HEIGHTS, SIZES, SUPERLATIVES};
use super::super::frame::{Agg, Filter, Order, Related, What};
use super::{Cid, Parser, Zone};

impl Parser<'_, '_> {
    pub(super) fn superlative_at(&self, at: usize) -> Option<Degree> {
        let item = self.items.get(at)?;
        if item.end != item.start + 1 || item.quoted {
            return None;
        }
        SUPERLATIVES.iter().find(|d| d.word == item.lower).copied()
    }

    /// `the youngest X`, `the most X`, `top 3 X`, `with the highest X`, `most common X`.
    pub(super) fn rank_phrase(&mut self) -> bool {
        let at = self.at;
        let mut j = at;
        let mut limit = None;
        if self.is(j, &["top", "first", "last"]) && self.items.get(j + 1).is_some_and(|i| i.number.is_some())
        {
            limit = self.items[j + 1].number;
            j += 2;
        } else if self.items[j].number.is_some() && self.superlative_at(j + 1).is_some() {
            limit = self.items[j].number;
            j += 1;
        }
        if self.is(j, &["rarest"])
            || (self.is(j, &["most", "least", "highest"])
                && self.is(j + 1, &["common", "popular", "frequent", "frequently", "commonly"]))
        {
            return self.most_common(j, limit);
        }
        let Some(mut degree) = self.superlative_at(j) else {
            return match limit {
                Some(n) if self.is(at, &["top"]) => {
                    self.frame.limit = Some(n.max(1.0) as u64);
                    self.take(j);
                    true
                }
                _ => false,
            };
        };
        if self.is(at.saturating_sub(1), &["at"]) && self.is(j, &["least", "most"]) {
            return false;
        }
        // `most expensive`, `least expensive`, `most recent`, `most highly rated`
        if matches!(degree.word, "most" | "least")
            && let Some(next) = self.superlative_at(j + 1)
        {
            let down = degree.word == "least";
            degree = Degree { up: next.up != down, ..next };
            j += 1;
        }
        if degree.word == "recent" || degree.word == "recently" {
            j = self.skip(j, &["recently"]).max(j);
        }
        let named = self.zone == Zone::Show
            && self.is(at, &["maximum", "minimum", "max", "min"])
            && (self.is(at + 1, &["and"])
                || self
                    .items
                    .get(self.skip(j + 1, &["number", "of", "the", "and", "value", "values"]))
                    .is_some_and(|i| i.col_score() >= 0.45));
        if named {
            return false;
        }
        let plain_aggregate = self.zone == Zone::Show
            && limit.is_none()
            && self.frame.select.is_empty()
            && self.frame.subject.is_none()
            && degree.of.is_empty()
            && self.aggregate_at(at).is_some();
        let every = plain_aggregate
            && self.table_of(j + 1, 0.6).is_some()
            && (j + 2..(j + 7).min(self.items.len())).any(|i| self.is(i, &["each", "every", "per"]));
        if every {
            // `the largest order of each customer`
            return false;
        }
        if plain_aggregate
            && self
                .items
                .get(self.skip(j + 1, &["number", "amount", "of", "the", "value", "and"]))
                .is_some_and(|i| i.col_score() >= 0.45 && self.table_like(i))
        {
            return false;
        }
        if let Some(n) = self.items.get(j + 1).and_then(|i| i.number).filter(|_| limit.is_none()) {
            // `the cheapest 3 products`
            limit = Some(n);
            self.read[j + 1] = true;
            j += 1;
        }
        let rows = limit.unwrap_or(1.0).clamp(1.0, 10_000.0) as u64;
        let k = self.skip(j + 1, &["the"]);
        self.rank_aggregate(k, degree.up, rows) || self.rank_target(j, degree, rows)
    }

    fn table_like(&self, item: &super::Item) -> bool {
        item.table_score() < item.col_score() + 0.05 || item.col_score() >= 0.95
    }

    fn rank_target(&mut self, j: usize, degree: Degree, limit: u64) -> bool {
        let mut k = self.skip(
            j + 1,
            &[
                "the",
                "one",
                "time",
                "single",
                "of",
                "amount",
                "value",
                "different",
                "total",
                "all",
                "in",
                "money",
            ],
        );
        let number_of =
            self.is(k, &["number", "amount", "count"]) || self.is(k.saturating_sub(2), &["number"]);
        k = self.skip(k, &["number", "of", "the", "amount", "count", "total", "different"]);
        let desc = degree.up;
        let item = self.items.get(k);
        let generic = degree.of.is_empty();
        let table = self.table_of(k, 0.55);
        let measured =
            item.filter(|i| i.col_score() >= 0.5 && i.col_score() + 0.04 >= i.table_score()).is_some();
        if let (true, false, Some(t)) = (generic, measured && table.is_none(), table)
            && (self.zone == Zone::Which || number_of || matches!(degree.word, "most" | "fewest"))
        {
            let one = !number_of
                && !matches!(degree.word, "most" | "least" | "fewest")
                && item.is_some_and(|i| i.lower == i.lemma);
            if let Some(col) = self.entity_measure(t, Agg::Max).filter(|_| one && self.focus() != Some(t)) {
                // `has the largest invoice`: by what it amounts to
                self.take(k + 1);
                self.rank_by(col, desc, limit, None);
                return true;
            }
            return self.rank_count(t, k, desc, limit, degree);
        }
        let typed = item.is_some_and(|i| {
            i.cols
                .iter()
                .any(|c| self.date_like(c.0) || (self.schema.col(c.0).numeric && !self.schema.col(c.0).key))
        });
        let speaks = item.is_some_and(|i| {
            i.cols.iter().any(|c| {
                self.schema.col(c.0).words.iter().any(|w| {
                    degree.of.contains(&w.lemma.as_str()) || degree.opposite.contains(&w.lemma.as_str())
                })
            })
        });
        if measured && (generic || (table.is_none() && typed && speaks)) {
            let owner = self.owner(k);
            if let Some(col) = self.pick_rank(k, owner, degree, number_of) {
                let pending_t = self.items[k].table_score();
                self.take(k + 1);
                if self.schema.col(col).numeric || self.date_like(col) || pending_t < 0.5 {
                    self.rank_by(col, desc, limit, owner);
                    return true;
                }
            }
        }
        // the superlative stands before an entity, or says it of a column read before
        if let Some(pending) = self.pending.take() {
            self.take(k.max(j + 1).min(j + 1));
            self.frame.order.push(Order { agg: pending.agg, what: What::Col(pending.col), desc });
            self.cut(limit);
            if pending.agg.is_some() {
                self.frame.groups.extend(self.frame.subject.map(What::Naming));
            }
            return true;
        }
        self.rank_entity(j, k, degree, limit)
    }

    fn pick_rank(&mut self, k: usize, owner: Option<usize>, degree: Degree, number_of: bool) -> Option<Cid> {
        let all = self.items.get(k)?.cols.clone();
        let numeric: Vec<_> = all
            .iter()
            .copied()
            .filter(|(c, _)| {
                let info = self.schema.col(*c);
                !info.key && (info.numeric || self.date_like(*c))
            })
            .collect();
        let _ = degree;
        if numeric.is_empty() {
            if number_of { None } else { self.choose(k, &all, owner) }
        } else {
            self.choose(k, &numeric, owner)
        }
    }

    fn rank_by(&mut self, col: Cid, desc: bool, limit: u64, owner: Option<usize>) {
        // `in the earliest year`: all rows of it, not one
        let before = (0..self.at).rev().find(|b| {
            !self.is(*b, &["the"]) && self.superlative_at(*b).is_none() && *b + 3 >= self.at.saturating_sub(1)
        });
        if self.negated && limit == 1 {
            self.compare_with(col, if desc { Agg::Max } else { Agg::Min });
            return;
        }
        let within = before.is_some_and(|b| self.is(b, &["in", "on", "during"]));
        if within && self.date_like(col) && limit == 1 && self.zone == Zone::Which {
            let agg = if desc { Agg::Max } else { Agg::Min };
            self.compare_with(col, agg);
            return;
        }
        if self.frame.subject.is_none() {
            self.frame.subject = Some(owner.unwrap_or(col.t));
        }
        self.frame.order.push(Order { agg: None, what: What::Col(col), desc });
        self.cut(limit);
        self.zone = Zone::Which;
        self.pending = None;
    }

    /// Sets the number of rows; `top 5 ... with the highest` has said it before.
    fn cut(&mut self, limit: u64) {
        let said = self.frame.limit.filter(|n| *n > 1 && limit == 1);
        self.frame.limit = Some(said.unwrap_or(limit));
    }

    fn compare_with(&mut self, col: Cid, agg: Agg) {
        use super::super::frame::{Op, Rhs};
        self.compare(col, Op::Eq, Rhs::Agg(agg, col));
    }

    /// `the most T`: entities ranked by how many rows of T they have.
    fn rank_count(&mut self, t: usize, k: usize, desc: bool, limit: u64, _degree: Degree) -> bool {
        self.flush();
        self.take(k + 1);
        if self.frame.subject.is_none_or(|s| s == t) && self.frame.select.is_empty() {
            self.frame.subject = Some(t);
        }
        self.mention(t);
        if self.frame.groups.is_empty() {
            self.group_by_shown(t);
        }
        self.frame.order.push(Order { agg: Some(Agg::Count), what: What::Rows(t), desc });
        self.cut(limit);
        self.zone = Zone::Which;
        true
    }

    /// Groups by the entity in question, or by the columns shown when those stand for it.
    pub(super) fn group_by_shown(&mut self, counted: usize) {
        let plain: Vec<What> = self.frame.select.iter().filter(|s| s.agg.is_none()).map(|s| s.what).collect();
        if plain.is_empty() {
            if let Some(subject) = self.frame.subject.filter(|s| *s != counted) {
                self.frame.groups.push(What::Naming(subject));
            }
            return;
        }
        let tables: Vec<usize> = plain
            .iter()
            .filter_map(|w| match w {
                What::Col(c) => Some(c.t),
                What::Naming(t) | What::Star(t) => Some(*t),
                What::Rows(_) => None,
            })
            .collect();
        let one = tables.first().copied().filter(|t| tables.iter().all(|x| x == t) && *t != counted);
        match one {
            Some(t) if self.schema.tables[t].pk.is_some() => self.frame.groups.push(What::Naming(t)),
            _ => self.frame.groups.extend(plain),
        }
    }

    /// `the youngest dog`: the attribute is in the word.
    fn rank_entity(&mut self, j: usize, k: usize, degree: Degree, limit: u64) -> bool {
        let value_table = self.items.get(k).and_then(|i| i.vals.first()).map(|v| v.col.t);
        let table = self.table_of(k, 0.55);
        let owner = self
            .items
            .get(k)
            .filter(|i| i.col_score() >= 0.6 && i.mark.is_none())
            .and_then(|i| i.cols.first())
            .map(|c| c.0.t);
        let target = table.or(value_table).or(owner).or(self.frame.subject);
        let Some(target) = target.or_else(|| (j..self.items.len()).find_map(|i| self.table_of(i, 0.55)))
        else {
            return false;
        };
        let Some((col, flipped)) = self.degree_column(target, degree) else { return false };
        if self.zone == Zone::Show && self.frame.select.is_empty() && self.frame.subject.is_none() {
            self.frame.subject = Some(target);
        }
        let related = self.frame.subject.is_some_and(|s| s != target)
            && self.frame.select.iter().any(|s| s.agg == Some(Agg::Count));
        if related {
            self.add_filter(Filter::Related(Related { tables: vec![target], ..Related::default() }));
        }
        self.frame.order.push(Order { agg: None, what: What::Col(col), desc: degree.up != flipped });
        self.cut(limit);
        let shows =
            table.is_some() && self.zone == Zone::Show && self.frame.select.is_empty() && !self.asking;
        if let Some(t) = table {
            let possessive = self.items[k].possessive;
            let followed = self.items.get(k + 1).is_some_and(|i| i.col_score() > 0.6);
            if shows && !possessive && !followed {
                self.show(None, What::Naming(t));
            }
            self.mention(t);
            self.take(k + 1);
        } else if self.frame.select.is_empty() && !self.asking {
            self.take(j + 1);
        } else {
            self.take(if owner.is_some() && value_table.is_none() { k + 1 } else { j + 1 });
            self.zone = Zone::Which;
        }
        true
    }

    /// The column that a degree word measures, in the table or next to it; true: it runs the other way.
    pub(super) fn degree_column(&self, table: usize, degree: Degree) -> Option<(Cid, bool)> {
        let mut reach: Vec<(usize, f64)> =
            super::super::join::distances(self.schema, table).into_iter().filter(|d| d.1 < 4.0).collect();
        reach.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let mut near: Vec<usize> = reach.into_iter().map(|r| r.0).collect();
        let concepts = match degree.word {
            "highest" | "lowest" | "higher" | "lower" => HEIGHTS,
            _ if degree.of.is_empty() => SIZES,
            _ => degree.of,
        };
        if degree.of.is_empty() {
            near.truncate(1);
        }
        if concepts.contains(&"created")
            && let Some(c) = self.event_column(table, self.at)
            && self.schema.concept(table, &["date", "year"]).is_none()
        {
            return Some((Cid { t: table, c }, false));
        }
        for t in near {
            if let Some(c) = self.schema.concept(t, concepts) {
                return Some((Cid { t, c }, false));
            }
            if let Some(c) = self.schema.concept(t, degree.opposite) {
                return Some((Cid { t, c }, true));
            }
        }
        None
    }
}
