//! People, programs and what they sign in with, as the store keeps them and the API shows them. Keys are written `Uuid`
//! here, because the API's description is made from the words.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{SystemRole, WorkspaceRole};

/// A person, or a program with keys of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// Key.
    pub id: Uuid,
    /// `person` or `service`.
    pub kind: String,
    /// E-mail address in small letters; programs have none.
    pub email: Option<String>,
    /// Name.
    pub name: String,
    /// Role in the installation.
    pub system_role: SystemRole,
    /// Whether there is a password to sign in with.
    pub has_password: bool,
    /// Since when nothing is let in for them.
    pub disabled_at: Option<Timestamp>,
    /// Made at.
    pub created_at: Timestamp,
    /// Made by.
    pub created_by: Option<String>,
    /// Changed at.
    pub updated_at: Timestamp,
    /// Changed by.
    pub updated_by: Option<String>,
}

/// A workspace: everything belongs to one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Workspace {
    /// Key.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// What links and the header `Querent-Workspace` call it.
    pub slug: String,
    /// The caller's role in it; none where they are no member.
    pub role: Option<WorkspaceRole>,
    /// Made at.
    pub created_at: Timestamp,
    /// Made by.
    pub created_by: Option<String>,
    /// Changed at.
    pub updated_at: Timestamp,
}

/// Somebody in a workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// Who.
    pub user_id: Uuid,
    /// `person` or `service`.
    pub kind: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Name.
    pub name: String,
    /// Role in the workspace.
    pub role: WorkspaceRole,
    /// Whether nothing is let in for them.
    pub disabled: bool,
    /// Member since.
    pub created_at: Timestamp,
    /// Made a member by.
    pub created_by: Option<String>,
}

/// A sign-in that holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// Key.
    pub id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// `password`, or `oidc:` and the provider's name.
    pub method: String,
    /// The client's address at sign-in.
    pub address: Option<String>,
    /// The client's program, as it calls itself.
    pub agent: Option<String>,
    /// Signed in at.
    pub created_at: Timestamp,
    /// Last request, to the minute.
    pub last_seen_at: Timestamp,
    /// Ends then in any case.
    pub expires_at: Timestamp,
    /// Whether it is the session of this request.
    pub current: bool,
}

/// A key for programs. The key itself is shown once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// Key of the record.
    pub id: Uuid,
    /// The workspace that it works in.
    pub workspace_id: Uuid,
    /// For whom it works.
    pub user_id: Uuid,
    /// Name.
    pub name: String,
    /// Its first letters, to know it again.
    pub prefix: String,
    /// What it may be used for (`chats.read`, `chats.*`, `*.read`); all that its owner may do where there are none.
    pub scopes: Option<Vec<String>>,
    /// Requests a minute; no bound where there is none.
    pub per_minute: Option<i64>,
    /// Made at.
    pub created_at: Timestamp,
    /// Made by.
    pub created_by: Option<String>,
    /// Ends at.
    pub expires_at: Option<Timestamp>,
    /// Last request, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// From where that came.
    pub last_address: Option<String>,
    /// Taken back at.
    pub revoked_at: Option<Timestamp>,
}

/// A link into a workspace. The link itself is shown once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    /// Key.
    pub id: Uuid,
    /// The workspace.
    pub workspace_id: Uuid,
    /// For whom.
    pub email: String,
    /// Role in the workspace.
    pub role: WorkspaceRole,
    /// Role in the installation, for those who are new.
    pub system_role: SystemRole,
    /// Made at.
    pub created_at: Timestamp,
    /// Made by.
    pub created_by: Option<String>,
    /// Ends at.
    pub expires_at: Timestamp,
    /// Accepted at.
    pub accepted_at: Option<Timestamp>,
    /// Taken back at.
    pub revoked_at: Option<Timestamp>,
}
