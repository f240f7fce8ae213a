//! The type that a column has in the text: its own where the engine is the same, else the one of its class.

use super::Writer;
use super::names::{quoted, text};
use crate::types::classify;
use crate::{Column, Engine, TypeClass};

/// Longest text with a stated length that MySQL keeps in the row here: a row has 65,535 bytes, a character up to four.
const MYSQL_LONGEST: u32 = 255;
/// Digits of an exact number that states none, where one has to.
const DIGITS: &str = "(38,10)";

/// What asks for a type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// A column of a table.
    Stored,
    /// A column of a key, an index or a reference: no engine keys a text without a length but PostgreSQL and SQLite.
    Keyed,
    /// `CAST(NULL AS ...)` in a view.
    Cast,
}

/// The numbers in the brackets of a type's text.
fn arguments(native: &str) -> Vec<u32> {
    let inside = native.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    inside
        .map(|(inside, _)| inside.split(',').map_while(|n| n.trim().parse().ok()).collect())
        .unwrap_or_default()
}

/// Bytes of an integer by its name: 2, 4 or 8.
fn width(engine: Engine, native: &str) -> u8 {
    let native = native.to_lowercase();
    let has = |part: &str| native.contains(part);
    let bytes = if has("big") || has("int8") || has("serial8") || has("long") || has("oid") || has("xid") {
        8
    } else if has("small") || has("tiny") || has("int2") || has("year") {
        2
    } else if engine == Engine::Sqlite {
        8
    } else {
        4
    };
    if has("unsigned") && bytes < 8 && !has("tiny") { bytes * 2 } else { bytes }
}

impl Writer<'_> {
    pub(super) fn column_type(&self, column: &Column, used: Use) -> String {
        let native = column.native_type.as_str();
        let own =
            self.same() && (used != Use::Cast || matches!(self.engine, Engine::Postgres | Engine::Mssql));
        if own
            && column.class != TypeClass::Other
            && !native.is_empty()
            && classify(self.engine, native).0 == column.class
        {
            return native.to_owned();
        }
        match self.engine {
            Engine::Postgres => self.postgres(column),
            Engine::Mysql | Engine::Mariadb if used == Use::Cast => self.mysql_cast(column),
            Engine::Mysql | Engine::Mariadb => self.mysql(column, used),
            Engine::Mssql => self.mssql(column, used),
            Engine::Sqlite | Engine::Mongodb => sqlite(column),
        }
    }

    /// PostgreSQL's column with a sequence of its own.
    pub(super) fn serial(&self, column: &Column) -> &'static str {
        match self.bytes(column) {
            2 => "smallserial",
            4 => "serial",
            _ => "bigserial",
        }
    }

    fn bytes(&self, column: &Column) -> u8 {
        width(self.from, &column.native_type)
    }

    fn postgres(&self, column: &Column) -> String {
        let class = match column.class {
            TypeClass::Enum => match self.labels.get(&column.enum_labels) {
                Some(name) => return quoted(self.engine, name),
                None => TypeClass::Text,
            },
            TypeClass::Array => {
                let element =
                    Column { class: column.element.unwrap_or(TypeClass::Text), ..Column::default() };
                return format!("{}[]", self.postgres(&element));
            }
            class => class,
        };
        match class {
            TypeClass::Boolean => "boolean".to_owned(),
            TypeClass::Integer => integer(self.bytes(column)).to_owned(),
            TypeClass::Decimal => format!("numeric{}", digits(column, "")),
            TypeClass::Float => "double precision".to_owned(),
            TypeClass::Text => match length(column) {
                Some(n) => format!("varchar({n})"),
                None => "text".to_owned(),
            },
            TypeClass::Bytes => "bytea".to_owned(),
            TypeClass::Date => "date".to_owned(),
            TypeClass::Time => "time".to_owned(),
            TypeClass::Timestamp => "timestamp".to_owned(),
            TypeClass::TimestampTz => "timestamptz".to_owned(),
            TypeClass::Interval => "interval".to_owned(),
            TypeClass::Uuid => "uuid".to_owned(),
            TypeClass::Json => "jsonb".to_owned(),
            TypeClass::Network => "inet".to_owned(),
            TypeClass::Xml => "xml".to_owned(),
            TypeClass::Bit => "bit varying".to_owned(),
            TypeClass::Geometry => "point".to_owned(),
            _ => "text".to_owned(),
        }
    }

    fn mysql(&self, column: &Column, used: Use) -> String {
        match column.class {
            TypeClass::Boolean => "tinyint(1)".to_owned(),
            TypeClass::Integer => integer(self.bytes(column)).to_owned(),
            TypeClass::Decimal => format!("decimal{}", digits(column, DIGITS)),
            TypeClass::Float => "double".to_owned(),
            TypeClass::Bytes if used == Use::Keyed => "varbinary(255)".to_owned(),
            TypeClass::Bytes => "longblob".to_owned(),
            TypeClass::Date => "date".to_owned(),
            TypeClass::Time => "time(6)".to_owned(),
            TypeClass::Timestamp => "datetime(6)".to_owned(),
            TypeClass::TimestampTz => "timestamp(6)".to_owned(),
            TypeClass::Json | TypeClass::Array if used == Use::Stored => "json".to_owned(),
            TypeClass::Enum if !column.enum_labels.is_empty() => {
                let labels: Vec<String> = column.enum_labels.iter().map(|l| text(self.engine, l)).collect();
                format!("enum({})", labels.join(","))
            }
            TypeClass::Uuid if self.engine == Engine::Mariadb => "uuid".to_owned(),
            TypeClass::Uuid => "char(36)".to_owned(),
            TypeClass::Bit => "bit(64)".to_owned(),
            TypeClass::Geometry => "geometry".to_owned(),
            _ => match length(column).filter(|n| *n <= MYSQL_LONGEST) {
                Some(n) => format!("varchar({n})"),
                None if used == Use::Keyed => format!("varchar({MYSQL_LONGEST})"),
                None => "longtext".to_owned(),
            },
        }
    }

    /// MySQL casts to some types only.
    fn mysql_cast(&self, column: &Column) -> String {
        match column.class {
            TypeClass::Boolean | TypeClass::Integer => "signed",
            TypeClass::Decimal => return format!("decimal{}", digits(column, DIGITS)),
            TypeClass::Float => "double",
            TypeClass::Bytes | TypeClass::Bit => "binary",
            TypeClass::Date => "date",
            TypeClass::Time => "time",
            TypeClass::Timestamp | TypeClass::TimestampTz => "datetime",
            TypeClass::Json | TypeClass::Array if self.engine == Engine::Mysql => "json",
            _ => return format!("char({})", length(column).unwrap_or(MYSQL_LONGEST)),
        }
        .to_owned()
    }

    fn mssql(&self, column: &Column, used: Use) -> String {
        match column.class {
            TypeClass::Boolean => "bit".to_owned(),
            TypeClass::Integer => match self.bytes(column) {
                4 => "int".to_owned(),
                bytes => integer(bytes).to_owned(),
            },
            TypeClass::Decimal => format!("decimal{}", digits(column, DIGITS)),
            TypeClass::Float => "float".to_owned(),
            TypeClass::Bytes | TypeClass::Bit if used == Use::Keyed => "varbinary(255)".to_owned(),
            TypeClass::Bytes | TypeClass::Bit => "varbinary(max)".to_owned(),
            TypeClass::Date => "date".to_owned(),
            TypeClass::Time => "time".to_owned(),
            TypeClass::Timestamp => "datetime2".to_owned(),
            TypeClass::TimestampTz => "datetimeoffset".to_owned(),
            TypeClass::Uuid => "uniqueidentifier".to_owned(),
            TypeClass::Xml => "xml".to_owned(),
            TypeClass::Geometry => "geometry".to_owned(),
            _ => match length(column).filter(|n| *n <= 4_000) {
                Some(n) => format!("nvarchar({n})"),
                None if used == Use::Keyed => "nvarchar(255)".to_owned(),
                None => "nvarchar(max)".to_owned(),
            },
        }
    }
}

fn integer(bytes: u8) -> &'static str {
    match bytes {
        2 => "smallint",
        4 => "integer",
        _ => "bigint",
    }
}

/// SQLite keeps any value anywhere: the name says what is meant.
fn sqlite(column: &Column) -> String {
    match column.class {
        TypeClass::Boolean => "BOOLEAN".to_owned(),
        TypeClass::Integer => "INTEGER".to_owned(),
        TypeClass::Decimal => format!("NUMERIC{}", digits(column, "")),
        TypeClass::Float => "REAL".to_owned(),
        TypeClass::Bytes => "BLOB".to_owned(),
        TypeClass::Date => "DATE".to_owned(),
        TypeClass::Time => "TIME".to_owned(),
        TypeClass::Timestamp => "TIMESTAMP".to_owned(),
        TypeClass::TimestampTz => "TIMESTAMPTZ".to_owned(),
        TypeClass::Uuid => "UUID".to_owned(),
        TypeClass::Json | TypeClass::Array => "JSON".to_owned(),
        _ => match length(column) {
            Some(n) => format!("VARCHAR({n})"),
            None => "TEXT".to_owned(),
        },
    }
}

/// The stated length of a text. Anything else has none.
fn length(column: &Column) -> Option<u32> {
    if column.class != TypeClass::Text {
        return None;
    }
    arguments(&column.native_type).first().copied().filter(|n| *n > 0)
}

/// Precision and scale; money has its own.
fn digits(column: &Column, unstated: &str) -> String {
    let native = column.native_type.to_lowercase();
    if native.contains("money") {
        return if native.contains("small") { "(10,4)" } else { "(19,4)" }.to_owned();
    }
    match arguments(&native).as_slice() {
        [precision] => format!("({},0)", precision.min(&38)),
        [precision, scale, ..] => format!("({},{})", precision.min(&38), scale.min(&30)),
        [] => unstated.to_owned(),
    }
}
