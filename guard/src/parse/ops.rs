//! Operators: which of sqlparser's are on the engine's list, and what they are in our tree.

use catalog::Engine;
use sqlparser::ast::{BinaryOperator as Op, UnaryOperator};

use super::refuse;
use crate::finding::Finding;
use crate::tree::{BinaryOp, UnaryOp};

/// The engine's meaning of a binary operator.
pub(super) fn binary(op: &Op, engine: Engine) -> Result<BinaryOp, Finding> {
    let postgres = matches!(engine, Engine::Postgres | Engine::Mongodb);
    let mysql = matches!(engine, Engine::Mysql | Engine::Mariadb);
    if engine == Engine::Mssql {
        return mssql(op).ok_or_else(|| refuse::operator(&op.to_string()));
    }
    let found = match op {
        Op::StringConcat | Op::Match if mysql => None,
        Op::Plus => Some(BinaryOp::Plus),
        Op::Minus => Some(BinaryOp::Minus),
        Op::Multiply => Some(BinaryOp::Multiply),
        Op::Divide => Some(BinaryOp::Divide),
        Op::Modulo => Some(BinaryOp::Modulo),
        Op::StringConcat => Some(BinaryOp::Concat),
        Op::Gt => Some(BinaryOp::Gt),
        Op::Lt => Some(BinaryOp::Lt),
        Op::GtEq => Some(BinaryOp::GtEq),
        Op::LtEq => Some(BinaryOp::LtEq),
        Op::Eq => Some(BinaryOp::Eq),
        Op::NotEq => Some(BinaryOp::NotEq),
        Op::And => Some(BinaryOp::And),
        Op::Or => Some(BinaryOp::Or),
        Op::BitwiseOr => Some(BinaryOp::BitOr),
        Op::BitwiseAnd => Some(BinaryOp::BitAnd),
        Op::PGBitwiseShiftLeft => Some(BinaryOp::ShiftLeft),
        Op::PGBitwiseShiftRight => Some(BinaryOp::ShiftRight),
        Op::Arrow => Some(BinaryOp::JsonGet),
        Op::LongArrow => Some(BinaryOp::JsonGetText),
        Op::Match if !postgres => Some(BinaryOp::SqliteMatch),
        _ if postgres => postgres_only(op),
        _ if mysql => mysql_only(op),
        _ => None,
    };
    found.ok_or_else(|| refuse::operator(&op.to_string()))
}

fn mysql_only(op: &Op) -> Option<BinaryOp> {
    Some(match op {
        Op::Spaceship => BinaryOp::NotDistinct,
        Op::Xor => BinaryOp::Xor,
        Op::BitwiseXor => BinaryOp::BitXor,
        Op::MyIntegerDivide => BinaryOp::IntDivide,
        _ => return None,
    })
}

/// SQL Server joins texts with `+`; later servers' `||`, `<<` and `>>` are left out.
fn mssql(op: &Op) -> Option<BinaryOp> {
    Some(match op {
        Op::Plus => BinaryOp::Plus,
        Op::Minus => BinaryOp::Minus,
        Op::Multiply => BinaryOp::Multiply,
        Op::Divide => BinaryOp::Divide,
        Op::Modulo => BinaryOp::Modulo,
        Op::Gt => BinaryOp::Gt,
        Op::Lt => BinaryOp::Lt,
        Op::GtEq => BinaryOp::GtEq,
        Op::LtEq => BinaryOp::LtEq,
        Op::Eq => BinaryOp::Eq,
        Op::NotEq => BinaryOp::NotEq,
        Op::And => BinaryOp::And,
        Op::Or => BinaryOp::Or,
        Op::BitwiseOr => BinaryOp::BitOr,
        Op::BitwiseAnd => BinaryOp::BitAnd,
        Op::BitwiseXor => BinaryOp::BitXor,
        _ => return None,
    })
}

fn postgres_only(op: &Op) -> Option<BinaryOp> {
    Some(match op {
        Op::Spaceship => BinaryOp::CosineDistance,
        Op::PGBitwiseXor => BinaryOp::BitXor,
        Op::PGExp => BinaryOp::Power,
        Op::PGOverlap => BinaryOp::Overlap,
        Op::PGRegexMatch => BinaryOp::Regex,
        Op::PGRegexIMatch => BinaryOp::RegexI,
        Op::PGRegexNotMatch => BinaryOp::NotRegex,
        Op::PGRegexNotIMatch => BinaryOp::NotRegexI,
        Op::PGLikeMatch => BinaryOp::LikeOp,
        Op::PGILikeMatch => BinaryOp::ILikeOp,
        Op::PGNotLikeMatch => BinaryOp::NotLikeOp,
        Op::PGNotILikeMatch => BinaryOp::NotILikeOp,
        Op::PGStartsWith => BinaryOp::StartsWith,
        Op::HashArrow => BinaryOp::JsonPath,
        Op::HashLongArrow => BinaryOp::JsonPathText,
        Op::AtAt => BinaryOp::Match,
        Op::AtArrow => BinaryOp::Contains,
        Op::ArrowAt => BinaryOp::ContainedBy,
        Op::HashMinus => BinaryOp::JsonMinus,
        Op::AtQuestion => BinaryOp::JsonPathExists,
        Op::Question => BinaryOp::HasKey,
        Op::QuestionAnd => BinaryOp::HasAllKeys,
        Op::QuestionPipe => BinaryOp::HasAnyKey,
        Op::Overlaps => BinaryOp::Overlaps,
        Op::LtDashGt => BinaryOp::Distance,
        Op::AndLt => BinaryOp::NotRightOf,
        Op::AndGt => BinaryOp::NotLeftOf,
        Op::Custom(text) => return custom(text),
        Op::PGCustomBinaryOperator(parts) => return of_server(parts),
        _ => return None,
    })
}

/// Operators that sqlparser keeps as text.
fn custom(text: &str) -> Option<BinaryOp> {
    Some(match text {
        "<->" => BinaryOp::Distance,
        "<#>" => BinaryOp::NegInnerProduct,
        "<=>" => BinaryOp::CosineDistance,
        "-|-" => BinaryOp::Adjacent,
        "&<" => BinaryOp::NotRightOf,
        "&>" => BinaryOp::NotLeftOf,
        "<<=" => BinaryOp::ContainedByEq,
        ">>=" => BinaryOp::ContainsEq,
        "@?" => BinaryOp::JsonPathExists,
        "^@" => BinaryOp::StartsWith,
        _ => return None,
    })
}

/// `OPERATOR(pg_catalog.+)`: the server's own operator, which is what its bare symbol means here as well.
fn of_server(parts: &[String]) -> Option<BinaryOp> {
    let [schema, symbol] = parts else { return None };
    if schema != "pg_catalog" {
        return None;
    }
    Some(match symbol.as_str() {
        "+" => BinaryOp::Plus,
        "-" => BinaryOp::Minus,
        "*" => BinaryOp::Multiply,
        "/" => BinaryOp::Divide,
        "%" => BinaryOp::Modulo,
        "||" => BinaryOp::Concat,
        "=" => BinaryOp::Eq,
        "<>" => BinaryOp::NotEq,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::LtEq,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::GtEq,
        "~" => BinaryOp::Regex,
        "~*" => BinaryOp::RegexI,
        "!~" => BinaryOp::NotRegex,
        "!~*" => BinaryOp::NotRegexI,
        "~~" => BinaryOp::LikeOp,
        "~~*" => BinaryOp::ILikeOp,
        "!~~" => BinaryOp::NotLikeOp,
        "!~~*" => BinaryOp::NotILikeOp,
        "@>" => BinaryOp::Contains,
        "<@" => BinaryOp::ContainedBy,
        "&&" => BinaryOp::Overlap,
        _ => return None,
    })
}

/// The engine's meaning of a unary operator.
pub(super) fn unary(op: UnaryOperator, engine: Engine) -> Result<UnaryOp, Finding> {
    let postgres = matches!(engine, Engine::Postgres | Engine::Mongodb);
    match op {
        UnaryOperator::Plus => Ok(UnaryOp::Plus),
        UnaryOperator::Minus => Ok(UnaryOp::Minus),
        UnaryOperator::Not => Ok(UnaryOp::Not),
        UnaryOperator::BitwiseNot => Ok(UnaryOp::BitNot),
        UnaryOperator::PGAbs if postgres => Ok(UnaryOp::Abs),
        UnaryOperator::PGSquareRoot if postgres => Ok(UnaryOp::SquareRoot),
        UnaryOperator::PGCubeRoot if postgres => Ok(UnaryOp::CubeRoot),
        UnaryOperator::PGPrefixFactorial if postgres => Ok(UnaryOp::TsNot),
        UnaryOperator::PGAbs
        | UnaryOperator::PGSquareRoot
        | UnaryOperator::PGCubeRoot
        | UnaryOperator::PGPrefixFactorial
        | UnaryOperator::PGPostfixFactorial
        | UnaryOperator::AtDashAt
        | UnaryOperator::BangNot
        | UnaryOperator::DoubleAt
        | UnaryOperator::Hash
        | UnaryOperator::QuestionDash
        | UnaryOperator::QuestionPipe => Err(refuse::operator(&op.to_string())),
    }
}
