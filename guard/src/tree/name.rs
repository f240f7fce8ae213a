//! Names, types as written, and where in the text they stand.

use serde::{Deserialize, Serialize};

/// Where in the statement's text something stands: byte offsets, end exclusive. Trees compare equal whatever the spans.
#[derive(Debug, Clone, Copy, Default, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl PartialEq for Span {
    fn eq(&self, _: &Span) -> bool {
        true
    }
}

/// A name. Two names are equal when their values are: the parser has folded unquoted ones, so how a name was quoted
/// says nothing about what it means.
#[derive(Debug, Clone, Default, Eq)]
pub struct Ident {
    /// The name without quotes, escapes undone; unquoted names are folded where the engine folds (PostgreSQL).
    pub value: String,
    /// Whether it was quoted so that this says something: it keeps its case on PostgreSQL, and may be a text on
    /// SQLite (in double quotes only; `[x]` and backticks there mean the same as the plain name).
    pub quoted: bool,
    /// Where it stands.
    pub span: Span,
}

impl PartialEq for Ident {
    fn eq(&self, other: &Ident) -> bool {
        self.value == other.value
    }
}

impl Ident {
    /// A name that is to be taken exactly as it is.
    pub fn quoted(value: impl Into<String>) -> Ident {
        Ident { value: value.into(), quoted: true, span: Span::default() }
    }
}

/// `schema.table`, `column`, `schema.function`: one to three parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectName(pub Vec<Ident>);

impl ObjectName {
    /// A name of quoted parts.
    pub fn quoted<I: IntoIterator<Item = S>, S: Into<String>>(parts: I) -> ObjectName {
        ObjectName(parts.into_iter().map(Ident::quoted).collect())
    }

    /// The last part.
    pub fn last(&self) -> Option<&Ident> {
        self.0.last()
    }

    /// The span from the first part to the last.
    pub fn span(&self) -> Span {
        let start = self.0.first().map(|i| i.span.start).unwrap_or_default();
        let end = self.0.last().map(|i| i.span.end).unwrap_or_default();
        Span { start, end }
    }
}

/// A type as written: `numeric(10,2)`, `timestamp with time zone`, `int[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeName {
    /// Name in lower case, words joined by one space; only names on the engine's list of built-in types pass.
    pub name: String,
    /// Numbers in parentheses.
    pub args: Vec<u32>,
    /// Array dimensions.
    pub dims: u8,
}

impl TypeName {
    /// A type without arguments.
    pub fn simple(name: &str) -> TypeName {
        TypeName { name: name.to_owned(), args: Vec::new(), dims: 0 }
    }
}
