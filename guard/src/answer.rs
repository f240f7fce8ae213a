//! The verdict on one statement in the form that machines read: what `querent check --json` prints a statement.

use serde::{Deserialize, Serialize};

use crate::compile::Compiled;
use crate::finding::Finding;
use crate::proof::ReadOnly;
use crate::report::{ColumnRead, JoinRead, OutputColumn, TableRead};

/// The verdict on one statement. All but the first two fields are there when it is allowed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answer {
    /// Whether it may run.
    pub verdict: Word,
    /// Errors that refuse it, or warnings.
    pub findings: Vec<Finding>,
    /// What the statement reads and gives.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub read: Option<Read>,
}

/// The two verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// One read.
    Allow,
    /// Refused by its findings.
    Reject,
}

/// What an allowed statement reads and gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Read {
    /// The text that runs.
    pub canonical: String,
    /// The pipeline that runs, where the database has no SQL of its own (MongoDB).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<Compiled>,
    /// The statement in plain sentences.
    pub reading: String,
    /// Tables that it reads, `schema.table`.
    pub tables: Vec<String>,
    /// Columns that it reads, `schema.table.column`.
    pub columns: Vec<String>,
    /// Columns of the result in order.
    pub output: Vec<OutputColumn>,
    /// Joins with their condition.
    pub joins: Vec<JoinRead>,
    /// Functions called.
    pub functions: Vec<String>,
    /// Whether the outermost query fixes an order.
    pub ordered: bool,
    /// The row cap, where it set or lowered the limit.
    pub capped_rows: Option<u64>,
    /// Tables of which the policy filters the rows.
    pub filtered: Vec<TableRead>,
    /// Columns that the policy masks.
    pub masked: Vec<ColumnRead>,
}

impl Answer {
    /// The machine form of a verdict.
    pub fn of(verdict: &Result<ReadOnly, Vec<Finding>>) -> Answer {
        match verdict {
            Err(findings) => Answer { verdict: Word::Reject, findings: findings.clone(), read: None },
            Ok(statement) => Answer {
                verdict: Word::Allow,
                findings: statement.report().warnings.clone(),
                read: Some(Read::of(statement)),
            },
        }
    }

    /// The JSON Schema (2020-12) of this form.
    #[cfg(feature = "schema")]
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Answer).to_value()
    }
}

impl Read {
    fn of(statement: &ReadOnly) -> Read {
        let report = statement.report().clone();
        Read {
            canonical: statement.sql().to_owned(),
            pipeline: statement.pipeline().cloned(),
            reading: report.reading,
            tables: report.tables.iter().map(|t| dotted(&[&t.schema, &t.table])).collect(),
            columns: report.columns.iter().map(|c| dotted(&[&c.schema, &c.table, &c.column])).collect(),
            output: report.output,
            joins: report.joins,
            functions: report.functions,
            ordered: report.ordered,
            capped_rows: report.capped_rows,
            filtered: report.filtered,
            masked: report.masked,
        }
    }
}

fn dotted(parts: &[&str]) -> String {
    parts.iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join(".")
}
