//! Roles: one over the whole installation, one in each workspace. Both are ordered, the least first.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! role {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $case:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "lowercase")]
        pub enum $name {
            $($(#[$doc])* $case),+
        }

        impl $name {
            /// All of them, the least first.
            pub const ALL: &[$name] = &[$($name::$case),+];

            /// The role's word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$case => $word),+
                }
            }

            /// The role of that word.
            pub fn parse(word: &str) -> Option<$name> {
                match word {
                    $($word => Some($name::$case),)+
                    _ => None,
                }
            }
        }
    };
}

role! {
    /// What somebody may do in the installation, and the most that a workspace can give them.
    SystemRole {
        /// Asks, reviews, keeps queries; no connections, crawls or keys of the daemon.
        Analyst = "analyst",
        /// Registers and crawls databases too, and makes workspaces.
        Developer = "developer",
        /// Everything, and people.
        Admin = "admin",
    }
}

role! {
    /// What somebody may do in one workspace.
    WorkspaceRole {
        /// Reads.
        Viewer = "viewer",
        /// Asks, writes, reviews.
        Editor = "editor",
        /// Connections, members, permissions.
        Admin = "admin",
        /// The workspace itself.
        Owner = "owner",
    }
}
