//! Foreign text made harmless: bounded, without control characters, and unable to close a fence.

/// Text of several lines inside a fence.
pub(super) fn fenced(text: &str, limit: usize) -> String {
    let clean = text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c });
    bounded(clean, limit).replace("</", "< /").replace("```", "'''").trim().to_owned()
}

/// Text of one line inside a fence.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    fenced(&words.join(" "), limit)
}

/// A text from the database: quoted on one line, so that it reads as a value and nothing else.
pub(super) fn quoted(text: &str, limit: usize) -> String {
    let line = one_line(text, limit).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", line.replace('<', "\\u003c").replace('>', "\\u003e"))
}

fn bounded(chars: impl Iterator<Item = char>, limit: usize) -> String {
    let mut chars = chars;
    let mut out: String = chars.by_ref().take(limit).collect();
    if chars.next().is_some() {
        out.push('…');
    }
    out
}
