//! Evaluation: the pure parts. Reading questions, comparing results, counting, writing reports and predictions.
//! Running statements and reading files is the caller's work.

mod compare;
mod questions;
mod report;

pub use compare::{Cell, NUMBER_TOLERANCE, is_ordered, same_result};
pub use questions::{EvalError, Question, prediction_line, read_questions};
pub use report::{Case, Group, Outcome, Report};
