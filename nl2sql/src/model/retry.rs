//! When to try again: full jitter between tries, but never sooner than the server asks.

use std::time::Duration;

/// Bounds of trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Tries in all, the first included.
    pub tries: u32,
    /// Bound of the first wait; it doubles with every try.
    pub base: Duration,
    /// Largest bound of a wait that we choose ourselves.
    pub cap: Duration,
}

impl Default for Retry {
    fn default() -> Retry {
        Retry { tries: 4, base: Duration::from_millis(500), cap: Duration::from_secs(20) }
    }
}

/// The wait before the next try, or `None` when there should be none: the tries are used up, or the wait would not
/// end within `remaining`. `random` is from 0 to 1.
pub fn wait_before_retry(
    retry: &Retry,
    tries_made: u32,
    retry_after: Option<Duration>,
    remaining: Duration,
    random: f64,
) -> Option<Duration> {
    if tries_made >= retry.tries {
        return None;
    }
    let doubled = retry.base.saturating_mul(1u32 << tries_made.saturating_sub(1).min(16));
    let jittered = doubled.min(retry.cap).mul_f64(random.clamp(0.0, 1.0));
    let wait = retry_after.map_or(jittered, |asked| asked.max(jittered));
    (wait < remaining).then_some(wait)
}

/// Reads `Retry-After`: seconds, or an HTTP date, which is taken against the reply's own `Date` so that clocks that
/// disagree do no harm.
pub(super) fn read_retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let until = parse_http_date(value)?;
    let now = parse_http_date(date?)?;
    Some(Duration::from_secs(u64::try_from(until - now).unwrap_or(0)))
}

fn parse_http_date(text: &str) -> Option<i64> {
    let zoned = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    Some(zoned.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_reads_seconds_and_dates() {
        assert_eq!(read_retry_after("7", None), Some(Duration::from_secs(7)));
        let date = Some("Tue, 29 Oct 2024 16:56:02 GMT");
        let asked = read_retry_after("Tue, 29 Oct 2024 16:56:32 GMT", date);
        assert_eq!(asked, Some(Duration::from_secs(30)));
        assert_eq!(read_retry_after("Tue, 29 Oct 2024 16:55:00 GMT", date), Some(Duration::ZERO));
        assert_eq!(read_retry_after("soon", date), None);
        assert_eq!(read_retry_after("-3", None), None);
    }
}
