//! A schema in few words, for a prompt: compact lines within a token budget, and never silent about what is missing.
//!
//! All text that comes from the database is data: it is cut to a length, and control characters, line breaks and the
//! marks that could close a comment are taken out, so that it stays where it was put.

mod line;
mod text;
mod tokens;

pub use line::short_type;
pub use text::{clean, identifier};
pub use tokens::estimate_tokens;

use serde::{Deserialize, Serialize};

use crate::{Catalog, Snapshot, Table};
use line::{Context, Detail};

/// What of a database may leave for a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrivacyLevel {
    /// Names, types, keys, labels of enums, comments: the schema itself.
    #[default]
    NamesOnly,
    /// Also figures: rows, distinct values, share of NULLs.
    Statistics,
    /// Also stored values, except those of sensitive columns.
    SampleValues,
}

/// How to render.
#[derive(Debug, Clone)]
pub struct RenderOptions<'a> {
    /// Most tokens to spend, by [`estimate_tokens`].
    pub budget_tokens: usize,
    /// The tables to show, the most relevant first; all tables when `None`. References to tables that are not among
    /// them are not shown.
    pub tables: Option<&'a [&'a Table]>,
    /// What may be shown.
    pub level: PrivacyLevel,
    /// Whether comments are shown.
    pub comments: bool,
}

impl Default for RenderOptions<'_> {
    fn default() -> Self {
        RenderOptions { budget_tokens: 4_000, tables: None, level: PrivacyLevel::NamesOnly, comments: true }
    }
}

/// A rendered schema.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// Tables shown with their columns.
    pub tables_shown: usize,
    /// Tables of which only the name is shown.
    pub tables_named_only: usize,
    /// Tables that are not even named.
    pub tables_left_out: usize,
    /// Tokens of the text, by [`estimate_tokens`].
    pub tokens: usize,
}

/// What can be rendered: a [`Snapshot`] or a [`Catalog`].
pub trait Renderable {
    /// The snapshot behind it.
    fn snapshot(&self) -> &Snapshot;
}

impl Renderable for Snapshot {
    fn snapshot(&self) -> &Snapshot {
        self
    }
}

impl Renderable for Catalog {
    fn snapshot(&self) -> &Snapshot {
        Catalog::snapshot(self)
    }
}

/// Tokens kept for the lines that say what is missing.
const NOTE_TOKENS: usize = 24;

/// Renders within the budget. All tables are shown in one degree of detail when one fits: with values, without values,
/// without comments. When none fits, the most relevant tables keep their types and keys, the next only the names of
/// their columns, the next only their own name, and the rest is counted.
///
/// ```
/// use catalog::{Engine, ddl, render::{RenderOptions, render}};
/// let sql = "CREATE TABLE person (id int PRIMARY KEY, name text);
///     CREATE TABLE pet (id int PRIMARY KEY, owner int REFERENCES person);";
/// let snapshot = ddl::read(sql, Engine::Postgres).snapshot;
/// let rendered = render(&snapshot, &RenderOptions::default());
/// assert_eq!(rendered.text, "person(id int pk, name text)\npet(id int pk, owner int -> person.id)\n");
/// ```
pub fn render<R: Renderable + ?Sized>(source: &R, options: &RenderOptions<'_>) -> Rendered {
    let snapshot = source.snapshot();
    let all = snapshot.tables.iter().collect::<Vec<_>>();
    let tables = options.tables.unwrap_or(&all);
    let context = Context::new(snapshot, tables, options);
    for detail in [Detail::Values, Detail::Comments, Detail::Types] {
        if let Some(text) = uniform(&context, tables, detail, options.budget_tokens) {
            return done(text, tables.len(), 0, 0);
        }
    }
    mixed(&context, tables, options.budget_tokens)
}

fn done(text: String, shown: usize, named: usize, left_out: usize) -> Rendered {
    let tokens = estimate_tokens(&text);
    Rendered { text, tables_shown: shown, tables_named_only: named, tables_left_out: left_out, tokens }
}

/// All tables in one degree of detail, if that fits.
fn uniform(context: &Context<'_>, tables: &[&Table], detail: Detail, budget: usize) -> Option<String> {
    let mut text = String::new();
    let mut spent = 0;
    for table in tables {
        let line = context.line(table, detail);
        spent += estimate_tokens(&line);
        if spent > budget {
            return None;
        }
        text.push_str(&line);
        text.push('\n');
    }
    Some(text)
}

/// Less and less detail down the list.
fn mixed(context: &Context<'_>, tables: &[&Table], budget: usize) -> Rendered {
    let usable = budget.saturating_sub(NOTE_TOKENS);
    let mut text = String::new();
    let mut spent = 0;
    let mut shown = 0;
    // shares of the budget up to which a degree of detail is given
    for (detail, limit) in [(Detail::Types, usable * 6 / 10), (Detail::Names, usable * 85 / 100)] {
        while let Some(table) = tables.get(shown) {
            let line = context.line(table, detail);
            let cost = estimate_tokens(&line);
            if spent + cost > limit {
                break;
            }
            spent += cost;
            shown += 1;
            text.push_str(&line);
            text.push('\n');
        }
    }
    let mut names = Vec::new();
    for table in tables.iter().skip(shown) {
        let name = context.table_name(table);
        let cost = estimate_tokens(&name) + 1;
        if spent + cost > usable {
            break;
        }
        spent += cost;
        names.push(name);
    }
    let left_out = tables.len() - shown - names.len();
    if budget >= NOTE_TOKENS {
        notes(&mut text, &names, left_out);
    }
    done(text, shown, names.len(), left_out)
}

fn notes(text: &mut String, names: &[String], left_out: usize) {
    if !names.is_empty() {
        text.push_str(&format!("-- by name only: {}\n", names.join(", ")));
    }
    if left_out > 0 {
        text.push_str(&format!("-- left out: {left_out} tables\n"));
    }
}
