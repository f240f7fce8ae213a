//! `Idempotency-Key`: a client that does not know whether its request arrived sends it again, and gets the first answer.
//!
//! Work under a key goes on when the client goes away, because the client will come back for the answer. What a crash
//! leaves is told in `store::idempotency`.

use std::future::{Future, Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};

use super::extract::BodyHash;
use super::may::May;
use super::problem::Problem;
use crate::access::Caller;
use crate::error::{Class, Error};
use crate::model::Id;
use crate::store::idempotency::{self, Claim, Request, Response};
use crate::store::{Db, StoreError};

/// The header that carries the key.
pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header that tells that an answer is not the first of its kind.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longest key.
const MAX_KEY: usize = 200;
/// Largest answer that is kept, in bytes.
const MAX_KEPT: usize = 4 * 1024 * 1024;
/// An attempt that shows no sign for that long is abandoned.
const LEASE: Duration = Duration::from_secs(60);
/// How often it shows one.
const RENEWAL: Duration = Duration::from_secs(15);

/// The key of a request, if it has one, and what the key belongs to.
pub struct Once {
    route: String,
    key: Option<String>,
}

impl FromRequest for Once {
    type Error = Problem;
    type Future = Ready<Result<Once, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let route = format!("{} {}", request.method(), request.path());
        let mut keys = request.headers().get_all(KEY);
        ready(match (keys.next(), keys.next()) {
            (None, _) => Ok(Once { route, key: None }),
            (Some(key), None) => checked(key).map(|key| Once { route, key: Some(key) }),
            (Some(_), Some(_)) => Err(bad_key()),
        })
    }
}

fn checked(key: &HeaderValue) -> Result<String, Problem> {
    let fits = |key: &&str| {
        (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
    };
    key.to_str().ok().filter(fits).map(str::to_owned).ok_or_else(bad_key)
}

fn bad_key() -> Problem {
    Error::new("H012", Class::BadInput, "the Idempotency-Key cannot be used")
        .hint(format!("Send one, of 1 to {MAX_KEY} printable ASCII characters: a UUID for example."))
        .into()
}

/// What a creating request gives: a status, JSON, and where the record is.
#[derive(Debug)]
pub struct Made {
    status: StatusCode,
    location: Option<String>,
    body: String,
}

impl Made {
    /// An answer with JSON.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn new(status: StatusCode, body: &impl Serialize) -> Result<Made, Problem> {
        let body = serde_json::to_string(body)
            .map_err(|e| Error::new("H099", Class::Internal, format!("the answer cannot be written: {e}")))?;
        Ok(Made { status, location: None, body })
    }

    /// Says where the record is.
    pub fn at(mut self, location: String) -> Made {
        self.location = Some(location);
        self
    }

    fn respond(self, replayed: bool) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((CONTENT_TYPE, "application/json"));
        if let Some(location) = self.location {
            response.insert_header((LOCATION, location));
        }
        if replayed {
            response.insert_header((REPLAYED, "true"));
        }
        response.body(self.body)
    }

    fn kept(&self) -> Response {
        let body = (self.body.len() <= MAX_KEPT).then(|| self.body.clone());
        Response { status: self.status.as_u16(), location: self.location.clone(), body }
    }
}

impl Once {
    /// Whether there is a key.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Does the work, at most once for a key. Without a key it is just done, and dropped when the client goes away.
    ///
    /// # Errors
    /// What the work says: the key is free again then. `H013`: the key belongs to another body. `H014`: the same request
    /// is being worked on. `H016`: it was done, and its answer was too large to keep.
    pub async fn run<A, F>(self, may: &May<A>, body: BodyHash, work: F) -> Result<HttpResponse, Problem>
    where
        F: Future<Output = Result<Made, Problem>> + Send + 'static,
    {
        let Some(key) = self.key else { return Ok(work.await?.respond(false)) };
        let request = named(&may.caller, self.route, &key, &body);
        let db = may.db.clone();
        // Between the claim and its end nothing may be dropped, so both are in the task.
        let task = tokio::spawn(async move {
            match idempotency::claim(&db, &request, LEASE).await? {
                Claim::Started(id) => Ok((keep(&db, id, attempt(&db, id, work).await).await?, false)),
                Claim::Done(response) => Ok((again(response)?, true)),
                Claim::InFlight => Err(in_flight()),
                Claim::OtherBody => Err(other_body()),
            }
        });
        let stopped = |e| Error::new("H099", Class::Internal, format!("the request's work stopped: {e}"));
        let (made, replayed) = task.await.map_err(stopped)??;
        Ok(made.respond(replayed))
    }
}

/// What the store keeps of a request. A body may hold a password, so its hash is keyed with the client's key, and of
/// that only a hash is kept too.
fn named(caller: &Caller, route: String, key: &str, body: &BodyHash) -> Request {
    let secret = blake3::derive_key("querent idempotency body", key.as_bytes());
    Request {
        caller: format!("{} in {}", caller.name(), caller.workspace()),
        route,
        key: blake3::hash(key.as_bytes()).to_hex().to_string(),
        body_hash: blake3::keyed_hash(&secret, body.0.as_bytes()).to_hex().to_string(),
    }
}

/// Does the work and shows from time to time that it goes on.
async fn attempt(
    db: &Db,
    id: Id,
    work: impl Future<Output = Result<Made, Problem>>,
) -> Result<Made, Problem> {
    let mut work = std::pin::pin!(work);
    let mut signs = interval(RENEWAL);
    signs.set_missed_tick_behavior(MissedTickBehavior::Delay);
    signs.tick().await;
    loop {
        tokio::select! {
            outcome = &mut work => return outcome,
            _ = signs.tick() => warn(idempotency::renew(db, id, LEASE).await),
        }
    }
}

/// Keeps an answer, or frees the key after a failure. The work is done by then: when the store fails here, the client
/// still gets its answer.
async fn keep(db: &Db, id: Id, outcome: Result<Made, Problem>) -> Result<Made, Problem> {
    warn(match &outcome {
        Ok(made) => idempotency::finish(db, id, &made.kept()).await,
        Err(_) => idempotency::release(db, id).await,
    });
    outcome
}

fn warn(outcome: Result<(), StoreError>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "the record of an Idempotency-Key could not be brought up to date");
    }
}

fn again(response: Response) -> Result<Made, Problem> {
    let status = StatusCode::from_u16(response.status)
        .map_err(|_| Error::new("H099", Class::Internal, "the stored status is no HTTP status"))?;
    let Some(body) = response.body else {
        return Err(Error::new(
            "H016",
            Class::Conflict,
            "the request was done, and its answer was too large to keep",
        )
        .hint("Look for the record in its list.")
        .into());
    };
    Ok(Made { status, location: response.location, body })
}

fn in_flight() -> Problem {
    Error::new("H014", Class::Conflict, "a request with this Idempotency-Key is being worked on")
        .hint("Send the same request again in a moment: it gets the first one's answer.")
        .into()
}

fn other_body() -> Problem {
    let error =
        Error::new("H013", Class::BadInput, "the Idempotency-Key was used for a request with another body")
            .hint("Choose a new key for a new request.");
    Problem::from(error).with_status(StatusCode::UNPROCESSABLE_ENTITY)
}

/// A key on a request whose answer is a stream.
pub fn no_stream() -> Problem {
    Error::new("H015", Class::BadInput, "an answer that comes as a stream cannot be given again")
        .hint("Leave the Idempotency-Key out, or ask for `application/json`.")
        .into()
}
