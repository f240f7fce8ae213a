//! What a question asks for, free of SQL: the parser fills it, the builder turns it into a tree.

use super::schema::Cid;

/// An aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agg {
    Count,
    Sum,
    Avg,
    Min,
    Max,
}

/// Something that can be shown, grouped or sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A column.
    Col(Cid),
    /// Rows of a table (to be counted).
    Rows(usize),
    /// What names a row of a table.
    Naming(usize),
    /// All columns of a table.
    Star(usize),
}

/// One output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sel {
    pub agg: Option<Agg>,
    pub what: What,
    pub distinct: bool,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Eq,
    NotEq,
    Lt,
    LtEq,
    Gt,
    GtEq,
    Like,
    NotLike,
}

impl Op {
    /// The opposite.
    pub(crate) fn not(self) -> Op {
        match self {
            Op::Eq => Op::NotEq,
            Op::NotEq => Op::Eq,
            Op::Lt => Op::GtEq,
            Op::GtEq => Op::Lt,
            Op::Gt => Op::LtEq,
            Op::LtEq => Op::Gt,
            Op::Like => Op::NotLike,
            Op::NotLike => Op::Like,
        }
    }
}

/// What a column is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rhs {
    Number(f64),
    Text(String),
    /// An aggregate over a whole column.
    Agg(Agg, Cid),
    /// A column of the row that ranks first by another.
    Ranked {
        col: Cid,
        by: Cid,
        desc: bool,
    },
    /// The value that most (or fewest) rows have.
    Common {
        col: Cid,
        desc: bool,
    },
    Between(f64, f64),
    /// Nothing is stored.
    Null,
}

/// A stretch of time that rows are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// A condition on a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cond {
    pub col: Cid,
    pub op: Op,
    pub rhs: Rhs,
}

/// A condition on a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Having {
    pub agg: Agg,
    pub what: What,
    pub op: Op,
    pub value: f64,
}

/// Rows of other tables that must, or must not, belong to a row.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Related {
    pub tables: Vec<usize>,
    pub conds: Vec<(Cond, bool)>,
    pub having: Option<Having>,
    pub negated: bool,
}

/// One filter of the rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    Cond(Cond),
    Related(Related),
    Having(Having),
}

/// Sorting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Order {
    pub agg: Option<Agg>,
    pub what: What,
    pub desc: bool,
}

/// The whole request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Frame {
    pub select: Vec<Sel>,
    /// The entity that the question is about.
    pub subject: Option<usize>,
    /// Tables that were named and must take part.
    pub mentioned: Vec<usize>,
    /// Filters; true: joined to the one before by OR.
    pub filters: Vec<(Filter, bool)>,
    pub groups: Vec<What>,
    pub order: Vec<Order>,
    pub limit: Option<u64>,
    pub distinct: bool,
    /// Two entities that must both have what is shown.
    pub both: Option<(usize, usize)>,
    /// Date columns that are shown and grouped by a stretch of time.
    pub periods: Vec<(Cid, Unit)>,
    /// A percentage is asked: the filters from this one on say of what part.
    pub share: Option<usize>,
}
