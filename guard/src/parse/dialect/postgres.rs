//! PostgreSQL's dialect: its server's precedence, prefix operators, and literals of types that sqlparser does not know.

use std::any::TypeId;

use sqlparser::ast::{DataType, Expr, Ident, ObjectName, TypedString, UnaryOperator};
use sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::super::prepass::LIST;
use super::{Parsed, SYMMETRIC, VARIADIC, after_mark, collate, marked, unary, word_is};

/// PostgreSQL as its server reads it.
#[derive(Debug)]
pub(in crate::parse) struct Postgres;

/// Types that sqlparser takes for names, and that may stand before a literal.
const LITERAL_TYPES: [&str; 22] = [
    "inet",
    "cidr",
    "macaddr",
    "macaddr8",
    "money",
    "jsonb",
    "jsonpath",
    "int4range",
    "int8range",
    "numrange",
    "tsrange",
    "tstzrange",
    "daterange",
    "timetz",
    "timestamptz",
    "bpchar",
    "oid",
    "point",
    "box",
    "polygon",
    "circle",
    "lseg",
];

mod pg {
    pub const OTHER: u8 = 70;
    pub const BETWEEN: u8 = 60;
    pub const IS: u8 = 40;
    pub const UNARY: u8 = 125;
}

impl Dialect for Postgres {
    fn dialect(&self) -> TypeId {
        PostgreSqlDialect {}.dialect()
    }
    fn identifier_quote_style(&self, _: &str) -> Option<char> {
        Some('"')
    }
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"'
    }
    fn is_identifier_start(&self, ch: char) -> bool {
        PostgreSqlDialect {}.is_identifier_start(ch)
    }
    fn is_identifier_part(&self, ch: char) -> bool {
        PostgreSqlDialect {}.is_identifier_part(ch)
    }
    fn is_custom_operator_part(&self, ch: char) -> bool {
        PostgreSqlDialect {}.is_custom_operator_part(ch)
    }
    fn is_reserved_for_identifier(&self, kw: Keyword) -> bool {
        PostgreSqlDialect {}.is_reserved_for_identifier(kw)
    }
    fn is_table_alias(&self, kw: &Keyword, parser: &mut Parser) -> bool {
        PostgreSqlDialect {}.is_table_alias(kw, parser)
    }
    fn prec_value(&self, prec: Precedence) -> u8 {
        PostgreSqlDialect {}.prec_value(prec)
    }
    fn supports_unicode_string_literal(&self) -> bool {
        true
    }
    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }
    fn supports_group_by_expr(&self) -> bool {
        true
    }
    fn supports_window_clause_named_window_reference(&self) -> bool {
        false
    }
    fn supports_named_fn_args_with_expr_name(&self) -> bool {
        false
    }
    fn supports_empty_projections(&self) -> bool {
        false
    }
    fn supports_string_escape_constant(&self) -> bool {
        true
    }
    fn supports_array_typedef_with_brackets(&self) -> bool {
        true
    }
    fn supports_bitwise_shift_operators(&self) -> bool {
        true
    }
    /// Needed for the operators of JSON that begin with a question mark.
    fn supports_geometric_types(&self) -> bool {
        true
    }
    fn supports_notnull_operator(&self) -> bool {
        true
    }
    fn supports_interval_options(&self) -> bool {
        true
    }
    fn allow_extract_custom(&self) -> bool {
        true
    }
    fn allow_extract_single_quotes(&self) -> bool {
        true
    }
    fn supports_nested_comments(&self) -> bool {
        true
    }
    fn supports_left_associative_joins_without_parens(&self) -> bool {
        false
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        match &parser.peek_token_ref().token {
            Token::Tilde
            | Token::TildeAsterisk
            | Token::ExclamationMarkTilde
            | Token::ExclamationMarkTildeAsterisk
            | Token::DoubleTilde
            | Token::DoubleTildeAsterisk
            | Token::ExclamationMarkDoubleTilde
            | Token::ExclamationMarkDoubleTildeAsterisk
            | Token::Spaceship
            | Token::AtSign => Some(Ok(pg::OTHER)),
            token if word_is(token, "isnull") => Some(Ok(pg::IS)),
            // whatever the symbol is: `1 OPERATOR(pg_catalog.+) 2 * 3` adds the product
            token if word_is(token, "operator") => Some(Ok(pg::OTHER)),
            _ => PostgreSqlDialect {}.get_next_precedence(parser),
        }
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Parsed {
        let op = match &parser.peek_token_ref().token {
            Token::Minus => (UnaryOperator::Minus, pg::UNARY),
            Token::Plus => (UnaryOperator::Plus, pg::UNARY),
            Token::Tilde => (UnaryOperator::BitwiseNot, pg::OTHER),
            Token::AtSign => (UnaryOperator::PGAbs, pg::OTHER),
            Token::PGSquareRoot => (UnaryOperator::PGSquareRoot, pg::OTHER),
            Token::PGCubeRoot => (UnaryOperator::PGCubeRoot, pg::OTHER),
            Token::DoubleExclamationMark => (UnaryOperator::PGPrefixFactorial, pg::OTHER),
            Token::Word(_) => return self.word_prefix(parser),
            _ => return None,
        };
        Some(unary(parser, op.0, op.1))
    }

    fn parse_infix(&self, parser: &mut Parser, expr: &Expr, _precedence: u8) -> Parsed {
        let token = &parser.peek_token_ref().token;
        if word_is(token, "isnull") {
            parser.advance_token();
            return Some(Ok(Expr::IsNull(Box::new(expr.clone()))));
        }
        word_is(token, "collate").then(|| collate(parser, expr))
    }
}

impl Postgres {
    /// `SYMMETRIC x`, and literals of types that sqlparser does not know: `inet '::1'`.
    fn word_prefix(&self, parser: &mut Parser) -> Parsed {
        let token = &parser.peek_token_ref().token;
        if word_is(token, LIST) {
            return Some(after_mark(parser));
        }
        if word_is(token, "symmetric") {
            return Some(marked(parser, SYMMETRIC, pg::BETWEEN));
        }
        if word_is(token, "variadic") {
            return Some(marked(parser, VARIADIC, 0));
        }
        let Token::Word(word) = token else { return None };
        if !matches!(parser.peek_nth_token_ref(1).token, Token::SingleQuotedString(_)) {
            return None;
        }
        let name = word.value.to_ascii_lowercase();
        if word.quote_style.is_some() || !LITERAL_TYPES.contains(&name.as_str()) {
            return None;
        }
        parser.advance_token();
        Some(parser.parse_value().map(|value| {
            Expr::TypedString(TypedString {
                data_type: DataType::Custom(ObjectName::from(vec![Ident::new(name)]), Vec::new()),
                value,
                uses_odbc_syntax: false,
            })
        }))
    }
}
