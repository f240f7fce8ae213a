//! Defaults: a literal, a truth or the present moment is the same on every engine; other expressions are not.

use super::Writer;
use super::names::text;
use crate::{Column, Engine, TypeClass};

/// The expression without brackets around all of it and without PostgreSQL's casts.
fn stripped(expression: &str) -> &str {
    let mut inner = expression.trim();
    while let Some(next) = inner.strip_prefix('(').and_then(|i| i.strip_suffix(')')) {
        if next.contains(['(', ')']) && !next.starts_with('(') {
            break;
        }
        inner = next.trim();
    }
    match inner.rfind("::") {
        Some(at) if !inner.get(at..).is_some_and(|cast| cast.contains('\'')) => {
            inner.get(..at).unwrap_or(inner).trim()
        }
        _ => inner,
    }
}

/// The text of a literal in quotes.
fn quoted_text(expression: &str) -> Option<String> {
    let inner = expression.strip_prefix(['N', 'n']).unwrap_or(expression);
    let inner = inner.strip_prefix('\'')?.strip_suffix('\'')?;
    let plain = !inner.replace("''", "").contains(['\'', '\\']);
    plain.then(|| inner.replace("''", "'"))
}

impl Writer<'_> {
    /// The default as the engine writes it; `None` where it has to be left out.
    pub(super) fn default_of(&self, column: &Column) -> Option<String> {
        let given = column.default.as_deref()?;
        if self.same() {
            // MySQL tells a literal without its quotes
            return Some(given.to_owned())
                .filter(|_| !matches!(self.engine, Engine::Mysql | Engine::Mariadb));
        }
        let value = stripped(given);
        let lower = value.to_lowercase();
        match column.class {
            TypeClass::Boolean => match lower.as_str() {
                "true" | "1" | "b'1'" | "'1'" | "'t'" => Some(self.truth(true)),
                "false" | "0" | "b'0'" | "'0'" | "'f'" => Some(self.truth(false)),
                _ => None,
            },
            TypeClass::Integer | TypeClass::Decimal | TypeClass::Float => {
                let number = quoted_text(value).unwrap_or_else(|| value.to_owned());
                number.parse::<f64>().ok().filter(|n| n.is_finite()).map(|_| number)
            }
            TypeClass::Timestamp | TypeClass::TimestampTz => self.now(&lower).map(str::to_owned),
            TypeClass::Text if length_matters(self.engine, column) => None,
            TypeClass::Text => {
                let bare = matches!(self.from, Engine::Mysql) && !lower.contains(['(', '\'']);
                let value = if bare { Some(value.to_owned()) } else { quoted_text(value) };
                value.map(|v| text(self.engine, &v))
            }
            _ => None,
        }
    }

    fn truth(&self, truth: bool) -> String {
        match (self.engine, truth) {
            (Engine::Postgres, true) => "true",
            (Engine::Postgres, false) => "false",
            (_, true) => "1",
            (_, false) => "0",
        }
        .to_owned()
    }

    fn now(&self, value: &str) -> Option<&'static str> {
        let word = value.split('(').next().unwrap_or_default();
        let known = ["now", "current_timestamp", "getdate", "sysdatetime", "localtimestamp"].contains(&word);
        known.then_some(match self.engine {
            Engine::Mysql | Engine::Mariadb => "CURRENT_TIMESTAMP(6)",
            _ => "CURRENT_TIMESTAMP",
        })
    }
}

/// MySQL gives long texts no default.
fn length_matters(engine: Engine, column: &Column) -> bool {
    matches!(engine, Engine::Mysql | Engine::Mariadb) && !column.native_type.contains('(')
}
