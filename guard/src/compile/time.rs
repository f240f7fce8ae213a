//! Dates: constants, parts, truncation, formats, and sums with intervals. A date without a time zone is read as UTC.

use catalog::TypeClass;
use serde_json::{Map, Value, json};

use crate::finding::Finding;
use crate::tree::{BinaryOp, Expr, Literal};

use super::builder::cond;
use super::frame::Val;
use super::{Compiler, Made, form, operator};

/// Milliseconds since 1970 of a date as people write it: `2024-05-31`, `2024-05-31 18:00[:05[.5]][Z|+02:00]`.
pub(super) fn millis(text: &str) -> Option<i64> {
    let text = text.trim();
    let (day, rest) = text.split_at_checked(10)?;
    let mut parts = day.split('-').map(digits);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    let days = days_from_civil(year, month, day);
    let rest = rest.strip_prefix(['T', ' ']).map(str::trim);
    let Some(clock) = rest else { return text.get(10..).filter(|r| r.is_empty()).map(|_| days * 86_400_000) };
    let (clock, offset) = zone_of(clock)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':').map(digits);
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    let fits = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    let padded: String = fraction.chars().chain("000".chars()).take(3).collect();
    let thousandths = digits(&padded)?;
    fits.then(|| days * 86_400_000 + ((hour * 60 + minute - offset) * 60 + second) * 1_000 + thousandths)
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

/// The clock, and the offset from UTC in minutes.
fn zone_of(clock: &str) -> Option<(&str, i64)> {
    if let Some(clock) = clock.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = clock.rfind(['+', '-']) else { return Some((clock, 0)) };
    let (clock, zone) = clock.split_at_checked(at)?;
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':').unwrap_or((zone.get(1..)?, "0"));
    Some((clock.trim_end(), sign * (digits(hours)? * 60 + digits(minutes)?)))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 of the Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// A date as canonical extended JSON.
pub(super) fn date(millis: i64) -> Value {
    json!({ "$date": { "$numberLong": millis.to_string() } })
}

impl<'a> Compiler<'a> {
    /// A date, or a constant that is read as one.
    pub(super) fn moment(&mut self, expr: &'a Expr) -> Made<Val> {
        if let Expr::AtTimeZone { expr, zone } = expr {
            return self.in_zone(expr, zone);
        }
        let mut val = self.value(expr)?;
        let mut like = Val::new(Value::Null, Some(TypeClass::TimestampTz), true);
        if val.literal.is_some() {
            self.align(&mut val, &mut like)?;
        }
        match val.class {
            None
            | Some(TypeClass::Date | TypeClass::Timestamp | TypeClass::TimestampTz | TypeClass::Other) => {
                Ok(val)
            }
            Some(_) => Err(operator("A date function over something that is no date")
                .hint("Convert it with CAST(... AS timestamp).")),
        }
    }

    /// A date as it is looked at in a time zone.
    fn in_zone(&mut self, expr: &'a Expr, zone: &'a Expr) -> Made<Val> {
        let Expr::Literal(Literal::String(zone), _) = zone else {
            return Err(form("A time zone that is not written out"));
        };
        let val = self.moment(expr)?;
        if val.zone.is_some() {
            return Err(form("AT TIME ZONE twice"));
        }
        Ok(Val { zone: Some(zone.clone()).filter(|z| !z.eq_ignore_ascii_case("utc")), ..val })
    }

    /// `x AT TIME ZONE 'zone'` as a value: what the clocks there show.
    pub(super) fn at_zone(&mut self, expr: &'a Expr, zone: &'a Expr) -> Made<Val> {
        Ok(localized(self.in_zone(expr, zone)?))
    }

    pub(super) fn extract(&mut self, field: &str, expr: &'a Expr) -> Made<Val> {
        let val = self.moment(expr)?;
        let part = |name: &str| json!({ name: dated(&val) });
        let json = match field {
            "year" => part("$year"),
            "month" => part("$month"),
            "day" => part("$dayOfMonth"),
            "hour" => part("$hour"),
            "minute" => part("$minute"),
            "second" => json!({ "$add": [part("$second"), { "$divide": [part("$millisecond"), 1000] }] }),
            "doy" => part("$dayOfYear"),
            "dow" => json!({ "$subtract": [part("$dayOfWeek"), 1] }),
            "isodow" => part("$isoDayOfWeek"),
            "week" => part("$isoWeek"),
            "isoyear" => part("$isoWeekYear"),
            "quarter" => json!({ "$toInt": { "$ceil": { "$divide": [part("$month"), 3] } } }),
            "epoch" => json!({ "$divide": [{ "$toLong": val.json }, 1000] }),
            other => return Err(operator(&format!("EXTRACT of {other}"))),
        };
        let class = if matches!(field, "second" | "epoch") { TypeClass::Float } else { TypeClass::Integer };
        Ok(Val::new(json, Some(class), val.nullable))
    }

    pub(super) fn date_trunc(&mut self, unit: &str, expr: &'a Expr) -> Made<Val> {
        let val = localized(self.moment(expr)?);
        let known = ["year", "quarter", "month", "week", "day", "hour", "minute", "second"];
        let unit = unit.to_ascii_lowercase();
        if !known.contains(&unit.as_str()) {
            return Err(
                operator(&format!("date_trunc to {unit}")).hint(format!("Known: {}.", known.join(", ")))
            );
        }
        let class = val.class;
        Ok(Val { class, ..truncated(&val, &unit) })
    }

    pub(super) fn date_text(&mut self, expr: &'a Expr, format: &str) -> Made<Val> {
        let val = self.moment(expr)?;
        let format = translated(format)?;
        Ok(Val::new(formatted(&val, &format), Some(TypeClass::Text), val.nullable))
    }

    /// A date and an interval, days, or another date.
    pub(super) fn date_sum(&mut self, op: BinaryOp, left: &'a Expr, right: &'a Expr) -> Made<Option<Val>> {
        let (at, other) = match (left, right) {
            (_, Expr::Interval { .. }) => (left, right),
            (Expr::Interval { .. }, _) if op == BinaryOp::Plus => (right, left),
            _ => return Ok(None),
        };
        let Expr::Interval { value, unit } = other else { return Ok(None) };
        let mut val = localized(self.moment(at)?);
        let name = if op == BinaryOp::Plus { "$dateAdd" } else { "$dateSubtract" };
        for (amount, unit) in steps(value, unit.as_deref())? {
            let mut operands = Map::new();
            operands.insert("startDate".to_owned(), val.json);
            operands.insert("unit".to_owned(), json!(unit));
            operands.insert("amount".to_owned(), json!(amount));
            val.json = json!({ name: operands });
        }
        val.literal = None;
        val.class = Some(TypeClass::TimestampTz);
        Ok(Some(val))
    }
}

/// The operand of a part of a date.
fn dated(val: &Val) -> Value {
    match &val.zone {
        Some(zone) => json!({ "date": val.json, "timezone": zone }),
        None => val.json.clone(),
    }
}

/// The date whose parts in UTC are those that the value has in its time zone.
fn localized(val: Val) -> Val {
    if val.zone.is_none() {
        return val;
    }
    let text = formatted(&val, "%Y-%m-%dT%H:%M:%S.%LZ");
    let json = json!({ "$dateFromString": { "dateString": text } });
    Val { json, zone: None, literal: None, class: Some(TypeClass::Timestamp), ..val }
}

/// The beginning of a date's day, month ...
pub(super) fn truncated(val: &Val, unit: &str) -> Val {
    match unit {
        "day" => return day(val),
        "week" => return week(val),
        _ => {}
    }
    let mut operands = Map::new();
    operands.insert("date".to_owned(), val.json.clone());
    operands.insert("unit".to_owned(), json!(unit));
    let json = json!({ "$dateTrunc": operands });
    Val { json, class: Some(TypeClass::Date), literal: None, ..val.clone() }
}

/// The beginning of a date's day, from its parts: DocumentDB 1.0 truncates days to a wrong one.
fn day(val: &Val) -> Val {
    let part = |name: &str| json!({ name: val.json });
    let parts = json!({ "year": part("$year"), "month": part("$month"), "day": part("$dayOfMonth") });
    let json = json!({ "$dateFromParts": parts });
    Val { json, class: Some(TypeClass::Date), literal: None, ..val.clone() }
}

/// The Monday of a date's week, for the same reason.
fn week(val: &Val) -> Val {
    let day = day(val);
    let since = json!({ "$subtract": [{ "$isoDayOfWeek": val.json }, 1] });
    let json = json!({ "$dateSubtract": { "startDate": day.json, "unit": "day", "amount": since } });
    Val { json, ..day }
}

/// A date as text.
pub(super) fn formatted(val: &Val, format: &str) -> Value {
    let mut operands = Map::new();
    operands.insert("date".to_owned(), val.json.clone());
    operands.insert("format".to_owned(), json!(format));
    operands.extend(val.zone.as_ref().map(|z| ("timezone".to_owned(), json!(z))));
    json!({ "$dateToString": operands })
}

/// A format of `to_char` in MongoDB's letters.
fn translated(format: &str) -> Made<String> {
    const PARTS: [(&str, &str); 11] = [
        ("IYYY", "%G"),
        ("YYYY", "%Y"),
        ("HH24", "%H"),
        ("DDD", "%j"),
        ("MM", "%m"),
        ("DD", "%d"),
        ("MI", "%M"),
        ("SS", "%S"),
        ("MS", "%L"),
        ("IW", "%V"),
        ("ID", "%u"),
    ];
    let mut out = String::new();
    let mut rest = format;
    while let Some(next) = rest.chars().next() {
        if let Some((part, letter)) = PARTS.iter().find(|(part, _)| rest.starts_with(part)) {
            out.push_str(letter);
            rest = rest.get(part.len()..).unwrap_or_default();
            continue;
        }
        if next.is_ascii_alphabetic() || next == '%' || next == '"' {
            return Err(unknown_format());
        }
        out.push(next);
        rest = rest.get(next.len_utf8()..).unwrap_or_default();
    }
    Ok(out)
}

fn unknown_format() -> Finding {
    operator("This format of to_char").hint("Known: YYYY, MM, DD, HH24, MI, SS, MS, DDD, IYYY, IW, ID.")
}

/// The parts of an interval: `'2 months 3 days'`, or an amount with its unit beside it.
fn steps(value: &Expr, unit: Option<&str>) -> Made<Vec<(i64, &'static str)>> {
    let Expr::Literal(Literal::String(text) | Literal::Number(text), _) = value else {
        return Err(form("An interval that is not written out"));
    };
    let unknown = || form("This interval").hint("Write it as INTERVAL '2 months' or INTERVAL '3 days'.");
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.extend(unit);
    let mut found = Vec::new();
    for pair in words.chunks(2) {
        let [amount, unit] = pair else { return Err(unknown()) };
        let amount: i64 = amount.parse().map_err(|_| unknown())?;
        found.push((amount, unit_of(unit).ok_or_else(unknown)?));
    }
    if found.is_empty() { Err(unknown()) } else { Ok(found) }
}

fn unit_of(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    Some(match word.trim_end_matches('s') {
        "year" => "year",
        "month" | "mon" => "month",
        "week" => "week",
        "day" => "day",
        "hour" => "hour",
        "minute" | "min" => "minute",
        "second" | "sec" => "second",
        _ => return None,
    })
}

/// The days from one date to another.
pub(super) fn days_between(from: &Val, to: &Val) -> Value {
    let days = json!({ "$dateDiff": { "startDate": from.json, "endDate": to.json, "unit": "day" } });
    if !from.nullable && !to.nullable {
        return days;
    }
    let there =
        super::builder::all(vec![super::builder::present(&from.json), super::builder::present(&to.json)]);
    cond(there, days, Value::Null)
}
