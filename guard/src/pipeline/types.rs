//! A collection's fields from its catalog entry: dotted columns become sub-documents, type texts become shapes.

use catalog::{Table, TypeClass};

use super::shape::{Kind, Shape};

/// Deepest type text that is followed; what is below counts as unknown.
const DEEPEST: usize = 16;

/// The fields of a collection's documents.
pub(super) fn fields(table: &Table) -> Vec<(String, Shape)> {
    let mut root = Shape::document(Vec::new());
    let mut columns: Vec<_> = table.columns.iter().collect();
    // a document comes before its parts
    columns.sort_by_key(|c| c.name.matches('.').count());
    for column in columns {
        let path: Vec<String> = column.name.split('.').map(str::to_owned).collect();
        let shape = shape_of(&column.native_type, column.class, 0);
        place(&mut root, &path, shape);
    }
    match root.kind {
        Kind::Document(fields) => fields,
        Kind::Open | Kind::Scalar(_) | Kind::Array(_) => Vec::new(),
    }
}

/// Puts a field into place. A document whose parts are listed holds those and nothing else.
fn place(shape: &mut Shape, path: &[String], value: Shape) {
    let Some((first, rest)) = path.split_first() else {
        *shape = value;
        return;
    };
    match &mut shape.kind {
        Kind::Array(element) => place(element, path, value),
        Kind::Document(fields) => match fields.iter_mut().find(|(name, _)| name == first) {
            Some((_, field)) => place(field, rest, value),
            None => {
                let mut field = Shape::document(Vec::new());
                place(&mut field, rest, value);
                fields.push((first.clone(), field));
            }
        },
        Kind::Open | Kind::Scalar(_) => {
            *shape = Shape::document(Vec::new());
            place(shape, path, value);
        }
    }
}

fn shape_of(native: &str, class: TypeClass, depth: usize) -> Shape {
    let text = native.trim();
    if depth > DEEPEST {
        return Shape::open();
    }
    if let Some(inner) = text.strip_prefix("array<").and_then(|t| t.strip_suffix('>')) {
        return Shape::array(shape_of(inner, TypeClass::Other, depth + 1));
    }
    if let Some(inner) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
        let parts = parts(inner).into_iter().filter(|p| !p.trim().is_empty());
        return Shape::document(parts.map(|p| part_of(p, depth)).collect());
    }
    match scalar_class(text) {
        Some(named) => Shape::scalar(Some(if class == TypeClass::Other { named } else { class })),
        None if matches!(class, TypeClass::Json | TypeClass::Array | TypeClass::Other) => Shape::open(),
        None => Shape::scalar(Some(class)),
    }
}

fn part_of(part: &str, depth: usize) -> (String, Shape) {
    match part.split_once(':') {
        Some((name, native)) => (name.trim().to_owned(), shape_of(native, TypeClass::Other, depth + 1)),
        // a field whose type is not told: its own fields are not known
        None => (part.trim().to_owned(), Shape::open()),
    }
}

/// Splits at the commas that stand in no bracket.
fn parts(text: &str) -> Vec<&str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (i, c) in text.char_indices() {
        match c {
            '{' | '<' => depth += 1,
            '}' | '>' => depth -= 1,
            ',' if depth == 0 => {
                found.push(text.get(start..i).unwrap_or_default());
                start = i + 1;
            }
            _ => {}
        }
    }
    found.push(text.get(start..).unwrap_or_default());
    found
}

fn scalar_class(native: &str) -> Option<TypeClass> {
    Some(match native {
        "int" | "long" => TypeClass::Integer,
        "double" => TypeClass::Float,
        "decimal" => TypeClass::Decimal,
        "string" | "objectId" => TypeClass::Text,
        "bool" => TypeClass::Boolean,
        "date" | "timestamp" => TypeClass::TimestampTz,
        "binData" => TypeClass::Bytes,
        "uuid" => TypeClass::Uuid,
        _ => return None,
    })
}
