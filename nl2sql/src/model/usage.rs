//! What a call takes: bytes by class, tokens, money and time, recorded with every call.

use serde::{Deserialize, Serialize};

/// What a prompt is made of. Shows afterwards what left the house.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PromptBytes {
    /// Our own rules, labels and glossary.
    pub instructions: u64,
    /// Names and types of tables and columns, keys included.
    pub schema_names: u64,
    /// Comments stored in the database.
    pub comments: u64,
    /// Counts, ranges and shares.
    pub statistics: u64,
    /// Values stored in the database.
    pub sample_values: u64,
    /// The user's question.
    pub question: u64,
    /// Earlier turns.
    pub history: u64,
}

impl PromptBytes {
    /// All bytes.
    pub fn total(&self) -> u64 {
        self.instructions
            + self.schema_names
            + self.comments
            + self.statistics
            + self.sample_values
            + self.question
            + self.history
    }
}

/// Prices in US dollars for a million tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Prices {
    /// Tokens sent.
    pub input: f64,
    /// Tokens received.
    pub output: f64,
}

/// Tokens of a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens sent.
    pub input: u64,
    /// Tokens received, thinking included.
    pub output: u64,
    /// True when the server did not say and the figures are estimates.
    pub estimated: bool,
}

impl Usage {
    /// The cost in US dollars.
    pub fn cost(&self, prices: Prices) -> f64 {
        (self.input as f64 * prices.input + self.output as f64 * prices.output) / 1_000_000.0
    }
}

/// One call, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// The model as the server names it, else as configured.
    pub model: String,
    /// What the prompt was made of.
    pub prompt: PromptBytes,
    /// Tokens.
    pub usage: Usage,
    /// US dollars; `None` without a price.
    pub cost: Option<f64>,
    /// From the first try to the end.
    pub latency_ms: u64,
    /// Tries made.
    pub tries: u32,
    /// `ok`, `length` (stopped at the token limit) or the code of the error.
    pub outcome: String,
}

/// A rough count of tokens: a quarter of the ASCII bytes, one for every other character.
///
/// Good to about a fifth for English and SQL; used for budgets and where a server does not count.
pub fn estimate_tokens(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
    let other = text.chars().filter(|c| !c.is_ascii()).count() as u64;
    ascii.div_ceil(4) + other
}
