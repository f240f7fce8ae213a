//! The route table: every path, every method, the function that answers, and the action that its caller must be allowed
//! to do. A handler that does not take that permission does not compile. `openapi.rs` describes the same.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::api::{
    api_keys, attachments, audits, chat_members, chats, connections, crawls, evaluation_cases, executions,
    feedback, glossary, impacts, invitations, jobs, llm_calls, me, messages, notifications, oidc,
    permissions, queries, quotas, reviews, schedules, schemas, sign_in, understanding, users, workspaces,
};
use super::may::{self, Access, guarded};
use super::problem::Problem;
use super::{metrics, pages};
use crate::access::Action;
use crate::error::{Class, Error};

macro_rules! routes {
    ($($path:literal { $($method:ident $handler:path => $access:ident),+ $(,)? })+) => {
        /// Puts every route into the service.
        pub(super) fn configure(config: &mut web::ServiceConfig) {
            $(config.service(
                web::resource($path)
                    $(.route(web::$method().to(guarded::<may::$access, _, _>($handler))))+
                    .default_service(web::to(|| wrong_method(&[$(stringify!($method)),+]))),
            );)+
        }

        /// Every route as method (in small letters), path, and the action that it needs; `None`: anyone may.
        pub const ROUTES: &[(&str, &str, Option<Action>)] =
            &[$($((stringify!($method), $path, <may::$access as Access>::ACTION)),+),+];
    };
}

routes! {
    "/" { get pages::home => Public }
    "/docs" { get pages::docs => Public }
    "/openapi.json" { get pages::openapi => Public }
    "/healthz" { get pages::healthz => Public }
    "/readyz" { get pages::readyz => Public }
    "/metrics" { get metrics::get => ReadMetrics }

    "/api/v1/connections" { get connections::list => ReadConnections, post connections::create => ManageConnections }
    "/api/v1/connections/test" { post connections::test_url => ManageConnections }
    "/api/v1/connections/{id}" { get connections::get => ReadConnections, patch connections::update => ManageConnections, delete connections::delete => ManageConnections }
    "/api/v1/connections/{id}/restore" { post connections::restore => ManageConnections }
    "/api/v1/connections/{id}/test" { post connections::test => ManageConnections }

    "/api/v1/connections/{id}/permissions" { get permissions::list => ReadGrants, post permissions::create => ManageGrants }
    "/api/v1/connections/{id}/permissions/explain" { get permissions::explain => ReadGrants }
    "/api/v1/connections/{id}/permissions/{grant}" { delete permissions::delete => ManageGrants }

    "/api/v1/connections/{id}/crawls" { get crawls::list => ReadCrawls, post crawls::start => RunCrawls }
    "/api/v1/crawls/{id}" { get crawls::get => ReadCrawls }
    "/api/v1/crawls/{id}/cancel" { post crawls::cancel => RunCrawls }

    "/api/v1/connections/{id}/schedule" { get schedules::get => ReadSchedules, put schedules::put => ManageSchedules, delete schedules::delete => ManageSchedules }
    "/api/v1/connections/{id}/schedule/run" { post schedules::run => ManageSchedules }
    "/api/v1/connections/{id}/schedule/pause" { post schedules::pause => ManageSchedules }
    "/api/v1/connections/{id}/schedule/resume" { post schedules::resume => ManageSchedules }
    "/api/v1/schedules" { get schedules::list => ReadSchedules }
    "/api/v1/jobs" { get jobs::list => ReadJobs }
    "/api/v1/jobs/{id}" { get jobs::get => ReadJobs }
    "/api/v1/jobs/{id}/cancel" { post jobs::cancel => ManageJobs }

    "/api/v1/connections/{id}/schemas" { get schemas::list => ReadSchemas }
    "/api/v1/connections/{id}/search" { get schemas::search => ReadSchemas }
    "/api/v1/schemas/{id}" { get schemas::get => ReadSchemas }
    "/api/v1/schemas/{id}/tables/{table}" { get schemas::table => ReadSchemas }
    "/api/v1/schemas/{id}/diff" { get schemas::diff => ReadSchemas }

    "/api/v1/connections/{id}/impact" { get impacts::between => ReadImpacts }
    "/api/v1/connections/{id}/impacts" { get impacts::list => ReadImpacts }
    "/api/v1/impacts/{id}" { get impacts::get => ReadImpacts }
    "/api/v1/impacts/{id}/repair" { post impacts::repair => RepairImpacts }
    "/api/v1/notifications" { get notifications::list => ReadNotifications }
    "/api/v1/notifications/{id}/read" { post notifications::read => ReadNotifications }
    "/api/v1/connections/{id}/glossary" { get glossary::list => ReadKnowledge, post glossary::create => WriteKnowledge }
    "/api/v1/glossary/{id}" { delete glossary::delete => WriteKnowledge }
    "/api/v1/connections/{id}/evaluation-cases" { get evaluation_cases::list => ReadKnowledge, post evaluation_cases::create => WriteKnowledge }
    "/api/v1/evaluation-cases/{id}" { delete evaluation_cases::delete => WriteKnowledge }
    "/api/v1/connections/{id}/schema/annotations" { get understanding::annotations => ReadKnowledge, patch understanding::annotate => WriteKnowledge }
    "/api/v1/connections/{id}/schema/relationships" { get understanding::relationships => ReadKnowledge }
    "/api/v1/connections/{id}/schema/coverage" { get understanding::coverage => ReadKnowledge }
    "/api/v1/relationships/{id}/approve" { post understanding::approve => WriteKnowledge }
    "/api/v1/relationships/{id}/reject" { post understanding::reject => WriteKnowledge }

    "/api/v1/chats" { get chats::list => ReadChats, post chats::create => WriteChats }
    "/api/v1/chats/search" { get chats::search => ReadChats }
    "/api/v1/chats/{id}" { get chats::get => ReadChats, patch chats::rename => WriteChats, delete chats::delete => WriteChats }
    "/api/v1/chats/{id}/restore" { post chats::restore => WriteChats }
    "/api/v1/chats/{id}/archive" { post chats::archive => WriteChats }
    "/api/v1/chats/{id}/unarchive" { post chats::unarchive => WriteChats }
    "/api/v1/chats/{id}/read" { post chats::read => ReadChats }
    "/api/v1/chats/{id}/export" { get chats::export => ReadChats }
    "/api/v1/chats/{id}/sharing" { put chat_members::share => WriteChats }
    "/api/v1/chats/{id}/members" { get chat_members::list => ReadChats }
    "/api/v1/chats/{id}/members/{user}" { put chat_members::put => WriteChats, delete chat_members::remove => WriteChats }
    "/api/v1/chats/{id}/attachments" { get attachments::list => ReadChats, post attachments::add => WriteChats }
    "/api/v1/chats/{id}/attachments/{attachment}" { get attachments::get => ReadChats, delete attachments::remove => WriteChats }
    "/api/v1/chats/{id}/messages" { get messages::list => ReadChats, post messages::ask => WriteChats }
    "/api/v1/chats/{id}/messages/{message}/stream" { get messages::go_on => ReadChats }
    "/api/v1/chats/{id}/messages/{message}" { patch messages::edit => WriteChats }
    "/api/v1/chats/{id}/messages/{message}/ask" { post messages::ask_again => WriteChats }
    "/api/v1/chats/{id}/messages/{message}/versions" { get messages::versions => ReadChats }
    "/api/v1/chats/{id}/messages/{message}/reaction" { put feedback::react => CommentQueries, delete feedback::unreact => CommentQueries }
    "/api/v1/feedback" { get feedback::list => ReviewQueries }

    "/api/v1/queries" { get queries::list => ReadQueries, post queries::create => WriteQueries }
    "/api/v1/queries/check" { post queries::check => ReadQueries }
    "/api/v1/queries/{id}" { get queries::get => ReadQueries, patch reviews::edit => WriteQueries, delete queries::delete => WriteQueries }
    "/api/v1/queries/{id}/review" { get reviews::sheet => ReviewQueries }
    "/api/v1/queries/{id}/propose" { post reviews::propose => WriteQueries }
    "/api/v1/queries/{id}/withdraw" { post reviews::withdraw => WriteQueries }
    "/api/v1/queries/{id}/approve" { post reviews::approve => ReviewQueries }
    "/api/v1/queries/{id}/reject" { post reviews::reject => ReviewQueries }
    "/api/v1/queries/{id}/archive" { post reviews::archive => WriteQueries }
    "/api/v1/queries/{id}/unarchive" { post reviews::unarchive => WriteQueries }
    "/api/v1/queries/{id}/assignee" { put reviews::assign => ReviewQueries }
    "/api/v1/queries/{id}/versions" { get reviews::versions => ReadQueries }
    "/api/v1/queries/{id}/usage" { get reviews::usage => ReadQueries }
    "/api/v1/queries/{id}/comments" { get reviews::comments => ReadQueries, post reviews::comment => CommentQueries }
    "/api/v1/queries/{id}/verify" { post queries::verify => ReviewQueries }
    "/api/v1/queries/{id}/restore" { post queries::restore => WriteQueries }
    "/api/v1/queries/{id}/executions" { get executions::list => ReadExecutions, post executions::start => RunExecutions }

    "/api/v1/executions/{id}" { get executions::get => ReadExecutions }
    "/api/v1/executions/{id}/rows" { get executions::rows => ReadExecutions }
    "/api/v1/executions/{id}/cancel" { post executions::cancel => RunExecutions }
    "/api/v1/executions/{id}/export" { get executions::export => ExportResults }

    "/api/v1/auth/providers" { get sign_in::providers => Public }
    "/api/v1/auth/sign-in" { post sign_in::sign_in => Public }
    "/api/v1/auth/invitations/accept" { post sign_in::accept => Public }
    "/api/v1/auth/reset" { post sign_in::reset => Public }
    "/api/v1/auth/oidc/{provider}/start" { get oidc::start => Public }
    "/api/v1/auth/oidc/{provider}/callback" { get oidc::callback => Public }
    "/api/v1/auth/sign-out" { post sign_in::sign_out => WriteSelf }
    "/api/v1/auth/sign-out-everywhere" { post sign_in::sign_out_everywhere => WriteSelf }
    "/api/v1/auth/setup" { post sign_in::set_up => WriteSelf }
    "/api/v1/me" { get me::get => ReadSelf, patch me::change => WriteSelf }
    "/api/v1/me/password" { post me::password => WriteSelf }
    "/api/v1/me/sessions" { get me::sessions => ReadSelf }
    "/api/v1/me/sessions/{id}" { delete me::end_session => WriteSelf }
    "/api/v1/users" { get users::list => ManageUsers, post users::create => ManageUsers }
    "/api/v1/users/{id}" { get users::get => ManageUsers, patch users::change => ManageUsers, delete users::delete => ManageUsers }
    "/api/v1/users/{id}/reset-link" { post users::reset_link => ManageUsers }
    "/api/v1/users/{id}/sign-out" { post users::sign_out => ManageUsers }
    "/api/v1/workspaces" { get workspaces::list => ReadWorkspaces, post workspaces::create => CreateWorkspaces }
    "/api/v1/workspace" { get workspaces::get => ReadMembers, patch workspaces::change => ManageWorkspace, delete workspaces::close => ManageWorkspace }
    "/api/v1/members" { get workspaces::members => ReadMembers }
    "/api/v1/members/{id}" { put workspaces::put_member => ManageMembers, delete workspaces::remove_member => ManageMembers }
    "/api/v1/invitations" { get invitations::list => ManageMembers, post invitations::create => ManageMembers }
    "/api/v1/invitations/{id}" { delete invitations::revoke => ManageMembers }
    "/api/v1/services" { post workspaces::add_service => ManageServices }
    "/api/v1/api-keys" { get api_keys::list => ManageApiKeys, post api_keys::create => ManageApiKeys }
    "/api/v1/api-keys/{id}" { delete api_keys::revoke => ManageApiKeys }

    "/api/v1/audits" { get audits::list => ReadAudits }
    "/api/v1/quotas" { get quotas::list => ReadUsage, put quotas::set => ManageSettings }
    "/api/v1/quotas/{id}" { delete quotas::delete => ManageSettings }
    "/api/v1/audits/export" { get audits::export => ReadAudits }
    "/api/v1/llm-calls" { get llm_calls::list => ReadUsage }
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
