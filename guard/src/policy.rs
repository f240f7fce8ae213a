//! Policy: what a caller may read, and the caps that hold for every statement.

use serde::{Deserialize, Serialize};

/// What one caller may do on one connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Globs over `table` or `schema.table` that do not exist for the caller.
    pub hidden_tables: Vec<String>,
    /// Globs over `table.column` or `schema.table.column` that do not exist for the caller.
    pub hidden_columns: Vec<String>,
    /// User-defined functions that may be called, as `name` or `schema.name`.
    pub allowed_functions: Vec<String>,
    /// Built-in functions that this connection refuses although they are vetted.
    pub forbidden_functions: Vec<String>,
    /// Globs over tables of other servers that may be read (the reading may run a program, so none by default).
    pub allowed_foreign_tables: Vec<String>,
    /// Globs over views that may be read whatever their text reads; others must read only what the caller may.
    pub allowed_views: Vec<String>,
    /// Rows a result may have at the most; rendered as LIMIT when the statement has none or a larger one. `None`: no cap.
    pub max_rows: Option<u64>,
    /// Check syntax alone: names are not resolved (there is no catalog).
    pub syntax_only: bool,
    /// Longest statement, in bytes.
    pub max_bytes: usize,
    /// Most chained operators, set arms, list entries.
    pub max_chain: usize,
    /// Deepest nesting of parentheses and the like.
    pub max_depth: usize,
}

impl Policy {
    /// Whether any table or column does not exist for the caller.
    pub fn hides_names(&self) -> bool {
        !self.hidden_tables.is_empty() || !self.hidden_columns.is_empty()
    }
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            hidden_tables: Vec::new(),
            hidden_columns: Vec::new(),
            allowed_functions: Vec::new(),
            forbidden_functions: Vec::new(),
            allowed_foreign_tables: Vec::new(),
            allowed_views: Vec::new(),
            max_rows: None,
            syntax_only: false,
            max_bytes: 32 * 1024,
            max_chain: 500,
            max_depth: 64,
        }
    }
}
