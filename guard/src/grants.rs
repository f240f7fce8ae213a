//! Grants: what a caller was given or denied of a connection, beside the policy that holds for everybody.
//!
//! The most specific grant decides: one that names the column before one that names the table, that before one that names
//! the schema, an exact name before a pattern; of those alike, one for the user before one for a role before one for
//! everybody; of those alike, a denial before a mask before an allowance. Where no grant fits, the connection's default
//! does: open, or closed. A table exists when it is not denied itself, or when one of its columns is not.

use catalog::{Column, Table};
use serde::Serialize;

use crate::policy::How;
use crate::resolve::visible::glob;

/// The grants that hold for one caller.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Grants {
    /// Whether nothing exists that no grant gives.
    pub closed: bool,
    /// Whether tables are collections of documents: a column's name is a path then, and what is said of a path is said
    /// of what is below it.
    pub documents: bool,
    /// The grants.
    pub rules: Vec<Rule>,
}

/// One grant: a place and what it gives there. What is left out of the place fits everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Glob over schemas.
    pub schema: Option<String>,
    /// Glob over tables.
    pub table: Option<String>,
    /// Glob over columns.
    pub column: Option<String>,
    /// For whom it is.
    pub subject: Subject,
    /// What it gives.
    pub effect: Effect,
}

/// For whom a grant is, the widest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Everybody.
    Everyone,
    /// Those with a role.
    Role,
    /// One user.
    User,
}

/// What a grant gives, and what several that are alike come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It is there, as it is stored.
    Allow,
    /// It is there, with its values replaced.
    Mask(How),
    /// It is not there.
    Deny,
}

impl Effect {
    /// What both come to.
    fn and(self, other: Effect) -> Effect {
        match (self, other) {
            (Effect::Deny, _) | (_, Effect::Deny) => Effect::Deny,
            (Effect::Mask(a), Effect::Mask(b)) => Effect::Mask(a.stricter(b)),
            (mask @ Effect::Mask(_), Effect::Allow) | (Effect::Allow, mask @ Effect::Mask(_)) => mask,
            (Effect::Allow, Effect::Allow) => Effect::Allow,
        }
    }
}

/// How specific a rule is: column, table, schema (0: not named, 1: a pattern, 2: a name), subject.
type Rank = (u8, u8, u8, Subject);

impl Rule {
    fn rank(&self) -> Rank {
        let named = |part: &Option<String>| match part {
            None => 0,
            Some(text) if text.contains(['*', '?']) => 1,
            Some(_) => 2,
        };
        (named(&self.column), named(&self.table), named(&self.schema), self.subject)
    }

    /// Whether a pattern fits a name. What gives must fit letter by letter, so that it never gives a neighbour whose name
    /// differs in case; what takes does not look at case.
    fn fits(&self, pattern: Option<&String>, name: &str) -> bool {
        let Some(pattern) = pattern else { return true };
        match self.effect {
            Effect::Allow => glob(pattern, name),
            Effect::Mask(_) | Effect::Deny => glob(&pattern.to_lowercase(), &name.to_lowercase()),
        }
    }

    fn fits_table(&self, table: &Table) -> bool {
        let named = |name: &str| self.fits(self.table.as_ref(), name);
        self.fits(self.schema.as_ref(), &table.schema)
            && (named(&table.name) || table.nested.as_ref().is_some_and(|n| named(&n.collection)))
    }

    fn fits_column(&self, name: &str, documents: bool) -> bool {
        let fits = |name: &str| self.fits(self.column.as_ref(), name);
        fits(name) || documents && name.match_indices('.').any(|(at, _)| name.get(..at).is_some_and(fits))
    }

    fn takes(&self) -> bool {
        self.effect != Effect::Allow
    }

    /// The place as one glob, in small letters.
    fn dotted(&self) -> String {
        let any = || "*".to_owned();
        let part = |part: &Option<String>| part.as_ref().map(|p| p.to_lowercase());
        let table = match (part(&self.schema), part(&self.table)) {
            (None, None) => None,
            (None, Some(table)) => Some(table),
            (Some(schema), table) => Some(format!("{schema}.{}", table.unwrap_or_else(any))),
        };
        [table, part(&self.column)].into_iter().flatten().collect::<Vec<_>>().join(".")
    }
}

impl Grants {
    /// Whether they leave everything as it is.
    pub fn open(&self) -> bool {
        !self.closed && !self.rules.iter().any(Rule::takes)
    }

    /// Whether columns of a table that exists may be missing or masked.
    pub fn cuts_columns(&self) -> bool {
        let cuts = |rule: &Rule| rule.column.is_some() || matches!(rule.effect, Effect::Mask(_));
        !self.open() && self.rules.iter().any(cuts)
    }

    /// Whether any of them masks.
    pub fn masks(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule.effect, Effect::Mask(_)))
    }

    /// What holds for a table itself, whatever is said of its columns.
    pub fn of_table(&self, table: &Table) -> Effect {
        self.come_to(self.deciding(table, None))
    }

    /// What holds for a column.
    pub fn of_column(&self, table: &Table, column: &Column) -> Effect {
        self.come_to(self.deciding(table, Some(&column.name)))
    }

    /// Whether the table exists: by itself, or for one of its columns.
    pub fn shows_table(&self, table: &Table) -> bool {
        self.open()
            || self.of_table(table) != Effect::Deny
            || self.rules.iter().any(|r| r.column.is_some() && r.effect != Effect::Deny)
                && table.columns.iter().any(|c| self.of_column(table, c) != Effect::Deny)
    }

    /// The places, in `rules`, of those that decide about a table or one of its columns; none: the default does.
    pub fn deciding(&self, table: &Table, column: Option<&str>) -> Vec<usize> {
        let mut best: Option<Rank> = None;
        let mut found = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let column_fits = match column {
                None => rule.column.is_none(),
                Some(name) => rule.fits_column(name, self.documents),
            };
            let rank = rule.rank();
            if !column_fits || best.is_some_and(|best| rank < best) || !rule.fits_table(table) {
                continue;
            }
            if best != Some(rank) {
                best = Some(rank);
                found.clear();
            }
            found.push(at);
        }
        found
    }

    fn come_to(&self, deciding: Vec<usize>) -> Effect {
        let effects = deciding.into_iter().filter_map(|at| self.rules.get(at)).map(|rule| rule.effect);
        effects.reduce(Effect::and).unwrap_or(if self.closed { Effect::Deny } else { Effect::Allow })
    }

    /// Globs over columns that are taken away or masked.
    pub(crate) fn globs_of_values(&self) -> Vec<String> {
        self.rules.iter().filter(|r| r.takes() && r.column.is_some()).map(Rule::dotted).collect()
    }

    /// Globs over tables of which something is taken away.
    pub(crate) fn globs_of_tables(&self) -> Vec<String> {
        let all = |glob: String| if glob.is_empty() { "*".to_owned() } else { glob };
        self.rules.iter().filter(|r| r.takes() && r.column.is_none()).map(|r| all(r.dotted())).collect()
    }
}
