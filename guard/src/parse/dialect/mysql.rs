//! The dialect of MySQL and MariaDB: their servers' precedence, word operators, and INTERVAL in both of its meanings.

use std::any::TypeId;

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, Interval, ObjectName, UnaryOperator,
};
use sqlparser::dialect::{Dialect, MySqlDialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::super::prepass::LIST;
use super::{Parsed, after_mark, collate, unary, word_is};

/// MySQL and MariaDB as their servers read text in the default `sql_mode`.
#[derive(Debug)]
pub(in crate::parse) struct Mysql;

/// Units that may follow INTERVAL, in lower case.
pub(in crate::parse) const UNITS: [&str; 20] = [
    "microsecond",
    "second",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "second_microsecond",
    "minute_microsecond",
    "minute_second",
    "hour_microsecond",
    "hour_second",
    "hour_minute",
    "day_microsecond",
    "day_second",
    "day_minute",
    "day_hour",
    "year_month",
];

/// The servers' table of precedence. A comparison takes a test (IN, LIKE, BETWEEN) whole as its right side.
mod my {
    pub const OR: u8 = 10;
    pub const XOR: u8 = 15;
    pub const AND: u8 = 20;
    pub const NOT: u8 = 30;
    pub const COMPARE: u8 = 40;
    pub const TEST: u8 = 45;
    pub const BIT_OR: u8 = 50;
    pub const BIT_AND: u8 = 55;
    pub const SHIFT: u8 = 60;
    pub const SUM: u8 = 65;
    pub const PRODUCT: u8 = 70;
    pub const BIT_XOR: u8 = 75;
    pub const UNARY: u8 = 80;
    pub const BANG: u8 = 85;
    pub const COLLATE: u8 = 90;
    pub const JSON: u8 = 95;
    pub const PERIOD: u8 = 200;
}

impl Dialect for Mysql {
    fn dialect(&self) -> TypeId {
        MySqlDialect {}.dialect()
    }
    fn identifier_quote_style(&self, _: &str) -> Option<char> {
        Some('`')
    }
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '`'
    }
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_ascii_alphabetic() || ch == '_' || !ch.is_ascii()
    }
    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_ascii_alphanumeric() || matches!(ch, '_' | '$') || !ch.is_ascii()
    }
    fn is_table_factor_alias(&self, explicit: bool, kw: &Keyword, parser: &mut Parser) -> bool {
        MySqlDialect {}.is_table_factor_alias(explicit, kw, parser)
    }
    fn supports_string_literal_backslash_escape(&self) -> bool {
        true
    }
    fn supports_bitwise_shift_operators(&self) -> bool {
        true
    }
    fn supports_limit_comma(&self) -> bool {
        true
    }
    fn supports_table_hints(&self) -> bool {
        true
    }
    fn requires_single_line_comment_whitespace(&self) -> bool {
        true
    }
    fn supports_match_against(&self) -> bool {
        true
    }
    fn supports_select_modifiers(&self) -> bool {
        true
    }
    fn supports_cross_join_constraint(&self) -> bool {
        true
    }
    fn supports_double_ampersand_operator(&self) -> bool {
        true
    }
    fn supports_group_by_with_modifier(&self) -> bool {
        true
    }
    fn supports_data_type_signed_suffix(&self) -> bool {
        true
    }
    fn allow_extract_custom(&self) -> bool {
        true
    }
    fn supports_left_associative_joins_without_parens(&self) -> bool {
        false
    }

    fn prec_value(&self, prec: Precedence) -> u8 {
        match prec {
            Precedence::Or => my::OR,
            Precedence::Xor => my::XOR,
            Precedence::And => my::AND,
            Precedence::UnaryNot => my::NOT,
            Precedence::Is | Precedence::Eq => my::COMPARE,
            Precedence::Like | Precedence::Between => my::TEST,
            Precedence::Pipe => my::BIT_OR,
            Precedence::Ampersand => my::BIT_AND,
            Precedence::PlusMinus => my::SUM,
            Precedence::MulDivModOp => my::PRODUCT,
            Precedence::Caret => my::BIT_XOR,
            Precedence::PgOther | Precedence::Colon => my::JSON,
            Precedence::AtTz | Precedence::DoubleColon => my::COLLATE,
            Precedence::Period => my::PERIOD,
        }
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        let level = match &parser.peek_token_ref().token {
            Token::StringConcat => my::OR,
            Token::Overlap => my::AND,
            Token::ShiftLeft | Token::ShiftRight => my::SHIFT,
            Token::Caret => my::BIT_XOR,
            Token::Arrow | Token::LongArrow => my::JSON,
            Token::Word(w) if w.quote_style.is_some() => 0,
            Token::Word(w) if w.keyword == Keyword::COLLATE => my::COLLATE,
            token if word_is(token, "mod") => my::PRODUCT,
            token if word_is(token, "sounds") && word_is(&parser.peek_nth_token_ref(1).token, "like") => {
                my::TEST
            }
            _ => return None,
        };
        Some(Ok(level))
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Parsed {
        let (op, level) = match &parser.peek_token_ref().token {
            Token::Minus => (UnaryOperator::Minus, my::UNARY),
            Token::Plus => (UnaryOperator::Plus, my::UNARY),
            Token::Tilde => (UnaryOperator::BitwiseNot, my::UNARY),
            Token::ExclamationMark => (UnaryOperator::BangNot, my::BANG),
            Token::Word(w) if w.quote_style.is_some() => return None,
            Token::Word(w) if w.keyword == Keyword::BINARY => return Some(binary(parser)),
            Token::Word(w) if w.keyword == Keyword::INTERVAL => return Some(interval(parser)),
            token if word_is(token, LIST) => return Some(after_mark(parser)),
            _ => return None,
        };
        Some(unary(parser, op, level))
    }

    fn parse_infix(&self, parser: &mut Parser, expr: &Expr, precedence: u8) -> Parsed {
        let token = &parser.peek_token_ref().token;
        if precedence == my::TEST && is_test(expr) {
            return Some(Err(two_tests()));
        }
        if word_is(token, "collate") {
            return Some(collate(parser, expr));
        }
        if word_is(token, "sounds") {
            return Some(sounds_like(parser, expr));
        }
        let negated = word_is(token, "not");
        let test = if negated { &parser.peek_nth_token_ref(1).token } else { token };
        if word_is(test, "regexp") || word_is(test, "rlike") {
            return Some(regexp(parser, expr, negated));
        }
        if negated && word_is(test, "null") {
            return Some(parser.expected_ref("a test after NOT", parser.peek_nth_token_ref(1)));
        }
        let op = match token {
            Token::StringConcat => BinaryOperator::Or,
            Token::Overlap => BinaryOperator::And,
            token if word_is(token, "mod") => BinaryOperator::Modulo,
            token if word_is(token, "div") => BinaryOperator::MyIntegerDivide,
            _ => return None,
        };
        parser.advance_token();
        Some(joined(parser, expr, op, precedence))
    }
}

fn joined(parser: &mut Parser, left: &Expr, op: BinaryOperator, level: u8) -> Result<Expr, ParserError> {
    let right = Box::new(parser.parse_subexpr(level)?);
    Ok(Expr::BinaryOp { left: Box::new(left.clone()), op, right })
}

/// Tests that the two servers chain differently, or not at all.
fn is_test(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::RLike { .. }
            | Expr::MemberOf(_)
    )
}

/// `x [NOT] REGEXP y`, also called RLIKE: the parser itself would swallow a NULL on the right.
fn regexp(parser: &mut Parser, left: &Expr, negated: bool) -> Result<Expr, ParserError> {
    if negated {
        parser.advance_token();
    }
    parser.advance_token();
    let pattern = Box::new(parser.parse_subexpr(my::TEST)?);
    Ok(Expr::RLike { negated, expr: Box::new(left.clone()), pattern, regexp: true })
}

fn two_tests() -> ParserError {
    ParserError::ParserError("two tests in a row need parentheses".to_owned())
}

/// `BINARY x` is `CAST(x AS BINARY)`.
fn binary(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.advance_token();
    let expr = Box::new(parser.parse_subexpr(my::COLLATE)?);
    Ok(Expr::Cast { kind: CastKind::Cast, expr, data_type: DataType::Binary(None), format: None })
}

/// `INTERVAL value UNIT`; the function `INTERVAL(a, b, ...)` was told apart before (see `mysql_tokens`).
fn interval(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.advance_token();
    let value = Box::new(parser.parse_expr()?);
    let unit = match &parser.peek_token_ref().token {
        Token::Word(w) if w.quote_style.is_none() => w.value.to_ascii_lowercase(),
        _ => String::new(),
    };
    if !UNITS.contains(&unit.as_str()) {
        return parser.expected_ref("a unit after INTERVAL", parser.peek_token_ref());
    }
    parser.advance_token();
    Ok(Expr::Interval(Interval {
        value,
        leading_field: Some(DateTimeField::Custom(Ident::new(unit))),
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    }))
}

/// `a SOUNDS LIKE b` is `SOUNDEX(a) = SOUNDEX(b)`.
fn sounds_like(parser: &mut Parser, left: &Expr) -> Result<Expr, ParserError> {
    parser.advance_token();
    parser.expect_keyword_is(Keyword::LIKE)?;
    let right = parser.parse_subexpr(my::TEST)?;
    if parser.get_next_precedence()? == my::TEST {
        return Err(two_tests());
    }
    let (left, right) = (Box::new(soundex(left.clone())), Box::new(soundex(right)));
    let equal = Expr::BinaryOp { left, op: BinaryOperator::Eq, right };
    Ok(Expr::Nested(Box::new(equal)))
}

fn soundex(expr: Expr) -> Expr {
    let args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))];
    let list = FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() };
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new("soundex")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(list),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
