//! Tokens of T-SQL, as far as cutting batches and reading statements of words needs them.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    Quoted,
    Text,
    Number,
    Sign,
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// Words and signs as written, quoted names and strings without their quotes.
    pub(crate) text: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Token {
    /// Whether it is that word, in any case, or that sign.
    pub(crate) fn is(&self, word: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Sign) && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it can name something.
    pub(crate) fn is_name(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Quoted)
    }
}

/// Cuts text into tokens, comments left out. An unclosed quote runs to the end.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let at = |i: usize| bytes.get(i).copied().unwrap_or(0);
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        let start = i;
        match at(i) {
            b if b.is_ascii_whitespace() => i += 1,
            b'-' if at(i + 1) == b'-' => i = text[i..].find('\n').map_or(bytes.len(), |n| i + n),
            b'/' if at(i + 1) == b'*' => i = comment_end(bytes, i),
            b'\'' => i = push_quoted(&mut tokens, text, start, i, b'\'', Kind::Text),
            b'N' | b'n' if at(i + 1) == b'\'' => {
                i = push_quoted(&mut tokens, text, start, i + 1, b'\'', Kind::Text);
            }
            b'"' => i = push_quoted(&mut tokens, text, start, i, b'"', Kind::Quoted),
            b'[' => i = push_quoted(&mut tokens, text, start, i, b']', Kind::Quoted),
            b if b.is_ascii_digit() => {
                while at(i).is_ascii_alphanumeric() || at(i) == b'.' {
                    i += 1;
                }
                push(&mut tokens, text, Kind::Number, start, i);
            }
            b if b.is_ascii_alphabetic() || matches!(b, b'_' | b'@' | b'#') || b >= 0x80 => {
                while at(i).is_ascii_alphanumeric()
                    || matches!(at(i), b'_' | b'@' | b'#' | b'$')
                    || at(i) >= 0x80
                {
                    i += 1;
                }
                push(&mut tokens, text, Kind::Word, start, i);
            }
            _ => {
                i += 1;
                push(&mut tokens, text, Kind::Sign, start, i);
            }
        }
    }
    tokens
}

fn push(tokens: &mut Vec<Token>, text: &str, kind: Kind, start: usize, end: usize) {
    let text = text.get(start..end).unwrap_or_default().to_owned();
    tokens.push(Token { kind, text, start, end });
}

/// Comments nest in T-SQL.
fn comment_end(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0;
    let mut i = from;
    while i < bytes.len() {
        match (bytes.get(i), bytes.get(i + 1)) {
            (Some(b'/'), Some(b'*')) => (depth, i) = (depth + 1, i + 2),
            (Some(b'*'), Some(b'/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            break;
        }
    }
    i
}

/// A quoted token whose opening quote stands at `open`; a doubled closing quote is one of its characters.
fn push_quoted(
    tokens: &mut Vec<Token>,
    text: &str,
    start: usize,
    open: usize,
    close: u8,
    kind: Kind,
) -> usize {
    let bytes = text.as_bytes();
    let mut i = open + 1;
    while i < bytes.len() {
        if bytes.get(i) == Some(&close) {
            if bytes.get(i + 1) != Some(&close) {
                break;
            }
            i += 1;
        }
        i += 1;
    }
    let quote = char::from(close).to_string();
    let inner = text.get(open + 1..i.min(bytes.len())).unwrap_or_default().replace(&quote.repeat(2), &quote);
    let end = (i + 1).min(bytes.len());
    tokens.push(Token { kind, text: inner, start, end });
    end
}
