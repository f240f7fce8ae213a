//! A reading position in the tokens of one statement, with the small steps that DDL is made of.

use super::lex::{Kind, Token};
use crate::Engine;

/// `schema.name` as written; the schema may be absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObjectName {
    pub schema: Option<String>,
    pub name: String,
}

/// The reading position.
#[derive(Clone)]
pub(super) struct Cursor<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
    pub engine: Engine,
}

impl<'t, 'a> Cursor<'t, 'a> {
    pub fn new(tokens: &'t [Token<'a>], engine: Engine) -> Self {
        Cursor { tokens, at: 0, engine }
    }

    pub fn peek(&self) -> Option<&'t Token<'a>> {
        self.tokens.get(self.at)
    }

    pub fn done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    pub fn rest(&self) -> &'t [Token<'a>] {
        self.tokens.get(self.at..).unwrap_or_default()
    }

    pub fn bump(&mut self) -> Option<&'t Token<'a>> {
        let token = self.tokens.get(self.at);
        self.at += 1;
        token
    }

    /// Whether the word `ahead` tokens from here is this one.
    pub fn is(&self, ahead: usize, word: &str) -> bool {
        self.tokens.get(self.at + ahead).is_some_and(|t| t.is(word))
    }

    pub fn is_any(&self, words: &[&str]) -> bool {
        self.peek().is_some_and(|t| words.iter().any(|w| t.is(w)))
    }

    pub fn is_punct(&self, ahead: usize, punct: &str) -> bool {
        self.tokens.get(self.at + ahead).is_some_and(|t| t.is_punct(punct))
    }

    /// Passes this run of words when all of it is here.
    pub fn eat(&mut self, words: &str) -> bool {
        let count = words.split(' ').count();
        let here = words.split(' ').enumerate().all(|(i, w)| self.is(i, w));
        if here {
            self.at += count;
        }
        here
    }

    pub fn eat_any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|w| self.eat(w))
    }

    pub fn eat_punct(&mut self, punct: &str) -> bool {
        let here = self.is_punct(0, punct);
        self.at += usize::from(here);
        here
    }

    /// A name as the database would store it.
    pub fn name(&mut self) -> Option<String> {
        let token = self.peek()?;
        let name = match token.kind {
            Kind::Word => match self.engine {
                Engine::Postgres => token.raw.to_lowercase(),
                _ => token.raw.to_owned(),
            },
            Kind::Quoted | Kind::Text => token.value(self.engine),
            _ => return None,
        };
        self.at += 1;
        Some(name)
    }

    /// A dotted name; of more than two parts the last two count.
    pub fn object_name(&mut self) -> Option<ObjectName> {
        let mut name = self.name()?;
        let mut schema = None;
        while self.eat_punct(".") {
            let next = if self.is_punct(0, ".") { String::new() } else { self.name()? };
            schema = Some(std::mem::replace(&mut name, next));
        }
        Some(ObjectName { schema: schema.filter(|s| !s.is_empty()), name })
    }

    /// The tokens inside the parentheses that open here.
    pub fn group(&mut self) -> Option<&'t [Token<'a>]> {
        if !self.is_punct(0, "(") {
            return None;
        }
        let mut depth = 0_i64;
        for (i, token) in self.rest().iter().enumerate() {
            depth += paren_step(token);
            if depth == 0 {
                let inner = self.tokens.get(self.at + 1..self.at + i);
                self.at += i + 1;
                return inner;
            }
        }
        let inner = self.tokens.get(self.at + 1..);
        self.at = self.tokens.len();
        inner
    }

    /// Passes tokens while `more` holds outside parentheses; the first is always taken.
    pub fn run_until(&mut self, stop: impl Fn(&Cursor<'t, 'a>) -> bool) -> &'t [Token<'a>] {
        let from = self.at;
        let mut depth = 0;
        while let Some(token) = self.peek() {
            if depth == 0 && self.at > from && stop(self) {
                break;
            }
            depth += paren_step(token);
            self.at += 1;
        }
        self.tokens.get(from..self.at).unwrap_or_default()
    }

    /// The string that stands here.
    pub fn string(&mut self) -> Option<String> {
        let token = self.peek().filter(|t| t.kind == Kind::Text)?;
        self.at += 1;
        Some(token.value(self.engine))
    }
}

/// +1 for an opening, -1 for a closing parenthesis.
pub(super) fn paren_step(token: &Token<'_>) -> i64 {
    match (token.kind, token.raw) {
        (Kind::Punct, "(") => 1,
        (Kind::Punct, ")") => -1,
        _ => 0,
    }
}

/// Cuts at the commas outside parentheses.
pub(super) fn split_commas<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let mut depth = 0;
    tokens
        .split(|t| {
            depth += paren_step(t);
            depth == 0 && t.is_punct(",")
        })
        .filter(|part| !part.is_empty())
        .collect()
}

/// The tokens as text, with single blanks where the source had any, and without comments.
pub(super) fn text_of(tokens: &[Token<'_>]) -> String {
    let mut out = String::new();
    let mut end = None;
    for token in tokens {
        if end.is_some_and(|e| e < token.start) {
            out.push(' ');
        }
        out.push_str(token.raw);
        end = Some(token.end());
    }
    out
}

/// As [`text_of`], without the parentheses that enclose all of it.
pub(super) fn bare_text_of(tokens: &[Token<'_>]) -> String {
    text_of(strip_parens(tokens))
}

fn strip_parens<'t, 'a>(mut tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    loop {
        let [first, inner @ .., last] = tokens else { return tokens };
        if !first.is_punct("(") || !last.is_punct(")") {
            return tokens;
        }
        let mut depth = 0;
        let closes_early = inner.iter().any(|t| {
            depth += paren_step(t);
            depth < 0
        });
        if closes_early {
            return tokens;
        }
        tokens = inner;
    }
}
