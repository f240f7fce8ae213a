//! Reads one column definition: name, type and options, with the constraints written inline.

use super::builder::Builder;
use super::constraint;
use super::cursor::{Cursor, bare_text_of, split_commas, text_of};
use super::lex::{Kind, Token};
use crate::{Column, Engine, Key, Table, TypeClass, types};

/// Words that end a type's text.
const AFTER_TYPE: [&str; 35] = [
    "CONSTRAINT",
    "NOT",
    "NULL",
    "DEFAULT",
    "PRIMARY",
    "UNIQUE",
    "CHECK",
    "REFERENCES",
    "COLLATE",
    "GENERATED",
    "IDENTITY",
    "AUTO_INCREMENT",
    "AUTOINCREMENT",
    "AS",
    "COMMENT",
    "ON",
    "CHARSET",
    "STORAGE",
    "COMPRESSION",
    "OPTIONS",
    "INVISIBLE",
    "VISIBLE",
    "VIRTUAL",
    "STORED",
    "PERSISTED",
    "ROWGUIDCOL",
    "SPARSE",
    "MASKED",
    "ENCRYPTED",
    "HIDDEN",
    "FOREIGN",
    "KEY",
    "AFTER",
    "FIRST",
    "USING",
];
/// Words that end an option's expression.
const OPTION_WORDS: [&str; 23] = [
    "CONSTRAINT",
    "NOT",
    "NULL",
    "DEFAULT",
    "PRIMARY",
    "UNIQUE",
    "CHECK",
    "REFERENCES",
    "COLLATE",
    "GENERATED",
    "IDENTITY",
    "AUTO_INCREMENT",
    "COMMENT",
    "ON",
    "FOR",
    "WITH",
    "KEY",
    "INVISIBLE",
    "VISIBLE",
    "STORED",
    "VIRTUAL",
    "PERSISTED",
    "FOREIGN",
];

/// Reads a column definition and adds the column, and the keys written with it, to the table.
pub(super) fn read(builder: &Builder, table: &mut Table, mut at: Cursor<'_, '_>) -> Option<()> {
    let name = at.name()?;
    let mut column = Column { name, nullable: true, ..Column::default() };
    read_type(builder, &mut column, &mut at);
    let mut constraint_name = None;
    while !at.done() {
        if at.eat("CONSTRAINT") {
            constraint_name = at.name();
            continue;
        }
        if !option(&mut column, table, &mut at, &mut constraint_name) && !constraint::read(table, &mut at) {
            at.bump();
        }
    }
    put(table, column);
    Some(())
}

/// Adds the column, or replaces the one of that name.
pub(super) fn put(table: &mut Table, mut column: Column) {
    let same = |c: &Column| c.name.eq_ignore_ascii_case(&column.name);
    if let Some(i) = table.columns.iter().position(same) {
        column.position = i as u32 + 1;
        if let Some(slot) = table.columns.get_mut(i) {
            *slot = column;
        }
        return;
    }
    column.position = table.columns.len() as u32 + 1;
    table.columns.push(column);
}

/// Reads the type's text and fills what follows from it.
pub(super) fn read_type(builder: &Builder, column: &mut Column, at: &mut Cursor<'_, '_>) {
    let untyped = at.peek().is_none_or(|t| AFTER_TYPE.iter().any(|w| t.is(w)) && !t.is("SET"));
    let tokens = if untyped { &[] } else { at.run_until(ends_type) };
    set_type(builder, column, tokens);
}

fn ends_type(c: &Cursor<'_, '_>) -> bool {
    let character_set = c.is(0, "CHARACTER") && c.is(1, "SET");
    let with_other = c.is(0, "WITH") && !c.is(1, "TIME") && !c.is(1, "LOCAL");
    let charset = c.is(0, "SET") && c.engine == Engine::Mysql;
    c.is_any(&AFTER_TYPE) || character_set || with_other || charset
}

fn set_type(builder: &Builder, column: &mut Column, tokens: &[Token<'_>]) {
    let text = type_text(tokens, builder.engine);
    serial_default(column, &text, builder.engine);
    column.native_type = types::canonical(builder.engine, &text);
    (column.class, column.element, column.enum_labels) = builder.classify(&column.native_type);
    column.native_type = match column.native_type.as_str() {
        "serial" | "serial4" if builder.engine == Engine::Postgres => "integer".to_owned(),
        "bigserial" | "serial8" if builder.engine == Engine::Postgres => "bigint".to_owned(),
        "smallserial" | "serial2" if builder.engine == Engine::Postgres => "smallint".to_owned(),
        _ => std::mem::take(&mut column.native_type),
    };
    if column.class == TypeClass::Enum && column.enum_labels.is_empty() {
        column.enum_labels = labels(tokens, builder.engine);
    }
}

fn serial_default(column: &mut Column, text: &str, engine: Engine) {
    let serial = engine == Engine::Postgres && text.to_ascii_lowercase().contains("serial");
    if serial {
        column.default = Some("nextval(sequence)".to_owned());
        column.nullable = false;
    }
}

/// The labels inside `enum('a', 'b')` or `AS ENUM ('a', 'b')`.
pub(super) fn labels(tokens: &[Token<'_>], engine: Engine) -> Vec<String> {
    tokens.iter().filter(|t| t.kind == Kind::Text).map(|t| t.value(engine)).collect()
}

/// A type as text: quoted parts lose their quotes, blanks before parentheses go.
pub(super) fn type_text(tokens: &[Token<'_>], engine: Engine) -> String {
    let mut out = String::new();
    let mut glue = true;
    for token in tokens {
        let punct = token.kind == Kind::Punct;
        if !glue && !punct {
            out.push(' ');
        }
        match token.kind {
            Kind::Quoted if engine != Engine::Postgres || token.raw.bytes().all(is_plain) => {
                out.push_str(&token.value(engine));
            }
            _ => out.push_str(token.raw),
        }
        glue = punct && !token.is_punct(")") && !token.is_punct("]");
    }
    out
}

/// Whether PostgreSQL would print a name of such bytes without quotes.
fn is_plain(b: u8) -> bool {
    matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'"')
}

fn option(
    column: &mut Column,
    table: &mut Table,
    at: &mut Cursor<'_, '_>,
    name: &mut Option<String>,
) -> bool {
    if at.eat("NOT NULL") {
        column.nullable = false;
    } else if at.eat("NOT FOR REPLICATION") || at.eat("NULL") || at.eat("FOR REPLICATION") {
        // says nothing that the model keeps
    } else if at.eat("DEFAULT") {
        column.default = Some(bare_text_of(expression(at)));
    } else if at.eat("ON UPDATE") {
        expression(at);
    } else if at.eat("ON CONFLICT") || at.eat("COLLATE") {
        at.object_name();
    } else if at.eat("COMMENT") {
        column.comment = at.string().filter(|c| !c.is_empty());
    } else if at.eat_any(&["IDENTITY", "AUTO_INCREMENT"]) {
        column.generated = Some("identity".to_owned());
        at.group();
    } else if at.is_any(&["GENERATED", "AS"]) {
        generated(column, at);
    } else {
        return key_option(column, table, at, name);
    }
    true
}

fn key_option(
    column: &mut Column,
    table: &mut Table,
    at: &mut Cursor<'_, '_>,
    name: &mut Option<String>,
) -> bool {
    let own = vec![column.name.clone()];
    let mysql = matches!(at.engine, Engine::Mysql | Engine::Mariadb);
    if at.eat("PRIMARY KEY") || (mysql && at.eat("KEY")) {
        at.eat_any(&["CLUSTERED", "NONCLUSTERED"]);
        at.eat_any(&["ASC", "DESC"]);
        table.primary_key = Some(Key { name: name.take(), columns: own });
        if at.eat("AUTOINCREMENT") {
            column.generated = Some("identity".to_owned());
        }
    } else if at.is(0, "UNIQUE") && !at.is_punct(1, "(") {
        at.bump();
        at.eat_any(&["KEY", "CLUSTERED", "NONCLUSTERED", "NULLS NOT DISTINCT"]);
        table.unique_keys.push(Key { name: name.take(), columns: own });
    } else if at.is(0, "CHECK") && at.is_punct(1, "(") {
        at.bump();
        constraint::check(table, at, name.take());
    } else if at.eat("REFERENCES") {
        constraint::references(table, at, name.take(), own);
    } else {
        return false;
    }
    true
}

/// The tokens of a default or generation expression.
pub(super) fn expression<'t, 'a>(at: &mut Cursor<'t, 'a>) -> &'t [Token<'a>] {
    at.run_until(|c| c.is_any(&OPTION_WORDS))
}

fn generated(column: &mut Column, at: &mut Cursor<'_, '_>) {
    at.eat_any(&["GENERATED ALWAYS", "GENERATED BY DEFAULT ON NULL", "GENERATED BY DEFAULT"]);
    at.eat("AS");
    if at.eat("IDENTITY") {
        column.generated = Some("identity".to_owned());
        column.nullable = false;
        at.group();
    } else if at.eat("ROW") {
        let edge = at.name().unwrap_or_default().to_lowercase();
        column.generated = Some(format!("row {edge}"));
        at.eat("HIDDEN");
    } else {
        column.generated = Some(bare_text_of(expression(at)));
    }
}

/// `name`s of a key's column list, without direction, length or collation; `None` where a part is an expression.
pub(super) fn plain_columns(tokens: &[Token<'_>], engine: Engine) -> Option<Vec<String>> {
    split_commas(tokens).into_iter().map(|part| plain_column(part, engine)).collect()
}

fn plain_column(part: &[Token<'_>], engine: Engine) -> Option<String> {
    let mut at = Cursor::new(part, engine);
    let name = at.name()?;
    if let Some(inside) = at.group() {
        let prefix = inside.iter().all(|t| t.kind == Kind::Number);
        if !prefix {
            return None;
        }
    }
    let rest_is_words = at.rest().iter().all(|t| t.kind != Kind::Punct || t.is_punct("."));
    rest_is_words.then_some(name)
}

/// A column list with expressions as text.
pub(super) fn index_columns(tokens: &[Token<'_>], engine: Engine) -> Vec<String> {
    let parts = split_commas(tokens).into_iter();
    parts.map(|part| plain_column(part, engine).unwrap_or_else(|| text_of(part))).collect()
}
