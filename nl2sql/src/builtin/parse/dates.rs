//! Dates in words: `in the last 30 days`, `this year`, `yesterday`, `March 2024`, `before 2024-03-01`.

use jiff::civil::{Date, date};
use jiff::{Span, ToSpan};

use super::super::frame::{Op, Rhs};
use super::{Cid, Parser, Zone};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A stretch of days: from the first, up to but not including the second (open: no end).
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stretch {
    from: Date,
    to: Option<Date>,
    after: usize,
}

impl Parser<'_, '_> {
    /// A stretch of time, compared with the date column in question.
    pub(super) fn date_phrase(&mut self) -> bool {
        let at = self.at;
        if let Some((first, last)) = self.date_range(at) {
            let Some(col) = self.date_column() else { return false };
            self.take(last.after);
            self.bound(col, Stretch { from: first.from, ..last });
            return true;
        }
        if let Some((op, from)) = self.date_comparison(at)
            && let Some(found) = self.absolute(from)
        {
            return self.compare_date(op, found);
        }
        let start = self.skip(at, &["in", "on", "during", "over", "within", "for", "of", "since", "the"]);
        let Some(found) = self.relative(start).or_else(|| self.absolute(start)) else { return false };
        let Some(col) = self.date_column() else { return false };
        self.take(found.after);
        self.bound(col, found);
        true
    }

    /// `between May and July 2023`, `from March 2022 to June 2023`.
    fn date_range(&self, at: usize) -> Option<(Stretch, Stretch)> {
        if !self.is(at, &["between", "from"]) {
            return None;
        }
        let start = self.skip(at + 1, &["the"]);
        let (middle, first) = match self.absolute(start) {
            Some(found) => (found.after, Some(found)),
            None => (start + 1, None),
        };
        if !self.is(middle, &["and", "to", "until", "through"]) {
            return None;
        }
        let last = self.absolute(middle + 1)?;
        let first = first.or_else(|| {
            // the year stands with the second month only
            let month = self.month(start)?;
            let from = Date::new(last.from.year(), month, 1).ok()?;
            Some(Stretch { from, to: None, after: middle })
        })?;
        (first.from <= last.from).then_some((first, last))
    }

    fn month(&self, at: usize) -> Option<i8> {
        let word = self.items.get(at)?.lower.as_str();
        MONTHS
            .iter()
            .position(|m| *m == word || (word.len() == 3 && m.starts_with(word)))
            .map(|m| m as i8 + 1)
    }

    fn date_comparison(&self, at: usize) -> Option<(Op, usize)> {
        let op = match self.items.get(at)?.lower.as_str() {
            "before" => Op::Lt,
            "after" => Op::Gt,
            "since" | "from" => Op::GtEq,
            "until" => Op::LtEq,
            _ => return None,
        };
        Some((op, self.skip(at + 1, &["the", "date", "day"])))
    }

    fn compare_date(&mut self, op: Op, found: Stretch) -> bool {
        let Some(col) = self.date_column() else { return false };
        self.take(found.after);
        let last = found.to.unwrap_or(found.from);
        let (op, day) = match op {
            Op::Gt => (Op::GtEq, last),
            Op::LtEq => (Op::Lt, last),
            other => (other, found.from),
        };
        self.compare(col, op, Rhs::Text(day.to_string()));
        true
    }

    fn bound(&mut self, col: Cid, found: Stretch) {
        if self.schema.col(col).numeric {
            self.compare(col, Op::GtEq, Rhs::Number(f64::from(found.from.year())));
            if let Some(to) = found.to {
                self.compare(col, Op::Lt, Rhs::Number(f64::from(to.year())));
            }
            return;
        }
        self.compare(col, Op::GtEq, Rhs::Text(found.from.to_string()));
        if let Some(to) = found.to {
            self.compare(col, Op::Lt, Rhs::Text(to.to_string()));
        }
    }

    /// `last 30 days`, `past year`, `this month`, `yesterday`.
    fn relative(&self, at: usize) -> Option<Stretch> {
        let today = self.today?;
        let lower = self.items.get(at)?.lower.as_str();
        match lower {
            "today" => return Some(Stretch { from: today, to: None, after: at + 1 }),
            "yesterday" => {
                let from = today.checked_sub(1.day()).ok()?;
                return Some(Stretch { from, to: Some(today), after: at + 1 });
            }
            _ => {}
        }
        if let Some(quarter) = self.quarter(at, today) {
            return Some(quarter);
        }
        let count = self.items.get(at + 1).and_then(|i| i.number);
        let unit_at = if count.is_some() { at + 2 } else { at + 1 };
        let unit = self.items.get(unit_at)?.lemma.as_str();
        let n = count.unwrap_or(1.0).clamp(1.0, 10_000.0) as i64;
        let span: Span = match unit {
            "day" => n.days(),
            "week" => n.weeks(),
            "month" => n.months(),
            "year" => n.years(),
            _ => return None,
        };
        let after = unit_at + 1;
        let whole = |day: Date| match unit {
            "month" => Some(day.first_of_month()),
            "year" => Some(day.first_of_year()),
            _ => None,
        };
        match (lower, count) {
            ("last" | "previous", None) if whole(today).is_some() => {
                let to = whole(today)?;
                Some(Stretch { from: to.checked_sub(span).ok()?, to: Some(to), after })
            }
            ("last" | "past" | "previous", _) => {
                Some(Stretch { from: today.checked_sub(span).ok()?, to: None, after })
            }
            ("this" | "current", None) => Some(Stretch { from: whole(today)?, to: None, after }),
            _ => None,
        }
    }

    /// `this quarter`, `last quarter`.
    fn quarter(&self, at: usize, today: Date) -> Option<Stretch> {
        if !self.is(at + 1, &["quarter"]) || !self.is(at, &["this", "current", "last", "previous"]) {
            return None;
        }
        let first = Date::new(today.year(), (today.month() - 1) / 3 * 3 + 1, 1).ok()?;
        if self.is(at, &["this", "current"]) {
            return Some(Stretch { from: first, to: None, after: at + 2 });
        }
        let from = first.checked_sub(3.months()).ok()?;
        Some(Stretch { from, to: Some(first), after: at + 2 })
    }

    /// `2024-03-01`, `March 2024`, `March 5 2024`, `5 March 2024`.
    fn absolute(&self, at: usize) -> Option<Stretch> {
        let item = self.items.get(at)?;
        if let Ok(day) = item.lower.parse::<Date>() {
            let looks = item.lower.len() == 10 && item.lower.as_bytes()[4] == b'-';
            return looks.then_some(Stretch { from: day, to: day.checked_add(1.day()).ok(), after: at + 1 });
        }
        let number = |i: usize| self.items.get(i).and_then(|x| x.number).filter(|n| n.fract() == 0.0);
        let month = |i: usize| self.month(i);
        let year = |i: usize| number(i).filter(|n| (1000.0..3000.0).contains(n)).map(|n| n as i16);
        let day = |i: usize| number(i).filter(|n| (1.0..32.0).contains(n)).map(|n| n as i8);
        let comma = |i: usize| i + usize::from(self.items.get(i).is_some_and(|x| x.mark == Some(',')));
        if let (Some(d), Some(m)) = (day(at), month(at + 1)) {
            let y = year(comma(at + 2))?;
            return one_day(y, m, d, comma(at + 2) + 1);
        }
        let m = month(at)?;
        if let (Some(d), Some(y)) = (day(at + 1), year(comma(at + 2))) {
            return one_day(y, m, d, comma(at + 2) + 1);
        }
        let y = year(comma(at + 1))?;
        let from = date(y, m, 1);
        Some(Stretch { from, to: from.checked_add(1.month()).ok(), after: comma(at + 1) + 1 })
    }

    /// The date column meant: the one just named, or the one that the verb speaks of, or the first in the tables in question.
    pub(super) fn date_column(&mut self) -> Option<Cid> {
        if let Some(pending) = self.pending.filter(|p| self.date_like(p.col)) {
            self.pending = None;
            return Some(pending.col);
        }
        if let Some(col) = self.event_date(self.at) {
            if self.zone == Zone::Show && self.frame_started() {
                self.zone = Zone::Which;
            }
            return Some(col);
        }
        let mut tables: Vec<usize> = self.nearest_table(self.at).into_iter().chain(self.focus()).collect();
        let mut named: Vec<usize> = self.named.keys().copied().collect();
        named.sort_unstable();
        tables.extend(named);
        let found = tables.iter().find_map(|&t| {
            self.event_column(t, self.at)
                .or_else(|| self.schema.concept(t, &["date", "year"]))
                .map(|c| Cid { t, c })
        });
        if self.zone == Zone::Show && self.frame_started() && found.is_some() {
            self.zone = Zone::Which;
        }
        found
    }
}

fn one_day(y: i16, m: i8, d: i8, after: usize) -> Option<Stretch> {
    let from = Date::new(y, m, d).ok()?;
    Some(Stretch { from, to: from.checked_add(1.day()).ok(), after })
}
