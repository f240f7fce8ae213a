//! What changed from one snapshot to the next: typed changes, each with a severity and one readable line.
//!
//! Severity is seen from the reader's side, as Querent only reads: what makes a saved query fail is breaking.

mod across;
mod change;
mod columns;
mod evidence;
mod keys;
mod renames;
mod show;
mod similar;
mod tables;
mod widen;

pub use across::across;
pub use change::{Change, ChangeKind, Severity};
pub use widen::{TypeStep, type_step};

use serde::{Deserialize, Serialize};

use crate::Snapshot;

/// All changes from one snapshot to another.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Diff {
    /// Sorted by schema, table and column; removals before additions.
    pub changes: Vec<Change>,
}

impl Diff {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes that can make a query fail.
    pub fn breaking(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|c| c.severity == Severity::Breaking)
    }

    /// The worst severity, when anything changed.
    pub fn severity(&self) -> Option<Severity> {
        self.changes.iter().map(|c| c.severity).max()
    }

    /// The changes that touch one table, under its old or its new name.
    pub fn of_table<'a>(&'a self, schema: &'a str, table: &'a str) -> impl Iterator<Item = &'a Change> {
        self.changes.iter().filter(move |c| c.concerns(schema, table))
    }
}

/// Compares two snapshots. Cost is linear in their size, except among what was removed and added at once, where names
/// are paired by likeness within a bound.
///
/// ```
/// use catalog::{Engine, ddl, diff::{diff, next_version}};
/// let read = |sql| ddl::read(sql, Engine::Postgres).snapshot;
/// let old = read("CREATE TABLE pet (id int PRIMARY KEY, name varchar(20))");
/// let new = read("CREATE TABLE pet (id int PRIMARY KEY, name varchar(80))");
/// let changes = diff(&old, &new);
/// assert_eq!(changes.changes[0].line(), "public.pet.name: type widened from character varying(20) to character varying(80)");
/// assert_eq!(next_version((1, 4), &changes), (1, 5));
/// ```
pub fn diff(old: &Snapshot, new: &Snapshot) -> Diff {
    let mut changes = Vec::new();
    tables::schemas(old, new, &mut changes);
    tables::tables(old, new, &mut changes);
    tables::routines(old, new, &mut changes);
    changes.sort_by_cached_key(Change::place);
    Diff { changes }
}

/// The version after a diff: a breaking change raises the first number, any other the second, none neither.
pub fn next_version(current: (u32, u32), diff: &Diff) -> (u32, u32) {
    match diff.severity() {
        None => current,
        Some(Severity::Breaking) => (current.0.saturating_add(1), 0),
        Some(_) => (current.0, current.1.saturating_add(1)),
    }
}
