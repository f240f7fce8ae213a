//! The API's description, made from the handlers.

use std::sync::LazyLock;

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, Content, PathItem, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::api::{
    api_keys, attachments, audits, chat_members, chats, connections, crawls, evaluation_cases, executions,
    feedback, glossary, impacts, invitations, jobs, llm_calls, me, messages, notifications, oidc,
    permissions, queries, quotas, reviews, schedules, schemas, sign_in, understanding, users, workspaces,
};
use super::routes::ROUTES;
use super::{metrics, pages, problem};
use crate::access::Action;

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
        permissions::list, permissions::create, permissions::delete, permissions::explain,
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
        chats::search, chats::archive, chats::unarchive, chats::read, chats::export,
        chat_members::share, chat_members::list, chat_members::put, chat_members::remove,
        attachments::list, attachments::add, attachments::get, attachments::remove,
        messages::list, messages::ask, messages::ask_again, messages::edit, messages::versions, messages::go_on,
        feedback::react, feedback::unreact, feedback::list,
        queries::list, queries::create, queries::check, queries::get, queries::delete, queries::restore, queries::verify,
        quotas::list, quotas::set, quotas::delete,
        reviews::sheet, reviews::propose, reviews::withdraw, reviews::approve, reviews::reject, reviews::edit,
        reviews::archive, reviews::unarchive, reviews::assign, reviews::versions, reviews::usage, reviews::comments, reviews::comment,
        executions::list, executions::start, executions::get, executions::rows, executions::cancel, executions::export,
        audits::list, audits::export, llm_calls::list,
        sign_in::providers, sign_in::sign_in, sign_in::accept, sign_in::reset, sign_in::sign_out,
        sign_in::sign_out_everywhere, sign_in::set_up, oidc::start, oidc::callback,
        me::get, me::change, me::password, me::sessions, me::end_session,
        users::list, users::create, users::get, users::change, users::delete, users::reset_link, users::sign_out,
        workspaces::list, workspaces::create, workspaces::get, workspaces::change, workspaces::close,
        workspaces::members, workspaces::put_member, workspaces::remove_member, workspaces::add_service,
        invitations::list, invitations::create, invitations::revoke,
        api_keys::list, api_keys::create, api_keys::revoke,
    ),
    components(schemas(problem::ProblemBody)),
    modifiers(&Common),
)]
struct Description;

/// What holds for every operation: who may, and problems as errors.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description(
            "querent-session",
            "Set by a sign-in; `__Host-querent-session` behind https. What changes something needs `x-csrf-token` too.",
        ));
        let components = document.components.get_or_insert_with(Components::new);
        components.add_security_scheme("token", scheme);
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
        for path in KEYED {
            if let Some(create) = document.paths.paths.get_mut(path).and_then(|item| item.post.as_mut()) {
                create.parameters.get_or_insert_default().push(RefOr::T(key_parameter()));
            }
        }
        for (method, path, action) in ROUTES {
            let item = document.paths.paths.get_mut(*path);
            if let Some(operation) = item.and_then(|item| operation(item, method)) {
                complete(operation, method, path, *action);
            }
        }
    }
}

/// Paths whose POST may carry an `Idempotency-Key`.
const KEYED: [&str; 11] = [
    "/api/v1/connections",
    "/api/v1/connections/{id}/permissions",
    "/api/v1/connections/{id}/crawls",
    "/api/v1/connections/{id}/schedule/run",
    "/api/v1/connections/{id}/glossary",
    "/api/v1/connections/{id}/evaluation-cases",
    "/api/v1/chats",
    "/api/v1/chats/{id}/messages",
    "/api/v1/chats/{id}/messages/{message}/ask",
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

fn operation<'d>(item: &'d mut PathItem, method: &str) -> Option<&'d mut Operation> {
    match method {
        "get" => item.get.as_mut(),
        "post" => item.post.as_mut(),
        "patch" => item.patch.as_mut(),
        "put" => item.put.as_mut(),
        "delete" => item.delete.as_mut(),
        _ => None,
    }
}

/// Says what the route table knows: who may, and with which statuses a request can fail.
fn complete(operation: &mut Operation, method: &str, path: &str, action: Option<Action>) {
    if let Some(action) = action {
        let none: [&str; 0] = [];
        let ways = ["token", "session"];
        operation.security = Some(ways.map(|way| SecurityRequirement::new(way, none)).to_vec());
        operation.parameters.get_or_insert_default().push(RefOr::T(workspace_parameter()));
        let needs = format!("Needs the permission `{}`.", action.as_str());
        let said = operation.description.take().map(|text| format!("{text}\n\n{needs}"));
        operation.description = Some(said.unwrap_or(needs));
    }
    let body = operation.request_body.is_some();
    let known = &mut operation.responses.responses;
    for (status, description) in failures(method, path, action.is_some(), body) {
        known.entry(status.to_owned()).or_insert_with(|| problem(description));
    }
}

/// The statuses of problems. Every route may be asked under a wrong host name, too often, or while the daemon is faulty.
fn failures(method: &str, path: &str, guarded: bool, body: bool) -> Vec<(&'static str, &'static str)> {
    let mut all = vec![
        ("421", "The daemon does not answer to that host name"),
        ("429", "Too many requests, or everything is in use"),
        ("500", "A fault of the daemon; its log tells more"),
        ("503", "The daemon or its store cannot work now"),
    ];
    // what lets people in looks at who they are itself
    let proves = guarded || path.starts_with("/api/v1/auth/");
    if proves {
        all.extend([
            ("400", "The request cannot be used as it is"),
            ("401", "There is no proof of who calls, or it is wrong"),
            ("403", "The caller may not do that"),
            ("404", "There is no such thing, or it is not the caller's to see"),
        ]);
    }
    if proves && (method != "get" || path.contains('{')) {
        all.extend([
            ("409", "It contradicts what is there"),
            ("502", "A database or a model failed"),
            ("504", "A database or a model took too long"),
        ]);
    }
    if body {
        all.extend([
            ("408", "The body took too long to arrive"),
            ("413", "The body, or what it asks for, is too large"),
            ("415", "The body is not declared as what it must be"),
        ]);
    }
    if method == "post" && KEYED.contains(&path) {
        all.push(("422", "The Idempotency-Key was used with another body"));
    }
    if guarded && method != "get" && !body {
        all.push(("413", "More than a cap allows"));
    }
    all
}

fn workspace_parameter() -> Parameter {
    ParameterBuilder::new()
        .name("Querent-Workspace")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "The workspace to work in, by its key or slug; the caller's first one when left out.",
        ))
        .schema(Some(Object::with_type(Type::String)))
        .build()
}

fn problem(description: &str) -> RefOr<Response> {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    RefOr::T(
        ResponseBuilder::new().description(description).content("application/problem+json", content).build(),
    )
}
