//! The list of migrations. A new one is a line here and four files: `migrations/{sqlite,postgres}/<name>.{up,down}.sql`.

use serde::Serialize;

/// What a migration means to programs that do not know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Adds only: programs of the version before read and write the store as they did. Applied at once.
    Expand,
    /// Takes away what only older programs need. Applied when none of them is alive; this program needs it not.
    Contract,
    /// This program needs it and older ones cannot live with it: they are stopped first. Applied at once.
    Breaking,
}

impl Phase {
    /// Its word in the table `migrations`.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Expand => "expand",
            Phase::Contract => "contract",
            Phase::Breaking => "breaking",
        }
    }
}

/// One migration of one backend.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// 1, 2, 3 ... Numbers may be left out.
    pub version: i64,
    /// What it does, as in its file's name.
    pub name: &'static str,
    /// What it means to other programs.
    pub phase: Phase,
    /// It makes tables anew that others refer to. SQLite then runs it with foreign keys off and checks all of them before
    /// the commit; elsewhere it makes no difference.
    pub rebuilds: bool,
    /// Statements that apply it.
    pub up: &'static str,
    /// Statements that undo it.
    pub down: &'static str,
}

macro_rules! migrations {
    ($($version:literal $name:literal $phase:ident $($rebuilds:ident)?,)+) => {
        /// Migrations of the store in a file.
        pub(super) const SQLITE: &[Migration] = &[$(one!("sqlite" $version $name $phase $($rebuilds)?)),+];
        /// Migrations of the store in PostgreSQL.
        pub(super) const POSTGRES: &[Migration] = &[$(one!("postgres" $version $name $phase $($rebuilds)?)),+];
    };
}

macro_rules! one {
    ($backend:literal $version:literal $name:literal $phase:ident $($rebuilds:ident)?) => {
        Migration {
            version: $version,
            name: $name,
            phase: Phase::$phase,
            rebuilds: one!(@ $($rebuilds)?),
            up: include_str!(concat!("../../../migrations/", $backend, "/", $name, ".up.sql")),
            down: include_str!(concat!("../../../migrations/", $backend, "/", $name, ".down.sql")),
        }
    };
    (@ rebuilds) => { true };
    (@) => { false };
}

// number, name, phase (`Expand`, `Contract`, `Breaking`), and `rebuilds` where SQLite makes tables anew
migrations! {
    1 "0001_core" Expand,
    2 "0002_catalog" Expand,
    3 "0003_vector" Expand,
    4 "0004_embeddings" Expand,
    5 "0005_idempotency" Expand,
    6 "0006_jobs" Expand,
    7 "0007_impact" Expand,
    8 "0008_understanding" Expand,
    9 "0009_workspaces" Expand,
    10 "0010_row_security" Breaking,
    11 "0011_identity" Expand,
    12 "0012_permissions" Expand,
    13 "0013_team_chats" Expand,
    14 "0014_review" Breaking rebuilds,
    15 "0015_executions" Expand,
    16 "0016_audit_chain" Expand,
    18 "0018_daemons" Expand,
}
