//! Quotas: how much may be used in a day or a month, and how much was. What was used is counted from the records of
//! executions and of calls to models themselves, so that nothing is counted twice or lost when a daemon dies.

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::db::{Conn, Row, args};
use super::error::Result;
use crate::model::{Id, Measure, Period, Quota, clock, new_id};

/// Quotas of one workspace at the most.
pub const MAX: u32 = 1_000;

const COLUMNS: &str = "id, subject, measure, period, amount, created_at, created_by, updated_at, updated_by";

fn read(row: &Row) -> Result<Quota> {
    Ok(Quota {
        id: row.id("id")?,
        subject: row.opt_text("subject")?,
        measure: row.word("measure", Measure::parse)?,
        period: row.word("period", Period::parse)?,
        amount: row.int("amount")?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        updated_at: row.time("updated_at")?,
        updated_by: row.opt_text("updated_by")?,
    })
}

/// Sets a quota: for one subject, measure and period there is one.
///
/// # Errors
/// When the store fails.
pub async fn put(
    on: &impl Conn,
    subject: Option<&str>,
    measure: Measure,
    period: Period,
    amount: i64,
) -> Result<Quota> {
    let sql = format!(
        "INSERT INTO quotas ({COLUMNS}, workspace_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $7, $8) \
         ON CONFLICT (workspace_id, coalesce(subject, ''), measure, period) DO UPDATE SET \
         amount = excluded.amount, updated_at = excluded.updated_at, updated_by = excluded.updated_by \
         RETURNING {COLUMNS}"
    );
    let args = args![
        new_id(),
        subject,
        measure.as_str(),
        period.as_str(),
        amount,
        clock::now(),
        on.by(),
        on.workspace()
    ];
    read(&on.query_one("quota", &sql, args).await?)
}

/// All of the workspace.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn) -> Result<Vec<Quota>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM quotas WHERE workspace_id = $1 ORDER BY subject, measure, period, id LIMIT $2"
    );
    on.query(&sql, args![on.workspace(), MAX]).await?.iter().map(read).collect()
}

/// Those that hold for the caller: the workspace's own and those of the caller's name.
///
/// # Errors
/// When the store fails.
pub async fn of_caller(on: &impl Conn) -> Result<Vec<Quota>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM quotas WHERE workspace_id = $1 AND (subject IS NULL OR subject = $2) LIMIT $3"
    );
    on.query(&sql, args![on.workspace(), on.by(), MAX]).await?.iter().map(read).collect()
}

/// Takes one away.
///
/// # Errors
/// Not found.
pub async fn remove(on: &impl Conn, id: Id) -> Result<Quota> {
    let sql = format!("DELETE FROM quotas WHERE workspace_id = $2 AND id = $1 RETURNING {COLUMNS}");
    read(&on.query_one("quota", &sql, args![id, on.workspace()]).await?)
}

/// What was used of a quota in the period that a moment is in.
///
/// # Errors
/// When the store fails.
pub async fn used(on: &impl Conn, quota: &Quota, at: Timestamp) -> Result<i64> {
    let (table, sum) = match quota.measure {
        Measure::Rows => ("executions", "CASE WHEN cache_hit THEN 0 ELSE row_count END"),
        Measure::Seconds => ("executions", "elapsed_ms"),
        Measure::Tokens => ("llm_calls", "prompt_tokens + completion_tokens"),
        Measure::Cost => ("llm_calls", "cost_micros"),
    };
    let whose = if quota.subject.is_some() { " AND created_by = $3" } else { "" };
    let sql = format!(
        "SELECT CAST(coalesce(sum({sum}), 0) AS bigint) AS n FROM {table} \
         WHERE workspace_id = $1 AND created_at >= $2{whose}"
    );
    let mut args = args![on.workspace(), begin(quota.period, at)].to_vec();
    args.extend(quota.subject.as_deref().map(Into::into));
    let sum = on.query_one("sum", &sql, &args).await?.int("n")?;
    Ok(if quota.measure == Measure::Seconds { sum / 1_000 } else { sum })
}

/// When the period began that a moment is in, in UTC.
fn begin(period: Period, at: Timestamp) -> Timestamp {
    let date = at.to_zoned(TimeZone::UTC).date();
    let first = match period {
        Period::Day => date,
        Period::Month => date.first_of_month(),
    };
    first.to_zoned(TimeZone::UTC).map_or(at, |moment| moment.timestamp())
}

/// When the period ends that a moment is in, in UTC.
pub fn end(period: Period, at: Timestamp) -> Timestamp {
    let span = match period {
        Period::Day => 1.day(),
        Period::Month => 1.month(),
    };
    let begin = begin(period, at).to_zoned(TimeZone::UTC);
    begin.checked_add(span).map_or(at, |moment| moment.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_and_end_in_utc() {
        let at: Timestamp = "2024-02-29T23:59:59Z".parse().unwrap();
        let of = |period| (begin(period, at).to_string(), end(period, at).to_string());
        assert_eq!(of(Period::Day), ("2024-02-29T00:00:00Z".into(), "2024-03-01T00:00:00Z".into()));
        assert_eq!(of(Period::Month), ("2024-02-01T00:00:00Z".into(), "2024-03-01T00:00:00Z".into()));
    }
}
