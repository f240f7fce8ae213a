//! Where a statement begins in text: `SELECT` and `WITH` are words of plain English too.

use catalog::Engine;

use crate::lexer::{Kind, Token, tokens};

const VERBS: [&str; 19] = [
    "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "TRUNCATE", "MERGE", "EXPLAIN", "PRAGMA",
    "SHOW", "CALL", "EXEC", "GRANT", "REVOKE", "ATTACH", "COPY", "SET", "DO",
];

/// Where a statement begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    pub at: usize,
    /// The text goes on after a SELECT that the prompt ended with.
    pub prefix_select: bool,
}

const LABELS: [&str; 8] =
    ["sql:", "sqlquery:", "sql query:", "query:", "answer:", "statement:", "final answer:", "sqlite:"];

/// Finds the statement that is meant.
pub(super) fn find(text: &str) -> Option<Start> {
    let here = |at| Some(Start { at, prefix_select: false });
    if begins_read(text) {
        return here(0);
    }
    if goes_on_after_select(text) {
        return Some(Start { at: 0, prefix_select: true });
    }
    if let Some(at) = after_label(text) {
        return here(at);
    }
    let words = word_starts(text);
    let at_line = words.iter().find(|at| begins_line(text, **at) && is_statement(text, **at));
    if let Some(at) = at_line.or_else(|| words.iter().find(|at| is_statement(text, **at))) {
        return here(*at);
    }
    // nothing that reads: hand over what there is, the guard says why it may not run
    begins_other(text).then_some(Start { at: 0, prefix_select: false })
}

/// Whether the text begins with a read (blanks, comments and parentheses before it allowed).
pub(super) fn begins_read(text: &str) -> bool {
    let found = tokens(text, Engine::Sqlite);
    let mut significant = found.iter().filter(|t| !t.is_blank() && !t.is_symbol("("));
    let Some(first) = significant.next() else { return false };
    if first.is("WITH") {
        return is_with(text.get(first.start..).unwrap_or_default());
    }
    if first.is("SELECT") {
        return !is_prose_select(text.get(first.start..).unwrap_or_default());
    }
    first.is("VALUES") && significant.next().is_some()
}

/// Statements that are no reads.
fn begins_other(text: &str) -> bool {
    let found = tokens(text, Engine::Sqlite);
    let words: Vec<&Token<'_>> = found.iter().filter(|t| !t.is_blank()).take(12).collect();
    let starts =
        words.first().is_some_and(|t| VERBS.iter().any(|v| t.is(v)) && t.text == t.text.to_uppercase());
    starts && words.len() > 1
}

fn word_starts(text: &str) -> Vec<usize> {
    tokens(text, Engine::Postgres)
        .iter()
        .filter(|t| t.is("SELECT") || t.is("WITH"))
        .map(|t| t.start)
        .take(200)
        .collect()
}

fn begins_line(text: &str, at: usize) -> bool {
    let head = text.get(..at).unwrap_or_default();
    let line = head.rsplit(['\n', '\r']).next().unwrap_or_default();
    line.chars().all(|c| c.is_whitespace() || matches!(c, '(' | '>' | '`' | '*' | '"'))
}

fn is_statement(text: &str, at: usize) -> bool {
    let tail = text.get(at..).unwrap_or_default();
    if tail.get(..4).is_some_and(|w| w.eq_ignore_ascii_case("with")) {
        return is_with(tail);
    }
    !is_prose_select(tail)
}

/// `WITH [RECURSIVE] name [(columns)] AS [NOT] [MATERIALIZED] (`
fn is_with(tail: &str) -> bool {
    let found = tokens(tail, Engine::Sqlite);
    let mut rest = found.iter().filter(|t| !t.is_blank()).skip(1).peekable();
    if rest.peek().is_some_and(|t| t.is("RECURSIVE")) {
        rest.next();
    }
    let named = rest.next().is_some_and(|t| matches!(t.kind, Kind::Word | Kind::Quoted));
    if !named {
        return false;
    }
    if rest.peek().is_some_and(|t| t.is_symbol("(")) {
        while rest.next().is_some_and(|t| !t.is_symbol(")")) {}
    }
    rest.next().is_some_and(|t| t.is("AS"))
}

/// "Select the rows where ...": a word that is an article or pronoun, and then another word.
fn is_prose_select(tail: &str) -> bool {
    let found = tokens(tail, Engine::Sqlite);
    let mut words = found.iter().filter(|t| !t.is_blank()).skip(1);
    let Some(first) = words.next() else { return true };
    let articles =
        ["THE", "A", "AN", "ALL", "STATEMENT", "STATEMENTS", "QUERY", "QUERIES", "AND", "FROM", "IS"];
    let article = articles.iter().any(|a| first.is(a));
    if first.is("ALL") || !article {
        return false;
    }
    words.next().is_none_or(|t| t.kind == Kind::Word && !t.is("FROM") && !t.is("AS"))
}

fn after_label(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    LABELS
        .iter()
        .flat_map(|label| lower.match_indices(label).map(move |(at, _)| at + label.len()))
        .filter(|at| text.get(*at..).is_some_and(begins_read))
        .max()
        .map(|at| at + text.get(at..).map_or(0, |t| t.len() - t.trim_start().len()))
}

/// Whether the text is what follows SELECT: a list of expressions, then FROM. Three plain words in a row are prose.
fn goes_on_after_select(text: &str) -> bool {
    let joining = [
        "AS",
        "DISTINCT",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "AND",
        "OR",
        "NOT",
        "IN",
        "IS",
        "NULL",
        "LIKE",
        "BETWEEN",
        "OVER",
        "BY",
        "PARTITION",
        "ORDER",
        "ASC",
        "DESC",
        "SELECT",
        "TOP",
        "FROM",
        "WHERE",
        "JOIN",
        "ON",
        "EXCEPT",
        "UNION",
        "INTERSECT",
    ];
    let (mut depth, mut row, mut seen) = (0_i32, 0, 0);
    let found = tokens(text, Engine::Sqlite);
    for token in found.iter().filter(|t| !t.is_blank()).take(400) {
        if token.is("FROM") && depth == 0 {
            return seen > 0;
        }
        let begins = seen == 0 && (token.is("WITH") || VERBS.iter().any(|v| token.is(v)));
        let whole = depth == 0 && token.is("SELECT");
        if begins || whole || [";", ":", "!", "?"].iter().any(|s| token.is_symbol(s)) {
            return false;
        }
        seen += 1;
        depth += i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")"));
        let plain = token.kind == Kind::Word && !joining.iter().any(|k| token.is(k));
        row = if plain { row + 1 } else { 0 };
        if row >= 3 || depth < 0 {
            return false;
        }
    }
    false
}
