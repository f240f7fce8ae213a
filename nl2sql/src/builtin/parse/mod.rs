//! Reads the linked question from left to right and fills the frame.

mod absent;
mod choose;
mod common;
mod compare;
mod count;
mod dates;
mod group;
mod measure;
mod money;
mod order;
mod periods;
mod project;
mod rank;
mod select;
mod unread;
mod value;

use std::collections::HashMap;

use super::frame::{Agg, Filter, Frame, Related, Sel, Unit, What};
use super::join;
use super::link::Item;
use super::schema::{Cid, Schema};

/// Where in the question the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// Listing what to show.
    Show,
    /// Saying which rows.
    Which,
}

/// A column that was read and waits for what is said about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    pub item: usize,
    pub col: Cid,
    pub agg: Option<Agg>,
}

/// A choice among columns, kept so that another reading can take the second best.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    /// Item that was read.
    pub item: usize,
    /// Chosen.
    pub col: Cid,
    /// Lead over the second best.
    pub margin: f64,
}

/// The reader.
pub(crate) struct Parser<'s, 'a> {
    pub(super) schema: &'s Schema<'a>,
    pub(super) items: &'s [Item],
    pub(super) at: usize,
    pub(super) zone: Zone,
    pub(crate) frame: Frame,
    pub(super) pending: Option<Pending>,
    pub(super) negated: bool,
    pub(super) next_or: bool,
    /// Filter (a `Related`) that takes the conditions on its own tables.
    pub(super) sink: Option<usize>,
    pub(super) read: Vec<bool>,
    pub(super) named: HashMap<usize, f64>,
    pub(super) loose: Vec<Cid>,
    pub(super) distinct_next: bool,
    pub(super) sorting: bool,
    /// `how much` was asked: the attribute is still to come.
    pub(super) asking: bool,
    /// `per month`: the stretch of time, and the item that said it.
    pub(super) period: Option<(Unit, usize)>,
    /// A percentage was asked and the verb that opens its condition has not come yet.
    pub(super) share_open: bool,
    /// Items whose column nothing was made of.
    pub(super) idle: Vec<(usize, Cid)>,
    pub(super) today: Option<jiff::civil::Date>,
    pub(crate) choices: Vec<Choice>,
    banned: Option<(usize, Cid)>,
    near: HashMap<usize, HashMap<usize, f64>>,
}

impl<'s, 'a> Parser<'s, 'a> {
    /// Reads the items; `banned` keeps one item from its first choice.
    pub(crate) fn read(
        schema: &'s Schema<'a>,
        items: &'s [Item],
        banned: Option<(usize, Cid)>,
        today: &str,
    ) -> Parser<'s, 'a> {
        let mut named: HashMap<usize, f64> = HashMap::new();
        for item in items.iter().filter(|i| i.table_score() >= 0.6 && i.table_score() + 0.05 >= i.col_score())
        {
            for &(t, score) in item.tables.iter().filter(|t| t.1 + 0.02 >= item.table_score()) {
                let best = named.entry(t).or_default();
                *best = best.max(score);
            }
        }
        let mut parser = Parser {
            schema,
            items,
            at: 0,
            zone: Zone::Show,
            frame: Frame::default(),
            pending: None,
            negated: false,
            next_or: false,
            sink: None,
            read: vec![false; items.len()],
            named,
            loose: Vec::new(),
            distinct_next: false,
            sorting: false,
            asking: false,
            period: None,
            share_open: false,
            idle: Vec::new(),
            today: today.parse().ok(),
            choices: Vec::new(),
            banned,
            near: HashMap::new(),
        };
        parser.run();
        parser.finish();
        parser
    }

    fn run(&mut self) {
        while self.at < self.items.len() {
            let before = self.at;
            self.step();
            if self.at == before {
                self.at += 1;
            }
        }
    }

    fn step(&mut self) {
        if self.items[self.at].mark.is_some() {
            return self.mark();
        }
        self.share_verb();
        let done = self.skip_phrase()
            || self.share_phrase()
            || self.period_phrase()
            || self.absent_phrase()
            || self.spend_phrase()
            || self.group_phrase()
            || self.order_phrase()
            || self.count_phrase()
            || self.date_phrase()
            || self.rank_phrase()
            || self.aggregate_phrase()
            || self.compare_phrase()
            || self.negation()
            || self.value_phrase()
            || self.name_phrase();
        if !done {
            self.word();
        }
    }

    /// A mark: sentences end what is pending, commas end a clause's negation.
    fn mark(&mut self) {
        let mark = self.items[self.at].mark.unwrap_or(',');
        self.at += 1;
        self.flush();
        if mark == '(' {
            // `miles per gallon (mpg)` says the same twice
            let last = self.frame.select.last().map(|s| s.what);
            let again =
                self.items.get(self.at).is_some_and(|i| i.cols.iter().any(|c| last == Some(What::Col(c.0))));
            if again && self.items.get(self.at + 1).is_some_and(|i| i.mark == Some(')')) {
                self.take(self.at + 2);
            }
            return;
        }
        if mark == ',' {
            if self.zone == Zone::Which && self.negated {
                self.end_clause();
            }
            return;
        }
        if !matches!(mark, '.' | '?' | '!' | ';' | '|') {
            return;
        }
        self.end_clause();
        let rest = &self.items[self.at..];
        let starts = rest.iter().take(5).any(|i| {
            matches!(
                i.lemma.as_str(),
                "list"
                    | "show"
                    | "give"
                    | "return"
                    | "find"
                    | "tell"
                    | "display"
                    | "include"
                    | "report"
                    | "provide"
                    | "what"
                    | "who"
            )
        });
        let names = rest.iter().any(|i| i.col_score() > 0.5 || i.table_score() > 0.5);
        if starts && names && self.frame_started() {
            self.zone = Zone::Show;
            let old = std::mem::take(&mut self.frame.select);
            let groups = self.frame.groups.clone();
            self.run();
            if self.frame.select.is_empty() {
                self.frame.select = old;
            } else if old.iter().any(|s| matches!(s.what, What::Rows(_)))
                && !groups.is_empty()
                && !self.frame.select.iter().any(|s| s.agg.is_some())
            {
                self.frame.select.extend(old.into_iter().filter(|s| s.agg.is_some()));
            }
            return;
        }
        if rest.iter().any(|i| i.lemma == "stand" || i.lemma == "note") {
            self.at = self.items.len();
        }
        self.zone = if self.frame_started() { Zone::Which } else { Zone::Show };
    }

    pub(super) fn frame_started(&self) -> bool {
        !self.frame.select.is_empty() || self.frame.subject.is_some()
    }

    pub(super) fn end_clause(&mut self) {
        self.flush();
        self.negated = false;
        self.sink = None;
    }

    /// A pending column that nothing was said about: shown if the reader lists, a yes-or-no column is a condition.
    pub(super) fn flush(&mut self) {
        let Some(pending) = self.pending.take() else { return };
        if self.zone == Zone::Which && (self.flag_condition(pending.col) || self.presence(pending)) {
            return;
        }
        self.idle.push((pending.item, pending.col));
        self.loose.push(pending.col);
    }

    /// Whether the item at `at` is one of these words (by lemma or as written).
    pub(super) fn is(&self, at: usize, options: &[&str]) -> bool {
        self.items.get(at).is_some_and(|i| {
            i.end == i.start + 1
                && !i.quoted
                && (options.contains(&i.lemma.as_str()) || options.contains(&i.lower.as_str()))
        })
    }

    /// First place from `at` that is none of these words.
    pub(super) fn skip(&self, mut at: usize, options: &[&str]) -> usize {
        while self.is(at, options) {
            at += 1;
        }
        at
    }

    pub(super) fn take(&mut self, upto: usize) {
        for i in self.at..upto.min(self.items.len()) {
            self.read[i] = true;
        }
        self.at = upto;
    }

    pub(super) fn add_filter(&mut self, filter: Filter) {
        let or = std::mem::take(&mut self.next_or) && !self.frame.filters.is_empty();
        self.frame.filters.push((filter, or));
    }

    pub(super) fn mention(&mut self, table: usize) {
        if !self.frame.mentioned.contains(&table) {
            self.frame.mentioned.push(table);
        }
        if self.frame.subject.is_none() {
            self.frame.subject = Some(table);
        }
    }

    pub(super) fn show(&mut self, agg: Option<Agg>, what: What) {
        let distinct = std::mem::take(&mut self.distinct_next);
        let counted = matches!(agg, Some(Agg::Count)) && distinct;
        if distinct && !counted {
            self.frame.distinct = true;
        }
        let sel = Sel { agg, what, distinct: counted };
        if !self.frame.select.iter().any(|s| s.agg == agg && s.what == what) {
            self.frame.select.push(sel);
        }
    }

    pub(super) fn related(&mut self, table: usize, negated: bool) {
        self.add_filter(Filter::Related(Related { tables: vec![table], negated, ..Related::default() }));
        self.sink = Some(self.frame.filters.len() - 1);
    }

    /// Tables that the reading speaks of.
    pub(crate) fn tables(&self) -> Vec<usize> {
        let shown = self.frame.select.iter().map(|s| match s.what {
            What::Col(c) => c.t,
            What::Rows(t) | What::Naming(t) | What::Star(t) => t,
        });
        let filtered = self.frame.filters.iter().flat_map(|(f, _)| match f {
            Filter::Cond(c) => vec![c.col.t],
            Filter::Related(r) => r.tables.clone(),
            Filter::Having(_) => Vec::new(),
        });
        let mut tables: Vec<usize> = shown
            .chain(filtered)
            .chain(self.frame.subject)
            .chain(self.frame.mentioned.iter().copied())
            .collect();
        tables.sort_unstable();
        tables.dedup();
        tables
    }
}
