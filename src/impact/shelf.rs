//! The tables of the newer version that were taken so far, and the names of all others: statements need few of ten
//! thousand, and those few are read one round after another.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use catalog::{Engine, Snapshot, Sought, Table};
use guard::resolve::nearest::nearest_many;

use crate::error::Result;
use crate::model::{Id, SchemaVersion};
use crate::store::Db;
use crate::store::catalog::Picker;

/// Tables that are offered where a name is not known are chosen among so many.
const NEAREST: usize = 64;

/// Where tables come from.
enum From {
    /// Rows of the store, in the order of the names.
    Stored(Db, Box<Picker>, Vec<Id>),
    /// What a crawl found, its tables in the order of the names.
    Found(Arc<Snapshot>),
}

/// One version's tables, taken as they are needed.
pub(super) struct Shelf {
    from: From,
    /// The version without its tables.
    base: Snapshot,
    /// Schema and name of all tables.
    names: Vec<(String, String)>,
    /// Places of names by their keys.
    by_key: HashMap<(String, String), Vec<usize>>,
    taken: BTreeMap<usize, Table>,
    answered: Sought,
}

impl Shelf {
    /// The tables of a stored version. `base` is the version without them.
    pub(super) async fn stored(db: &Db, version: &SchemaVersion, base: Snapshot) -> Result<Shelf> {
        let picker = Picker::new(db, version).await?;
        let mut names = Vec::new();
        let mut ids = Vec::new();
        for named in picker.names(db).await? {
            names.push((named.schema, named.name));
            ids.push(named.id);
        }
        Ok(Shelf::new(From::Stored(db.clone(), Box::new(picker), ids), base, names))
    }

    /// The tables that a crawl found.
    pub(super) fn found(found: Arc<Snapshot>, base: Snapshot) -> Shelf {
        let names = found.tables.iter().map(|t| (t.schema.clone(), t.name.clone())).collect();
        Shelf::new(From::Found(found), base, names)
    }

    fn new(from: From, base: Snapshot, names: Vec<(String, String)>) -> Shelf {
        let mut by_key: HashMap<(String, String), Vec<usize>> = HashMap::with_capacity(names.len());
        for (place, (schema, name)) in names.iter().enumerate() {
            let key = (base.engine.stored_key(schema), base.engine.stored_key(name));
            by_key.entry(key).or_default().push(place);
        }
        Shelf { from, base, names, by_key, taken: BTreeMap::new(), answered: Sought::default() }
    }

    /// The engine of the database.
    pub(super) fn engine(&self) -> Engine {
        self.base.engine
    }

    /// What was taken so far, and the names of all else.
    pub(super) fn laid_out(&self) -> (Snapshot, Vec<(String, String)>) {
        let snapshot = Snapshot { tables: self.taken.values().cloned().collect(), ..self.base.clone() };
        let missing = self.names.iter().enumerate().filter(|(place, _)| !self.taken.contains_key(place));
        (snapshot, missing.map(|(_, name)| name.clone()).collect())
    }

    /// What was answered already.
    pub(super) fn answered(&self) -> &Sought {
        &self.answered
    }

    /// Takes all tables.
    pub(super) async fn take_all(&mut self) -> Result<()> {
        self.take((0..self.names.len()).collect()).await
    }

    /// Takes the tables of these names.
    pub(super) async fn take_named(&mut self, tables: &[Table]) -> Result<()> {
        let engine = self.engine();
        let keys = tables.iter().map(|t| (engine.stored_key(&t.schema), engine.stored_key(&t.name)));
        let places = keys.filter_map(|key| self.by_key.get(&key)).flatten().copied().collect();
        self.take(places).await
    }

    /// Takes what was looked for. `ends` are pairs of tables of which people say that one refers to the other.
    pub(super) async fn answer(
        &mut self,
        sought: Sought,
        ends: &[(String, String, String, String)],
    ) -> Result<()> {
        let mut places: BTreeSet<usize> =
            sought.tables.iter().filter_map(|key| self.by_key.get(key)).flatten().copied().collect();
        places.extend(self.near(&sought.near));
        places.extend(self.beside(&sought.beside, ends).await?);
        self.answered.near.extend(sought.near);
        self.answered.beside.extend(sought.beside);
        self.take(places).await
    }

    /// Tables whose names, as the guard shows them, are the nearest to one that nothing has.
    fn near(&self, wanted: &BTreeSet<String>) -> Vec<usize> {
        if wanted.is_empty() {
            return Vec::new();
        }
        let path: HashSet<&str> = self.base.search_path.iter().map(String::as_str).collect();
        let shown: Vec<String> = self
            .names
            .iter()
            .map(|(schema, name)| match path.contains(schema.as_str()) {
                true => name.clone(),
                false => format!("{schema}.{name}"),
            })
            .collect();
        let near = |name: &String| nearest_many(name, shown.iter().map(String::as_str), NEAREST);
        let near: HashSet<String> = wanted.iter().flat_map(near).collect();
        shown.iter().enumerate().filter(|(_, name)| near.contains(*name)).map(|(place, _)| place).collect()
    }

    /// Tables that refer to these, and those that people say to be referred to by these.
    async fn beside(
        &self,
        wanted: &BTreeSet<(String, String)>,
        ends: &[(String, String, String, String)],
    ) -> Result<Vec<usize>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let engine = self.engine();
        let key = |schema: &str, name: &str| (engine.stored_key(schema), engine.stored_key(name));
        let mut places = Vec::new();
        for (from_schema, from, to_schema, to) in ends {
            let (from, to) = ((from_schema.clone(), from.clone()), (to_schema.clone(), to.clone()));
            for (this, other) in [(&from, &to), (&to, &from)] {
                if wanted.contains(this) {
                    places.extend(self.by_key.get(&key(&other.0, &other.1)).into_iter().flatten());
                }
            }
        }
        match &self.from {
            From::Stored(db, picker, ids) => {
                let names: BTreeSet<String> = wanted.iter().map(|(_, name)| name.clone()).collect();
                let names: Vec<String> = names.into_iter().collect();
                let rows: HashSet<Id> = picker.referring(db, engine, &names).await?.into_iter().collect();
                places.extend(ids.iter().enumerate().filter(|(_, id)| rows.contains(id)).map(|(at, _)| at));
            }
            From::Found(found) => {
                let wanted: HashSet<_> = wanted.iter().map(|(s, t)| key(s, t)).collect();
                let refers = |t: &Table| {
                    t.foreign_keys.iter().any(|k| wanted.contains(&key(&k.to_schema, &k.to_table)))
                };
                let tables = found.tables.iter().enumerate();
                places.extend(tables.filter(|(_, t)| refers(t)).map(|(at, _)| at));
            }
        }
        Ok(places)
    }

    async fn take(&mut self, places: BTreeSet<usize>) -> Result<()> {
        let places: Vec<usize> = places.into_iter().filter(|place| !self.taken.contains_key(place)).collect();
        match &self.from {
            From::Found(found) => {
                let taken = places.iter().filter_map(|at| Some((*at, found.tables.get(*at)?.clone())));
                self.taken.extend(taken);
            }
            From::Stored(db, picker, ids) => {
                let rows: Vec<Id> = places.iter().filter_map(|place| ids.get(*place)).copied().collect();
                let mut tables = picker.tables(db, &rows).await?;
                let taken = places.iter().filter_map(|at| Some((*at, tables.remove(ids.get(*at)?)?)));
                self.taken.extend(taken);
            }
        }
        Ok(())
    }
}
