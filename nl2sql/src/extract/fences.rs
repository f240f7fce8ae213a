//! Code blocks between lines of three or more backticks.

use super::start;

/// One code block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fence<'a> {
    /// The word after the opening backticks.
    pub language: &'a str,
    /// What stands in it.
    pub body: &'a str,
    /// The text between the block before and this one.
    pub before: &'a str,
    /// Whether it ends with backticks.
    pub closed: bool,
}

/// All code blocks, in order.
pub(super) fn all(text: &str) -> Vec<Fence<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find("```") {
        let (before, after) = rest.split_at(open);
        let after = after.trim_start_matches('`');
        let end = after.find("```");
        let inner = end.and_then(|e| after.get(..e)).unwrap_or(after);
        let (language, body) = split_language(inner);
        found.push(Fence { language, body, before, closed: end.is_some() });
        rest = end.and_then(|e| after.get(e..)).unwrap_or_default().trim_start_matches('`');
    }
    found
}

/// A language is one short word of the first line, unless that word begins a statement.
fn split_language(inner: &str) -> (&str, &str) {
    let end = inner.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').unwrap_or(inner.len());
    let (word, rest) = inner.split_at(end);
    let begins = ["select", "with", "values", "insert", "update", "delete"].iter();
    let is_sql = begins.clone().any(|k| word.eq_ignore_ascii_case(k));
    if is_sql || word.len() > 16 { ("", inner) } else { (word, rest) }
}

/// The block that holds the answer: the last read after the word "final" or "corrected", else the last read, else the
/// last block of SQL or JSON.
pub(super) fn choose<'f, 'a>(fences: &'f [Fence<'a>]) -> Option<&'f Fence<'a>> {
    let reads = || fences.iter().filter(|f| is_read(f));
    let announced = |f: &&Fence<'_>| {
        let before = f.before.to_lowercase();
        ["final", "corrected", "fixed"].iter().any(|word| before.contains(word))
    };
    let closed = || reads().filter(|f| f.closed);
    closed()
        .rfind(announced)
        .or_else(|| closed().next_back())
        .or_else(|| reads().next_back())
        .or_else(|| fences.iter().rfind(|f| is_structured(f)))
}

fn is_read(fence: &Fence<'_>) -> bool {
    start::begins_read(fence.body)
        || (fence.language.eq_ignore_ascii_case("json") && fence.body.contains("\"sql\""))
}

fn is_structured(fence: &Fence<'_>) -> bool {
    let known = ["", "sql", "sqlite", "postgresql", "postgres", "mysql", "tsql", "json"];
    let labelled = known.iter().any(|l| fence.language.eq_ignore_ascii_case(l));
    labelled && (start::find(fence.body).is_some() || super::json::read(fence.body.trim()).is_some())
}
