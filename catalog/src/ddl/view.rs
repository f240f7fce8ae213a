//! Reads `CREATE VIEW`; its columns are worked out once all tables are known.

use std::collections::HashMap;

use sqlparser::ast::{Query, Statement};
use sqlparser::dialect::{
    Dialect, GenericDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect,
};
use sqlparser::parser::Parser;

use super::builder::{Builder, PendingView};
use super::cursor::{Cursor, paren_step, split_commas, text_of};
use super::lex::{Kind, Lexer, Token};
use super::view_types::Resolver;
use super::{Reason, UNREADABLE};
use crate::{Column, Engine, Table, TableKind};

/// Operators and set operations in a query that is parsed. Chains of them make deep trees, and walking or dropping those
/// takes stack: a longer query only yields its listed names.
const MOST_OPERATORS: usize = 800;

/// Views may name views that come later: how often all are tried.
const ROUNDS: usize = 4;

/// After `CREATE [MATERIALIZED] VIEW`.
pub(super) fn create(builder: &mut Builder, mut at: Cursor<'_, '_>, stored: bool) -> Result<(), Reason> {
    let only_new = at.eat("IF NOT EXISTS");
    let name = at.object_name().ok_or(UNREADABLE)?;
    if only_new && builder.position(&name).is_some() {
        return Err("the view exists already");
    }
    let parts = at.group().map(split_commas).unwrap_or_default();
    let named = parts.into_iter().filter_map(|p| Cursor::new(p, builder.engine).name()).collect();
    while !at.done() && !at.eat("AS") {
        if at.group().is_none() {
            at.bump();
        }
    }
    let query = text_of(without_trailer(at.rest()));
    if query.is_empty() {
        return Err(UNREADABLE);
    }
    let kind = if stored { TableKind::MaterializedView } else { TableKind::View };
    let schema = builder.schema_of(&name);
    let view_text = Some(query.clone());
    let position = builder.put(Table { schema, name: name.name, kind, view_text, ..Table::default() });
    pend(builder, position, query, named);
    // comments on its columns may follow at once: try with what is known
    resolve(builder, builder.views.len().saturating_sub(1));
    Ok(())
}

/// The query without `WITH [NO] DATA` and `WITH CHECK OPTION`.
fn without_trailer<'t, 'a>(tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    let last_with = tokens.iter().rposition(|t| t.is("WITH"));
    let Some(at) = last_with.filter(|i| *i > 0 && tokens.len() - i <= 5) else { return tokens };
    let trailer = tokens.get(at..).unwrap_or_default();
    let ends = trailer.last().is_some_and(|t| t.is("DATA") || t.is("OPTION") || t.is("ONLY"));
    if ends { tokens.get(..at).unwrap_or_default() } else { tokens }
}

/// Notes that the columns of this relation come from a query.
pub(super) fn pend(builder: &mut Builder, table: usize, query: String, named: Vec<String>) {
    let default_schema = builder.default_schema.clone();
    builder.views.push(PendingView { table, query, named, default_schema });
}

/// Works out the columns of all views.
pub(super) fn resolve_all(builder: &mut Builder) {
    for _ in 0..ROUNDS {
        let before = open_views(builder);
        for i in 0..builder.views.len() {
            resolve(builder, i);
        }
        if open_views(builder) == before {
            break;
        }
    }
    for i in 0..builder.views.len() {
        fall_back(builder, i);
    }
}

fn is_open(builder: &Builder, view: &PendingView) -> bool {
    builder.tables.get(view.table).and_then(Option::as_ref).is_some_and(|t| t.columns.is_empty())
}

fn open_views(builder: &Builder) -> usize {
    builder.views.iter().filter(|v| is_open(builder, v)).count()
}

fn resolve(builder: &mut Builder, index: usize) {
    let Some(view) = builder.views.get(index).filter(|v| is_open(builder, v)) else { return };
    let Some(query) = parse(builder.engine, &view.query) else { return };
    let resolver = Resolver { builder, default_schema: &view.default_schema };
    let Some(columns) = resolver.query(&query, &HashMap::new()) else { return };
    let named = view.named.clone();
    fill(builder, index, columns, &named);
}

fn fill(builder: &mut Builder, index: usize, mut columns: Vec<Column>, named: &[String]) {
    for (column, name) in columns.iter_mut().zip(named) {
        column.name.clone_from(name);
    }
    for (i, column) in columns.iter_mut().enumerate() {
        column.position = i as u32 + 1;
    }
    let position = builder.views.get(index).map(|v| v.table);
    if let Some(Some(table)) = position.and_then(|p| builder.tables.get_mut(p)) {
        table.columns = columns;
    }
}

/// Names at least, where the query could not be parsed or names tables that nobody knows.
fn fall_back(builder: &mut Builder, index: usize) {
    let Some(view) = builder.views.get(index).filter(|v| is_open(builder, v)) else { return };
    let names =
        if view.named.is_empty() { listed_names(builder.engine, &view.query) } else { view.named.clone() };
    let columns = names.into_iter().map(|name| Column { name, nullable: true, ..Column::default() });
    fill(builder, index, columns.collect(), &[]);
}

/// Output names read off the first select list; empty when it holds a wildcard.
fn listed_names(engine: Engine, query: &str) -> Vec<String> {
    let tokens = Lexer::new(query, engine).collect::<Vec<_>>();
    let mut depth = 0;
    let selects = tokens.iter().position(|t| {
        depth += paren_step(t);
        depth == 0 && t.is("SELECT")
    });
    let Some(from) = selects else { return Vec::new() };
    let list = tokens.get(from + 1..).unwrap_or_default();
    let end = list.iter().position(|t| {
        depth += paren_step(t);
        depth == 0 && (t.is("FROM") || t.is("UNION"))
    });
    let list = list.get(..end.unwrap_or(list.len())).unwrap_or_default();
    let names = split_commas(list).into_iter().map(|part| {
        let last = part.last().filter(|t| matches!(t.kind, Kind::Word | Kind::Quoted | Kind::Text))?;
        Cursor::new(std::slice::from_ref(last), engine).name()
    });
    names.collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// The dialect that the parser reads an engine's text with.
fn dialect(engine: Engine) -> Box<dyn Dialect> {
    match engine {
        Engine::Postgres => Box::new(PostgreSqlDialect {}),
        Engine::Mysql | Engine::Mariadb => Box::new(MySqlDialect {}),
        Engine::Mssql => Box::new(MsSqlDialect {}),
        Engine::Sqlite => Box::new(SQLiteDialect {}),
        Engine::Mongodb => Box::new(GenericDialect {}),
    }
}

fn is_operator(token: &Token<'_>) -> bool {
    let words = ["AND", "OR", "NOT", "UNION", "EXCEPT", "INTERSECT", "IS", "LIKE", "IN", "BETWEEN"];
    let name_or_list = matches!(token.raw, "," | "." | ")" | ";");
    (token.kind == Kind::Punct && !name_or_list) || words.iter().any(|w| token.is(w))
}

fn parse(engine: Engine, query: &str) -> Option<Query> {
    if Lexer::new(query, engine).filter(is_operator).nth(MOST_OPERATORS).is_some() {
        return None;
    }
    let statements = Parser::parse_sql(dialect(engine).as_ref(), query).ok()?;
    match statements.into_iter().next()? {
        Statement::Query(query) => Some(*query),
        _ => None,
    }
}
