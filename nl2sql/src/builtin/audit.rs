//! Holds a question against its reading: every word that asks for something must have become a part of the frame.

use super::frame::{Agg, Filter, Frame, Op, Rhs, What};
use super::link::Item;
use super::schema::{Cid, Schema};
use super::words;

/// Words of the question that ask for something that the frame does not have.
pub(crate) fn missing(schema: &Schema<'_>, items: &[Item], frame: &Frame) -> Vec<String> {
    let facts = Facts::new(schema, frame);
    let mut out = Vec::new();
    for (i, item) in items.iter().enumerate() {
        if item.mark.is_some() {
            continue;
        }
        let kept = facts.holds(items, i, item) && facts.uses(schema, item);
        if !kept && !out.contains(&item.lower) {
            out.push(item.lower.clone());
        }
    }
    out
}

/// What a frame has.
struct Facts<'f> {
    frame: &'f Frame,
    aggs: Vec<Agg>,
    grouped: bool,
    negated: bool,
    ordered: bool,
    compared: bool,
    /// All numbers and texts that rows are compared with.
    texts: String,
    columns: Vec<String>,
    used: Vec<Cid>,
    named: Vec<usize>,
    starred: Vec<usize>,
}

impl<'f> Facts<'f> {
    fn new(schema: &Schema<'_>, frame: &'f Frame) -> Facts<'f> {
        let mut aggs: Vec<Agg> = frame.select.iter().filter_map(|s| s.agg).collect();
        aggs.extend(frame.order.iter().filter_map(|o| o.agg));
        let mut facts = Facts {
            frame,
            aggs,
            grouped: !frame.groups.is_empty(),
            negated: false,
            ordered: !frame.order.is_empty(),
            compared: false,
            texts: frame.limit.map(|l| format!(" {l} ")).unwrap_or_default(),
            columns: Vec::new(),
            used: Vec::new(),
            named: frame.subject.into_iter().chain(frame.mentioned.iter().copied()).collect(),
            starred: Vec::new(),
        };
        for (filter, _) in &frame.filters {
            facts.add(schema, filter);
        }
        for sel in &frame.select {
            facts.column(schema, sel.what);
        }
        for order in &frame.order {
            facts.column(schema, order.what);
        }
        for group in &frame.groups {
            facts.column(schema, *group);
        }
        facts
    }

    fn column(&mut self, schema: &Schema<'_>, what: What) {
        match what {
            What::Star(t) => self.starred.push(t),
            What::Naming(t) | What::Rows(t) => self.named.push(t),
            What::Col(c) => {
                self.used.push(c);
                self.used.extend(schema.col(c).refers);
            }
        }
        if let What::Col(c) = what {
            let info = schema.col(c);
            self.columns.extend(info.words.iter().chain(&info.table_words).map(|w| w.lemma.clone()));
        }
    }

    fn add(&mut self, schema: &Schema<'_>, filter: &Filter) {
        let conds: Vec<&super::frame::Cond> = match filter {
            Filter::Cond(c) => vec![c],
            Filter::Related(r) => {
                self.negated |= r.negated;
                if let Some(h) = r.having {
                    self.aggs.push(h.agg);
                    self.texts.push_str(&format!(" {} ", h.value));
                }
                self.named.extend(&r.tables);
                r.conds.iter().map(|c| &c.0).collect()
            }
            Filter::Having(h) => {
                self.aggs.push(h.agg);
                self.compared = true;
                self.negated |= matches!(h.op, Op::LtEq | Op::GtEq | Op::NotEq);
                self.texts.push_str(&format!(" {} ", h.value));
                self.column(schema, h.what);
                Vec::new()
            }
        };
        for cond in conds {
            self.column(schema, What::Col(cond.col));
            self.negated |= matches!(cond.op, Op::NotEq | Op::NotLike | Op::LtEq | Op::GtEq);
            self.compared |= !matches!(cond.op, Op::Eq | Op::NotEq);
            match &cond.rhs {
                Rhs::Number(n) => self.texts.push_str(&format!(" {n} ")),
                Rhs::Between(a, b) => {
                    self.compared = true;
                    self.texts.push_str(&format!(" {a} {b} "));
                }
                Rhs::Text(t) => self.texts.push_str(&format!(" {} ", t.to_lowercase())),
                Rhs::Agg(agg, c) => {
                    self.aggs.push(*agg);
                    self.used.push(*c);
                    self.ordered |= matches!(agg, Agg::Max | Agg::Min);
                }
                Rhs::Ranked { col, by, .. } => {
                    self.ordered = true;
                    self.used.extend([*col, *by]);
                }
                Rhs::Common { col, .. } => {
                    self.ordered = true;
                    self.used.push(*col);
                }
                Rhs::Null => self.negated |= cond.op == Op::Eq,
            }
            // no and zero are the negative values of yes-or-no columns
            if let Some((_, no)) = &schema.col(cond.col).flag {
                self.negated |= match &cond.rhs {
                    Rhs::Text(t) => t == no,
                    Rhs::Number(n) => no.parse() == Ok(*n),
                    _ => false,
                };
            }
        }
    }

    /// Whether a word that names a column has that column, its table or its value in the frame.
    fn uses(&self, schema: &Schema<'_>, item: &Item) -> bool {
        let verb = item.lower.ends_with("ed") || item.lower.ends_with("ing");
        let weak = item.col_score() < 0.85 || item.quoted || item.number.is_some() || verb;
        if weak || item.table_score() >= 0.6 || words::is_stop(&item.lemma) {
            return true;
        }
        let said = self.texts.contains(&item.lower)
            || item.vals.iter().any(|v| self.texts.contains(&v.value.to_lowercase()));
        let named = item.cols.iter().any(|(c, _)| {
            let naming = schema.tables[c.t].naming.contains(&c.c) || schema.tables[c.t].pk == Some(c.c);
            naming && self.named.contains(&c.t) || self.starred.contains(&c.t) || self.used.contains(c)
        });
        said || named
    }

    fn any(&self, agg: Agg) -> bool {
        self.aggs.contains(&agg)
    }

    /// Whether what an item asks for is there.
    fn holds(&self, items: &[Item], i: usize, item: &Item) -> bool {
        let next = |n: usize| items.get(i + n).map_or("", |x| x.lower.as_str());
        let before = |n: usize| i.checked_sub(n).and_then(|p| items.get(p)).map_or("", |x| x.lower.as_str());
        if item.quoted {
            return self.texts.contains(&item.lower);
        }
        if let Some(n) = item.number {
            return self.number(n, item, before(1));
        }
        if item.end > item.start + 1 || self.columns.contains(&item.lemma) {
            return true;
        }
        let extreme = self.ordered || self.any(Agg::Max) || self.any(Agg::Min);
        match item.lower.as_str() {
            "average" | "avg" | "mean" => self.any(Agg::Avg),
            "total" | "sum" if matches!(before(1), "in") => true,
            "total" | "sum" => self.any(Agg::Sum) || self.any(Agg::Count),
            "revenue" | "turnover" => self.any(Agg::Sum) || self.any(Agg::Avg),
            "maximum" | "minimum" | "highest" | "lowest" | "largest" | "smallest" | "biggest"
            | "cheapest" | "oldest" | "youngest" | "latest" | "earliest" | "newest" | "longest"
            | "shortest" | "fewest" | "best" | "worst" => extreme,
            "most" | "least" if before(1) != "at" => extreme,
            "count" => self.any(Agg::Count) || i > 0 && before(1) == "the",
            "many" if before(1) == "how" => {
                !self.aggs.is_empty() || self.frame.select.iter().any(|s| matches!(s.what, What::Col(_)))
            }
            "percentage" | "percent" | "proportion" | "ratio" => self.frame.share.is_some(),
            "per" => self.grouped,
            "each" | "every" => self.grouped || self.aggs.is_empty(),
            "without" | "never" | "neither" | "nor" | "except" | "excluding" => self.negated,
            "not" | "no" | "non" => self.negated || matches!(next(1), "only" | "more" | "less" | "fewer"),
            "sorted" | "ordered" | "alphabetical" | "alphabetically" | "descending" | "ascending" => {
                self.ordered || item.table_score() > 0.5 && next(1) != "by"
            }
            "first" if before(1).ends_with("st") => self.ordered,
            "top" => self.frame.limit.is_some(),
            "more" | "less" | "fewer" | "greater" | "higher" | "lower" | "older" | "younger" | "above"
            | "below" | "cheaper" | "larger" | "smaller" | "between" => {
                self.compared || !matches!(next(1), "than") && item.number.is_none() && next(1) != "and"
            }
            "before" | "after" | "since" | "until" => self.compared,
            "yesterday" | "today" => self.compared,
            "monthly" | "yearly" | "daily" | "weekly" | "annual" | "quarterly" => {
                !self.frame.periods.is_empty()
            }
            "january" | "february" | "april" | "june" | "july" | "august" | "september" | "october"
            | "november" | "december" => self.compared,
            "same" => false,
            _ => true,
        }
    }

    fn number(&self, n: f64, item: &Item, before: &str) -> bool {
        if !item.lower.starts_with(|c: char| c.is_ascii_digit()) && (n <= 2.0 || before == "the") {
            return true;
        }
        let said = format!("{n}");
        self.texts.contains(&said)
            || self.frame.limit == Some(n as u64)
            || self.compared && (1000.0..3000.0).contains(&n) && self.texts.contains(&format!("{}", n + 1.0))
            || self.compared && n < 32.0 && self.texts.contains(&format!("-{n:02}"))
    }
}
