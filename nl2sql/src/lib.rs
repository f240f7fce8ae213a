//! From a question to candidate SQL: linking, prompts, model clients, the built-in translator, repair, evaluation.

mod types;

pub use types::*;
