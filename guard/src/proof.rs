//! The proof: the only place where a [`ReadOnly`] is made, after its rendered text was read back to the same tree.

use std::sync::{Arc, OnceLock};

use catalog::{Catalog, Engine};

use crate::compile::{self, Compiled};
use crate::finding::{Code, Finding};
use crate::measure::Size;
use crate::policy::Policy;
use crate::report::Report;
use crate::resolve::{Resolved, resolve_within};
use crate::tree::Query;
use crate::{cap, cap_mssql, fault, parse, reading, render, stack};

/// A statement proven to be one read: the text that may run, its tree and its report.
#[derive(Debug, Clone)]
pub struct ReadOnly {
    engine: Engine,
    sql: Arc<str>,
    tree: Arc<Query>,
    told: Arc<Told>,
    size: Size,
    pipeline: Option<Arc<Compiled>>,
}

/// The report, completed with the reading when somebody first asks for it.
#[derive(Debug)]
struct Told {
    facts: Report,
    /// What was asked, where it is neither the tree nor the tree without its limit.
    asked: Option<Query>,
    full: OnceLock<Report>,
}

impl ReadOnly {
    /// The canonical text, rendered from the checked tree. Nothing else may be sent to a database.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// What runs where the database has no SQL of its own (MongoDB): the pipeline that gives the statement's rows.
    /// Nothing where names were not resolved.
    pub fn pipeline(&self) -> Option<&Compiled> {
        self.pipeline.as_deref()
    }

    /// The canonical text on several lines, for people.
    pub fn pretty(&self) -> String {
        render::render_pretty(&self.tree, self.engine)
    }

    /// What was asked, without what the policy put in: to show to people and to check again. It is never run.
    pub fn asked(&self) -> &str {
        self.told.facts.asked.as_deref().unwrap_or(&self.sql)
    }

    /// The engine whose rules it was checked by.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The checked tree (names resolved and qualified).
    pub fn tree(&self) -> &Query {
        &self.tree
    }

    /// Runs work that recurses as deep as the tree is.
    pub(crate) fn with_room<T>(&self, work: impl FnOnce() -> T) -> T {
        stack::with_room(self.size, work)
    }

    /// What it reads and what comes out.
    pub fn report(&self) -> &Report {
        let Told { facts, asked: _, full } = self.told.as_ref();
        full.get_or_init(|| Report { reading: self.reading(), ..facts.clone() })
    }

    /// The statement in plain sentences; nothing should the telling fail, for the proof does not hang on it.
    fn reading(&self) -> String {
        let Told { facts, asked, full: _ } = self.told.as_ref();
        let uncapped = || Query { limit: None, ..Query::clone(&self.tree) };
        let told = fault::contained(|| {
            Ok(self.with_room(|| match asked {
                Some(asked) => reading::told(asked, facts),
                None if facts.capped_rows.is_some() => reading::told(&uncapped(), facts),
                None => reading::told(&self.tree, facts),
            }))
        });
        told.unwrap_or_default()
    }
}

/// Resolves, caps, renders and reads back.
pub(crate) fn prove(
    mut query: Query,
    size: Size,
    catalog: &Catalog,
    policy: &Policy,
) -> Result<ReadOnly, Vec<Finding>> {
    let engine = catalog.engine();
    let Resolved { report: mut facts, asked, deeper } = resolve_within(&mut query, catalog, policy)?;
    let changes = policy.max_rows.is_some() && !cap::only_sets(&query, engine);
    let asked = asked.or_else(|| changes.then(|| query.clone()));
    facts.capped_rows = match engine {
        Engine::Mssql => cap_mssql::apply(&mut query, &facts.output, policy.max_rows).map_err(|f| vec![f])?,
        _ => cap::apply(&mut query, policy.max_rows, engine),
    };
    let sql = stack::with_room(size.and(deeper), || {
        let sql = render::render(&query, engine);
        read_back(&sql, &query, engine, policy).map(|size| (sql, size))
    });
    let (sql, size) = sql.map_err(|f| vec![f])?;
    let pipeline = match engine {
        Engine::Mongodb if !policy.syntax_only => {
            let compiled = stack::with_room(size, || compile::compile(&query, &sql, catalog));
            Some(Arc::new(compiled.map_err(|f| vec![f])?))
        }
        _ => None,
    };
    let told = Arc::new(Told { facts, asked, full: OnceLock::new() });
    Ok(ReadOnly { engine, sql: sql.into(), tree: Arc::new(query), told, size, pipeline })
}

/// The rendered text must be read as the tree it was made from.
fn read_back(sql: &str, query: &Query, engine: Engine, policy: &Policy) -> Result<Size, Finding> {
    let wide = widened(policy);
    let source = parse::read(sql, engine, &wide).map_err(|f| differs(&f.message))?;
    let size = source.size;
    let same = stack::with_room(size, || parse::parse(source).map(|again| again == *query));
    match same {
        Ok(true) => Ok(size),
        Ok(false) => Err(differs("it is read back as another tree")),
        Err(finding) => Err(differs(&finding.message)),
    }
}

/// The rendered text is longer than what came in (names are qualified, parentheses explicit): caps are wider for it.
fn widened(policy: &Policy) -> Policy {
    Policy {
        max_bytes: policy.max_bytes.saturating_mul(16),
        max_chain: policy.max_chain.saturating_mul(4),
        max_depth: policy.max_depth.saturating_mul(8),
        ..Policy::default()
    }
}

fn differs(why: &str) -> Finding {
    Finding::new(Code::G500, format!("The checked text could not be proven to mean the same: {why}"))
        .hint("Write the statement in a simpler way.")
}
