//! Types: the class of a type name, and what operators make of classes.

use catalog::{Engine, TypeClass};

use crate::tree::{BinaryOp, Literal, TypeName, UnaryOp};

/// Class of a written type, and of its elements when it is an array.
pub fn of_name(engine: Engine, ty: &TypeName) -> (Option<TypeClass>, Option<TypeClass>) {
    let class = by_words(engine, &ty.name);
    if ty.dims > 0 { (Some(TypeClass::Array), class) } else { (class, None) }
}

fn by_words(engine: Engine, name: &str) -> Option<TypeClass> {
    let class = match name {
        "smallint" | "integer" | "int" | "bigint" | "int2" | "int4" | "int8" | "tinyint" | "mediumint"
        | "serial" | "bigserial" | "signed" | "unsigned" | "oid" => TypeClass::Integer,
        "numeric" | "decimal" | "dec" | "money" | "smallmoney" => TypeClass::Decimal,
        "real" | "float" | "float4" | "float8" | "double precision" | "double" => TypeClass::Float,
        "text" | "varchar" | "char" | "character" | "character varying" | "bpchar" | "name" | "clob"
        | "nvarchar" | "nchar" | "varchar(max)" | "nvarchar(max)" | "ntext" | "sysname" => TypeClass::Text,
        "boolean" | "bool" => TypeClass::Boolean,
        "bytea" | "blob" | "binary" | "varbinary" | "varbinary(max)" | "image" => TypeClass::Bytes,
        "date" => TypeClass::Date,
        "time" | "time without time zone" | "time with time zone" | "timetz" => TypeClass::Time,
        "timestamp"
        | "timestamp without time zone"
        | "datetime"
        | "datetime2"
        | "smalldatetime"
        | "d"
        | "t"
        | "ts" => TypeClass::Timestamp,
        "timestamptz" | "timestamp with time zone" | "datetimeoffset" => TypeClass::TimestampTz,
        "interval" => TypeClass::Interval,
        "uuid" | "uniqueidentifier" => TypeClass::Uuid,
        "json" | "jsonb" => TypeClass::Json,
        "xml" => TypeClass::Xml,
        "inet" | "cidr" | "macaddr" | "macaddr8" => TypeClass::Network,
        "bit" | "varbit" | "bit varying" => TypeClass::Bit,
        "point" | "line" | "lseg" | "box" | "path" | "polygon" | "circle" => TypeClass::Geometry,
        "vector" | "halfvec" | "sparsevec" => TypeClass::Vector,
        _ if name.ends_with("range") => TypeClass::Range,
        _ => return None,
    };
    // SQLite converts dates to numbers and text, it has no such classes
    match (engine, class) {
        (Engine::Sqlite, TypeClass::Date | TypeClass::Time | TypeClass::Timestamp) => None,
        (Engine::Mssql, TypeClass::Bit) => Some(TypeClass::Boolean),
        (_, class) => Some(class),
    }
}

/// Class of a constant.
pub fn of_literal(literal: &Literal) -> Option<TypeClass> {
    match literal {
        Literal::Null => None,
        Literal::Bool(_) => Some(TypeClass::Boolean),
        Literal::Number(text) if text.starts_with("0x") => Some(TypeClass::Integer),
        Literal::Number(text) if text.contains(['e', 'E']) => Some(TypeClass::Float),
        Literal::Number(text) if text.contains('.') => Some(TypeClass::Decimal),
        Literal::Number(_) => Some(TypeClass::Integer),
        Literal::String(_) | Literal::National(_) => Some(TypeClass::Text),
        Literal::Money(_) => Some(TypeClass::Decimal),
        Literal::Hex(_) => Some(TypeClass::Bytes),
        Literal::Bits(_) => Some(TypeClass::Bit),
    }
}

/// Class of a unary operation.
pub fn of_unary(op: UnaryOp, operand: Option<TypeClass>) -> Option<TypeClass> {
    match op {
        UnaryOp::Not => Some(TypeClass::Boolean),
        UnaryOp::Minus | UnaryOp::Plus | UnaryOp::BitNot | UnaryOp::Abs => operand,
        UnaryOp::SquareRoot | UnaryOp::CubeRoot => Some(TypeClass::Float),
        UnaryOp::TsNot => None,
    }
}

/// Class of a binary operation.
pub fn of_binary(op: BinaryOp, left: Option<TypeClass>, right: Option<TypeClass>) -> Option<TypeClass> {
    use BinaryOp as B;
    match op {
        B::And
        | B::Or
        | B::Xor
        | B::Eq
        | B::NotEq
        | B::Lt
        | B::LtEq
        | B::Gt
        | B::GtEq
        | B::NotDistinct
        | B::Distinct
        | B::Contains
        | B::ContainedBy
        | B::Overlap
        | B::HasKey
        | B::HasAnyKey
        | B::HasAllKeys
        | B::JsonPathExists
        | B::Match
        | B::Regex
        | B::RegexI
        | B::NotRegex
        | B::NotRegexI
        | B::LikeOp
        | B::ILikeOp
        | B::NotLikeOp
        | B::NotILikeOp
        | B::StartsWith
        | B::Adjacent
        | B::NotRightOf
        | B::NotLeftOf
        | B::ContainedByEq
        | B::ContainsEq
        | B::SqliteMatch
        | B::MemberOf
        | B::Overlaps => Some(TypeClass::Boolean),
        B::Plus | B::Minus => additive(op, left, right),
        B::Multiply | B::Divide | B::Modulo => multiplicative(left, right),
        B::IntDivide => Some(TypeClass::Integer),
        B::Power | B::Distance | B::NegInnerProduct | B::CosineDistance => Some(TypeClass::Float),
        B::Concat => match (left, right) {
            (Some(TypeClass::Array), _) | (_, Some(TypeClass::Array)) => Some(TypeClass::Array),
            (Some(TypeClass::Json), Some(TypeClass::Json)) => Some(TypeClass::Json),
            (Some(TypeClass::Bytes), Some(TypeClass::Bytes)) => Some(TypeClass::Bytes),
            _ => Some(TypeClass::Text),
        },
        B::BitAnd | B::BitOr | B::BitXor | B::ShiftLeft | B::ShiftRight => left,
        B::JsonGet | B::JsonPath | B::JsonMinus => Some(TypeClass::Json),
        B::JsonGetText | B::JsonPathText => Some(TypeClass::Text),
    }
}

fn additive(op: BinaryOp, left: Option<TypeClass>, right: Option<TypeClass>) -> Option<TypeClass> {
    use TypeClass as T;
    match (left, right) {
        (Some(T::Date), Some(T::Date)) => Some(T::Integer),
        (Some(T::Timestamp | T::TimestampTz), Some(T::Timestamp | T::TimestampTz | T::Date))
            if op == BinaryOp::Minus =>
        {
            Some(T::Interval)
        }
        (Some(T::Date), Some(T::Integer)) | (Some(T::Integer), Some(T::Date)) => Some(T::Date),
        (Some(T::Date), Some(T::Interval)) | (Some(T::Interval), Some(T::Date)) => Some(T::Timestamp),
        (Some(T::Date), Some(T::Time)) => Some(T::Timestamp),
        (Some(at @ (T::Timestamp | T::TimestampTz | T::Time)), Some(T::Interval))
        | (Some(T::Interval), Some(at @ (T::Timestamp | T::TimestampTz | T::Time))) => Some(at),
        (Some(T::Json), _) => Some(T::Json),
        _ => widest(left, right),
    }
}

fn multiplicative(left: Option<TypeClass>, right: Option<TypeClass>) -> Option<TypeClass> {
    if left == Some(TypeClass::Interval) || right == Some(TypeClass::Interval) {
        return Some(TypeClass::Interval);
    }
    widest(left, right)
}

/// The class that can hold both: of numbers the wider one, else the one that is known.
pub fn widest(left: Option<TypeClass>, right: Option<TypeClass>) -> Option<TypeClass> {
    use TypeClass as T;
    let rank = |c: T| match c {
        T::Integer => 1,
        T::Decimal => 2,
        T::Float => 3,
        _ => 0,
    };
    match (left, right) {
        (Some(a), Some(b)) if a == b => Some(a),
        (Some(a), Some(b)) if rank(a) > 0 && rank(b) > 0 => Some(if rank(a) > rank(b) { a } else { b }),
        (Some(T::Date), Some(T::Timestamp)) | (Some(T::Timestamp), Some(T::Date)) => Some(T::Timestamp),
        (Some(T::Date | T::Timestamp), Some(T::TimestampTz))
        | (Some(T::TimestampTz), Some(T::Date | T::Timestamp)) => Some(T::TimestampTz),
        (Some(a), None) => Some(a),
        (None, b) => b,
        // text literals take the class of what they meet
        (Some(a), Some(T::Text)) => Some(a),
        (Some(T::Text), Some(b)) => Some(b),
        (Some(_), Some(_)) => None,
    }
}
