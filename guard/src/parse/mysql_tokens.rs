//! Tokens of MySQL and MariaDB as their servers mean them: escapes undone by the servers' own rules, texts joined,
//! character set introducers read, and everything that is not on the list of tokens refused.
//!
//! The parser's tokenizer leaves literals as written here, for it undoes escapes that the servers do not have.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Word};

use super::Lines;
use crate::finding::{Code, Finding};

/// Introducers of character sets in which the text's own characters are meant.
const UNICODE: [&str; 3] = ["_utf8mb4", "_utf8mb3", "_utf8"];

/// Reads all tokens; what is between them is left out.
///
/// # Errors
/// A token that is not on the list, or a literal that is not what it seems.
pub(super) fn read(
    tokens: Vec<TokenWithSpan>,
    sql: &str,
    lines: &Lines,
) -> Result<Vec<TokenWithSpan>, Finding> {
    let mut reader =
        Reader { sql, lines, out: Vec::with_capacity(tokens.len()), open: Vec::new(), params: 0 };
    for token in tokens {
        reader.token(token)?;
    }
    Ok(reader.out)
}

struct Reader<'a> {
    sql: &'a str,
    lines: &'a Lines,
    out: Vec<TokenWithSpan>,
    /// Open brackets: where they stand, and whether a comma separates what they hold.
    open: Vec<(usize, bool)>,
    /// Parameters so far: the servers number them by their order.
    params: usize,
}

impl Reader<'_> {
    fn token(&mut self, token: TokenWithSpan) -> Result<(), Finding> {
        let TokenWithSpan { token, span } = token;
        let token = match token {
            Token::Whitespace(_) => return Ok(()),
            Token::SingleQuotedString(_) | Token::DoubleQuotedString(_) => return self.text(span, 0),
            Token::NationalStringLiteral(_) => return self.text(span, 1),
            Token::HexStringLiteral(_) => return self.hex(span),
            Token::SingleQuotedByteStringLiteral(bits) => Token::SingleQuotedByteStringLiteral(bits),
            Token::Word(word) => Token::Word(self.word(word, span)?),
            Token::LParen => {
                self.open.push((self.out.len(), false));
                Token::LParen
            }
            Token::RParen => {
                self.charset();
                self.close();
                Token::RParen
            }
            Token::Comma => {
                if let Some((_, comma)) = self.open.last_mut() {
                    *comma = true;
                }
                Token::Comma
            }
            Token::Placeholder(sign) if sign == "?" => {
                self.params += 1;
                Token::Placeholder(format!("?{}", self.params))
            }
            token if plain(&token) => token,
            Token::AtSign | Token::AtAt => {
                return Err(self
                    .refuse(Code::G201, span, "Variables (@x, @@x) are not read.")
                    .hint("Write the value itself."));
            }
            Token::Assignment => {
                return Err(self.refuse(Code::G200, span, "The assignment := is not a read."));
            }
            other => {
                let message = format!("The sign {} is not on the list for this database.", shown(&other));
                return Err(self
                    .refuse(Code::G202, span, &message)
                    .hint("Use a standard operator or a function."));
            }
        };
        self.push(token, span);
        Ok(())
    }

    fn push(&mut self, token: Token, span: Span) {
        self.out.push(TokenWithSpan { token, span });
    }

    fn refuse(&self, code: Code, span: Span, message: &str) -> Finding {
        Finding::new(code, message).at(self.lines.span(self.sql.as_bytes(), span))
    }

    fn odd(&self, span: Span) -> Finding {
        self.refuse(Code::G201, span, "This kind of literal is not on the list of proven forms.")
            .hint("Write it in another way.")
    }

    fn written(&self, span: Span) -> &str {
        let at = self.lines.span(self.sql.as_bytes(), span);
        self.sql.get(at.start as usize..at.end as usize).unwrap_or_default()
    }

    /// A name; in backticks they are doubled, and nothing else is an escape.
    fn word(&self, mut word: Word, span: Span) -> Result<Word, Finding> {
        if word.quote_style == Some('`') {
            let inner = self.written(span).strip_prefix('`').and_then(|t| t.strip_suffix('`'));
            word.value = inner.ok_or_else(|| self.odd(span))?.replace("``", "`");
        }
        Ok(word)
    }

    /// A text: joined to one before it, or taken in by its introducer.
    fn text(&mut self, span: Span, prefix: usize) -> Result<(), Finding> {
        let written = self.written(span).get(prefix..).unwrap_or_default();
        let value = unescaped(written).ok_or_else(|| self.odd(span))?;
        match self.introducer() {
            None => self.add_text(value, span),
            Some(name) if UNICODE.contains(&name.as_str()) => {
                self.out.pop();
                self.add_text(value, span);
            }
            Some(name) if name == "_binary" => {
                self.out.pop();
                self.as_bytes(value, span);
            }
            Some(_) => return Err(self.odd(span)),
        }
        Ok(())
    }

    fn add_text(&mut self, value: String, span: Span) {
        if let Some(TokenWithSpan { token: Token::SingleQuotedString(before), span: whole }) =
            self.out.last_mut()
        {
            before.push_str(&value);
            whole.end = span.end;
            return;
        }
        self.push(Token::SingleQuotedString(value), span);
    }

    /// `_binary 'x'` is a text converted to bytes; `X'..'` would count as a number in arithmetic.
    fn as_bytes(&mut self, value: String, span: Span) {
        let word =
            |text: &str, keyword| Token::Word(Word { value: text.to_owned(), quote_style: None, keyword });
        for token in [
            word("CAST", Keyword::CAST),
            Token::LParen,
            Token::SingleQuotedString(value),
            word("AS", Keyword::AS),
            word("BINARY", Keyword::BINARY),
            Token::RParen,
        ] {
            self.push(token, span);
        }
    }

    /// `X'1F'`, `0x1F`; after an introducer a text by its bytes.
    fn hex(&mut self, span: Span) -> Result<(), Finding> {
        let written = self.written(span);
        let quoted = written
            .strip_prefix(['x', 'X'])
            .and_then(|t| t.strip_prefix('\''))
            .and_then(|t| t.strip_suffix('\''));
        let digits = match (quoted, written.strip_prefix("0x")) {
            (Some(digits), _) if digits.len().is_multiple_of(2) => digits.to_owned(),
            (None, Some(digits)) if !digits.is_empty() => digits.to_owned(),
            _ => return Err(self.odd(span)),
        };
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(self.odd(span));
        }
        let digits = digits.to_ascii_uppercase();
        match self.introducer() {
            None if quoted.is_some() => self.push(Token::HexStringLiteral(digits), span),
            // MariaDB counts it as a number where X'..' is a text.
            None => self.push(Token::Number(format!("0x{digits}"), false), span),
            Some(name) if name == "_utf8mb4" && quoted.is_some() => {
                let value = text_of_hex(&digits).ok_or_else(|| self.odd(span))?;
                self.out.pop();
                self.add_text(value, span);
            }
            Some(_) => return Err(self.odd(span)),
        }
        Ok(())
    }

    /// A word before a literal that names, or could name, its character set.
    fn introducer(&self) -> Option<String> {
        match self.out.last().map(|t| &t.token) {
            Some(Token::Word(w)) if w.quote_style.is_none() && w.value.starts_with('_') => {
                Some(w.value.to_ascii_lowercase())
            }
            _ => None,
        }
    }

    /// `CHAR(10) CHARSET utf8mb4` in a cast: the character set that texts have anyhow is left out.
    fn charset(&mut self) {
        let is = |at: usize, word: &str| {
            let token = self.out.len().checked_sub(at).and_then(|i| self.out.get(i)).map(|t| &t.token);
            matches!(token, Some(Token::Word(w)) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
        };
        let unicode = UNICODE.iter().any(|name| is(1, name.trim_start_matches('_')));
        let words = match () {
            () if unicode && is(2, "charset") => 2,
            () if unicode && is(2, "set") && is(3, "character") => 3,
            () => return,
        };
        let before = self.out.len().checked_sub(words + 1).and_then(|i| self.out.get(i)).map(|t| &t.token);
        let typed = match before {
            Some(Token::RParen) => true,
            Some(Token::Word(w)) => w.keyword == Keyword::CHAR,
            _ => false,
        };
        if typed {
            self.out.truncate(self.out.len() - words);
        }
    }

    /// `INTERVAL(a, b)` is a function, `INTERVAL (a) DAY` is not: only the first holds a comma.
    fn close(&mut self) {
        let Some((at, true)) = self.open.pop() else { return };
        let before = at.checked_sub(1).and_then(|i| self.out.get_mut(i));
        if let Some(TokenWithSpan { token: Token::Word(w), .. }) = before
            && w.quote_style.is_none()
            && w.keyword == Keyword::INTERVAL
        {
            w.keyword = Keyword::NoKeyword;
        }
    }
}

/// Signs that both the servers and the parser read in the same way.
fn plain(token: &Token) -> bool {
    matches!(
        token,
        Token::EOF
            | Token::Number(..)
            | Token::Period
            | Token::SemiColon
            | Token::Eq
            | Token::Neq
            | Token::Lt
            | Token::LtEq
            | Token::Gt
            | Token::GtEq
            | Token::Spaceship
            | Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::Mod
            | Token::Ampersand
            | Token::Pipe
            | Token::Caret
            | Token::Tilde
            | Token::ExclamationMark
            | Token::Overlap
            | Token::StringConcat
            | Token::ShiftLeft
            | Token::ShiftRight
            | Token::Arrow
            | Token::LongArrow
    )
}

fn shown(token: &Token) -> String {
    token.to_string().replace('\0', "").chars().take(20).collect()
}

/// The text between quotes by the default `sql_mode`: quotes doubled, backslash escapes undone, `\%` and `\_` kept.
fn unescaped(written: &str) -> Option<String> {
    let mut chars = written.chars();
    let quote = chars.next().filter(|c| matches!(c, '\'' | '"'))?;
    let mut out = String::with_capacity(written.len());
    loop {
        match chars.next()? {
            '\\' => match chars.next()? {
                '0' => out.push('\0'),
                'b' => out.push('\u{8}'),
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                't' => out.push('\t'),
                'Z' => out.push('\u{1a}'),
                kept @ ('%' | '_') => out.extend(['\\', kept]),
                other => out.push(other),
            },
            c if c == quote => match chars.next() {
                None => return Some(out),
                Some(second) if second == quote => out.push(quote),
                Some(_) => return None,
            },
            c => out.push(c),
        }
    }
}

/// The text that bytes in hexadecimal are in UTF-8.
pub(super) fn text_of_hex(digits: &str) -> Option<String> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes = digits.as_bytes().chunks(2).map(byte).collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok()
}
