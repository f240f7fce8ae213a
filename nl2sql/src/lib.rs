//! From a question to candidate SQL: linking, prompts, model clients, the built-in translator, repair, evaluation.

pub mod eval;
pub mod extract;
mod lexer;
pub mod model;
mod types;

pub use types::*;
