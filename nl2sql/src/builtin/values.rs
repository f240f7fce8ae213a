//! Finds stored values in the question: exact, without case, inflected, as everyday names of places, in quotes.

use catalog::TypeClass;

use super::schema::{Cid, Schema};
use super::text::{Kind, Token};
use super::words;

/// A stored value found in the question.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hit {
    /// Column that holds it.
    pub col: Cid,
    /// As stored.
    pub value: String,
    /// First token.
    pub start: usize,
    /// One past the last token.
    pub end: usize,
    /// 0 to 1.
    pub score: f64,
}

/// Most values of a column that are looked at, and most hits that are kept.
const MAX_VALUES: usize = 5000;
const MAX_HITS: usize = 400;

/// All values in the question.
pub(crate) fn find(schema: &Schema<'_>, tokens: &[Token]) -> Vec<Hit> {
    let mut hits = Vec::new();
    let starts = Starts::new(tokens);
    for (t, table) in schema.tables.iter().enumerate() {
        for (c, column) in table.columns.iter().enumerate() {
            let labels = column.column.enum_labels.iter().map(String::as_str);
            let common =
                column.column.statistics.iter().flat_map(|s| s.common.iter().map(|v| v.value.as_str()));
            let texty = matches!(column.column.class, TypeClass::Text | TypeClass::Enum | TypeClass::Other);
            if !texty || (column.numeric && column.flag.is_none()) {
                continue;
            }
            for value in labels.chain(common).take(MAX_VALUES) {
                if hits.len() >= MAX_HITS {
                    return hits;
                }
                starts.matches(tokens, Cid { t, c }, value, &mut hits);
            }
            codes(schema, Cid { t, c }, tokens, &mut hits);
        }
    }
    hits
}

/// Tokens by their first letter, so that most values are passed over by one look.
struct Starts {
    by_first: [Vec<usize>; 128],
    other: Vec<usize>,
    places: Vec<&'static [&'static str]>,
}

impl Starts {
    fn new(tokens: &[Token]) -> Starts {
        let mut starts = Starts {
            by_first: std::array::from_fn(|_| Vec::new()),
            other: Vec::new(),
            places: places(tokens),
        };
        for (i, token) in tokens.iter().enumerate() {
            let Some(first) = token.lower.chars().next() else { continue };
            match (first as u32) < 128 {
                true => starts.by_first[first as usize].push(i),
                false => starts.other.push(i),
            }
        }
        starts
    }

    fn matches(&self, tokens: &[Token], col: Cid, value: &str, hits: &mut Vec<Hit>) {
        let trimmed = value.trim();
        if trimmed.is_empty() || trimmed.len() > 80 {
            return;
        }
        for same in self.places.iter().filter(|g| g.iter().any(|w| w.eq_ignore_ascii_case(trimmed))) {
            for (i, _) in tokens.iter().enumerate() {
                place_at(tokens, i, same, trimmed, col, value, hits);
            }
        }
        let Some(first) = trimmed.chars().find(|c| c.is_alphanumeric()).and_then(|c| c.to_lowercase().next())
        else {
            return;
        };
        let places = if (first as u32) < 128 { &self.by_first[first as usize] } else { &self.other };
        for &i in places {
            if let Some((end, score)) = match_at(tokens, i, trimmed) {
                hits.push(Hit { col, value: value.to_owned(), start: i, end, score });
            }
        }
    }
}

/// The groups of names of places that the question has a word of.
fn places(tokens: &[Token]) -> Vec<&'static [&'static str]> {
    let said = |name: &str| name.split(' ').next().is_some_and(|w| tokens.iter().any(|t| t.lower == w));
    words::SAME_PLACE.iter().copied().filter(|group| group.iter().any(|name| said(name))).collect()
}

fn place_at(
    tokens: &[Token],
    i: usize,
    same: &[&str],
    trimmed: &str,
    col: Cid,
    value: &str,
    hits: &mut Vec<Hit>,
) {
    for name in same {
        if name.eq_ignore_ascii_case(trimmed) {
            continue;
        }
        let count = name.split(' ').count();
        let fits =
            name.split(' ').zip(&tokens[i..]).filter(|(a, b)| b.lower == *a && b.kind == Kind::Word).count()
                == count;
        let pronoun = *name == "us" && tokens[i].text != "US";
        if fits && !pronoun {
            hits.push(Hit { col, value: value.to_owned(), start: i, end: i + count, score: 0.85 });
        }
    }
}

/// Whether the question holds the value from token `i` on: the token after it and how good the match is.
fn match_at(tokens: &[Token], i: usize, value: &str) -> Option<(usize, f64)> {
    if tokens[i].kind == Kind::Quoted {
        return quoted_match(&tokens[i].text, value).map(|score| (i + 1, score));
    }
    let mut at = i;
    let mut inflected = false;
    let mut parts = value.split(|c: char| !c.is_alphanumeric()).filter(|p| !p.is_empty()).peekable();
    let mut words = 0;
    while let Some(part) = parts.next() {
        while tokens.get(at).is_some_and(|t| matches!(t.kind, Kind::Mark(_))) && at > i {
            at += 1;
        }
        let token = tokens.get(at)?;
        if matches!(token.kind, Kind::Quoted | Kind::Mark(_)) {
            return None;
        }
        if !same_word(&token.lower, part) {
            if parts.peek().is_some() || !inflects(token, part) {
                return None;
            }
            inflected = true;
        }
        at += 1;
        words += 1;
    }
    // `sportabout (sw)` ends with a mark that belongs to the value
    let closes = |t: &Token| t.lower.len() == 1 && value.ends_with(&t.lower);
    if value.ends_with([')', '!', '?', '.']) && tokens.get(at).is_some_and(closes) {
        at += 1;
    }
    let token = &tokens[i];
    let short = value.chars().count() < 3;
    let exact = token.text == value;
    let common = !exact && (short || words::is_stop(&token.lemma));
    if words == 1 && (common || matches!(token.kind, Kind::Number(_))) {
        return None;
    }
    let score = if inflected {
        0.82
    } else if tokens[i].text == value {
        0.95
    } else {
        0.9
    };
    Some((at, score))
}

fn same_word(lower: &str, part: &str) -> bool {
    lower == part
        || (lower.len() == part.len() && lower.eq_ignore_ascii_case(part))
        || (!part.is_ascii() && lower == part.to_lowercase())
}

/// `dogs` for `dog`, `european` for `europe`.
fn inflects(token: &Token, part: &str) -> bool {
    if part.len() < 3 {
        return false;
    }
    if token.lemma.eq_ignore_ascii_case(part) {
        return true;
    }
    let lower = token.lower.as_str();
    let Some(head) = lower.get(..part.len()) else { return false };
    if !head.eq_ignore_ascii_case(part) {
        return part.len() >= 7 && lower.len() >= 6 && super::text::one_edit(lower, &part.to_lowercase());
    }
    let tail = &lower[part.len()..];
    matches!(tail, "s" | "es") || (part.len() >= 4 && matches!(tail, "n" | "an" | "ian" | "ese" | "ish"))
}

fn quoted_match(quoted: &str, value: &str) -> Option<f64> {
    if quoted == value {
        return Some(1.0);
    }
    if quoted.len() == value.len() && quoted.eq_ignore_ascii_case(value)
        || quoted.to_lowercase() == value.to_lowercase()
    {
        return Some(0.97);
    }
    let bare = |text: &str| {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let (a, b) = (bare(quoted), bare(value));
    (!a.is_empty() && a == b).then_some(0.93)
}

/// `female` for a stored `F`.
fn codes(schema: &Schema<'_>, col: Cid, tokens: &[Token], hits: &mut Vec<Hit>) {
    const SEXES: [(&str, &[&str]); 2] =
        [("f", &["female", "woman", "girl", "lady"]), ("m", &["male", "man", "boy", "gentleman"])];
    let column = schema.col(col);
    if !column.words.iter().any(|w| matches!(w.lemma.as_str(), "sex" | "gender")) {
        return;
    }
    let Some(statistics) = &column.column.statistics else { return };
    for (code, spoken) in SEXES {
        let value = statistics.common.iter().take(20).find(|v| {
            v.value.eq_ignore_ascii_case(code) || spoken.iter().any(|w| v.value.eq_ignore_ascii_case(w))
        });
        let Some(value) = value else { continue };
        for (i, token) in tokens.iter().enumerate() {
            if spoken.contains(&token.lemma.as_str()) {
                hits.push(Hit { col, value: value.value.clone(), start: i, end: i + 1, score: 0.95 });
            }
        }
    }
}
