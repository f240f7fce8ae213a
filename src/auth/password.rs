//! Passwords: argon2id with OWASP's parameters, a bound on how many are hashed at once, and the same work whether there is
//! such a user or not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{Class, Error, Result};
use crate::secrets::Secret;

/// Memory of one hash in KiB, passes over it, lanes: what OWASP's cheat sheet names for argon2id.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Sign-ins that may wait for their turn; more are sent away at once.
const MAX_WAITING: usize = 64;

/// Hashes and checks passwords, off the threads that answer requests.
pub struct Hasher {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// A hash of nothing that anybody knows: checked where there is no user, so that it takes as long.
    dummy: Arc<str>,
    checks: AtomicU64,
}

impl Hasher {
    /// `at_once`: how many passwords are hashed at the same time.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new(at_once: usize) -> Result<Hasher> {
        let unknown = crate::secrets::Token::generate()?;
        let dummy = hash_now(unknown.expose())?.into();
        let turns = Arc::new(Semaphore::new(at_once.max(1)));
        Ok(Hasher { turns, waiting: AtomicUsize::new(0), dummy, checks: AtomicU64::new(0) })
    }

    /// The hash to keep of a password, with its salt and parameters in it.
    ///
    /// # Errors
    /// `I010` when too many wait.
    pub async fn hash(&self, password: Secret) -> Result<String> {
        self.turn(move || hash_now(password.expose())).await?
    }

    /// Whether a password is the one behind a kept hash. Without a hash it never is, and that takes as long to find out.
    ///
    /// # Errors
    /// `I010` when too many wait.
    pub async fn verify(&self, password: Secret, kept: Option<&str>) -> Result<bool> {
        let known = kept.is_some();
        let kept: Arc<str> = kept.map_or_else(|| self.dummy.clone(), Into::into);
        self.checks.fetch_add(1, Ordering::Relaxed);
        let fits = self.turn(move || fits(password.expose(), &kept)).await?;
        Ok(fits && known)
    }

    /// How often a password was checked since the start: with a user behind it or not.
    pub fn checks(&self) -> u64 {
        self.checks.load(Ordering::Relaxed)
    }

    async fn turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _place = Place::take(&self.waiting)?;
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| broken())?;
        let work = move || {
            // The turn is over when the work is, also when nobody waits for it any more.
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| broken())
    }
}

/// A place among those who wait or work.
struct Place<'h>(&'h AtomicUsize);

impl<'h> Place<'h> {
    fn take(waiting: &'h AtomicUsize) -> Result<Place<'h>> {
        if waiting.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING {
            waiting.fetch_sub(1, Ordering::Relaxed);
            let error = Error::new("I010", Class::Busy, "too many people are signing in at this moment");
            return Err(error.hint("Try again in a moment."));
        }
        Ok(Place(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| broken())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Result<String> {
    Ok(argon2()?.hash_password(password.as_bytes()).map_err(|_| broken())?.to_string())
}

fn fits(password: &str, kept: &str) -> bool {
    PasswordHash::new(kept)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

fn broken() -> Error {
    Error::new("I099", Class::Internal, "a password could not be hashed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text)
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let hasher = Hasher::new(2).unwrap();
        let kept = hasher.hash(secret("correct horse battery")).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(kept, hasher.hash(secret("correct horse battery")).await.unwrap());
        assert!(hasher.verify(secret("correct horse battery"), Some(&kept)).await.unwrap());
        assert!(!hasher.verify(secret("correct horse batterx"), Some(&kept)).await.unwrap());
        assert!(!hasher.verify(secret("correct horse battery"), Some("$2b$12$broken")).await.unwrap());
    }

    #[tokio::test]
    async fn without_a_user_a_hash_is_computed_too() {
        let hasher = Hasher::new(2).unwrap();
        assert!(!hasher.verify(secret("anything at all"), None).await.unwrap());
        assert_eq!(hasher.checks(), 1);
        let dummy = hasher.dummy.to_string();
        assert!(dummy.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "as dear as a real one: {dummy}");
    }

    #[tokio::test]
    async fn those_beyond_the_bound_are_sent_away() {
        let hasher = Hasher::new(1).unwrap();
        hasher.waiting.store(MAX_WAITING, Ordering::Relaxed);
        let error = hasher.verify(secret("anything at all"), None).await.unwrap_err();
        assert_eq!((error.code, error.class), ("I010", Class::Busy));
        assert_eq!(hasher.waiting.load(Ordering::Relaxed), MAX_WAITING);
    }
}
