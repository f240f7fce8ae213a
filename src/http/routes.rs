//! The route table: every path, every method, and the function that answers. `openapi.rs` describes the same.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::api::{
    audits, chats, connections, crawls, evaluation_cases, executions, glossary, impacts, jobs, llm_calls,
    messages, notifications, queries, schedules, schemas, understanding,
};
use super::pages;
use super::problem::Problem;
use crate::error::{Class, Error};

macro_rules! routes {
    ($($path:literal { $($method:ident $handler:path),+ $(,)? })+) => {
        /// Puts every route into the service.
        pub(super) fn configure(config: &mut web::ServiceConfig) {
            $(config.service(
                web::resource($path)
                    $(.route(web::$method().to($handler)))+
                    .default_service(web::to(|| wrong_method(&[$(stringify!($method)),+]))),
            );)+
        }

        /// Every route as method (in small letters) and path.
        pub const ROUTES: &[(&str, &str)] = &[$($((stringify!($method), $path)),+),+];
    };
}

routes! {
    "/" { get pages::home }
    "/docs" { get pages::docs }
    "/openapi.json" { get pages::openapi }
    "/healthz" { get pages::healthz }
    "/readyz" { get pages::readyz }

    "/api/v1/connections" { get connections::list, post connections::create }
    "/api/v1/connections/test" { post connections::test_url }
    "/api/v1/connections/{id}" { get connections::get, patch connections::update, delete connections::delete }
    "/api/v1/connections/{id}/restore" { post connections::restore }
    "/api/v1/connections/{id}/test" { post connections::test }

    "/api/v1/connections/{id}/crawls" { get crawls::list, post crawls::start }
    "/api/v1/crawls/{id}" { get crawls::get }
    "/api/v1/crawls/{id}/cancel" { post crawls::cancel }

    "/api/v1/connections/{id}/schedule" { get schedules::get, put schedules::put, delete schedules::delete }
    "/api/v1/connections/{id}/schedule/run" { post schedules::run }
    "/api/v1/connections/{id}/schedule/pause" { post schedules::pause }
    "/api/v1/connections/{id}/schedule/resume" { post schedules::resume }
    "/api/v1/schedules" { get schedules::list }
    "/api/v1/jobs" { get jobs::list }
    "/api/v1/jobs/{id}" { get jobs::get }
    "/api/v1/jobs/{id}/cancel" { post jobs::cancel }

    "/api/v1/connections/{id}/schemas" { get schemas::list }
    "/api/v1/connections/{id}/search" { get schemas::search }
    "/api/v1/schemas/{id}" { get schemas::get }
    "/api/v1/schemas/{id}/tables/{table}" { get schemas::table }
    "/api/v1/schemas/{id}/diff" { get schemas::diff }

    "/api/v1/connections/{id}/impact" { get impacts::between }
    "/api/v1/connections/{id}/impacts" { get impacts::list }
    "/api/v1/impacts/{id}" { get impacts::get }
    "/api/v1/impacts/{id}/repair" { post impacts::repair }
    "/api/v1/notifications" { get notifications::list }
    "/api/v1/notifications/{id}/read" { post notifications::read }
    "/api/v1/connections/{id}/glossary" { get glossary::list, post glossary::create }
    "/api/v1/glossary/{id}" { delete glossary::delete }
    "/api/v1/connections/{id}/evaluation-cases" { get evaluation_cases::list, post evaluation_cases::create }
    "/api/v1/evaluation-cases/{id}" { delete evaluation_cases::delete }
    "/api/v1/connections/{id}/schema/annotations" { get understanding::annotations, patch understanding::annotate }
    "/api/v1/connections/{id}/schema/relationships" { get understanding::relationships }
    "/api/v1/connections/{id}/schema/coverage" { get understanding::coverage }
    "/api/v1/relationships/{id}/approve" { post understanding::approve }
    "/api/v1/relationships/{id}/reject" { post understanding::reject }

    "/api/v1/chats" { get chats::list, post chats::create }
    "/api/v1/chats/{id}" { get chats::get, patch chats::rename, delete chats::delete }
    "/api/v1/chats/{id}/restore" { post chats::restore }
    "/api/v1/chats/{id}/messages" { get messages::list, post messages::ask }

    "/api/v1/queries" { get queries::list, post queries::create }
    "/api/v1/queries/check" { post queries::check }
    "/api/v1/queries/{id}" { get queries::get, delete queries::delete }
    "/api/v1/queries/{id}/verify" { post queries::verify }
    "/api/v1/queries/{id}/restore" { post queries::restore }
    "/api/v1/queries/{id}/executions" { get executions::list, post executions::start }

    "/api/v1/executions/{id}" { get executions::get }
    "/api/v1/executions/{id}/rows" { get executions::rows }
    "/api/v1/executions/{id}/cancel" { post executions::cancel }
    "/api/v1/executions/{id}/export" { get executions::export }

    "/api/v1/audits" { get audits::list }
    "/api/v1/llm-calls" { get llm_calls::list }
}

/// Answers paths that are not in the table.
pub(super) async fn unknown(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let path: String = request.path().chars().take(200).collect();
    Err(Error::new("H004", Class::NotFound, format!("there is nothing under {path}"))
        .hint("/openapi.json lists every path.")
        .into())
}

async fn wrong_method(known: &'static [&'static str]) -> Result<HttpResponse, Problem> {
    let methods = known.iter().map(|m| m.to_uppercase()).collect::<Vec<_>>().join(", ");
    let error = Error::new("H005", Class::BadInput, "the path does not answer to that method")
        .hint(format!("It answers to {methods}."));
    Err(Problem::from(error).with_status(StatusCode::METHOD_NOT_ALLOWED).with_allow(methods))
}
