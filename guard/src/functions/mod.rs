//! The vetted functions of each engine: what may be called, with how many arguments, and why the rest may not.
//!
//! The lists are data (one text file per engine, compiled in) and deny by default: a function that is not listed is
//! unknown. Extending a list is a judgement about side effects, not about syntax.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use catalog::{Engine, TypeClass};

/// How a function is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One value from one row.
    Scalar,
    /// One value from many rows.
    Aggregate,
    /// Needs OVER.
    Window,
    /// Gives rows.
    Table,
    /// Has its own grammar (`coalesce`, `current_date`), so it can never be schema-qualified or quoted.
    Word,
    /// Of a well-known extension: allowed where the catalog shows it as a C function, called with its schema.
    Extension,
}

/// Whether a function gives the same for the same arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Volatility {
    Immutable,
    Stable,
    Volatile,
}

/// What class of value comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultClass {
    /// Always this one.
    Is(TypeClass),
    /// As the argument of that index.
    Argument(usize),
    /// An element of the first argument.
    Element,
    /// An array of the first argument.
    ArrayOf,
    /// As `sum` does: integers stay integers.
    Sum,
    /// As `avg` does: floats and intervals stay, the rest becomes decimal.
    Average,
    /// As what WITHIN GROUP sorts by.
    Ordered,
    /// Depends on the values.
    Unknown,
}

/// An allowed function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Name in lower case.
    pub name: &'static str,
    /// How it is used.
    pub kind: Kind,
    /// Fewest arguments.
    pub min_args: usize,
    /// Most arguments, `None` without a bound.
    pub max_args: Option<usize>,
    /// Volatility.
    pub volatility: Volatility,
    /// Class of the result.
    pub result: ResultClass,
    /// Columns of its rows; empty: one column named after the function or its alias.
    pub columns: Vec<(&'static str, Option<TypeClass>)>,
    /// Whether its columns are declared by the caller (`AS x(a int)`).
    pub caller_columns: bool,
}

/// What is known about a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Judgement<'a> {
    /// May be called.
    Allowed(&'a Function),
    /// Known and refused, with the reason ("sleeps", "takes locks").
    Refused(&'a str),
    /// Not known.
    Unknown,
}

/// The functions of one engine.
#[derive(Debug, Default)]
pub struct Functions {
    allowed: BTreeMap<&'static str, Function>,
    refused: HashMap<&'static str, &'static str>,
    prefixes: Vec<(&'static str, &'static str)>,
    suffixes: Vec<(&'static str, &'static str)>,
}

static POSTGRES: LazyLock<Functions> = LazyLock::new(|| Functions::read(include_str!("postgres.txt")));
static SQLITE: LazyLock<Functions> = LazyLock::new(|| Functions::read(include_str!("sqlite.txt")));
static MYSQL: LazyLock<Functions> = LazyLock::new(|| Functions::read_for(include_str!("mysql.txt"), "mysql"));
static MARIADB: LazyLock<Functions> =
    LazyLock::new(|| Functions::read_for(include_str!("mysql.txt"), "mariadb"));
static MSSQL: LazyLock<Functions> = LazyLock::new(|| Functions::read(include_str!("mssql.txt")));
static MONGODB: LazyLock<Functions> = LazyLock::new(|| Functions::read(include_str!("mongodb.txt")));

/// The list of an engine.
pub fn of(engine: Engine) -> &'static Functions {
    match engine {
        Engine::Postgres => &POSTGRES,
        Engine::Sqlite => &SQLITE,
        Engine::Mysql => &MYSQL,
        Engine::Mariadb => &MARIADB,
        Engine::Mssql => &MSSQL,
        Engine::Mongodb => &MONGODB,
    }
}

/// Every allowed function of an engine with its judgement, for a check against a real server.
pub fn judged(engine: Engine) -> impl Iterator<Item = &'static Function> {
    of(engine).allowed.values()
}

impl Functions {
    /// Judges a name in lower case.
    pub fn judge(&self, name: &str) -> Judgement<'_> {
        if let Some(function) = self.allowed.get(name) {
            return Judgement::Allowed(function);
        }
        if let Some(reason) = self.refused.get(name) {
            return Judgement::Refused(reason);
        }
        let prefix = self.prefixes.iter().find(|(p, _)| name.starts_with(p));
        let found = prefix.or_else(|| self.suffixes.iter().find(|(s, _)| name.ends_with(s)));
        match found {
            Some((_, reason)) => Judgement::Refused(reason),
            None => Judgement::Unknown,
        }
    }

    /// The allowed names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.allowed.keys().copied()
    }

    fn read(text: &'static str) -> Functions {
        Functions::read_for(text, "")
    }

    /// The lines for all servers of a list, and those behind the server's own `@mark`.
    fn read_for(text: &'static str, server: &str) -> Functions {
        let mut functions = Functions::default();
        let mut ours = true;
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            if let Some(mark) = line.strip_prefix('@') {
                ours = mark == "both" || mark == server;
                continue;
            }
            match line.strip_prefix('!') {
                _ if !ours => {}
                Some(rest) => functions.read_refused(rest),
                None => functions.read_allowed(line),
            }
        }
        functions
    }

    fn read_refused(&mut self, rest: &'static str) {
        let Some((reason, names)) = rest.split_once(':') else { return };
        for name in names.split_whitespace() {
            if let Some(prefix) = name.strip_suffix('*') {
                self.prefixes.push((prefix, reason.trim()));
            } else if let Some(suffix) = name.strip_prefix('*') {
                self.suffixes.push((suffix, reason.trim()));
            } else {
                self.refused.insert(name, reason.trim());
            }
        }
    }

    // a line that does not read is left out, and so refuses the function; a test holds that all lines read
    fn read_allowed(&mut self, line: &'static str) {
        let mut words = line.split_whitespace();
        let (Some(name), Some(kind), Some(args), Some(volatility), Some(class)) =
            (words.next(), words.next(), words.next(), words.next(), words.next())
        else {
            return;
        };
        let (Some(kind), Some((min_args, max_args)), Some(volatility), Some(result)) =
            (read_kind(kind), read_args(args), read_volatility(volatility), read_result(class))
        else {
            return;
        };
        let columns = words.next().unwrap_or_default();
        let caller_columns = columns == "*";
        let columns = match columns {
            "" | "*" => Vec::new(),
            listed => listed.split(',').filter_map(read_column).collect(),
        };
        let function =
            Function { name, kind, min_args, max_args, volatility, result, columns, caller_columns };
        self.allowed.insert(name, function);
    }
}

fn read_kind(word: &str) -> Option<Kind> {
    match word {
        "s" => Some(Kind::Scalar),
        "a" => Some(Kind::Aggregate),
        "w" => Some(Kind::Window),
        "t" => Some(Kind::Table),
        "k" => Some(Kind::Word),
        "x" => Some(Kind::Extension),
        _ => None,
    }
}

fn read_args(word: &str) -> Option<(usize, Option<usize>)> {
    if let Some(min) = word.strip_suffix('+') {
        return Some((min.parse().ok()?, None));
    }
    match word.split_once('-') {
        Some((min, max)) => Some((min.parse().ok()?, Some(max.parse().ok()?))),
        None => {
            let exact = word.parse().ok()?;
            Some((exact, Some(exact)))
        }
    }
}

fn read_volatility(word: &str) -> Option<Volatility> {
    match word {
        "i" => Some(Volatility::Immutable),
        "s" => Some(Volatility::Stable),
        "v" => Some(Volatility::Volatile),
        _ => None,
    }
}

fn read_column(text: &'static str) -> Option<(&'static str, Option<TypeClass>)> {
    let (name, class) = text.split_once(':')?;
    Some((name, read_class(class)))
}

fn read_result(word: &str) -> Option<ResultClass> {
    match word {
        "arg1" => Some(ResultClass::Argument(0)),
        "arg2" => Some(ResultClass::Argument(1)),
        "elem" => Some(ResultClass::Element),
        "array1" => Some(ResultClass::ArrayOf),
        "sum" => Some(ResultClass::Sum),
        "avg" => Some(ResultClass::Average),
        "order" => Some(ResultClass::Ordered),
        "other" => Some(ResultClass::Unknown),
        _ => read_class(word).map(ResultClass::Is),
    }
}

fn read_class(word: &str) -> Option<TypeClass> {
    let class = match word {
        "int" => TypeClass::Integer,
        "dec" => TypeClass::Decimal,
        "float" => TypeClass::Float,
        "text" => TypeClass::Text,
        "bool" => TypeClass::Boolean,
        "bytes" => TypeClass::Bytes,
        "date" => TypeClass::Date,
        "time" => TypeClass::Time,
        "ts" => TypeClass::Timestamp,
        "tstz" => TypeClass::TimestampTz,
        "interval" => TypeClass::Interval,
        "uuid" => TypeClass::Uuid,
        "json" => TypeClass::Json,
        "array" => TypeClass::Array,
        "range" => TypeClass::Range,
        "net" => TypeClass::Network,
        "geo" => TypeClass::Geometry,
        "xml" => TypeClass::Xml,
        "bit" => TypeClass::Bit,
        _ => return None,
    };
    Some(class)
}
