//! The lattice of types: does every value of the old type fit the new one?

use crate::{Column, TypeClass};

/// How a type became another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeStep {
    /// The same type.
    Same,
    /// Every old value fits the new type, and reads the same.
    Widened,
    /// The new type holds fewer values.
    Narrowed,
    /// Same class, but neither holds the other.
    Altered,
    /// Another class: expressions over the column can fail.
    Changed,
}

/// The step from one column's type to another's.
pub fn type_step(old: &Column, new: &Column) -> TypeStep {
    let same_text = old.native_type.eq_ignore_ascii_case(&new.native_type);
    if same_text && old.class == new.class && old.element == new.element {
        return TypeStep::Same;
    }
    if old.class != new.class {
        return across_classes(old.class, new.class);
    }
    let (a, b) = (&Shape::of(old), &Shape::of(new));
    match old.class {
        TypeClass::Integer | TypeClass::Float | TypeClass::Timestamp | TypeClass::TimestampTz => {
            step(a.rank <= b.rank, a.rank >= b.rank)
        }
        TypeClass::Decimal => decimal(a, b),
        TypeClass::Text | TypeClass::Bytes | TypeClass::Bit => {
            let (x, y) = (a.length.unwrap_or(u64::MAX), b.length.unwrap_or(u64::MAX));
            step(x <= y, x >= y)
        }
        TypeClass::Array if old.element != new.element => TypeStep::Changed,
        _ => TypeStep::Altered,
    }
}

fn step(up: bool, down: bool) -> TypeStep {
    match (up, down) {
        (true, false) => TypeStep::Widened,
        (false, true) => TypeStep::Narrowed,
        _ => TypeStep::Altered,
    }
}

fn across_classes(old: TypeClass, new: TypeClass) -> TypeStep {
    use TypeClass as T;
    match (old, new) {
        (T::Integer, T::Decimal) | (T::Enum, T::Text) | (T::Date, T::Timestamp) => TypeStep::Widened,
        (T::Decimal, T::Integer) | (T::Text, T::Enum) | (T::Timestamp, T::Date) => TypeStep::Narrowed,
        _ => TypeStep::Changed,
    }
}

fn decimal(a: &Shape, b: &Shape) -> TypeStep {
    let digits = |s: &Shape| match s.length {
        None => (u64::MAX, u64::MAX),
        Some(p) => (p.saturating_sub(s.scale), s.scale),
    };
    let ((whole_a, scale_a), (whole_b, scale_b)) = (digits(a), digits(b));
    step(whole_a <= whole_b && scale_a <= scale_b, whole_a >= whole_b && scale_a >= scale_b)
}

/// What of a type's text can be compared.
struct Shape {
    rank: u64,
    length: Option<u64>,
    scale: u64,
}

impl Shape {
    fn of(column: &Column) -> Shape {
        let native = column.native_type.to_lowercase();
        let open = native.find('(').unwrap_or(native.len());
        let args = native.get(open..).unwrap_or_default().trim_start_matches('(');
        let mut numbers = args.split([',', ')']).map(|n| n.trim().parse::<u64>().ok());
        let length = numbers.next().flatten();
        let scale = numbers.next().flatten().unwrap_or(0);
        let base = native.get(..open).unwrap_or_default().trim();
        let rank = rank(column.class, base, length);
        Shape { rank, length: length.or_else(|| text_length(base)), scale }
    }
}

fn rank(class: TypeClass, base: &str, length: Option<u64>) -> u64 {
    match class {
        // fractional seconds; six where none are named
        TypeClass::Timestamp | TypeClass::TimestampTz => length.unwrap_or(6),
        _ => bytes(base, length),
    }
}

/// Bytes of a number type.
fn bytes(base: &str, length: Option<u64>) -> u64 {
    match base.split(' ').next().unwrap_or_default() {
        "tinyint" => 1,
        "smallint" | "int2" | "year" => 2,
        "mediumint" => 3,
        "bigint" | "int8" | "double" => 8,
        "float" if length.is_none_or(|l| l > 24) => 8,
        _ => 4,
    }
}

/// Lengths that a type's name implies.
fn text_length(base: &str) -> Option<u64> {
    match base {
        "tinytext" | "tinyblob" => Some(255),
        "text" | "blob" | "mediumtext" | "mediumblob" | "longtext" | "longblob" => None,
        "char" | "character" | "nchar" | "bit" => Some(1),
        _ => None,
    }
}
