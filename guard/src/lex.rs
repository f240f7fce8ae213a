//! What is refused before any parser sees the text: characters, comments and literals that engines read differently.
//!
//! This pass reads bytes by the engine's own quoting rules and keeps nothing; structure is measured later, on the
//! parser's own tokens, so that both always agree.

use catalog::Engine;

use crate::finding::{Code, Finding};
use crate::tree::Span;

/// Looks at the text and says what must not be in it.
///
/// # Errors
/// The first thing that refuses it.
pub(crate) fn scan(sql: &str, engine: Engine, max_bytes: usize) -> Result<(), Finding> {
    if sql.len() > max_bytes {
        return Err(Finding::new(Code::G002, format!("The statement is longer than {max_bytes} bytes."))
            .hint("Shorten it, or raise the limit of the policy."));
    }
    // SQL Server nests comments; followed only where no line comment makes a third reading
    let nests = engine == Engine::Mssql && !sql.contains("--");
    let mut scanner = Scanner { text: sql.as_bytes(), sql, engine, at: 0, begun: false, nests };
    while scanner.at < scanner.text.len() {
        scanner.step()?;
    }
    Ok(())
}

/// Where the token, comment, literal or single character that begins at `at` ends.
///
/// # Errors
/// What refuses it.
pub(crate) fn step_over(sql: &str, engine: Engine, at: usize) -> Result<usize, Finding> {
    let mut scanner = Scanner { text: sql.as_bytes(), sql, engine, at, begun: false, nests: false };
    scanner.step()?;
    Ok(scanner.at)
}

struct Scanner<'a> {
    text: &'a [u8],
    sql: &'a str,
    engine: Engine,
    at: usize,
    /// Whether something other than comments and spaces was met.
    begun: bool,
    /// Whether comments before the statement may nest: a reader that does not nest sees no statement there at all.
    nests: bool,
}

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn finding(&self, code: Code, start: usize, end: usize, message: &str) -> Finding {
        Finding::new(code, message).at(Span { start: start as u32, end: end.max(start + 1) as u32 })
    }

    fn step(&mut self) -> Result<(), Finding> {
        let byte = self.peek(0);
        let comment = matches!((byte, self.peek(1)), (b'-', b'-') | (b'/', b'*'));
        self.begun |= !comment && !byte.is_ascii_whitespace();
        match byte {
            b'\'' => self.string(),
            b'"' => self.delimited(b'"'),
            b'`' if self.backticks() => self.delimited(b'`'),
            b'[' if self.brackets() => self.bracketed(),
            b'-' if self.peek(1) == b'-' => self.line_comment(),
            b'#' if self.is_mysql() => self.line_comment(),
            b'/' if self.peek(1) == b'*' => self.block_comment(),
            b'$' if matches!(self.engine, Engine::Postgres | Engine::Mongodb) => self.dollar(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            b'0'..=b'9' => self.digits(),
            _ => self.plain(),
        }
    }

    fn is_mysql(&self) -> bool {
        matches!(self.engine, Engine::Mysql | Engine::Mariadb)
    }

    fn backticks(&self) -> bool {
        self.is_mysql() || self.engine == Engine::Sqlite
    }

    fn brackets(&self) -> bool {
        matches!(self.engine, Engine::Sqlite | Engine::Mssql)
    }

    /// A character outside literals, names and comments.
    fn plain(&mut self) -> Result<(), Finding> {
        let byte = self.peek(0);
        if byte >= 0x80 {
            return self.letter();
        }
        self.control(byte, true)?;
        self.at += 1;
        Ok(())
    }

    /// NUL and control characters; a lone CR ends a comment on some engines and not on others.
    fn control(&self, byte: u8, outside: bool) -> Result<(), Finding> {
        let lone_cr = byte == b'\r' && outside && self.peek(1) != b'\n';
        let bad = (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0x7f || lone_cr;
        if !bad {
            return Ok(());
        }
        let name = if byte == 0 { "a NUL".to_owned() } else { format!("the control character U+{byte:04X}") };
        Err(self
            .finding(Code::G001, self.at, self.at + 1, &format!("The statement holds {name}."))
            .hint("Remove it; only tab and line end are allowed."))
    }

    /// A non-ASCII character outside quotes: only letters and digits, as part of a name.
    fn letter(&mut self) -> Result<(), Finding> {
        let letter = self.sql.get(self.at..).and_then(|rest| rest.chars().next()).unwrap_or('\0');
        let end = self.at + letter.len_utf8();
        if !letter.is_alphanumeric() {
            let message = format!("The character U+{:04X} stands outside quotes.", letter as u32);
            return Err(self
                .finding(Code::G001, self.at, end, &message)
                .hint("Outside of quotes only letters and ASCII signs are allowed."));
        }
        self.at = end;
        Ok(())
    }

    fn word(&mut self) -> Result<(), Finding> {
        let start = self.at;
        while self.peek(0).is_ascii_alphanumeric()
            || matches!(self.peek(0), b'_' | b'$')
            || self.peek(0) >= 0x80
        {
            if self.peek(0) >= 0x80 {
                self.letter()?;
            } else {
                self.at += 1;
            }
        }
        if self.at - start != 1 || !matches!(self.engine, Engine::Postgres | Engine::Mongodb) {
            return Ok(());
        }
        match (self.text[start].to_ascii_lowercase(), self.peek(0), self.peek(1)) {
            (b'e', b'\'', _) => self.quoted(b'\'', true),
            (b'u', b'&', b'\'' | b'"') => Err(self
                .finding(
                    Code::G201,
                    start,
                    start + 3,
                    "Texts and names with Unicode escapes (U&) are not accepted.",
                )
                .hint("Write the characters themselves.")),
            _ => Ok(()),
        }
    }

    /// A number; letters that touch it are read as an alias, as part of it, or as an error, depending on the server.
    fn digits(&mut self) -> Result<(), Finding> {
        let start = self.at;
        if self.peek(0) == b'0' && self.peek(1).eq_ignore_ascii_case(&b'x') {
            self.at += 2;
            self.skip(|b| b.is_ascii_hexdigit());
        } else {
            self.skip(|b| b.is_ascii_digit() || b == b'.');
            self.exponent();
        }
        if self.peek(0) >= 0x80 {
            self.letter()?;
        }
        if self.text.get(self.at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80) {
            return Err(self
                .finding(Code::G201, start, self.at + 1, "A number runs into a name.")
                .hint("Put a space between them; write numbers without underscores."));
        }
        Ok(())
    }

    fn exponent(&mut self) {
        let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
        if self.peek(0).eq_ignore_ascii_case(&b'e') && self.peek(1 + sign).is_ascii_digit() {
            self.at += 1 + sign;
            self.skip(|b| b.is_ascii_digit());
        }
    }

    fn skip(&mut self, of: impl Fn(u8) -> bool) {
        while of(self.peek(0)) && self.at < self.text.len() {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Result<(), Finding> {
        let escapes = self.is_mysql();
        self.quoted(b'\'', escapes)
    }

    fn delimited(&mut self, quote: u8) -> Result<(), Finding> {
        let escapes = self.is_mysql() && quote == b'"';
        self.quoted(quote, escapes)
    }

    /// From an opening quote to its end; a doubled quote stays inside.
    fn quoted(&mut self, quote: u8, escapes: bool) -> Result<(), Finding> {
        let start = self.at;
        self.at += 1;
        while self.at < self.text.len() {
            let byte = self.peek(0);
            self.control(byte, false)?;
            self.continuation(byte)?;
            let escaped = byte == b'\\' && escapes;
            if escaped || (byte == quote && self.peek(1) == quote) {
                if escaped {
                    self.escaped_control()?;
                }
                self.at += 2;
            } else if byte == quote {
                self.at += 1;
                return Ok(());
            } else {
                self.at += 1;
            }
        }
        Err(self.unterminated(start, "A quoted text"))
    }

    /// SQL Server: a backslash at the end of a line joins it with the next one.
    fn continuation(&self, byte: u8) -> Result<(), Finding> {
        let joins = byte == b'\\' && matches!(self.peek(1), b'\n' | b'\r');
        if self.engine != Engine::Mssql || !joins {
            return Ok(());
        }
        let message = "A backslash at the end of a line inside quotes takes the line end away.";
        Err(self
            .finding(Code::G201, self.at, self.at + 2, message)
            .hint("Write the text on one line, or put the line end in with CHAR(10)."))
    }

    /// The character after a backslash is skipped, but must not hide a control character.
    fn escaped_control(&self) -> Result<(), Finding> {
        let next = self.text.get(self.at + 1).copied();
        next.map_or(Ok(()), |byte| self.control(byte, false))
    }

    fn bracketed(&mut self) -> Result<(), Finding> {
        let start = self.at;
        let doubled = self.engine == Engine::Mssql;
        self.at += 1;
        while self.at < self.text.len() {
            let byte = self.peek(0);
            self.control(byte, false)?;
            self.continuation(byte)?;
            if byte == b']' && doubled && self.peek(1) == b']' {
                self.at += 2;
                continue;
            }
            self.at += 1;
            if byte == b']' && self.peek(0) == b']' {
                let message = "A closing bracket follows a name in brackets.";
                return Err(self.finding(Code::G010, self.at, self.at + 1, message));
            }
            if byte == b']' {
                return Ok(());
            }
        }
        Err(self.unterminated(start, "A quoted name"))
    }

    /// `$tag$ ... $tag$`; `$1` and a lone `$` are left to the parser.
    fn dollar(&mut self) -> Result<(), Finding> {
        let start = self.at;
        let mut end = start + 1;
        while self.text.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80) {
            end += 1;
        }
        let digit_first = self.text.get(start + 1).is_some_and(u8::is_ascii_digit);
        if digit_first || self.text.get(end) != Some(&b'$') {
            self.at += 1;
            return Ok(());
        }
        let tag = &self.text[start..=end];
        if !tag.is_ascii() {
            return Err(self.finding(Code::G001, start, end, "A dollar quote's tag is not ASCII."));
        }
        let body = end + 1;
        let found = self.text[body..].windows(tag.len()).position(|window| window == tag);
        let Some(length) = found else {
            return Err(self.unterminated(start, "A dollar-quoted text"));
        };
        for at in body..body + length {
            self.at = at;
            self.control(self.text[at], false)?;
        }
        self.at = body + length + tag.len();
        Ok(())
    }

    fn line_comment(&mut self) -> Result<(), Finding> {
        let dashes = self.peek(0) == b'-';
        if self.is_mysql() && dashes && !matches!(self.peek(2), b' ' | b'\t' | b'\n' | b'\r' | 0) {
            return Err(self
                .finding(Code::G003, self.at, self.at + 2, "Two minus signs that are a comment elsewhere.")
                .hint("Put a space between them, or after them."));
        }
        while self.at < self.text.len() && self.peek(0) != b'\n' {
            self.control(self.peek(0), true)?;
            if self.peek(0) == b'/' && self.peek(1) == b'*' && self.peek(2) == b'+' {
                return Err(self.hint_comment(self.at));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn block_comment(&mut self) -> Result<(), Finding> {
        let start = self.at;
        let third = self.peek(2);
        if third == b'!' || (third == b'M' && self.peek(3) == b'!') {
            return Err(self
                .finding(Code::G003, start, start + 3, "A comment that some servers execute.")
                .hint("Remove the comment."));
        }
        if third == b'+' {
            return Err(self.hint_comment(start));
        }
        self.at += 2;
        let mut open = 1;
        while self.at < self.text.len() {
            if self.peek(0) == b'*' && self.peek(1) == b'/' {
                self.at += 2;
                open -= 1;
                if open == 0 {
                    return Ok(());
                }
                continue;
            }
            if self.nests && !self.begun && self.opens_plainly() {
                self.at += 2;
                open += 1;
                continue;
            }
            if self.peek(0) == b'/' && self.peek(1) == b'*' {
                return Err(self
                    .finding(
                        Code::G003,
                        self.at,
                        self.at + 2,
                        "A comment inside a comment: engines end it in different places.",
                    )
                    .hint("Remove the inner comment."));
            }
            self.control(self.peek(0), true)?;
            self.at += 1;
        }
        Err(self.finding(Code::G003, start, start + 2, "A comment without an end.").hint("Close it with */."))
    }

    /// Whether a comment begins here that no server takes for more.
    fn opens_plainly(&self) -> bool {
        self.peek(0) == b'/' && self.peek(1) == b'*' && !matches!(self.peek(2), b'!' | b'+' | b'M')
    }

    fn hint_comment(&self, start: usize) -> Finding {
        self.finding(Code::G003, start, start + 3, "Optimizer hints are not allowed.")
            .hint("Remove the hint.")
    }

    fn unterminated(&self, start: usize, what: &str) -> Finding {
        self.finding(Code::G010, start, start + 1, &format!("{what} has no end.")).hint("Close the quote.")
    }
}
