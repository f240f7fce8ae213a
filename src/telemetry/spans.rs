//! Spans: what the lines of a log belong to, and what traces are made of. They hold keys and figures, never the text of a
//! question, SQL, rows or secrets.

use tracing::Span;

/// The target of every span of ours: traces are made of these alone, so that nothing of a library's gets into them.
pub const TARGET: &str = "querent::span";

/// The span of a request. It is there whatever the log's level is: every line below it tells the request's id.
pub fn request(id: &str, method: &str, route: &str) -> Span {
    let span = tracing::error_span!(
        target: TARGET,
        "request",
        request = id,
        otel.name = tracing::field::Empty,
        otel.kind = tracing::field::Empty,
        http.request.method = tracing::field::Empty,
        http.route = tracing::field::Empty,
        http.response.status_code = tracing::field::Empty,
    );
    traced(span, |span| {
        span.record("otel.name", format!("{method} {route}"));
        span.record("otel.kind", "server");
        span.record("http.request.method", method);
        span.record("http.route", route);
    })
}

/// The span of an attempt at a job.
pub fn job(id: &str, kind: &str) -> Span {
    tracing::error_span!(target: TARGET, "job", job = id, kind)
}

/// The span of a question from the moment that it is stored.
pub fn question(message: &str) -> Span {
    tracing::info_span!(target: TARGET, "question", message)
}

/// The span of a step on the way to an answer.
pub fn step(name: &'static str) -> Span {
    tracing::info_span!(target: TARGET, "step", step = name, otel.name = name)
}

/// The span of a statement's run on a database.
pub fn execution(id: &str, engine: &str, hash: &str) -> Span {
    let span = tracing::info_span!(
        target: TARGET,
        "execution",
        execution = id,
        otel.kind = tracing::field::Empty,
        db.system = tracing::field::Empty,
        db.query.hash = tracing::field::Empty,
        db.response.rows = tracing::field::Empty,
    );
    traced(span, |span| {
        span.record("otel.kind", "client");
        span.record("db.system", engine);
        span.record("db.query.hash", hash);
    })
}

/// The span of a crawl.
pub fn crawl(id: &str, engine: &str) -> Span {
    tracing::info_span!(target: TARGET, "crawl", crawl = id, engine)
}

/// The span of a transaction of the store; seen in traces only.
pub fn transaction(backend: &'static str) -> Span {
    tracing::trace_span!(target: TARGET, "store", otel.name = "store transaction", db.system = backend)
}

/// Adds what traces show and what would only make lines of a log longer.
fn traced(span: Span, record: impl FnOnce(&Span)) -> Span {
    if super::traces::on() {
        record(&span);
    }
    span
}
