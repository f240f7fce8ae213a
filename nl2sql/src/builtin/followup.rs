//! Follow-ups: `and in 2024?`, `only from Germany`, `how many are there?` lean on the question before.

use crate::types::Turn;

/// Most turns that are looked back at.
const MAX_TURNS: usize = 4;

/// What is asked once the turns before are taken in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    /// The whole question.
    pub question: String,
    /// Only the number of its rows is wanted.
    pub count: bool,
}

/// Resolves a question against the turns before it; `None` when it stands on its own.
pub(super) fn resolve(question: &str, history: &[Turn]) -> Option<Asked> {
    let recent = &history[history.len().saturating_sub(MAX_TURNS)..];
    let (last, earlier) = recent.split_last()?;
    let before = resolve(&last.question, earlier).map_or_else(|| last.question.clone(), |a| a.question);
    let words = words(question);
    if counts(&words) {
        return Some(Asked { question: before, count: true });
    }
    let rest = continued(&words)?;
    Some(Asked { question: merge(&before, rest), count: false })
}

fn words(text: &str) -> Vec<&str> {
    let trimmed = |w: &'_ str| !w.is_empty();
    text.split_whitespace()
        .map(|w| w.trim_matches(['?', '.', '!', ',', ';']))
        .filter(|w| trimmed(w))
        .take(60)
        .collect()
}

fn starts(words: &[&str], lead: &[&str]) -> bool {
    words.len() >= lead.len() && words.iter().zip(lead).all(|(w, l)| w.eq_ignore_ascii_case(l))
}

fn counts(words: &[&str]) -> bool {
    const WHOLE: &[&[&str]] = &[
        &["how", "many"],
        &["how", "many", "are", "there"],
        &["how", "many", "are", "they"],
        &["how", "many", "are", "these"],
        &["count", "them"],
        &["and", "how", "many", "are", "there"],
    ];
    WHOLE.iter().any(|w| w.len() == words.len() && starts(words, w))
}

/// What follows the words that open a follow-up; a short phrase that starts with a preposition.
fn continued<'w>(words: &'w [&'w str]) -> Option<&'w [&'w str]> {
    const LEADS: &[&[&str]] = &[
        &["and", "only"],
        &["and"],
        &["only"],
        &["just"],
        &["what", "about"],
        &["how", "about"],
        &["but", "only"],
    ];
    const LINKS: &[&str] =
        &["in", "from", "for", "with", "without", "by", "before", "after", "since", "per", "those"];
    let lead = LEADS.iter().find(|l| starts(words, l))?;
    let mut rest = &words[lead.len()..];
    if starts(rest, &["those"]) || starts(rest, &["the", "ones"]) {
        rest = &rest[1 + usize::from(starts(rest, &["the", "ones"]))..];
    }
    let first = rest.first()?.to_lowercase();
    (rest.len() <= 8 && LINKS.contains(&first.as_str())).then_some(rest)
}

fn year(word: &str) -> bool {
    word.len() == 4
        && word.bytes().all(|b| b.is_ascii_digit())
        && (word.starts_with("19") || word.starts_with("20"))
}

fn name(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

/// Puts the phrase in place of one of the same kind, or behind the question.
fn merge(before: &str, rest: &[&str]) -> String {
    let mut all = words(before);
    let [link, what @ ..] = rest else { return before.to_owned() };
    let place = all.iter().enumerate().skip(1).position(|(i, w)| {
        let next = all.get(i + 1).copied().unwrap_or_default();
        let same = what.first().is_some_and(|x| (year(x) && year(next)) || (name(x) && name(next)));
        w.eq_ignore_ascii_case(link) && same
    });
    let Some(place) = place.map(|p| p + 1) else {
        all.extend(rest);
        return all.join(" ");
    };
    let kind: fn(&str) -> bool = if all.get(place + 1).is_some_and(|w| year(w)) { year } else { name };
    let length = all[place + 1..].iter().take_while(|w| kind(w)).count();
    all.splice(place..place + 1 + length, rest.iter().copied());
    all.join(" ")
}
