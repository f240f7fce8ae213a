//! Dates and times of day as numbers and as text, from year 1 to 9999.

/// A day, a time of day in 100 ns, and minutes east of Greenwich where a zone is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Moment {
    /// Days since 0001-01-01.
    pub(crate) day: i64,
    /// Ticks of 100 ns since midnight.
    pub(crate) ticks: i64,
    /// Minutes east of Greenwich.
    pub(crate) zone: Option<i64>,
}

pub(crate) const SECOND: i64 = 10_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const DAY: i64 = 86_400 * SECOND;
/// Days from 0001-01-01 to 1900-01-01.
pub(crate) const FROM_1900: i64 = 693_595;
/// Days from 0001-01-01 to 1970-01-01.
pub(crate) const FROM_1970: i64 = 719_162;

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(crate) fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 0001-01-01; `None` for a date that there is not.
pub(crate) fn day_number(year: i64, month: i64, day: i64) -> Option<i64> {
    let fits =
        (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    let before = year - 1;
    let days: i64 = (1..month).map(|m| days_of(year, m)).sum();
    fits.then(|| before * 365 + before / 4 - before / 100 + before / 400 + days + day - 1)
}

/// Year, month and day of a day number.
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    // by 400 years, then by the year itself: a few steps at the most
    let (cycles, mut rest) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let mut year = cycles * 400 + 1;
    let skipped = (rest / 366).max(0);
    if let Some(start) = day_number(skipped + 1, 1, 1) {
        rest -= start;
        year += skipped;
    }
    while rest >= 365 + i64::from(leap(year)) {
        rest -= 365 + i64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    while rest >= days_of(year, month) {
        rest -= days_of(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

impl Moment {
    /// Reads `2024-01-02`, `20240102`, `03:04:05.123`, both with a space or `T` between, and a zone at the end.
    pub(crate) fn read(text: &str) -> Option<Moment> {
        let (text, zone) = split_zone(text.trim())?;
        let (date, time) = match text.split_once(['T', ' ']) {
            Some((date, time)) => (date, time.trim()),
            None if text.contains(':') => ("1900-01-01", text),
            None => (text, ""),
        };
        let ticks = if time.is_empty() { 0 } else { read_time(time)? };
        Some(Moment { day: read_date(date)?, ticks, zone })
    }

    /// The moment with all its days, in ticks.
    pub(crate) fn total(self) -> i128 {
        i128::from(self.day) * i128::from(DAY) + i128::from(self.ticks)
    }

    pub(crate) fn from_total(total: i128, zone: Option<i64>) -> Moment {
        let day = total.div_euclid(i128::from(DAY));
        let ticks = total.rem_euclid(i128::from(DAY));
        Moment { day: i64::try_from(day).unwrap_or(i64::MAX), ticks: i64::try_from(ticks).unwrap_or(0), zone }
    }

    /// Rounded to so many digits after the second.
    pub(crate) fn rounded(self, digits: u8) -> Moment {
        let unit = 10_i128.pow(7 - u32::from(digits.min(7)));
        Moment::from_total((self.total() + unit / 2).div_euclid(unit) * unit, self.zone)
    }

    pub(crate) fn date_text(self) -> String {
        let (year, month, day) = civil(self.day);
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// With as many digits after the second as are needed.
    pub(crate) fn time_text(self) -> String {
        let whole = self.time_with(7);
        whole.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// With so many digits after the second.
    pub(crate) fn time_with(self, digits: u8) -> String {
        let seconds = self.ticks / SECOND;
        let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        if digits > 0 {
            let fraction = format!("{:07}", self.ticks % SECOND);
            text.push('.');
            text.extend(fraction.chars().take(digits.into()));
        }
        text
    }

    pub(crate) fn zone_text(self) -> String {
        let zone = self.zone.unwrap_or(0);
        let sign = if zone < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", zone.abs() / 60, zone.abs() % 60)
    }
}

fn split_zone(text: &str) -> Option<(&str, Option<i64>)> {
    if let Some(text) = text.strip_suffix(['Z', 'z']) {
        return Some((text.trim_end(), Some(0)));
    }
    let Some(at) = text.rfind(['+', '-']).filter(|at| text.get(..*at).is_some_and(|t| t.contains(':')))
    else {
        return Some((text, None));
    };
    let (hours, minutes) = text.get(at + 1..)?.split_once(':')?;
    let zone = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
    Some((text.get(..at)?.trim_end(), Some(if text[at..].starts_with('-') { -zone } else { zone })))
}

fn read_date(text: &str) -> Option<i64> {
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        let part = |range| text.get(range).and_then(|p: &str| p.parse().ok());
        return day_number(part(0..4)?, part(4..6)?, part(6..8)?);
    }
    let mut parts = text.split(['-', '/']).map(|p| p.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() {
        return None;
    }
    day_number(year, month, day)
}

fn read_time(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':').map(|p| p.parse::<i64>().ok());
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = match parts.next() {
        Some(seconds) => seconds?,
        None => 0,
    };
    let digits: String = fraction.chars().chain("0000000".chars()).take(7).collect();
    let fits = (0..24).contains(&hours) && (0..60).contains(&minutes) && (0..60).contains(&seconds);
    let ticks = digits.parse::<i64>().ok()?;
    (fits && parts.next().is_none()).then(|| (hours * 3600 + minutes * 60 + seconds) * SECOND + ticks)
}
