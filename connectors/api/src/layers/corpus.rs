//! Reads attacks: one JSON object a line with `id`, `class` and `sql`.

use serde::Deserialize;

/// One attack.
#[derive(Debug, Clone, Deserialize)]
pub struct Attack {
    /// Its name.
    pub id: String,
    /// Its family.
    #[serde(default)]
    pub class: String,
    /// Its text.
    pub sql: String,
}

/// Reads the lines of a corpus; empty ones are passed over.
///
/// # Errors
/// The number of the first line that is no attack, and why.
pub fn read(text: &str) -> Result<Vec<Attack>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| serde_json::from_str(line).map_err(|e| format!("line {}: {e}", index + 1)))
        .collect()
}
