//! Words of `user` and `api-key`.

use clap::{Args, Subcommand};

/// `user`
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a person, and print a link to a password.
    Add(AddUser),
    /// List people and programs.
    List {
        /// A word of the name or address.
        #[arg(long, value_name = "WORD")]
        search: Option<String>,
    },
    /// Let nothing in for somebody any more; their sessions end.
    Disable {
        /// E-mail address.
        email: String,
    },
    /// Let somebody in again.
    Enable {
        /// E-mail address.
        email: String,
    },
    /// Print a link to a new password.
    ResetLink {
        /// E-mail address.
        email: String,
    },
    /// Set somebody's role in the installation: admin, developer, analyst.
    Role {
        /// E-mail address.
        email: String,
        /// Role.
        role: String,
    },
}

/// `user add`
#[derive(Debug, Args)]
pub struct AddUser {
    /// E-mail address.
    pub email: String,
    /// Name; the part before the @ when left out.
    #[arg(long)]
    pub name: Option<String>,
    /// Role in the installation: admin, developer, analyst.
    #[arg(long, default_value = "analyst")]
    pub system_role: String,
    /// Role in the workspace: owner, admin, editor, viewer. No member when left out.
    #[arg(long)]
    pub role: Option<String>,
    /// It is the owner of the data folder, who gets this address.
    #[arg(long, conflicts_with_all = ["system_role", "role"])]
    pub owner: bool,
}

/// `api-key`
#[derive(Debug, Subcommand)]
pub enum ApiKeyCommand {
    /// Make a key for the workspace, and print it once.
    Add {
        /// Name.
        name: String,
        /// What it may be used for (chats.read, chats.*, *.read); all that the owner may do when left out.
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,
        /// Requests a minute.
        #[arg(long, value_name = "N")]
        per_minute: Option<i64>,
        /// Days until it ends.
        #[arg(long, value_name = "DAYS")]
        days: Option<u32>,
    },
    /// List keys of the workspace.
    List,
    /// Take a key back.
    Revoke {
        /// Key of the record.
        id: crate::model::Id,
    },
}
