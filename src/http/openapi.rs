//! The API's description, made from the handlers.

use std::sync::LazyLock;

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Content, PathItem, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::api::{
    audits, chats, connections, crawls, evaluation_cases, executions, glossary, impacts, jobs, llm_calls,
    messages, notifications, queries, schedules, schemas, understanding,
};
use super::{metrics, pages, problem};

/// The document as JSON.
pub static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    Description::openapi().to_json().unwrap_or_else(|error| {
        tracing::error!(%error, "the API's description cannot be written");
        "{}".to_owned()
    })
});

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Querent",
        description = "Questions to databases, answered by SQL that is proven to be a read. Errors are \
                       application/problem+json with a stable code; lists come by page: pass `next` as `cursor`.",
    ),
    paths(
        pages::home, pages::docs, pages::openapi, pages::healthz, pages::readyz, metrics::get,
        connections::list, connections::create, connections::test_url, connections::get, connections::update,
        connections::delete, connections::restore, connections::test,
        crawls::list, crawls::start, crawls::get, crawls::cancel,
        schedules::list, schedules::get, schedules::put, schedules::delete, schedules::run, schedules::pause,
        schedules::resume, jobs::list, jobs::get, jobs::cancel,
        schemas::list, schemas::search, schemas::get, schemas::table, schemas::diff,
        impacts::between, impacts::list, impacts::get, impacts::repair, notifications::list, notifications::read,
        glossary::list, glossary::create, glossary::delete,
        evaluation_cases::list, evaluation_cases::create, evaluation_cases::delete,
        understanding::annotations, understanding::annotate, understanding::relationships,
        understanding::approve, understanding::reject, understanding::coverage,
        chats::list, chats::create, chats::get, chats::rename, chats::delete, chats::restore,
        messages::list, messages::ask,
        queries::list, queries::create, queries::check, queries::get, queries::delete, queries::restore, queries::verify,
        executions::list, executions::start, executions::get, executions::rows, executions::cancel, executions::export,
        audits::list, llm_calls::list,
    ),
    components(schemas(problem::ProblemBody)),
    modifiers(&Common),
)]
struct Description;

/// What holds for every operation under `/api` and for `/metrics`: the token, and problems as errors.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_with(Components::new).add_security_scheme("token", scheme);
        for path in KEYED {
            if let Some(create) = document.paths.paths.get_mut(path).and_then(|item| item.post.as_mut()) {
                create.parameters.get_or_insert_default().push(RefOr::T(key_parameter()));
            }
        }
        for (path, item) in &mut document.paths.paths {
            if path.starts_with("/api/") || path == "/metrics" {
                operations(item).for_each(complete);
            }
        }
    }
}

/// Paths whose POST may carry an `Idempotency-Key`.
const KEYED: [&str; 9] = [
    "/api/v1/connections",
    "/api/v1/connections/{id}/crawls",
    "/api/v1/connections/{id}/schedule/run",
    "/api/v1/connections/{id}/glossary",
    "/api/v1/connections/{id}/evaluation-cases",
    "/api/v1/chats",
    "/api/v1/chats/{id}/messages",
    "/api/v1/queries",
    "/api/v1/queries/{id}/executions",
];

fn key_parameter() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "Chosen by the client, up to 200 printable ASCII characters. For 24 hours the same request with the same \
             key gets the first answer, with `idempotency-replayed: true`; another body with it is refused (H013), and \
             so is a repeat while the first is worked on (H014).",
        ))
        .schema(Some(Object::with_type(Type::String)))
        .build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete].into_iter().flatten()
}

fn complete(operation: &mut Operation) {
    let none: [&str; 0] = [];
    operation.security = Some(vec![SecurityRequirement::new("token", none)]);
    let responses = &mut operation.responses.responses;
    responses.insert("401".to_owned(), problem("The token is missing or wrong"));
    responses.insert("default".to_owned(), problem("What went wrong, and what to do next"));
}

fn problem(description: &str) -> RefOr<Response> {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    RefOr::T(
        ResponseBuilder::new().description(description).content("application/problem+json", content).build(),
    )
}
