//! Who may do what: roles, the table of permissions, and the caller that everything is done for. No I/O.

mod caller;
mod grants;
mod people;
mod permissions;
mod policy;
mod roles;

pub use caller::{Caller, Kind, Origin, Who};
pub use grants::{Grant, GrantEffect, GrantTerms};
pub use people::{ApiKey, Invitation, Member, Session, User, Workspace};
pub use permissions::{Action, Scopes};
pub use policy::{Holder, Merged, policy_key};
pub use roles::{SystemRole, WorkspaceRole};

/// A type for each action, so that a handler's signature can name what it needs.
pub mod actions {
    pub use super::permissions::types::*;
}

/// An action as a type.
pub trait Permission: Send + Sync + 'static {
    /// The action.
    const ACTION: Action;
}
