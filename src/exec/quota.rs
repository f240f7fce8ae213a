//! Quotas: judged before work is accepted, counted from what it left.

use serde_json::json;

use crate::error::{Class, Error, Result};
use crate::model::{Id, Measure, Period, Quota, QuotaUse, clock};
use crate::store::{self, Conn, Db};

/// Refuses work of a caller who, or whose workspace, has used up a quota of one of those measures. Work that is under way
/// when a quota runs out is done to its end.
///
/// # Errors
/// `E020` with the time after which there is more.
pub async fn judge(db: &Db, measures: &[Measure]) -> Result<()> {
    let now = clock::now();
    for quota in store::quotas::of_caller(db).await?.iter().filter(|q| measures.contains(&q.measure)) {
        let used = store::quotas::used(db, quota, now).await?;
        if used >= quota.amount {
            return Err(used_up(quota, used));
        }
    }
    Ok(())
}

fn used_up(quota: &Quota, used: i64) -> Error {
    let now = clock::now();
    let end = store::quotas::end(quota.period, now);
    let whose = if quota.subject.is_some() { "your" } else { "the workspace's" };
    let Quota { measure, period, amount, .. } = quota;
    let message = format!("{whose} quota of {measure} for the {period} is used up: {used} of {amount}");
    let wait = u64::try_from(end.duration_since(now).as_secs()).unwrap_or(0).max(1);
    Error::new("E020", Class::Busy, message)
        .hint(format!("There is more from {end} on, or when an administrator raises the quota."))
        .retry_after(wait)
}

/// All quotas of the workspace with what was used of them.
///
/// # Errors
/// When the store fails.
pub async fn list(db: &Db) -> Result<Vec<QuotaUse>> {
    let (now, mut all) = (clock::now(), Vec::new());
    for quota in store::quotas::list(db).await? {
        let used = store::quotas::used(db, &quota, now).await?;
        all.push(QuotaUse { ends_at: store::quotas::end(quota.period, now), used, quota });
    }
    Ok(all)
}

/// Sets a quota, with its audit line.
///
/// # Errors
/// `E021` when the amount or the subject cannot be used.
pub async fn set(
    db: &Db,
    subject: Option<&str>,
    measure: Measure,
    period: Period,
    amount: i64,
) -> Result<Quota> {
    let known = |name: &str| name == "owner" || Id::parse_str(name).is_ok();
    if amount < 0 || subject.is_some_and(|name| !known(name)) {
        return Err(Error::new("E021", Class::BadInput, "the quota cannot be used")
            .hint("An amount is 0 or more; a subject is a user's key, or `owner`."));
    }
    let tx = db.begin().await?;
    let quota = store::quotas::put(&tx, subject, measure, period, amount).await?;
    let details = json!({ "subject": subject, "measure": measure, "period": period, "amount": amount });
    store::audits::add(&tx, db.by(), "quota.set", &quota.id.to_string(), details).await?;
    tx.commit().await?;
    Ok(quota)
}

/// Takes a quota away, with its audit line.
///
/// # Errors
/// Not found.
pub async fn remove(db: &Db, id: Id) -> Result<()> {
    let tx = db.begin().await?;
    let quota = store::quotas::remove(&tx, id).await?;
    let details = json!({ "subject": quota.subject, "measure": quota.measure, "period": quota.period });
    store::audits::add(&tx, db.by(), "quota.remove", &id.to_string(), details).await?;
    Ok(tx.commit().await?)
}
