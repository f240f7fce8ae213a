//! What statements are judged on: the older and the newer catalog as callers see them, of each the tables that the
//! statements need.
//!
//! A statement is checked on the tables at hand. Everything that the guard asks a catalog for goes through
//! the lookups of a [`Catalog`] (names of statements, views and references), [`Catalog::near`] and [`Catalog::beside`]
//! (hints); these note what is in the version and not at hand, so that a check during which nothing was noted is the
//! check on the whole version. The others are taken and their statements checked again. A table that shadows another
//! on the search path is looked for before it, and therefore noted too. Schemas, routines and the search path are
//! always whole; so is the catalog of a document database, whose pipelines are compared with every array of theirs.

use std::collections::HashMap;
use std::sync::Arc;

use catalog::diff::{ChangeKind, Diff};
use catalog::{Catalog, Engine, Snapshot, Sought, Table};
use guard::Policy;

use super::judge::{Judge, Judged, Statement};
use super::repair::new_name;
use super::shelf::Shelf;
use super::stopped;
use crate::error::Result;
use crate::model::{Annotation, Relationship};
use crate::overlay::lay_over;
use crate::store::catalog::patched;

/// Rounds of taking tables: views stand on views a few deep, everything else is a round or two. In the last one all
/// tables are taken.
const ROUNDS: usize = 16;

/// All that is known of two versions before any table is taken.
pub(super) struct Ground {
    /// What the caller may read.
    pub(super) policy: Policy,
    /// What changed.
    pub(super) diff: Diff,
    /// The tables that only the older version has, as they were.
    pub(super) old: Snapshot,
    /// The tables that only the newer one has.
    pub(super) new: Snapshot,
    /// What people say of tables.
    pub(super) annotations: Vec<Annotation>,
    /// What they say of references.
    pub(super) relationships: Vec<Relationship>,
}

/// Judges statements, each on all the tables that it needs; in the order of the statements.
pub(super) async fn judge(
    ground: Ground,
    mut shelf: Shelf,
    statements: Vec<Statement>,
) -> Result<Vec<(Statement, Judged)>> {
    let ends: Vec<_> = ground.relationships.iter().map(ends).collect();
    shelf.take_named(&ground.new.tables).await?;
    if shelf.engine() == Engine::Mongodb {
        shelf.take_all().await?;
    }
    let ground = Arc::new(ground);
    let mut settled = Vec::with_capacity(statements.len());
    let mut pending: Vec<(usize, Statement)> = statements.into_iter().enumerate().collect();
    for round in 1.. {
        let (snapshot, missing) = shelf.laid_out();
        let (ground, answered) = (ground.clone(), shelf.answered().clone());
        let work = move || ground.round(snapshot, &missing, pending, &answered);
        let looked = tokio::task::spawn_blocking(work).await.map_err(|e| stopped(&e))?;
        settled.extend(looked.settled);
        pending = looked.pending;
        if pending.is_empty() || round > ROUNDS {
            break;
        }
        shelf.answer(looked.sought, &ends).await?;
        if round == ROUNDS {
            shelf.take_all().await?;
        }
    }
    settled.sort_by_key(|(place, _, _)| *place);
    Ok(settled.into_iter().map(|(_, statement, judged)| (statement, judged)).collect())
}

/// What came of one round.
#[derive(Default)]
struct Looked {
    settled: Vec<(usize, Statement, Judged)>,
    /// Those that need more tables.
    pending: Vec<(usize, Statement)>,
    sought: Sought,
}

impl Ground {
    fn round(
        &self,
        mut snapshot: Snapshot,
        missing: &[(String, String)],
        statements: Vec<(usize, Statement)>,
        answered: &Sought,
    ) -> Looked {
        lay_over(&mut snapshot, &self.annotations, &self.relationships);
        let older = before(&snapshot, self.old.clone(), &self.new, &self.diff, &self.annotations);
        let names = || missing.iter().map(|(schema, name)| (schema.as_str(), name.as_str()));
        let newer = Catalog::with_gaps(snapshot, names());
        let older = Catalog::with_gaps(older, names());
        let judge = Judge::new(&older, &newer, &self.diff, &self.policy);
        let mut looked = Looked::default();
        for (place, statement) in statements {
            let judged = judge.judge(&statement);
            let mut sought = newer.take_sought();
            // hints about the older version are told to nobody
            sought.tables.extend(older.take_sought().tables);
            if !sought.tables.is_empty() {
                // what is not at hand is no unknown name: the next check tells what hints are needed
                sought.near.clear();
                sought.beside.clear();
            }
            sought.near.retain(|name| !answered.near.contains(name));
            sought.beside.retain(|table| !answered.beside.contains(table));
            if missing.is_empty() || sought.is_empty() {
                looked.settled.push((place, statement, judged));
                continue;
            }
            looked.pending.push((place, statement));
            looked.sought.tables.extend(sought.tables);
            looked.sought.near.extend(sought.near);
            looked.sought.beside.extend(sought.beside);
        }
        looked
    }
}

fn ends(relationship: &Relationship) -> (String, String, String, String) {
    let Relationship { from_schema, from_table, to_schema, to_table, .. } = relationship;
    (from_schema.clone(), from_table.clone(), to_schema.clone(), to_table.clone())
}

/// The older snapshot as callers saw it, from the newer one with what people say laid over, and what differs between
/// both. What makes values sensitive is not versioned: tables that changed have it from what became of them.
pub fn before(
    newer: &Snapshot,
    mut old: Snapshot,
    new: &Snapshot,
    diff: &Diff,
    annotations: &[Annotation],
) -> Snapshot {
    lay_over(&mut old, annotations, &[]);
    let now: HashMap<(&str, &str), &Table> =
        newer.tables.iter().map(|t| ((t.schema.as_str(), t.name.as_str()), t)).collect();
    for table in &mut old.tables {
        let of_table = |kind: ChangeKind| {
            let (schema, name) = (&table.schema, &table.name);
            let here = move |c: &&catalog::diff::Change| {
                c.kind == kind && c.schema == *schema && c.table.as_deref() == Some(name)
            };
            diff.changes.iter().filter(here)
        };
        let renamed = of_table(ChangeKind::TableRenamed).find_map(|c| new_name(c, newer));
        let columns: HashMap<&str, &str> = of_table(ChangeKind::ColumnRenamed)
            .filter_map(|c| Some((c.column.as_deref()?, c.after.as_deref()?)))
            .collect();
        let (schema, name) = renamed.unwrap_or_else(|| (table.schema.clone(), table.name.clone()));
        let Some(became) = now.get(&(schema.as_str(), name.as_str())) else { continue };
        for column in &mut table.columns {
            let name = columns.get(column.name.as_str()).copied().unwrap_or(&column.name);
            if let Some(became) = became.column(name) {
                column.sensitivity = became.sensitivity;
            }
        }
    }
    patched(newer, old, new)
}
