//! Dialects that extend sqlparser's own: true operator precedence, and forms that it cannot read by itself.

use std::any::TypeId;

use sqlparser::ast::{BinaryOperator, DataType, Expr, Ident, ObjectName, TypedString, UnaryOperator, Value};
use sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence, SQLiteDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::prepass::LIST;

/// Marks `BETWEEN SYMMETRIC`: the low bound is wrapped in a prefix of this name.
pub(super) const SYMMETRIC: &str = "\0symmetric";

/// Marks a VARIADIC argument in the same way.
pub(super) const VARIADIC: &str = "\0variadic";

type Parsed = Option<Result<Expr, ParserError>>;

/// PostgreSQL as its server reads it.
#[derive(Debug)]
pub(super) struct Postgres;

/// SQLite as its library reads it.
#[derive(Debug)]
pub(super) struct Sqlite;

fn word_is(token: &Token, text: &str) -> bool {
    matches!(token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(text))
}

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

fn marked(parser: &mut Parser, mark: &str, precedence: u8) -> Result<Expr, ParserError> {
    parser.advance_token();
    let value = Box::new(parser.parse_subexpr(precedence)?);
    Ok(Expr::Prefixed { prefix: Ident::new(mark), value })
}

fn collate(parser: &mut Parser, expr: &Expr) -> Result<Expr, ParserError> {
    parser.advance_token();
    let collation = parser.parse_object_name(false)?;
    Ok(Expr::Collate { expr: Box::new(expr.clone()), collation })
}

/// The mark kept a list of values from being taken for a query; it says nothing by itself.
fn after_mark(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.advance_token();
    parser.parse_prefix()
}

fn unary(parser: &mut Parser, op: UnaryOperator, precedence: u8) -> Result<Expr, ParserError> {
    parser.advance_token();
    Ok(Expr::UnaryOp { op, expr: Box::new(parser.parse_subexpr(precedence)?) })
}

/// SQLite's own table of precedence.
mod lite {
    pub const OR: u8 = 10;
    pub const AND: u8 = 20;
    pub const NOT: u8 = 30;
    pub const EQUAL: u8 = 40;
    pub const ORDER: u8 = 50;
    pub const BITS: u8 = 60;
    pub const SUM: u8 = 70;
    pub const PRODUCT: u8 = 80;
    pub const CONCAT: u8 = 90;
    pub const COLLATE: u8 = 100;
    pub const UNARY: u8 = 110;
    pub const PERIOD: u8 = 200;
}

impl Dialect for Sqlite {
    fn dialect(&self) -> TypeId {
        SQLiteDialect {}.dialect()
    }
    fn identifier_quote_style(&self, _: &str) -> Option<char> {
        Some('"')
    }
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        matches!(ch, '`' | '"' | '[')
    }
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_ascii_alphabetic() || ch == '_' || !ch.is_ascii()
    }
    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_ascii_alphanumeric() || matches!(ch, '_' | '$') || !ch.is_ascii()
    }
    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }
    fn supports_in_empty_list(&self) -> bool {
        false
    }
    fn supports_limit_comma(&self) -> bool {
        true
    }
    fn supports_notnull_operator(&self) -> bool {
        true
    }
    fn supports_comma_separated_trim(&self) -> bool {
        true
    }
    fn supports_bitwise_shift_operators(&self) -> bool {
        true
    }
    fn supports_dollar_placeholder(&self) -> bool {
        true
    }
    fn supports_parens_around_table_factor(&self) -> bool {
        true
    }
    fn supports_left_associative_joins_without_parens(&self) -> bool {
        true
    }

    fn prec_value(&self, prec: Precedence) -> u8 {
        match prec {
            Precedence::Or | Precedence::Xor => lite::OR,
            Precedence::And => lite::AND,
            Precedence::UnaryNot => lite::NOT,
            Precedence::Is | Precedence::Like | Precedence::Between | Precedence::Eq => lite::EQUAL,
            Precedence::Pipe | Precedence::Ampersand | Precedence::Caret => lite::BITS,
            Precedence::PlusMinus => lite::SUM,
            Precedence::MulDivModOp => lite::PRODUCT,
            Precedence::PgOther | Precedence::Colon => lite::CONCAT,
            Precedence::AtTz | Precedence::DoubleColon => lite::COLLATE,
            Precedence::Period => lite::PERIOD,
        }
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        let level = match &parser.peek_token_ref().token {
            Token::Lt | Token::LtEq | Token::Gt | Token::GtEq => lite::ORDER,
            Token::Ampersand | Token::Pipe | Token::ShiftLeft | Token::ShiftRight => lite::BITS,
            Token::StringConcat | Token::Arrow | Token::LongArrow => lite::CONCAT,
            Token::Word(w) if w.quote_style.is_some() => 0,
            Token::Word(w) if w.keyword == Keyword::COLLATE => lite::COLLATE,
            token if word_is(token, "isnull") => lite::EQUAL,
            _ => return None,
        };
        Some(Ok(level))
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Parsed {
        let op = match &parser.peek_token_ref().token {
            Token::Minus => UnaryOperator::Minus,
            Token::Plus => UnaryOperator::Plus,
            Token::Tilde => UnaryOperator::BitwiseNot,
            token if word_is(token, LIST) => return Some(after_mark(parser)),
            _ => return None,
        };
        Some(unary(parser, op, lite::UNARY))
    }

    fn parse_infix(&self, parser: &mut Parser, expr: &Expr, _precedence: u8) -> Parsed {
        let token = &parser.peek_token_ref().token;
        if word_is(token, "is") {
            parser.advance_token();
            return Some(is_operator(parser, expr));
        }
        if word_is(token, "isnull") {
            parser.advance_token();
            return Some(Ok(Expr::IsNull(Box::new(expr.clone()))));
        }
        if word_is(token, "collate") {
            return Some(collate(parser, expr));
        }
        let negated = word_is(token, "not");
        let operator = if negated { &parser.peek_nth_token_ref(1).token } else { token };
        let op = match operator {
            Token::Word(w) if w.keyword == Keyword::REGEXP => BinaryOperator::Regexp,
            Token::Word(w) if w.keyword == Keyword::MATCH => BinaryOperator::Match,
            Token::Word(w) if w.keyword == Keyword::GLOB => BinaryOperator::Glob,
            _ => return None,
        };
        Some(pattern(parser, expr, op, negated))
    }
}

/// `x [NOT] GLOB y` and its relatives; NOT is marked by an operator that SQLite does not have.
fn pattern(parser: &mut Parser, left: &Expr, op: BinaryOperator, negated: bool) -> Result<Expr, ParserError> {
    parser.advance_token();
    if negated {
        parser.advance_token();
    }
    let right = Box::new(parser.parse_subexpr(lite::EQUAL)?);
    let found = Expr::BinaryOp { left: Box::new(left.clone()), op, right };
    Ok(if negated { Expr::UnaryOp { op: UnaryOperator::BangNot, expr: Box::new(found) } } else { found })
}

/// SQLite's IS compares any two values; NULL, TRUE and FALSE on the right are tests.
fn is_operator(parser: &mut Parser, left: &Expr) -> Result<Expr, ParserError> {
    let mut negated = parser.parse_keyword(Keyword::NOT);
    if parser.parse_keywords(&[Keyword::DISTINCT, Keyword::FROM]) {
        negated = !negated;
    }
    let left = Box::new(left.clone());
    let right = parser.parse_subexpr(lite::EQUAL)?;
    let constant = match &right {
        Expr::Value(value) => Some(&value.value),
        _ => None,
    };
    Ok(match (constant, negated) {
        (Some(Value::Null), false) => Expr::IsNull(left),
        (Some(Value::Null), true) => Expr::IsNotNull(left),
        (Some(Value::Boolean(true)), false) => Expr::IsTrue(left),
        (Some(Value::Boolean(true)), true) => Expr::IsNotTrue(left),
        (Some(Value::Boolean(false)), false) => Expr::IsFalse(left),
        (Some(Value::Boolean(false)), true) => Expr::IsNotFalse(left),
        (_, false) => Expr::IsNotDistinctFrom(left, Box::new(right)),
        (_, true) => Expr::IsDistinctFrom(left, Box::new(right)),
    })
}
