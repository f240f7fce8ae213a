//! Types: an allow-list of built-in names per engine. User types and domains may run user code, so they are refused.

use catalog::Engine;
use sqlparser::ast::{self, DataType};

use super::refuse;
use super::{Converter, types_mssql};
use crate::finding::Finding;
use crate::tree::TypeName;

/// PostgreSQL's built-in types that hold values; the reg* family and pseudo-types are left out on purpose.
const POSTGRES: [&str; 71] = [
    "bigint",
    "bit",
    "bit varying",
    "bool",
    "boolean",
    "box",
    "bpchar",
    "bytea",
    "char",
    "character",
    "character varying",
    "cidr",
    "circle",
    "date",
    "daterange",
    "datemultirange",
    "dec",
    "decimal",
    "double precision",
    "float",
    "float4",
    "float8",
    "halfvec",
    "inet",
    "int",
    "int2",
    "int4",
    "int4multirange",
    "int4range",
    "int8",
    "int8multirange",
    "int8range",
    "integer",
    "interval",
    "json",
    "jsonb",
    "jsonpath",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "numeric",
    "nummultirange",
    "numrange",
    "oid",
    "path",
    "point",
    "polygon",
    "real",
    "smallint",
    "sparsevec",
    "text",
    "time",
    "time with time zone",
    "time without time zone",
    "timestamp",
    "timestamp with time zone",
    "timestamp without time zone",
    "timestamptz",
    "timetz",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "uuid",
    "varbit",
    "varchar",
    "vector",
];

/// Names that SQLite's affinity rules know; any name is legal there, these are the ones people use.
const SQLITE: [&str; 32] = [
    "bigint",
    "blob",
    "bool",
    "boolean",
    "char",
    "character",
    "character varying",
    "clob",
    "date",
    "datetime",
    "dec",
    "decimal",
    "double",
    "double precision",
    "float",
    "int",
    "int2",
    "int4",
    "int8",
    "integer",
    "mediumint",
    "nchar",
    "numeric",
    "nvarchar",
    "real",
    "signed",
    "smallint",
    "string",
    "text",
    "timestamp",
    "tinyint",
    "varchar",
];

/// What CAST may name on MySQL.
const MYSQL: [&str; 16] = [
    "binary",
    "char",
    "date",
    "datetime",
    "decimal",
    "double",
    "float",
    "json",
    "nchar",
    "real",
    "signed",
    "signed integer",
    "time",
    "timestamp",
    "unsigned",
    "unsigned integer",
];

/// What a column of JSON_TABLE may be.
const JSON_COLUMNS: [&str; 16] = [
    "bigint",
    "char",
    "date",
    "datetime",
    "decimal",
    "double",
    "float",
    "int",
    "integer",
    "json",
    "smallint",
    "text",
    "time",
    "timestamp",
    "tinyint",
    "varchar",
];

/// What CAST may name on MariaDB.
const MARIADB: [&str; 16] = [
    "binary",
    "char",
    "date",
    "datetime",
    "decimal",
    "double",
    "float",
    "int",
    "integer",
    "nchar",
    "signed",
    "signed integer",
    "time",
    "timestamp",
    "unsigned",
    "unsigned integer",
];

impl Converter<'_> {
    pub(super) fn type_name(&self, ty: DataType) -> Result<TypeName, Finding> {
        let written = ty.to_string().replace('\0', "");
        let own = if self.mssql() { types_mssql::shape(&ty) } else { None };
        let named = own.or_else(|| self.shape(ty)).ok_or_else(|| refuse::data_type(&written))?;
        let list: &[&str] = match self.engine {
            Engine::Sqlite => &SQLITE,
            Engine::Mysql => &MYSQL,
            Engine::Mariadb => &MARIADB,
            Engine::Mssql => &types_mssql::TYPES,
            Engine::Postgres | Engine::Mongodb => &POSTGRES,
        };
        let known = list.contains(&named.name.as_str());
        if known && named.dims <= 3 { Ok(named) } else { Err(refuse::data_type(&written)) }
    }

    /// The type of a column of JSON_TABLE.
    pub(super) fn column_type(&self, ty: DataType) -> Result<TypeName, Finding> {
        let written = ty.to_string().replace('\0', "");
        let named = self.shape(ty).filter(|t| JSON_COLUMNS.contains(&t.name.as_str()));
        named.ok_or_else(|| refuse::data_type(&written))
    }

    /// Name, arguments and dimensions of the types that have a plain spelling.
    fn shape(&self, ty: DataType) -> Option<TypeName> {
        let plain = |name: &str| Some(TypeName::simple(name));
        match ty {
            DataType::Character(n) => sized("character", length(n)?),
            DataType::Char(n) => sized("char", length(n)?),
            DataType::CharacterVarying(n) | DataType::CharVarying(n) => {
                sized("character varying", length(n)?)
            }
            DataType::Varchar(n) => sized("varchar", length(n)?),
            DataType::Nvarchar(n) => sized("nvarchar", length(n)?),
            DataType::Uuid => plain("uuid"),
            DataType::Clob(n) => sized("clob", args(n)?),
            DataType::Blob(n) => sized("blob", args(n)?),
            DataType::Numeric(i) => sized("numeric", exact(i)?),
            DataType::Decimal(i) => sized("decimal", exact(i)?),
            DataType::Dec(i) => sized("dec", exact(i)?),
            DataType::Float(i) => sized("float", exact(i)?),
            DataType::Double(i) => sized("double", exact(i)?),
            DataType::TinyInt(n) => sized("tinyint", args(n)?),
            DataType::Int2(n) => sized("int2", args(n)?),
            DataType::SmallInt(n) => sized("smallint", args(n)?),
            DataType::MediumInt(n) => sized("mediumint", args(n)?),
            DataType::Int(n) => sized("int", args(n)?),
            DataType::Int4(n) => sized("int4", args(n)?),
            DataType::Int8(n) => sized("int8", args(n)?),
            DataType::Integer(n) => sized("integer", args(n)?),
            DataType::BigInt(n) => sized("bigint", args(n)?),
            DataType::Signed => plain("signed"),
            DataType::SignedInteger => plain("signed integer"),
            DataType::Unsigned => plain("unsigned"),
            DataType::UnsignedInteger => plain("unsigned integer"),
            DataType::Binary(n) => sized("binary", args(n)?),
            DataType::Float4 => plain("float4"),
            DataType::Float8 => plain("float8"),
            DataType::Real => plain("real"),
            DataType::DoublePrecision => plain("double precision"),
            DataType::Bool => plain("bool"),
            DataType::Boolean => plain("boolean"),
            DataType::Date => plain("date"),
            DataType::Datetime(n) => sized("datetime", args(n)?),
            DataType::Time(n, zone) => sized(&zoned("time", zone), args(n)?),
            DataType::Timestamp(n, zone) => sized(&zoned("timestamp", zone), args(n)?),
            DataType::Interval { fields: None, precision } => sized("interval", args(precision)?),
            DataType::JSON => plain("json"),
            DataType::JSONB => plain("jsonb"),
            DataType::Text => plain("text"),
            DataType::String(None) => plain("string"),
            DataType::Bytea => plain("bytea"),
            DataType::Bit(n) => sized("bit", args(n)?),
            DataType::BitVarying(n) => sized("bit varying", args(n)?),
            DataType::VarBit(n) => sized("varbit", args(n)?),
            DataType::TsVector => plain("tsvector"),
            DataType::TsQuery => plain("tsquery"),
            DataType::GeometricType(kind) => plain(&kind.to_string().to_ascii_lowercase()),
            DataType::Custom(name, modifiers) => custom(name, &modifiers),
            DataType::Array(element) => self.array(element),
            // Every other type belongs to other databases, or has no place here.
            _ => None,
        }
    }

    fn array(&self, element: ast::ArrayElemTypeDef) -> Option<TypeName> {
        let inner = match element {
            ast::ArrayElemTypeDef::SquareBracket(inner, None) => inner,
            ast::ArrayElemTypeDef::None
            | ast::ArrayElemTypeDef::SquareBracket(_, Some(_))
            | ast::ArrayElemTypeDef::AngleBracket(_)
            | ast::ArrayElemTypeDef::Parenthesis(_)
            | ast::ArrayElemTypeDef::Qualified(_, _) => return None,
        };
        let mut named = self.shape(*inner)?;
        named.dims = named.dims.checked_add(1)?;
        self.postgres().then_some(named)
    }
}

fn sized(name: &str, args: Vec<u32>) -> Option<TypeName> {
    Some(TypeName { name: name.to_owned(), args, dims: 0 })
}

fn args(n: Option<u64>) -> Option<Vec<u32>> {
    match n {
        None => Some(Vec::new()),
        Some(n) => Some(vec![u32::try_from(n).ok()?]),
    }
}

fn exact(info: ast::ExactNumberInfo) -> Option<Vec<u32>> {
    match info {
        ast::ExactNumberInfo::None => Some(Vec::new()),
        ast::ExactNumberInfo::Precision(p) => args(Some(p)),
        ast::ExactNumberInfo::PrecisionAndScale(p, s) => {
            Some(vec![u32::try_from(p).ok()?, u32::try_from(s).ok()?])
        }
    }
}

fn length(length: Option<ast::CharacterLength>) -> Option<Vec<u32>> {
    match length {
        None => Some(Vec::new()),
        Some(ast::CharacterLength::IntegerLength { length, unit: None }) => args(Some(length)),
        Some(
            ast::CharacterLength::IntegerLength { length: _, unit: Some(_) } | ast::CharacterLength::Max,
        ) => None,
    }
}

fn zoned(name: &str, zone: ast::TimezoneInfo) -> String {
    match zone {
        ast::TimezoneInfo::None => name.to_owned(),
        ast::TimezoneInfo::WithTimeZone => format!("{name} with time zone"),
        ast::TimezoneInfo::WithoutTimeZone => format!("{name} without time zone"),
        ast::TimezoneInfo::Tz => format!("{name}tz"),
    }
}

/// A name that sqlparser has no own variant for; `pg_catalog.` may stand before it.
fn custom(name: ast::ObjectName, modifiers: &[String]) -> Option<TypeName> {
    let ast::ObjectName(parts) = name;
    let mut names = Vec::with_capacity(parts.len());
    for part in parts {
        let ast::ObjectNamePart::Identifier(ident) = part else { return None };
        if ident.quote_style.is_some() && ident.value == "char" {
            return None;
        }
        let quoted = ident.quote_style.is_some();
        names.push(if quoted { ident.value } else { ident.value.to_ascii_lowercase() });
    }
    let name = match names.as_slice() {
        [name] => name.clone(),
        [schema, name] if schema == "pg_catalog" => name.clone(),
        _ => return None,
    };
    let args = modifiers.iter().map(|m| m.parse::<u32>().ok()).collect::<Option<Vec<u32>>>()?;
    Some(TypeName { name, args, dims: 0 })
}
