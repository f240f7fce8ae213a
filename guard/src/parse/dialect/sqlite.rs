//! SQLite's dialect: its library's precedence, IS as a comparison, and its pattern operators.

use std::any::TypeId;

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};
use sqlparser::dialect::{Dialect, Precedence, SQLiteDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::super::prepass::LIST;
use super::{Parsed, after_mark, collate, unary, word_is};

/// SQLite as its library reads it.
#[derive(Debug)]
pub(in crate::parse) struct Sqlite;

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
