//! What is known about a database beside its schema, what a new schema version does to it, and who is told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::states::{ImpactState, Level, SubjectType};

/// Something that people should know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Notification {
    /// Key.
    pub id: Uuid,
    /// What it is about (`impact` ...).
    pub kind: String,
    /// How urgent it is.
    pub severity: Level,
    /// Connection, where it is about one.
    pub connection_id: Option<Uuid>,
    /// What sort of thing it points at (`schema_version` ...).
    pub subject_type: String,
    /// Key of that thing.
    pub subject_id: String,
    /// One line.
    pub title: String,
    /// Facts, without secrets and row values.
    pub details: Value,
    /// Made at.
    pub created_at: Timestamp,
    /// Read at.
    pub read_at: Option<Timestamp>,
    /// Read by.
    pub read_by: Option<String>,
}

/// A word of the business, and what it means in SQL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GlossaryTerm {
    /// Key.
    pub id: Uuid,
    /// Connection.
    pub connection_id: Uuid,
    /// The word, unique without regard to case.
    pub term: String,
    /// What it means, for people.
    pub definition: String,
    /// The table that it is about, as `schema.table`.
    pub table_name: Option<String>,
    /// A value over the table.
    pub expression: Option<String>,
    /// A condition on the table's rows.
    pub row_filter: Option<String>,
    /// The schema version it was checked against.
    pub schema_version_id: Option<Uuid>,
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
}

impl GlossaryTerm {
    /// The statement that its SQL makes; `None` when it has none.
    pub fn statement(&self) -> Option<String> {
        statement(self.table_name.as_deref(), self.expression.as_deref(), self.row_filter.as_deref())
    }
}

/// The statement that the parts of a glossary term make.
pub fn statement(table: Option<&str>, expression: Option<&str>, filter: Option<&str>) -> Option<String> {
    let table = table?;
    let value = expression.unwrap_or("1");
    Some(match filter {
        Some(filter) => format!("SELECT {value} FROM {table} WHERE {filter}"),
        None => format!("SELECT {value} FROM {table}"),
    })
}

/// A question with its known answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EvaluationCase {
    /// Key.
    pub id: Uuid,
    /// Connection.
    pub connection_id: Uuid,
    /// The question.
    pub question: String,
    /// The statement that answers it.
    pub gold_sql: String,
    /// The schema version it was checked against.
    pub schema_version_id: Option<Uuid>,
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
}

/// What a new schema version did to one statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Impact {
    /// Key.
    pub id: Uuid,
    /// Connection.
    pub connection_id: Uuid,
    /// The version under which the statement was as it should be.
    pub from_version_id: Uuid,
    /// The last version under which it was found so.
    pub to_version_id: Uuid,
    /// What sort of thing holds the statement.
    pub subject_type: SubjectType,
    /// Its key.
    pub subject_id: Uuid,
    /// Its question or name.
    pub subject_name: String,
    /// What happened to it.
    pub state: ImpactState,
    /// What the guard says.
    pub findings: Value,
    /// Lines of the diff that it comes from.
    pub causes: Value,
    /// What means something else now, a line each.
    pub meaning: Value,
    /// The statement.
    pub sql: String,
    /// A statement that does the same and that the guard accepts.
    pub repair: Option<String>,
    /// The review state of a query that goes back to it when it holds again.
    pub state_before: Option<String>,
    /// Found at.
    pub created_at: Timestamp,
    /// Found again at.
    pub updated_at: Timestamp,
    /// Found to be over at.
    pub resolved_at: Option<Timestamp>,
    /// The version under which it was over.
    pub resolved_version_id: Option<Uuid>,
}
