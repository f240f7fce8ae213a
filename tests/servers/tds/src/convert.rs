//! CAST and CONVERT, with the server's errors, and what a column keeps of a value that is assigned to it.

use rusqlite::types::{Value, ValueRef};

use crate::calendar::{DAY, Moment};
use crate::decimal;
use crate::error::{Result, SqlError};
use crate::hierarchy;
use crate::types::{MAX, Ty};
use crate::wire::calls::stored;
use crate::wire::value::{TAG, text_of, unhex};

/// Converts a value between types; `style` is that of CONVERT.
pub(crate) fn cast(value: ValueRef<'_>, from: &Ty, to: &Ty, style: i64) -> Result<Value> {
    if value == ValueRef::Null {
        return Ok(Value::Null);
    }
    if *from == Ty::Variant
        && let Some((base, inner)) = untagged(value)
    {
        return cast(ValueRef::Text(inner.as_bytes()), &base, to, style);
    }
    match to {
        Ty::Bit => bit(value, from),
        t if t.is_integer() => integer(value, from, t),
        t if t.scale().is_some() => exact(value, from, t),
        Ty::Real | Ty::Float => float(value, from),
        t if t.is_text() || *t == Ty::Xml => text(value, from, t, style),
        t if t.is_time() => moment(value, from, t),
        t if t.is_binary() => binary(value, from, t),
        Ty::Guid => guid(value),
        Ty::Variant => Ok(tagged(value, from)),
        _ => Ok(owned(value)),
    }
}

fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Integer(n),
        ValueRef::Real(n) => Value::Real(n),
        ValueRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

/// What a column keeps: as CAST, but text that is too long is refused.
pub(crate) fn store(value: ValueRef<'_>, from: &Ty, to: &Ty) -> Result<Value> {
    let kept = cast(value, from, to, 0)?;
    if let (Value::Text(text), Some(most)) = (&kept, to.length().filter(|n| *n != MAX && to.is_text()))
        && let Some(given) = text_of(value)
        && given.trim_end().encode_utf16().count() > most.into()
        && text.len() < given.len()
    {
        return Err(SqlError::new(2628, "String or binary data would be truncated in a table.").state(1));
    }
    Ok(kept)
}

fn untagged(value: ValueRef<'_>) -> Option<(Ty, String)> {
    let text = text_of(value)?;
    let (ty, inner) = text.strip_prefix(TAG)?.split_once(TAG)?;
    Some((Ty::read(ty)?, inner.to_owned()))
}

/// A variant remembers its type where SQLite does not tell it.
fn tagged(value: ValueRef<'_>, from: &Ty) -> Value {
    let told = matches!(from, Ty::Int | Ty::Float | Ty::NVarChar(_) | Ty::VarBinary(_) | Ty::Variant);
    match (told, value) {
        (true, value) => owned(value),
        (false, ValueRef::Blob(bytes)) => {
            let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            Value::Text(format!("{TAG}{}{TAG}{hex}", from.text()))
        }
        (false, value) => {
            Value::Text(format!("{TAG}{}{TAG}{}", from.text(), text_of(value).unwrap_or_default()))
        }
    }
}

fn failed(value: ValueRef<'_>, from: &Ty, to: &Ty) -> SqlError {
    if from.is_text() {
        let shown = text_of(value).unwrap_or_default();
        let said = format!(
            "Conversion failed when converting the {} value '{shown}' to data type {}.",
            from.name(),
            to.name()
        );
        return SqlError::new(245, said);
    }
    SqlError::new(8114, format!("Error converting data type {} to {}.", from.name(), to.name()))
}

fn overflow(to: &Ty) -> SqlError {
    SqlError::new(
        8115,
        format!("Arithmetic overflow error converting expression to data type {}.", to.name()),
    )
    .state(2)
}

fn number(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Integer(n) => Some(n as f64),
        ValueRef::Real(n) => Some(n),
        _ => text_of(value)?.trim().parse().ok(),
    }
}

fn bit(value: ValueRef<'_>, from: &Ty) -> Result<Value> {
    let text = text_of(value).unwrap_or_default().to_lowercase();
    let on = match text.as_str() {
        "true" => true,
        "false" => false,
        _ => number(value).ok_or_else(|| failed(value, from, &Ty::Bit))? != 0.0,
    };
    Ok(Value::Integer(on.into()))
}

fn integer(value: ValueRef<'_>, from: &Ty, to: &Ty) -> Result<Value> {
    let whole = match value {
        ValueRef::Integer(n) => n,
        ValueRef::Real(n) if n.abs() < 9.3e18 => n.trunc() as i64,
        ValueRef::Real(_) => return Err(overflow(to)),
        ValueRef::Blob(bytes) => bytes.iter().fold(0, |n, b| n << 8 | i64::from(*b)),
        other => {
            let text = text_of(other).unwrap_or_default();
            let text = text.trim();
            if from.is_text() && text.is_empty() {
                0
            } else if from.scale().is_some() {
                let units = decimal::read(text, 0).ok_or_else(|| failed(value, from, to))?;
                i64::try_from(units).map_err(|_| overflow(to))?
            } else {
                text.parse::<i64>().map_err(|_| failed(value, from, to))?
            }
        }
    };
    let fits = match to {
        Ty::TinyInt => u8::try_from(whole).is_ok(),
        Ty::SmallInt => i16::try_from(whole).is_ok(),
        Ty::Int => i32::try_from(whole).is_ok(),
        _ => true,
    };
    if fits { Ok(Value::Integer(whole)) } else { Err(overflow(to)) }
}

/// Exact numbers are kept as SQLite's own where those have enough digits, as text else.
fn exact(value: ValueRef<'_>, from: &Ty, to: &Ty) -> Result<Value> {
    let (precision, scale) = to.scale().unwrap_or((38, 0));
    let units = match value {
        ValueRef::Real(n) if n.abs() < 1e15 => decimal::read(&format!("{n:.*}", usize::from(scale)), scale),
        ValueRef::Real(n) => decimal::read(&format!("{n:e}"), scale),
        other => decimal::read(&text_of(other).unwrap_or_default(), scale),
    };
    let units = units.ok_or_else(|| SqlError::new(8114, failed_exact(from, to)))?;
    if units.unsigned_abs() >= 10_u128.pow(precision.into()) {
        return Err(overflow(to));
    }
    Ok(exact_value(units, scale))
}

fn failed_exact(from: &Ty, to: &Ty) -> String {
    format!("Error converting data type {} to {}.", from.name(), to.name())
}

/// A number of units of `10^-scale` as SQLite's value.
fn exact_value(units: i128, scale: u8) -> Value {
    let text = decimal::text(units, scale);
    if units.unsigned_abs() < 1_000_000_000_000_000 {
        match text.parse::<i64>() {
            Ok(whole) => return Value::Integer(whole),
            Err(_) => return text.parse().map_or(Value::Text(text), Value::Real),
        }
    }
    if scale == 0
        && let Ok(whole) = text.parse()
    {
        return Value::Integer(whole);
    }
    Value::Text(text)
}

fn float(value: ValueRef<'_>, from: &Ty) -> Result<Value> {
    number(value)
        .map(Value::Real)
        .ok_or_else(|| SqlError::new(8114, format!("Error converting data type {} to float.", from.name())))
}

fn text(value: ValueRef<'_>, from: &Ty, to: &Ty, style: i64) -> Result<Value> {
    let text = match value {
        ValueRef::Blob(bytes) if style == 1 || style == 2 => {
            let hex: String = bytes.iter().map(|b| format!("{b:02X}")).collect();
            if style == 1 { format!("0x{hex}") } else { hex }
        }
        ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => {
            let plain = text_of(other).unwrap_or_default();
            match from {
                t if t.is_time() => Moment::read(&plain).map_or(plain, |m| shown(m, t, style)),
                Ty::Float | Ty::Real => number(other).map_or(plain, float_text),
                t => match (t.scale(), style) {
                    (Some(_), _) if matches!(t, Ty::Money | Ty::SmallMoney) => {
                        scaled(other, if style == 2 { 4 } else { 2 }).unwrap_or(plain)
                    }
                    (Some((_, scale)), _) => scaled(other, scale).unwrap_or(plain),
                    _ => plain,
                },
            }
        }
    };
    let most = usize::from(to.length().filter(|n| *n != MAX).unwrap_or(u16::MAX));
    if text.chars().count() <= most {
        return Ok(Value::Text(text));
    }
    if from.is_number() && to.length().is_some_and(|n| n != MAX) {
        return Err(overflow(to));
    }
    Ok(Value::Text(text.chars().take(most).collect()))
}

fn scaled(value: ValueRef<'_>, scale: u8) -> Option<String> {
    let units = match value {
        ValueRef::Real(n) => decimal::read(&format!("{n:.*}", usize::from(scale)), scale)?,
        other => decimal::read(&text_of(other)?, scale)?,
    };
    Some(decimal::text(units, scale))
}

fn float_text(n: f64) -> String {
    if n != 0.0 && (n.abs() >= 1e6 || n.abs() < 1e-4) {
        let text = format!("{n:.5e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        let exponent: i32 = exponent.parse().unwrap_or_default();
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:03}", exponent.abs());
    }
    let text = format!("{n:.6}");
    let significant = text.trim_end_matches('0').trim_end_matches('.');
    significant.to_owned()
}

/// A date or time as text in one of CONVERT's styles.
fn shown(m: Moment, from: &Ty, style: i64) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let digits = from.measures().2;
    let (date, time) = (m.date_text(), m.time_with(digits));
    let (year, month, day) = crate::calendar::civil(m.day);
    match (style, from) {
        (101, _) => format!("{month:02}/{day:02}/{year:04}"),
        (103, _) => format!("{day:02}/{month:02}/{year:04}"),
        (104, _) => format!("{day:02}.{month:02}.{year:04}"),
        (105, _) => format!("{day:02}-{month:02}-{year:04}"),
        (110, _) => format!("{month:02}-{day:02}-{year:04}"),
        (111, _) => date.replace('-', "/"),
        (112, _) => date.replace('-', ""),
        (23, _) => date,
        (8 | 24 | 108, _) => m.time_with(0),
        (_, Ty::Time(_)) => time,
        (_, Ty::Date) => date,
        (120 | 20, _) => format!("{date} {}", m.time_with(0)),
        (126 | 127, Ty::DateTimeOffset(_)) => format!("{date}T{}{}", m.time_text(), m.zone_text()),
        (126 | 127, _) => format!("{date}T{}", m.time_text()),
        (_, Ty::DateTimeOffset(_)) => format!("{date} {time} {}", m.zone_text()),
        (121 | 21 | 25, _) | (_, Ty::DateTime2(_)) => format!("{date} {time}"),
        _ => {
            let hours = m.ticks / crate::calendar::SECOND / 3600;
            let minutes = m.ticks / crate::calendar::MINUTE % 60;
            let name = MONTHS.get(usize::try_from(month - 1).unwrap_or(0)).unwrap_or(&"");
            let half = if hours < 12 { "AM" } else { "PM" };
            format!("{name} {day:>2} {year} {:>2}:{minutes:02}{half}", (hours + 11) % 12 + 1)
        }
    }
}

fn moment(value: ValueRef<'_>, from: &Ty, to: &Ty) -> Result<Value> {
    let read = match value {
        // numbers are days since 1900
        ValueRef::Integer(_) | ValueRef::Real(_) if from.is_number() => number(value).map(|days| {
            let total = (days * DAY as f64).round() as i128;
            Moment::from_total(total + i128::from(crate::calendar::FROM_1900) * i128::from(DAY), None)
        }),
        other => text_of(other).and_then(|t| Moment::read(&t)),
    };
    let Some(read) = read else {
        let said = "Conversion failed when converting date and/or time from character string.";
        return Err(SqlError::new(241, said));
    };
    let text = match to {
        Ty::Date => read.date_text(),
        Ty::Time(digits) => read.rounded(*digits).time_text(),
        Ty::DateTime2(digits) => stored(read.rounded(*digits)),
        Ty::DateTimeOffset(digits) => {
            let zoned = Moment { zone: Some(read.zone.unwrap_or(0)), ..read }.rounded(*digits);
            format!("{} {}", stored(zoned), zoned.zone_text())
        }
        Ty::SmallDateTime => {
            let minute = i128::from(crate::calendar::MINUTE);
            stored(Moment::from_total((read.total() + minute / 2).div_euclid(minute) * minute, None))
        }
        _ => {
            // in three hundredths of a second, shown in thousandths
            let parts = (read.total() * 300 + 5_000_000).div_euclid(10_000_000);
            stored(Moment::from_total((parts * 10_000_000 + 150).div_euclid(300), None).rounded(3))
        }
    };
    Ok(Value::Text(text))
}

fn binary(value: ValueRef<'_>, from: &Ty, to: &Ty) -> Result<Value> {
    if let (Ty::Udt("hierarchyid"), ValueRef::Text(path)) = (to, value) {
        let bytes = hierarchy::read(&String::from_utf8_lossy(path));
        return bytes.map(Value::Blob).ok_or_else(|| {
            SqlError::new(
                6522,
                "A .NET Framework error occurred: the path is none that the test server writes.",
            )
        });
    }
    let mut bytes = match value {
        ValueRef::Blob(bytes) => bytes.to_vec(),
        ValueRef::Integer(n) => match from {
            Ty::BigInt => n.to_be_bytes().to_vec(),
            Ty::TinyInt | Ty::Bit => vec![n as u8],
            Ty::SmallInt => (n as i16).to_be_bytes().to_vec(),
            _ => (n as i32).to_be_bytes().to_vec(),
        },
        ValueRef::Text(text) if from.is_unicode() => {
            String::from_utf8_lossy(text).encode_utf16().flat_map(u16::to_le_bytes).collect()
        }
        ValueRef::Text(text) => {
            let text = String::from_utf8_lossy(text);
            match text.strip_prefix("0x").and_then(unhex) {
                Some(bytes) => bytes,
                None => crate::code_page::encode(&text),
            }
        }
        _ => return Err(failed(value, from, to)),
    };
    if let Ty::Binary(n) = to {
        bytes.resize((*n).into(), 0);
    } else if let Some(most) = to.length().filter(|n| *n != MAX) {
        bytes.truncate(most.into());
    }
    Ok(Value::Blob(bytes))
}

fn guid(value: ValueRef<'_>) -> Result<Value> {
    let text = text_of(value).unwrap_or_default().to_uppercase();
    let text = text.trim().trim_start_matches('{').trim_end_matches('}');
    let digits = text.chars().filter(char::is_ascii_hexdigit).count();
    if digits == 32 && text.len() == 36 {
        return Ok(Value::Text(text.to_owned()));
    }
    Err(SqlError::new(8169, "Conversion failed when converting from a character string to uniqueidentifier.")
        .state(2))
}
