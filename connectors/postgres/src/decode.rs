//! From PostgreSQL's binary wire forms to values and exact texts. The texts are those that the server itself prints
//! (intervals in ISO 8601, which every reader of JSON, CSV and Parquet understands).

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A value that is not of the form its type says, or that Arrow cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bad {
    /// Fewer or other bytes than the type has.
    Malformed,
    /// NaN or infinity in a column of exact decimals.
    NotANumber,
    /// An array of more than one dimension in a column of lists.
    Nested,
}

impl Bad {
    /// What to tell people.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Bad::Malformed => "holds a value of an unknown form",
            Bad::NotANumber => "holds NaN or infinity, which an exact decimal cannot be",
            Bad::Nested => "holds an array of several dimensions",
        }
    }
}

/// Reads fixed-size pieces from the front of a value.
pub(crate) struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Bad> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(Bad::Malformed)?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Bad> {
        self.take(N)?.try_into().map_err(|_| Bad::Malformed)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Bad> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(crate) fn i16(&mut self) -> Result<i16, Bad> {
        Ok(i16::from_be_bytes(self.array()?))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Bad> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(crate) fn i32(&mut self) -> Result<i32, Bad> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Bad> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Bad> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Bad> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    pub(crate) fn f32(&mut self) -> Result<f32, Bad> {
        Ok(f32::from_be_bytes(self.array()?))
    }

    pub(crate) fn f64(&mut self) -> Result<f64, Bad> {
        Ok(f64::from_be_bytes(self.array()?))
    }
}

/// Days from 1970 to 2000, the server's epoch.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * 86_400_000_000;

/// Days since 1970. The infinities stay the ends of the type, which no finite date of the server reaches.
pub(crate) fn date(days: i32) -> i32 {
    match days {
        i32::MAX | i32::MIN => days,
        _ => days.saturating_add(EPOCH_DAYS),
    }
}

/// Microseconds since 1970. The infinities become the ends of the type.
pub(crate) fn timestamp(micros: i64) -> i64 {
    match micros {
        i64::MAX | i64::MIN => micros,
        _ => micros.saturating_add(EPOCH_MICROS),
    }
}

const NAN: u16 = 0xC000;
const NEGATIVE: u16 = 0x4000;
const POSITIVE_INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;

struct Numeric {
    weight: i32,
    sign: u16,
    scale: usize,
    digits: Vec<u16>,
}

fn numeric(raw: &[u8]) -> Result<Numeric, Bad> {
    let mut bytes = Bytes(raw);
    let count = bytes.u16()?;
    let (weight, sign, scale) = (bytes.i16()?, bytes.u16()?, bytes.u16()?);
    let digits = (0..count).map(|_| bytes.u16()).collect::<Result<Vec<_>, _>>()?;
    if digits.iter().any(|d| *d > 9999) {
        return Err(Bad::Malformed);
    }
    Ok(Numeric { weight: i32::from(weight), sign, scale: usize::from(scale), digits })
}

/// A number of `numeric(p, scale)` as a whole number of its last decimal place.
pub(crate) fn decimal(raw: &[u8], scale: i8) -> Result<i128, Bad> {
    let number = numeric(raw)?;
    if !matches!(number.sign, 0 | NEGATIVE) {
        return Err(Bad::NotANumber);
    }
    let mut value: i128 = 0;
    // the place of the last digit of each group, counted from the number's last decimal place
    let mut place = (number.weight + 1) * 4 + i32::from(scale);
    for group in number.digits {
        place -= 4;
        let group = i128::from(group);
        let shifted = match u32::try_from(place) {
            Ok(place) => 10_i128.checked_pow(place).and_then(|power| power.checked_mul(group)),
            // digits beyond the declared scale are zeros
            Err(_) => Some(group / 10_i128.pow(place.unsigned_abs().min(4))),
        };
        value = shifted.and_then(|s| value.checked_add(s)).ok_or(Bad::Malformed)?;
    }
    Ok(if number.sign == NEGATIVE { -value } else { value })
}

/// A number as the server prints it.
pub(crate) fn numeric_text(raw: &[u8], out: &mut String) -> Result<(), Bad> {
    let number = numeric(raw)?;
    match number.sign {
        NAN => out.push_str("NaN"),
        POSITIVE_INFINITY => out.push_str("Infinity"),
        NEGATIVE_INFINITY => out.push_str("-Infinity"),
        sign => {
            if sign == NEGATIVE {
                out.push('-');
            }
            write_numeric(&number, out);
        }
    }
    Ok(())
}

fn write_numeric(number: &Numeric, out: &mut String) {
    let group =
        |index: i32| usize::try_from(index).ok().and_then(|i| number.digits.get(i)).copied().unwrap_or(0);
    if number.weight < 0 {
        out.push('0');
    }
    for index in 0..=number.weight {
        let width = if index == 0 { 0 } else { 4 };
        let _ = write!(out, "{:0width$}", group(index));
    }
    if number.scale == 0 {
        return;
    }
    out.push('.');
    let wanted = out.len() + number.scale;
    let mut index = number.weight + 1;
    while out.len() < wanted {
        let _ = write!(out, "{:04}", group(index));
        index += 1;
    }
    out.truncate(wanted);
}

/// An interval in ISO 8601, as `intervalstyle = iso_8601` prints it.
pub(crate) fn interval(raw: &[u8], out: &mut String) -> Result<(), Bad> {
    let mut bytes = Bytes(raw);
    let (micros, days, months) = (bytes.i64()?, bytes.i32()?, bytes.i32()?);
    match (micros, days, months) {
        (i64::MAX, i32::MAX, i32::MAX) => out.push_str("infinity"),
        (i64::MIN, i32::MIN, i32::MIN) => out.push_str("-infinity"),
        (0, 0, 0) => out.push_str("PT0S"),
        _ => write_interval(micros, days, months, out),
    }
    Ok(())
}

fn write_interval(micros: i64, days: i32, months: i32, out: &mut String) {
    fn part(value: i64, unit: char, out: &mut String) {
        if value != 0 {
            let _ = write!(out, "{value}{unit}");
        }
    }
    out.push('P');
    part(i64::from(months / 12), 'Y', out);
    part(i64::from(months % 12), 'M', out);
    part(i64::from(days), 'D', out);
    if micros == 0 {
        return;
    }
    out.push('T');
    part(micros / 3_600_000_000, 'H', out);
    part(micros / 60_000_000 % 60, 'M', out);
    let seconds = micros % 60_000_000;
    if seconds != 0 {
        let sign = if seconds < 0 { "-" } else { "" };
        let seconds = seconds.unsigned_abs();
        let _ = write!(out, "{sign}{}", seconds / 1_000_000);
        write_fraction(seconds % 1_000_000, out);
        out.push('S');
    }
}

fn write_fraction(micros: u64, out: &mut String) {
    if micros != 0 {
        let text = format!("{micros:06}");
        let _ = write!(out, ".{}", text.trim_end_matches('0'));
    }
}

/// A time with its zone, as `04:05:06.789-08`.
pub(crate) fn time_with_zone(raw: &[u8], out: &mut String) -> Result<(), Bad> {
    let mut bytes = Bytes(raw);
    let micros = u64::try_from(bytes.i64()?).map_err(|_| Bad::Malformed)?;
    let west = bytes.i32()?;
    let seconds = micros / 1_000_000;
    let _ = write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    write_fraction(micros % 1_000_000, out);
    // the wire counts seconds west of Greenwich
    let east = west.unsigned_abs();
    let _ = write!(out, "{}{:02}", if west > 0 { '-' } else { '+' }, east / 3600);
    if east % 3600 != 0 {
        let _ = write!(out, ":{:02}", east / 60 % 60);
    }
    if east % 60 != 0 {
        let _ = write!(out, ":{:02}", east % 60);
    }
    Ok(())
}

/// An address or network.
pub(crate) fn inet(raw: &[u8], out: &mut String) -> Result<(), Bad> {
    let mut bytes = Bytes(raw);
    let (_family, bits, is_cidr, length) = (bytes.u8()?, bytes.u8()?, bytes.u8()?, bytes.u8()?);
    let all_bits = match length {
        4 => {
            let _ = write!(out, "{}", Ipv4Addr::from(bytes.u32()?));
            32
        }
        16 => {
            let address: [u8; 16] = bytes.take(16)?.try_into().map_err(|_| Bad::Malformed)?;
            let _ = write!(out, "{}", Ipv6Addr::from(address));
            128
        }
        _ => return Err(Bad::Malformed),
    };
    if is_cidr != 0 || bits != all_bits {
        let _ = write!(out, "/{bits}");
    }
    Ok(())
}

/// `08:00:2b:01:02:03`.
pub(crate) fn hardware_address(raw: &[u8], out: &mut String) {
    for (index, byte) in raw.iter().enumerate() {
        let colon = if index == 0 { "" } else { ":" };
        let _ = write!(out, "{colon}{byte:02x}");
    }
}

/// `10110`.
pub(crate) fn bits(raw: &[u8], out: &mut String) -> Result<(), Bad> {
    let mut bytes = Bytes(raw);
    let count = usize::try_from(bytes.i32()?).map_err(|_| Bad::Malformed)?;
    let packed = bytes.take(count.div_ceil(8))?;
    for index in 0..count {
        let bit = packed.get(index / 8).is_some_and(|byte| byte & (0x80 >> (index % 8)) != 0);
        out.push(if bit { '1' } else { '0' });
    }
    Ok(())
}

/// `a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11`.
pub(crate) fn uuid(raw: &[u8], out: &mut String) -> Result<(), Bad> {
    if raw.len() != 16 {
        return Err(Bad::Malformed);
    }
    for (index, byte) in raw.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        let _ = write!(out, "{byte:02x}");
    }
    Ok(())
}

/// `16/B374D848`.
pub(crate) fn lsn(raw: &[u8], out: &mut String) -> Result<(), Bad> {
    let mut bytes = Bytes(raw);
    let (high, low) = (bytes.u32()?, bytes.u32()?);
    let _ = write!(out, "{high:X}/{low:X}");
    Ok(())
}

/// Text in the session's encoding, which is UTF-8. A database in SQL_ASCII may hold other bytes: those show as the
/// replacement character.
pub(crate) fn text(raw: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(raw)
}

#[cfg(test)]
mod tests {
    use tokio_postgres::types::Type;

    use crate::arrow::{Column, reading};

    /// Whatever bytes come, a value is read or refused; nothing panics.
    #[test]
    fn strange_bytes_are_refused_and_never_a_panic() {
        let types = [
            Type::BOOL,
            Type::INT2,
            Type::INT4,
            Type::INT8,
            Type::OID,
            Type::FLOAT4,
            Type::FLOAT8,
            Type::NUMERIC,
            Type::MONEY,
            Type::TEXT,
            Type::BYTEA,
            Type::DATE,
            Type::TIME,
            Type::TIMETZ,
            Type::TIMESTAMPTZ,
            Type::INTERVAL,
            Type::UUID,
            Type::JSONB,
            Type::INET,
            Type::MACADDR,
            Type::VARBIT,
            Type::PG_LSN,
            Type::CHAR,
            Type::INT4_ARRAY,
            Type::TEXT_ARRAY,
            Type::NUMERIC_ARRAY,
        ];
        let declared_numeric = (12 << 16 | 2) + 4;
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        for ty in types {
            for modifier in [-1, declared_numeric] {
                let mut column = Column::new(reading(&ty, modifier, 2).unwrap());
                let mut kept = 0;
                for round in 0..2000_usize {
                    let bytes: Vec<u8> = (0..round % 40)
                        .map(|_| {
                            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                            // small numbers are likelier to look like a count or a length
                            if round % 2 == 0 { (state >> 60) as u8 & 3 } else { (state >> 56) as u8 }
                        })
                        .collect();
                    kept += usize::from(column.push(Some(&bytes)).is_ok());
                }
                column.push(None).unwrap();
                assert_eq!(column.finish().len(), kept + 1, "{ty}");
            }
        }
    }
}
