//! Defaults that mean the same on every engine: literals, truths and the present moment, out of each engine's way to say them.

use crate::{Column, TypeClass};

/// Casts and brackets that are taken off an expression, one inside the other.
const DEEPEST: usize = 8;
/// What the present moment, or day, is called.
const NOW: [&str; 12] = [
    "now",
    "current_timestamp",
    "getdate",
    "getutcdate",
    "sysdatetime",
    "sysutcdatetime",
    "sysdatetimeoffset",
    "localtimestamp",
    "current_date",
    "curdate",
    "statement_timestamp",
    "transaction_timestamp",
];

/// A default that every engine can say.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Plain {
    /// None at all, said in words.
    Null,
    /// A truth.
    Truth(bool),
    /// A number, as it was written.
    Number(String),
    /// A text, without its quotes.
    Text(String),
    /// The present moment or day.
    Now,
}

/// Whether the column counts by itself, however its engine says so.
pub(crate) fn counts(column: &Column) -> bool {
    let sequence = column.default.as_deref().is_some_and(|d| d.trim_start().starts_with("nextval("));
    sequence || column.generated.as_deref() == Some("identity")
}

/// What the column's default is; `None` where only its engine can say it, or there is none.
pub(crate) fn plain(column: &Column) -> Option<Plain> {
    let value = bare(column.default.as_deref()?);
    let lower = value.to_lowercase();
    let literal = quoted(value);
    if lower == "null" {
        return Some(Plain::Null);
    }
    let number = literal.clone().unwrap_or_else(|| value.to_owned());
    match column.class {
        TypeClass::Boolean => match lower.trim_start_matches('b').trim_matches('\'') {
            "true" | "1" | "t" => Some(Plain::Truth(true)),
            "false" | "0" | "f" => Some(Plain::Truth(false)),
            _ => None,
        },
        TypeClass::Integer | TypeClass::Decimal | TypeClass::Float => {
            number.parse::<f64>().ok().filter(|n| n.is_finite()).map(|_| Plain::Number(number))
        }
        TypeClass::Date | TypeClass::Time | TypeClass::Timestamp | TypeClass::TimestampTz => {
            let word = lower.trim_matches('\'').split('(').next().unwrap_or_default();
            let now = NOW.contains(&word) || matches!(lower.as_str(), "datetime('now')" | "date('now')");
            if now { Some(Plain::Now) } else { literal.map(Plain::Text) }
        }
        _ => literal.map(Plain::Text),
    }
}

/// The expression without brackets around all of it and without PostgreSQL's casts.
fn bare(expression: &str) -> &str {
    let mut inner = expression.trim();
    for _ in 0..DEEPEST {
        let before = inner;
        if let Some(within) = inner.strip_prefix('(').and_then(|i| i.strip_suffix(')'))
            && closes_at_the_end(within)
        {
            inner = within.trim();
        }
        if let Some(at) = inner.rfind("::")
            && inner.get(at..).is_some_and(|cast| !cast.contains('\''))
        {
            inner = inner.get(..at).unwrap_or(inner).trim();
        }
        if inner == before {
            break;
        }
    }
    inner
}

/// Whether no bracket inside closes one that was opened before.
fn closes_at_the_end(within: &str) -> bool {
    let mut depth = 0_i64;
    within.chars().all(|c| {
        depth += i64::from(c == '(') - i64::from(c == ')');
        depth >= 0
    })
}

/// The text of a literal in quotes. One with a backslash is left alone: engines read it differently.
fn quoted(expression: &str) -> Option<String> {
    let inner = expression.strip_prefix(['N', 'n']).unwrap_or(expression);
    let inner = inner.strip_prefix('\'')?.strip_suffix('\'')?;
    let plain = !inner.replace("''", "").contains(['\'', '\\']);
    plain.then(|| inner.replace("''", "'"))
}
