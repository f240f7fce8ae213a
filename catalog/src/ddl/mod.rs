//! A catalog from DDL text, so that SQL can be checked without a server.
//!
//! The text is cut into statements by rules of our own, and the statements that make a catalog are read from their
//! tokens. Nothing here fails: what is no DDL, or cannot be read, is skipped with a reason.

mod alter;
mod builder;
mod collections;
mod column;
mod constraint;
mod cursor;
mod finish;
mod index;
mod lex;
mod notes;
mod routine;
mod split;
mod table;
mod view;
mod view_exprs;
mod view_types;

use builder::Builder;
use cursor::Cursor;
use lex::{Kind, Token};
use split::{Statement, Statements};

use crate::{Engine, Snapshot};

/// Skipped statements that are listed; the rest is only counted.
const LISTED: usize = 1_000;
/// Longest excerpt of a skipped statement.
const EXCERPT: usize = 48;

/// What was read, and what was not.
#[derive(Debug, Clone, Default)]
pub struct DdlOutcome {
    /// The catalog.
    pub snapshot: Snapshot,
    /// Statements that added nothing, in order; at most 1,000 are listed.
    pub skipped: Vec<Skipped>,
    /// How many statements were skipped, the unlisted ones included.
    pub skipped_total: usize,
}

/// A statement that added nothing to the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// 1-based line of its first token.
    pub line: u32,
    /// Why.
    pub reason: String,
    /// Its first words: never a value.
    pub excerpt: String,
}

/// Why a statement was skipped.
pub(crate) type Reason = &'static str;

const NOT_DDL: Reason = "no statement that defines a table, view, index, type, comment or routine";
const UNREADABLE: Reason = "the statement could not be read";

/// Reads a catalog from DDL text (for MongoDB, from a JSON object of collections and their fields).
///
/// ```
/// use catalog::{Engine, ddl};
/// let outcome = ddl::read("CREATE TABLE pet (id int PRIMARY KEY, name text NOT NULL);", Engine::Postgres);
/// let pet = outcome.snapshot.table("public", "pet").unwrap();
/// assert_eq!(pet.columns.len(), 2);
/// assert!(outcome.skipped.is_empty());
/// ```
pub fn read(text: &str, engine: Engine) -> DdlOutcome {
    if engine == Engine::Mongodb {
        return collections::read(text);
    }
    let mut builder = Builder::new(engine);
    let mut outcome = DdlOutcome::default();
    for statement in Statements::new(text, engine) {
        if let Err(reason) = apply(&mut builder, &statement) {
            outcome.skipped_total += 1;
            if outcome.skipped.len() < LISTED {
                let excerpt = excerpt(&statement.tokens);
                outcome.skipped.push(Skipped { line: statement.line, reason: reason.to_owned(), excerpt });
            }
        }
    }
    outcome.snapshot = finish::finish(builder);
    outcome
}

/// The first words of a statement; strings and numbers, which may be data, are left out.
fn excerpt(tokens: &[Token<'_>]) -> String {
    let words = tokens.iter().take(6).take_while(|t| !matches!(t.kind, Kind::Text | Kind::Number));
    let words = words.filter(|t| matches!(t.kind, Kind::Word | Kind::Quoted)).take(4);
    let joined = words.map(|t| t.raw).collect::<Vec<_>>().join(" ");
    joined.chars().take(EXCERPT).collect()
}

fn apply(builder: &mut Builder, statement: &Statement<'_>) -> Result<(), Reason> {
    let tokens = guarded(&statement.tokens);
    let mut at = Cursor::new(tokens, builder.engine);
    if at.eat("CREATE") {
        return create(builder, at);
    }
    if at.eat_any(&["ALTER TABLE", "ALTER FOREIGN TABLE"]) {
        return alter::alter_table(builder, at);
    }
    if at.eat_any(&["ALTER VIEW", "ALTER PROCEDURE", "ALTER PROC", "ALTER FUNCTION"])
        && builder.engine == Engine::Mssql
    {
        return create(builder, Cursor::new(tokens.get(1..).unwrap_or_default(), builder.engine));
    }
    if at.eat("ALTER TYPE") {
        return notes::alter_type(builder, at);
    }
    if at.eat("COMMENT ON") {
        return notes::comment_on(builder, at);
    }
    if at.eat("DROP") {
        return notes::drop(builder, at);
    }
    if at.eat("SET") {
        return notes::set(builder, at);
    }
    if at.eat("USE") {
        return notes::use_database(builder, at);
    }
    if at.eat_any(&["EXEC", "EXECUTE"]) {
        return notes::extended_property(builder, at);
    }
    Err(NOT_DDL)
}

/// What `IF ... CREATE` guards; other statements as they are.
fn guarded<'t, 'a>(tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    if !tokens.first().is_some_and(|t| t.is("IF")) {
        return tokens;
    }
    let mut depth = 0;
    let inner = tokens.iter().position(|t| {
        depth += cursor::paren_step(t);
        depth == 0 && (t.is("CREATE") || t.is("ALTER") || t.is("DROP") || t.is("EXEC"))
    });
    inner.and_then(|i| tokens.get(i..)).unwrap_or(tokens)
}

fn create(builder: &mut Builder, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    at.eat_any(&["OR REPLACE", "OR ALTER"]);
    skip_definer(&mut at);
    let temporary = table::eat_table_words(&mut at);
    if at.is_any(&["TABLE"]) {
        at.bump();
        return if temporary {
            Err("a temporary table is no part of the catalog")
        } else {
            table::create(builder, at)
        };
    }
    if at.eat("FOREIGN TABLE") {
        return table::create_foreign(builder, at);
    }
    if at.eat("VIRTUAL TABLE") {
        return table::create_virtual(builder, at);
    }
    if at.eat("RECURSIVE VIEW") || at.eat("VIEW") {
        return view::create(builder, at, false);
    }
    if at.eat("MATERIALIZED VIEW") {
        return view::create(builder, at, true);
    }
    if at.eat("SCHEMA") || (at.is(0, "DATABASE") && matches!(at.engine, Engine::Mysql | Engine::Mariadb)) {
        return create_schema(builder, at);
    }
    if at.eat("TYPE") {
        return notes::create_type(builder, at);
    }
    if at.eat("DOMAIN") {
        return notes::create_domain(builder, at);
    }
    if let Some(kind) = routine::kind(&mut at) {
        return routine::create(builder, at, kind);
    }
    if index::starts(&at) {
        return index::create(builder, at);
    }
    Err(NOT_DDL)
}

/// A schema, and the elements that may stand in the same statement: they belong to it.
fn create_schema(builder: &mut Builder, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    let name = notes::create_schema(builder, &mut at)?;
    if !at.is(0, "CREATE") {
        at.run_until(|c| c.is(0, "CREATE"));
    }
    let outside = std::mem::replace(&mut builder.default_schema, name);
    let mut outcome = Ok(());
    while at.eat("CREATE") {
        let element = at.run_until(|c| c.is(0, "CREATE"));
        outcome = outcome.and(create(builder, Cursor::new(element, builder.engine)));
    }
    builder.default_schema = outside;
    outcome
}

/// `DEFINER = user@host`, `ALGORITHM = x` and `SQL SECURITY x` of MySQL.
fn skip_definer(at: &mut Cursor<'_, '_>) {
    while at.is_any(&["ALGORITHM", "DEFINER", "SQL"]) {
        at.run_until(|c| {
            c.is_any(&["DEFINER", "SQL", "VIEW", "FUNCTION", "PROCEDURE", "TRIGGER", "EVENT", "AGGREGATE"])
        });
    }
}
