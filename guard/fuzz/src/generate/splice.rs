//! Statements that are nearly right: fragments set into generated ones, and plain sequences of words.

use arbitrary::Unstructured;

use crate::schema::TABLES;

/// Pieces of text that lexers and parsers stumble over, or that begin something other than a read.
pub const DICTIONARY: [&str; 150] = [
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "HAVING",
    "ORDER BY",
    "LIMIT",
    "OFFSET",
    "UNION ALL",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "WITH",
    "RECURSIVE",
    "AS",
    "JOIN",
    "LEFT JOIN",
    "FULL JOIN",
    "CROSS JOIN",
    "NATURAL JOIN",
    "USING (id)",
    "ON",
    "AND",
    "OR",
    "NOT",
    "IS",
    "NULL",
    "TRUE",
    "FALSE",
    "IN",
    "EXISTS",
    "BETWEEN",
    "LIKE",
    "ESCAPE",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "CAST(",
    "OVER (",
    "PARTITION BY",
    "ROWS",
    "RANGE",
    "GROUPS",
    "UNBOUNDED PRECEDING",
    "CURRENT ROW",
    "EXCLUDE TIES",
    "FILTER (WHERE",
    "WITHIN GROUP (",
    "VALUES",
    "TABLE",
    "LATERAL",
    "DISTINCT",
    "DISTINCT ON (",
    "ALL",
    "ANY",
    "SOME",
    "ARRAY[",
    "ROW(",
    "FOR UPDATE",
    "FOR SHARE",
    "INTO",
    "INTO OUTFILE",
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
    "DROP TABLE",
    "CREATE",
    "SET",
    "RETURNING *",
    "EXPLAIN",
    "ANALYZE",
    "PRAGMA",
    "ATTACH",
    "EXEC",
    "DO",
    "CALL",
    "COPY",
    "SHUTDOWN",
    "COMMIT",
    "ROLLBACK",
    "REVERT",
    "OPTION (",
    "TOP 5",
    "FETCH NEXT",
    "PERCENT",
    "WITH TIES",
    "SEPARATOR",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    ".",
    "*",
    "::",
    ":",
    "=>",
    ":=",
    "->",
    "->>",
    "#>",
    "@>",
    "<@",
    "||",
    "|/",
    "!!",
    "~",
    "!",
    "?",
    "$1",
    "$$",
    "$a$",
    "@x",
    "@@x",
    "#",
    "--",
    "-- \n",
    "/*",
    "*/",
    "/*!",
    "/*+",
    "/*M!",
    "'",
    "\"",
    "`",
    "''",
    "\\",
    "\\'",
    "E'",
    "N'",
    "X'",
    "B'",
    "U&'",
    "_utf8",
    "\0",
    "\r",
    "\u{a0}",
    "\u{feff}",
    "\u{2028}",
    "\u{200b}",
    "é",
    "0x1F",
    "1_000",
    "1e",
];

/// Words that stand for a table, a column or a call.
const NAMES: [&str; 16] = [
    "id",
    "name",
    "total",
    "vault",
    "code",
    "email",
    "customers.email",
    "count(*)",
    "lower(name)",
    "pg_sleep(1)",
    "load_extension('x')",
    "sqlite_schema",
    "pg_catalog.pg_class",
    "information_schema.tables",
    "rowid",
    "now()",
];

/// A statement with some fragments set into it at the borders of words.
pub fn spliced(statement: String, bytes: &mut Unstructured<'_>) -> String {
    let mut out = statement;
    let count = bytes.int_in_range(0..=3usize).unwrap_or(0);
    for _ in 0..count {
        let at = bytes.choose_index(out.len().max(1)).unwrap_or(0);
        let at = (at..out.len()).find(|i| out.is_char_boundary(*i) && border(&out, *i)).unwrap_or(out.len());
        let fragment = word(bytes);
        if bytes.ratio(1u8, 4u8).unwrap_or(false) {
            // takes the place of what stood there
            let end = (at + 1..out.len()).find(|i| border(&out, *i)).unwrap_or(out.len());
            if out.is_char_boundary(end) {
                out.replace_range(at..end.max(at), "");
            }
        }
        out.insert_str(at, &format!(" {fragment} "));
    }
    out
}

fn border(text: &str, at: usize) -> bool {
    text.is_char_boundary(at) && text[at..].starts_with([' ', '(', ')', ',', '\'', '"', '\n'])
}

/// A sequence of words, most of which mean nothing together.
pub fn words(bytes: &mut Unstructured<'_>) -> String {
    let mut out = String::from("SELECT");
    let mut left = 60;
    while !bytes.is_empty() && left > 0 {
        left -= 1;
        let gap = ["", " ", "\n"][bytes.choose_index(3).unwrap_or(1)];
        out.push_str(gap);
        out.push_str(word(bytes));
    }
    out
}

fn word(bytes: &mut Unstructured<'_>) -> &'static str {
    let at = bytes.choose_index(DICTIONARY.len() + NAMES.len() + TABLES.len()).unwrap_or(0);
    DICTIONARY
        .get(at)
        .or_else(|| NAMES.get(at.wrapping_sub(DICTIONARY.len())))
        .or_else(|| TABLES.get(at.wrapping_sub(DICTIONARY.len() + NAMES.len())).map(|(name, _)| name))
        .copied()
        .unwrap_or("1")
}
