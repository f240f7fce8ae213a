//! What SET changes in a session.

use std::collections::BTreeSet;

use crate::error::{Result, SqlError};
use crate::sql::lex::Token;

/// Options that are bits of `@@OPTIONS`.
const BITS: &[(&str, u32)] = &[
    ("IMPLICIT_TRANSACTIONS", 2),
    ("CURSOR_CLOSE_ON_COMMIT", 4),
    ("ANSI_WARNINGS", 8),
    ("ANSI_PADDING", 16),
    ("ANSI_NULLS", 32),
    ("ARITHABORT", 64),
    ("ARITHIGNORE", 128),
    ("QUOTED_IDENTIFIER", 256),
    ("NOCOUNT", 512),
    ("ANSI_NULL_DFLT_ON", 1024),
    ("ANSI_NULL_DFLT_OFF", 2048),
    ("CONCAT_NULL_YIELDS_NULL", 4096),
    ("NUMERIC_ROUNDABORT", 8192),
    ("XACT_ABORT", 16_384),
];
/// Options that change nothing that this server does.
const WITHOUT_EFFECT: &[&str] = &[
    "NOEXEC",
    "PARSEONLY",
    "FMTONLY",
    "DATEFIRST",
    "DEADLOCK_PRIORITY",
    "QUERY_GOVERNOR_COST_LIMIT",
    "STATISTICS",
    "LANGUAGE",
    "CONTEXT_INFO",
    "FIPS_FLAGGER",
    "OFFSETS",
];

/// The settings of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    bits: u32,
    pub(crate) lock_timeout: i32,
    pub(crate) text_size: i32,
    pub(crate) row_count: i64,
    pub(crate) isolation: i16,
    pub(crate) date_format: String,
    pub(crate) show_plan: bool,
    /// Options that SET leaves as they are.
    pub(crate) ignored: BTreeSet<String>,
}

impl Settings {
    /// As after a login through TDS 7.4.
    pub(crate) fn new(ignored: BTreeSet<String>) -> Self {
        let initial = 8 | 16 | 32 | 256 | 1024 | 4096;
        // what SET cannot change is not as a client would want it
        let (mut bits, unwanted) = (initial, 2 | 4 | 128 | 8192);
        for (_, bit) in BITS.iter().filter(|(name, _)| ignored.contains(*name)) {
            bits = if bit & unwanted != 0 { bits | bit } else { bits & !bit };
        }
        let date_format = if ignored.contains("DATEFORMAT") { "dmy" } else { "mdy" };
        Settings {
            bits,
            lock_timeout: -1,
            text_size: 4096,
            row_count: 0,
            isolation: if ignored.contains("ISOLATION") { 1 } else { 2 },
            date_format: date_format.to_owned(),
            show_plan: false,
            ignored,
        }
    }

    /// `@@OPTIONS`.
    pub(crate) fn options(&self) -> u32 {
        self.bits
    }

    pub(crate) fn is_on(&self, option: &str) -> bool {
        BITS.iter().any(|(name, bit)| *name == option && self.bits & bit != 0)
    }

    /// Carries out a SET; gives false when it sets a variable instead.
    pub(crate) fn set(&mut self, tokens: &[Token]) -> Result<bool> {
        let words: Vec<String> = tokens.iter().skip(1).map(|t| t.text.to_uppercase()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let Some(first) = words.first() else { return Err(SqlError::syntax("SET")) };
        if first.starts_with('@') {
            return Ok(false);
        }
        if self.ignored.contains(*first) || (*first == "TRANSACTION" && self.ignored.contains("ISOLATION")) {
            return Ok(true);
        }
        match words.as_slice() {
            ["TRANSACTION", "ISOLATION", "LEVEL", level @ ..] => {
                self.isolation = match level {
                    ["READ", "UNCOMMITTED"] => 1,
                    ["READ", "COMMITTED"] => 2,
                    ["REPEATABLE", "READ"] => 3,
                    ["SERIALIZABLE"] => 4,
                    ["SNAPSHOT"] => 5,
                    _ => return Err(SqlError::syntax("LEVEL")),
                };
            }
            ["LOCK_TIMEOUT", number @ ..] => self.lock_timeout = whole(number)?,
            ["TEXTSIZE", number @ ..] => self.text_size = whole(number)?,
            ["ROWCOUNT", number @ ..] => self.row_count = whole(number)?.into(),
            ["DATEFORMAT", format] => self.date_format = format.to_lowercase(),
            ["SHOWPLAN_XML", on] => self.show_plan = *on == "ON",
            ["IDENTITY_INSERT", ..] => {}
            [list @ .., on @ ("ON" | "OFF")] => {
                for option in list.iter().filter(|w| **w != ",") {
                    self.switch(option, *on == "ON")?;
                }
            }
            [option, ..] if WITHOUT_EFFECT.contains(option) => {}
            _ => return Err(unknown(first)),
        }
        Ok(true)
    }

    fn switch(&mut self, option: &str, on: bool) -> Result<()> {
        if option == "ANSI_DEFAULTS" {
            self.bits = if on { self.bits | 1338 } else { self.bits & !1338 };
            return Ok(());
        }
        match BITS.iter().find(|(name, _)| *name == option) {
            Some((_, bit)) if on => self.bits |= bit,
            Some((_, bit)) => self.bits &= !bit,
            None if WITHOUT_EFFECT.contains(&option) => {}
            None => return Err(unknown(option)),
        }
        Ok(())
    }
}

fn unknown(option: &str) -> SqlError {
    SqlError::new(195, format!("'{option}' is not a recognized SET option.")).class(15)
}

fn whole(words: &[&str]) -> Result<i32> {
    words.concat().parse().map_err(|_| SqlError::syntax("SET"))
}
