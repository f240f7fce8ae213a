//! Cuts DDL text into tokens by each engine's rules for quotes, comments and statement ends; never fails.

use crate::Engine;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bare word: keyword or identifier.
    Word,
    /// A quoted identifier.
    Quoted,
    /// A string, with its prefix and quotes.
    Text,
    /// A number.
    Number,
    /// One character of punctuation.
    Punct,
    /// End of a statement.
    End,
    /// `GO` on a line of its own (T-SQL).
    Batch,
}

/// A piece of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    pub raw: &'a str,
    pub start: usize,
    pub line: u32,
    /// Whether it is the first token of its line.
    pub opens_line: bool,
}

impl Token<'_> {
    /// Whether it is this bare word, in any case.
    pub fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.raw.eq_ignore_ascii_case(word)
    }

    /// Whether it is this bare punctuation.
    pub fn is_punct(&self, punct: &str) -> bool {
        self.kind == Kind::Punct && self.raw == punct
    }

    /// End offset in the text.
    pub fn end(&self) -> usize {
        self.start + self.raw.len()
    }

    /// The content of a string or quoted identifier; the raw text of anything else.
    pub fn value(&self, engine: Engine) -> String {
        match self.kind {
            Kind::Quoted => unquote(self.raw),
            Kind::Text => text_value(self.raw, engine),
            _ => self.raw.to_owned(),
        }
    }
}

fn unquote(raw: &str) -> String {
    let mut chars = raw.chars();
    let close = match chars.next() {
        Some('[') => ']',
        Some(c) => c,
        None => return String::new(),
    };
    let inner = chars.as_str();
    let inner = inner.strip_suffix(close).unwrap_or(inner);
    inner.replace(&format!("{close}{close}"), &close.to_string())
}

fn text_value(raw: &str, engine: Engine) -> String {
    if raw.starts_with('$') {
        let tag = raw.get(1..).and_then(|r| r.find('$')).map_or(0, |i| i + 2);
        return raw.get(tag..raw.len().saturating_sub(tag)).unwrap_or_default().to_owned();
    }
    let escapes = engine_escapes(engine) || raw.starts_with(['e', 'E']);
    let Some(open) = raw.find(['\'', '"']) else { return raw.to_owned() };
    let quoted = raw.get(open..).unwrap_or_default();
    let plain = unquote(quoted);
    if escapes && plain.contains('\\') { unescape(&plain) } else { plain }
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

fn engine_escapes(engine: Engine) -> bool {
    matches!(engine, Engine::Mysql | Engine::Mariadb)
}

/// The token source.
#[derive(Clone)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    engine: Engine,
    delimiter: &'a str,
    fresh_line: bool,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str, engine: Engine) -> Self {
        Lexer { text, at: 0, line: 1, engine, delimiter: ";", fresh_line: true }
    }

    fn mysql(&self) -> bool {
        engine_escapes(self.engine)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn advance(&mut self, bytes: usize) {
        let end = (self.at + bytes).min(self.text.len());
        let passed = self.text.as_bytes().get(self.at..end).unwrap_or_default();
        let lines = passed.iter().filter(|b| **b == b'\n').count();
        self.line += lines as u32;
        self.fresh_line |= lines > 0;
        self.at = end;
    }

    fn skip_line(&mut self) {
        let len = self.rest().find('\n').map_or(self.rest().len(), |i| i + 1);
        self.advance(len);
    }

    /// Passes the data lines of a `COPY ... FROM stdin`, up to the line `\.`.
    pub fn skip_copy_data(&mut self) {
        self.skip_line();
        while !self.rest().is_empty() {
            let done = self.rest().lines().next().is_some_and(|l| l.trim_end() == "\\.");
            self.skip_line();
            if done {
                return;
            }
        }
    }

    /// Passes blanks, comments and client commands.
    fn skip_blank(&mut self) {
        loop {
            let (a, b) = (self.byte(0), self.byte(1));
            match (a, b) {
                (0, _) if self.at >= self.text.len() => return,
                (c, _) if c.is_ascii_whitespace() || c == 0 => self.advance(1),
                (0xEF, 0xBB) if self.at == 0 => self.advance(3),
                (b'-', b'-') => self.skip_line(),
                (b'#', _) if self.mysql() => self.skip_line(),
                (b'/', b'*') if self.mysql() && matches!(self.byte(2), b'!' | b'M') => self.open_versioned(),
                (b'/', b'*') => self.skip_block_comment(),
                (b'*', b'/') if self.mysql() => self.advance(2),
                (b'\\', _) if self.fresh_line && self.engine == Engine::Postgres => self.skip_line(),
                (b'd' | b'D', _) if self.fresh_line && self.mysql() && self.set_delimiter() => {}
                _ => return,
            }
        }
    }

    /// `/*!50001 ... */` holds statements that count: only its marks are passed.
    fn open_versioned(&mut self) {
        let mark = self.rest().find('!').filter(|i| *i <= 3).unwrap_or(0);
        if mark == 0 {
            return self.skip_block_comment();
        }
        let digits = self.rest().bytes().skip(mark + 1).take_while(u8::is_ascii_digit).count();
        self.advance(mark + 1 + digits);
    }

    fn skip_block_comment(&mut self) {
        let nests = matches!(self.engine, Engine::Postgres | Engine::Mssql);
        let bytes = self.rest().as_bytes();
        let (mut i, mut depth) = (2, 1);
        while i < bytes.len() && depth > 0 {
            match (bytes.get(i), bytes.get(i + 1)) {
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    i += 2;
                }
                (Some(b'/'), Some(b'*')) if nests => {
                    depth += 1;
                    i += 2;
                }
                _ => i += 1,
            }
        }
        self.advance(i);
    }

    fn set_delimiter(&mut self) -> bool {
        let line = self.rest().lines().next().unwrap_or_default();
        let Some(word) = line.get(..9).filter(|w| w.eq_ignore_ascii_case("delimiter")) else { return false };
        let delimiter = line.get(word.len()..).unwrap_or_default();
        if !delimiter.starts_with([' ', '\t']) || delimiter.trim().is_empty() {
            return false;
        }
        self.delimiter = delimiter.trim();
        self.skip_line();
        true
    }

    fn token_length(&self) -> (Kind, usize) {
        let rest = self.rest();
        let first = self.byte(0);
        if rest.starts_with(self.delimiter) {
            return (Kind::End, self.delimiter.len());
        }
        match first {
            b'\'' => (Kind::Text, self.quoted_length(0, b'\'', self.mysql())),
            b'"' if self.mysql() => (Kind::Text, self.quoted_length(0, b'"', true)),
            b'"' => (Kind::Quoted, self.quoted_length(0, b'"', false)),
            b'`' => (Kind::Quoted, self.quoted_length(0, b'`', false)),
            b'[' if matches!(self.engine, Engine::Mssql | Engine::Sqlite) => {
                (Kind::Quoted, self.quoted_length(0, b']', false))
            }
            b'$' if self.engine == Engine::Postgres => self.dollar(),
            c if is_word_start(c) => self.word(),
            c if c.is_ascii_digit() => {
                let more = |b: &u8| b.is_ascii_alphanumeric() || *b == b'.';
                (Kind::Number, rest.bytes().take_while(more).count())
            }
            _ => (Kind::Punct, rest.chars().next().map_or(1, char::len_utf8)),
        }
    }

    fn word(&self) -> (Kind, usize) {
        let rest = self.rest();
        let len = rest.bytes().take_while(|b| is_word_start(*b) || b.is_ascii_digit() || *b == b'$').count();
        // `END$$` where `$$` ends statements: the word stops before it
        let len = rest.get(..len).and_then(|w| w.find(self.delimiter)).unwrap_or(len);
        let prefix = rest.get(..len).unwrap_or_default().to_ascii_lowercase();
        let charset = prefix.starts_with('_') && self.mysql();
        let prefixed = matches!(prefix.as_str(), "n" | "e" | "b" | "x" | "u") || charset;
        if prefixed && self.byte(len) == b'\'' {
            let escapes = self.mysql() || prefix == "e";
            return (Kind::Text, self.quoted_length(len, b'\'', escapes));
        }
        if self.engine == Engine::Mssql && prefix == "go" && self.is_batch_line(len) {
            return (Kind::Batch, len);
        }
        (Kind::Word, len)
    }

    fn is_batch_line(&self, len: usize) -> bool {
        let after = self.rest().get(len..).and_then(|r| r.lines().next()).unwrap_or_default().trim();
        self.fresh_line
            && (after.is_empty() || after.starts_with("--") || after.bytes().all(|b| b.is_ascii_digit()))
    }

    fn dollar(&self) -> (Kind, usize) {
        let rest = self.rest();
        let name = rest.bytes().skip(1).take_while(|b| is_word_start(*b) || b.is_ascii_digit()).count();
        let bad_tag = self.byte(1).is_ascii_digit() || self.byte(name + 1) != b'$';
        if bad_tag {
            return (Kind::Punct, 1);
        }
        let tag = rest.get(..name + 2).unwrap_or_default();
        let body = rest.get(tag.len()..).unwrap_or_default();
        let len = body.find(tag).map_or(rest.len(), |i| i + 2 * tag.len());
        (Kind::Text, len)
    }

    /// Length of a quoted piece that opens at `from`; doubled quotes stay inside.
    fn quoted_length(&self, from: usize, close: u8, escapes: bool) -> usize {
        let bytes = self.rest().as_bytes();
        let mut i = from + 1;
        while let Some(b) = bytes.get(i) {
            match b {
                b'\\' if escapes => i += 2,
                b if *b == close && bytes.get(i + 1) == Some(&close) => i += 2,
                b if *b == close => return i + 1,
                _ => i += 1,
            }
        }
        bytes.len()
    }
}

fn is_word_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || matches!(b, b'_' | b'@' | b'#') || b >= 0x80
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blank();
        if self.at >= self.text.len() {
            return None;
        }
        let (kind, len) = self.token_length();
        let (start, line, opens_line) = (self.at, self.line, self.fresh_line);
        self.advance(len.max(1));
        self.fresh_line = false;
        let raw = self.text.get(start..self.at).unwrap_or_default();
        Some(Token { kind, raw, start, line, opens_line })
    }
}
