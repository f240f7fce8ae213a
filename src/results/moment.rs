//! Dates, times and time stamps as text, for the whole range that databases store: far years, `24:00:00`, the infinities.

use arrow::datatypes::TimeUnit;

const DAY_SECONDS: i64 = 86_400;

/// Appends `YYYY-MM-DD` of days since 1970. The ends of the type are the infinities. A year before 1 is written as ISO
/// 8601 counts it: year 0 is 1 BC.
pub fn push_date(text: &mut String, days: i32) {
    match days {
        i32::MAX => text.push_str("infinity"),
        i32::MIN => text.push_str("-infinity"),
        days => push_days(text, days.into()),
    }
}

/// Appends `HH:MM:SS[.fraction]` since midnight.
pub fn push_time(text: &mut String, value: i64, unit: TimeUnit) {
    let (seconds, nanos) = split(value, unit);
    push_clock(text, seconds, nanos);
}

/// Appends `YYYY-MM-DD HH:MM:SS[.fraction]`. The ends of the type are the infinities. Tells whether it was finite.
pub fn push_timestamp(text: &mut String, value: i64, unit: TimeUnit) -> bool {
    match value {
        i64::MAX => text.push_str("infinity"),
        i64::MIN => text.push_str("-infinity"),
        _ => {
            let (seconds, nanos) = split(value, unit);
            push_days(text, seconds.div_euclid(DAY_SECONDS));
            text.push(' ');
            push_clock(text, seconds.rem_euclid(DAY_SECONDS), nanos);
            return true;
        }
    }
    false
}

/// Whole seconds and the nanoseconds above them.
fn split(value: i64, unit: TimeUnit) -> (i64, i64) {
    let per_second = match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    };
    (value.div_euclid(per_second), value.rem_euclid(per_second) * (1_000_000_000 / per_second))
}

fn push_clock(text: &mut String, seconds: i64, nanos: i64) {
    push_padded(text, seconds / 3_600, 2);
    text.push(':');
    push_padded(text, seconds / 60 % 60, 2);
    text.push(':');
    push_padded(text, seconds % 60, 2);
    if nanos > 0 {
        text.push('.');
        push_padded(text, nanos, 9);
        text.truncate(text.trim_end_matches('0').len());
    }
}

fn push_days(text: &mut String, days: i64) {
    let (year, month, day) = civil(days);
    if year < 0 {
        text.push('-');
    }
    push_padded(text, year.abs(), 4);
    text.push('-');
    push_padded(text, month, 2);
    text.push('-');
    push_padded(text, day, 2);
}

/// Appends a number that is not negative with at least so many digits. Millions of them are written for one export, so
/// this does without the machinery of formatting.
fn push_padded(text: &mut String, mut number: i64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    while number > 0 || digits.len() - start < width {
        start -= 1;
        // a digit is below 10
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    text.extend(digits[start..].iter().map(|digit| char::from(*digit)));
}

/// Year, month and day in the Gregorian calendar. Years are counted from March, so that the leap day is the last one of
/// a year and a month's first day follows from its number alone.
fn civil(days: i64) -> (i64, i64, i64) {
    const FROM_MARCH_OF_YEAR_0: i64 = 719_468;
    const DAYS_OF_400_YEARS: i64 = 146_097;
    let days = days + FROM_MARCH_OF_YEAR_0;
    let era = days.div_euclid(DAYS_OF_400_YEARS);
    let day_of_era = days.rem_euclid(DAYS_OF_400_YEARS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}
