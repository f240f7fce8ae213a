//! Resolution: every name of a tree is looked up in scope, every function judged, and the tree rewritten so that its
//! text means exactly what was found here.
//!
//! What the caller may not see is looked up as if it did not exist: same codes, same words, never offered as nearest.

mod bounds;
mod calls;
mod catalog_functions;
mod comparison;
mod ctes;
mod dotted;
mod expr;
mod filter;
mod from;
mod functions_in_from;
mod join;
mod json_table;
mod mask;
mod mssql;
mod mssql_from;
mod mysql;
mod names;
pub mod nearest;
mod order;
mod output;
mod own_operators;
mod query;
mod scope;
mod series;
mod stand_in;
mod types;
mod views;
pub(crate) mod visible;
pub(crate) mod visible_nested;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use catalog::{Catalog, Column, Engine, Table};

use crate::finding::{Code, Finding};
use crate::follow::{Moves, Step};
use crate::measure::Size;
use crate::policy::Policy;
use crate::report::{Cardinality, ColumnRead, JoinRead, Report, SpanRange, TableRead};
use crate::tree::{Ident, Query, Span};

pub(crate) use output::name as output_name;
pub use visible::{Visibility, glob, visible_catalog};

pub(crate) use scope::{ColumnRef, Entry, Field, Namespace};
use scope::{CteEntry, Info, Scope};
use views::Readable;

/// Findings are cut at this number: a wrong guess of a table makes many.
const MOST_FINDINGS: usize = 50;

/// Resolves a tree in place.
///
/// # Errors
/// All findings that refuse the statement, in the order of the text.
pub fn resolve(query: &mut Query, catalog: &Catalog, policy: &Policy) -> Result<Report, Vec<Finding>> {
    let Resolved { mut report, asked, deeper: _ } = resolve_within(query, catalog, policy)?;
    report.reading = crate::reading::told(asked.as_ref().unwrap_or(query), &report);
    Ok(report)
}

/// Class of a written type of SQL over documents.
pub(crate) fn class_of_type(ty: &crate::tree::TypeName) -> Option<catalog::TypeClass> {
    types::of_name(Engine::Mongodb, ty).0
}

/// What resolving gives beside the tree itself.
pub(crate) struct Resolved {
    /// The report, its reading left empty.
    pub(crate) report: Report,
    /// The tree without what the policy put in, where that is another one.
    pub(crate) asked: Option<Query>,
    /// How much deeper than its text the tree may have become.
    pub(crate) deeper: Size,
}

/// As [`resolve`], but tells no reading: most statements run without anybody looking at it.
pub(crate) fn resolve_within(
    query: &mut Query,
    catalog: &Catalog,
    policy: &Policy,
) -> Result<Resolved, Vec<Finding>> {
    let readable = Readable::new(catalog, policy);
    // what was asked, for people and for the next check: the same names, without what the policy puts in their place
    let mut asked = policy.rewrites().then(|| query.clone());
    let mut resolver = Resolver::new(catalog, policy, &readable);
    let outputs = resolver.query(query, &Outer::Top);
    if !resolver.findings.is_empty() {
        return Err(resolver.sorted_findings());
    }
    let mut report = resolver.report(query, outputs);
    if let Some(asked) = &mut asked {
        let mut plain = Resolver::new(catalog, policy, &readable);
        plain.rewriting = false;
        plain.query(asked, &Outer::Top);
        report.asked = Some(crate::render::render(asked, catalog.engine()));
        report.warnings = plain.sorted_warnings();
    }
    Ok(Resolved { report, asked, deeper: readable.room() })
}

/// Resolves a tree in place and replaces what moved; see [`crate::follow`].
///
/// # Errors
/// As [`resolve`].
pub(crate) fn followed(
    query: &mut Query,
    older: &Catalog,
    policy: &Policy,
    moves: &Moves,
) -> Result<(), Vec<Finding>> {
    let readable = Readable::new(older, policy);
    let mut resolver = Resolver::new(older, policy, &readable);
    resolver.rewriting = false;
    resolver.moves = Some(moves);
    resolver.query(query, &Outer::Top);
    if resolver.findings.is_empty() { Ok(()) } else { Err(resolver.sorted_findings()) }
}

/// Condition of a join that was met and whose ON is not resolved yet.
pub(crate) const OPEN: &str = "?";

/// Where a query stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outer {
    /// The whole statement.
    Top,
    /// Inside another.
    Inner,
}

/// One run over one tree.
pub(crate) struct Resolver<'a, 'r> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) engine: Engine,
    pub(crate) policy: &'r Policy,
    pub(crate) readable: &'r Readable<'a, 'r>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) warnings: Vec<Finding>,
    pub(crate) scopes: Vec<Scope<'a>>,
    pub(crate) ctes: Vec<CteEntry<'a>>,
    /// Set inside a view's text: a wildcard over a cut table is then an error.
    pub(crate) in_view: bool,
    /// Set inside a row filter: it reads its own table's row and nothing else.
    pub(crate) in_filter: bool,
    /// Whether stand-ins are put in place.
    pub(crate) rewriting: bool,
    /// Whether what stands in place gives other rows or values than the tables hold.
    pub(crate) altered: bool,
    pub(crate) filtered: BTreeSet<(String, String)>,
    masked: BTreeSet<(String, String, String)>,
    tables: BTreeMap<(String, String), Span>,
    columns: BTreeMap<(String, String, String), (&'a Column, Span)>,
    functions: BTreeSet<String>,
    joins: Vec<JoinRead>,
    /// Whether the query resolved last gives stored rows that nothing has folded or cut to a few.
    pub(crate) wide: bool,
    /// Scopes in which names were found, by index.
    pub(crate) reached: Vec<usize>,
    /// What is to be called something else.
    moves: Option<&'r Moves>,
    /// The step of the column that was just found.
    step: Option<Step>,
    /// New and old names of columns that were replaced.
    replaced: Vec<(String, String)>,
}

impl<'a, 'r> Resolver<'a, 'r> {
    pub(crate) fn new(catalog: &'a Catalog, policy: &'r Policy, readable: &'r Readable<'a, 'r>) -> Self {
        Resolver {
            catalog,
            engine: catalog.engine(),
            policy,
            readable,
            findings: Vec::new(),
            warnings: Vec::new(),
            scopes: Vec::new(),
            ctes: Vec::new(),
            in_view: false,
            in_filter: false,
            rewriting: true,
            altered: false,
            filtered: BTreeSet::new(),
            masked: BTreeSet::new(),
            tables: BTreeMap::new(),
            columns: BTreeMap::new(),
            functions: BTreeSet::new(),
            joins: Vec::new(),
            wide: false,
            reached: Vec::new(),
            moves: None,
            step: None,
            replaced: Vec::new(),
        }
    }

    /// Records what refuses the statement.
    pub(crate) fn refuse(&mut self, finding: Finding) {
        if self.findings.len() < MOST_FINDINGS && !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Records what to beware of.
    pub(crate) fn warn(&mut self, finding: Finding) {
        if self.warnings.len() < MOST_FINDINGS && !self.warnings.contains(&finding) {
            self.warnings.push(finding);
        }
    }

    /// PostgreSQL, or SQL over documents, which keeps to its rules.
    pub(crate) fn as_postgres(&self) -> bool {
        matches!(self.engine, Engine::Postgres | Engine::Mongodb)
    }

    /// The key that a written name is looked up by.
    pub(crate) fn key(&self, ident: &Ident) -> String {
        self.engine.fold(&ident.value, ident.quoted)
    }

    /// Rewrites a name to exactly what was found.
    pub(crate) fn pin(ident: &mut Ident, name: &str) {
        name.clone_into(&mut ident.value);
        ident.quoted = true;
    }

    /// Rewrites a name that is introduced here (an alias) to what the engine makes of it.
    pub(crate) fn pin_new(&self, ident: &mut Ident) {
        if self.engine == Engine::Postgres {
            ident.value = self.key(ident);
        }
        ident.quoted = true;
    }

    pub(crate) fn read_table(&mut self, table: &Table, span: Span) {
        self.tables.entry((table.schema.clone(), table.name.clone())).or_insert(span);
    }

    pub(crate) fn read_columns(&mut self, info: &Info<'a>, span: Span) {
        for ColumnRef { table, index } in &info.lineage {
            let Some(column) = table.columns.get(*index) else { continue };
            let key = (table.schema.clone(), table.name.clone(), column.name.clone());
            let own = info.lineage.len() == 1 || self.readable.visibility().mask(table, column).is_some();
            if own && info.masked.is_some() {
                self.masked.insert(key.clone());
            }
            self.columns.entry(key).or_insert((column, span));
        }
    }

    pub(crate) fn called(&mut self, name: &str) {
        self.functions.insert(name.to_owned());
    }

    pub(crate) fn joined(&mut self, join: JoinRead) {
        self.joins.push(join);
    }

    /// Remembers the scope that a name was found in.
    pub(crate) fn reach(&mut self, scope: usize) {
        if !self.reached.contains(&scope) {
            self.reached.push(scope);
        }
    }

    /// Right relation of the first join whose condition is still open.
    pub(crate) fn open_join(&self) -> Option<&str> {
        self.joins.iter().find(|j| j.condition == OPEN).map(|j| j.right.as_str())
    }

    /// Completes the first join whose condition is still open (conditions are resolved in the order of the joins).
    pub(crate) fn fill_join(&mut self, condition: String, keyed: bool, cardinality: Option<Cardinality>) {
        if let Some(join) = self.joins.iter_mut().find(|j| j.condition == OPEN) {
            join.condition = condition;
            join.keyed = keyed;
            join.cardinality = cardinality;
        }
    }

    fn sorted_findings(mut self) -> Vec<Finding> {
        sort(&mut self.findings);
        self.findings
    }

    fn sorted_warnings(mut self) -> Vec<Finding> {
        sort(&mut self.warnings);
        self.warnings
    }

    fn report(self, query: &Query, outputs: Vec<scope::Output<'a>>) -> Report {
        let tables = self
            .tables
            .into_iter()
            .map(|((schema, table), span)| TableRead { schema, table, span: range(span) })
            .collect();
        let columns = self
            .columns
            .into_iter()
            .map(|((schema, table, name), (column, span))| read(schema, table, name, column, range(span)))
            .collect();
        let filtered = self.filtered.into_iter();
        let masked = self.masked.into_iter();
        let mut warnings = self.warnings;
        sort(&mut warnings);
        Report {
            filtered: filtered.map(|(schema, table)| TableRead { schema, table, span: None }).collect(),
            masked: masked
                .map(|(schema, table, column)| ColumnRead { schema, table, column, ..ColumnRead::default() })
                .collect(),
            asked: None,
            tables,
            columns,
            output: outputs.into_iter().map(output::column).collect(),
            joins: self.joins,
            functions: self.functions.into_iter().collect(),
            warnings,
            reading: String::new(),
            ordered: !query.order_by.is_empty(),
            capped_rows: None,
        }
    }
}

fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|f| (f.span.map_or(u32::MAX, |s| s.start), f.code));
}

fn read(schema: String, table: String, name: String, column: &Column, span: Option<SpanRange>) -> ColumnRead {
    let native_type = column.native_type.clone();
    ColumnRead { schema, table, column: name, class: column.class, native_type, span }
}

fn range(span: Span) -> Option<SpanRange> {
    (span.end > span.start).then(|| span.into())
}

/// A finding about a name that is not known, with what could have been meant.
pub(crate) fn unknown(code: Code, message: String, subject: &str, span: Span, near: Vec<String>) -> Finding {
    let hint = match near.as_slice() {
        [] => "use a name that the schema has".to_owned(),
        [one] => format!("did you mean {one}?"),
        [first, rest @ ..] => format!("did you mean {first}, or {}?", rest.join(" or ")),
    };
    Finding::new(code, message).at(span).subject(subject).nearest(near).hint(hint)
}
