//! A default as an engine writes it.

use super::Writer;
use super::names::text;
use crate::defaults::{Plain, plain};
use crate::{Column, Engine, TypeClass};

impl Writer<'_> {
    /// The default as the engine writes it; `None` where it has to be left out.
    pub(super) fn default_of(&self, column: &Column) -> Option<String> {
        let given = column.default.as_deref()?;
        let mysql = matches!(self.engine, Engine::Mysql | Engine::Mariadb);
        if self.same() {
            // an expression other than a literal or the moment stands in brackets there
            let word = given.to_lowercase().starts_with("current_timestamp");
            let literal = plain(column).is_some_and(|value| value != Plain::Now);
            let bracketed = self.engine == Engine::Mysql && !literal && !word;
            // MySQL prints backslashes as it stores them: read again, they would mean something else
            if mysql && given.contains('\\') {
                return None;
            }
            return Some(if bracketed { format!("({given})") } else { given.to_owned() });
        }
        match plain(column)? {
            Plain::Null => Some("NULL".to_owned()),
            Plain::Truth(truth) => Some(self.truth(truth).to_owned()),
            Plain::Number(number) => Some(number),
            // MySQL gives long texts and documents no default
            Plain::Text(_) if mysql && !self.mysql_keeps_default(column) => None,
            Plain::Text(value) => Some(text(self.engine, &value)),
            Plain::Now => self.now(column.class).map(str::to_owned),
        }
    }

    fn mysql_keeps_default(&self, column: &Column) -> bool {
        let written = self.column_type(column, super::types::Use::Stored);
        !["longtext", "longblob", "json", "geometry"].contains(&written.as_str())
    }

    fn truth(&self, truth: bool) -> &'static str {
        match (self.engine, truth) {
            (Engine::Postgres, true) => "true",
            (Engine::Postgres, false) => "false",
            (_, true) => "1",
            (_, false) => "0",
        }
    }

    /// MySQL knows the moment for columns of moments only.
    fn now(&self, class: TypeClass) -> Option<&'static str> {
        let mysql = matches!(self.engine, Engine::Mysql | Engine::Mariadb);
        match (class, mysql) {
            (TypeClass::Timestamp | TypeClass::TimestampTz, true) => Some("CURRENT_TIMESTAMP(6)"),
            (TypeClass::Date, true) => Some("(CURRENT_DATE)"),
            (_, true) => None,
            (TypeClass::Date, false) if self.engine != Engine::Mssql => Some("CURRENT_DATE"),
            _ => Some("CURRENT_TIMESTAMP"),
        }
    }
}
