//! What only SQL Server says: clauses around a query, and calls whose arguments are words or types.

use super::{Expr, TypeName};

/// What stands around a query beyond its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tail {
    /// `TOP (n) PERCENT`.
    pub percent: bool,
    /// `FOR JSON` or `FOR XML`: the rows become one text.
    pub output: Option<ForOutput>,
    /// `OPTION (MAXRECURSION n)`.
    pub max_recursion: Option<u32>,
}

/// Rows written as one text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ForOutput {
    Json { auto: bool, root: Option<String>, nulls: bool, unwrapped: bool },
    Xml { shape: XmlShape, elements: bool, base64: bool, root: Option<String>, typed: bool },
}

/// The shapes of `FOR XML`, with the name of the element that stands for a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum XmlShape {
    Raw(Option<String>),
    Auto,
    Path(Option<String>),
}

/// Calls whose first argument is a word or a type.
#[derive(Debug, Clone, PartialEq)]
pub enum TypedCall {
    /// `DATEADD(month, 1, x)` and its relatives.
    DatePart {
        /// The function in lower case.
        function: String,
        /// The part in lower case.
        part: String,
        /// The other arguments.
        args: Vec<Expr>,
    },
    /// `CONVERT(type, x, style)`, `TRY_CONVERT`.
    Convert {
        /// To what.
        to: TypeName,
        /// What is converted.
        expr: Box<Expr>,
        /// How a date or a number is written.
        style: Option<Box<Expr>>,
        /// NULL instead of an error.
        attempt: bool,
    },
    /// `x.value('path', 'type')`, `x.query('path')`, `x.exist('path')` of an XML value.
    Xml {
        /// The XML value.
        expr: Box<Expr>,
        /// The method in lower case.
        method: String,
        /// Its arguments, which can only be texts.
        args: Vec<String>,
    },
}

impl TypedCall {
    /// The name it is called by, in lower case.
    pub fn name(&self) -> &str {
        match self {
            TypedCall::DatePart { function, part: _, args: _ } => function,
            TypedCall::Convert { attempt: false, to: _, expr: _, style: _ } => "convert",
            TypedCall::Convert { attempt: true, to: _, expr: _, style: _ } => "try_convert",
            TypedCall::Xml { method, expr: _, args: _ } => method,
        }
    }

    /// The values in it.
    pub fn parts(&self) -> Vec<&Expr> {
        match self {
            TypedCall::DatePart { args, function: _, part: _ } => args.iter().collect(),
            TypedCall::Convert { expr, style, to: _, attempt: _ } => {
                std::iter::once(expr.as_ref()).chain(style.as_deref()).collect()
            }
            TypedCall::Xml { expr, method: _, args: _ } => vec![expr],
        }
    }

    /// The same to write to.
    pub fn parts_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            TypedCall::DatePart { args, function: _, part: _ } => args.iter_mut().collect(),
            TypedCall::Convert { expr, style, to: _, attempt: _ } => {
                std::iter::once(expr.as_mut()).chain(style.as_deref_mut()).collect()
            }
            TypedCall::Xml { expr, method: _, args: _ } => vec![expr],
        }
    }
}
