//! Short ways to write tree nodes.

use guard::tree::{
    Arg, BinaryOp, Call, Expr, FromItem, Ident, JoinKind, JoinOn, Literal, ObjectName, Query, Select,
    SelectItem, SetExpr, Span, TableAlias,
};

pub(crate) fn column(alias: Option<&str>, name: &str) -> Expr {
    let parts = alias.into_iter().chain([name]);
    Expr::Column(ObjectName::quoted(parts))
}

pub(crate) fn text(value: &str) -> Expr {
    Expr::Literal(Literal::String(value.to_owned()), Span::default())
}

pub(crate) fn number(value: f64) -> Expr {
    let digits = if value.fract() == 0.0 && value.abs() < 1e15 {
        format!("{}", value.abs() as i64)
    } else {
        format!("{}", value.abs())
    };
    let literal = Expr::Literal(Literal::Number(digits), Span::default());
    if value < 0.0 {
        return Expr::Unary { op: guard::tree::UnaryOp::Minus, expr: Box::new(literal) };
    }
    literal
}

pub(crate) fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    Expr::Binary { op, left: Box::new(left), right: Box::new(right) }
}

pub(crate) fn all(conditions: impl IntoIterator<Item = Expr>) -> Option<Expr> {
    conditions.into_iter().reduce(|a, b| binary(BinaryOp::And, a, b))
}

pub(crate) fn call(name: &str, arg: Option<Expr>, distinct: bool) -> Expr {
    let name = Ident { value: name.to_owned(), quoted: false, span: Span::default() };
    Expr::Call(Box::new(Call {
        name: ObjectName(vec![name]),
        star: arg.is_none(),
        args: arg.into_iter().map(Arg::plain).collect(),
        distinct,
        ..Call::default()
    }))
}

pub(crate) fn item(expr: Expr) -> SelectItem {
    SelectItem::Expr { expr, alias: None }
}

pub(crate) fn table(name: ObjectName, alias: Option<&str>) -> FromItem {
    let alias = alias.map(|a| TableAlias { name: Ident::quoted(a), columns: Vec::new() });
    FromItem::Table { name, alias }
}

pub(crate) fn join(left: FromItem, right: FromItem, on: Option<Expr>) -> FromItem {
    let (kind, on) = match on {
        Some(on) => (JoinKind::Inner, JoinOn::On(on)),
        None => (JoinKind::Cross, JoinOn::None),
    };
    FromItem::Join { kind, left: Box::new(left), right: Box::new(right), on }
}

pub(crate) fn query(select: Select) -> Query {
    Query { body: SetExpr::Select(Box::new(select)), ..Query::default() }
}

/// A call with several arguments.
pub(crate) fn apply(name: &str, args: Vec<Expr>) -> Expr {
    let name = Ident { value: name.to_owned(), quoted: false, span: Span::default() };
    Expr::Call(Box::new(Call {
        name: ObjectName(vec![name]),
        args: args.into_iter().map(Arg::plain).collect(),
        ..Call::default()
    }))
}
