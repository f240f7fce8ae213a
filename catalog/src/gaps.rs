//! What a catalog leaves out: a statement can be judged by the few tables that it needs, as long as nothing that it asks
//! for beyond them goes unnoticed.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

use crate::Table;

/// What was looked for in a catalog and is not at hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sought {
    /// Tables, by the keys of schema and name (see [`crate::Engine::stored_key`]).
    pub tables: BTreeSet<(String, String)>,
    /// Names that no table has: tables that are called nearly so.
    pub near: BTreeSet<String>,
    /// Schema and name of tables: those that refer to them.
    pub beside: BTreeSet<(String, String)>,
}

impl Sought {
    /// Whether all was at hand.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.near.is_empty() && self.beside.is_empty()
    }
}

/// Tables that are not at hand, and what was looked for.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    missing: HashSet<(String, String)>,
    sought: Mutex<Sought>,
}

impl Gaps {
    pub(crate) fn new(missing: HashSet<(String, String)>) -> Gaps {
        Gaps { missing, sought: Mutex::default() }
    }

    /// Notes a table that is missing; one that is not anywhere is no gap.
    pub(crate) fn look(&self, key: &(String, String)) {
        if self.missing.contains(key) {
            self.note(|sought| sought.tables.insert(key.clone()));
        }
    }

    pub(crate) fn near(&self, name: &str) {
        self.note(|sought| sought.near.insert(name.to_owned()));
    }

    pub(crate) fn beside(&self, table: &Table) {
        self.note(|sought| sought.beside.insert((table.schema.clone(), table.name.clone())));
    }

    pub(crate) fn take(&self) -> Sought {
        std::mem::take(&mut *self.sought.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, note: impl FnOnce(&mut Sought) -> bool) {
        note(&mut self.sought.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
