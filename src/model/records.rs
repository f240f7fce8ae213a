//! What the store keeps, as the rest of the daemon and the API's clients see it. Keys are written `Uuid` here, because
//! the API's description is made from the words.

use catalog::Engine;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::chats::{ChatRole, Reactions};
use super::states::{CallStatus, MessageStatus, QueryState, Role, RunStatus, Truncation};

/// A registered external database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Connection {
    /// Key.
    pub id: Uuid,
    /// Name, unique without regard to case among those not deleted.
    pub name: String,
    /// Engine.
    #[schema(value_type = String, example = "postgres")]
    pub engine: Engine,
    /// The URI, sealed; never leaves the daemon.
    #[serde(skip)]
    pub sealed_uri: String,
    /// The URI without its secrets, for people.
    pub display_uri: String,
    /// What may leave for a model (`names`, `statistics`, `samples`, `rows`).
    pub privacy: String,
    /// How it is crawled and used; what is left out follows the daemon's settings.
    #[schema(value_type = super::ConnectionOptions)]
    pub options: Value,
    /// Policy for the guard.
    pub policy: Value,
    /// Made at.
    pub created_at: Timestamp,
    /// Made by.
    pub created_by: Option<String>,
    /// Changed at.
    pub updated_at: Timestamp,
    /// Changed by.
    pub updated_by: Option<String>,
    /// Deleted at; until it is purged, it can be restored.
    pub deleted_at: Option<Timestamp>,
    /// Last change to what is known of the database; for whoever keeps something made of it.
    #[serde(skip)]
    pub understood_at: Option<Timestamp>,
}

/// What a crawl found, when it differed from the last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SchemaVersion {
    /// Key.
    pub id: Uuid,
    /// Connection.
    pub connection_id: Uuid,
    /// 1, 2, 3 ... per connection.
    pub ordinal: i64,
    /// Raised by a breaking change.
    pub major: i64,
    /// Raised by any other.
    pub minor: i64,
    /// Fingerprint of the whole snapshot.
    pub fingerprint: String,
    /// What changed against the version before, one line.
    pub summary: String,
    /// Tables in it.
    pub table_count: i64,
    /// Columns in it.
    pub column_count: i64,
    /// The crawl that found it.
    pub crawl_id: Option<Uuid>,
    /// Found at.
    pub created_at: Timestamp,
}

impl SchemaVersion {
    /// `major.minor`.
    pub fn number(&self) -> String {
        format!("{}.{}", self.major, self.minor)
    }
}

/// One run over a connection's schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CrawlRun {
    /// Key.
    pub id: Uuid,
    /// Connection.
    pub connection_id: Uuid,
    /// How far it is.
    pub status: RunStatus,
    /// Asked for at.
    pub created_at: Timestamp,
    /// Asked for by.
    pub created_by: Option<String>,
    /// Started at.
    pub started_at: Option<Timestamp>,
    /// Ended at.
    pub finished_at: Option<Timestamp>,
    /// Code of the error that ended it.
    pub error_code: Option<String>,
    /// Its sentence.
    pub error_message: Option<String>,
    /// Step, done, of.
    pub progress: Value,
    /// The schema version that holds afterwards (an old one when nothing changed).
    pub version_id: Option<Uuid>,
}

/// A chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatSession {
    /// Key.
    pub id: Uuid,
    /// Title.
    pub title: String,
    /// The database it is about.
    pub connection_id: Uuid,
    /// Made at.
    pub created_at: Timestamp,
    /// Made by.
    pub created_by: Option<String>,
    /// Last message or change at.
    pub updated_at: Timestamp,
    /// Deleted at.
    pub deleted_at: Option<Timestamp>,
    /// Put away at: it is read, and not written to.
    pub archived_at: Option<Timestamp>,
    /// What everybody in the workspace may do in it; null: members alone see it.
    pub shared_as: Option<ChatRole>,
    /// What the caller may do in it.
    pub role: ChatRole,
    /// Messages of others that the caller has not read, counted to 100; in lists and where one chat is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<i64>,
}

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatMessage {
    /// Key.
    pub id: Uuid,
    /// Chat.
    pub session_id: Uuid,
    /// Who speaks.
    pub role: Role,
    /// Parts in the form of the UI message stream.
    pub parts: Value,
    /// The message that this one answers.
    pub reply_to: Option<Uuid>,
    /// How far it is.
    pub status: MessageStatus,
    /// The query that the answer stands on.
    pub query_id: Option<Uuid>,
    /// Code of the error that ended it.
    pub error_code: Option<String>,
    /// Its sentence.
    pub error_message: Option<String>,
    /// Made at.
    pub created_at: Timestamp,
    /// Changed at.
    pub updated_at: Timestamp,
    /// Who wrote it; of an answer, who asked.
    pub created_by: Option<String>,
    /// Its text was changed at; what it was before is kept.
    pub edited_at: Option<Timestamp>,
    /// Set on an answer whose question was changed since: it can be asked again.
    pub stale_at: Option<Timestamp>,
    /// What people think of it; in lists of messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reactions: Option<Reactions>,
}

impl ChatMessage {
    /// Its text, the parts that are text joined.
    pub fn text(&self) -> Option<String> {
        text_of(&self.parts)
    }
}

/// The text of a message's parts.
pub fn text_of(parts: &Value) -> Option<String> {
    let is_text = |part: &&Value| part.get("type").and_then(Value::as_str) == Some("text");
    let texts = parts.as_array()?.iter().filter(is_text);
    let texts: Vec<&str> = texts.filter_map(|part| part.get("text").and_then(Value::as_str)).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// Stored SQL with its review state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Query {
    /// Key.
    pub id: Uuid,
    /// Connection.
    pub connection_id: Uuid,
    /// The message that it answers.
    pub chat_message_id: Option<Uuid>,
    /// The question, where there was one.
    pub question: Option<String>,
    /// The SQL as proposed.
    pub sql: String,
    /// The SQL as the guard rendered it: what runs.
    pub canonical_sql: String,
    /// The schema version it was checked against.
    pub schema_version_id: Option<Uuid>,
    /// Review state.
    pub state: QueryState,
    /// The statement in plain sentences.
    pub reading: String,
    /// The guard's report.
    pub report: Value,
    /// Who proposed it (`builtin`, `model:NAME`, `recorded`, `user`).
    pub source: String,
    /// 0 to 1.
    pub confidence: Option<f64>,
    /// Made at.
    pub created_at: Timestamp,
    /// Made by.
    pub created_by: Option<String>,
    /// Changed at.
    pub updated_at: Timestamp,
    /// Changed by.
    pub updated_by: Option<String>,
    /// Deleted at.
    pub deleted_at: Option<Timestamp>,
    /// The number of its text: 1, 2, 3 ...
    pub ordinal: i64,
    /// Who wrote the text that it has now; null: whoever made the query.
    pub written_by: Option<String>,
    /// Why.
    pub written_why: Option<String>,
    /// Who asked for review.
    pub proposed_by: Option<String>,
    /// Key of the user who should look at it.
    pub assigned_to: Option<Uuid>,
    /// Who approved or rejected it.
    pub reviewed_by: Option<String>,
    /// When.
    pub reviewed_at: Option<Timestamp>,
    /// Why.
    pub review_reason: Option<String>,
}

impl Query {
    /// The checked SQL without what a policy put in: to check again, and to show where the policy must not show.
    pub fn asked(&self) -> &str {
        self.report.get("asked").and_then(Value::as_str).unwrap_or(&self.canonical_sql)
    }
}

/// One run of a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Execution {
    /// Key.
    pub id: Uuid,
    /// Query.
    pub query_id: Uuid,
    /// Connection.
    pub connection_id: Uuid,
    /// How far it is.
    pub status: RunStatus,
    /// Rows in the result.
    pub row_count: Option<i64>,
    /// Bytes in the result, as Arrow.
    pub byte_count: Option<i64>,
    /// Which cap cut it, if one did.
    pub truncated: Option<Truncation>,
    /// Code of the error that ended it.
    pub error_code: Option<String>,
    /// Its sentence.
    pub error_message: Option<String>,
    /// Names and types of the result's columns.
    pub columns: Value,
    /// Where the result lies, relative to the data folder; never leaves the daemon.
    #[serde(skip)]
    pub result_path: Option<String>,
    /// Hash of what ran: equal for equal canonical statements.
    pub query_hash: Option<String>,
    /// Whether nothing ran, because a result that was kept answers it.
    pub cache_hit: bool,
    /// While it is queued and asked for by its key: its place among those that wait for the connection, from 1. Who has
    /// fewer at work is let in first, so it is no promise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// Time it took.
    pub elapsed_ms: Option<i64>,
    /// Asked for at.
    pub created_at: Timestamp,
    /// Asked for by.
    pub created_by: Option<String>,
    /// Started at.
    pub started_at: Option<Timestamp>,
    /// Ended at.
    pub finished_at: Option<Timestamp>,
    /// Fingerprint of the policy under which it ran; whoever is held to another cannot read its rows.
    #[serde(skip)]
    pub policy_key: Option<String>,
}

/// One call to a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LlmCall {
    /// Key.
    pub id: Uuid,
    /// The message it was made for.
    pub chat_message_id: Option<Uuid>,
    /// Provider (`openai`, `anthropic`, `recorded` ...).
    pub provider: String,
    /// Model.
    pub model: String,
    /// What for (`propose`, `repair`, `explain` ...).
    pub purpose: String,
    /// How it ended.
    pub status: CallStatus,
    /// Code of the error that ended it.
    pub error_code: Option<String>,
    /// Tokens sent.
    pub prompt_tokens: i64,
    /// Tokens received.
    pub completion_tokens: i64,
    /// Cost in millionths of a dollar, where prices are known.
    pub cost_micros: Option<i64>,
    /// Time it took.
    pub latency_ms: i64,
    /// Bytes that left, by class (`names`, `statistics`, `samples`, `rows`).
    pub sent_bytes: Value,
    /// Made at.
    pub created_at: Timestamp,
}

/// One line of the audit trail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Audit {
    /// Key.
    pub id: Uuid,
    /// Its place in the chain; none until it is sealed, within seconds.
    pub sequence: Option<i64>,
    /// When.
    pub at: Timestamp,
    /// Where it was done; the nil key: in the installation.
    pub workspace_id: Uuid,
    /// Who.
    pub actor: String,
    /// Did what (`connection.create` ...).
    pub action: String,
    /// To what (`connection/UUID`).
    pub subject: String,
    /// Facts, without secrets and row values.
    pub details: Value,
    /// From which address.
    pub address: Option<String>,
    /// With which program, as it calls itself.
    pub agent: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
}
