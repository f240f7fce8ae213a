//! Makes text from a database safe to stand in a line of a prompt.

use crate::Engine;

/// Text cut to `longest` characters, on one line, without control characters and comment marks.
///
/// ```
/// use catalog::render::clean;
/// assert_eq!(clean("state\n of  the */ order", 20), "state of the order");
/// assert_eq!(clean("abcdef", 3), "abc...");
/// ```
pub fn clean(text: &str, longest: usize) -> String {
    // far more than is shown is never looked at
    let visible = text.chars().take(longest.saturating_mul(4).saturating_add(64));
    let plain = visible.map(|c| if is_hidden(c) { ' ' } else { c }).collect::<String>();
    let mut plain = plain.replace("```", "'");
    // taking one mark out can join another
    while plain.contains("*/") || plain.contains("/*") || plain.contains("--") {
        plain = plain.replace("*/", " ").replace("/*", " ").replace("--", "-");
    }
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if plain.chars().count() <= longest {
        return plain;
    }
    let cut = plain.chars().take(longest).collect::<String>();
    format!("{}...", cut.trim_end())
}

/// Control characters, and marks that turn or hide text.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// Longest name shown.
const LONGEST_NAME: usize = 128;

/// A name as it is written in a statement for the engine: quoted where it must be.
///
/// ```
/// use catalog::{Engine, render::identifier};
/// assert_eq!(identifier(Engine::Postgres, "total"), "total");
/// assert_eq!(identifier(Engine::Postgres, "Order Total"), "\"Order Total\"");
/// assert_eq!(identifier(Engine::Mysql, "order"), "`order`");
/// ```
pub fn identifier(engine: Engine, name: &str) -> String {
    let plain_start = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = plain_start && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let folded = engine == Engine::Postgres && name.bytes().any(|b| b.is_ascii_uppercase());
    if plain && !folded && !is_reserved(name) {
        return name.to_owned();
    }
    let name =
        name.chars().take(LONGEST_NAME).map(|c| if is_hidden(c) { ' ' } else { c }).collect::<String>();
    match engine {
        Engine::Mysql | Engine::Mariadb => format!("`{}`", name.replace('`', "``")),
        Engine::Mssql => format!("[{}]", name.replace(']', "]]")),
        Engine::Postgres | Engine::Sqlite | Engine::Mongodb => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// Words that are reserved in one of the engines and that people use as names all the same.
fn is_reserved(name: &str) -> bool {
    const WORDS: [&str; 60] = [
        "all",
        "and",
        "any",
        "as",
        "asc",
        "between",
        "by",
        "case",
        "cast",
        "check",
        "column",
        "constraint",
        "create",
        "cross",
        "current",
        "default",
        "delete",
        "desc",
        "distinct",
        "drop",
        "else",
        "end",
        "except",
        "exists",
        "false",
        "for",
        "foreign",
        "from",
        "full",
        "grant",
        "group",
        "having",
        "in",
        "index",
        "inner",
        "insert",
        "intersect",
        "into",
        "is",
        "join",
        "key",
        "left",
        "like",
        "limit",
        "not",
        "null",
        "offset",
        "on",
        "or",
        "order",
        "primary",
        "references",
        "right",
        "select",
        "table",
        "then",
        "to",
        "union",
        "unique",
        "update",
    ];
    const MORE: [&str; 12] =
        ["user", "values", "view", "when", "where", "with", "using", "true", "set", "some", "rank", "window"];
    WORDS.iter().chain(&MORE).any(|w| name.eq_ignore_ascii_case(w))
}
