//! From bytes of a text to its lines and columns, as editors count them.

use guard::tree::Span;

/// A stretch of a file: lines and columns from 1, columns in characters, the end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

/// A point of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    pub line: usize,
    pub column: usize,
}

impl Point {
    /// The first character of a text.
    pub const START: Point = Point { line: 1, column: 1 };

    /// Where one is after reading `text` from here.
    pub fn after(self, text: &str) -> Point {
        let lines = text.matches('\n').count();
        let last = text.rsplit('\n').next().unwrap_or_default().chars().count();
        let column = if lines == 0 { self.column + last } else { last + 1 };
        Point { line: self.line + lines, column }
    }
}

/// The place of a span in a statement that begins at `start`; the whole statement without a span.
pub fn of(statement: &str, start: Point, span: Option<Span>) -> Place {
    let span = span.map(|s| (s.start as usize, s.end as usize));
    let (from, to) = span
        .filter(|(from, to)| statement.get(*from..*to).is_some())
        .unwrap_or_else(|| (0, statement.lines().next().map_or(0, str::len)));
    let begin = start.after(statement.get(..from).unwrap_or_default());
    let end = begin.after(statement.get(from..to).unwrap_or_default());
    Place { line: begin.line, column: begin.column, end_line: end.line, end_column: end.column }
}
