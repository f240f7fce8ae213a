//! The guard: is this statement one read, what does it touch, and what text may run.
//!
//! [`check`] takes text and gives a [`ReadOnly`] or the findings that refuse it. `ReadOnly` has no public constructor:
//! a connector that takes nothing else cannot be handed unchecked SQL.
//!
//! The way of a statement: `lex` (characters, comments), `measure` (size of the tree), `parse` (sqlparser, then our own
//! tree), `resolve` (names, functions, policy), `cap` (rows), `render` (canonical text), and the text parsed once more.

pub mod answer;
mod cap;
mod cap_mssql;
pub mod compile;
mod fault;
pub mod finding;
mod follow;
pub mod functions;
pub mod grants;
mod lex;
mod measure;
mod parse;
pub mod pipeline;
pub mod policy;
mod proof;
pub mod reading;
mod render;
pub mod report;
pub mod resolve;
pub mod sameness;
mod split;
mod stack;
pub mod tree;
mod warn;

use catalog::{Catalog, Engine};

/// What the fuzz targets look at beyond the public surface.
#[cfg(fuzzing)]
pub mod fuzzing {
    pub use crate::parse::{Piece, by_lexer, by_tokenizer};
}

pub use answer::Answer;
pub use compile::Compiled;
pub use finding::{Code, Finding};
pub use follow::{Moves, follow};
pub use policy::Policy;
pub use proof::ReadOnly;
pub use render::{render, render_expr, render_pretty};
pub use report::Report;
pub use sameness::{Columns, Doubt, Sameness, canonical_form, same_meaning, same_meaning_by};
pub use split::split;

/// Whether statements of that engine can be proven.
pub fn engine_supported(engine: Engine) -> bool {
    match engine {
        Engine::Postgres
        | Engine::Sqlite
        | Engine::Mysql
        | Engine::Mariadb
        | Engine::Mssql
        | Engine::Mongodb => true,
    }
}

/// Checks text against a catalog and a policy.
///
/// # Errors
/// All findings that refuse the statement, in the order of the text.
pub fn check(sql: &str, catalog: &Catalog, policy: &Policy) -> Result<ReadOnly, Vec<Finding>> {
    fault::contained(|| {
        let source = parse::read(sql, catalog.engine(), policy).map_err(|f| vec![f])?;
        let size = source.size;
        stack::with_room(size, || {
            let query = parse::parse(source).map_err(|f| vec![f])?;
            proof::prove(query, size, catalog, policy)
        })
    })
}

/// Checks a tree that was built rather than parsed (by the built-in translator): its rendered text must hold
/// the caps that hold for any text, and be read back as the same tree.
///
/// # Errors
/// As [`check`].
pub fn check_tree(query: &tree::Query, catalog: &Catalog, policy: &Policy) -> Result<ReadOnly, Vec<Finding>> {
    fault::contained(|| {
        let text = render(query, catalog.engine());
        let source = parse::read(&text, catalog.engine(), policy).map_err(|f| vec![f])?;
        let size = source.size;
        stack::with_room(size, || proof::prove(query.clone(), size, catalog, policy))
    })
}

/// Parses text to a tree without resolving any name.
///
/// # Errors
/// The finding that refuses it.
pub fn parse_tree(sql: &str, engine: Engine, policy: &Policy) -> Result<tree::Query, Finding> {
    let parsed = fault::contained(|| {
        let source = parse::read(sql, engine, policy).map_err(|f| vec![f])?;
        stack::with_room(source.size, || parse::parse(source)).map_err(|f| vec![f])
    });
    parsed.map_err(|found| {
        let first = found.into_iter().next();
        first.unwrap_or_else(|| Finding::new(Code::G501, "The statement was refused without a finding"))
    })
}
