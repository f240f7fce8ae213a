//! Sorting: `sorted by X`, `in descending order of X`, `from oldest to youngest`.

use super::super::degrees::Degree;
use super::super::frame::{Agg, Order, What};
use super::{Parser, Zone};

impl Parser<'_, '_> {
    /// `sorted by X`, `in descending order of X`, `alphabetically`.
    pub(super) fn order_phrase(&mut self) -> bool {
        if self.first_phrase() {
            return true;
        }
        let at = self.at;
        let j = self.skip(at, &["and"]);
        let verb = self.is(
            j,
            &["sorted", "ordered", "order", "sort", "arranged", "ranked", "ordering", "sorting", "rank"],
        ) && (self.is(
            self.skip(
                j + 1,
                &["descending", "ascending", "it", "them", "the", "result", "in", "results", "descendingly"],
            ),
            &["by", "alphabetically", "from", "alphabetical", "according"],
        ) || self.is(j + 1, &["alphabetically", "in", "from", "descending", "ascending"]));
        let in_order = self.is(j, &["in"])
            && (j + 1..j + 6).any(|k| self.is(k, &["order"]))
            && (j + 1..j + 3).any(|k| {
                self.is(
                    k,
                    &[
                        "ascending",
                        "descending",
                        "alphabetical",
                        "the",
                        "order",
                        "increasing",
                        "decreasing",
                        "reverse",
                        "chronological",
                        "lexicographical",
                    ],
                )
            });
        let bare = self.is(j, &["alphabetically", "descending", "ascending"]) && self.frame_started();
        let top = self.is(j, &["by"]) && self.frame.limit.is_some() && self.frame.order.is_empty();
        let by = (self.is(j, &["by"]) && self.sorting) || top;
        let from_to =
            self.is(j, &["from"]) && self.superlative_at(j + 1).is_some() && self.is(j + 2, &["to"]);
        if !(verb || in_order || bare || by || from_to) {
            return false;
        }
        self.flush();
        self.sorting = false;
        self.order_targets(j, top)
    }

    /// `largest first`, `most expensive first`, `highest salary first`.
    fn first_phrase(&mut self) -> bool {
        let at = self.skip(self.at, &["the", "with", "from"]);
        let Some(mut degree) = self.superlative_at(at).filter(|_| self.frame_started()) else { return false };
        let mut end = at + 1;
        if matches!(degree.word, "most" | "least")
            && let Some(next) = self.superlative_at(end)
        {
            degree = Degree { up: next.up == (degree.word == "most"), ..next };
            end += 1;
        }
        let named = self.items.get(end).is_some_and(|i| i.col_score() >= 0.5) && self.is(end + 1, &["first"]);
        if !named && !self.is(end, &["first"]) {
            return false;
        }
        self.flush();
        let (what, desc) = match (named, self.focus()) {
            (true, focus) => (self.pick(end, focus).map(|c| (None, What::Col(c))), degree.up),
            (false, Some(t)) if !degree.of.is_empty() => {
                let found = self.degree_column(t, degree);
                (found.map(|f| (None, What::Col(f.0))), found.map_or(degree.up, |f| degree.up != f.1))
            }
            _ => (self.measure_shown(), degree.up),
        };
        let Some((agg, what)) = what else { return false };
        self.take(end + 1 + usize::from(named));
        self.frame.order.push(Order { agg, what, desc });
        true
    }

    /// The figure that is shown: an aggregate, or the only number among the columns.
    fn measure_shown(&self) -> Option<(Option<Agg>, What)> {
        let figure =
            |w: What| matches!(w, What::Col(c) if self.schema.col(c).numeric && !self.schema.col(c).key);
        let select = &self.frame.select;
        let found =
            select.iter().find(|s| s.agg.is_some()).or_else(|| select.iter().find(|s| figure(s.what)));
        found.map(|s| (s.agg, s.what))
    }

    /// Whether a mark ends what is sorted by; a comma does once something was named, unless a direction follows.
    fn ends_order(&self, k: usize, named: bool) -> bool {
        let Some(mark) = self.items[k].mark else { return false };
        if mark != ',' {
            return true;
        }
        let first = self.superlative_at(k + 1).is_some() && self.is(k + 2, &["first"]);
        named && !first && !self.is(k + 1, &["ascending", "descending", "from", "then"])
    }

    pub(super) fn order_targets(&mut self, from: usize, top: bool) -> bool {
        let mut desc = top;
        let mut targets: Vec<(Option<Agg>, What)> = Vec::new();
        let mut k = from;
        let mut alphabetical = false;
        while k < self.items.len() {
            let lower = self.items[k].lower.clone();
            if let Some(up) = self.superlative_at(k).filter(|_| self.is(k + 1, &["first"])).map(|d| d.up) {
                desc = up;
                self.read[k] = true;
                self.read[k + 1] = true;
                k += 2;
                continue;
            }
            match lower.as_str() {
                "sorted" | "ordered" | "order" | "sort" | "arranged" | "ranked" | "ordering" | "sorting"
                | "rank"
                    if k <= from + 1 => {}
                "descending" | "decreasing" | "reverse" | "desc" => desc = true,
                "alphabetical" | "alphabetically" => alphabetical = true,
                "from" if self.superlative_at(k + 1).is_some() || self.is(k + 1, &["high"]) => {
                    let first = self.superlative_at(k + 1);
                    desc = first.is_none_or(|d| d.up);
                    if let (Some(d), true) = (first, targets.is_empty()) {
                        let column = self
                            .frame
                            .subject
                            .and_then(|s| self.degree_column(s, d))
                            .filter(|_| !d.of.is_empty());
                        if let Some((col, flipped)) = column {
                            targets.push((None, What::Col(col)));
                            desc = d.up != flipped;
                        }
                    }
                    k += 3;
                }
                "frequency" | "count" => {
                    let what = self.frame.select.iter().find(|s| s.agg.is_none()).map(|s| s.what);
                    if let Some(what) = what {
                        self.frame.groups.push(what);
                        targets.push((Some(Agg::Count), what));
                    }
                }
                "which" | "who" | "that" | "whose" | "with" | "show" | "return" | "list" | "give"
                    if k > from =>
                {
                    break;
                }
                "average" | "total" | "maximum" | "minimum" => {
                    let agg = self.aggregate_at(k);
                    let noun = agg.and_then(|a| self.aggregated_noun(self.skip(k + 1, &["of", "the"]), a));
                    if let Some((col, end)) = noun {
                        targets.push((agg, What::Col(col)));
                        for read in &mut self.read[k..end] {
                            *read = true;
                        }
                        k = end - 1;
                    }
                }
                "number"
                    if self.is(k + 1, &["of"])
                        && self.table_of(self.skip(k + 2, &["the"]), 0.7).is_some() =>
                {
                    let at = self.skip(k + 2, &["the"]);
                    if let Some(t) = self.table_of(at, 0.7) {
                        self.mention(t);
                        self.group_by_shown(t);
                        targets.push((Some(Agg::Count), What::Rows(t)));
                        k = at;
                    }
                }
                _ => {
                    let item = &self.items[k];
                    if self.ends_order(k, !targets.is_empty()) {
                        break;
                    }
                    if item.col_score() >= 0.5
                        && item.col_score() + 0.1 >= item.table_score()
                        && targets.len() < 3
                    {
                        let owner = self.owner(k);
                        if let Some(col) = self.pick(k, owner) {
                            targets.push((None, What::Col(col)));
                        }
                    } else if let Some(t) = self.table_of(k, 0.55) {
                        self.mention(t);
                    } else if item.val_score() > 0.8 || item.number.is_some() {
                        break;
                    }
                }
            }
            if k < self.items.len() {
                self.read[k] = true;
            }
            k += 1;
        }
        if targets.is_empty() && !self.frame.order.is_empty() {
            self.frame.limit = self.frame.limit.filter(|n| *n > 1);
            self.at = k.max(from + 1);
            return true;
        }
        let measure =
            self.frame.select.iter().find(|s| s.agg.is_some() && !alphabetical).map(|s| (s.agg, s.what));
        if targets.is_empty() && measure.is_some() {
            targets.extend(measure);
        }
        if targets.is_empty() {
            let first = self.frame.select.iter().find(|s| s.agg.is_none()).map(|s| s.what);
            let first = first.or(self.frame.subject.map(What::Naming));
            targets.extend(first.map(|w| (None, w)));
        }
        if targets.iter().any(|(agg, what)| self.frame.order.iter().any(|o| o.agg == *agg && o.what == *what))
        {
            self.frame.limit = self.frame.limit.filter(|n| *n > 1);
            targets.clear();
        }
        for (agg, what) in targets {
            self.frame.order.push(Order { agg, what, desc });
        }
        self.at = k.max(from + 1);
        if self.zone == Zone::Show && self.frame_started() {
            self.zone = Zone::Which;
        }
        true
    }
}
