//! T-SQL into what SQLite evaluates: batches cut into statements, statements into SQLite's text with the types that their
//! results have on SQL Server.

pub(crate) mod call;
pub(crate) mod case;
pub(crate) mod change;
pub(crate) mod expr;
pub(crate) mod from;
pub(crate) mod kind;
pub(crate) mod lex;
pub(crate) mod literal;
pub(crate) mod query;
pub(crate) mod scope;
pub(crate) mod select;
pub(crate) mod split;
pub(crate) mod system;
pub(crate) mod system_rows;

use sqlparser::ast::{Query, Statement};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use crate::error::{Result, SqlError};

/// Reads one statement that the parser knows; OPTION at its end is left out.
pub(crate) fn parse(text: &str) -> Result<Statement> {
    let text = without_option(text);
    let dialect = MsSqlDialect {};
    let parsed = Tokenizer::new(&dialect, text).tokenize_with_location().map_err(|e| e.to_string()).and_then(
        |tokens| {
            let mut parser = Parser::new(&dialect).with_tokens_with_locations(tokens);
            let statement = parser.parse_statement().map_err(|e| e.to_string())?;
            while parser.consume_token(&Token::SemiColon) {}
            match parser.peek_token().token {
                Token::EOF => Ok(statement),
                other => Err(format!("near '{other}'")),
            }
        },
    );
    parsed.map_err(|said| SqlError::syntax(&said))
}

/// Reads a query.
pub(crate) fn parse_query(text: &str) -> Result<Box<Query>> {
    match parse(text)? {
        Statement::Query(query) => Ok(query),
        _ => Err(SqlError::syntax("the definition of a view")),
    }
}

/// The text before `OPTION (...)`, which says how a plan is made and nothing of the result.
fn without_option(text: &str) -> &str {
    let tokens = lex::tokens(text);
    let mut depth = 0_i32;
    for token in &tokens {
        depth += i32::from(token.is("(")) - i32::from(token.is(")"));
        if depth == 0 && token.is("OPTION") {
            return text.get(..token.start).unwrap_or(text);
        }
    }
    text
}
