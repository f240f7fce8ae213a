//! References that nobody declared: concluded from names, types, statistics and, where a caller has asked the database,
//! the overlap of values. Pure: [`candidates`] proposes, a caller may weigh each with what it counted, [`settle`]
//! decides.
//!
//! A proposal is never surer than a declared key (whose score would be 1), and none is made for a column that a
//! declared key covers.

mod composite;
mod evidence;
mod names;
mod single;
mod targets;

use std::collections::HashMap;

use crate::{ForeignKey, Inference, Snapshot, Table, parallel};

pub use evidence::Overlap;

/// Score from which on a reference is proposed to a person.
pub const PROPOSED: f64 = 0.5;
/// Score from which on a proposed reference helps to find tables that belong together.
pub const RETRIEVAL: f64 = 0.7;
/// The highest score: a declared key alone is certain.
const SUREST: f64 = 0.95;
/// Score below which a candidate is not even worth a question to the database.
const WORTH_ASKING: f64 = 0.4;
/// Candidates for one column at the most.
const PER_COLUMN: usize = 4;
/// Proposals for one database at the most, the best.
const MOST: usize = 20_000;
/// Two candidates closer than this are no evidence for either.
const TIE: f64 = 0.04;
/// What a tie takes from each.
const TIED: f64 = 0.2;

/// A reference that may be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proposal {
    /// Schema of the referring table.
    pub schema: String,
    /// Referring table.
    pub table: String,
    /// Referring columns.
    pub columns: Vec<String>,
    /// Schema of the table referred to.
    pub to_schema: String,
    /// Table referred to.
    pub to_table: String,
    /// Columns referred to, paired with `columns`; a key of that table.
    pub to_columns: Vec<String>,
    /// 0 to 1.
    pub score: f64,
    /// Readable reasons.
    pub evidence: Vec<String>,
}

impl Proposal {
    fn add(&mut self, worth: f64, reason: String) {
        self.score = (self.score + worth).clamp(0.0, SUREST);
        self.evidence.push(reason);
    }

    /// The reference in the form of the model.
    pub fn key(&self) -> ForeignKey {
        ForeignKey {
            columns: self.columns.clone(),
            to_schema: self.to_schema.clone(),
            to_table: self.to_table.clone(),
            to_columns: self.to_columns.clone(),
            inferred: Some(Inference { score: self.score, evidence: self.evidence.clone() }),
            ..ForeignKey::default()
        }
    }

    /// The proposal that a connector's own inferred reference makes.
    pub fn of_key(schema: &str, table: &str, key: &ForeignKey) -> Option<Proposal> {
        let inference = key.inferred.as_ref()?;
        Some(Proposal {
            schema: schema.to_owned(),
            table: table.to_owned(),
            columns: key.columns.clone(),
            to_schema: key.to_schema.clone(),
            to_table: key.to_table.clone(),
            to_columns: key.to_columns.clone(),
            score: inference.score.clamp(0.0, SUREST),
            evidence: inference.evidence.clone(),
        })
    }
}

/// What may refer to what, best first; several for a column where names allow it. Linear in the number of columns.
///
/// ```
/// use catalog::{Engine, ddl, infer};
/// let sql = "CREATE TABLE customers (id int PRIMARY KEY, name text); CREATE TABLE orders (id int PRIMARY KEY, customer_id int);";
/// let found = infer::settle(infer::candidates(&ddl::read(sql, Engine::Postgres).snapshot));
/// assert_eq!((found[0].columns[0].as_str(), found[0].to_table.as_str()), ("customer_id", "customers"));
/// assert_eq!(found.len(), 1);
/// ```
pub fn candidates(snapshot: &Snapshot) -> Vec<Proposal> {
    let targets = targets::Targets::of(snapshot);
    let mut found: Vec<Proposal> =
        parallel::map(&snapshot.tables, |table| of_table(table, &targets)).into_iter().flatten().collect();
    found.sort_by(by_score);
    found.truncate(MOST);
    found
}

fn of_table(table: &Table, targets: &targets::Targets<'_>) -> Vec<Proposal> {
    let mut found = Vec::new();
    if !targets::holds_rows(table) {
        return found;
    }
    let keyless = |name: &str| !table.foreign_keys.iter().any(|k| k.columns.iter().any(|c| c == name));
    for column in table.columns.iter().filter(|c| keyless(&c.name)) {
        let mut own = single::candidates(table, column, targets);
        own.retain(|p| p.score >= WORTH_ASKING);
        own.sort_by(by_score);
        own.truncate(PER_COLUMN);
        found.append(&mut own);
    }
    found.extend(composite::candidates(table, targets));
    found
}

/// The candidates that are proposed: the best of each column, when it is sure enough. Of several that are as good, each
/// loses.
pub fn settle(mut candidates: Vec<Proposal>) -> Vec<Proposal> {
    candidates.sort_by(by_score);
    let mut best: HashMap<(String, String, Vec<String>), f64> = HashMap::new();
    let mut rivals: HashMap<(String, String, Vec<String>), usize> = HashMap::new();
    let from = |p: &Proposal| (p.schema.clone(), p.table.clone(), p.columns.clone());
    candidates.retain(|p| p.score >= *best.entry(from(p)).or_insert(p.score) - TIE);
    for candidate in &candidates {
        *rivals.entry(from(candidate)).or_default() += 1;
    }
    for candidate in &mut candidates {
        let count = rivals.get(&from(candidate)).copied().unwrap_or(1);
        if count > 1 {
            candidate.add(-TIED, format!("{count} tables fit as well as each other"));
        }
    }
    for candidate in &mut candidates {
        candidate.score = (candidate.score * 100.0).round() / 100.0;
    }
    candidates.retain(|p| p.score >= PROPOSED);
    candidates.sort_by(by_score);
    candidates
}

/// Best first; equal ones by name, so that two runs give the same.
fn by_score(a: &Proposal, b: &Proposal) -> std::cmp::Ordering {
    fn place(p: &Proposal) -> (&str, &str, &[String], &str, &str) {
        (&p.schema, &p.table, &p.columns, &p.to_schema, &p.to_table)
    }
    b.score.total_cmp(&a.score).then_with(|| place(a).cmp(&place(b)))
}
