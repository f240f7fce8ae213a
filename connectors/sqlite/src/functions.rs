//! Functions that a session lets statements call: the guard's vetted list, held again where SQLite compiles the text.

use catalog::Engine;
use guard::functions::{Judgement, of};

/// Operators that SQLite runs as functions under these names.
const OPERATORS: [&str; 2] = ["->", "->>"];

/// Whether a session may call it. The name is in lower case.
pub(crate) fn allowed(name: &str) -> bool {
    OPERATORS.contains(&name) || matches!(of(Engine::Sqlite).judge(name), Judgement::Allowed(_))
}
