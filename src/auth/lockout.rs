//! Back-off after failed sign-ins: for an account from one address, for an account, for an address. An account that somebody
//! else hammers on stays open for its owner at another address, and nobody is ever locked out for good.

use std::time::Duration;

use crate::error::{Class, Error, Result};
use crate::model::clock::{self, Timestamp};
use crate::store::{Conn, Db, sign_in_attempts};

/// Failures are forgotten when there was none for so long.
const FORGET: Duration = Duration::from_secs(60 * 60);
/// The first pause; each further failure doubles it.
const FIRST: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// What failures are counted for, and how many are free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    /// One account from one address.
    Pair,
    /// One account from anywhere.
    Account,
    /// Anything from one address: many people may share it.
    Address,
}

impl Count {
    fn free(self) -> u32 {
        match self {
            Count::Pair => 5,
            Count::Account => 50,
            Count::Address => 50,
        }
    }
}

/// An attempt that is under way. Make it before the password is looked at, so that attempts side by side count too.
#[derive(Debug)]
pub struct Attempt {
    forgiven: Vec<String>,
}

/// Counts an attempt to sign in as `account` (whatever was typed, there may be no such user) from an address.
///
/// # Errors
/// `I012` with the seconds to wait while there is a pause. It says the same whether there is such a user or not.
pub async fn count(db: &Db, account: &str, address: Option<&str>) -> Result<Attempt> {
    let now = clock::now();
    let address = address.unwrap_or("unknown");
    let mut keys = [
        (Count::Account, key(&["account", account])),
        (Count::Address, key(&["address", address])),
        (Count::Pair, key(&["pair", account, address])),
    ];
    // in one order everywhere, so that attempts side by side wait for one another and do not block one another
    keys.sort_by(|a, b| a.1.cmp(&b.1));
    let tx = db.begin().await?;
    for (count, key) in &keys {
        let seen = sign_in_attempts::add(&tx, key, now, clock::before(FORGET)).await?;
        if let Some(until) = seen.blocked_until.filter(|until| *until > now) {
            return Err(wait(until, now));
        }
        if let Some(pause) = pause(*count, seen.failures) {
            sign_in_attempts::block(&tx, key, clock::after(pause)).await?;
        }
    }
    tx.commit().await?;
    // what anybody types makes rows: those that count no more go
    sign_in_attempts::purge(db, clock::before(FORGET)).await?;
    let forgiven = keys.into_iter().filter(|(count, _)| *count != Count::Address).map(|(_, key)| key);
    Ok(Attempt { forgiven: forgiven.collect() })
}

impl Attempt {
    /// It was the right password: what was counted for the account is forgotten. What was counted for the address stays, or
    /// an account of one's own would pay for guesses at others.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn succeeded(self, on: &impl Conn) -> Result<()> {
        for key in &self.forgiven {
            sign_in_attempts::forget(on, key).await?;
        }
        Ok(())
    }
}

/// The pause that begins with the failure of that number.
fn pause(count: Count, failures: i64) -> Option<Duration> {
    let beyond = u32::try_from(failures).unwrap_or(u32::MAX).checked_sub(count.free())?;
    Some(FIRST.saturating_mul(2_u32.saturating_pow(beyond.min(20))).min(LONGEST))
}

/// What is stored: not what people typed, which may be a password in the wrong field.
fn key(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("querent sign-in attempts v1");
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

fn wait(until: Timestamp, now: Timestamp) -> Error {
    let seconds = u64::try_from(until.duration_since(now).as_secs()).unwrap_or(0) + 1;
    Error::new("I012", Class::Busy, "too many attempts to sign in failed")
        .hint(format!("Wait {seconds} seconds, then try again."))
        .retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        assert_eq!(pause(Count::Pair, 1), None);
        assert_eq!(pause(Count::Pair, 4), None);
        assert_eq!(pause(Count::Pair, 5), Some(Duration::from_secs(5)));
        assert_eq!(pause(Count::Pair, 8), Some(Duration::from_secs(40)));
        assert_eq!(pause(Count::Pair, 1_000_000_000_000), Some(LONGEST));
        assert_eq!(pause(Count::Account, 49), None);
        let days: Duration = (5..200).filter_map(|n| pause(Count::Pair, n)).sum();
        assert!(days > Duration::from_secs(86_400), "200 guesses take more than a day");
    }

    #[test]
    fn what_was_typed_is_not_stored() {
        let stored = key(&["account", "my password by mistake"]);
        assert!(!stored.contains("password"));
        assert_ne!(key(&["pair", "ab", "c"]), key(&["pair", "a", "bc"]));
    }
}
