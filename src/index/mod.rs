//! Retrieval: which tables of a catalog a question is about, so that prompts and the translator see those and not ten
//! thousand others. Lexical (BM25 over names, comments and stored values), then widened along foreign keys.

mod words;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use catalog::{Catalog, Snapshot, Table};

use words::words;

/// Tables below which a catalog is handed on whole.
pub const SMALL: usize = 40;

// BM25's usual constants (Robertson and Zaragoza 2009).
const K1: f64 = 1.2;
const B: f64 = 0.4;

/// How much a word of each kind says about its table.
const NAME: f64 = 4.0;
const COLUMN: f64 = 2.0;
const COMMENT: f64 = 1.0;
const VALUE: f64 = 1.5;

/// A searchable catalog. Built once for a schema version; building is linear in the catalog's text.
pub struct Index {
    catalog: Arc<Catalog>,
    /// Word -> (table's position, weight).
    postings: HashMap<String, Vec<(u32, f64)>>,
    lengths: Vec<f64>,
    mean_length: f64,
    /// Tables that a table refers to or is referred to by.
    neighbours: Vec<Vec<u32>>,
    links: Vec<Link>,
}

/// Two tables that likely belong together, by schema and name: good for finding one with the other, not for joining.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// One of them.
    pub from: (String, String),
    /// The other.
    pub to: (String, String),
}

/// A table that fits a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Position in the snapshot's tables.
    pub table: usize,
    /// Higher is better; comparable within one search only.
    pub score: f64,
}

impl Index {
    /// Reads the catalog's names, comments and stored values.
    pub fn build(catalog: Arc<Catalog>) -> Index {
        Index::linked(catalog, Vec::new())
    }

    /// As [`Index::build`], with tables that likely belong together.
    pub fn linked(catalog: Arc<Catalog>, links: Vec<Link>) -> Index {
        let tables = &catalog.snapshot().tables;
        let mut postings: HashMap<String, Vec<(u32, f64)>> = HashMap::new();
        let mut lengths = Vec::with_capacity(tables.len());
        for (position, table) in tables.iter().enumerate() {
            let weights = weights(table);
            lengths.push(weights.values().sum());
            for (word, weight) in weights {
                postings.entry(word).or_default().push((position as u32, weight));
            }
        }
        let mean_length = lengths.iter().sum::<f64>() / lengths.len().max(1) as f64;
        let neighbours = neighbours(catalog.snapshot(), &links);
        Index { catalog, postings, lengths, mean_length, neighbours, links }
    }

    /// The index of a part of the catalog, with the same links.
    pub fn of_part(&self, part: Arc<Catalog>) -> Index {
        Index::linked(part, self.links.clone())
    }

    /// The catalog that was read.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The best `limit` tables, best first. Names of tables and columns, comments and values count.
    pub fn search(&self, question: &str, limit: usize) -> Vec<Hit> {
        let mut scores: HashMap<u32, f64> = HashMap::new();
        let count = self.lengths.len() as f64;
        for word in words(question).into_iter().collect::<HashSet<_>>() {
            let Some(posting) = self.postings.get(&word) else { continue };
            let found = posting.len() as f64;
            let rarity = (1.0 + (count - found + 0.5) / (found + 0.5)).ln();
            for (table, weight) in posting {
                let length =
                    self.lengths.get(*table as usize).copied().unwrap_or(1.0) / self.mean_length.max(1e-9);
                let saturated = weight * (K1 + 1.0) / (weight + K1 * (1.0 - B + B * length));
                *scores.entry(*table).or_default() += rarity * saturated;
            }
        }
        let mut hits: Vec<Hit> =
            scores.into_iter().map(|(table, score)| Hit { table: table as usize, score }).collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.table.cmp(&b.table)));
        hits.truncate(limit);
        hits
    }

    /// The part of the catalog that a question needs: the best tables and those that connect them, `limit` at the most,
    /// best first. A small catalog comes whole.
    pub fn narrow(&self, question: &str, limit: usize) -> Arc<Catalog> {
        let tables = &self.catalog.snapshot().tables;
        if tables.len() <= limit.max(SMALL) {
            return self.catalog.clone();
        }
        let hits = self.search(question, limit / 2);
        let mut chosen: Vec<usize> = hits.iter().map(|h| h.table).collect();
        let mut seen: HashSet<usize> = chosen.iter().copied().collect();
        for hit in &hits {
            for neighbour in self.neighbours.get(hit.table).into_iter().flatten() {
                if chosen.len() < limit && seen.insert(*neighbour as usize) {
                    chosen.push(*neighbour as usize);
                }
            }
        }
        let snapshot = self.catalog.snapshot();
        let part = Snapshot {
            engine: snapshot.engine,
            server_version: snapshot.server_version.clone(),
            database: snapshot.database.clone(),
            search_path: snapshot.search_path.clone(),
            schemas: snapshot.schemas.clone(),
            tables: chosen.iter().filter_map(|i| tables.get(*i)).cloned().collect(),
            routines: Vec::new(),
        };
        Arc::new(Catalog::new(part))
    }
}

fn weights(table: &Table) -> BTreeMap<String, f64> {
    let mut weights = BTreeMap::new();
    let mut add = |text: &str, weight: f64| {
        for word in words(text) {
            let entry = weights.entry(word).or_insert(0.0_f64);
            *entry = entry.max(weight);
        }
    };
    add(&table.name, NAME);
    add(table.comment.as_deref().unwrap_or_default(), COMMENT);
    for column in &table.columns {
        add(&column.name, COLUMN);
        add(column.comment.as_deref().unwrap_or_default(), COMMENT);
        for value in column.statistics.iter().flat_map(|s| &s.common) {
            add(&value.value, VALUE);
        }
        for label in &column.enum_labels {
            add(label, VALUE);
        }
    }
    weights
}

fn neighbours(snapshot: &Snapshot, links: &[Link]) -> Vec<Vec<u32>> {
    let positions: HashMap<(&str, &str), u32> = snapshot
        .tables
        .iter()
        .enumerate()
        .map(|(i, t)| ((t.schema.as_str(), t.name.as_str()), i as u32))
        .collect();
    let mut neighbours: Vec<Vec<u32>> = vec![Vec::new(); snapshot.tables.len()];
    let at = |place: &(String, String)| positions.get(&(place.0.as_str(), place.1.as_str())).copied();
    for (from, table) in snapshot.tables.iter().enumerate() {
        for key in &table.foreign_keys {
            let Some(to) = positions.get(&(key.to_schema.as_str(), key.to_table.as_str())) else { continue };
            neighbours[from].push(*to);
            neighbours[*to as usize].push(from as u32);
        }
    }
    // after the certain ones: what is cut is cut at the end
    for (from, to) in links.iter().filter_map(|link| Some((at(&link.from)?, at(&link.to)?))) {
        for (one, other) in [(from, to), (to, from)] {
            if let Some(list) = neighbours.get_mut(one as usize).filter(|l| !l.contains(&other)) {
                list.push(other);
            }
        }
    }
    neighbours
}
