//! The first statement of a text that begins with one, without what runs on behind it.

use catalog::Engine;

use crate::lexer::{Kind, Token, tokens};

const CLAUSES: [&str; 27] = [
    "MINUS",
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "ORDER",
    "HAVING",
    "LIMIT",
    "OFFSET",
    "JOIN",
    "INNER",
    "LEFT",
    "RIGHT",
    "FULL",
    "CROSS",
    "OUTER",
    "NATURAL",
    "ON",
    "USING",
    "AND",
    "OR",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "FETCH",
    "WINDOW",
    "AS",
];
const MARKS: [&str; 9] =
    ["</s>", "<|", "[/INST]", "[/SQL]", "</sql>", "</SQL>", "### ", "Question:", "Explanation:"];

/// The statement, with notes about what was left out.
pub(super) fn first(text: &str, notes: &mut Vec<String>) -> String {
    let text = text.split("```").next().unwrap_or_default();
    let text = &without_stray_semicolons(&without_markdown_escapes(text, notes), notes);
    let found = tokens(text, Engine::Sqlite);
    let end = end_of_first(text, &found);
    let (head, tail) = text.split_at(end.min(text.len()));
    note_tail(tail, notes);
    let sql = without_last_comment(head).trim_end_matches(|c: char| c.is_whitespace() || c == ';');
    note_cut_off(sql, notes);
    sql.trim().to_owned()
}

/// Replies written as Markdown escape `_` and `*`. A backslash outside of texts is no SQL, so it proves the escaping.
fn without_markdown_escapes(text: &str, notes: &mut Vec<String>) -> String {
    let found = tokens(text, Engine::Sqlite);
    let escapes = |pair: &[Token<'_>]| match pair {
        [a, b] => a.is_symbol("\\") && (b.text.starts_with('_') || b.text.starts_with('*')),
        _ => false,
    };
    if !found.windows(2).any(escapes) {
        return text.to_owned();
    }
    notes.push("Markdown escapes were undone".to_owned());
    text.replace("\\_", "_").replace("\\*", "*")
}

/// A semicolon before a clause that can only go on with a statement is a slip.
fn without_stray_semicolons(text: &str, notes: &mut Vec<String>) -> String {
    let found = tokens(text, Engine::Sqlite);
    let goes_on =
        ["FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "JOIN", "INNER", "UNION", "INTERSECT"];
    let semicolons: Vec<usize> =
        (0..found.len()).filter(|i| found.get(*i).is_some_and(|t| t.is_symbol(";"))).collect();
    let stray = |i: &usize| {
        let next = found.iter().skip(i + 1).find(|t| !t.is_blank());
        next.is_some_and(|t| goes_on.iter().any(|k| t.is(k)))
    };
    // only the first semicolon matters: what stands behind a real one is left out anyway
    let Some(at) = semicolons.first().filter(|i| stray(i)).and_then(|i| found.get(*i)).map(|t| t.start)
    else {
        return text.to_owned();
    };
    notes.push("a semicolon inside the statement was left out".to_owned());
    format!("{} {}", text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default())
}

fn end_of_first(text: &str, found: &[Token<'_>]) -> usize {
    let (mut depth, mut begun) = (0_i32, false);
    let mut before: Option<&Token<'_>> = None;
    for token in found {
        match token.kind {
            Kind::Space if depth <= 0 && runs_on(text, token, before) => return token.start,
            Kind::Comment if depth <= 0 && is_invented_question(token.text) => return token.start,
            Kind::Space | Kind::Comment => continue,
            Kind::Symbol if token.text == ";" => return token.start,
            Kind::Symbol => depth += i32::from(token.text == "(") - i32::from(token.text == ")"),
            _ => depth += i32::from(token.is("CASE")) - i32::from(token.is("END") && depth > 0),
        }
        if depth <= 0 && token.is("SELECT") {
            if begun && !before.is_some_and(continues_set) {
                return token.start;
            }
            begun = true;
        }
        if depth <= 0 && begins_mark(text, token) {
            return token.start;
        }
        before = Some(token);
    }
    text.len()
}

fn continues_set(token: &Token<'_>) -> bool {
    ["UNION", "INTERSECT", "EXCEPT", "MINUS", "ALL", "DISTINCT"].iter().any(|k| token.is(k))
        || token.is_symbol("(")
}

fn begins_mark(text: &str, token: &Token<'_>) -> bool {
    let tail = text.get(token.start..).unwrap_or_default();
    MARKS.iter().any(|mark| tail.starts_with(mark))
}

fn is_invented_question(comment: &str) -> bool {
    let lower = comment.to_lowercase();
    ["answer the following", "question:", "given the"].iter().any(|mark| lower.contains(mark))
}

/// Whether the text behind this blank is no more part of the statement.
fn runs_on(text: &str, blank: &Token<'_>, before: Option<&Token<'_>>) -> bool {
    let breaks = blank.text.matches('\n').count();
    let Some(before) = before else { return false };
    if breaks == 0 || expects_more(before) {
        return false;
    }
    let tail = text.get(blank.end()..).unwrap_or_default();
    let line = tail.lines().next().unwrap_or_default();
    let first = line.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let clause = CLAUSES.iter().any(|k| first.eq_ignore_ascii_case(k));
    if clause && !is_prose(line) {
        return false;
    }
    is_prose(line)
        || line.starts_with('#')
        || (breaks > 1 && line.starts_with(char::is_alphabetic) && !clause)
}

/// Whether a statement cannot end after this token.
fn expects_more(token: &Token<'_>) -> bool {
    let open = ["(", ",", "=", "<", ">", "<=", ">=", "<>", "!=", "+", "-", "/", "||", "."];
    let words = [
        "SELECT",
        "FROM",
        "WHERE",
        "BY",
        "HAVING",
        "JOIN",
        "ON",
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "BETWEEN",
        "UNION",
        "INTERSECT",
        "EXCEPT",
        "AS",
        "LIMIT",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "DISTINCT",
        "GROUP",
        "ORDER",
        "IS",
    ];
    open.iter().any(|s| token.is_symbol(s)) || words.iter().any(|k| token.is(k))
}

/// A sentence: at least three plain words in a row at its beginning, or a label and a colon.
fn is_prose(line: &str) -> bool {
    let line = line.trim();
    let words: Vec<&str> = line.split_whitespace().collect();
    let plain = |w: &&&str| w.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | ',' | ':'));
    let row = words.iter().take_while(plain).count();
    let ends = line.ends_with(['.', ':', '?', '!']) && words.len() > 2;
    let clause = words.first().is_some_and(|w| CLAUSES.iter().any(|k| w.eq_ignore_ascii_case(k)));
    if clause {
        return row >= 5 && ends;
    }
    let label = words.first().is_some_and(|w| w.len() > 1 && w.ends_with(':') && plain(&w));
    label || (row >= 4) || (row >= 3 && ends)
}

fn note_tail(tail: &str, notes: &mut Vec<String>) {
    let tail = tail.trim_matches(|c: char| c.is_whitespace() || matches!(c, ';' | '`' | '"' | '}'));
    if tail.is_empty() {
        return;
    }
    let note = if super::start::find(tail).is_some() {
        "more statements followed and were left out"
    } else {
        "text after the statement was left out"
    };
    notes.push(note.to_owned());
}

/// A comment at the very end says nothing to a database, and an unterminated one is refused.
fn without_last_comment(sql: &str) -> &str {
    let found = tokens(sql, Engine::Sqlite);
    let last = found.iter().rev().find(|t| !t.is_blank());
    last.and_then(|t| sql.get(..t.end())).unwrap_or(sql)
}

fn note_cut_off(sql: &str, notes: &mut Vec<String>) {
    let found = tokens(sql, Engine::Sqlite);
    let depth: i32 = found.iter().map(|t| i32::from(t.is_symbol("(")) - i32::from(t.is_symbol(")"))).sum();
    let last = found.iter().rev().find(|t| !t.is_blank());
    let open_text = last.is_some_and(|t| t.kind == Kind::Text && !t.text.ends_with('\''));
    if depth > 0 || open_text || last.is_some_and(|t| expects_more(t) && !t.is("END")) {
        notes.push("the statement looks cut off".to_owned());
    }
}
