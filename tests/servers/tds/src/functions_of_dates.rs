//! Functions of dates and times that SQLite does not have.

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::Value;

use crate::calendar::{DAY, FROM_1970, MINUTE, Moment, SECOND, civil, day_number, days_of};
use crate::error::SqlError;
use crate::functions::{Answer, known, refused, text, ty, whole};
use crate::types::Ty;
use crate::wire::calls::stored;

/// Adds them to a connection.
pub(crate) fn add(lite: &Connection) -> rusqlite::Result<()> {
    let define = |name: &str, count: i32, function: fn(&Context<'_>) -> Answer| {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        lite.create_scalar_function(name, count, flags, function)
    };
    define("tds_dateadd", 4, |c| {
        let (Some(part), Some(n), Some(m)) = (text(c, 0), whole(c, 1), moment(c, 2)) else {
            return Ok(Value::Null);
        };
        known(added(&part, n, m).map(|m| Value::Text(spelled(m, &ty(c, 3)))))
    })?;
    define("tds_datediff", 3, |c| {
        let (Some(part), Some(a), Some(b)) = (text(c, 0), moment(c, 1), moment(c, 2)) else {
            return Ok(Value::Null);
        };
        known(boundary(&part, b).zip(boundary(&part, a)).map(|(b, a)| Value::Integer(b - a)))
    })?;
    define("tds_datepart", 2, |c| {
        let (Some(part), Some(m)) = (text(c, 0), moment(c, 1)) else { return Ok(Value::Null) };
        known(part_of(&part, m).map(Value::Integer))
    })?;
    define("tds_datename", 2, |c| {
        const DAYS: [&str; 7] =
            ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let (Some(part), Some(m)) = (text(c, 0), moment(c, 1)) else { return Ok(Value::Null) };
        let number = part_of(&part, m).unwrap_or(0);
        Ok(Value::Text(match full_part(&part) {
            "month" => MONTHS.get(number as usize - 1).unwrap_or(&"").to_string(),
            "weekday" => DAYS.get(m.day.rem_euclid(7) as usize).unwrap_or(&"").to_string(),
            _ => number.to_string(),
        }))
    })?;
    define("tds_datetrunc", 3, |c| {
        let (Some(part), Some(m)) = (text(c, 0), moment(c, 1)) else { return Ok(Value::Null) };
        let (year, month, _) = civil(m.day);
        let unit = |unit: i64| Moment { ticks: m.ticks / unit * unit, ..m };
        let start = |month: i64| day_number(year, month, 1).map(|day| Moment { day, ticks: 0, ..m });
        let cut = match full_part(&part) {
            "year" => start(1),
            "quarter" => start((month - 1) / 3 * 3 + 1),
            "month" => start(month),
            "week" => Some(Moment { day: m.day - (m.day + 1).rem_euclid(7), ticks: 0, ..m }),
            "day" => Some(Moment { ticks: 0, ..m }),
            "hour" => Some(unit(60 * MINUTE)),
            "minute" => Some(unit(MINUTE)),
            _ => Some(unit(SECOND)),
        };
        known(cut.map(|m| Value::Text(spelled(m, &ty(c, 2)))))
    })?;
    define("tds_eomonth", 1, |c| {
        let last = moment(c, 0).and_then(|m| {
            let (year, month, _) = civil(m.day);
            day_number(year, month, days_of(year, month))
        });
        known(last.map(|day| Value::Text(Moment { day, ..Moment::default() }.date_text())))
    })?;
    define("tds_at_zone", 3, |c| {
        let (Some(m), Some(zone)) = (moment(c, 0), text(c, 2)) else { return Ok(Value::Null) };
        if !zone.eq_ignore_ascii_case("utc") {
            return Err(refused(&SqlError::unserved("time zones other than UTC")));
        }
        let utc = Moment::from_total(m.total() - i128::from(m.zone.unwrap_or(0) * MINUTE), Some(0));
        Ok(Value::Text(spelled(utc, &Ty::DateTimeOffset(7))))
    })
}

fn moment(c: &Context<'_>, at: usize) -> Option<Moment> {
    Moment::read(&text(c, at)?)
}

fn spelled(m: Moment, ty: &Ty) -> String {
    match ty {
        Ty::Date => m.date_text(),
        Ty::Time(_) => m.time_text(),
        Ty::DateTimeOffset(_) => format!("{} {}", stored(m), m.zone_text()),
        _ => stored(m),
    }
}

/// Parts of dates have short names.
fn full_part(part: &str) -> &str {
    match part {
        "yy" | "yyyy" => "year",
        "qq" | "q" => "quarter",
        "mm" | "m" => "month",
        "dy" | "y" => "dayofyear",
        "dd" | "d" => "day",
        "wk" | "ww" => "week",
        "dw" | "w" => "weekday",
        "hh" => "hour",
        "mi" | "n" => "minute",
        "ss" | "s" => "second",
        "ms" => "millisecond",
        "mcs" => "microsecond",
        "ns" => "nanosecond",
        other => other,
    }
}

fn added(part: &str, n: i64, m: Moment) -> Option<Moment> {
    let months = match full_part(part) {
        "year" => n.checked_mul(12)?,
        "quarter" => n.checked_mul(3)?,
        "month" => n,
        other => {
            let ticks = match other {
                "day" | "dayofyear" | "weekday" => i128::from(DAY),
                "week" => 7 * i128::from(DAY),
                "hour" => i128::from(60 * MINUTE),
                "minute" => MINUTE.into(),
                "second" => SECOND.into(),
                "millisecond" => 10_000,
                "microsecond" => 10,
                _ => return None,
            };
            return Some(Moment::from_total(m.total() + ticks * i128::from(n), m.zone));
        }
    };
    let (year, month, day) = civil(m.day);
    let count = year * 12 + month - 1 + months;
    let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
    day_number(year, month, day.min(days_of(year, month))).map(|day| Moment { day, ..m })
}

/// How many boundaries of a part lie before a moment.
fn boundary(part: &str, m: Moment) -> Option<i64> {
    let (year, month, _) = civil(m.day);
    let day = m.day - FROM_1970;
    Some(match full_part(part) {
        "year" => year,
        "quarter" => year * 4 + (month - 1) / 3,
        "month" => year * 12 + month,
        "day" | "dayofyear" => day,
        "week" => (m.day + 1).div_euclid(7),
        "hour" => day * 24 + m.ticks / (60 * MINUTE),
        "minute" => day * 1440 + m.ticks / MINUTE,
        "second" => day * 86_400 + m.ticks / SECOND,
        "millisecond" => (day * 86_400_000) + m.ticks / 10_000,
        _ => return None,
    })
}

fn part_of(part: &str, m: Moment) -> Option<i64> {
    let (year, month, day) = civil(m.day);
    let of_year = m.day - day_number(year, 1, 1)? + 1;
    Some(match full_part(part) {
        "year" => year,
        "quarter" => (month - 1) / 3 + 1,
        "month" => month,
        "day" => day,
        "dayofyear" => of_year,
        // weeks begin on Sunday, and the first one may be short
        "week" => (of_year - 1 + (day_number(year, 1, 1)? + 1).rem_euclid(7)) / 7 + 1,
        "weekday" => (m.day + 1).rem_euclid(7) + 1,
        "hour" => m.ticks / (60 * MINUTE),
        "minute" => m.ticks / MINUTE % 60,
        "second" => m.ticks / SECOND % 60,
        "millisecond" => m.ticks / 10_000 % 1000,
        "microsecond" => m.ticks / 10 % 1_000_000,
        "nanosecond" => m.ticks % SECOND * 100,
        _ => return None,
    })
}
