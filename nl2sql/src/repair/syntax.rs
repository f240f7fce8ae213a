//! Slips of form that a parser trips over and whose meaning is plain.

use catalog::Engine;

use super::{Edit, apply};
use crate::lexer::{Kind, Token, tokens, unquote};

/// Rewrites what can be: one kind of slip in all its places, told once.
pub(super) fn rewrite(sql: &str, engine: Engine) -> Option<(String, Vec<String>)> {
    if let Some(text) = apostrophes(sql, engine) {
        return Some((text, vec!["an apostrophe inside a text was doubled".to_owned()]));
    }
    let all = tokens(sql, engine);
    let significant: Vec<Token<'_>> = all.into_iter().filter(|t| !t.is_blank()).collect();
    let mut edits = Vec::new();
    edits.extend(split_operators(&significant));
    edits.extend(foreign_quotes(&significant, engine));
    edits.extend(limits(&significant, engine));
    edits.extend(top(&significant, sql.len(), engine));
    apply(sql, edits)
}

fn edit(start: usize, end: usize, text: impl Into<String>, note: &str) -> Edit {
    Edit { start, end, text: text.into(), note: note.to_owned() }
}

/// `'Anna's house'`: an apostrophe between letters, in a statement whose texts do not end otherwise.
fn apostrophes(sql: &str, engine: Engine) -> Option<String> {
    let all = tokens(sql, engine);
    let open =
        all.last().is_some_and(|t| t.kind == Kind::Text && (t.text.len() < 2 || !t.text.ends_with('\'')));
    if !open {
        return None;
    }
    // backslashes escape on MySQL alone
    if sql.contains("\\'") && !matches!(engine, Engine::Mysql | Engine::Mariadb) {
        return Some(sql.replace("\\'", "''"));
    }
    let chars: Vec<char> = sql.chars().collect();
    let letter = |i: usize| chars.get(i).is_some_and(|c| c.is_alphanumeric());
    let mut out = String::with_capacity(sql.len() + 8);
    for (i, c) in chars.iter().enumerate() {
        out.push(*c);
        if *c == '\'' && i > 0 && letter(i - 1) && letter(i + 1) {
            out.push('\'');
        }
    }
    (out.len() > sql.len()).then_some(out)
}

/// `> =`, `< =`, `! =` and `==`.
fn split_operators(tokens: &[Token<'_>]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for pair in tokens.windows(2) {
        let [a, b] = pair else { continue };
        if !b.is_symbol("=") {
            continue;
        }
        let joined = match a.text {
            ">" => ">=",
            "<" => "<=",
            "!" => "<>",
            "=" if a.end() == b.start => "=",
            _ => continue,
        };
        edits.push(edit(a.start, b.end(), joined, "an operator was written as one"));
    }
    edits
}

/// Backticks and brackets where the engine has other quotes.
fn foreign_quotes(tokens: &[Token<'_>], engine: Engine) -> Vec<Edit> {
    let foreign = |t: &&Token<'_>| match engine {
        Engine::Postgres | Engine::Mongodb => t.text.starts_with('`'),
        Engine::Mssql => t.text.starts_with('`'),
        Engine::Mysql | Engine::Mariadb => t.text.starts_with('['),
        Engine::Sqlite => false,
    };
    let quoted = |t: &Token<'_>| {
        let name = unquote(t.text);
        // a name of lower case needs no quotes, and one of mixed case was not meant to be exact
        let plain =
            name.chars().all(|c| c.is_alphanumeric() || c == '_') && !crate::lexer::is_reserved(&name);
        let text = if plain { name } else { super::quote(engine, &name) };
        edit(t.start, t.end(), text, "names were quoted as this database quotes them")
    };
    tokens.iter().filter(|t| t.kind == Kind::Quoted).filter(foreign).map(quoted).collect()
}

/// `LIMIT skip, rows`.
fn limits(tokens: &[Token<'_>], engine: Engine) -> Vec<Edit> {
    if engine != Engine::Postgres {
        return Vec::new();
    }
    let mut edits = Vec::new();
    for four in tokens.windows(4) {
        let [limit, skip, comma, rows] = four else { continue };
        if limit.is("LIMIT") && skip.kind == Kind::Number && comma.is_symbol(",") && rows.kind == Kind::Number
        {
            let text = format!("{} OFFSET {}", rows.text, skip.text);
            edits.push(edit(skip.start, rows.end(), text, "LIMIT a, b was written as LIMIT b OFFSET a"));
        }
    }
    edits
}

/// `SELECT TOP n ...`, when it is the outermost and there is no LIMIT.
fn top(tokens: &[Token<'_>], length: usize, engine: Engine) -> Vec<Edit> {
    let (Engine::Postgres | Engine::Sqlite | Engine::Mysql | Engine::Mariadb) = engine else {
        return Vec::new();
    };
    let [select, top, rest @ ..] = tokens else { return Vec::new() };
    if !select.is("SELECT") || !top.is("TOP") || rest.iter().any(|t| t.is("LIMIT") || t.is("UNION")) {
        return Vec::new();
    }
    let (number, last) = match rest {
        [open, n, close, ..] if open.is_symbol("(") && close.is_symbol(")") => (n, close),
        [n, ..] => (n, n),
        [] => return Vec::new(),
    };
    if number.kind != Kind::Number {
        return Vec::new();
    }
    let end = tokens.iter().rev().find(|t| !t.is_symbol(";")).map_or(length, Token::end);
    let limit = format!(" LIMIT {}", number.text);
    let note = "TOP was written as LIMIT";
    vec![edit(top.start, last.end(), "", note), edit(end, end, limit, note)]
}
