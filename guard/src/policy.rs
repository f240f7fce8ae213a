//! Policy: what a caller may read, and the caps that hold for every statement.

use std::collections::BTreeMap;

use catalog::Sensitivity;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::grants::Grants;

/// What one caller may do on one connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Globs over `table` or `schema.table` that do not exist for the caller.
    pub hidden_tables: Vec<String>,
    /// Globs over `column`, `table.column` or `schema.table.column` that do not exist for the caller.
    pub hidden_columns: Vec<String>,
    /// Columns of which the caller gets something else than what is stored.
    pub masks: Vec<Mask>,
    /// Conditions that rows must meet to exist for the caller.
    pub row_filters: Vec<RowFilter>,
    /// User-defined functions that may be called, as `name`, `schema.name`, or `schema.name(type, type)` for one
    /// overload with its types as the engine writes them.
    pub allowed_functions: Vec<String>,
    /// Built-in functions that this connection refuses although they are vetted.
    pub forbidden_functions: Vec<String>,
    /// Globs over tables of other servers that may be read (the reading may run a program, so none by default).
    pub allowed_foreign_tables: Vec<String>,
    /// Globs over views (and SQLite's virtual tables) that may be read whatever their text reads; others must read only
    /// what the caller may.
    pub allowed_views: Vec<String>,
    /// Rows a result may have at the most; rendered as LIMIT when the statement has none or a larger one. `None`: no cap.
    pub max_rows: Option<u64>,
    /// Most bytes of a result. It can only lower the daemon's own cap.
    pub max_result_bytes: Option<u64>,
    /// Longest run in seconds. It can only lower the daemon's own time-out.
    pub max_seconds: Option<u64>,
    /// Most that the server may expect a statement to cost (EXPLAIN). It can only lower the daemon's own limit.
    pub max_cost: Option<f64>,
    /// Check syntax alone: names are not resolved (there is no catalog).
    pub syntax_only: bool,
    /// Longest statement, in bytes.
    pub max_bytes: usize,
    /// Most chained operators, set arms, list entries.
    pub max_chain: usize,
    /// Deepest nesting of parentheses and the like.
    pub max_depth: usize,
    /// What was granted to the caller; never part of a stored policy.
    #[serde(skip)]
    pub grants: Grants,
    /// What `:name` in a row filter stands for; `None` is NULL. Never part of a stored policy.
    #[serde(skip)]
    pub caller: BTreeMap<String, Option<String>>,
}

/// Columns whose values are replaced. Where several masks fit a column, the strictest holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mask {
    /// Globs over `column`, `table.column` or `schema.table.column`.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Columns that the catalog tags so.
    #[serde(default)]
    pub sensitivity: Vec<Sensitivity>,
    /// By what they are replaced.
    pub how: How,
}

/// What a masked column gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// NULL.
    Null,
    /// A fixed run of `*` and the last characters; `*` alone when the text has no more characters than that.
    Partial {
        /// How many characters stay.
        keep_last: u8,
    },
    /// The SHA-256 of the value as text: equal values stay equal. Whoever can guess a value can confirm it.
    Hash,
}

/// A condition on the rows of some tables. Where several fit a table, all must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowFilter {
    /// Glob over `table` or `schema.table`.
    pub table: String,
    /// Condition over the table's own columns, hidden and masked ones too, without sub-queries. `:user_id` and the like
    /// stand for what is known of the caller.
    pub predicate: String,
}

impl How {
    /// The stricter of two ways.
    pub fn stricter(self, other: How) -> How {
        if other.rank() > self.rank() { other } else { self }
    }

    fn rank(self) -> u16 {
        match self {
            How::Null => u16::MAX,
            How::Hash => 1_000,
            How::Partial { keep_last } => 256 - u16::from(keep_last),
        }
    }
}

impl Policy {
    /// Reads a stored policy. An unknown key is an error that names the nearest one.
    ///
    /// # Errors
    /// What is wrong, as one sentence.
    pub fn read(value: &Value) -> Result<Policy, String> {
        if value.is_null() {
            return Ok(Policy::default());
        }
        let policy: Policy = Policy::deserialize(value).map_err(|e| explained(&e.to_string()))?;
        match policy.masks.iter().find(|m| m.columns.is_empty() && m.sensitivity.is_empty()) {
            Some(_) => Err("a mask names neither columns nor a sensitivity".to_owned()),
            None => Ok(policy),
        }
    }

    /// Whether any table or column does not exist for the caller.
    pub fn hides_names(&self) -> bool {
        !self.hidden_tables.is_empty() || !self.hidden_columns.is_empty() || !self.grants.open()
    }

    /// Whether some columns do not exist for the caller or are masked.
    pub fn cuts_columns(&self) -> bool {
        !self.hidden_columns.is_empty() || !self.masks.is_empty() || self.grants.cuts_columns()
    }

    /// Whether statements are rewritten so that they see less than the tables hold.
    pub fn rewrites(&self) -> bool {
        self.cuts_columns() || !self.row_filters.is_empty()
    }

    /// Whether the caller sees less than the login does.
    pub fn restricts(&self) -> bool {
        self.hides_names() || self.rewrites()
    }
}

/// serde's message with the nearest of the keys that it lists.
fn explained(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(wrong) = quoted.next().filter(|_| message.starts_with("unknown ")) else {
        return message.to_owned();
    };
    let known: Vec<&str> = quoted.collect();
    let what = if message.starts_with("unknown field") { "key" } else { "word" };
    match crate::resolve::nearest::nearest(wrong, known.iter().copied()).first() {
        Some(near) => format!("there is no {what} {wrong:?}; did you mean {near:?}?"),
        None => format!("there is no {what} {wrong:?}; known: {}", known.join(", ")),
    }
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            hidden_tables: Vec::new(),
            hidden_columns: Vec::new(),
            masks: Vec::new(),
            row_filters: Vec::new(),
            allowed_functions: Vec::new(),
            forbidden_functions: Vec::new(),
            allowed_foreign_tables: Vec::new(),
            allowed_views: Vec::new(),
            max_rows: None,
            max_result_bytes: None,
            max_seconds: None,
            max_cost: None,
            syntax_only: false,
            max_bytes: 32 * 1024,
            max_chain: 500,
            max_depth: 64,
            grants: Grants::default(),
            caller: BTreeMap::new(),
        }
    }
}
