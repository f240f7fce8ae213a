//! A forgiving view of SQL text as tokens with byte spans. It never fails and loses nothing, so that text can be cut
//! and rewritten piece by piece. It proves nothing: that is the guard's work.

use catalog::Engine;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A bare word: keyword or name.
    Word,
    /// A name in `"..."`, `` `...` `` or `[...]`.
    Quoted,
    /// A text in `'...'`, also unterminated.
    Text,
    Number,
    /// `--`, `#` (MySQL) or `/* */`.
    Comment,
    Space,
    /// One or two characters of punctuation.
    Symbol,
}

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    pub start: usize,
}

impl Token<'_> {
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is that keyword (given in upper case).
    pub fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    pub fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    pub fn is_blank(&self) -> bool {
        matches!(self.kind, Kind::Space | Kind::Comment)
    }

    /// A word or quoted name without its quotes.
    pub fn name(&self) -> Option<String> {
        match self.kind {
            Kind::Word => Some(self.text.to_owned()),
            Kind::Quoted => Some(unquote(self.text)),
            _ => None,
        }
    }
}

/// The content of a quoted name or text, doubled quotes undone.
pub(crate) fn unquote(text: &str) -> String {
    let mut chars = text.chars();
    let Some(open) = chars.next() else { return String::new() };
    let close = if open == '[' { ']' } else { open };
    let inner = chars.as_str();
    let inner = inner.strip_suffix(close).unwrap_or(inner);
    inner.replace(&format!("{close}{close}"), &close.to_string())
}

fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '@'
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '@' | '#')
}

/// Tokens of a text. The engine decides about backslashes, brackets and `#`.
pub(crate) fn tokens(sql: &str, engine: Engine) -> Vec<Token<'_>> {
    let mysql = matches!(engine, Engine::Mysql | Engine::Mariadb);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = sql.get(at..).filter(|r| !r.is_empty()) {
        let (kind, length) = next(rest, mysql, engine);
        let text = rest.get(..length).unwrap_or(rest);
        found.push(Token { kind, text, start: at });
        at += text.len().max(1);
    }
    found
}

fn next(rest: &str, mysql: bool, engine: Engine) -> (Kind, usize) {
    let mut chars = rest.chars();
    let first = chars.next().unwrap_or(' ');
    let second = chars.next().unwrap_or(' ');
    let run = |accept: fn(char) -> bool| rest.find(|c| !accept(c)).unwrap_or(rest.len());
    match (first, second) {
        (c, _) if c.is_whitespace() => (Kind::Space, run(char::is_whitespace)),
        ('-', '-') => (Kind::Comment, line_length(rest)),
        ('#', _) if mysql => (Kind::Comment, line_length(rest)),
        ('/', '*') => (Kind::Comment, rest.find("*/").map_or(rest.len(), |i| i + 2)),
        ('\'', _) => (Kind::Text, quoted_length(rest, '\'', mysql)),
        ('"', _) => (Kind::Quoted, quoted_length(rest, '"', mysql)),
        ('`', _) => (Kind::Quoted, quoted_length(rest, '`', false)),
        ('[', c) if c.is_alphabetic() && engine != Engine::Postgres && rest.contains(']') => {
            (Kind::Quoted, quoted_length(rest, ']', false))
        }
        (c, _) if c.is_ascii_digit() => (Kind::Number, run(|c| c.is_ascii_alphanumeric() || c == '.')),
        (c, _) if is_word_start(c) => (Kind::Word, run(is_word)),
        ('<', '>' | '=') | ('>', '=') | ('!', '=') | ('|', '|') | (':', ':') => (Kind::Symbol, 2),
        (c, _) => (Kind::Symbol, c.len_utf8()),
    }
}

fn line_length(rest: &str) -> usize {
    rest.find(['\n', '\r']).unwrap_or(rest.len())
}

/// Length of a quoted piece, its opening quote included; to the end when it is not closed.
fn quoted_length(rest: &str, close: char, backslash: bool) -> usize {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((i, c)) = chars.next() {
        if backslash && c == '\\' {
            chars.next();
            continue;
        }
        if c != close {
            continue;
        }
        if chars.peek().is_some_and(|(_, next)| *next == close) {
            chars.next();
            continue;
        }
        return i + c.len_utf8();
    }
    rest.len()
}

/// Words that cannot stand as a bare name.
pub(crate) fn is_reserved(name: &str) -> bool {
    const RESERVED: [&str; 44] = [
        "all",
        "and",
        "any",
        "as",
        "asc",
        "between",
        "by",
        "case",
        "check",
        "column",
        "cross",
        "default",
        "desc",
        "distinct",
        "else",
        "end",
        "except",
        "for",
        "foreign",
        "from",
        "full",
        "group",
        "having",
        "in",
        "inner",
        "intersect",
        "into",
        "is",
        "join",
        "left",
        "like",
        "limit",
        "not",
        "null",
        "on",
        "or",
        "order",
        "right",
        "select",
        "table",
        "then",
        "union",
        "user",
        "where",
    ];
    RESERVED.contains(&name.to_ascii_lowercase().as_str())
        || ["when", "with", "primary", "references", "using", "values"]
            .contains(&name.to_ascii_lowercase().as_str())
}
