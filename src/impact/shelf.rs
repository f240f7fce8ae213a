//! The tables of the newer version that were taken so far, and the names of all others: statements need few of ten
//! thousand, and those few are read one round after another.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use catalog::{Engine, Snapshot, Sought, Table};
use guard::resolve::nearest::nearest_many;

use super::stopped;
use crate::error::Result;
use crate::model::{Id, SchemaVersion};
use crate::store::Db;
use crate::store::catalog::Picker;

/// Tables that are offered where a name is not known are chosen among so many.
const NEAREST: usize = 64;

/// Unknown names for which near ones are looked for among all tables; more are compared with the tables at hand alone.
/// Each costs about a microsecond a table.
const MOST_NEAR: usize = 64;

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
    names: Arc<Vec<(String, String)>>,
    /// Places of names by their keys.
    by_key: HashMap<(String, String), Vec<usize>>,
    taken: BTreeMap<usize, Table>,
    /// Places of tables that refer to a key; read when somebody asks.
    referring: Option<HashMap<(String, String), Vec<usize>>>,
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
        Shelf {
            from,
            base,
            names: Arc::new(names),
            by_key,
            taken: BTreeMap::new(),
            referring: None,
            answered: Sought::default(),
        }
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
        let room = MOST_NEAR.saturating_sub(self.answered.near.len());
        places.extend(self.near(sought.near.iter().take(room).cloned().collect()).await?);
        places.extend(self.beside(&sought.beside, ends).await?);
        self.answered.near.extend(sought.near);
        self.answered.beside.extend(sought.beside);
        self.take(places).await
    }

    /// Tables whose names, as the guard shows them, are the nearest to one that nothing has.
    async fn near(&self, wanted: Vec<String>) -> Result<Vec<usize>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let (names, path) = (self.names.clone(), self.base.search_path.clone());
        let work = move || {
            let shown = |(schema, name): &(String, String)| match path.contains(schema) {
                true => name.clone(),
                false => format!("{schema}.{name}"),
            };
            let shown: Vec<String> = names.iter().map(shown).collect();
            let near = |name: &String| nearest_many(name, shown.iter().map(String::as_str), NEAREST);
            let near: HashSet<String> = wanted.iter().flat_map(near).collect();
            let places = shown.iter().enumerate().filter(|(_, name)| near.contains(*name));
            places.map(|(place, _)| place).collect()
        };
        tokio::task::spawn_blocking(work).await.map_err(|e| stopped(&e))
    }

    /// Tables that refer to these, and those that people say to be referred to by these.
    async fn beside(
        &mut self,
        wanted: &BTreeSet<(String, String)>,
        ends: &[(String, String, String, String)],
    ) -> Result<Vec<usize>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let engine = self.engine();
        let key = |(schema, name): &(String, String)| (engine.stored_key(schema), engine.stored_key(name));
        let mut places: Vec<usize> = Vec::new();
        for (from_schema, from, to_schema, to) in ends {
            let (from, to) = ((from_schema.clone(), from.clone()), (to_schema.clone(), to.clone()));
            for (this, other) in [(&from, &to), (&to, &from)] {
                if wanted.contains(this) {
                    places.extend(self.by_key.get(&key(other)).into_iter().flatten());
                }
            }
        }
        if self.referring.is_none() {
            self.referring = Some(self.read_references().await?);
        }
        let referring = self.referring.iter();
        places.extend(referring.flat_map(|r| wanted.iter().filter_map(|name| r.get(&key(name)))).flatten());
        Ok(places)
    }

    async fn read_references(&self) -> Result<HashMap<(String, String), Vec<usize>>> {
        let engine = self.engine();
        let mut referring: HashMap<(String, String), Vec<usize>> = HashMap::new();
        let mut note = |place: usize, schema: &str, name: &str| {
            let key = (engine.stored_key(schema), engine.stored_key(name));
            referring.entry(key).or_default().push(place);
        };
        match &self.from {
            From::Stored(db, picker, ids) => {
                let places: HashMap<Id, usize> = ids.iter().copied().zip(0..).collect();
                for (id, schema, name) in picker.references(db).await? {
                    if let Some(place) = places.get(&id) {
                        note(*place, &schema, &name);
                    }
                }
            }
            From::Found(found) => {
                for (place, table) in found.tables.iter().enumerate() {
                    table.foreign_keys.iter().for_each(|k| note(place, &k.to_schema, &k.to_table));
                }
            }
        }
        Ok(referring)
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
