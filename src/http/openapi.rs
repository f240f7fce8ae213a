//! The API's description, made from the handlers.

use std::sync::LazyLock;

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Content, PathItem, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::api::{audits, chats, connections, crawls, executions, llm_calls, messages, queries, schemas};
use super::{pages, problem};

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
        pages::home, pages::docs, pages::openapi, pages::healthz, pages::readyz,
        connections::list, connections::create, connections::test_url, connections::get, connections::update,
        connections::delete, connections::restore, connections::test,
        crawls::list, crawls::start, crawls::get, crawls::cancel,
        schemas::list, schemas::search, schemas::get, schemas::table, schemas::diff,
        chats::list, chats::create, chats::get, chats::rename, chats::delete, chats::restore,
        messages::list, messages::ask,
        queries::list, queries::create, queries::check, queries::get, queries::delete, queries::restore,
        executions::list, executions::start, executions::get, executions::rows, executions::cancel, executions::export,
        audits::list, llm_calls::list,
    ),
    components(schemas(problem::ProblemBody)),
    modifiers(&Common),
)]
struct Description;

/// What holds for every operation under `/api`: the token, and problems as errors.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_with(Components::new).add_security_scheme("token", scheme);
        for (path, item) in &mut document.paths.paths {
            if path.starts_with("/api/") {
                operations(item).for_each(complete);
            }
        }
    }
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
