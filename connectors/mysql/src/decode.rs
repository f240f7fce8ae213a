//! From the driver's values to those of Arrow, and to exact texts as the server itself prints them.

use std::fmt::Write;

use mysql_async::Value;

/// A value that is not of the form its type says, or that Arrow cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// A whole number, whatever its width and sign.
pub(crate) fn integer(value: &Value) -> Result<i128, Malformed> {
    match value {
        Value::Int(n) => Ok(i128::from(*n)),
        Value::UInt(n) => Ok(i128::from(*n)),
        Value::Bytes(text) => std::str::from_utf8(text).ok().and_then(|t| t.parse().ok()).ok_or(Malformed),
        _ => Err(Malformed),
    }
}

/// The bits of a BIT column as a number: at most 64, the first byte is the highest.
pub(crate) fn bits(value: &Value) -> Result<u64, Malformed> {
    match value {
        Value::Bytes(bytes) if bytes.len() <= 8 => {
            Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
        }
        Value::UInt(n) => Ok(*n),
        _ => Err(Malformed),
    }
}

pub(crate) fn float(value: &Value) -> Result<f64, Malformed> {
    match value {
        Value::Double(x) => Ok(*x),
        Value::Float(x) => Ok(f64::from(*x)),
        _ => Err(Malformed),
    }
}

pub(crate) fn single(value: &Value) -> Result<f32, Malformed> {
    match value {
        Value::Float(x) => Ok(*x),
        _ => Err(Malformed),
    }
}

/// A number of `decimal(p, scale)` as a whole number of its last decimal place. Fewer places than declared are filled
/// up; more would lose digits and are refused.
pub(crate) fn decimal(value: &Value, scale: i8) -> Result<i128, Malformed> {
    let Value::Bytes(text) = value else { return integer(value).and_then(|n| scaled(n, i32::from(scale))) };
    let text = std::str::from_utf8(text).map_err(|_| Malformed)?;
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut number: i128 = 0;
    for digit in whole.chars().chain(fraction.chars()) {
        let digit = digit.to_digit(10).ok_or(Malformed)?;
        number = number.checked_mul(10).and_then(|n| n.checked_add(i128::from(digit))).ok_or(Malformed)?;
    }
    let places = i32::try_from(fraction.len()).map_err(|_| Malformed)?;
    let number = scaled(number, i32::from(scale) - places)?;
    Ok(if negative { -number } else { number })
}

fn scaled(number: i128, places: i32) -> Result<i128, Malformed> {
    let places = u32::try_from(places).map_err(|_| Malformed)?;
    10_i128.checked_pow(places).and_then(|power| number.checked_mul(power)).ok_or(Malformed)
}

/// Days since 1970; `None` for what is no day (0000-00-00, 2024-00-10, 2024-02-31).
pub(crate) fn date(value: &Value) -> Result<Option<i32>, Malformed> {
    match value {
        Value::Date(year, month, day, ..) => Ok(days(*year, *month, *day)),
        _ => Err(Malformed),
    }
}

/// Microseconds since 1970 by the clock of the session; `None` for what is no day.
pub(crate) fn timestamp(value: &Value) -> Result<Option<i64>, Malformed> {
    let Value::Date(year, month, day, hour, minute, second, micros) = value else { return Err(Malformed) };
    let Some(days) = days(*year, *month, *day) else { return Ok(None) };
    let seconds = i64::from(*hour) * 3600 + i64::from(*minute) * 60 + i64::from(*second);
    Ok(Some((i64::from(days) * 86_400 + seconds) * 1_000_000 + i64::from(*micros)))
}

fn days(year: u16, month: u8, day: u8) -> Option<i32> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if day == 0 || day > length {
        return None;
    }
    // years begin in March here, so that the leap day is the last of its year
    let (year, month) = (i32::from(year), i32::from(month));
    let year = if month > 2 { year } else { year - 1 };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i32::from(day) - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// A value as the server prints it. `places`: how many digits a fraction of a second has.
pub(crate) fn text(value: &Value, places: u8, with_time: bool, out: &mut String) {
    // writing to a String cannot fail
    let _ = match value {
        Value::NULL => Ok(()),
        // other bytes than UTF-8 cannot come in a session of utf8mb4, unless a column is damaged
        Value::Bytes(bytes) => {
            out.push_str(&String::from_utf8_lossy(bytes));
            Ok(())
        }
        Value::Int(n) => write!(out, "{n}"),
        Value::UInt(n) => write!(out, "{n}"),
        Value::Float(x) => write!(out, "{x}"),
        Value::Double(x) => write!(out, "{x}"),
        Value::Date(year, month, day, hour, minute, second, micros) => {
            let _ = write!(out, "{year:04}-{month:02}-{day:02}");
            if with_time {
                let _ = write!(out, " {hour:02}:{minute:02}:{second:02}");
                fraction(*micros, places, out);
            }
            Ok(())
        }
        Value::Time(negative, days, hours, minutes, seconds, micros) => {
            let sign = if *negative { "-" } else { "" };
            let hours = u64::from(*days) * 24 + u64::from(*hours);
            let _ = write!(out, "{sign}{hours:02}:{minutes:02}:{seconds:02}");
            fraction(*micros, places, out);
            Ok(())
        }
    };
}

fn fraction(micros: u32, places: u8, out: &mut String) {
    // more than six places is how the server says that it does not know
    let places = if places > 6 { if micros == 0 { 0 } else { 6 } } else { usize::from(places) };
    if places > 0 {
        let digits = format!("{micros:06}");
        let _ = write!(out, ".{}", digits.get(..places).unwrap_or(&digits));
    }
}

/// The WKB of a geometry, which the server keeps behind four bytes of its reference system's number.
pub(crate) fn geometry(bytes: &[u8]) -> Result<&[u8], Malformed> {
    bytes.get(4..).ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal_of(text: &str, scale: i8) -> Result<i128, Malformed> {
        decimal(&Value::Bytes(text.as_bytes().to_vec()), scale)
    }

    #[test]
    fn decimals_keep_every_digit() {
        assert_eq!(decimal_of("12.50", 2), Ok(1250));
        assert_eq!(decimal_of("-0.05", 2), Ok(-5));
        assert_eq!(decimal_of("7", 3), Ok(7000));
        assert_eq!(decimal_of(&"9".repeat(38), 0), Ok(10_i128.pow(38) - 1));
        for wrong in ["1.234", "1e3", "x", &"9".repeat(40)] {
            assert_eq!(decimal_of(wrong, 2), Err(Malformed), "{wrong}");
        }
    }

    #[test]
    fn days_are_counted_and_what_is_no_day_is_none() {
        assert_eq!(days(1970, 1, 1), Some(0));
        assert_eq!(days(2000, 2, 29), Some(11_016));
        assert_eq!(days(2024, 3, 1), Some(19_783));
        assert_eq!(days(1, 1, 1), Some(-719_162));
        assert_eq!(days(9999, 12, 31), Some(2_932_896));
        for (year, month, day) in
            [(0, 0, 0), (2024, 0, 10), (2024, 5, 0), (2023, 2, 29), (1900, 2, 29), (2024, 13, 1)]
        {
            assert_eq!(days(year, month, day), None);
        }
    }

    #[test]
    fn times_beyond_a_day_keep_their_hours_and_sign() {
        let mut out = String::new();
        text(&Value::Time(true, 34, 22, 59, 59, 0), 0, false, &mut out);
        assert_eq!(out, "-838:59:59");
        out.clear();
        text(&Value::Time(false, 0, 1, 2, 3, 450_000), 2, false, &mut out);
        assert_eq!(out, "01:02:03.45");
    }

    #[test]
    fn bits_are_a_number() {
        assert_eq!(bits(&Value::Bytes(vec![1, 0])), Ok(256));
        assert_eq!(bits(&Value::Bytes(vec![255; 8])), Ok(u64::MAX));
        assert_eq!(bits(&Value::Bytes(vec![0; 9])), Err(Malformed));
    }
}
