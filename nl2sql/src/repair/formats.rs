//! Date formats of `strftime`, `DATE_FORMAT` and `to_char` into one another.

/// The three ways of writing a date format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Strftime,
    Mysql,
    ToChar,
}

/// One part of a date in the three styles; an empty text is "cannot be said".
const PARTS: [(&str, &str, &str); 11] = [
    ("%Y", "%Y", "YYYY"),
    ("%m", "%m", "MM"),
    ("%d", "%d", "DD"),
    ("%H", "%H", "HH24"),
    ("%M", "%i", "MI"),
    ("%S", "%s", "SS"),
    ("%S", "%S", "SS"),
    ("%j", "%j", "DDD"),
    ("", "%M", "FMMonth"),
    ("", "%b", "Mon"),
    ("", "%W", "FMDay"),
];

fn part(parts: &(&'static str, &'static str, &'static str), style: Style) -> &'static str {
    match style {
        Style::Strftime => parts.0,
        Style::Mysql => parts.1,
        Style::ToChar => parts.2,
    }
}

/// Translates a format; `None` where a part has no counterpart.
pub(super) fn translate(format: &str, from: Style, to: Style) -> Option<String> {
    let mut out = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        let known = PARTS.iter().filter(|p| !part(p, from).is_empty() && rest.starts_with(part(p, from)));
        match known.max_by_key(|p| part(p, from).len()) {
            Some(found) => {
                let text = part(found, to);
                if text.is_empty() {
                    return None;
                }
                out.push_str(text);
                rest = rest.get(part(found, from).len()..)?;
            }
            None if first == '%'
                || first.is_alphabetic() && (from == Style::ToChar || to == Style::ToChar) =>
            {
                return None;
            }
            None => {
                out.push(first);
                rest = rest.get(first.len_utf8()..)?;
            }
        }
    }
    Some(out)
}
