//! Values: from what SQLite gives into the bytes of a declared type.

use rusqlite::types::ValueRef;

use super::bytes::Out;
use super::typeinfo::{COLLATION, in_parts, is_fixed, ticks_bytes, write_type};
use crate::calendar::{DAY, FROM_1900, MINUTE, Moment};
use crate::code_page;
use crate::decimal;
use crate::types::{MAX, Ty};

/// Marks a value of a variant that has a type other than what SQLite stores: mark, type, mark, value.
pub(crate) const TAG: char = '\u{2}';
/// Bytes of one part of a value that comes in parts.
const PART: usize = 4000;

/// Writes a value of a column, its length included. `None` when the value is none of that type.
pub(crate) fn write_value(out: &mut Out, ty: &Ty, nullable: bool, value: ValueRef<'_>) -> Option<()> {
    if value == ValueRef::Null {
        null(out, ty);
        return Some(());
    }
    let mut data = Out::default();
    if *ty == Ty::Variant {
        variant(&mut data, value)?;
        out.u32(u32::try_from(data.0.len()).ok()?);
        out.bytes(&data.0);
        return Some(());
    }
    bare(&mut data, ty, value)?;
    let data = data.0;
    if in_parts(ty) {
        parts(out, &data);
    } else if ty.has_table_name() {
        // a pointer and a time stamp that nobody looks at stand before the value
        out.u8(16);
        out.bytes(b"dummy textptr\0\0\0");
        out.bytes(b"dummyTS\0");
        out.u32(u32::try_from(data.len()).ok()?);
        out.bytes(&data);
    } else if ty.is_text() || ty.is_binary() {
        out.u16(u16::try_from(data.len()).ok()?);
        out.bytes(&data);
    } else {
        if !is_fixed(ty, nullable) {
            out.u8(u8::try_from(data.len()).ok()?);
        }
        out.bytes(&data);
    }
    Some(())
}

fn null(out: &mut Out, ty: &Ty) {
    if in_parts(ty) {
        out.u64(u64::MAX);
    } else if *ty == Ty::Variant {
        out.u32(0);
    } else if !ty.has_table_name() && (ty.is_text() || ty.is_binary()) {
        out.u16(0xffff);
    } else {
        out.u8(0);
    }
}

fn parts(out: &mut Out, data: &[u8]) {
    out.u64(data.len() as u64);
    for part in data.chunks(PART) {
        out.u32(part.len() as u32);
        out.bytes(part);
    }
    out.u32(0);
}

/// A value as text, as far as it has one.
pub(crate) fn text_of(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Integer(n) => Some(n.to_string()),
        ValueRef::Real(n) => Some(n.to_string()),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

fn integer(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Integer(n) => Some(n),
        ValueRef::Real(n) => Some(n as i64),
        ValueRef::Text(_) => text_of(value)?.trim().parse().ok(),
        _ => None,
    }
}

fn float(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Integer(n) => Some(n as f64),
        ValueRef::Real(n) => Some(n),
        ValueRef::Text(_) => text_of(value)?.trim().parse().ok(),
        _ => None,
    }
}

/// The bytes of a value without a length.
fn bare(out: &mut Out, ty: &Ty, value: ValueRef<'_>) -> Option<()> {
    match ty {
        Ty::Bit => out.u8(u8::from(integer(value)? != 0)),
        Ty::TinyInt => out.u8(u8::try_from(integer(value)?).ok()?),
        Ty::SmallInt => out.bytes(&i16::try_from(integer(value)?).ok()?.to_le_bytes()),
        Ty::Int => out.bytes(&i32::try_from(integer(value)?).ok()?.to_le_bytes()),
        Ty::BigInt => out.bytes(&integer(value)?.to_le_bytes()),
        Ty::Real => out.bytes(&(float(value)? as f32).to_le_bytes()),
        Ty::Float => out.bytes(&float(value)?.to_le_bytes()),
        Ty::Decimal(_, scale) | Ty::Numeric(_, scale) => {
            let number = exact(value, *scale)?;
            out.u8(u8::from(number >= 0));
            let digits = number.unsigned_abs().to_le_bytes();
            out.bytes(digits.get(..usize::from(ty.decimal_bytes()) - 1)?);
        }
        Ty::Money => {
            let number = i64::try_from(exact(value, 4)?).ok()?;
            out.bytes(&((number >> 32) as i32).to_le_bytes());
            out.u32((number & 0xffff_ffff) as u32);
        }
        Ty::SmallMoney => out.bytes(&i32::try_from(exact(value, 4)?).ok()?.to_le_bytes()),
        Ty::Char(_) | Ty::VarChar(_) | Ty::Text => out.bytes(&code_page::encode(&padded(ty, value)?)),
        Ty::NChar(_) | Ty::NVarChar(_) | Ty::NText | Ty::SysName => utf16(out, &padded(ty, value)?),
        Ty::Xml => utf16(out, &text_of(value)?),
        Ty::Binary(_) | Ty::VarBinary(_) | Ty::Image | Ty::RowVersion | Ty::Udt(_) => binary(out, ty, value)?,
        Ty::Guid => out.bytes(&guid(&text_of(value)?)?),
        Ty::Variant => return None,
        Ty::Date
        | Ty::Time(_)
        | Ty::DateTime
        | Ty::SmallDateTime
        | Ty::DateTime2(_)
        | Ty::DateTimeOffset(_) => {
            moment(out, ty, Moment::read(&text_of(value)?)?)?;
        }
    }
    Some(())
}

fn exact(value: ValueRef<'_>, scale: u8) -> Option<i128> {
    match value {
        ValueRef::Real(n) => decimal::read(&format!("{n:.*}", usize::from(scale).min(15)), scale),
        other => decimal::read(&text_of(other)?, scale),
    }
}

fn padded(ty: &Ty, value: ValueRef<'_>) -> Option<String> {
    let text = match value {
        ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => text_of(other)?,
    };
    Some(match ty {
        Ty::Char(n) | Ty::NChar(n) => format!("{text:<width$}", width = usize::from(*n)),
        _ => text,
    })
}

fn utf16(out: &mut Out, text: &str) {
    text.encode_utf16().for_each(|unit| out.u16(unit));
}

fn binary(out: &mut Out, ty: &Ty, value: ValueRef<'_>) -> Option<()> {
    match value {
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) => out.bytes(bytes),
        ValueRef::Integer(n) => out.bytes(&n.to_be_bytes()),
        _ => return None,
    }
    if let Ty::Binary(n) = ty.clone() {
        out.0.resize(n.into(), 0);
    }
    Some(())
}

/// The first three groups of an identifier are turned around on the wire.
fn guid(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let mut bytes = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32)?.to_be_bytes();
    bytes.get_mut(0..4)?.reverse();
    bytes.get_mut(4..6)?.reverse();
    bytes.get_mut(6..8)?.reverse();
    Some(bytes)
}

fn moment(out: &mut Out, ty: &Ty, moment: Moment) -> Option<()> {
    match ty {
        Ty::Date => day(out, moment.day),
        Ty::Time(scale) => ticks(out, moment, *scale)?,
        Ty::DateTime2(scale) => {
            ticks(out, moment.rounded(*scale), *scale)?;
            day(out, moment.rounded(*scale).day);
        }
        Ty::DateTimeOffset(scale) => {
            let zone = moment.zone.unwrap_or(0);
            let utc = Moment::from_total(moment.total() - i128::from(zone * MINUTE), None).rounded(*scale);
            ticks(out, utc, *scale)?;
            day(out, utc.day);
            out.bytes(&i16::try_from(zone).ok()?.to_le_bytes());
        }
        Ty::SmallDateTime => {
            let minutes = (moment.total() + i128::from(MINUTE / 2)).div_euclid(i128::from(MINUTE));
            let minutes = i64::try_from(minutes).ok()?;
            out.u16(u16::try_from(minutes.div_euclid(1440) - FROM_1900).ok()?);
            out.u16(u16::try_from(minutes.rem_euclid(1440)).ok()?);
        }
        _ => {
            // in three hundredths of a second
            let parts = (i128::from(moment.ticks) * 300 + 5_000_000).div_euclid(10_000_000);
            let parts = i64::try_from(parts).ok()?;
            let days = moment.day + parts.div_euclid(86_400 * 300) - FROM_1900;
            out.bytes(&i32::try_from(days).ok()?.to_le_bytes());
            out.u32(u32::try_from(parts.rem_euclid(86_400 * 300)).ok()?);
        }
    }
    Some(())
}

fn day(out: &mut Out, day: i64) {
    out.bytes(day.to_le_bytes().get(..3).unwrap_or_default());
}

fn ticks(out: &mut Out, moment: Moment, scale: u8) -> Option<()> {
    let unit = 10_i64.pow(7 - u32::from(scale.min(7)));
    let rounded = (moment.ticks + unit / 2) / unit * unit;
    let counted = rounded.min(DAY - unit) / unit;
    out.bytes(counted.to_le_bytes().get(..ticks_bytes(scale))?);
    Some(())
}

fn variant(out: &mut Out, value: ValueRef<'_>) -> Option<()> {
    let text = text_of(value);
    let tagged = text.as_deref().and_then(|t| t.strip_prefix(TAG)).and_then(|t| t.split_once(TAG));
    let (ty, inner) = match (tagged, value) {
        (Some((ty, inner)), _) => (Ty::read(ty)?, ValueRef::Text(inner.as_bytes())),
        (None, ValueRef::Integer(n)) if i32::try_from(n).is_err() => (Ty::BigInt, value),
        (None, ValueRef::Integer(_)) => (Ty::Int, value),
        (None, ValueRef::Real(_)) => (Ty::Float, value),
        (None, ValueRef::Blob(_)) => (Ty::VarBinary(8000), value),
        _ => (Ty::NVarChar(4000), value),
    };
    let mut described = Out::default();
    write_type(&mut described, &ty, false);
    out.u8(*described.0.first()?);
    let properties: Vec<u8> = match &ty {
        Ty::Decimal(p, s) | Ty::Numeric(p, s) => vec![*p, *s],
        Ty::Time(s) | Ty::DateTime2(s) | Ty::DateTimeOffset(s) => vec![*s],
        t if t.is_text() => [&COLLATION[..], &8000_u16.to_le_bytes()].concat(),
        t if t.is_binary() => 8000_u16.to_le_bytes().to_vec(),
        _ => Vec::new(),
    };
    out.u8(properties.len() as u8);
    out.bytes(&properties);
    if ty.length() == Some(MAX) {
        return None;
    }
    match (&ty, inner) {
        (t, ValueRef::Text(hex)) if t.is_binary() => {
            out.bytes(&unhex(&String::from_utf8_lossy(hex))?);
            Some(())
        }
        _ => bare(out, &ty, inner),
    }
}

/// Bytes written as hexadecimal digits, with or without `0x`.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix("0x").or(text.strip_prefix("0X")).unwrap_or(text);
    let text = if text.len().is_multiple_of(2) { text.to_owned() } else { format!("0{text}") };
    let pairs = text.as_bytes().as_chunks::<2>().0;
    pairs.iter().map(|p| u8::from_str_radix(std::str::from_utf8(p).ok()?, 16).ok()).collect()
}
