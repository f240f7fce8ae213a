//! Batches cut into statements. T-SQL needs no separators, so a statement also ends where the next one begins.

use super::lex::{Kind, Token, tokens};

/// A statement of a batch: its text, its tokens and the line that it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
    pub(crate) line: u32,
}

/// Words that begin a statement wherever they stand at the top level.
const STARTS: &[&str] = &[
    "ALTER",
    "BEGIN",
    "COMMIT",
    "CREATE",
    "DECLARE",
    "DENY",
    "DROP",
    "EXEC",
    "EXECUTE",
    "GRANT",
    "IF",
    "KILL",
    "PRINT",
    "RAISERROR",
    "REVERT",
    "REVOKE",
    "ROLLBACK",
    "SAVE",
    "THROW",
    "TRUNCATE",
    "USE",
    "WAITFOR",
];
/// Statements that take in everything up to the end of their batch.
const WHOLE: &[&str] = &["VIEW", "PROCEDURE", "PROC", "FUNCTION", "TRIGGER"];

/// Cuts a script at its `GO` lines.
pub(crate) fn batches(script: &str) -> Vec<String> {
    let mut batches = vec![String::new()];
    for line in script.lines() {
        if line.trim().eq_ignore_ascii_case("go") {
            batches.push(String::new());
        } else if let Some(last) = batches.last_mut() {
            last.push_str(line);
            last.push('\n');
        }
    }
    batches.retain(|b| !b.trim().is_empty());
    batches
}

/// Cuts a batch into statements.
pub(crate) fn statements(batch: &str) -> Vec<Piece> {
    let all = tokens(batch);
    let mut pieces: Vec<Vec<Token>> = vec![Vec::new()];
    let mut depth = 0_i32;
    for token in all {
        depth += i32::from(token.is("(")) - i32::from(token.is(")"));
        let Some(current) = pieces.last_mut() else { break };
        if is_whole(current) {
            current.push(token);
        } else if depth == 0 && token.is(";") {
            pieces.push(Vec::new());
        } else if depth == 0 && begins(current, &token) {
            pieces.push(vec![token]);
        } else {
            current.push(token);
        }
    }
    pieces.retain(|p| !p.is_empty());
    pieces.into_iter().filter_map(|tokens| piece(batch, tokens)).collect()
}

fn piece(batch: &str, mut tokens: Vec<Token>) -> Option<Piece> {
    let (start, end) = (tokens.first()?.start, tokens.last()?.end);
    let line = batch.get(..start)?.matches('\n').count() + 1;
    let text = batch.get(start..end)?.to_owned();
    for token in &mut tokens {
        token.start -= start;
        token.end -= start;
    }
    Some(Piece { text, tokens, line: u32::try_from(line).unwrap_or(u32::MAX) })
}

/// `CREATE [OR ALTER] VIEW ...` and its like.
fn is_whole(tokens: &[Token]) -> bool {
    let mut words = tokens.iter().skip_while(|t| ["OR", "ALTER", "CREATE"].iter().any(|w| t.is(w)));
    let made = tokens.first().is_some_and(|t| t.is("CREATE") || t.is("ALTER"));
    made && words.next().is_some_and(|t| WHOLE.iter().any(|w| t.is(w)))
}

/// Whether a token begins the next statement.
fn begins(current: &[Token], token: &Token) -> bool {
    let Some(first) = current.first() else { return false };
    let Some(last) = current.last() else { return false };
    if token.kind != Kind::Word || last.is("AS") || last.is(".") {
        return false;
    }
    // IF and WHILE hold a statement of their own, and GRANT and ALTER words that begin others
    if ["IF", "WHILE", "GRANT", "DENY", "REVOKE"].iter().any(|w| first.is(w)) {
        return false;
    }
    let ddl = ["CREATE", "ALTER", "DROP"].iter().any(|w| first.is(w));
    if ddl
        && !["CREATE", "SET", "SELECT", "INSERT", "GO", "EXEC", "GRANT", "USE", "PRINT"]
            .iter()
            .any(|w| token.is(w))
    {
        return false;
    }
    if ddl && (token.is("SET") || last.is("OR")) {
        // ON DELETE SET NULL, ALTER DATABASE ... SET
        return !last.is("DELETE") && !last.is("UPDATE") && !last.is("OR") && !first.is("ALTER");
    }
    if token.is("SELECT")
        || token.is("INSERT")
        || token.is("UPDATE")
        || token.is("DELETE")
        || token.is("WITH")
    {
        return starts_after(first, last, token);
    }
    if token.is("SET") {
        return !first.is("UPDATE");
    }
    STARTS.iter().any(|w| token.is(w))
}

/// Queries and changes begin after what cannot hold them.
fn starts_after(first: &Token, last: &Token, token: &Token) -> bool {
    if ["UNION", "ALL", "EXCEPT", "INTERSECT", "ON", "FOR"].iter().any(|w| last.is(w)) {
        return false;
    }
    match token.text.to_ascii_uppercase().as_str() {
        "WITH" => ["SET", "DECLARE"].iter().any(|w| first.is(w)),
        "SELECT" => !["INSERT", "WITH"].iter().any(|w| first.is(w)),
        "INSERT" | "UPDATE" | "DELETE" => !first.is("WITH") && !last.is("TOP"),
        _ => false,
    }
}
