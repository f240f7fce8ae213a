//! What a session's statements may do, judged while they are compiled; everything that is not named here is refused.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use crate::functions;
use crate::session::Known;

/// Table functions that read nothing but their arguments.
const OVER_ARGUMENTS: [&str; 2] = ["json_each", "json_tree"];

/// Installs the judge.
pub(crate) fn authorize(connection: &mut Connection, known: Arc<Known>) -> rusqlite::Result<()> {
    connection.authorizer(Some(move |context: AuthContext<'_>| {
        if known.own.load(Ordering::SeqCst) || allowed(&context, &known) {
            Authorization::Allow
        } else {
            tracing::debug!(action = ?context.action, "refused by the session");
            Authorization::Deny
        }
    }))
}

fn allowed(context: &AuthContext<'_>, known: &Known) -> bool {
    match context.action {
        AuthAction::Select | AuthAction::Recursive => true,
        AuthAction::Function { function_name } => functions::allowed(&function_name.to_ascii_lowercase()),
        AuthAction::Read { table_name, .. } => readable(table_name, known),
        // the full-text module asks this to see whether its cache is stale
        AuthAction::Pragma { pragma_name: "data_version", pragma_value: None } => true,
        _ => false,
    }
}

fn readable(table: &str, known: &Known) -> bool {
    let table = table.to_lowercase();
    OVER_ARGUMENTS.contains(&table.as_str())
        || known.relations.read().unwrap_or_else(PoisonError::into_inner).contains(&table)
}
