//! Splits a text of several statements at the semicolons that stand outside quotes and comments.

use std::ops::Range;

use catalog::Engine;

use crate::lex;

/// The byte ranges of a text's statements, without the semicolons and the blank or commented space before them.
///
/// Quotes and comments are read by the rules by which [`check`](crate::check) reads them. From a place that those rules
/// refuse nothing is split any more: the rest is one piece, which `check` then refuses for the same reason.
pub fn split(text: &str, engine: Engine) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start: Option<usize> = None;
    let mut at = 0;
    while at < text.len() {
        let Ok(next) = lex::step_over(text, engine, at) else {
            pieces.push(start.unwrap_or(at)..text.len());
            return pieces;
        };
        let step = text.get(at..next).unwrap_or_default();
        if step == ";" {
            pieces.extend(start.take().map(|from| from..at));
        } else if start.is_none() && !is_space(step, engine) {
            start = Some(at);
        }
        at = next.max(at + 1);
    }
    pieces.extend(start.map(|from| from..text.len()));
    pieces.iter().map(|piece| trimmed(text, piece)).collect()
}

/// Blank space and comments say nothing.
fn is_space(step: &str, engine: Engine) -> bool {
    let mysql = matches!(engine, Engine::Mysql | Engine::Mariadb);
    step.trim_ascii().is_empty()
        || step.starts_with("--")
        || step.starts_with("/*")
        || mysql && step.starts_with('#')
}

fn trimmed(text: &str, piece: &Range<usize>) -> Range<usize> {
    let end = text.get(piece.clone()).map_or(piece.end, |t| piece.start + t.trim_ascii_end().len());
    piece.start..end
}
