//! The end of reading: fills in what the question left unsaid.

use super::super::frame::{Agg, Order, Sel, What};
use super::{Parser, Zone};

impl Parser<'_, '_> {
    pub(super) fn finish(&mut self) {
        self.flush();
        self.show_loose();
        if self.frame.select.is_empty()
            && let Some(subject) = self.frame.subject.or_else(|| self.frame.mentioned.first().copied())
        {
            self.show(None, What::Naming(subject));
        }
        self.frame.distinct |= std::mem::take(&mut self.distinct_next);
        self.settle_period();
        self.extreme_with_attributes();
        self.settle_groups();
        self.drop_doubles();
        self.show_nameless();
        if self.frame.subject.is_none() {
            self.frame.subject = self.frame.select.first().map(|s| match s.what {
                What::Col(c) => c.t,
                What::Naming(t) | What::Star(t) | What::Rows(t) => t,
            });
        }
    }

    /// `how many are there?` after a list: the same rows, counted.
    pub(crate) fn count_rows(&mut self) {
        let Some(subject) = self.frame.subject.filter(|_| self.frame.groups.is_empty()) else { return };
        if self.frame.limit.is_some() || self.frame.select.iter().any(|s| s.agg.is_some()) {
            return;
        }
        self.frame.order.clear();
        self.frame.distinct = false;
        self.frame.select = vec![Sel { agg: Some(Agg::Count), what: What::Rows(subject), distinct: false }];
    }

    /// Rows that nothing names are shown whole: a bare key tells a reader nothing.
    fn show_nameless(&mut self) {
        let [Sel { agg: None, what: What::Naming(t), distinct: false }] = self.frame.select[..] else {
            return;
        };
        let info = &self.schema.tables[t];
        let bare = info.naming.iter().all(|&c| info.columns[c].key || Some(c) == info.pk);
        if bare && self.frame.groups.is_empty() && !self.frame.distinct && info.columns.len() <= 40 {
            self.frame.select[0].what = What::Star(t);
        }
    }

    /// Columns that nothing was said about are shown when nothing else is.
    fn show_loose(&mut self) {
        let loose = std::mem::take(&mut self.loose);
        if self.frame.select.is_empty() && self.zone == Zone::Which {
            for col in loose.into_iter().take(4) {
                self.show(None, What::Col(col));
            }
        }
    }

    /// `the maximum X and the Y of it`: the row that has the maximum.
    fn extreme_with_attributes(&mut self) {
        let aggs: Vec<Sel> = self.frame.select.iter().filter(|s| s.agg.is_some()).copied().collect();
        let [only] = aggs[..] else { return };
        let plain = self.frame.select.len() > 1;
        let (Some(agg @ (Agg::Max | Agg::Min)), What::Col(col), true) =
            (only.agg, only.what, plain && self.frame.groups.is_empty() && self.frame.order.is_empty())
        else {
            return;
        };
        let descriptive = self
            .frame
            .select
            .iter()
            .any(|s| s.agg.is_none() && matches!(s.what, What::Col(c) if self.schema.col(c).numeric));
        let _ = descriptive;
        for sel in &mut self.frame.select {
            sel.agg = None;
        }
        self.frame.order.push(Order { agg: None, what: What::Col(col), desc: agg == Agg::Max });
        self.frame.limit = Some(1);
    }

    fn settle_groups(&mut self) {
        let counts = self.aggregated() || self.frame.order.iter().any(|o| o.agg.is_some());
        let groups = std::mem::take(&mut self.frame.groups);
        if !counts {
            return;
        }
        for group in groups {
            if !self.frame.groups.contains(&group) {
                self.frame.groups.push(group);
            }
        }
        let plain = self.frame.select.iter().any(|s| s.agg.is_none());
        if self.frame.groups.is_empty() && plain {
            let counted = self.frame.select.iter().find_map(|s| match s.what {
                What::Rows(t) => Some(t),
                _ => None,
            });
            let counted = counted.or_else(|| {
                self.frame.order.iter().find_map(|o| match o.what {
                    What::Rows(t) => Some(t),
                    _ => None,
                })
            });
            self.group_by_shown(counted.unwrap_or(usize::MAX));
        }
        if self.aggregated() && self.frame.limit.is_none() || !plain {
            self.show_groups();
        }
    }

    /// The result names what it is grouped by.
    fn show_groups(&mut self) {
        for group in self.frame.groups.clone() {
            let shown = self.frame.select.iter().any(|s| {
                s.agg.is_none()
                    && match (group, s.what) {
                        (What::Col(a), What::Col(b)) => {
                            a == b
                                || self
                                    .schema
                                    .col(a)
                                    .column
                                    .name
                                    .eq_ignore_ascii_case(&self.schema.col(b).column.name)
                        }
                        (What::Naming(t), What::Col(c)) => c.t == t,
                        (What::Col(c), What::Naming(t)) => {
                            c.t == t && self.schema.tables[t].naming.contains(&c.c)
                        }
                        (a, b) => a == b,
                    }
            });
            if !shown {
                self.frame.select.insert(0, Sel { agg: None, what: group, distinct: false });
            }
        }
    }

    /// An entity is not named beside its own naming column or beside all its columns.
    fn drop_doubles(&mut self) {
        let select = self.frame.select.clone();
        self.frame.select.retain(|s| match s.what {
            What::Naming(t) if s.agg.is_none() => {
                let own = |o: &Sel| match o.what {
                    What::Col(c) => {
                        c.t == t && self.schema.tables[t].naming.contains(&c.c) && o.agg.is_none()
                    }
                    What::Star(x) => x == t,
                    _ => false,
                };
                !select.iter().any(own)
            }
            _ => true,
        });
    }
}
