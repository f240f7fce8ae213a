//! SQL over documents: a checked tree becomes one aggregation pipeline that gives the rows SQL means.
//!
//! SQL's rules hold, not MongoDB's: a comparison with NULL (or a field that is not there) is unknown, sums of nothing are
//! NULL, whole numbers divide to whole numbers, NULLs sort as in PostgreSQL (last upwards, first downwards). What cannot
//! be said so is a finding of `G6..`. The pipeline made here passes the same allow-list as one that a person writes.
//!
//! Every block of a query is a frame: the stages so far and the columns that its FROM offers, each with the expression
//! that gives it. Names made by the compiler begin with `_q` (joined documents), `_p` (positions in arrays), `_s` (sort
//! keys) and `_w` (windows); the last stage gives `c0`, `c1` ... in the order of the report's output.

mod accumulate;
mod align;
mod arithmetic;
mod builder;
mod call;
mod cast;
mod expr;
mod filter;
mod frame;
mod from;
mod group;
mod join;
mod like;
mod nested;
mod order;
mod query;
mod select;
mod set;
mod subquery;
mod text;
mod time;
mod truth;
mod walk;
mod window;

use catalog::{Catalog, Table};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::finding::{Code, Finding};
use crate::tree::{Cte, Query};

use frame::Frame;

/// Blocks of a statement that are compiled; a WITH that is named several times counts each time.
const MOST_BLOCKS: usize = 64;

/// Values and operators of one expression.
const MOST_NODES: usize = 10_000;

/// The pipeline of a checked statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Compiled {
    /// The collection it starts from.
    pub collection: String,
    /// The stages as extended JSON, keys in order. Each row is a document with the fields `c0`, `c1` ..., one for each
    /// column of the report's output; a field that is not there is NULL.
    pub stages: Vec<Value>,
}

/// What compiling gives, or why it cannot be done.
type Made<T> = Result<T, Finding>;

/// Compiles a checked tree.
///
/// # Errors
/// The form, function or comparison that no pipeline can say as SQL means it.
pub(crate) fn compile(query: &Query, sql: &str, catalog: &Catalog) -> Result<Compiled, Finding> {
    let mut compiler = Compiler { catalog, sql, frames: Vec::new(), ctes: Vec::new(), made: 0, blocks: 0 };
    let piped = compiler.query(query, false)?;
    let stages = crate::pipeline::canonical(piped.stages).map_err(judged)?;
    Ok(Compiled { collection: piped.collection, stages })
}

/// A finding of the allow-list about what was compiled, told about the statement.
fn judged(finding: Finding) -> Finding {
    let Finding { code, message, hint, .. } = finding;
    let code = if code == Code::G002 { Code::G603 } else { code };
    let found = Finding::new(code, format!("As a pipeline the statement is refused: {message}"));
    found.hint(hint.unwrap_or_else(|| "Write the statement in a simpler way.".to_owned()))
}

/// One run over one tree.
struct Compiler<'a> {
    catalog: &'a Catalog,
    /// The canonical text, to see which names stand in it.
    sql: &'a str,
    frames: Vec<Frame<'a>>,
    ctes: Vec<&'a Cte>,
    /// Names made so far.
    made: usize,
    blocks: usize,
}

impl<'a> Compiler<'a> {
    /// A name that was not made before.
    fn fresh(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}{}", self.made)
    }

    fn block(&mut self) -> Made<()> {
        self.blocks += 1;
        if self.blocks > MOST_BLOCKS {
            let message = "The statement has too many sub-queries for one pipeline.";
            return Err(
                Finding::new(Code::G603, message).hint("Name a WITH less often, or ask in two steps.")
            );
        }
        Ok(())
    }

    /// The frame that is being filled.
    fn top(&mut self) -> Made<&mut Frame<'a>> {
        self.frames.last_mut().ok_or_else(|| form("A place without rows"))
    }

    fn push(&mut self, stage: Value) -> Made<()> {
        self.top()?.stages.push(stage);
        Ok(())
    }

    /// The table of that name in the catalog.
    fn table(&self, schema: Option<&str>, name: &str) -> Option<&'a Table> {
        let catalog: &'a Catalog = self.catalog;
        let engine = catalog.engine();
        catalog.find_table(schema.map(|s| engine.stored_key(s)).as_deref(), &engine.stored_key(name))
    }
}

/// Refuses what has grown too large: operands that are looked at twice stand there twice, at every level.
fn weighed(json: &Value) -> Made<()> {
    let mut open = vec![json];
    let mut nodes = 0_usize;
    while let Some(next) = open.pop() {
        nodes += 1;
        if nodes > MOST_NODES {
            let message = "An expression becomes too large for a pipeline.";
            return Err(Finding::new(Code::G603, message).hint("Compute its parts in a sub-query of FROM."));
        }
        match next {
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => open.extend(fields.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    Ok(())
}

/// A form that no pipeline can say.
fn form(what: &str) -> Finding {
    Finding::new(Code::G600, format!("{what} cannot be compiled to a MongoDB pipeline."))
}

/// A function, operator or type that no pipeline can say.
fn operator(what: &str) -> Finding {
    Finding::new(Code::G601, format!("{what} cannot be compiled to a MongoDB pipeline."))
}
