//! The caller: somebody who has proven who they are, in the workspace that they chose.

use super::{Scopes, SystemRole, WorkspaceRole};
use crate::model::Id;
use crate::model::ids::{DEFAULT_WORKSPACE, OWNER};

/// A person or a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Signs in.
    Person,
    /// Uses keys alone.
    Service,
    /// The daemon's own work in a workspace: schedules, jobs.
    Daemon,
}

/// Who somebody is, wherever they act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// Key of the user.
    pub user: Id,
    /// Person, program, or the daemon itself.
    pub kind: Kind,
    /// The role in the installation.
    pub system_role: SystemRole,
}

/// Where a request came from: for the audit trail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub address: Option<String>,
    /// The client's program, as it calls itself.
    pub agent: Option<String>,
    /// The request.
    pub request: Option<String>,
}

/// Somebody who has proven who they are. Made by `auth` (for requests), `app` (for the command line) and the worker (for
/// the daemon's own work) only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    who: Who,
    name: String,
    workspace: Id,
    role: Option<WorkspaceRole>,
    scopes: Option<Scopes>,
    origin: Origin,
}

impl Caller {
    /// Somebody in a workspace; `role` is `None` where they are no member of any.
    pub fn new(who: Who, workspace: Id, role: Option<WorkspaceRole>) -> Caller {
        let name = match (who.kind, who.user) {
            (Kind::Daemon, _) => "daemon".to_owned(),
            (_, OWNER) => "owner".to_owned(),
            (_, user) => user.to_string(),
        };
        Caller { who, name, workspace, role, scopes: None, origin: Origin::default() }
    }

    /// The owner of the data folder, in a workspace.
    pub fn owner_in(workspace: Id) -> Caller {
        let who = Who { user: OWNER, kind: Kind::Person, system_role: SystemRole::Admin };
        Caller::new(who, workspace, Some(WorkspaceRole::Owner))
    }

    /// The owner of the data folder, in the workspace that every store begins with.
    pub fn owner() -> Caller {
        Caller::owner_in(DEFAULT_WORKSPACE)
    }

    /// The daemon itself, at work in a workspace.
    pub fn daemon(workspace: Id) -> Caller {
        let who = Who { user: Id::nil(), kind: Kind::Daemon, system_role: SystemRole::Admin };
        Caller::new(who, workspace, Some(WorkspaceRole::Owner))
    }

    /// Holds the caller to what a key is for.
    pub fn scoped(mut self, scopes: Option<Scopes>) -> Caller {
        self.scopes = scopes;
        self
    }

    /// Says where the request came from.
    pub fn from(mut self, origin: Origin) -> Caller {
        self.origin = origin;
        self
    }

    /// Who it is.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// What records and the audit trail keep: the user's key as text, `owner` for the owner of the data folder,
    /// `daemon` for the daemon's own work. Never a person's name, which people may want erased.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The workspace that everything is done in.
    pub fn workspace(&self) -> Id {
        self.workspace
    }

    /// The role there.
    pub fn role(&self) -> Option<WorkspaceRole> {
        self.role
    }

    /// What the key is for, when a key was used that is for less than everything.
    pub fn scopes(&self) -> Option<&Scopes> {
        self.scopes.as_ref()
    }

    /// Where the request came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}
