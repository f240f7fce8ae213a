//! Statements from bytes: a grammar over the schema, so that most of what it makes is read, resolved and accepted.

mod expression;
mod query;
mod splice;

use arbitrary::Unstructured;
use catalog::Engine;

use crate::schema::{Kind, quoted};

pub use splice::{DICTIONARY, spliced, words};

/// Deepest nesting of queries and expressions.
const DEEPEST: usize = 5;
/// Longest statement: what comes after is cut short by taking the first form everywhere.
const LONGEST: usize = 6_000;

/// A statement for the engine.
pub fn statement(bytes: &mut Unstructured<'_>, engine: Engine) -> String {
    let plain = bytes.ratio(2u8, 3u8).unwrap_or(true);
    let mut maker = Maker::new(bytes, engine, plain);
    maker.query(0);
    maker.out
}

/// Two statements of the same words: as they come, and with spaces, comments and case changed.
pub(crate) struct Source {
    /// Name it is called by.
    pub name: String,
    /// Its columns.
    pub columns: Vec<(String, Kind)>,
}

/// A statement under construction.
pub(crate) struct Maker<'u, 'b> {
    pub bytes: &'u mut Unstructured<'b>,
    pub engine: Engine,
    pub out: String,
    /// Relations that columns can come from, innermost last.
    pub scope: Vec<Source>,
    /// Common table expressions.
    pub ctes: Vec<(String, Vec<(String, Kind)>)>,
    /// Whether words stand in their usual spelling.
    plain: bool,
    serial: usize,
}

impl<'u, 'b> Maker<'u, 'b> {
    fn new(bytes: &'u mut Unstructured<'b>, engine: Engine, plain: bool) -> Self {
        Maker { bytes, engine, out: String::new(), scope: Vec::new(), ctes: Vec::new(), plain, serial: 0 }
    }

    /// A number below `n`; 0 when the bytes have run out, so the first form is always the simplest.
    pub fn pick(&mut self, n: usize) -> usize {
        if self.out.len() > LONGEST || self.bytes.is_empty() {
            return 0;
        }
        self.bytes.choose_index(n).unwrap_or(0)
    }

    /// One in `n`; never when the bytes have run out.
    pub fn chance(&mut self, n: usize) -> bool {
        self.pick(n) == 1
    }

    pub fn deep(&self, depth: usize) -> bool {
        depth >= DEEPEST || self.out.len() > LONGEST
    }

    /// Writes words, sometimes in another case and with other space before them.
    pub fn put(&mut self, text: &str) {
        if self.plain {
            self.out.push(' ');
            self.out.push_str(text);
            return;
        }
        let gap = ["", " ", "  ", "\n", "\t", " /* x */ ", " -- y\n", "\r\n"];
        let at = self.pick(gap.len());
        let needed = joins(self.out.chars().last(), text.chars().next());
        self.out.push_str(if at == 0 && needed { " " } else { gap[at] });
        let literal = text.contains(['\'', '"', '`', '[']);
        match if literal { 0 } else { self.pick(6) } {
            4 => self.out.push_str(&text.to_ascii_lowercase()),
            5 => self.out.push_str(&text.to_ascii_uppercase()),
            _ => self.out.push_str(text),
        }
    }

    /// A name as it may be written: bare where it can be, else in quotes.
    pub fn name(&mut self, name: &str) {
        let bare = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            && !["group", "order", "select"].contains(&name);
        let spelled = match self.pick(8) {
            6 if self.engine == Engine::Sqlite && !name.contains(']') => format!("[{name}]"),
            5 if self.engine == Engine::Sqlite => format!("`{}`", name.replace('`', "``")),
            0..=3 if bare => name.to_owned(),
            _ => quoted(name, self.engine),
        };
        self.gap();
        self.out.push_str(&spelled);
    }

    /// A dot and what follows it, without space.
    pub fn glued(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn gap(&mut self) {
        if !self.out.ends_with(['.', '(', ' ', '\n']) {
            self.out.push(' ');
        }
    }

    /// A name that nothing has yet.
    pub fn fresh(&mut self) -> String {
        self.serial += 1;
        let odd = ["t", "x", "Q", "end of", "a.b", "--", "o'clock", "ü", "sELECT"];
        let at = self.pick(24);
        let stem = odd.get(at).copied().unwrap_or("t");
        format!("{stem}{}", self.serial)
    }

    pub fn is(&self, engines: &[Engine]) -> bool {
        engines.contains(&self.engine)
    }

    pub fn postgres(&self) -> bool {
        self.engine == Engine::Postgres
    }

    pub fn sqlite(&self) -> bool {
        self.engine == Engine::Sqlite
    }

    pub fn mysql(&self) -> bool {
        self.is(&[Engine::Mysql, Engine::Mariadb])
    }

    pub fn mssql(&self) -> bool {
        self.engine == Engine::Mssql
    }
}

/// Whether two characters would be read as one word or sign without a space between them.
fn joins(left: Option<char>, right: Option<char>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return false };
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '\'' || c == '"' || c == '.' || c == '$';
    let sign = |c: char| "+-*/<>=~!@#%^&|?:".contains(c);
    (word(left) && word(right)) || (sign(left) && sign(right))
}
