//! Dialects that extend sqlparser's own: true operator precedence, and forms that it cannot read by itself. One file an
//! engine; what they share is here.

mod mssql;
mod mysql;
mod postgres;
mod sqlite;

use sqlparser::ast::{Expr, Ident, UnaryOperator};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

pub(in crate::parse) use mssql::{Mssql, reserved};
pub(in crate::parse) use mysql::{Mysql, UNITS};
pub(in crate::parse) use postgres::Postgres;
pub(in crate::parse) use sqlite::Sqlite;

/// Marks `BETWEEN SYMMETRIC`: the low bound is wrapped in a prefix of this name.
pub(in crate::parse) const SYMMETRIC: &str = "\0symmetric";

/// Marks a VARIADIC argument in the same way.
pub(in crate::parse) const VARIADIC: &str = "\0variadic";

type Parsed = Option<Result<Expr, ParserError>>;
pub(super) fn word_is(token: &Token, text: &str) -> bool {
    matches!(token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(text))
}

pub(super) fn marked(parser: &mut Parser, mark: &str, precedence: u8) -> Result<Expr, ParserError> {
    parser.advance_token();
    let value = Box::new(parser.parse_subexpr(precedence)?);
    Ok(Expr::Prefixed { prefix: Ident::new(mark), value })
}

pub(super) fn collate(parser: &mut Parser, expr: &Expr) -> Result<Expr, ParserError> {
    parser.advance_token();
    let collation = parser.parse_object_name(false)?;
    Ok(Expr::Collate { expr: Box::new(expr.clone()), collation })
}

/// The mark kept a list of values from being taken for a query; it says nothing by itself.
pub(super) fn after_mark(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.advance_token();
    parser.parse_prefix()
}

pub(super) fn unary(parser: &mut Parser, op: UnaryOperator, precedence: u8) -> Result<Expr, ParserError> {
    parser.advance_token();
    Ok(Expr::UnaryOp { op, expr: Box::new(parser.parse_subexpr(precedence)?) })
}
