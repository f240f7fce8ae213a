//! Dates, times and time stamps as text, for the whole range that databases store: far years, `24:00:00`, the infinities.

use std::fmt::Write;

use arrow::datatypes::TimeUnit;

const DAY_SECONDS: i64 = 86_400;

/// `YYYY-MM-DD` of days since 1970. The ends of the type are the infinities. A year before 1 is written as ISO 8601
/// counts it: year 0 is 1 BC.
pub fn date(days: i32) -> String {
    match days {
        i32::MAX => "infinity".to_owned(),
        i32::MIN => "-infinity".to_owned(),
        days => date_text(days.into()),
    }
}

/// `HH:MM:SS[.fraction]` since midnight.
pub fn time(value: i64, unit: TimeUnit) -> String {
    let (seconds, nanos) = split(value, unit);
    let mut text = String::with_capacity(18);
    push_time(&mut text, seconds, nanos);
    text
}

/// `YYYY-MM-DD HH:MM:SS[.fraction]`. The ends of the type are the infinities.
pub fn timestamp(value: i64, unit: TimeUnit) -> String {
    match value {
        i64::MAX => return "infinity".to_owned(),
        i64::MIN => return "-infinity".to_owned(),
        _ => {}
    }
    let (seconds, nanos) = split(value, unit);
    let mut text = date_text(seconds.div_euclid(DAY_SECONDS));
    text.push(' ');
    push_time(&mut text, seconds.rem_euclid(DAY_SECONDS), nanos);
    text
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

fn push_time(text: &mut String, seconds: i64, nanos: i64) {
    // Writing to a String cannot fail.
    let _ = write!(text, "{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if nanos > 0 {
        let digits = format!("{nanos:09}");
        let _ = write!(text, ".{}", digits.trim_end_matches('0'));
    }
}

fn date_text(days: i64) -> String {
    let (year, month, day) = civil(days);
    let sign = if year < 0 { "-" } else { "" };
    format!("{sign}{:04}-{month:02}-{day:02}", year.abs())
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
