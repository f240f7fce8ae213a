//! From the driver's values to those of Arrow, and to texts as the server itself prints them.

use std::fmt::Write;

use tiberius::ColumnData;
use tiberius::numeric::Numeric;
use tiberius::time::{Date, DateTime, DateTime2, DateTimeOffset, SmallDateTime, Time};

/// A value that is not of the form its type says, or that cannot be carried exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Days from 0001-01-01 to 1970-01-01, and from 1900-01-01.
const FROM_YEAR_ONE: i64 = 719_162;
const FROM_1900: i64 = 25_567;
const MICROS_A_DAY: i64 = 86_400_000_000;

/// Days since 1970.
pub(crate) fn date(value: Date) -> Result<i32, Malformed> {
    i32::try_from(i64::from(value.days()) - FROM_YEAR_ONE).map_err(|_| Malformed)
}

/// Microseconds since midnight; the seventh decimal of a second is cut.
pub(crate) fn time(value: Time) -> Result<i64, Malformed> {
    let nanos = nanos(value)?;
    i64::try_from(nanos / 1000).map_err(|_| Malformed)
}

/// Nanoseconds since midnight.
fn nanos(value: Time) -> Result<u64, Malformed> {
    let places = 9_u32.checked_sub(u32::from(value.scale())).ok_or(Malformed)?;
    let nanos = value.increments().checked_mul(10_u64.pow(places)).ok_or(Malformed)?;
    // a day has so many
    if nanos < 86_400_000_000_000 { Ok(nanos) } else { Err(Malformed) }
}

/// Microseconds since 1970.
pub(crate) fn datetime2(value: DateTime2) -> Result<i64, Malformed> {
    Ok(i64::from(date(value.date())?) * MICROS_A_DAY + time(value.time())?)
}

/// Microseconds since 1970 of a `datetime`, which counts in three hundredths of a second and prints milliseconds.
pub(crate) fn datetime(value: DateTime) -> i64 {
    let days = i64::from(value.days()) - FROM_1900;
    days * MICROS_A_DAY + millis(value.seconds_fragments()) * 1000
}

/// What the server prints for so many three hundredths: 0, 3, 7, 10 ...
fn millis(fragments: u32) -> i64 {
    (i64::from(fragments) * 10 + 1) / 3
}

/// Microseconds since 1970 of a `smalldatetime`, which counts minutes.
pub(crate) fn smalldatetime(value: SmallDateTime) -> i64 {
    let days = i64::from(value.days()) - FROM_1900;
    days * MICROS_A_DAY + i64::from(value.seconds_fragments()) * 60_000_000
}

/// A number of `decimal(p, scale)` as a whole number of its last decimal place.
pub(crate) fn decimal(value: Numeric, scale: i8) -> Result<i128, Malformed> {
    let places = i32::from(scale) - i32::from(value.scale());
    let places = u32::try_from(places).map_err(|_| Malformed)?;
    10_i128.checked_pow(places).and_then(|power| value.value().checked_mul(power)).ok_or(Malformed)
}

/// Ten thousandths of money. The driver gives a float; what it was is told exactly as long as only one amount gives that
/// float, which is so up to some hundreds of billions.
pub(crate) fn money(value: f64) -> Result<i128, Malformed> {
    // as the driver makes it of the two halves that the server sends
    let of = |n: i64| {
        let (high, low) = (n >> 32, n & 0xffff_ffff);
        ((high << 32) as f64 + low as f64) / 1e4
    };
    let near = (value * 1e4).round();
    if !near.is_finite() || near.abs() > 9.2e18 {
        return Err(Malformed);
    }
    let near = near as i64;
    let mut fitting = (-3..=3).filter_map(|step| near.checked_add(step)).filter(|n| of(*n) == value);
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(i128::from(only)),
        _ => Err(Malformed),
    }
}

/// All digits of an exact number.
pub(crate) fn digits(value: Numeric, out: &mut String) {
    let (sign, scale) = (if value.value() < 0 { "-" } else { "" }, usize::from(value.scale()));
    let digits = format!("{:0>width$}", value.value().unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
    out.push_str(sign);
    out.push_str(whole);
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
}

/// A value of any type as the server prints it, as far as `sql_variant` and samples need it.
pub(crate) fn text(value: &ColumnData<'_>, out: &mut String) -> Result<(), Malformed> {
    // writing to a String cannot fail
    let _ = match value {
        ColumnData::U8(Some(n)) => write!(out, "{n}"),
        ColumnData::I16(Some(n)) => write!(out, "{n}"),
        ColumnData::I32(Some(n)) => write!(out, "{n}"),
        ColumnData::I64(Some(n)) => write!(out, "{n}"),
        ColumnData::F32(Some(x)) => write!(out, "{x}"),
        ColumnData::F64(Some(x)) => write!(out, "{x}"),
        ColumnData::Bit(Some(bit)) => write!(out, "{}", u8::from(*bit)),
        ColumnData::String(Some(text)) => write!(out, "{text}"),
        ColumnData::Xml(Some(xml)) => write!(out, "{}", xml.as_ref()),
        ColumnData::Guid(Some(id)) => write!(out, "{:X}", id.as_hyphenated()),
        ColumnData::Numeric(Some(number)) => {
            digits(*number, out);
            Ok(())
        }
        ColumnData::Binary(Some(bytes)) => {
            out.push_str("0x");
            bytes.iter().try_for_each(|byte| write!(out, "{byte:02X}"))
        }
        ColumnData::Date(Some(day)) => day_text(date(*day)?, out),
        ColumnData::Time(Some(moment)) => clock_text(nanos(*moment)?, moment.scale(), out),
        ColumnData::DateTime2(Some(moment)) => moment_text(*moment, 0, out)?,
        ColumnData::DateTimeOffset(Some(moment)) => offset_text(*moment, out)?,
        ColumnData::DateTime(Some(moment)) => micros_text(datetime(*moment), 3, out),
        ColumnData::SmallDateTime(Some(moment)) => micros_text(smalldatetime(*moment), 0, out),
        // NULL of any type
        _ => Ok(()),
    };
    Ok(())
}

/// Whether a value is NULL.
pub(crate) fn is_null(value: &ColumnData<'_>) -> bool {
    use ColumnData::*;
    matches!(
        value,
        U8(None)
            | I16(None)
            | I32(None)
            | I64(None)
            | F32(None)
            | F64(None)
            | Bit(None)
            | String(None)
            | Guid(None)
            | Binary(None)
            | Numeric(None)
            | Xml(None)
            | DateTime(None)
            | SmallDateTime(None)
            | Time(None)
            | Date(None)
            | DateTime2(None)
            | DateTimeOffset(None)
    )
}

fn day_text(days: i32, out: &mut String) -> std::fmt::Result {
    let (year, month, day) = civil(days);
    write!(out, "{year:04}-{month:02}-{day:02}")
}

fn clock_text(nanos: u64, scale: u8, out: &mut String) -> std::fmt::Result {
    let seconds = nanos / 1_000_000_000;
    write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
    let places = usize::from(scale.min(9));
    if places > 0 {
        let fraction = format!("{:09}", nanos % 1_000_000_000);
        write!(out, ".{}", fraction.get(..places).unwrap_or(&fraction))?;
    }
    Ok(())
}

fn micros_text(micros: i64, scale: u8, out: &mut String) -> std::fmt::Result {
    let days = i32::try_from(micros.div_euclid(MICROS_A_DAY)).unwrap_or_default();
    day_text(days, out)?;
    out.push(' ');
    clock_text(micros.rem_euclid(MICROS_A_DAY).unsigned_abs() * 1000, scale, out)
}

fn moment_text(value: DateTime2, minutes: i64, out: &mut String) -> Result<std::fmt::Result, Malformed> {
    const A_DAY: i64 = 86_400_000_000_000;
    let nanos = i64::try_from(nanos(value.time())?).map_err(|_| Malformed)? + minutes * 60_000_000_000;
    let days = i64::from(date(value.date())?) + nanos.div_euclid(A_DAY);
    let written = day_text(i32::try_from(days).map_err(|_| Malformed)?, out);
    out.push(' ');
    Ok(written.and_then(|()| clock_text(nanos.rem_euclid(A_DAY).unsigned_abs(), value.time().scale(), out)))
}

/// The driver gives the moment in UTC and the minutes that its clock is ahead.
fn offset_text(value: DateTimeOffset, out: &mut String) -> Result<std::fmt::Result, Malformed> {
    let minutes = i64::from(value.offset());
    let written = moment_text(value.datetime2(), minutes, out)?;
    let (sign, ahead) = (if minutes < 0 { '-' } else { '+' }, minutes.abs());
    Ok(written.and_then(|()| write!(out, " {sign}{:02}:{:02}", ahead / 60, ahead % 60)))
}

/// Year, month and day of a number of days since 1970.
fn civil(days: i32) -> (i64, u32, u32) {
    // years begin in March here, so that the leap day is the last of its year
    let days = i64::from(days) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let number = |n: i64| u32::try_from(n).unwrap_or_default();
    (year + era * 400 + later, number(month), number(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: ColumnData<'_>) -> String {
        let mut out = String::new();
        text(&value, &mut out).unwrap();
        out
    }

    #[test]
    fn money_is_told_exactly_or_not_at_all() {
        for n in [0, 1, -1, 12_3456, -922_337, 4_000_000_000_000_001, i64::from(i32::MIN)] {
            assert_eq!(money(n as f64 / 1e4), Ok(i128::from(n)), "{n}");
        }
        assert_eq!(money(922_337_203_685_477.5), Err(Malformed));
        assert_eq!(money(f64::NAN), Err(Malformed));
    }

    #[test]
    fn numbers_keep_every_digit() {
        let of = |value, scale| shown(ColumnData::Numeric(Some(Numeric::new_with_scale(value, scale))));
        assert_eq!(of(-5, 2), "-0.05");
        assert_eq!(of(1250, 2), "12.50");
        assert_eq!(of(7, 0), "7");
        assert_eq!(of(10_i128.pow(37), 38), "0.10000000000000000000000000000000000000");
        assert_eq!(decimal(Numeric::new_with_scale(7, 0), 3), Ok(7000));
        assert_eq!(decimal(Numeric::new_with_scale(7, 3), 0), Err(Malformed));
    }

    #[test]
    fn moments_print_as_the_server_prints_them() {
        let moment = DateTime2::new(Date::new(738_944), Time::new(863_999_999_999, 7));
        assert_eq!(shown(ColumnData::DateTime2(Some(moment))), "2024-02-29 23:59:59.9999999");
        let ahead = DateTimeOffset::new(DateTime2::new(Date::new(738_944), Time::new(23 * 3600, 0)), 90);
        assert_eq!(shown(ColumnData::DateTimeOffset(Some(ahead))), "2024-03-01 00:30:00 +01:30");
        assert_eq!(shown(ColumnData::DateTime(Some(DateTime::new(0, 1)))), "1900-01-01 00:00:00.003");
        assert_eq!(shown(ColumnData::SmallDateTime(Some(SmallDateTime::new(1, 61)))), "1900-01-02 01:01:00");
        assert_eq!(shown(ColumnData::Date(Some(Date::new(0)))), "0001-01-01");
        assert_eq!(date(Date::new(719_162)), Ok(0));
        assert_eq!(datetime(DateTime::new(-53_690, 0)), -6_847_804_800_000_000);
    }

    #[test]
    fn a_time_beyond_the_day_is_refused() {
        assert_eq!(time(Time::new(86_400, 0)), Err(Malformed));
        assert_eq!(time(Time::new(1, 7)), Ok(0));
        assert_eq!(time(Time::new(1, 200)), Err(Malformed));
    }
}
