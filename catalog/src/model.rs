//! What a database looks like: the neutral model that every connector fills and everything else reads.

use serde::{Deserialize, Serialize};

use crate::engine::Engine;

/// Everything that one crawl found in one database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// Which engine answered.
    pub engine: Engine,
    /// Version as the server states it, for example `15.18`.
    pub server_version: String,
    /// Name of the database (for SQLite the file's stem).
    pub database: String,
    /// Schemas that unqualified names are looked up in, in order (`public` on PostgreSQL, `main` on SQLite).
    pub search_path: Vec<String>,
    /// All schemas that were looked at, sorted by name.
    pub schemas: Vec<Schema>,
    /// All relations, sorted by schema and name; partitions are folded into their parent.
    pub tables: Vec<Table>,
    /// User-defined functions and procedures, sorted by schema, name and signature.
    pub routines: Vec<Routine>,
}

/// A namespace inside the database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Schema {
    /// Name in the engine's own case.
    pub name: String,
    /// Comment stored in the database.
    pub comment: Option<String>,
}

/// What kind of relation a table is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    /// An ordinary table.
    #[default]
    Table,
    /// A view.
    View,
    /// A view whose rows are stored.
    MaterializedView,
    /// A table split into partitions.
    Partitioned,
    /// A table of another server.
    Foreign,
    /// A virtual table (SQLite).
    Virtual,
    /// A MongoDB collection.
    Collection,
}

/// One relation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Table {
    /// Schema name.
    pub schema: String,
    /// Table name.
    pub name: String,
    /// What kind of relation it is.
    pub kind: TableKind,
    /// Comment stored in the database.
    pub comment: Option<String>,
    /// Rows by the engine's own estimate. Volatile: not part of the fingerprint.
    pub row_estimate: Option<u64>,
    /// Bytes on disk, indexes included. Volatile.
    pub size_bytes: Option<u64>,
    /// Columns by position.
    pub columns: Vec<Column>,
    /// Primary key.
    pub primary_key: Option<Key>,
    /// Foreign keys, declared and inferred.
    pub foreign_keys: Vec<ForeignKey>,
    /// References that names suggest and a person ruled out. Volatile: not part of the fingerprint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejected_keys: Vec<ForeignKey>,
    /// Unique constraints (and unique indexes over plain columns).
    pub unique_keys: Vec<Key>,
    /// Indexes other than those behind keys.
    pub indexes: Vec<Index>,
    /// Check constraints.
    pub checks: Vec<Check>,
    /// Text of a view.
    pub view_text: Option<String>,
    /// How a partitioned table is split (`RANGE (day)`), and how many partitions are folded into it.
    pub partitioning: Option<Partitioning>,
    /// Set where the rows are the elements of an array in a collection's documents.
    pub nested: Option<Nested>,
}

/// Where the rows of a child table stand: an array inside the documents of a collection (MongoDB).
///
/// Its columns are `_parent_id` (the document's `_id`), `_position` (counted from 0), then the fields of the elements, or
/// `value` where they are no documents. The elements of an array inside such an element are a child table again, with
/// the positions from the outside to the inside: `_position`, `_position2`, `_position3` ... See [`crate::nested`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Nested {
    /// The collection that holds the documents.
    pub collection: String,
    /// Path of the array from the document's root (`items`, `address.phones`, `items.discounts`).
    pub path: String,
    /// The table whose rows hold the array: the collection, or the child table of the array around it.
    pub parent: String,
    /// Whether the elements are no documents: `value` is the element itself then.
    pub scalar: bool,
    /// How many arrays the rows stand in, from 1; as many position columns there are.
    pub level: u32,
}

/// How a table is split.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Partitioning {
    /// The engine's own text, for example `RANGE (placed_at)`.
    pub strategy: String,
    /// How many leaf partitions there are. Volatile: not part of the fingerprint.
    pub partitions: u32,
}

/// Engine-independent class of a type: what can be done with its values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum TypeClass {
    Boolean,
    Integer,
    /// Exact numbers with a scale, money included.
    Decimal,
    Float,
    Text,
    Bytes,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Uuid,
    Json,
    Enum,
    Array,
    Range,
    Network,
    Geometry,
    Vector,
    Xml,
    Bit,
    /// SQLite columns without a declared type, and anything unknown.
    #[default]
    Other,
}

/// One column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Column {
    /// 1-based position.
    pub position: u32,
    /// Name in the engine's own case.
    pub name: String,
    /// The engine's own type text, for example `numeric(12,2)`.
    pub native_type: String,
    /// Neutral class.
    pub class: TypeClass,
    /// Class of an array's elements.
    pub element: Option<TypeClass>,
    /// Whether NULL may be stored.
    pub nullable: bool,
    /// Default expression, as text.
    pub default: Option<String>,
    /// Expression of a generated column, or `identity`.
    pub generated: Option<String>,
    /// Labels of an enum type, in order.
    pub enum_labels: Vec<String>,
    /// Comment stored in the database.
    pub comment: Option<String>,
    /// The engine's own statistics. Volatile.
    pub statistics: Option<Statistics>,
    /// What makes the column's values sensitive, if anything. Volatile (derived).
    pub sensitivity: Option<Sensitivity>,
}

/// Figures about a column's values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Statistics {
    /// Share of NULLs, 0 to 1.
    pub null_share: Option<f64>,
    /// Number of distinct values (estimate).
    pub distinct: Option<f64>,
    /// Most common values with their share of rows (0 to 1), most common first.
    pub common: Vec<CommonValue>,
    /// Smallest value, as text.
    pub min: Option<String>,
    /// Largest value, as text.
    pub max: Option<String>,
}

/// One of the most common values of a column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CommonValue {
    /// The value, as text.
    pub value: String,
    /// Share of rows, 0 to 1; `None` where only the value is known.
    pub share: Option<f64>,
}

/// Why values are sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Sensitivity {
    Email,
    Phone,
    PersonName,
    Address,
    BirthDate,
    NationalId,
    Card,
    BankAccount,
    IpAddress,
    Secret,
    Health,
}

/// A primary or unique key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Key {
    /// Constraint name, when there is one.
    pub name: Option<String>,
    /// Column names in key order.
    pub columns: Vec<String>,
}

/// A reference from one table to another.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ForeignKey {
    /// Constraint name, when there is one.
    pub name: Option<String>,
    /// Referring columns.
    pub columns: Vec<String>,
    /// Schema of the table referred to.
    pub to_schema: String,
    /// Table referred to.
    pub to_table: String,
    /// Columns referred to, paired with `columns`.
    pub to_columns: Vec<String>,
    /// `CASCADE`, `SET NULL` ... where it is not the default.
    pub on_delete: Option<String>,
    /// As `on_delete`, for updates.
    pub on_update: Option<String>,
    /// Set when the key is not declared but concluded from evidence.
    pub inferred: Option<Inference>,
}

/// Why a reference was concluded.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inference {
    /// 0 to 1; 1 when a person said so.
    pub score: f64,
    /// Readable reasons.
    pub evidence: Vec<String>,
}

impl Inference {
    /// Whether a person said that it is so: no conclusion reaches that score.
    pub fn is_certain(&self) -> bool {
        self.score >= 1.0
    }
}

/// An index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Index {
    /// Name.
    pub name: String,
    /// Access method (`btree`, `gin`, `hnsw` ...).
    pub method: String,
    /// Columns or expressions, in order.
    pub columns: Vec<String>,
    /// Whether it is unique.
    pub unique: bool,
    /// Condition of a partial index.
    pub predicate: Option<String>,
}

/// A check constraint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Check {
    /// Name, when there is one.
    pub name: Option<String>,
    /// The condition's text.
    pub expression: String,
}

/// A user-defined function or procedure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Routine {
    /// Schema name.
    pub schema: String,
    /// Name.
    pub name: String,
    /// `function`, `procedure`, `aggregate`, `window`.
    pub kind: String,
    /// Argument list as the engine writes it.
    pub arguments: String,
    /// Result type as the engine writes it.
    pub returns: Option<String>,
    /// `immutable`, `stable`, `volatile` where the engine says.
    pub volatility: Option<String>,
    /// Language of the body.
    pub language: Option<String>,
    /// Extension that brought it, where a superuser owns it; only functions that the guard knows are kept of those.
    pub extension: Option<String>,
    /// Comment stored in the database.
    pub comment: Option<String>,
}

impl Snapshot {
    /// The table of that exact schema and name.
    pub fn table(&self, schema: &str, name: &str) -> Option<&Table> {
        self.tables.iter().find(|t| t.schema == schema && t.name == name)
    }
}

impl Column {
    /// Takes the stored values out of the statistics; figures stay.
    pub fn forget_values(&mut self) {
        if let Some(statistics) = &mut self.statistics {
            statistics.common.clear();
            statistics.min = None;
            statistics.max = None;
        }
    }
}

impl Table {
    /// The column of that exact name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// `schema.name`, for messages.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}
