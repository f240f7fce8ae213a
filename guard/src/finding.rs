//! Findings: what the guard says about a statement, with stable codes.

use serde::{Deserialize, Serialize};

use crate::tree::Span;

/// One thing the guard found. An error refuses the statement, a warning goes into the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// Stable code, for example `G101`.
    pub code: Code,
    /// What happened, one sentence.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Where in the text that came in.
    pub span: Option<Span>,
    /// The name or form the finding is about, as written.
    pub subject: Option<String>,
    /// Nearest known names, best first (only names that the caller may see).
    pub nearest: Vec<String>,
}

/// Makes the enum from its variants and their descriptions, so that lists of codes are never out of step with it.
macro_rules! codes {
    ($(#[doc = $about:literal] $code:ident,)*) => {
        /// The kinds of finding. `G0..` lexical and size, `G1..` names, `G2..` syntax that is no read, `G3..` functions,
        /// `G4..` policy, `G5..` rendering, `G6..` compiling, `W..` warnings.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum Code {
            $(#[doc = $about] $code,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Code] = &[$(Code::$code),*];

            /// What the code stands for, one line.
            pub fn about(self) -> &'static str {
                match self {
                    $(Code::$code => $about.trim_ascii(),)*
                }
            }
        }
    };
}

codes! {
    /// A character or byte that statements may not hold.
    G001,
    /// Too long, too deep, too many operators.
    G002,
    /// A comment form that engines read differently (`/*!`, nested, unterminated) or an optimizer hint.
    G003,
    /// Not understood by the parser.
    G010,
    /// More than one statement, or text after the statement.
    G011,
    /// Nothing to check.
    G012,
    /// Unknown table.
    G100,
    /// Unknown column.
    G101,
    /// Ambiguous column.
    G102,
    /// Unknown alias or qualifier.
    G103,
    /// Two FROM entries with one name.
    G104,
    /// Wrong number of columns (set operation, column aliases, sub-query as value).
    G105,
    /// Not a read: a statement or clause that writes, locks, or changes the session.
    G200,
    /// A form that is not on the list of proven reads.
    G201,
    /// An operator that is not on the list.
    G202,
    /// A type that is not on the list.
    G203,
    /// An unknown function.
    G300,
    /// A function that is known and refused (it writes, reads files, runs text as SQL, locks, sleeps ...).
    G301,
    /// A function with the wrong number of arguments.
    G302,
    /// Work without a bound (huge series, repeat, padding).
    G303,
    /// Grouping: a column that is neither grouped nor aggregated.
    G310,
    /// Refused by policy.
    G400,
    /// The rendered text did not parse back to the same tree: refused to be safe.
    G500,
    /// A fault of the guard itself: refused to be safe.
    G501,
    /// A form that no aggregation pipeline can say (MongoDB).
    G600,
    /// A function, operator or type that no aggregation pipeline can say (MongoDB).
    G601,
    /// Operands that an aggregation pipeline would compare in another way than SQL does (MongoDB).
    G602,
    /// The compiled pipeline is too large or too deep (MongoDB).
    G603,
    /// Cross join, or a missing join predicate.
    W100,
    /// Comparison with NULL by `=`.
    W101,
    /// `NOT IN` over a sub-query that may hold NULL.
    W102,
    /// A cast or function on a filtered column defeats its index.
    W103,
    /// SELECT * in the outermost list.
    W104,
    /// Sorting without a limit.
    W105,
    /// A join that may multiply rows under a SUM or COUNT.
    W106,
    /// A join condition that no key supports.
    W107,
    /// Several dates could be meant.
    W108,
    /// A double-quoted name that is no column was read as text (SQLite), though a column is nearly called so.
    W109,
    /// A limit without ORDER BY.
    W110,
    /// A division of whole numbers that loses the part behind the point.
    W111,
    /// Text compared with a number.
    W112,
    /// A date whose day and month could be swapped.
    W113,
    /// A column beside aggregates that any row of its group may give.
    W114,
}

impl Code {
    /// Whether a finding of this code refuses the statement.
    pub fn is_error(self) -> bool {
        self < Code::W100
    }

    /// The code's text.
    pub fn as_str(self) -> String {
        format!("{self:?}")
    }
}

impl Finding {
    /// A finding with a message alone; add the rest by the `with_` methods.
    pub fn new(code: Code, message: impl Into<String>) -> Finding {
        Finding { code, message: message.into(), hint: None, span: None, subject: None, nearest: Vec::new() }
    }

    /// Says where.
    pub fn at(mut self, span: Span) -> Finding {
        self.span = (span.end > span.start).then_some(span);
        self
    }

    /// Says what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Finding {
        self.hint = Some(hint.into());
        self
    }

    /// Names what it is about.
    pub fn subject(mut self, subject: impl Into<String>) -> Finding {
        self.subject = Some(subject.into());
        self
    }

    /// Offers nearest names.
    pub fn nearest(mut self, names: Vec<String>) -> Finding {
        self.nearest = names;
        self
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.code, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}
