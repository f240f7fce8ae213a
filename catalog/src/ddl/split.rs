//! Groups tokens into statements: bodies with `;` inside, batches, `DELIMITER`, and data lines of a dump.

use super::lex::{Kind, Lexer, Token};
use crate::Engine;

/// Tokens kept of a statement that is no DDL; the rest is only passed over.
const KEPT_OF_OTHERS: usize = 8;
/// Tokens kept of a DDL statement.
const KEPT: usize = 500_000;
const DDL_WORDS: [&str; 10] =
    ["CREATE", "ALTER", "COMMENT", "SET", "USE", "EXEC", "EXECUTE", "DROP", "IF", "SELECT"];
const ROUTINE_WORDS: [&str; 5] = ["PROC", "PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"];

/// One statement.
pub(super) struct Statement<'a> {
    pub tokens: Vec<Token<'a>>,
    pub line: u32,
}

/// The statements of a text.
pub(super) struct Statements<'a> {
    lexer: Lexer<'a>,
    engine: Engine,
}

/// What is known of the statement that is being gathered.
#[derive(Default)]
struct Gathering<'a> {
    tokens: Vec<Token<'a>>,
    seen: usize,
    parens: i64,
    blocks: u32,
    after_end: bool,
    routine: bool,
    view: bool,
}

impl<'a> Statements<'a> {
    pub fn new(text: &'a str, engine: Engine) -> Self {
        Statements { lexer: Lexer::new(text, engine), engine }
    }

    fn ends_here(&self, token: &Token<'a>, so_far: &Gathering<'a>) -> bool {
        match token.kind {
            Kind::Batch => true,
            Kind::End if self.engine == Engine::Mssql => !so_far.routine,
            Kind::End => so_far.blocks == 0,
            _ => false,
        }
    }

    /// T-SQL needs no `;`: a statement word that opens a line ends the statement before it.
    fn starts_next(&self, token: &Token<'a>, so_far: &Gathering<'a>) -> bool {
        let candidate = self.engine == Engine::Mssql
            && token.opens_line
            && token.kind == Kind::Word
            && so_far.seen > 0
            && so_far.parens <= 0
            && !so_far.routine
            && !so_far.view;
        if !candidate {
            return false;
        }
        let next = self.lexer.clone().next();
        let followed_by = |words: &[&str]| next.as_ref().is_some_and(|t| words.iter().any(|w| t.is(w)));
        match token.raw.to_ascii_uppercase().as_str() {
            "CREATE" | "INSERT" | "EXEC" | "EXECUTE" | "USE" | "GRANT" | "DENY" | "PRINT" | "DECLARE"
            | "IF" | "TRUNCATE" => true,
            "ALTER" => !followed_by(&["COLUMN"]),
            "DROP" => !followed_by(&["COLUMN", "CONSTRAINT"]),
            "SET" => !followed_by(&["NULL", "DEFAULT"]),
            _ => false,
        }
    }
}

impl<'a> Gathering<'a> {
    fn push(&mut self, token: Token<'a>) {
        self.seen += 1;
        let ddl = self.tokens.first().is_none_or(|f| DDL_WORDS.iter().any(|w| f.is(w)));
        if self.tokens.len() < if ddl { KEPT } else { KEPT_OF_OTHERS } {
            self.tokens.push(token);
        }
        match token.raw {
            "(" if token.kind == Kind::Punct => self.parens += 1,
            ")" if token.kind == Kind::Punct => self.parens -= 1,
            _ => {}
        }
        if token.kind != Kind::Word {
            self.after_end = false;
            return;
        }
        self.note_head(&token);
        self.note_block(&token);
    }

    fn note_head(&mut self, token: &Token<'a>) {
        let creates = self.tokens.first().is_some_and(|t| t.is("CREATE") || t.is("ALTER") || t.is("IF"));
        if !creates || self.seen > 24 || self.parens > 0 {
            return;
        }
        let known = self.routine || self.view || self.tokens.iter().any(|t| t.is("TABLE"));
        if known {
            return;
        }
        self.routine = ROUTINE_WORDS.iter().any(|w| token.is(w));
        self.view = token.is("VIEW");
    }

    fn note_block(&mut self, token: &Token<'a>) {
        let word = token.raw.to_ascii_uppercase();
        let after_end = std::mem::take(&mut self.after_end);
        if !self.routine {
            return;
        }
        match word.as_str() {
            "IF" | "LOOP" | "WHILE" | "REPEAT" if after_end => self.blocks += 1,
            "BEGIN" => self.blocks += 1,
            "CASE" if self.blocks > 0 && !after_end => self.blocks += 1,
            "END" => {
                self.blocks = self.blocks.saturating_sub(1);
                self.after_end = true;
            }
            _ => {}
        }
    }

    fn reads_copy_data(&self) -> bool {
        let first = self.tokens.first().is_some_and(|t| t.is("COPY"));
        first && self.parens <= 0
    }
}

impl<'a> Iterator for Statements<'a> {
    type Item = Statement<'a>;

    fn next(&mut self) -> Option<Statement<'a>> {
        let mut so_far = Gathering::default();
        let mut from_stdin = false;
        loop {
            let before = self.lexer.clone();
            let Some(token) = self.lexer.next() else { break };
            if self.starts_next(&token, &so_far) {
                self.lexer = before;
                break;
            }
            if self.ends_here(&token, &so_far) {
                if so_far.reads_copy_data() && from_stdin {
                    self.lexer.skip_copy_data();
                }
                if so_far.seen == 0 {
                    continue;
                }
                break;
            }
            from_stdin |= token.is("STDIN");
            so_far.push(token);
        }
        let line = so_far.tokens.first()?.line;
        Some(Statement { tokens: so_far.tokens, line })
    }
}
