//! Comments that people write into a CREATE TABLE: SQLite stores the text as it was typed, so they are still there.
//!
//! A comment after a column on the column's last line describes the column; one on the first line, before any column,
//! describes the table. Comments on lines of their own are left out: they are headings or columns commented out.

use std::collections::HashMap;

/// Longest comment kept, in characters.
const LONGEST: usize = 500;

/// The comments of one definition.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Comments {
    /// About the table.
    pub(crate) table: Option<String>,
    /// By lower-case column name.
    pub(crate) columns: HashMap<String, String>,
}

/// Reads the comments of a CREATE TABLE statement.
pub(crate) fn read(sql: &str) -> Comments {
    let mut reader = Reader::default();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = piece(rest, first);
        let (text, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        reader.take(text, first, after);
        rest = after;
    }
    reader.comments
}

/// Bytes of the piece that the text starts with: a comment, a quoted name or text, a word, or one character.
fn piece(rest: &str, first: char) -> usize {
    if rest.starts_with("--") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |at| at + 2);
    }
    if let Some(close) = closing(first) {
        return quoted(rest, close);
    }
    if first.is_alphanumeric() || first == '_' {
        return rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    }
    first.len_utf8()
}

fn closing(first: char) -> Option<char> {
    match first {
        '\'' | '"' | '`' => Some(first),
        '[' => Some(']'),
        _ => None,
    }
}

fn quoted(rest: &str, close: char) -> usize {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != close {
            continue;
        }
        // a doubled quote is part of the text
        if chars.peek().is_some_and(|(_, next)| *next == close && close != ']') {
            chars.next();
            continue;
        }
        return at + c.len_utf8();
    }
    rest.len()
}

#[derive(Default)]
struct Reader {
    comments: Comments,
    depth: usize,
    opened: bool,
    /// First word of the element being read.
    element: Option<String>,
    /// The element that a comment on this line would describe.
    on_line: Option<String>,
    /// Whether the definition's first line still lasts.
    past_first_line: bool,
}

impl Reader {
    fn take(&mut self, text: &str, first: char, after: &str) {
        if text.starts_with("--") || text.starts_with("/*") {
            // what follows a block comment on its line shows that it stands between parts, not behind an element
            let ends_line = after
                .lines()
                .next()
                .unwrap_or_default()
                .trim_matches([',', ')', ';', ' ', '\t', '\r'])
                .is_empty();
            if ends_line {
                self.comment(text);
            }
            return;
        }
        match first {
            '\n' => {
                self.on_line = None;
                self.past_first_line |= self.opened;
            }
            '(' => {
                self.depth += 1;
                self.opened = true;
            }
            ')' => self.depth = self.depth.saturating_sub(1),
            ',' if self.depth == 1 => self.element = None,
            c if c.is_whitespace() => {}
            _ if self.depth == 0 => {}
            _ => self.word(text),
        }
    }

    fn word(&mut self, text: &str) {
        let name = || text.trim_matches(['"', '`', '[', ']', '\'']).replace("\"\"", "\"").to_lowercase();
        let element = self.element.get_or_insert_with(name);
        self.on_line = Some(element.clone());
    }

    fn comment(&mut self, text: &str) {
        let text = text.trim_start_matches(['-', '/', '*']).trim_end_matches(['*', '/']).trim();
        if text.is_empty() {
            return;
        }
        let text: String = text.chars().take(LONGEST).collect();
        if let Some(column) = &self.on_line {
            self.comments.columns.entry(column.clone()).or_insert(text);
        } else if !self.past_first_line && self.comments.table.is_none() && self.comments.columns.is_empty() {
            self.comments.table = Some(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_belong_to_the_column_they_follow() {
        let found = read(
            "CREATE TABLE t ( -- people who buy\n  id INTEGER, -- the key\n  \"E, mail\" TEXT NOT NULL -- where invoices go\n,\n\
             -- a heading\n  price NUMERIC(12, 2) DEFAULT '--no', /* in euro */\n  note TEXT /* kept */ NOT NULL\n) -- after",
        );
        assert_eq!(found.table.as_deref(), Some("people who buy"));
        assert_eq!(found.columns.get("id").map(String::as_str), Some("the key"));
        assert_eq!(found.columns.get("e, mail").map(String::as_str), Some("where invoices go"));
        assert_eq!(found.columns.get("price").map(String::as_str), Some("in euro"));
        assert_eq!(found.columns.len(), 3, "{found:?}");
    }

    #[test]
    fn odd_texts_do_no_harm() {
        for sql in
            ["", "CREATE TABLE t(a", "CREATE TABLE t('a", "CREATE TABLE é(ü -- ", "/*", "((((", "))))--x"]
        {
            assert!(read(sql).columns.is_empty(), "{sql}");
        }
    }
}
