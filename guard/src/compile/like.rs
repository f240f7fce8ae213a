//! LIKE and regular expressions: patterns become anchored, escaped regular expressions.

use catalog::TypeClass;
use serde_json::{Value, json};

use crate::tree::{BinaryOp, Expr, LikeOp, Literal};

use super::builder::{all, not, present};
use super::frame::Val;
use super::{Compiler, Made, form, operator};

/// How a pattern's text is read.
type Reader = dyn Fn(&str) -> Made<Pattern>;

/// A pattern of the server.
pub(super) struct Pattern {
    pub(super) regex: String,
    pub(super) options: &'static str,
    pub(super) negated: bool,
}

impl<'a> Compiler<'a> {
    /// Where a text matches, or certainly does not.
    pub(super) fn pattern(&mut self, expr: &'a Expr, wanted: bool) -> Made<Value> {
        let (val, pattern) = self.pattern_of(expr)?;
        let Some(Pattern { regex, options, negated }) = pattern else { return Ok(json!(false)) };
        let mut found = json!({ "input": val.json, "regex": regex });
        if let (Some(operands), false) = (found.as_object_mut(), options.is_empty()) {
            operands.insert("options".to_owned(), json!(options));
        }
        let test = json!({ "$regexMatch": found });
        if wanted != negated {
            return Ok(test);
        }
        let there = val.nullable.then(|| present(&val.json));
        Ok(all(there.into_iter().chain([not(test)]).collect()))
    }

    /// What is matched, and with what; no pattern where it is NULL.
    pub(super) fn pattern_of(&mut self, expr: &'a Expr) -> Made<(Val, Option<Pattern>)> {
        let (tested, pattern, pattern_of): (&'a Expr, &'a Expr, Box<Reader>) = match expr {
            Expr::Like { op: op @ (LikeOp::Like | LikeOp::ILike), expr, pattern, escape, negated } => {
                let options = if *op == LikeOp::ILike { "is" } else { "s" };
                let escape = escape_of(escape.as_deref())?;
                let negated = *negated;
                let made = move |text: &str| {
                    let regex = regex_of(text, escape)?;
                    Ok(Pattern { regex, options, negated })
                };
                (expr, pattern, Box::new(made))
            }
            Expr::Binary { op, left, right } => {
                let negated = matches!(op, BinaryOp::NotRegex | BinaryOp::NotRegexI);
                let options = if matches!(op, BinaryOp::RegexI | BinaryOp::NotRegexI) { "i" } else { "" };
                let made = move |text: &str| Ok(Pattern { regex: text.to_owned(), options, negated });
                (left, right, Box::new(made))
            }
            _ => return Err(operator("This pattern operator").hint("Use LIKE, ILIKE or ~.")),
        };
        let val = self.value(tested)?;
        match val.class {
            None | Some(TypeClass::Text | TypeClass::Enum | TypeClass::Other) if !val.oid => {}
            _ => {
                return Err(operator("A pattern over something that is no text")
                    .hint("Convert it with CAST(... AS text)."));
            }
        }
        match pattern {
            Expr::Literal(Literal::String(text), _) => Ok((val, Some(pattern_of(text)?))),
            Expr::Literal(Literal::Null, _) => Ok((val, None)),
            _ => Err(form("A pattern that is not written out")),
        }
    }
}

fn escape_of(escape: Option<&Expr>) -> Made<Option<char>> {
    match escape {
        None => Ok(Some('\\')),
        Some(Expr::Literal(Literal::String(text), _)) if text.chars().count() <= 1 => Ok(text.chars().next()),
        Some(_) => Err(form("This ESCAPE")),
    }
}

/// A LIKE pattern as a regular expression over the whole text.
fn regex_of(pattern: &str, escape: Option<char>) -> Made<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            c if Some(c) == escape => match chars.next() {
                Some(next) => parts.push(escaped(next)),
                None => return Err(form("A LIKE pattern that ends in its escape character")),
            },
            '%' if parts.last().is_some_and(|p| p == ".*") => {}
            '%' => parts.push(".*".to_owned()),
            '_' => parts.push(".".to_owned()),
            c => parts.push(escaped(c)),
        }
    }
    let open = |part: Option<&String>| part.is_some_and(|p| p == ".*");
    let (starts, ends) = (open(parts.first()), open(parts.last()));
    let inner = match (starts, ends) {
        (true, _) if parts.len() == 1 => &[] as &[String],
        _ => parts.get(usize::from(starts)..parts.len() - usize::from(ends)).unwrap_or_default(),
    };
    let (head, tail) = (if starts { "" } else { "^" }, if ends { "" } else { "\\z" });
    Ok(format!("{head}{}{tail}", inner.concat()))
}

fn escaped(c: char) -> String {
    if "\\^$.|?*+()[]{}".contains(c) { format!("\\{c}") } else { c.to_string() }
}
