//! Regular expressions: only patterns that a backtracking engine works through in bounded time, as far as their form shows.

use crate::finding::{Code, Finding};

use super::at::At;

/// Longest pattern, in bytes.
const LONGEST: usize = 512;
/// Most quantifiers without a bound in one pattern.
const OPEN_ENDED: usize = 8;
/// Highest count of a repetition.
const MOST: u32 = 1_000;

/// What is known of an open group: whether anything in it repeats or alternates.
#[derive(Default, Clone, Copy)]
struct Group {
    repeats: bool,
}

/// Checks a pattern and its options.
pub(super) fn check(pattern: &str, options: &str, at: &At<'_>) -> Result<(), Finding> {
    if pattern.contains('\0') {
        return Err(at.finding(Code::G001, "A pattern holds the character NUL."));
    }
    let repeated = options.chars().any(|c| options.matches(c).count() > 1);
    if repeated || !options.chars().all(|c| "imsxu".contains(c)) {
        return Err(at.form("A pattern has an option that is not known.").hint("Known: i, m, s, x, u."));
    }
    if pattern.len() > LONGEST {
        return Err(at
            .finding(Code::G303, "A pattern is too long.")
            .hint(format!("Keep it under {LONGEST} bytes.")));
    }
    bounded(&pattern.chars().collect::<Vec<_>>()).map_err(|why| {
        at.finding(Code::G303, format!("A pattern may take time without a bound: {why}."))
            .hint("Write it without nested repetition, look-around or back-references.")
    })
}

fn bounded(chars: &[char]) -> Result<(), &'static str> {
    let mut open: Vec<Group> = vec![Group::default()];
    let mut closed: Option<Group> = None;
    let mut open_ended = 0;
    let mut i = 0;
    while let Some(c) = chars.get(i) {
        let mut last = None;
        match c {
            '\\' => {
                i += 1;
                escape(chars.get(i))?;
            }
            '[' => i = class_end(chars, i)?,
            '(' => {
                i = group_start(chars, i)?;
                open.push(Group::default());
            }
            ')' => {
                last = open.pop();
                if open.is_empty() {
                    return Err("a bracket closes that never opened");
                }
                if let (Some(inner), Some(outer)) = (last, open.last_mut()) {
                    outer.repeats |= inner.repeats;
                }
            }
            '*' | '+' | '{' => {
                let (end, unbounded, many) = quantifier(chars, i)?;
                i = end;
                if many && closed.is_some_and(|g| g.repeats) {
                    return Err("a repetition repeats");
                }
                open_ended += usize::from(unbounded);
                if let (true, Some(group)) = (many, open.last_mut()) {
                    group.repeats = true;
                }
            }
            _ => {}
        }
        closed = last;
        i += 1;
    }
    match open_ended <= OPEN_ENDED {
        true if open.len() == 1 => Ok(()),
        true => Err("a bracket is not closed"),
        false => Err("it has many open-ended repetitions"),
    }
}

fn escape(next: Option<&char>) -> Result<(), &'static str> {
    match next {
        None => Err("it ends in a backslash"),
        Some(c) if c.is_ascii_digit() || "gkKCXRQEG".contains(*c) => Err("a back-reference or a rare escape"),
        Some(_) => Ok(()),
    }
}

/// The index of the bracket that ends a class.
fn class_end(chars: &[char], start: usize) -> Result<usize, &'static str> {
    let mut i = start + 1;
    if chars.get(i) == Some(&'^') {
        i += 1;
    }
    if chars.get(i) == Some(&']') {
        i += 1;
    }
    while let Some(c) = chars.get(i) {
        match c {
            '\\' => i += 1,
            ']' => return Ok(i),
            _ => {}
        }
        i += 1;
    }
    Err("a class is not closed")
}

/// The index of the last character of a group's opening.
fn group_start(chars: &[char], start: usize) -> Result<usize, &'static str> {
    match (chars.get(start + 1), chars.get(start + 2)) {
        (Some('*'), _) => Err("a verb of the engine"),
        (Some('?'), Some(':')) => Ok(start + 2),
        (Some('?'), Some('i')) if chars.get(start + 3) == Some(&')') => Ok(start + 2),
        (Some('?'), _) => Err("a look-around or a special group"),
        _ => Ok(start),
    }
}

/// Where a quantifier ends, whether it has no upper bound, and whether it repeats more than once.
fn quantifier(chars: &[char], start: usize) -> Result<(usize, bool, bool), &'static str> {
    let lazy = |end: usize| if matches!(chars.get(end + 1), Some('?' | '+')) { end + 1 } else { end };
    if chars.get(start) != Some(&'{') {
        return Ok((lazy(start), true, true));
    }
    let Some(length) = chars.iter().skip(start).position(|c| *c == '}') else {
        return Ok((start, false, false));
    };
    let end = start + length;
    let inner: String = chars.get(start + 1..end).unwrap_or_default().iter().collect();
    let (low, high) = inner.split_once(',').map_or((inner.as_str(), None), |(l, h)| (l, Some(h)));
    if low.is_empty() || !inner.chars().all(|c| c.is_ascii_digit() || c == ',') {
        return Ok((start, false, false));
    }
    let unbounded = high == Some("");
    let most: u32 = high.filter(|h| !h.is_empty()).unwrap_or(low).parse().unwrap_or(u32::MAX);
    if most > MOST {
        return Err("a count is too high");
    }
    Ok((lazy(end), unbounded, unbounded || most > 1))
}
