//! How long the store takes, for the figures and the traces.

use tracing::Span;

use crate::model::clock::Stopwatch;
use crate::telemetry::{metrics, spans};

/// Measures until it is dropped.
pub struct Timed {
    clock: Stopwatch,
    backend: &'static str,
    kind: &'static str,
    _span: Span,
}

impl Timed {
    /// A statement of its own.
    pub fn statement(backend: &'static str) -> Timed {
        Timed { clock: Stopwatch::start(), backend, kind: "statement", _span: Span::none() }
    }

    /// A transaction.
    pub fn transaction(backend: &'static str) -> Timed {
        Timed { clock: Stopwatch::start(), backend, kind: "transaction", _span: spans::transaction(backend) }
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        metrics::store_took(self.backend, self.kind, self.clock.elapsed());
    }
}
