//! The judgement of one statement: the guard's word on it under the older and the newer catalog, laid side by side.

use std::collections::{BTreeMap, HashSet};

use catalog::diff::{ChangeKind as K, Diff};
use catalog::{Catalog, Engine, Sensitivity};
use guard::report::OutputColumn;
use guard::{Code, Finding, Policy, Report};
use serde::Serialize;

use super::{causes, repair};
use crate::model::{Id, ImpactState, QueryState, SubjectType};

/// A statement that somebody relies on.
#[derive(Debug, Clone)]
pub struct Statement {
    /// What sort of thing holds it.
    pub subject_type: SubjectType,
    /// Its key in the store; nil for a statement of a file.
    pub id: Id,
    /// Its question, name or place.
    pub name: String,
    /// The text.
    pub sql: String,
    /// How sensitive its output columns were when it was stored, where that is known.
    pub sensitivity: BTreeMap<String, Option<Sensitivity>>,
    /// The review state of a query.
    pub state: Option<QueryState>,
    /// The repair that was proposed when it broke, while it is broken.
    pub repair: Option<String>,
}

impl Statement {
    /// A statement of which no more is known than its text.
    pub fn new(subject_type: SubjectType, id: Id, name: String, sql: String) -> Statement {
        Statement { subject_type, id, name, sql, sensitivity: BTreeMap::new(), state: None, repair: None }
    }

    /// Takes over what a stored report says of the output.
    pub fn with_report(mut self, report: &serde_json::Value) -> Statement {
        let outputs = report.get("output").cloned().unwrap_or_default();
        let outputs: Vec<OutputColumn> = serde_json::from_value(outputs).unwrap_or_default();
        self.sensitivity = outputs.into_iter().map(|o| (o.name, o.sensitivity)).collect();
        self
    }
}

/// What became of a statement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// What sort of thing holds it.
    pub subject_type: SubjectType,
    /// Its key in the store.
    pub subject_id: Id,
    /// Its question, name or place.
    pub subject_name: String,
    /// What happened to it.
    pub state: ImpactState,
    /// What the guard says.
    pub findings: Vec<Finding>,
    /// Lines of the diff that it comes from.
    pub causes: Vec<String>,
    /// What means something else now, a line each.
    pub meaning: Vec<String>,
    /// The statement.
    pub sql: String,
    /// A statement that does the same and that the guard accepts.
    pub repair: Option<String>,
}

impl Judged {
    fn new(statement: &Statement, state: ImpactState) -> Judged {
        Judged {
            subject_type: statement.subject_type,
            subject_id: statement.id,
            subject_name: statement.name.clone(),
            state,
            findings: Vec::new(),
            causes: Vec::new(),
            meaning: Vec::new(),
            sql: statement.sql.clone(),
            repair: None,
        }
    }
}

/// Two catalogs, what changed between them, and what the caller may read.
pub struct Judge<'a> {
    older: &'a Catalog,
    newer: &'a Catalog,
    diff: &'a Diff,
    policy: &'a Policy,
    /// Tables that any change is about, under their old and new names.
    touched: HashSet<(String, String)>,
    /// Names of tables that are new.
    added: HashSet<&'a str>,
    /// Whether something changed that can reach any statement.
    wide: bool,
}

impl<'a> Judge<'a> {
    /// Prepares for judging statements.
    pub fn new(older: &'a Catalog, newer: &'a Catalog, diff: &'a Diff, policy: &'a Policy) -> Judge<'a> {
        let changes = &diff.changes;
        let named = |c: &catalog::diff::Change| Some((c.schema.clone(), c.table.clone()?));
        let mut touched: HashSet<_> = changes.iter().filter_map(named).collect();
        let renamed = changes.iter().filter(|c| c.kind == K::TableRenamed);
        touched.extend(renamed.filter_map(|c| repair::new_name(c, newer.snapshot())));
        let added = changes.iter().filter(|c| c.kind == K::TableAdded).filter_map(|c| c.table.as_deref());
        let wide = changes.iter().any(|c| matches!(c.kind, K::SearchPathChanged | K::SchemaRemoved));
        let added = added.collect();
        Judge { older, newer, diff, policy, touched, added, wide }
    }

    /// Judges one.
    pub fn judge(&self, statement: &Statement) -> Judged {
        let after = guard::check(&statement.sql, self.newer, self.policy);
        if let Ok(after) = &after
            && !self.reaches(after.report())
        {
            return self.unless_sensitive(statement, after.report());
        }
        let before = guard::check(&statement.sql, self.older, self.policy);
        match (before, after) {
            (Ok(before), Ok(after)) => self.compared(statement, before.report(), after.report()),
            (Ok(before), Err(findings)) => self.broken(statement, before.report(), findings),
            // it was refused before this version, and is refused still
            (Err(_), Err(findings)) => {
                let repair = statement.repair.as_deref().and_then(|text| self.still_repaired(text));
                Judged { findings, repair, ..Judged::new(statement, ImpactState::Broken) }
            }
            (Err(_), Ok(_)) => Judged::new(statement, ImpactState::Ok),
        }
    }

    /// Whether a change can have reached what a statement reads.
    fn reaches(&self, report: &Report) -> bool {
        let read = |t: &guard::report::TableRead| {
            self.touched.contains(&(t.schema.clone(), t.table.clone()))
                || self.added.contains(t.table.as_str())
        };
        let called = |c: &catalog::diff::Change| causes::is_called(c, report);
        self.wide || report.tables.iter().any(read) || self.diff.changes.iter().any(called)
    }

    fn unless_sensitive(&self, statement: &Statement, after: &Report) -> Judged {
        let meaning = sensitivity(statement, after);
        let state = if meaning.is_empty() { ImpactState::Ok } else { ImpactState::Changed };
        Judged { meaning, ..Judged::new(statement, state) }
    }

    fn broken(&self, statement: &Statement, before: &Report, findings: Vec<Finding>) -> Judged {
        let causes = causes::of_failure(self.diff, before, &findings);
        let repair = self.repair(&statement.sql, before);
        let judged = Judged::new(statement, ImpactState::Broken);
        Judged { causes: lines(&causes), findings, repair, ..judged }
    }

    fn compared(&self, statement: &Statement, before: &Report, after: &Report) -> Judged {
        let failing = self.fails_at_the_server(before, after);
        if !failing.is_empty() {
            return self.broken(statement, before, failing);
        }
        let causes = causes::of_meaning(self.diff, before);
        let mut meaning = outputs(before, after);
        meaning.extend(sensitivity(statement, after));
        if causes.is_empty() && meaning.is_empty() {
            return Judged::new(statement, ImpactState::Ok);
        }
        let repair = self.repair(&statement.sql, before);
        let judged = Judged::new(statement, ImpactState::Changed);
        Judged { causes: lines(&causes), meaning, repair, ..judged }
    }

    /// PostgreSQL compares no text with a number: what is a warning elsewhere is an error there.
    fn fails_at_the_server(&self, before: &Report, after: &Report) -> Vec<Finding> {
        if self.newer.engine() != Engine::Postgres {
            return Vec::new();
        }
        let mixed = |r: &Report| r.warnings.iter().filter(|w| w.code == Code::W112).count();
        if mixed(after) <= mixed(before) {
            return Vec::new();
        }
        after.warnings.iter().filter(|w| w.code == Code::W112).cloned().collect()
    }

    /// The statement written anew, when the guard accepts that under the newer catalog and it gives the same columns.
    fn repair(&self, sql: &str, before: &Report) -> Option<String> {
        let holds = |text: &String| {
            let Ok(proof) = guard::check(text, self.newer, self.policy) else { return false };
            same_columns(before, proof.report())
                && self.fails_at_the_server(before, proof.report()).is_empty()
        };
        let ways = repair::ways(self.diff, before, self.older.snapshot(), self.newer.snapshot());
        let written = ways.iter().filter_map(|moves| guard::follow(sql, self.older, self.policy, moves).ok());
        let mut written = written.filter(|text| text != sql);
        written.find(holds)
    }

    /// A repair proposed under an earlier version, as it is or written anew once more.
    fn still_repaired(&self, text: &str) -> Option<String> {
        if guard::check(text, self.newer, self.policy).is_ok() {
            return Some(text.to_owned());
        }
        let before = guard::check(text, self.older, self.policy).ok()?;
        self.repair(text, before.report())
    }
}

fn lines(changes: &[&catalog::diff::Change]) -> Vec<String> {
    changes.iter().map(|c| c.line()).collect()
}

/// Whether a result has the columns of another. What an expression without alias is called says nothing.
fn same_columns(before: &Report, after: &Report) -> bool {
    let own = |o: &OutputColumn| !o.lineage.iter().any(|column| column.column == o.name);
    let mut pairs = before.output.iter().zip(&after.output);
    before.output.len() == after.output.len() && pairs.all(|(old, new)| old.name == new.name || own(old))
}

/// What comes out otherwise than before.
fn outputs(before: &Report, after: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    let has = |report: &Report, name: &str| report.output.iter().any(|o| o.name == name);
    for old in before.output.iter().filter(|o| !has(after, &o.name)) {
        lines.push(format!("the result lacks the column {}", old.name));
    }
    for new in after.output.iter().filter(|o| !has(before, &o.name)) {
        lines.push(format!("the result has a new column {}", new.name));
    }
    for new in &after.output {
        let Some(old) = before.output.iter().find(|o| o.name == new.name) else { continue };
        if old.class != new.class {
            let word = |o: &OutputColumn| o.class.map_or("unknown".to_owned(), class_word);
            lines.push(format!("the result's column {} is {}, it was {}", new.name, word(new), word(old)));
        }
        if old.nullable != new.nullable {
            let can = if new.nullable { "can be NULL now" } else { "can be NULL no more" };
            lines.push(format!("the result's column {} {can}", new.name));
        }
    }
    lines
}

fn class_word(class: catalog::TypeClass) -> String {
    serde_json::to_string(&class).unwrap_or_default().trim_matches('"').to_owned()
}

/// Output columns that are sensitive otherwise than when the statement was stored.
fn sensitivity(statement: &Statement, after: &Report) -> Vec<String> {
    let changed = after.output.iter().filter_map(|new| {
        let old = statement.sensitivity.get(&new.name)?;
        (*old != new.sensitivity).then_some((new, old))
    });
    let word = |s: Option<Sensitivity>| {
        let text = serde_json::to_string(&s).unwrap_or_default();
        if s.is_some() { text.trim_matches('"').replace('_', " ") } else { "not sensitive".to_owned() }
    };
    let line = |(new, old): (&OutputColumn, &Option<Sensitivity>)| {
        format!("the result's column {} is tagged {}, it was {}", new.name, word(new.sensitivity), word(*old))
    };
    changed.map(line).collect()
}
