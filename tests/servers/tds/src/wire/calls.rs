//! Remote procedure calls: which procedure, and its parameters with their values.

use rusqlite::types::Value;

use super::bytes::{In, utf16};
use super::typeinfo::{in_parts, read_type};
use crate::calendar::{FROM_1900, MINUTE, Moment, SECOND};
use crate::code_page;
use crate::decimal;
use crate::types::Ty;

/// A parameter of a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) by_reference: bool,
    pub(crate) ty: Ty,
    pub(crate) value: Value,
}

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) procedure: String,
    pub(crate) parameters: Vec<Parameter>,
}

/// Procedures that are called by number.
const NUMBERED: &[(u16, &str)] = &[
    (1, "sp_cursor"),
    (2, "sp_cursoropen"),
    (7, "sp_cursorfetch"),
    (9, "sp_cursorclose"),
    (10, "sp_executesql"),
    (11, "sp_prepare"),
    (12, "sp_execute"),
    (13, "sp_prepexec"),
    (15, "sp_unprepare"),
];

/// Reads a request of one call; `None` when it is malformed.
pub(crate) fn read(data: &[u8]) -> Option<Call> {
    let mut data = In::new(data);
    data.skip_headers()?;
    let length = data.u16()?;
    let procedure = if length == 0xffff {
        let number = data.u16()?;
        NUMBERED
            .iter()
            .find(|(n, _)| *n == number)
            .map_or(format!("#{number}"), |(_, name)| (*name).to_owned())
    } else {
        data.utf16(length.into())?
    };
    data.u16()?;
    let mut parameters = Vec::new();
    while !data.is_empty() {
        let name = data.short_text()?;
        let status = data.u8()?;
        let ty = read_type(&mut data)?;
        let value = read_value(&mut data, &ty)?;
        parameters.push(Parameter { name, by_reference: status & 1 == 1, ty, value });
    }
    Some(Call { procedure, parameters })
}

fn read_value(data: &mut In<'_>, ty: &Ty) -> Option<Value> {
    let bytes = if in_parts(ty) {
        read_parts(data)?
    } else if ty.is_text() || ty.is_binary() {
        match data.u16()? {
            0xffff => None,
            length => Some(data.take(length.into())?.to_vec()),
        }
    } else {
        // every parameter comes in the form with a length
        match data.u8()? {
            0 => None,
            length => Some(data.take(length.into())?.to_vec()),
        }
    };
    match bytes {
        None => Some(Value::Null),
        Some(bytes) => value_of(ty, &bytes),
    }
}

#[allow(clippy::option_option)] // malformed, NULL, or bytes
fn read_parts(data: &mut In<'_>) -> Option<Option<Vec<u8>>> {
    if data.u64()? == u64::MAX {
        return Some(None);
    }
    let mut bytes = Vec::new();
    loop {
        match data.u32()? {
            0 => return Some(Some(bytes)),
            length => bytes.extend_from_slice(data.take(length as usize)?),
        }
    }
}

fn number(bytes: &[u8]) -> i64 {
    bytes.iter().rev().take(8).fold(0, |n, b| n << 8 | i64::from(*b))
}

fn value_of(ty: &Ty, bytes: &[u8]) -> Option<Value> {
    let tail = |length: usize| bytes.len().checked_sub(length).and_then(|at| bytes.get(at..));
    Some(match ty {
        Ty::Bit | Ty::TinyInt | Ty::SmallInt | Ty::Int | Ty::BigInt => Value::Integer(match *bytes {
            [one] => one.into(),
            [a, b] => i16::from_le_bytes([a, b]).into(),
            [a, b, c, d] => i32::from_le_bytes([a, b, c, d]).into(),
            _ => i64::from_le_bytes(bytes.try_into().ok()?),
        }),
        Ty::Real | Ty::Float => Value::Real(match *bytes {
            [a, b, c, d] => f32::from_le_bytes([a, b, c, d]).into(),
            _ => f64::from_le_bytes(bytes.try_into().ok()?),
        }),
        Ty::Decimal(_, scale) | Ty::Numeric(_, scale) => {
            let (sign, digits) = bytes.split_first()?;
            let digits = digits.iter().rev().fold(0_i128, |n, b| n << 8 | i128::from(*b));
            Value::Text(decimal::text(if *sign == 0 { -digits } else { digits }, *scale))
        }
        Ty::Money | Ty::SmallMoney => {
            let units = match bytes {
                [high @ .., a, b, c, d] if high.len() == 4 => {
                    i64::from(number(high) as i32) << 32 | i64::from(u32::from_le_bytes([*a, *b, *c, *d]))
                }
                _ => i64::from(number(bytes) as i32),
            };
            Value::Text(decimal::text(units.into(), 4))
        }
        t if t.is_unicode() => Value::Text(utf16(bytes)?),
        Ty::Xml => Value::Text(utf16(bytes)?.trim_start_matches('\u{feff}').to_owned()),
        t if t.is_text() => Value::Text(code_page::decode(bytes)),
        Ty::Guid => Value::Text(guid(bytes)?),
        Ty::Date => Value::Text(Moment { day: number(bytes), ..Moment::default() }.date_text()),
        Ty::Time(scale) => Value::Text(clock(bytes, *scale).time_text()),
        Ty::DateTime2(scale) => {
            let time = clock(bytes.get(..bytes.len().checked_sub(3)?)?, *scale);
            Value::Text(stored(Moment { day: number(tail(3)?), ..time }))
        }
        Ty::DateTimeOffset(scale) => {
            let (rest, zone) = bytes.split_last_chunk::<2>()?;
            let (time, day) = rest.split_last_chunk::<3>()?;
            let zone = i64::from(i16::from_le_bytes(*zone));
            let utc = Moment { day: number(day), ..clock(time, *scale) };
            let local = Moment::from_total(utc.total() + i128::from(zone * MINUTE), Some(zone));
            Value::Text(format!("{} {}", stored(local), local.zone_text()))
        }
        Ty::SmallDateTime => {
            let (day, minutes) = (number(bytes.get(..2)?), number(tail(2)?));
            Value::Text(stored(Moment { day: day + FROM_1900, ticks: minutes * MINUTE, zone: None }))
        }
        Ty::DateTime => {
            let (day, parts) = (number(bytes.get(..4)?) as i32, number(tail(4)?));
            let ticks = (parts * SECOND + 150) / 300;
            let exact = Moment { day: i64::from(day) + FROM_1900, ticks, zone: None };
            Value::Text(stored(exact.rounded(3)))
        }
        _ => Value::Blob(bytes.to_vec()),
    })
}

/// A day and a time of day as they are stored.
pub(crate) fn stored(moment: Moment) -> String {
    format!("{} {}", moment.date_text(), moment.time_text())
}

fn clock(bytes: &[u8], scale: u8) -> Moment {
    Moment { ticks: number(bytes) * 10_i64.pow(7 - u32::from(scale.min(7))), ..Moment::default() }
}

fn guid(bytes: &[u8]) -> Option<String> {
    let mut bytes: [u8; 16] = bytes.try_into().ok()?;
    bytes.get_mut(0..4)?.reverse();
    bytes.get_mut(4..6)?.reverse();
    bytes.get_mut(6..8)?.reverse();
    let digits = format!("{:032X}", u128::from_be_bytes(bytes));
    let group = |range| digits.get(range).unwrap_or_default();
    Some(format!("{}-{}-{}-{}-{}", group(0..8), group(8..12), group(12..16), group(16..20), group(20..32)))
}
