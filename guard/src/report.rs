//! The report that a checked statement carries: what it reads, what comes out, what to beware of.

use catalog::{Sensitivity, TypeClass};
use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::policy::How;
use crate::tree::Span;

/// What is known about a checked statement.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// Tables and views read, each once, sorted.
    pub tables: Vec<TableRead>,
    /// Columns read, each once, sorted.
    pub columns: Vec<ColumnRead>,
    /// The result's columns in order.
    pub output: Vec<OutputColumn>,
    /// Joins with their condition.
    pub joins: Vec<JoinRead>,
    /// Functions called, sorted.
    pub functions: Vec<String>,
    /// Warnings.
    pub warnings: Vec<Finding>,
    /// The statement in plain sentences, made from the tree.
    pub reading: String,
    /// Whether the outermost query fixes an order.
    pub ordered: bool,
    /// Tables of which the policy filters the rows.
    pub filtered: Vec<TableRead>,
    /// Columns read that the policy masks.
    pub masked: Vec<ColumnRead>,
    /// The checked statement without what the policy put in, where it may put something in: to show to people and to
    /// check again. It never runs.
    pub asked: Option<String>,
    /// Whether LIMIT was set or lowered by the row cap.
    pub capped_rows: Option<u64>,
}

/// A table that is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TableRead {
    /// Schema.
    pub schema: String,
    /// Table.
    pub table: String,
    /// First mention.
    pub span: Option<SpanRange>,
}

/// A column that is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ColumnRead {
    /// Schema.
    pub schema: String,
    /// Table.
    pub table: String,
    /// Column.
    pub column: String,
    /// Class of its values.
    #[serde(default)]
    pub class: TypeClass,
    /// The engine's own type text.
    #[serde(default)]
    pub native_type: String,
    /// First mention.
    pub span: Option<SpanRange>,
}

/// A span that takes part in comparisons (unlike [`Span`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SpanRange {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl From<Span> for SpanRange {
    fn from(span: Span) -> SpanRange {
        SpanRange { start: span.start, end: span.end }
    }
}

/// A column of the result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OutputColumn {
    /// Its name as the engine will give it.
    pub name: String,
    /// Class of its values, where it can be told.
    pub class: Option<TypeClass>,
    /// Columns that its value is made from.
    pub lineage: Vec<ColumnRead>,
    /// Strongest sensitivity among its lineage, unless only counted.
    pub sensitivity: Option<Sensitivity>,
    /// How the policy masks what it is made from, the strictest way.
    pub masked: Option<How>,
    /// Whether it is an aggregate.
    pub aggregate: bool,
    /// Whether it can be NULL, as far as the catalog tells.
    #[serde(default)]
    pub nullable: bool,
}

/// A join.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JoinRead {
    /// Left and right relation as named in the statement.
    pub left: String,
    /// Right.
    pub right: String,
    /// The condition as text, empty for a cross join.
    pub condition: String,
    /// Whether a declared or inferred key supports the condition.
    pub keyed: bool,
    /// How many rows meet, by the unique keys that the condition covers; nothing where keys are not known.
    #[serde(default)]
    pub cardinality: Option<Cardinality>,
}

/// How many rows of the left relation a row of the right one meets at the most, and the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cardinality {
    /// Both sides are matched by a unique key.
    OneToOne,
    /// A left row can meet several right ones.
    OneToMany,
    /// A right row can meet several left ones.
    ManyToOne,
    /// Neither side is matched by a unique key.
    ManyToMany,
}
