//! Types of BSON by their names in MongoDB, and the class that a field of several types gets.

use std::collections::BTreeMap;

use bson::RawBsonRef;
use bson::spec::BinarySubtype;
use catalog::TypeClass;

/// How often each type was seen.
pub(super) type Kinds = BTreeMap<&'static str, u64>;

/// The type's name, as `$type` takes it; `uuid` for the binaries that are one, `dbRef` for references.
pub(super) fn kind(value: RawBsonRef<'_>) -> &'static str {
    match value {
        RawBsonRef::Double(_) => "double",
        RawBsonRef::String(_) => "string",
        RawBsonRef::Document(inner) if inner.get_str("$ref").is_ok() => "dbRef",
        RawBsonRef::Document(_) => "object",
        RawBsonRef::Array(_) => "array",
        RawBsonRef::Binary(b) if matches!(b.subtype, BinarySubtype::Uuid | BinarySubtype::UuidOld) => "uuid",
        RawBsonRef::Binary(_) => "binData",
        RawBsonRef::ObjectId(_) => "objectId",
        RawBsonRef::Boolean(_) => "bool",
        RawBsonRef::DateTime(_) => "date",
        RawBsonRef::Null | RawBsonRef::Undefined => "null",
        RawBsonRef::RegularExpression(_) => "regex",
        RawBsonRef::Int32(_) => "int",
        RawBsonRef::Int64(_) => "long",
        RawBsonRef::Timestamp(_) => "timestamp",
        RawBsonRef::Decimal128(_) => "decimal",
        RawBsonRef::Symbol(_) => "symbol",
        _ => "javascript",
    }
}

/// The class of one type.
pub(super) fn class_of(kind: &str) -> TypeClass {
    match kind {
        "double" | "number" => TypeClass::Float,
        "string" | "symbol" | "objectId" | "regex" | "javascript" => TypeClass::Text,
        "object" | "dbRef" => TypeClass::Json,
        "array" => TypeClass::Array,
        "uuid" => TypeClass::Uuid,
        "binData" => TypeClass::Bytes,
        "bool" => TypeClass::Boolean,
        "date" | "timestamp" => TypeClass::TimestampTz,
        "int" | "long" => TypeClass::Integer,
        "decimal" => TypeClass::Decimal,
        _ => TypeClass::Other,
    }
}

/// The class that holds all of a field's values, and the text of its type: `int|string` where they are several.
pub(super) fn widest(kinds: &Kinds) -> (TypeClass, String) {
    let names: Vec<&str> = kinds.keys().copied().collect();
    let native = match names.as_slice() {
        [] => "null".to_owned(),
        ["int", "long"] => "long".to_owned(),
        names => names.join("|"),
    };
    let mut classes: Vec<TypeClass> = names.iter().map(|name| class_of(name)).collect();
    classes.sort();
    classes.dedup();
    use TypeClass::{Array, Decimal, Float, Integer, Json, Text};
    let class = match classes.as_slice() {
        [] => TypeClass::Other,
        [one] => *one,
        several if several.iter().all(|c| matches!(c, Integer | Float)) => Float,
        several if several.iter().all(|c| matches!(c, Integer | Float | Decimal)) => Decimal,
        several if several.iter().any(|c| matches!(c, Json | Array)) => Json,
        _ => Text,
    };
    (class, native)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&'static str]) -> (TypeClass, String) {
        widest(&names.iter().map(|name| (*name, 1)).collect())
    }

    #[test]
    fn mixed_types_get_the_class_that_holds_them() {
        assert_eq!(of(&["int", "long"]), (TypeClass::Integer, "long".to_owned()));
        assert_eq!(of(&["int", "double"]), (TypeClass::Float, "double|int".to_owned()));
        assert_eq!(of(&["decimal", "double"]).0, TypeClass::Decimal);
        assert_eq!(of(&["int", "string"]), (TypeClass::Text, "int|string".to_owned()));
        assert_eq!(of(&["object", "string"]).0, TypeClass::Json);
        assert_eq!(of(&["array", "int"]).0, TypeClass::Json);
        assert_eq!(of(&["date"]).0, TypeClass::TimestampTz);
        assert_eq!(of(&[]).0, TypeClass::Other);
    }
}
