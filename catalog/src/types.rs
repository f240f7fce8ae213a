//! From an engine's own type text to the neutral class; connectors and the DDL reader share it.

use crate::{Engine, TypeClass};

/// The class of a native type, and the class of the elements when it is an array.
///
/// Unknown names (a user's enum or domain, for example) are [`TypeClass::Other`]: the caller knows more than the text.
///
/// ```
/// use catalog::{Engine, TypeClass, types::classify};
/// assert_eq!(classify(Engine::Postgres, "numeric(12,2)"), (TypeClass::Decimal, None));
/// assert_eq!(classify(Engine::Postgres, "text[]"), (TypeClass::Array, Some(TypeClass::Text)));
/// assert_eq!(classify(Engine::Mysql, "tinyint(1)"), (TypeClass::Boolean, None));
/// ```
pub fn classify(engine: Engine, native: &str) -> (TypeClass, Option<TypeClass>) {
    let native = native.trim().to_lowercase();
    if engine == Engine::Postgres
        && let Some(element) = array_element(&native)
    {
        return (TypeClass::Array, Some(classify(engine, element).0));
    }
    let name = TypeName::parse(&native);
    let class = match engine {
        Engine::Postgres => postgres(&name),
        Engine::Mysql | Engine::Mariadb => mysql(&name),
        Engine::Mssql => mssql(&name),
        Engine::Sqlite => sqlite(&name),
        Engine::Mongodb => mongodb(&name),
    };
    (class, None)
}

/// The element type of an array type's text, when it is one (`text[]`, `_text`, `integer ARRAY`).
fn array_element(native: &str) -> Option<&str> {
    if let Some(open) = native.find('[') {
        return Some(native.get(..open)?.trim_end());
    }
    if let Some(element) = native.strip_suffix(" array") {
        return Some(element);
    }
    native.strip_prefix('_').filter(|e| !e.is_empty())
}

/// A type's text in parts: name without arguments, arguments, and the words after them.
struct TypeName<'a> {
    base: String,
    args: &'a str,
}

impl<'a> TypeName<'a> {
    fn parse(native: &'a str) -> TypeName<'a> {
        let open = native.find('(').unwrap_or(native.len());
        let close = native.rfind(')').unwrap_or(native.len());
        let args = native.get(open + 1..close).unwrap_or_default();
        let head = native.get(..open).unwrap_or_default().trim();
        let tail = native.get(close + 1..).unwrap_or_default().trim();
        let head = head.strip_prefix("pg_catalog.").unwrap_or(head).trim_matches('"');
        let base = if tail.is_empty() { head.to_owned() } else { format!("{head} {tail}") };
        TypeName { base, args }
    }

    /// The first word of the name.
    fn word(&self) -> &str {
        self.base.split([' ', '.']).next().unwrap_or_default()
    }
}

fn postgres(name: &TypeName<'_>) -> TypeClass {
    let zoned = name.base.contains("with time zone");
    if let Some(class) = postgres_exact(&name.base) {
        return class;
    }
    match name.word() {
        "timestamp" if zoned => TypeClass::TimestampTz,
        "timestamp" => TypeClass::Timestamp,
        "time" => TypeClass::Time,
        "interval" => TypeClass::Interval,
        "character" | "national" => TypeClass::Text,
        "bit" => TypeClass::Bit,
        "public" | "extensions" => {
            postgres_exact(name.base.rsplit('.').next().unwrap_or_default()).unwrap_or(TypeClass::Other)
        }
        _ => TypeClass::Other,
    }
}

fn postgres_exact(base: &str) -> Option<TypeClass> {
    Some(match base {
        "boolean" | "bool" => TypeClass::Boolean,
        "smallint" | "integer" | "bigint" | "int" | "int2" | "int4" | "int8" | "serial" | "serial2"
        | "serial4" | "serial8" | "bigserial" | "smallserial" | "oid" | "xid" | "xid8" | "cid"
        | "regclass" | "regproc" | "regprocedure" | "regtype" | "regrole" | "regnamespace" => {
            TypeClass::Integer
        }
        "numeric" | "decimal" | "money" => TypeClass::Decimal,
        "real" | "double precision" | "float" | "float4" | "float8" => TypeClass::Float,
        "text" | "varchar" | "char" | "bpchar" | "character varying" | "character" | "name" | "citext"
        | "tsvector" | "tsquery" | "ltree" | "lquery" => TypeClass::Text,
        "bytea" => TypeClass::Bytes,
        "date" => TypeClass::Date,
        "time" | "timetz" => TypeClass::Time,
        "timestamp" => TypeClass::Timestamp,
        "timestamptz" => TypeClass::TimestampTz,
        "uuid" => TypeClass::Uuid,
        "json" | "jsonb" | "jsonpath" | "hstore" => TypeClass::Json,
        "inet" | "cidr" | "macaddr" | "macaddr8" => TypeClass::Network,
        "point" | "line" | "lseg" | "box" | "path" | "polygon" | "circle" | "geometry" | "geography" => {
            TypeClass::Geometry
        }
        "vector" | "halfvec" | "sparsevec" => TypeClass::Vector,
        "xml" => TypeClass::Xml,
        "varbit" | "bit varying" => TypeClass::Bit,
        "int4range" | "int8range" | "numrange" | "tsrange" | "tstzrange" | "daterange" | "int4multirange"
        | "int8multirange" | "nummultirange" | "tsmultirange" | "tstzmultirange" | "datemultirange" => {
            TypeClass::Range
        }
        _ => return None,
    })
}

fn mysql(name: &TypeName<'_>) -> TypeClass {
    match name.word() {
        "tinyint" if name.args.trim() == "1" => TypeClass::Boolean,
        "bool" | "boolean" => TypeClass::Boolean,
        "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" | "year" | "serial"
        | "signed" | "unsigned" => TypeClass::Integer,
        "decimal" | "dec" | "numeric" | "fixed" => TypeClass::Decimal,
        "float" | "double" | "real" => TypeClass::Float,
        "bit" => TypeClass::Bit,
        "char" | "varchar" | "nchar" | "nvarchar" | "character" | "national" | "tinytext" | "text"
        | "mediumtext" | "longtext" | "long" | "set" => TypeClass::Text,
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => TypeClass::Bytes,
        "date" => TypeClass::Date,
        "time" => TypeClass::Time,
        "datetime" => TypeClass::Timestamp,
        "timestamp" => TypeClass::TimestampTz,
        "json" => TypeClass::Json,
        "enum" => TypeClass::Enum,
        "uuid" => TypeClass::Uuid,
        "inet4" | "inet6" => TypeClass::Network,
        "vector" => TypeClass::Vector,
        "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring"
        | "multipolygon" | "geometrycollection" | "geomcollection" => TypeClass::Geometry,
        _ => TypeClass::Other,
    }
}

fn mssql(name: &TypeName<'_>) -> TypeClass {
    let base = name.base.strip_prefix("sys.").unwrap_or(&name.base);
    match base.split(' ').next().unwrap_or_default() {
        "bit" => TypeClass::Boolean,
        "tinyint" | "smallint" | "int" | "integer" | "bigint" => TypeClass::Integer,
        "decimal" | "dec" | "numeric" | "money" | "smallmoney" => TypeClass::Decimal,
        "float" | "real" | "double" => TypeClass::Float,
        "char" | "varchar" | "nchar" | "nvarchar" | "text" | "ntext" | "sysname" | "character"
        | "national" => TypeClass::Text,
        "binary" | "varbinary" | "image" | "timestamp" | "rowversion" => TypeClass::Bytes,
        "date" => TypeClass::Date,
        "time" => TypeClass::Time,
        "datetime" | "datetime2" | "smalldatetime" => TypeClass::Timestamp,
        "datetimeoffset" => TypeClass::TimestampTz,
        "uniqueidentifier" => TypeClass::Uuid,
        "xml" => TypeClass::Xml,
        "json" => TypeClass::Json,
        "vector" => TypeClass::Vector,
        "geometry" | "geography" => TypeClass::Geometry,
        _ => TypeClass::Other,
    }
}

/// SQLite takes any name; what people mean by it comes first, then the affinity rules.
fn sqlite(name: &TypeName<'_>) -> TypeClass {
    match name.word() {
        "bool" | "boolean" => return TypeClass::Boolean,
        "date" => return TypeClass::Date,
        "time" => return TypeClass::Time,
        "datetime" | "timestamp" => return TypeClass::Timestamp,
        "timestamptz" => return TypeClass::TimestampTz,
        "json" | "jsonb" => return TypeClass::Json,
        "uuid" | "guid" => return TypeClass::Uuid,
        "numeric" | "decimal" | "dec" | "money" | "currency" | "number" => return TypeClass::Decimal,
        _ => {}
    }
    let has = |part: &str| name.base.contains(part);
    if has("point") || has("interval") {
        return TypeClass::Other;
    }
    if has("int") {
        return TypeClass::Integer;
    }
    if has("char") || has("clob") || has("text") || has("string") {
        return TypeClass::Text;
    }
    if has("blob") || has("binary") {
        return TypeClass::Bytes;
    }
    if has("real") || has("floa") || has("doub") {
        return TypeClass::Float;
    }
    TypeClass::Other
}

/// BSON type names as `$type` knows them.
fn mongodb(name: &TypeName<'_>) -> TypeClass {
    match name.base.as_str() {
        "bool" => TypeClass::Boolean,
        "int" | "long" => TypeClass::Integer,
        "decimal" => TypeClass::Decimal,
        "double" | "number" => TypeClass::Float,
        "string" | "symbol" | "objectid" | "regex" => TypeClass::Text,
        "bindata" => TypeClass::Bytes,
        "date" => TypeClass::TimestampTz,
        "timestamp" => TypeClass::TimestampTz,
        "object" => TypeClass::Json,
        "array" => TypeClass::Array,
        _ => TypeClass::Other,
    }
}

/// The type's text as the engine itself would print it, from text as people write it.
///
/// PostgreSQL's aliases become the names that its own catalog prints; MySQL and SQL Server are lower-cased; SQLite keeps
/// the text.
pub fn canonical(engine: Engine, native: &str) -> String {
    let native = native.trim();
    match engine {
        Engine::Postgres => canonical_postgres(native),
        Engine::Mysql | Engine::Mariadb | Engine::Mssql => lower_outside_quotes(native),
        Engine::Sqlite | Engine::Mongodb => native.to_owned(),
    }
}

fn lower_outside_quotes(text: &str) -> String {
    let mut quoted = false;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        quoted ^= matches!(c, '\'' | '"' | '`');
        out.push(if quoted { c } else { c.to_ascii_lowercase() });
    }
    out
}

fn canonical_postgres(native: &str) -> String {
    let text = lower_outside_quotes(native);
    let text = text.strip_prefix("pg_catalog.").unwrap_or(&text);
    if let Some(open) = text.find('[') {
        let element = canonical_postgres(text.get(..open).unwrap_or_default());
        let dimensions = text.get(open..).unwrap_or_default().matches('[').count().min(1);
        return format!("{element}{}", "[]".repeat(dimensions));
    }
    let split = text.find(['(', ' ']).unwrap_or(text.len());
    let (word, rest) = (text.get(..split).unwrap_or_default(), text.get(split..).unwrap_or_default());
    let full = match word {
        "int" | "int4" => "integer",
        "int2" => "smallint",
        "int8" => "bigint",
        "bool" => "boolean",
        "float8" | "float" => "double precision",
        "float4" => "real",
        "decimal" => "numeric",
        "varchar" => "character varying",
        "char" | "bpchar" => "character",
        "varbit" => "bit varying",
        "timestamptz" => return format!("timestamp{} with time zone", rest.trim_end()),
        "timetz" => return format!("time{} with time zone", rest.trim_end()),
        "timestamp" | "time" if !rest.contains("with") => {
            return format!("{word}{} without time zone", rest.trim_end());
        }
        other => other,
    };
    format!("{full}{}", rest.replace(", ", ",").replace(" (", "("))
}
