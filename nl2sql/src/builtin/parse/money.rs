//! Measures of an entity that only a verb or the entity itself gives away: `spent`, `revenue`, `the average order`.

use super::super::frame::{Agg, Filter, Having, Order, What};
use super::{Cid, Parser, Zone};

/// Units that may follow a number.
pub(super) const UNITS: &[&str] = &[
    "euro",
    "euros",
    "eur",
    "usd",
    "gbp",
    "dollar",
    "dollars",
    "pound",
    "pounds",
    "gram",
    "grams",
    "g",
    "kg",
    "kilogram",
    "kilograms",
    "kilo",
    "kilos",
    "lbs",
    "percent",
    "cm",
    "mm",
    "km",
    "meter",
    "meters",
    "metres",
    "kilometers",
    "miles",
    "minutes",
    "hours",
    "seconds",
    "pieces",
    "units",
    "€",
    "$",
];

const MONEY: &[&str] = &["total", "amount", "revenue", "sales", "price", "cost", "fee"];

impl Parser<'_, '_> {
    /// A numeric column of a table for one of the words, best first.
    fn numeric_concept(&self, t: usize, words: &[&str]) -> Option<Cid> {
        let columns = &self.schema.tables[t].columns;
        words.iter().find_map(|word| {
            let fits = |c: &super::super::schema::ColumnInfo<'_>| {
                c.numeric && !c.key && c.words.last().is_some_and(|w| w.lemma == *word)
            };
            columns.iter().position(fits).map(|c| Cid { t, c })
        })
    }

    /// What is computed when an aggregate stands before an entity.
    pub(super) fn entity_measure(&self, t: usize, agg: Agg) -> Option<Cid> {
        let words: &[&str] = match agg {
            Agg::Sum => &["total", "amount", "revenue", "sales", "value"],
            _ => &["total", "amount", "star", "rating", "score", "grade", "revenue", "value", "price"],
        };
        self.numeric_concept(t, words)
    }

    /// The column whose name or comment has the unit of a number.
    pub(super) fn of_unit(&mut self, at: usize) -> Option<Cid> {
        let unit = self.items.get(at).filter(|i| UNITS.contains(&i.lower.as_str()))?;
        let said = unit.lower.clone();
        let lemma = unit.lemma.clone();
        let subject = self.focus()?;
        let money = matches!(lemma.as_str(), "euro" | "eur" | "usd" | "gbp" | "dollar" | "€" | "$");
        let named = self.schema.tables[subject]
            .columns
            .iter()
            .position(|c| c.numeric && !c.key && c.words.iter().any(|w| w.lemma == lemma || w.lemma == said));
        let named = named.map(|c| Cid { t: subject, c });
        named.or_else(|| {
            if money {
                self.numeric_concept(subject, &["price", "total", "amount", "cost", "salary"])
            } else {
                None
            }
        })
    }

    /// The money that rows belonging to a table carry, nearest first.
    fn money_of(&self, t: usize) -> Option<Cid> {
        let mut near: Vec<(usize, f64)> = super::super::join::distances(self.schema, t)
            .into_iter()
            .filter(|d| d.1 < 3.5 && d.0 != t)
            .collect();
        near.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        near.iter()
            .filter(|n| self.many_to(t, n.0))
            .find_map(|n| self.numeric_concept(n.0, &["total", "amount", "revenue"]))
    }

    /// `spent the most`, `spent more than 1000 in total`.
    pub(super) fn spend_phrase(&mut self) -> bool {
        let at = self.at;
        let verb = self.items.get(at).is_some_and(|i| {
            matches!(i.lower.as_str(), "spend" | "spent" | "spends")
                && i.table_score().max(i.col_score()) < 0.6
        });
        let Some(subject) = self.focus().filter(|_| verb) else { return false };
        let Some(col) = self.money_of(subject) else { return false };
        if let Some(degree) = self.superlative_at(self.skip(at + 1, &["the"])) {
            let end = self.skip(at + 1, &["the"]) + 1;
            let end = self.skip(end, &["money", "amount", "in", "total", "overall"]);
            self.flush();
            self.take(end);
            self.group_by_shown(col.t);
            self.frame.order.push(Order { agg: Some(Agg::Sum), what: What::Col(col), desc: degree.up });
            self.frame.limit = self.frame.limit.or(Some(1));
            self.zone = Zone::Which;
            return true;
        }
        let Some(comparison) = self.comparison(at + 1) else { return false };
        let j = self.skip(comparison.after, &["than", "a", "total", "of"]);
        let Some(value) = self.items.get(j).and_then(|i| i.number) else { return false };
        let mut end = j + 1;
        while self.items.get(end).is_some_and(|i| UNITS.contains(&i.lower.as_str())) {
            end += 1;
        }
        let end = self.skip(end, &["in", "total", "overall", "altogether"]);
        self.flush();
        self.take(end);
        let having = Having { agg: Agg::Sum, what: What::Col(col), op: comparison.op, value };
        self.add_filter(Filter::Having(having));
        self.zone = Zone::Which;
        true
    }

    /// `the highest average X`, `the best average review`: entities ranked by an aggregate.
    pub(super) fn rank_aggregate(&mut self, k: usize, desc: bool, limit: u64) -> bool {
        let agg = match self.items.get(k).map(|i| i.lower.as_str()) {
            Some("average" | "avg" | "mean") => Agg::Avg,
            Some("total" | "combined" | "summed") => Agg::Sum,
            _ => return false,
        };
        let j = self.skip(k + 1, &["the", "of", "number"]);
        let Some((col, end)) = self.aggregated_noun(j, agg) else { return false };
        if agg == Agg::Sum
            && self.focus() == Some(col.t)
            && self.frame.select.iter().all(|s| matches!(s.what, What::Naming(_)))
        {
            return false;
        }
        if self.frame.select.is_empty() && self.frame.subject.is_none() {
            return false;
        }
        self.flush();
        self.take(end);
        if self.frame.groups.is_empty() {
            self.group_by_shown(col.t);
        }
        self.frame.order.push(Order { agg: Some(agg), what: What::Col(col), desc });
        self.frame.limit = Some(self.frame.limit.filter(|n| *n > 1).unwrap_or(limit));
        self.zone = Zone::Which;
        true
    }

    /// The measure that a noun after an aggregate means, and the item after it: a column, or what an entity carries.
    pub(super) fn aggregated_noun(&mut self, j: usize, agg: Agg) -> Option<(Cid, usize)> {
        let numeric = |p: &Self, c: Cid| p.schema.col(c).numeric && !p.schema.col(c).key;
        let item = self.items.get(j)?;
        let best = item.cols.iter().filter(|c| numeric(self, c.0)).map(|c| c.1).fold(0.0, f64::max);
        if let Some(t) = self.table_of(j, 0.6).filter(|_| best + 0.1 < item.table_score()) {
            // `order total`, `product price`: the entity says whose
            let next = self.items.get(j + 1).filter(|i| i.mark.is_none() && !i.quoted);
            let own =
                next.and_then(|i| i.cols.iter().find(|c| c.0.t == t && c.1 >= 0.45 && numeric(self, c.0)));
            if let Some(own) = own {
                return Some((own.0, j + 2));
            }
            if next.is_some_and(|i| i.lower == "value" || i.lower == "size") {
                return self.entity_measure(t, agg).map(|c| (c, j + 2));
            }
            return self.entity_measure(t, agg).map(|c| (c, j + 1));
        }
        if best >= 0.6 {
            let cols: Vec<(Cid, f64)> = item.cols.iter().copied().filter(|c| numeric(self, c.0)).collect();
            let owner = self.owner(j).or_else(|| self.sold(j));
            return self.choose(j, &cols, owner).map(|c| (c, j + 1));
        }
        let money = matches!(item.lower.as_str(), "revenue" | "sales" | "turnover" | "spending" | "income");
        if !money {
            return None;
        }
        let subject = self.focus();
        let of = |p: &Self, t: usize| p.numeric_concept(t, MONEY).or_else(|| p.money_of(t));
        let all = 0..self.schema.tables.len().min(300);
        let col = subject
            .and_then(|t| of(self, t))
            .or_else(|| all.clone().find_map(|t| self.numeric_concept(t, &["revenue", "total"])))
            .or_else(|| all.clone().find_map(|t| self.numeric_concept(t, &["amount"])))?;
        Some((col, j + 1))
    }

    /// `quantity sold` is of what was ordered, `quantity on stock` of what lies there.
    fn sold(&self, j: usize) -> Option<usize> {
        let k = self.skip(j + 1, &["on", "in"]);
        let wanted: &[&str] = match self.items.get(k)?.lower.as_str() {
            "sold" | "ordered" | "purchased" | "bought" => &["order", "sale", "purchase", "invoice"],
            "stock" => &["stock", "inventory"],
            _ => return None,
        };
        let item = self.items.get(j)?;
        item.cols
            .iter()
            .map(|c| c.0.t)
            .find(|t| self.schema.tables[*t].words.iter().any(|w| wanted.contains(&w.lemma.as_str())))
    }
}
