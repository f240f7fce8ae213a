//! SQL Server's types: its built-in names, and the sizes that are a word.

use sqlparser::ast::{BinaryLength, CharacterLength, DataType};

use crate::tree::TypeName;

/// Built-in types that hold values.
pub(super) const TYPES: [&str; 43] = [
    "bigint",
    "binary",
    "bit",
    "char",
    "char varying",
    "character",
    "character varying",
    "date",
    "datetime",
    "datetime2",
    "datetimeoffset",
    "dec",
    "decimal",
    "double precision",
    "float",
    "geography",
    "geometry",
    "hierarchyid",
    "image",
    "int",
    "integer",
    "money",
    "nchar",
    "ntext",
    "numeric",
    "nvarchar",
    "nvarchar(max)",
    "real",
    "smalldatetime",
    "smallint",
    "smallmoney",
    "sql_variant",
    "sysname",
    "text",
    "time",
    "tinyint",
    "uniqueidentifier",
    "varbinary",
    "varbinary(max)",
    "varchar",
    "varchar(max)",
    "xml",
    "json",
];

/// Whether the name is on the list.
pub(super) fn known(name: &str) -> bool {
    TYPES.iter().any(|t| name.eq_ignore_ascii_case(t))
}

/// Types whose spelling here is another than elsewhere.
pub(super) fn shape(ty: &DataType) -> Option<TypeName> {
    let simple = |name: &str| Some(TypeName::simple(name));
    match ty {
        DataType::Varchar(Some(CharacterLength::Max)) => simple("varchar(max)"),
        DataType::Nvarchar(Some(CharacterLength::Max)) => simple("nvarchar(max)"),
        DataType::Varbinary(Some(BinaryLength::Max)) => simple("varbinary(max)"),
        DataType::Varbinary(None) => simple("varbinary"),
        DataType::Binary(None) => simple("binary"),
        DataType::Varbinary(Some(BinaryLength::IntegerLength { length })) => sized("varbinary", *length),
        DataType::Binary(Some(length)) => sized("binary", *length),
        _ => None,
    }
}

fn sized(name: &str, length: u64) -> Option<TypeName> {
    Some(TypeName { name: name.to_owned(), args: vec![u32::try_from(length).ok()?], dims: 0 })
}
