//! Which date column a question speaks of, and grouping by stretches of time.

use catalog::TypeClass;

use super::super::frame::{Agg, Unit, What};
use super::super::text::{lemma, stem};
use super::{Cid, Parser};

/// Dates of a row that are not what happened: of birth, of upkeep.
const NOT_EVENTS: &[&str] = &[
    "birth",
    "birthday",
    "birthdate",
    "born",
    "deleted",
    "delete",
    "updated",
    "update",
    "modified",
    "expire",
    "expires",
    "expiry",
    "archived",
    "changed",
    "synced",
    "due",
    "death",
];

impl Parser<'_, '_> {
    /// A date or a time by its type.
    pub(super) fn temporal(&self, col: Cid) -> bool {
        let class = self.schema.col(col).column.class;
        matches!(class, TypeClass::Date | TypeClass::Timestamp | TypeClass::TimestampTz)
    }

    /// How well the words around an item speak of a date column: 2 for its verb, 1 for what happened, 0 for the rest.
    fn speaks_of(&self, col: Cid, at: usize) -> u8 {
        let info = self.schema.col(col);
        let near = at.saturating_sub(7)..(at + 4).min(self.items.len());
        let verb = self.items[near].iter().any(|i| {
            i.end == i.start + 1
                && i.mark.is_none()
                && info.words.iter().any(|w| {
                    let said = stem(&lemma(&i.lower));
                    let same = said == w.stem || i.lemma == w.lemma || said == stem(&w.stem);
                    let born = i.lower == "born" && matches!(w.lemma.as_str(), "birth" | "birthdate");
                    let plain = matches!(w.lemma.as_str(), "date" | "time" | "day");
                    (same && !plain) || born
                })
        });
        if verb {
            return 2;
        }
        u8::from(!info.words.iter().any(|w| NOT_EVENTS.contains(&w.lemma.as_str())))
    }

    /// The date column of a table that the words around an item speak of; the first one that says what happened otherwise.
    pub(super) fn event_column(&self, t: usize, at: usize) -> Option<usize> {
        let dates = (0..self.schema.tables[t].columns.len()).filter(|&c| self.temporal(Cid { t, c }));
        let mut best: Option<(u8, usize)> = None;
        for c in dates {
            let score = self.speaks_of(Cid { t, c }, at);
            if best.is_none_or(|b| score > b.0) {
                best = Some((score, c));
            }
        }
        best.map(|b| b.1)
    }

    /// Among the tables in question: a date whose verb was said, then the date of what is computed or asked for.
    pub(super) fn event_date(&self, at: usize) -> Option<Cid> {
        let shown =
            self.frame.select.iter().filter(|s| s.agg.is_some()).filter_map(|s| match (s.agg, s.what) {
                (Some(Agg::Count), What::Col(_)) => None,
                (_, What::Col(c)) => Some(c.t),
                (_, What::Rows(t) | What::Naming(t) | What::Star(t)) => Some(t),
            });
        let main: Vec<usize> = shown.chain(self.focus()).collect();
        let mut named: Vec<usize> = self.named.keys().copied().collect();
        named.sort_unstable();
        let all: Vec<usize> = main.iter().copied().chain(self.nearest_table(at)).chain(named).collect();
        let best = |t: usize| self.event_column(t, at).map(|c| Cid { t, c });
        let score = |col: &Cid| self.speaks_of(*col, at);
        all.iter()
            .filter_map(|&t| best(t))
            .find(|c| score(c) == 2)
            .or_else(|| main.iter().chain(&all).filter_map(|&t| best(t)).find(|c| score(c) == 1))
    }

    /// `per month`, `by year`, `each week`, `monthly`.
    pub(super) fn period_phrase(&mut self) -> bool {
        let at = self.at;
        let start = self.skip(at, &["for", "in", "during"]);
        let grouped = self.is(start, &["per", "by", "each", "every"]);
        let place = if grouped { self.skip(start, &["per", "by", "each", "every", "the"]) } else { at };
        let Some(unit) = self.items.get(place).and_then(|i| unit(&i.lower, grouped)) else { return false };
        let asked = self.aggregated()
            || self.frame.select.is_empty()
                && (at + 1..self.items.len()).any(|i| self.aggregate_at(i).is_some());
        // `sorted by year`, `by year` of a column of that name
        let own = self.items[place].col_score() >= 0.95
            && self.items[place].cols.iter().any(|c| c.1 >= 0.95 && !self.temporal(c.0));
        if !asked || own || self.sorting || self.period.is_some() {
            return false;
        }
        self.flush();
        self.take(place + 1);
        self.period = Some((unit, place));
        true
    }

    /// Groups by the stretch of time that was asked for.
    pub(super) fn settle_period(&mut self) {
        let Some((unit, place)) = self.period.take() else { return };
        let Some(col) = self.event_date(place).filter(|_| self.aggregated()) else {
            self.read[place] = false;
            return;
        };
        self.frame.groups.push(What::Col(col));
        self.frame.periods.push((col, unit));
    }
}

fn unit(word: &str, grouped: bool) -> Option<Unit> {
    let noun = match word {
        "year" => Some(Unit::Year),
        "month" => Some(Unit::Month),
        "week" => Some(Unit::Week),
        "day" | "date" => Some(Unit::Day),
        "quarter" => Some(Unit::Quarter),
        _ => None,
    };
    let adverb = match word {
        "yearly" | "annual" | "annually" => Some(Unit::Year),
        "monthly" => Some(Unit::Month),
        "weekly" => Some(Unit::Week),
        "daily" => Some(Unit::Day),
        "quarterly" => Some(Unit::Quarter),
        _ => None,
    };
    adverb.or(noun.filter(|_| grouped))
}
