//! The guard's own syntax tree: every form of a read that Querent can prove, and nothing else.
//!
//! Text becomes this tree by `parse` (allow-list conversion of sqlparser's tree), text is made from it by `render`,
//! and the built-in translator builds it directly. Spans are ignored when trees are compared. Parentheses are not
//! stored: the renderer writes those that precedence asks for.

mod call;
mod expr;
mod json_table;
mod name;
mod ops;
mod query;
mod tsql;
mod tsql_from;
mod walk;

pub use call::{
    Arg, Call, Frame, FrameBound, FrameExclude, FrameUnit, MatchMode, Over, SpecialCall, TrimSide, WindowSpec,
};
pub use expr::{Expr, IsTest, JsonShape, Literal, NormalForm};
pub use json_table::{JsonColumn, JsonMissing, JsonTable};
pub use name::{Ident, ObjectName, Span, TypeName};
pub use ops::{BinaryOp, LikeOp, UnaryOp};
pub use query::{
    Cte, Distinct, FromItem, GroupItem, JoinKind, JoinOn, OrderItem, Query, Select, SelectItem, SetExpr,
    SetOp, TableAlias,
};
pub use tsql::{ForOutput, Tail, TypedCall, XmlShape};
pub use tsql_from::{Form, FormKind, OpenJsonColumn, Period, Sample};
pub use walk::{Cycle, Search, Walk};
