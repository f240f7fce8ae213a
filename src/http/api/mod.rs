//! The handlers, one file a resource: they parse, call one function, and render.

pub mod api_keys;
pub mod attachments;
pub mod audits;
pub mod chat_members;
pub mod chats;
pub mod connections;
pub mod crawls;
pub mod evaluation_cases;
pub mod executions;
pub mod feedback;
pub mod glossary;
pub mod impacts;
pub mod invitations;
pub mod jobs;
pub mod llm_calls;
pub mod me;
pub mod messages;
pub mod notifications;
pub mod oidc;
pub mod permissions;
pub mod queries;
pub mod quotas;
pub mod reviews;
pub mod schedules;
pub mod schemas;
pub mod sign_in;
pub mod understanding;
pub mod users;
pub mod workspaces;

use actix_web::web::Json;

use super::problem::Problem;

/// What most handlers give.
type Answer<T> = Result<Json<T>, Problem>;
