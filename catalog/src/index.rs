//! `Catalog`: a snapshot with its name index, the form in which everything looks names up.

use std::collections::HashMap;
use std::sync::Arc;

use crate::{Engine, Snapshot, Table};

/// A snapshot that names can be looked up in by the engine's own case rules.
#[derive(Debug, Clone)]
pub struct Catalog {
    snapshot: Arc<Snapshot>,
    by_name: HashMap<(String, String), usize>,
}

impl Catalog {
    /// Indexes a snapshot. Cost is linear in the number of tables; do it once per schema version.
    pub fn new(snapshot: Snapshot) -> Catalog {
        Catalog::shared(Arc::new(snapshot))
    }

    /// As [`Catalog::new`], for a snapshot that others hold too.
    pub fn shared(snapshot: Arc<Snapshot>) -> Catalog {
        let engine = snapshot.engine;
        let by_name = snapshot
            .tables
            .iter()
            .enumerate()
            .map(|(i, t)| ((engine.stored_key(&t.schema), engine.stored_key(&t.name)), i))
            .collect();
        Catalog { snapshot, by_name }
    }

    /// A catalog without tables, for checks of syntax alone.
    pub fn empty(engine: Engine) -> Catalog {
        Catalog::new(Snapshot { engine, ..Snapshot::default() })
    }

    /// The engine of the database.
    pub fn engine(&self) -> Engine {
        self.snapshot.engine
    }

    /// What the crawl found.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What the crawl found, back.
    pub fn into_snapshot(self) -> Snapshot {
        Arc::unwrap_or_clone(self.snapshot)
    }

    /// Looks a table up by folded keys (see [`Engine::fold`]). Without a schema the search path decides.
    pub fn find_table(&self, schema: Option<&str>, name: &str) -> Option<&Table> {
        let found = |schema: &str| self.by_name.get(&(schema.to_owned(), name.to_owned()));
        let index = match schema {
            Some(schema) => found(schema),
            None => {
                let engine = self.engine();
                self.snapshot.search_path.iter().find_map(|s| found(&engine.stored_key(s)))
            }
        };
        index.and_then(|i| self.snapshot.tables.get(*i))
    }
}
