//! The values that most, or fewest, rows have: `the most common X`, `the rarest X`.

use super::super::frame::{Agg, Filter, Order, What};
use super::{Cid, Parser, Zone};

impl Parser<'_, '_> {
    pub(super) fn most_common(&mut self, j: usize, limit: Option<f64>) -> bool {
        let desc = !self.is(j, &["rarest", "least"]);
        let mut k = if self.is(j, &["rarest"]) { j + 1 } else { j + 2 };
        k = self.skip(k, &["used", "type", "kind"]).min(self.items.len());
        let back = || {
            (0..self.at)
                .rev()
                .find(|b| self.items[*b].col_score() > 0.6 || self.items[*b].table_score() > 0.6)
        };
        let target = if self.items.get(k).is_some_and(|i| i.col_score().max(i.table_score()) > 0.5) {
            Some(k)
        } else {
            back()
        };
        let Some(mut target) = target else { return false };
        if let Some(t) = self.table_of(target, 0.6).filter(|_| target > self.at) {
            // `payment method`: the entity only says whose
            let own = self.items.get(target + 1).is_some_and(|i| {
                i.mark.is_none() && i.cols.iter().any(|c| c.0.t == t && c.1 >= 0.85) && i.table_score() < 0.6
            });
            target += usize::from(own);
        }
        let what = match self.table_of(target, 0.7) {
            Some(t) => What::Naming(t),
            None => match self.pick(target, None) {
                Some(col) => What::Col(col),
                None => return false,
            },
        };
        let attached = self.zone == Zone::Which || self.frame.select.iter().any(|s| s.what != what);
        if let (true, Some(subject)) = (attached && target > self.at, self.frame.subject) {
            let col = match what {
                What::Col(c) => Some(c),
                What::Naming(t) => self.reference(subject, t),
                _ => None,
            };
            if let Some(col) = col {
                let cond = super::super::frame::Cond {
                    col,
                    op: super::super::frame::Op::Eq,
                    rhs: super::super::frame::Rhs::Common { col, desc },
                };
                self.add_filter(Filter::Cond(cond));
                self.take(target + 1);
                return true;
            }
        }
        if !attached {
            self.show(None, what);
        }
        if !self.frame.groups.contains(&what) {
            self.frame.groups.push(what);
        }
        self.frame.order.push(Order { agg: Some(Agg::Count), what, desc });
        self.frame.limit = Some(limit.unwrap_or(1.0).max(1.0) as u64);
        self.take(if target > self.at { target + 1 } else { k });
        true
    }

    /// The column of `from` that refers to `to`.
    pub(super) fn reference(&self, from: usize, to: usize) -> Option<Cid> {
        let edge = self.schema.edges.iter().find(|e| e.from == from && e.to == to && e.pairs.len() == 1)?;
        Some(Cid { t: from, c: edge.pairs[0].0 })
    }
}
