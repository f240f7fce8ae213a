//! Types as people write them: `nvarchar(50)`, `decimal(12,2)`, `datetime2(7)`.

use catalog::types::classify;
use catalog::{Engine, TypeClass};
use tiberius::Row;

use super::raw::{filled, signed, text};

/// A type's text from six cells in a row: its name, that of the system's type which it stands for, length in bytes,
/// precision and scale. A type that a user named is shown as what it stands for.
pub(super) fn native(row: &Row, first: usize) -> String {
    let own = text(row, first);
    let name = filled(row, first + 1).unwrap_or(own);
    let number = |index: usize| signed(row, first + index).unwrap_or_default();
    write(&name, number(2), number(3), number(4))
}

fn write(name: &str, length: i64, precision: i64, scale: i64) -> String {
    let sized = |bytes: i64| match length {
        -1 => format!("{name}(max)"),
        length => format!("{name}({})", length / bytes),
    };
    match name {
        "char" | "varchar" | "binary" | "varbinary" => sized(1),
        "nchar" | "nvarchar" => sized(2),
        "decimal" | "numeric" => format!("{name}({precision},{scale})"),
        "time" | "datetime2" | "datetimeoffset" => format!("{name}({scale})"),
        // it has nothing to do with time, and is called otherwise for a long time
        "timestamp" => "rowversion".to_owned(),
        name => name.to_owned(),
    }
}

/// The neutral class.
pub(super) fn class(native: &str) -> TypeClass {
    classify(Engine::Mssql, native).0
}

/// An expression without the brackets that the server puts around every one it stores: `0` of `((0))`.
pub(super) fn bare(expression: &str) -> String {
    let mut text = expression.trim();
    while let Some(inner) =
        text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).filter(|i| closed(i))
    {
        text = inner.trim();
    }
    text.to_owned()
}

/// Whether no bracket closes that was not opened, so that the outer two belong together.
fn closed(text: &str) -> bool {
    let (mut depth, mut quote) = (0_u32, None);
    for letter in text.chars() {
        match (quote, letter) {
            (Some(end), letter) if letter == end => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, '[') => quote = Some(']'),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => return false,
            (None, ')') => depth -= 1,
            (None, _) => {}
        }
    }
    depth == 0 && quote.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_with_their_arguments() {
        assert_eq!(write("nvarchar", 100, 0, 0), "nvarchar(50)");
        assert_eq!(write("varbinary", -1, 0, 0), "varbinary(max)");
        assert_eq!(write("decimal", 9, 12, 2), "decimal(12,2)");
        assert_eq!(write("datetime2", 8, 27, 7), "datetime2(7)");
        assert_eq!(write("int", 4, 10, 0), "int");
        assert_eq!(class(&write("timestamp", 8, 0, 0)), TypeClass::Bytes);
    }

    #[test]
    fn only_brackets_that_belong_together_are_taken_off() {
        for (stored, shown) in [
            ("((0))", "0"),
            ("('a)')", "'a)'"),
            ("([a]>(0) AND [b]<(9))", "[a]>(0) AND [b]<(9)"),
            ("(1)+(2)", "(1)+(2)"),
            ("(getdate())", "getdate()"),
            ("([odd)name]=(1))", "[odd)name]=(1)"),
        ] {
            assert_eq!(bare(stored), shown);
        }
    }
}
