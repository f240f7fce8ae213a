//! `Catalog`: a snapshot with its name index, the form in which everything looks names up.

use std::collections::HashMap;
use std::sync::Arc;

use crate::gaps::{Gaps, Sought};
use crate::{Engine, Snapshot, Table};

/// The first table of a name, and the others that differ from it by case alone.
type Places = (usize, Vec<usize>);

/// A snapshot that names can be looked up in by the engine's own case rules.
#[derive(Debug, Clone)]
pub struct Catalog {
    snapshot: Arc<Snapshot>,
    /// Places in the snapshot by folded schema and name. More than one where names differ by case alone, which some
    /// servers allow.
    by_name: HashMap<(String, String), Places>,
    /// Tables that are not at hand.
    gaps: Option<Arc<Gaps>>,
}

impl Catalog {
    /// Indexes a snapshot. Cost is linear in the number of tables; do it once per schema version.
    pub fn new(snapshot: Snapshot) -> Catalog {
        Catalog::shared(Arc::new(snapshot))
    }

    /// As [`Catalog::new`], for a snapshot that others hold too.
    pub fn shared(snapshot: Arc<Snapshot>) -> Catalog {
        let engine = snapshot.engine;
        let mut by_name: HashMap<_, Places> = HashMap::with_capacity(snapshot.tables.len());
        for (i, table) in snapshot.tables.iter().enumerate() {
            by_name
                .entry((engine.stored_key(&table.schema), engine.stored_key(&table.name)))
                .and_modify(|places| places.1.push(i))
                .or_insert((i, Vec::new()));
        }
        Catalog { snapshot, by_name, gaps: None }
    }

    /// A catalog of which only some tables are at hand; `missing` are schema and name of the others. What is looked for
    /// among them is not found, and noted: see [`Catalog::take_sought`]. Whatever was concluded without anything being
    /// noted is what the whole catalog would have led to.
    pub fn with_gaps<'n>(
        snapshot: Snapshot,
        missing: impl IntoIterator<Item = (&'n str, &'n str)>,
    ) -> Catalog {
        let engine = snapshot.engine;
        let gaps = missing.into_iter().map(|(s, t)| (engine.stored_key(s), engine.stored_key(t))).collect();
        Catalog { gaps: Some(Arc::new(Gaps::new(gaps))), ..Catalog::new(snapshot) }
    }

    /// What was looked for and is not at hand, since this was asked last.
    pub fn take_sought(&self) -> Sought {
        self.gaps.as_ref().map(|gaps| gaps.take()).unwrap_or_default()
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

    /// Looks a table up by folded keys (see [`Engine::fold`]). Without a schema the search path decides. Nothing is found
    /// where names differ by case alone: a folded key cannot say which of them is meant.
    pub fn find_table(&self, schema: Option<&str>, name: &str) -> Option<&Table> {
        let found = |schema: &str| self.places(&(schema.to_owned(), name.to_owned()));
        let (first, others) = match schema {
            Some(schema) => found(schema),
            None => {
                let engine = self.engine();
                self.snapshot.search_path.iter().find_map(|s| found(&engine.stored_key(s)))
            }
        }?;
        if !others.is_empty() {
            return None;
        }
        self.snapshot.tables.get(*first)
    }

    /// The only way to the index: what is looked for and not at hand is noted here.
    fn places(&self, key: &(String, String)) -> Option<&Places> {
        if let Some(gaps) = &self.gaps {
            // also where one is at hand: names that differ by case alone are told apart among all of them
            gaps.look(key);
        }
        self.by_name.get(key)
    }

    /// The table that a schema and a name mean to the server: the only one of that name by the engine's case rules, or
    /// that which is called exactly so where several differ by case alone. With each goes whether it was quoted.
    pub fn meant_table(&self, schema: (&str, bool), name: (&str, bool)) -> Option<&Table> {
        let engine = self.engine();
        let key = (engine.fold(schema.0, schema.1), engine.fold(name.0, name.1));
        let (first, others) = self.places(&key)?;
        let table = |place: &usize| self.snapshot.tables.get(*place);
        if others.is_empty() {
            return table(first);
        }
        std::iter::once(first)
            .chain(others)
            .filter_map(table)
            .find(|t| t.name == name.0 && t.schema == schema.0)
    }

    /// The table that is stored under a schema and a name.
    pub fn stored_table(&self, schema: &str, name: &str) -> Option<&Table> {
        self.meant_table((schema, true), (name, true))
    }

    /// The tables among which one is to be found that is called nearly so.
    pub fn near(&self, name: &str) -> &[Table] {
        if let Some(gaps) = &self.gaps {
            gaps.near(name);
        }
        &self.snapshot.tables
    }

    /// The tables among which those are that refer to one of these, or that these refer to.
    pub fn beside(&self, tables: &[&Table]) -> &[Table] {
        if let Some(gaps) = &self.gaps {
            let engine = self.engine();
            for table in tables {
                gaps.beside(table);
                for key in &table.foreign_keys {
                    gaps.look(&(engine.stored_key(&key.to_schema), engine.stored_key(&key.to_table)));
                }
            }
        }
        &self.snapshot.tables
    }
}
