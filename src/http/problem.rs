//! Errors as `application/problem+json`: the daemon's own error with a status, and what refused a statement.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use guard::Finding;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Class, Error};
use crate::store::StoreError;

/// Seconds after which a client may try again.
const RETRY_SECONDS: u64 = 1;

/// An error on its way to a client.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    error: Box<Error>,
    findings: Vec<Finding>,
    allow: Option<String>,
}

/// The document that a client reads (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// What sort of failure, as a URI.
    #[serde(rename = "type")]
    pub kind: String,
    /// The sort in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened, one sentence.
    pub detail: String,
    /// Stable code.
    pub code: &'static str,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What the guard says, when it refused a statement: code, message, hint, span, subject, nearest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub findings: Vec<Finding>,
    /// The request's id, also in the log and in `x-request-id`.
    pub request_id: String,
}

impl Problem {
    /// A statement that the guard refused.
    pub fn refused(findings: Vec<Finding>) -> Problem {
        let first = findings.first().map(|f| f.message.clone()).unwrap_or_default();
        let error = Error::new("A011", Class::BadInput, format!("the guard refused the statement: {first}"))
            .hint("Querent runs reads only; `findings` says what stands in the way.");
        Problem { findings, ..Problem::from(error) }
    }

    /// The same with a status that says it better.
    pub fn with_status(mut self, status: StatusCode) -> Problem {
        self.status = status;
        self
    }

    /// Names the methods that would be answered.
    pub fn with_allow(mut self, methods: String) -> Problem {
        self.allow = Some(methods);
        self
    }

    /// A problem of the HTTP library's own.
    pub fn of_status(status: StatusCode) -> Problem {
        let class = if status.is_server_error() { Class::Internal } else { Class::BadInput };
        let words = status.canonical_reason().unwrap_or("the request failed").to_lowercase();
        Problem::from(Error::new("H000", class, words)).with_status(status)
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.error.code
    }

    /// What the guard says.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter()
    }

    /// The document, with the id of the request that it answers.
    pub fn response(&self, request_id: &str) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((CONTENT_TYPE, "application/problem+json"));
        match self.status {
            StatusCode::UNAUTHORIZED => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"querent\""));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let seconds = self.error.retry_after.unwrap_or(RETRY_SECONDS);
                response.insert_header((RETRY_AFTER, seconds.to_string()));
            }
            _ => {}
        }
        if let Some(methods) = &self.allow {
            response.insert_header((ALLOW, methods.as_str()));
        }
        response.body(serde_json::to_vec(&self.body(request_id)).unwrap_or_default())
    }

    fn body(&self, request_id: &str) -> ProblemBody {
        let (word, title) = words(self.error.class);
        // A fault of ours is told in the log, not to clients.
        let (detail, hint) = if self.error.class == Class::Internal {
            (
                "something went wrong inside the daemon".to_owned(),
                Some("The log tells more under this request_id.".into()),
            )
        } else {
            (self.error.message.clone(), self.error.hint.clone())
        };
        ProblemBody {
            kind: format!("urn:querent:problem:{word}"),
            title,
            status: self.status.as_u16(),
            detail,
            code: self.error.code,
            hint,
            findings: self.findings.clone(),
            request_id: request_id.to_owned(),
        }
    }
}

fn words(class: Class) -> (&'static str, &'static str) {
    match class {
        Class::BadInput => ("bad-input", "The request cannot be used"),
        Class::Unauthenticated => ("unauthenticated", "Not authenticated"),
        Class::Forbidden => ("forbidden", "Not allowed"),
        Class::NotFound => ("not-found", "Not found"),
        Class::Conflict => ("conflict", "It contradicts what is there"),
        Class::TooLarge => ("too-large", "Too large"),
        Class::Busy => ("busy", "Too busy"),
        Class::Timeout => ("timeout", "It took too long"),
        Class::Cancelled => ("cancelled", "Cancelled"),
        Class::Upstream => ("upstream", "A database or a model failed"),
        Class::Internal => ("internal", "Internal error"),
    }
}

fn status(class: Class) -> StatusCode {
    match class {
        Class::BadInput => StatusCode::BAD_REQUEST,
        Class::Unauthenticated => StatusCode::UNAUTHORIZED,
        Class::Forbidden => StatusCode::FORBIDDEN,
        Class::NotFound => StatusCode::NOT_FOUND,
        Class::Conflict | Class::Cancelled => StatusCode::CONFLICT,
        Class::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Class::Busy => StatusCode::TOO_MANY_REQUESTS,
        Class::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Class::Upstream => StatusCode::BAD_GATEWAY,
        Class::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        Problem { status: status(error.class), error: Box::new(error), findings: Vec::new(), allow: None }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        Problem::from(Error::from(error))
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.error)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// Only a place holder: the door puts the document in, because it knows the request's id.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status)
    }
}
