//! Functions that SQLite does not have, given to every session's connection.

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error};

use crate::calendar::Moment;
use crate::convert::{cast, store};
use crate::error::SqlError;
use crate::functions_of_dates;
use crate::like;
use crate::types::Ty;
use crate::wire::value::text_of;

/// What a function gives.
pub(crate) type Answer = rusqlite::Result<Value>;

/// An error of the server as SQLite passes it on.
pub(crate) fn refused(error: &SqlError) -> Error {
    Error::UserFunctionError(error.packed().into())
}

/// An argument as text.
pub(crate) fn text(context: &Context<'_>, at: usize) -> Option<String> {
    text_of(context.get_raw(at))
}

/// An argument as a whole number.
pub(crate) fn whole(context: &Context<'_>, at: usize) -> Option<i64> {
    match context.get_raw(at) {
        ValueRef::Integer(n) => Some(n),
        ValueRef::Real(n) => Some(n as i64),
        other => text_of(other)?.parse().ok(),
    }
}

/// An argument that names a type.
pub(crate) fn ty(context: &Context<'_>, at: usize) -> Ty {
    text(context, at).and_then(|t| Ty::read(&t)).unwrap_or(Ty::Variant)
}

/// NULL when an argument is.
pub(crate) fn known(value: Option<Value>) -> Answer {
    Ok(value.unwrap_or(Value::Null))
}

/// Adds all functions that need nothing of the session.
pub(crate) fn add(lite: &Connection) -> rusqlite::Result<()> {
    let define = |name: &str, count: i32, function: fn(&Context<'_>) -> Answer| {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        lite.create_scalar_function(name, count, flags, function)
    };
    define("tds_cast", 4, |c| {
        let style = whole(c, 3).unwrap_or(0);
        cast(c.get_raw(0), &ty(c, 1), &ty(c, 2), style).map_err(|e| refused(&e))
    })?;
    define("tds_try_cast", 4, |c| {
        let style = whole(c, 3).unwrap_or(0);
        Ok(cast(c.get_raw(0), &ty(c, 1), &ty(c, 2), style).unwrap_or(Value::Null))
    })?;
    define("tds_store", 3, |c| store(c.get_raw(0), &ty(c, 1), &ty(c, 2)).map_err(|e| refused(&e)))?;
    define("tds_divide", 4, divide)?;
    define("tds_like", 4, |c| {
        let (Some(value), Some(pattern)) = (text(c, 0), text(c, 1)) else { return Ok(Value::Null) };
        let escape = text(c, 2).and_then(|e| e.chars().next());
        let found = like::matches(&value, &pattern, escape, whole(c, 3) == Some(1));
        Ok(Value::Integer(found.into()))
    })?;
    define("tds_bytes", 2, |c| {
        let ty = ty(c, 1);
        Ok(match c.get_raw(0) {
            ValueRef::Null => Value::Null,
            ValueRef::Blob(bytes) => Value::Integer(bytes.len() as i64),
            ValueRef::Text(bytes) if ty.is_text() => {
                let units = String::from_utf8_lossy(bytes).encode_utf16().count() as i64;
                Value::Integer(if ty.is_unicode() { 2 * units } else { units })
            }
            _ => Value::Integer(ty.measures().0.into()),
        })
    })?;
    define("tds_reverse", 1, |c| known(text(c, 0).map(|t| Value::Text(t.chars().rev().collect()))))?;
    define("tds_right", 2, |c| {
        let cut = text(c, 0).zip(whole(c, 1)).map(|(t, n)| {
            let skip = t.chars().count().saturating_sub(usize::try_from(n).unwrap_or(0));
            Value::Text(t.chars().skip(skip).collect())
        });
        known(cut)
    })?;
    define("tds_substring", 3, |c| {
        let (Some(t), Some(from), Some(length)) = (text(c, 0), whole(c, 1), whole(c, 2)) else {
            return Ok(Value::Null);
        };
        if length < 0 {
            return Err(refused(&SqlError::new(
                537,
                "Invalid length parameter passed to the LEFT or SUBSTRING function.",
            )));
        }
        // places before the first count, but hold nothing
        let (start, end) = ((from - 1).max(0), (from - 1 + length).max(0));
        let part = t.chars().skip(start as usize).take((end - start).max(0) as usize).collect();
        Ok(Value::Text(part))
    })?;
    define("tds_replicate", 2, |c| {
        let times = |n: i64| usize::try_from(n).unwrap_or(0).min(8000);
        known(text(c, 0).zip(whole(c, 1)).map(|(t, n)| Value::Text(t.repeat(times(n)))))
    })?;
    define("tds_charindex", -1, |c| {
        let (Some(part), Some(t)) = (text(c, 0), text(c, 1)) else { return Ok(Value::Null) };
        let from = if c.len() > 2 { whole(c, 2).unwrap_or(1) } else { 1 };
        let skip = usize::try_from(from - 1).unwrap_or(0);
        let rest: String = t.to_lowercase().chars().skip(skip).collect();
        let found = rest.find(&part.to_lowercase()).filter(|_| !part.is_empty());
        let at = found.and_then(|at| rest.get(..at)).map_or(0, |before| before.chars().count() + skip + 1);
        Ok(Value::Integer(at as i64))
    })?;
    define("tds_patindex", 2, |c| {
        let (Some(pattern), Some(t)) = (text(c, 0), text(c, 1)) else { return Ok(Value::Null) };
        Ok(Value::Integer(like::place(&t, &pattern)))
    })?;
    define("tds_quotename", -1, |c| {
        let quote = if c.len() > 1 { text(c, 1).unwrap_or_default() } else { "[".to_owned() };
        let (open, close) = match quote.chars().next() {
            Some('"') => ("\"", "\""),
            Some('\'') => ("'", "'"),
            _ => ("[", "]"),
        };
        known(text(c, 0).map(|t| Value::Text(format!("{open}{}{close}", t.replace(close, &close.repeat(2))))))
    })?;
    define("tds_round", 2, |c| {
        let places = whole(c, 1).unwrap_or(0);
        Ok(match c.get_raw(0) {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(n) if places >= 0 => Value::Integer(n),
            other => {
                let unit = 10_f64.powi(places as i32);
                let n = text_of(other).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
                Value::Real((n * unit).round() / unit)
            }
        })
    })?;
    define("tds_isnumeric", 1, |c| {
        let number = text(c, 0).is_some_and(|t| t.trim().trim_start_matches('$').parse::<f64>().is_ok());
        Ok(Value::Integer(number.into()))
    })?;
    define("tds_isdate", 1, |c| {
        Ok(Value::Integer(text(c, 0).and_then(|t| Moment::read(&t)).is_some().into()))
    })?;
    define("tds_split", 2, |c| {
        let (Some(t), Some(separator)) = (text(c, 0), text(c, 1)) else {
            return Ok(Value::Text("[]".to_owned()));
        };
        let parts: Vec<String> = t.split(separator.as_str()).map(json_text).collect();
        Ok(Value::Text(format!("[{}]", parts.join(","))))
    })?;
    functions_of_dates::add(lite)?;
    static MADE: AtomicU64 = AtomicU64::new(1);
    let flags = FunctionFlags::SQLITE_UTF8;
    lite.create_scalar_function("tds_version", 0, flags, |_| {
        Ok(MADE.fetch_add(1, Ordering::Relaxed).to_be_bytes().to_vec())
    })?;
    lite.create_scalar_function("tds_newid", 0, flags, |_| {
        let n = MADE.fetch_add(1, Ordering::Relaxed);
        Ok(format!("{n:08X}-0000-4000-8000-{n:012X}"))
    })?;
    for (name, sample, root) in [
        ("tds_var", true, false),
        ("tds_varp", false, false),
        ("tds_stdev", true, true),
        ("tds_stdevp", false, true),
    ] {
        lite.create_aggregate_function(name, 1, flags, Spread { sample, root })?;
    }
    Ok(())
}

fn json_text(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        c if (c as u32) < 0x20 => format!("\\u{:04x}", c as u32),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// Division and remainder: by zero is an error on the server.
fn divide(c: &Context<'_>) -> Answer {
    let number = |at: usize| match c.get_raw(at) {
        ValueRef::Integer(n) => Some(n as f64),
        ValueRef::Real(n) => Some(n),
        other => text_of(other)?.parse().ok(),
    };
    let (Some(a), Some(b)) = (number(0), number(1)) else { return Ok(Value::Null) };
    if b == 0.0 {
        return Err(refused(&SqlError::new(8134, "Divide by zero error encountered.")));
    }
    let remainder = text(c, 2).as_deref() == Some("%");
    Ok(match (c.get_raw(0), c.get_raw(1), whole(c, 3) == Some(1)) {
        (ValueRef::Integer(a), ValueRef::Integer(b), true) => {
            Value::Integer(if remainder { a.wrapping_rem(b) } else { a.wrapping_div(b) })
        }
        _ => Value::Real(if remainder { a % b } else { a / b }),
    })
}

/// Variance and standard deviation.
struct Spread {
    sample: bool,
    root: bool,
}

impl Aggregate<(f64, f64, f64), Option<f64>> for Spread {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<(f64, f64, f64)> {
        Ok((0.0, 0.0, 0.0))
    }

    fn step(
        &self,
        context: &mut Context<'_>,
        (count, mean, squares): &mut (f64, f64, f64),
    ) -> rusqlite::Result<()> {
        let Some(value) = text(context, 0).and_then(|t| t.parse::<f64>().ok()) else { return Ok(()) };
        *count += 1.0;
        let off = value - *mean;
        *mean += off / *count;
        *squares += off * (value - *mean);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, sums: Option<(f64, f64, f64)>) -> rusqlite::Result<Option<f64>> {
        let Some((count, _, squares)) = sums else { return Ok(None) };
        let count = if self.sample { count - 1.0 } else { count };
        let spread = squares / count;
        Ok((count > 0.0).then_some(if self.root { spread.sqrt() } else { spread }))
    }
}
