//! Text to tree: sqlparser reads, then everything it read must find its place in our own tree or is refused.

mod call;
mod dialect;
mod expr;
mod from;
mod json_table;
mod literal;
mod mssql;
mod mssql_from;
mod mysql;
mod mysql_tokens;
mod ops;
#[cfg(fuzzing)]
mod pieces;
mod predicate;
mod prepass;
mod prepass_mssql;
mod prepass_postgres;
mod query;
mod refuse;
mod select;
mod truth;
mod types;
mod types_mssql;
mod walk;

use catalog::Engine;
use sqlparser::dialect::Dialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use crate::finding::{Code, Finding};
use crate::policy::Policy;
use crate::tree::{Query, Span};
use crate::{lex, measure};

#[cfg(fuzzing)]
pub use pieces::{Piece, by_lexer, by_tokenizer};

/// Text that was tokenized and found small enough to parse.
pub(crate) struct Source<'a> {
    sql: &'a str,
    engine: Engine,
    lines: Lines,
    tokens: Vec<TokenWithSpan>,
    options: prepass_mssql::Options,
    /// Bound of the tree's size.
    pub(crate) size: measure::Size,
}

/// The first steps for any text: is the engine proven, are its characters and comments plain, is it small enough.
///
/// # Errors
/// The finding that refuses the text.
pub(crate) fn read<'a>(sql: &'a str, engine: Engine, policy: &Policy) -> Result<Source<'a>, Finding> {
    if !crate::engine_supported(engine) {
        return Err(Finding::new(Code::G201, format!("SQL of {engine} cannot be proven yet."))
            .hint("Give a pipeline to a MongoDB connection, SQL to the others."));
    }
    lex::scan(sql, engine, policy.max_bytes)?;
    tokenize(sql, engine, policy)
}

/// Splits text into tokens and bounds the depth of its tree.
///
/// # Errors
/// Text that has no tokens, is no read by its first word, or is too deep.
pub(crate) fn tokenize<'a>(sql: &'a str, engine: Engine, policy: &Policy) -> Result<Source<'a>, Finding> {
    let dialect = dialect_of(engine)?;
    let lines = Lines::new(sql);
    let mysql = matches!(engine, Engine::Mysql | Engine::Mariadb);
    let mut tokenizer = Tokenizer::new(dialect, sql).with_unescape(!mysql);
    let raw = tokenizer.tokenize_with_location().map_err(|error| {
        Finding::new(Code::G010, format!("Not understood: {}.", error.message))
            .at(lines.point(sql, error.location))
    })?;
    let size = measure::size(&raw, policy)?;
    refuse::first_word(&raw, sql, &lines)?;
    let raw = if mysql { mysql_tokens::read(raw, sql, &lines)? } else { raw };
    let mut tokens = prepass::rewrite(raw, sql.as_bytes(), &lines, engine)?;
    let mut options = prepass_mssql::Options::default();
    if engine == Engine::Mssql {
        let span = |token: &TokenWithSpan| lines.span(sql.as_bytes(), token.span);
        (tokens, options) = prepass_mssql::rewrite(tokens, span)?;
    }
    if matches!(engine, Engine::Postgres | Engine::Mongodb) {
        tokens = prepass_postgres::rewrite(tokens);
    }
    Ok(Source { sql, engine, lines, tokens, options, size })
}

/// Parses one query to the end of the text and converts it.
///
/// # Errors
/// What the parser did not understand, or what has no place in the tree.
pub(crate) fn parse(source: Source<'_>) -> Result<Query, Finding> {
    let Source { sql, engine, lines, tokens, options, size } = source;
    let dialect = dialect_of(engine)?;
    // Generous: the size is bounded already, and sqlparser counts several steps for one bracket.
    let limit =
        size.brackets.saturating_mul(8).saturating_add(size.links.saturating_mul(2)).saturating_add(50);
    let mut parser = Parser::new(dialect).with_recursion_limit(limit).with_tokens_with_locations(tokens);
    let query = parser.parse_query().map_err(|error| not_understood(error, &mut parser, sql, &lines))?;
    while parser.consume_token(&Token::SemiColon) {}
    let next = parser.peek_token();
    if next.token != Token::EOF {
        return Err(refuse::trailing(&next, sql, &lines));
    }
    Converter { sql, engine, lines }.statement(*query, options)
}

fn dialect_of(engine: Engine) -> Result<&'static dyn Dialect, Finding> {
    match engine {
        // the SQL over documents is written as PostgreSQL's
        Engine::Postgres | Engine::Mongodb => Ok(&dialect::Postgres),
        Engine::Sqlite => Ok(&dialect::Sqlite),
        Engine::Mysql | Engine::Mariadb => Ok(&dialect::Mysql),
        Engine::Mssql => Ok(&dialect::Mssql),
    }
}

fn not_understood(error: ParserError, parser: &mut Parser, sql: &str, lines: &Lines) -> Finding {
    let next = parser.peek_token();
    let message = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
        ParserError::RecursionLimitExceeded => {
            return Finding::new(Code::G002, "The statement is nested too deeply.")
                .hint("Split it with WITH.");
        }
    };
    let message = message.split(" at Line:").next().unwrap_or_default().replace('\0', "");
    if let Some(finding) = refuse::write_word(&next, sql, lines) {
        return finding;
    }
    Finding::new(Code::G010, format!("Not understood: {message}."))
        .at(lines.span(sql.as_bytes(), next.span))
        .hint("Check the spelling and the order of the clauses for this database.")
}

/// Carries the text for spans while sqlparser's tree is converted.
pub(super) struct Converter<'a> {
    sql: &'a str,
    engine: Engine,
    lines: Lines,
}

impl Converter<'_> {
    fn span(&self, span: sqlparser::tokenizer::Span) -> Span {
        self.lines.span(self.sql.as_bytes(), span)
    }

    /// PostgreSQL's syntax; SQL over documents is written so too.
    fn postgres(&self) -> bool {
        matches!(self.engine, Engine::Postgres | Engine::Mongodb)
    }

    fn sqlite(&self) -> bool {
        self.engine == Engine::Sqlite
    }

    /// MySQL or MariaDB.
    fn mysql(&self) -> bool {
        matches!(self.engine, Engine::Mysql | Engine::Mariadb)
    }

    fn mssql(&self) -> bool {
        self.engine == Engine::Mssql
    }
}

/// From sqlparser's lines and characters to the bytes that findings count, without walking the text each time.
pub(super) struct Lines {
    /// Character at which each line starts.
    starts: Vec<usize>,
    /// Byte at which each character starts; nothing for ASCII, where they are the same.
    bytes: Option<Vec<usize>>,
}

impl Lines {
    fn new(sql: &str) -> Lines {
        let mut starts = vec![0];
        starts.extend(sql.chars().enumerate().filter(|(_, c)| *c == '\n').map(|(i, _)| i + 1));
        let bytes = (!sql.is_ascii()).then(|| sql.char_indices().map(|(at, _)| at).collect());
        Lines { starts, bytes }
    }

    fn offset(&self, source: &[u8], at: Location) -> usize {
        let line = at.line.checked_sub(1).and_then(|l| usize::try_from(l).ok());
        let Some(start) = line.and_then(|l| self.starts.get(l)) else { return 0 };
        let column = usize::try_from(at.column.saturating_sub(1)).unwrap_or(usize::MAX);
        let character = start.saturating_add(column);
        let byte = match &self.bytes {
            None => character,
            Some(bytes) => bytes.get(character).copied().unwrap_or(source.len()),
        };
        byte.min(source.len())
    }

    fn span(&self, source: &[u8], span: sqlparser::tokenizer::Span) -> Span {
        if span.start.line == 0 {
            return Span::default();
        }
        Span { start: self.offset(source, span.start) as u32, end: self.offset(source, span.end) as u32 }
    }

    fn point(&self, sql: &str, at: Location) -> Span {
        let start = self.offset(sql.as_bytes(), at) as u32;
        Span { start, end: start + 1 }
    }
}
