//! From a question to candidate SQL: linking, prompts, model clients, the built-in translator, repair, evaluation.

pub mod builtin;
pub mod eval;
pub mod extract;
mod lexer;
pub mod model;
pub mod prompt;
pub mod propose;
pub mod repair;
mod types;

pub use types::*;
