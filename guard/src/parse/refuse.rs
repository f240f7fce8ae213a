//! Words for what is refused: which statement or clause, why, and what to do instead.

use sqlparser::ast::Statement;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::Lines;
use crate::finding::{Code, Finding};

/// Statement words that change data, schema, session or server, or run something.
const WRITES: [&str; 62] = [
    "ALTER",
    "ANALYZE",
    "ATTACH",
    "BACKUP",
    "BEGIN",
    "CALL",
    "CHECKPOINT",
    "CLOSE",
    "CLUSTER",
    "COMMENT",
    "COMMIT",
    "COPY",
    "CREATE",
    "DEALLOCATE",
    "DECLARE",
    "DELETE",
    "DETACH",
    "DISCARD",
    "DO",
    "DROP",
    "END",
    "EXEC",
    "EXECUTE",
    "FETCH",
    "FLUSH",
    "GRANT",
    "HANDLER",
    "IMPORT",
    "INSERT",
    "INSTALL",
    "KILL",
    "LISTEN",
    "LOAD",
    "LOCK",
    "MERGE",
    "MOVE",
    "NOTIFY",
    "OPTIMIZE",
    "PRAGMA",
    "PREPARE",
    "PURGE",
    "REASSIGN",
    "REFRESH",
    "REINDEX",
    "RELEASE",
    "RENAME",
    "REPAIR",
    "REPLACE",
    "RESET",
    "REVOKE",
    "ROLLBACK",
    "SAVEPOINT",
    "SECURITY",
    "SET",
    "SHUTDOWN",
    "START",
    "TRUNCATE",
    "UNLISTEN",
    "UNLOCK",
    "UPDATE",
    "USE",
    "VACUUM",
];

/// Words that look like reads but are not on the list.
const UNPROVEN: [&str; 6] = ["EXPLAIN", "SHOW", "DESCRIBE", "DESC", "HELP", "FROM"];

const ONLY_READS: &str = "Only one SELECT, WITH, VALUES or TABLE is accepted.";

/// Refuses by the first word, before any parsing.
///
/// # Errors
/// G012 for an empty text, G200 or G201 for statements that are no query.
pub(super) fn first_word(tokens: &[TokenWithSpan], sql: &str, lines: &Lines) -> Result<(), Finding> {
    let skipped = |t: &&TokenWithSpan| matches!(t.token, Token::Whitespace(_) | Token::LParen);
    let first = tokens.iter().find(|t| !skipped(t) && t.token != Token::EOF);
    let Some(first) = first else {
        return Err(Finding::new(Code::G012, "There is no statement.").hint(ONLY_READS));
    };
    if let Some(finding) = write_word(first, sql, lines) {
        return Err(finding);
    }
    let Token::Word(word) = &first.token else { return Ok(()) };
    let upper = word.value.to_ascii_uppercase();
    if UNPROVEN.contains(&upper.as_str()) {
        return Err(Finding::new(Code::G201, format!("{upper} is not on the list of proven reads."))
            .at(lines.span(sql.as_bytes(), first.span))
            .subject(upper)
            .hint(ONLY_READS));
    }
    Ok(())
}

/// A finding if the token starts a statement that is not a read.
pub(super) fn write_word(token: &TokenWithSpan, sql: &str, lines: &Lines) -> Option<Finding> {
    let Token::Word(word) = &token.token else { return None };
    let upper = word.value.to_ascii_uppercase();
    if word.quote_style.is_some() || !WRITES.contains(&upper.as_str()) {
        return None;
    }
    Some(
        Finding::new(Code::G200, format!("{upper} is not a read."))
            .at(lines.span(sql.as_bytes(), token.span))
            .subject(upper)
            .hint(ONLY_READS),
    )
}

/// What to say about text after the statement.
pub(super) fn trailing(token: &TokenWithSpan, sql: &str, lines: &Lines) -> Finding {
    Finding::new(Code::G011, "There is text after the statement.")
        .at(lines.span(sql.as_bytes(), token.span))
        .subject(token.token.to_string().replace('\0', ""))
        .hint("Send one statement; put names that are keywords in quotes.")
}

/// A statement inside a query (`WITH x AS (DELETE ...)`).
pub(super) fn statement(statement: &Statement) -> Finding {
    let word = match statement {
        Statement::Insert(_) => "INSERT",
        Statement::Update(_) => "UPDATE",
        Statement::Delete(_) => "DELETE",
        Statement::Merge(_) => "MERGE",
        _ => "A statement inside the query",
    };
    Finding::new(Code::G200, format!("{word} is not a read.")).subject(word).hint(ONLY_READS)
}

/// A clause that writes or locks.
pub(super) fn writes(what: &str) -> Finding {
    Finding::new(Code::G200, format!("{what} is not a read.")).subject(what).hint("Leave it out.")
}

/// A form that is not on the list.
pub(super) fn unproven(what: &str) -> Finding {
    Finding::new(Code::G201, format!("{what} is not on the list of proven forms."))
        .subject(what)
        .hint("Write it in another way.")
}

/// An operator that is not on the list.
pub(super) fn operator(op: &str) -> Finding {
    Finding::new(Code::G202, format!("The operator {op} is not on the list for this database."))
        .subject(op)
        .hint("Use a standard operator or a function.")
}

/// A type that is not on the list.
pub(super) fn data_type(name: &str) -> Finding {
    Finding::new(Code::G203, format!("The type {name} is not on the list for this database."))
        .subject(name)
        .hint("Use a built-in type.")
}
