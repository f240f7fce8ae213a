//! The types of T-SQL: reading their text, what the catalog says of them, what SQLite stores for them.

/// Length that stands for `(max)`.
pub(crate) const MAX: u16 = 0;

/// A type with its parameters. Lengths of character types are in characters, as they are declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ty {
    Bit,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Decimal(u8, u8),
    Numeric(u8, u8),
    Money,
    SmallMoney,
    Real,
    Float,
    Char(u16),
    VarChar(u16),
    NChar(u16),
    NVarChar(u16),
    SysName,
    Text,
    NText,
    Binary(u16),
    VarBinary(u16),
    Image,
    RowVersion,
    Date,
    Time(u8),
    DateTime,
    SmallDateTime,
    DateTime2(u8),
    DateTimeOffset(u8),
    Guid,
    Xml,
    Variant,
    Udt(&'static str),
}

/// What a type is in `sys.types`: name, system_type_id, user_type_id, max_length, precision, scale.
pub(crate) type SystemType = (&'static str, u8, u16, i16, u8, u8);

/// Every system type.
pub(crate) const SYSTEM_TYPES: &[SystemType] = &[
    ("image", 34, 34, 16, 0, 0),
    ("text", 35, 35, 16, 0, 0),
    ("uniqueidentifier", 36, 36, 16, 0, 0),
    ("date", 40, 40, 3, 10, 0),
    ("time", 41, 41, 5, 16, 7),
    ("datetime2", 42, 42, 8, 27, 7),
    ("datetimeoffset", 43, 43, 10, 34, 7),
    ("tinyint", 48, 48, 1, 3, 0),
    ("smallint", 52, 52, 2, 5, 0),
    ("int", 56, 56, 4, 10, 0),
    ("smalldatetime", 58, 58, 4, 16, 0),
    ("real", 59, 59, 4, 24, 0),
    ("money", 60, 60, 8, 19, 4),
    ("datetime", 61, 61, 8, 23, 3),
    ("float", 62, 62, 8, 53, 0),
    ("sql_variant", 98, 98, 8016, 0, 0),
    ("ntext", 99, 99, 16, 0, 0),
    ("bit", 104, 104, 1, 1, 0),
    ("decimal", 106, 106, 17, 38, 38),
    ("numeric", 108, 108, 17, 38, 38),
    ("smallmoney", 122, 122, 4, 10, 4),
    ("bigint", 127, 127, 8, 19, 0),
    ("hierarchyid", 240, 128, 892, 0, 0),
    ("geometry", 240, 129, -1, 0, 0),
    ("geography", 240, 130, -1, 0, 0),
    ("varbinary", 165, 165, 8000, 0, 0),
    ("varchar", 167, 167, 8000, 0, 0),
    ("binary", 173, 173, 8000, 0, 0),
    ("char", 175, 175, 8000, 0, 0),
    ("timestamp", 189, 189, 8, 0, 0),
    ("nvarchar", 231, 231, 8000, 0, 0),
    ("nchar", 239, 239, 8000, 0, 0),
    ("xml", 241, 241, -1, 0, 0),
    ("sysname", 231, 256, 256, 0, 0),
];

impl Ty {
    /// Reads a type as it is written, in any case; `None` for one that there is not.
    pub(crate) fn read(text: &str) -> Option<Ty> {
        let lower = text.trim().to_lowercase().replace(['[', ']', '"'], "");
        let (name, parameters) = match lower.split_once('(') {
            Some((name, rest)) => (name, rest.trim_end().strip_suffix(')')?),
            None => (lower.as_str(), ""),
        };
        let name = name.trim();
        let name = name.strip_prefix("sys.").or(name.strip_prefix("dbo.")).unwrap_or(name);
        let numbers: Vec<&str> = parameters.split(',').map(str::trim).filter(|p| !p.is_empty()).collect();
        let number = |at: usize, default: u8| match numbers.get(at) {
            Some(n) => n.parse().ok(),
            None => Some(default),
        };
        let length = || match numbers.first() {
            Some(&"max") => Some(MAX),
            Some(n) => n.parse().ok().filter(|n| (1..=8000).contains(n)),
            None => Some(1),
        };
        Some(match name {
            "bit" => Ty::Bit,
            "tinyint" => Ty::TinyInt,
            "smallint" => Ty::SmallInt,
            "int" | "integer" => Ty::Int,
            "bigint" => Ty::BigInt,
            "decimal" | "dec" => Ty::Decimal(number(0, 18)?, number(1, 0)?),
            "numeric" => Ty::Numeric(number(0, 18)?, number(1, 0)?),
            "money" => Ty::Money,
            "smallmoney" => Ty::SmallMoney,
            "real" => Ty::Real,
            "float" if number(0, 53)? <= 24 => Ty::Real,
            "float" | "double precision" => Ty::Float,
            "char" | "character" => Ty::Char(length()?),
            "varchar" | "char varying" | "character varying" => Ty::VarChar(length()?),
            "nchar" | "national char" | "national character" => Ty::NChar(length()?),
            "nvarchar" | "national char varying" | "national character varying" => Ty::NVarChar(length()?),
            "sysname" => Ty::SysName,
            "text" => Ty::Text,
            "ntext" | "national text" => Ty::NText,
            "binary" => Ty::Binary(length()?),
            "varbinary" | "binary varying" => Ty::VarBinary(length()?),
            "image" => Ty::Image,
            "timestamp" | "rowversion" => Ty::RowVersion,
            "date" => Ty::Date,
            "time" => Ty::Time(number(0, 7)?.min(7)),
            "datetime" => Ty::DateTime,
            "smalldatetime" => Ty::SmallDateTime,
            "datetime2" => Ty::DateTime2(number(0, 7)?.min(7)),
            "datetimeoffset" => Ty::DateTimeOffset(number(0, 7)?.min(7)),
            "uniqueidentifier" => Ty::Guid,
            "xml" => Ty::Xml,
            "sql_variant" => Ty::Variant,
            "hierarchyid" => Ty::Udt("hierarchyid"),
            "geometry" => Ty::Udt("geometry"),
            "geography" => Ty::Udt("geography"),
            _ => return None,
        })
    }

    /// Its name without parameters.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Ty::Bit => "bit",
            Ty::TinyInt => "tinyint",
            Ty::SmallInt => "smallint",
            Ty::Int => "int",
            Ty::BigInt => "bigint",
            Ty::Decimal(..) => "decimal",
            Ty::Numeric(..) => "numeric",
            Ty::Money => "money",
            Ty::SmallMoney => "smallmoney",
            Ty::Real => "real",
            Ty::Float => "float",
            Ty::Char(_) => "char",
            Ty::VarChar(_) => "varchar",
            Ty::NChar(_) => "nchar",
            Ty::NVarChar(_) => "nvarchar",
            Ty::SysName => "sysname",
            Ty::Text => "text",
            Ty::NText => "ntext",
            Ty::Binary(_) => "binary",
            Ty::VarBinary(_) => "varbinary",
            Ty::Image => "image",
            Ty::RowVersion => "timestamp",
            Ty::Date => "date",
            Ty::Time(_) => "time",
            Ty::DateTime => "datetime",
            Ty::SmallDateTime => "smalldatetime",
            Ty::DateTime2(_) => "datetime2",
            Ty::DateTimeOffset(_) => "datetimeoffset",
            Ty::Guid => "uniqueidentifier",
            Ty::Xml => "xml",
            Ty::Variant => "sql_variant",
            Ty::Udt(name) => name,
        }
    }

    /// As it would be written, so that [`Ty::read`] gives it again.
    pub(crate) fn text(&self) -> String {
        let name = self.name();
        match self {
            Ty::Decimal(p, s) | Ty::Numeric(p, s) => format!("{name}({p},{s})"),
            Ty::Time(s) | Ty::DateTime2(s) | Ty::DateTimeOffset(s) => format!("{name}({s})"),
            _ => match self.length() {
                Some(MAX) => format!("{name}(max)"),
                Some(n) => format!("{name}({n})"),
                None => name.to_owned(),
            },
        }
    }

    /// The declared length, of types that have one.
    pub(crate) fn length(&self) -> Option<u16> {
        match self {
            Ty::Char(n) | Ty::VarChar(n) | Ty::NChar(n) | Ty::NVarChar(n) => Some(*n),
            Ty::Binary(n) | Ty::VarBinary(n) => Some(*n),
            _ => None,
        }
    }

    /// Its row of `sys.types`, without the lengths of one column.
    pub(crate) fn system(&self) -> SystemType {
        let found = SYSTEM_TYPES.iter().find(|t| t.0 == self.name());
        found.copied().unwrap_or(("sql_variant", 98, 98, 8016, 0, 0))
    }

    /// `max_length`, `precision` and `scale` of a column of this type.
    pub(crate) fn measures(&self) -> (i16, u8, u8) {
        let (_, _, _, bytes, precision, scale) = self.system();
        match self {
            Ty::Decimal(p, s) | Ty::Numeric(p, s) => (i16::from(self.decimal_bytes()), *p, *s),
            Ty::Time(s) => (i16::from(time_bytes(*s)), 8 + u8::from(*s > 0) + s, *s),
            Ty::DateTime2(s) => (i16::from(time_bytes(*s) + 3), 19 + u8::from(*s > 0) + s, *s),
            Ty::DateTimeOffset(s) => (i16::from(time_bytes(*s) + 5), 26 + u8::from(*s > 0) + s, *s),
            _ => match self.length() {
                Some(MAX) => (-1, 0, 0),
                Some(n) if self.is_unicode() => (2 * n.cast_signed(), 0, 0),
                Some(n) => (n.cast_signed(), 0, 0),
                None => (bytes, precision, scale),
            },
        }
    }

    /// Bytes of an exact number, the sign included.
    pub(crate) fn decimal_bytes(&self) -> u8 {
        match self {
            Ty::Decimal(p, _) | Ty::Numeric(p, _) if *p <= 9 => 5,
            Ty::Decimal(p, _) | Ty::Numeric(p, _) if *p <= 19 => 9,
            Ty::Decimal(p, _) | Ty::Numeric(p, _) if *p <= 28 => 13,
            _ => 17,
        }
    }

    pub(crate) fn is_unicode(&self) -> bool {
        matches!(self, Ty::NChar(_) | Ty::NVarChar(_) | Ty::NText | Ty::SysName)
    }

    /// Character types, which compare without case.
    pub(crate) fn is_text(&self) -> bool {
        self.is_unicode() || matches!(self, Ty::Char(_) | Ty::VarChar(_) | Ty::Text)
    }

    pub(crate) fn is_integer(&self) -> bool {
        matches!(self, Ty::Bit | Ty::TinyInt | Ty::SmallInt | Ty::Int | Ty::BigInt)
    }

    /// Exact numbers with a scale.
    pub(crate) fn scale(&self) -> Option<(u8, u8)> {
        match self {
            Ty::Decimal(p, s) | Ty::Numeric(p, s) => Some((*p, *s)),
            Ty::Money => Some((19, 4)),
            Ty::SmallMoney => Some((10, 4)),
            _ => None,
        }
    }

    pub(crate) fn is_number(&self) -> bool {
        self.is_integer() || self.scale().is_some() || matches!(self, Ty::Real | Ty::Float)
    }

    /// Dates, times and moments.
    pub(crate) fn is_time(&self) -> bool {
        matches!(
            self,
            Ty::Date
                | Ty::Time(_)
                | Ty::DateTime
                | Ty::SmallDateTime
                | Ty::DateTime2(_)
                | Ty::DateTimeOffset(_)
        )
    }

    pub(crate) fn is_binary(&self) -> bool {
        matches!(self, Ty::Binary(_) | Ty::VarBinary(_) | Ty::Image | Ty::RowVersion | Ty::Udt(_))
    }

    /// The types that are sent with the name of their table.
    pub(crate) fn has_table_name(&self) -> bool {
        matches!(self, Ty::Text | Ty::NText | Ty::Image)
    }

    /// How SQLite declares a column of this type.
    pub(crate) fn affinity(&self) -> &'static str {
        match self {
            t if t.is_integer() => "INTEGER",
            // no affinity: NUMERIC would turn digits that a double does not have into one
            t if t.scale().is_some() => "BLOB",
            Ty::Real | Ty::Float => "REAL",
            t if t.is_text() => "TEXT COLLATE NOCASE",
            t if t.is_time() => "TEXT",
            Ty::Guid => "TEXT COLLATE NOCASE",
            Ty::Xml => "TEXT",
            _ => "BLOB",
        }
    }
}

/// Bytes of a time of day with so many digits after the second.
pub(crate) fn time_bytes(scale: u8) -> u8 {
    match scale {
        0..=2 => 3,
        3..=4 => 4,
        _ => 5,
    }
}
