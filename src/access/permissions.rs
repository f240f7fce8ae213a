//! The table of permissions: an action, and the least roles that may do it.
//!
//! An action of a workspace needs both: the system role (what sort of person) and the role in that workspace. An action
//! of the installation needs the system role alone.

use std::collections::BTreeSet;

use super::SystemRole::{self, Admin as Administrator, Analyst, Developer};
use super::WorkspaceRole::{self, Admin, Editor, Owner, Viewer};
use super::{Caller, Permission};

macro_rules! permissions {
    ($($name:ident $word:literal $system:ident $($workspace:ident)? ;)+) => {
        /// Something that can be allowed or not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)] // the word beside each says it
        pub enum Action {
            $($name),+
        }

        impl Action {
            /// All of them.
            pub const ALL: &[Action] = &[$(Action::$name),+];

            /// The action's word, `resource.verb`: for scopes of keys and for the API.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Action::$name => $word),+
                }
            }

            /// The least roles that may do it; no workspace role where it is an action of the installation.
            pub fn least(self) -> (SystemRole, Option<WorkspaceRole>) {
                match self {
                    $(Action::$name => ($system, permissions!(@workspace $($workspace)?))),+
                }
            }
        }

        /// A type for each action.
        pub mod types {
            use super::{Action, Permission};
            $(
                #[doc = concat!("`", $word, "`")]
                pub struct $name;
                impl Permission for $name {
                    const ACTION: Action = Action::$name;
                }
            )+
        }
    };
    (@workspace) => { None };
    (@workspace $role:ident) => { Some($role) };
}

permissions! {
    // action             word                     system role    workspace role
    ReadSelf              "self.read"              Analyst;
    WriteSelf             "self.write"             Analyst;
    ReadWorkspaces        "workspaces.read"        Analyst;
    CreateWorkspaces      "workspaces.create"      Developer;
    ManageUsers           "users.manage"           Administrator;
    ReadMetrics           "metrics.read"           Administrator;

    ManageWorkspace       "workspace.manage"       Analyst        Owner;
    ReadMembers           "members.read"           Analyst        Viewer;
    ManageMembers         "members.manage"         Analyst        Admin;
    ManageApiKeys         "api-keys.manage"        Analyst        Viewer;
    ManageServices        "services.manage"        Developer      Admin;
    ReadGrants            "grants.read"            Analyst        Admin;
    ManageGrants          "grants.manage"          Analyst        Admin;
    ManageSettings        "settings.manage"        Analyst        Admin;
    ReadAudits            "audits.read"            Analyst        Admin;
    ReadUsage             "usage.read"             Analyst        Admin;

    ReadConnections       "connections.read"       Analyst        Viewer;
    ManageConnections     "connections.manage"     Developer      Admin;
    ReadSchemas           "schemas.read"           Analyst        Viewer;
    ReadCrawls            "crawls.read"            Analyst        Viewer;
    RunCrawls             "crawls.run"             Developer      Editor;
    ReadSchedules         "schedules.read"         Analyst        Viewer;
    ManageSchedules       "schedules.manage"       Developer      Admin;
    ReadJobs              "jobs.read"              Analyst        Viewer;
    ManageJobs            "jobs.manage"            Developer      Admin;
    ReadKnowledge         "knowledge.read"         Analyst        Viewer;
    WriteKnowledge        "knowledge.write"        Analyst        Editor;
    ReadImpacts           "impacts.read"           Analyst        Viewer;
    RepairImpacts         "impacts.repair"         Analyst        Editor;
    ReadNotifications     "notifications.read"     Analyst        Viewer;

    ReadChats             "chats.read"             Analyst        Viewer;
    WriteChats            "chats.write"            Analyst        Editor;
    ReadQueries           "queries.read"           Analyst        Viewer;
    WriteQueries          "queries.write"          Analyst        Editor;
    CommentQueries        "queries.comment"        Analyst        Viewer;
    ReviewQueries         "queries.review"         Analyst        Editor;
    ReadExecutions        "executions.read"        Analyst        Viewer;
    RunExecutions         "executions.run"         Analyst        Editor;
    ExportResults         "results.export"         Analyst        Editor;
}

impl Action {
    /// Whether those roles may do it.
    pub fn allows(self, system: SystemRole, workspace: Option<WorkspaceRole>) -> bool {
        let (least_system, least_workspace) = self.least();
        system >= least_system && least_workspace.is_none_or(|least| workspace >= Some(least))
    }

    /// The action of that word.
    pub fn parse(word: &str) -> Option<Action> {
        Action::ALL.iter().copied().find(|action| action.as_str() == word)
    }
}

/// What a key may be used for; all that its owner may do where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Action>);

impl Scopes {
    /// Reads words: an action (`chats.read`), a resource with all its actions (`chats.*`), or `*.read`.
    ///
    /// # Errors
    /// The word that is none of those.
    pub fn read<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<Scopes, String> {
        let mut actions = BTreeSet::new();
        for word in words {
            let before = actions.len();
            actions.extend(Action::ALL.iter().copied().filter(|action| covers(word, *action)));
            if actions.len() == before && !Action::ALL.iter().any(|action| covers(word, *action)) {
                return Err(word.to_owned());
            }
        }
        Ok(Scopes(actions))
    }

    /// Whether the action is among them.
    pub fn hold(&self, action: Action) -> bool {
        self.0.contains(&action)
    }

    /// The actions' words.
    pub fn words(&self) -> Vec<&'static str> {
        self.0.iter().map(|action| action.as_str()).collect()
    }
}

fn covers(word: &str, action: Action) -> bool {
    let (resource, verb) = action.as_str().split_once('.').unwrap_or((action.as_str(), ""));
    match word.split_once('.') {
        Some(("*", wanted)) => wanted == verb,
        Some((wanted, "*")) => wanted == resource,
        _ => word == action.as_str(),
    }
}

impl Caller {
    /// Whether this caller may do it in the workspace that it works in.
    pub fn may(&self, action: Action) -> bool {
        let scoped = self.scopes().is_none_or(|scopes| scopes.hold(action));
        scoped && action.allows(self.who().system_role, self.role())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique_and_read_back() {
        for action in Action::ALL {
            assert_eq!(Action::parse(action.as_str()), Some(*action));
        }
    }

    #[test]
    fn more_of_a_role_never_allows_less() {
        for action in Action::ALL {
            for pair in SystemRole::ALL.windows(2) {
                for role in WorkspaceRole::ALL {
                    assert!(!action.allows(pair[0], Some(*role)) || action.allows(pair[1], Some(*role)));
                }
            }
            for pair in WorkspaceRole::ALL.windows(2) {
                for role in SystemRole::ALL {
                    assert!(!action.allows(*role, Some(pair[0])) || action.allows(*role, Some(pair[1])));
                }
            }
        }
    }

    #[test]
    fn nobody_acts_in_a_workspace_that_is_not_theirs() {
        for action in Action::ALL.iter().filter(|action| action.least().1.is_some()) {
            assert!(!action.allows(Administrator, None), "{}", action.as_str());
        }
    }

    #[test]
    fn scopes_are_read_by_word_resource_and_verb() {
        let scopes = Scopes::read(["chats.*", "*.read", "queries.write"]).unwrap();
        assert!(scopes.hold(Action::WriteChats) && scopes.hold(Action::ReadSchemas));
        assert!(scopes.hold(Action::WriteQueries) && !scopes.hold(Action::ReviewQueries));
        assert_eq!(Scopes::read(["chats.fly"]), Err("chats.fly".to_owned()));
        assert!(!Scopes::default().hold(Action::ReadSelf));
    }
}
