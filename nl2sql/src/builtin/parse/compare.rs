//! Comparisons: with numbers, dates, averages, other rows; and counts of related rows.

use super::super::degrees::{COMPARATIVES, Degree};
use super::super::frame::{Agg, Cond, Filter, Op, Rhs};
use super::{Cid, Parser, Zone};

/// A comparison word with what follows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparison {
    pub op: Op,
    /// First item after the words of comparison.
    pub after: usize,
    pub degree: Option<Degree>,
}

impl Parser<'_, '_> {
    /// The comparison that starts at an item.
    pub(super) fn comparison(&self, at: usize) -> Option<Comparison> {
        let words = |list: &[&str], from: usize| {
            list.iter().enumerate().all(|(i, w)| self.items.get(from + i).is_some_and(|x| x.lower == *w))
        };
        let fixed: [(&[&str], Op); 12] = [
            (&["at", "least"], Op::GtEq),
            (&["at", "most"], Op::LtEq),
            (&["no", "less", "than"], Op::GtEq),
            (&["no", "fewer", "than"], Op::GtEq),
            (&["no", "more", "than"], Op::LtEq),
            (&["not", "more", "than"], Op::LtEq),
            (&["not", "less", "than"], Op::GtEq),
            (&["no", "later", "than"], Op::LtEq),
            (&["no", "earlier", "than"], Op::GtEq),
            (&["up", "to"], Op::LtEq),
            (&["exactly"], Op::Eq),
            (&["equal", "to"], Op::Eq),
        ];
        for (list, op) in fixed {
            if words(list, at) && self.value_near(at + list.len()) {
                return Some(Comparison { op, after: at + list.len(), degree: None });
            }
        }
        let item = self.items.get(at)?;
        if let Some(mark) = item.mark.filter(|m| matches!(m, '<' | '>' | '=')) {
            let equal = self.items.get(at + 1).is_some_and(|i| i.mark == Some('='));
            let op = match (mark, equal) {
                ('<', true) => Op::LtEq,
                ('<', false) => Op::Lt,
                ('>', true) => Op::GtEq,
                ('>', false) => Op::Gt,
                _ => Op::Eq,
            };
            return Some(Comparison { op, after: at + 1 + usize::from(equal), degree: None });
        }
        if words(&["since"], at) && self.items.get(at + 1).is_some_and(|i| i.number.is_some()) {
            return Some(Comparison {
                op: Op::GtEq,
                after: at + 1,
                degree: COMPARATIVES.iter().find(|d| d.word == "after").copied(),
            });
        }
        let degree =
            COMPARATIVES.iter().find(|d| item.end == item.start + 1 && d.word == item.lower).copied()?;
        let mut degree = degree;
        let mut after = at + 1;
        if self.is(after, &["expensive", "recent"]) {
            if let Some(named) = self.superlative_at(after) {
                degree = Degree { up: degree.up, ..named };
            }
            after += 1;
        }
        let mut op = if degree.up { Op::Gt } else { Op::Lt };
        after = self.skip(after, &["than", "to"]);
        if words(&["or", "equal", "to"], after)
            || words(&["or", "in"], after)
            || words(&["or", "equal"], after)
        {
            after = self.skip(after, &["or", "equal", "to", "in", "than"]);
            op = if degree.up { Op::GtEq } else { Op::LtEq };
        }
        // `a greater weight than 10`, `a larger accelerate than the car`
        let middle =
            self.items.get(after).is_some_and(|i| i.col_score() >= 0.45) && self.is(after + 1, &["than"]);
        let reach = if middle { after + 2 } else { after };
        self.value_near(reach).then_some(Comparison { op, after, degree: Some(degree) })
    }

    /// Whether a number, a value or an aggregate stands at or right after an item.
    fn value_near(&self, at: usize) -> bool {
        let j = self.skip(at, &["the", "a", "an", "of", "year", "age", "that", "all", "than"]);
        let Some(item) = self.items.get(j) else { return false };
        item.number.is_some()
            || item.quoted
            || item.val_score() > 0.8
            || self.is(
                j,
                &[
                    "average", "mean", "avg", "maximum", "minimum", "lowest", "highest", "any", "single",
                    "largest", "smallest", "one",
                ],
            )
            || self.named_row(j).is_some()
    }

    /// `the car with the largest X`: where the superlative stands.
    fn named_row(&self, j: usize) -> Option<usize> {
        let start = self.table_of(j, 0.55).is_some() || self.is(j, &["one", "that", "those"]);
        if !start {
            return None;
        }
        let k = self.skip(j + 1, &["with", "the", "that", "have", "who", "of"]);
        (k > j + 1 && self.superlative_at(k).is_some()).then_some(k)
    }

    /// A comparison, with its column before, inside or after it.
    pub(super) fn compare_phrase(&mut self) -> bool {
        if self.between() {
            return true;
        }
        if self.items[self.at].number.is_some() {
            return self.number_phrase(self.at, Op::Eq, None, self.at);
        }
        let Some(comparison) = self.comparison(self.at) else { return false };
        let mut column = None;
        let mut j = comparison.after;
        if self.items.get(j).is_some_and(|i| i.col_score() >= 0.45 && i.number.is_none())
            && self.is(j + 1, &["than"])
        {
            let owner = self.owner(j);
            column = self.pick_numeric(j, owner);
            j += 2;
        }
        // `under age 30`
        let inner = self.items.get(j).is_some_and(|i| i.col_score() >= 0.6 && i.number.is_none())
            && self.items.get(j + 1).is_some_and(|i| i.number.is_some());
        if inner && column.is_none() {
            let near = self.nearest_table(j);
            column = self.pick_numeric(j, near);
            j += 1;
        }
        if self.zone == Zone::Show && self.frame_started() {
            self.zone = Zone::Which;
        }
        j = self.skip(j, &["than", "the", "a", "an", "of", "year", "all", "to"]);
        if let Some(k) = self.named_row(j) {
            return self.compare_row(j, k, comparison, column);
        }
        if self.items.get(j).is_some_and(|i| i.number.is_some()) {
            if let Some(col) = column {
                let value = self.items[j].number.unwrap_or_default();
                self.take(j + 1);
                self.compare(col, comparison.op, Rhs::Number(value));
                return true;
            }
            return self.number_phrase(j, comparison.op, comparison.degree, comparison.after);
        }
        if self.is(j, &["single"]) {
            return self.counted(j + 1, comparison.op, 1.0);
        }
        self.compare_other(j, comparison, column)
    }

    fn between(&mut self) -> bool {
        let at = self.at;
        if !self.is(at, &["between", "from"]) {
            return false;
        }
        let a = self.skip(at + 1, &["the", "year", "years"]);
        let b = self.skip(a + 1, &["and", "to", "year", "the"]);
        let (Some(low), Some(high)) =
            (self.items.get(a).and_then(|i| i.number), self.items.get(b).and_then(|i| i.number))
        else {
            return false;
        };
        if b == a + 1 {
            return false;
        }
        let column = self
            .pending
            .take()
            .map(|p| p.col)
            .or_else(|| self.column_after(b))
            .or_else(|| self.of_unit(b + 1))
            .or_else(|| if (1000.0..3000.0).contains(&low) { self.year_column(low) } else { None });
        let Some(col) = column else { return false };
        let unit = self.items.get(b + 1).is_some_and(|i| super::money::UNITS.contains(&i.lower.as_str()));
        self.take(b + 1 + usize::from(unit));
        self.compare(col, Op::Eq, Rhs::Between(low, high));
        true
    }

    fn column_after(&mut self, at: usize) -> Option<Cid> {
        let item = self.items.get(at + 1)?;
        if item.col_score() < 0.5 || item.quoted {
            return None;
        }
        self.pick_numeric(at + 1, None)
    }

    /// Adds a condition, negated if the clause is, in the related rows if those are meant.
    pub(super) fn compare(&mut self, col: Cid, op: Op, rhs: Rhs) {
        self.pending = self.pending.filter(|p| p.col != col);
        if self.frame_started() {
            self.zone = Zone::Which;
        }
        let sink = self.sink;
        if let Some((Filter::Related(related), _)) = sink.and_then(|s| self.frame.filters.get_mut(s)) {
            let own = self.frame.subject == Some(col.t) && !related.tables.contains(&col.t);
            if !own {
                let or = std::mem::take(&mut self.next_or) && !related.conds.is_empty();
                related.conds.push((Cond { col, op, rhs }, or));
                return;
            }
        }
        let op = if self.negated { op.not() } else { op };
        self.add_filter(Filter::Cond(Cond { col, op, rhs }));
    }

    /// Against an average, an extreme, a row, a date or a text.
    fn compare_other(&mut self, j: usize, comparison: Comparison, column: Option<Cid>) -> bool {
        let agg = match self.items.get(j).map(|i| i.lower.as_str()) {
            Some("average" | "mean" | "avg") => Some(Agg::Avg),
            Some("maximum" | "highest" | "largest" | "all" | "every") => Some(Agg::Max),
            Some("minimum" | "lowest" | "smallest" | "any") => Some(Agg::Min),
            _ => None,
        };
        if let Some(agg) = agg {
            let mut k = self.skip(j + 1, &["number", "of", "the"]);
            let mut col = column.or(self.pending.map(|p| p.col));
            let near = self.nearest_table(self.at).or(self.frame.subject);
            let entity = self.table_of(k, 0.8).is_some_and(|t| Some(t) == near);
            if entity {
                k += 1;
            } else if self.items.get(k).is_some_and(|i| i.col_score() >= 0.5) {
                let hint = col.map(|c| c.t);
                col = self.pick_numeric(k, hint).filter(|c| !self.schema.col(*c).key).or(col);
                k += 1;
            }
            if entity && self.is(k, &["of"]) && self.is(k + 1, &["all"]) {
                k += 2 + usize::from(self.table_of(k + 2, 0.6).is_some());
            }
            let by_word = || {
                comparison
                    .degree
                    .filter(|d| !d.of.is_empty())
                    .and_then(|d| self.degree_column(near?, d))
                    .map(|c| c.0)
            };
            let Some(col) = col.or_else(by_word) else { return false };
            self.take(k.max(j + 1));
            self.compare(col, comparison.op, Rhs::Agg(agg, col));
            return true;
        }
        let Some(item) = self.items.get(j) else { return false };
        let text = if item.quoted {
            item.text.clone()
        } else {
            item.vals.first().map(|v| v.value.clone()).unwrap_or_default()
        };
        let Some(pending) = self.pending.take().filter(|p| !text.is_empty() && self.date_like(p.col)) else {
            return false;
        };
        self.take(j + 1);
        self.compare(pending.col, comparison.op, Rhs::Text(text));
        true
    }

    fn compare_row(&mut self, _j: usize, k: usize, comparison: Comparison, column: Option<Cid>) -> bool {
        let Some(degree) = self.superlative_at(k) else { return false };
        let m = self.skip(k + 1, &["the", "amount", "of", "number"]);
        let by = if self.items.get(m).is_some_and(|i| i.col_score() >= 0.5) {
            self.pick_numeric(m, None)
        } else {
            None
        };
        let near = self.nearest_table(self.at).or(self.frame.subject);
        let col = column
            .or(self.pending.map(|p| p.col))
            .or_else(|| comparison.degree.and_then(|d| self.degree_column(near?, d)).map(|c| c.0));
        let (Some(col), Some(by)) = (col, by) else { return false };
        self.take(m + 1);
        self.compare(col, comparison.op, Rhs::Ranked { col, by, desc: degree.up });
        true
    }
}
