//! Conditions as expressions: numbers, texts and dates by the column's type and the engine.

use catalog::{Engine, TypeClass};
use guard::tree::{BinaryOp, Expr, IsTest, LikeOp, OrderItem, Select, TypeName};

use super::build::Builder;
use super::frame::{Agg, Cond, Op, Rhs, What};
use super::schema::Cid;
use super::scope::Scope;
use super::sql;

/// The tree's operator.
pub(crate) fn operator(op: Op) -> BinaryOp {
    match op {
        Op::Eq | Op::Like => BinaryOp::Eq,
        Op::NotEq | Op::NotLike => BinaryOp::NotEq,
        Op::Lt => BinaryOp::Lt,
        Op::LtEq => BinaryOp::LtEq,
        Op::Gt => BinaryOp::Gt,
        Op::GtEq => BinaryOp::GtEq,
    }
}

/// One condition.
pub(crate) fn condition(builder: &mut Builder<'_, '_>, scope: &Scope<'_, '_>, cond: &Cond) -> Option<Expr> {
    let left = scope.col(cond.col);
    match &cond.rhs {
        Rhs::Number(n)
            if matches!(builder.schema.engine, Engine::Postgres | Engine::Mongodb)
                && builder.schema.col(cond.col).column.class == TypeClass::Boolean =>
        {
            let test = if (*n != 0.0) == (cond.op == Op::Eq) { IsTest::True } else { IsTest::False };
            Some(Expr::Is { expr: Box::new(left), test, negated: false })
        }
        Rhs::Number(n) => Some(number(builder, left, cond, *n)),
        Rhs::Null => {
            Some(Expr::Is { expr: Box::new(left), test: IsTest::Null, negated: cond.op == Op::NotEq })
        }
        Rhs::Between(low, high) if temporal(builder, cond.col) && yearly(*low) && yearly(*high) => {
            let (low, high) = (low.min(*high) as i64, low.max(*high) as i64);
            let from = sql::binary(BinaryOp::GtEq, left.clone(), new_year(low));
            Some(sql::binary(BinaryOp::And, from, sql::binary(BinaryOp::Lt, left, new_year(high + 1))))
        }
        Rhs::Between(low, high) => {
            let (low, high) = (sql::number(low.min(*high)), sql::number(low.max(*high)));
            let expr = Box::new(as_number(builder, left, cond.col));
            Some(Expr::Between {
                expr,
                low: Box::new(low),
                high: Box::new(high),
                negated: cond.op == Op::NotEq,
                symmetric: false,
            })
        }
        Rhs::Text(value) if matches!(cond.op, Op::Like | Op::NotLike) => {
            let caseless = matches!(builder.schema.engine, Engine::Postgres | Engine::Mongodb);
            let op = if caseless { LikeOp::ILike } else { LikeOp::Like };
            let pattern = Box::new(sql::text(value));
            Some(Expr::Like {
                op,
                expr: Box::new(left),
                pattern,
                escape: None,
                negated: cond.op == Op::NotLike,
            })
        }
        Rhs::Text(value) => {
            let class = builder.schema.col(cond.col).column.class;
            if class == TypeClass::Boolean
                && matches!(value.as_str(), "true" | "false")
                && builder.schema.engine != Engine::Sqlite
            {
                let literal = guard::tree::Literal::Bool((value == "true") == (cond.op == Op::Eq));
                return Some(sql::binary(BinaryOp::Eq, left, Expr::Literal(literal, Default::default())));
            }
            Some(sql::binary(operator(cond.op), left, sql::text(value)))
        }
        Rhs::Agg(agg, col) => {
            let query = sub_aggregate(builder, *agg, *col)?;
            Some(sql::binary(operator(cond.op), left, query))
        }
        Rhs::Ranked { col, by, desc } => {
            let query = sub_ranked(builder, *col, Some(*by), *desc)?;
            Some(sql::binary(operator(cond.op), left, query))
        }
        Rhs::Common { col, desc } => {
            let query = sub_ranked(builder, *col, None, *desc)?;
            Some(sql::binary(operator(cond.op), left, query))
        }
    }
}

/// A text column that holds numbers is compared as a number where the engine does not convert by itself.
fn as_number(builder: &Builder<'_, '_>, expr: Expr, col: Cid) -> Expr {
    let text = builder.schema.col(col).column.class == TypeClass::Text;
    if !text || builder.schema.engine == Engine::Sqlite {
        return expr;
    }
    Expr::Cast { expr: Box::new(expr), to: TypeName::simple("numeric"), try_cast: false }
}

fn number(builder: &Builder<'_, '_>, left: Expr, cond: &Cond, n: f64) -> Expr {
    let info = builder.schema.col(cond.col);
    let dated = temporal(builder, cond.col);
    let yearly = yearly(n);
    let texty_date = !info.numeric && info.column.class == TypeClass::Text && yearly;
    if yearly && (dated || texty_date) {
        return year(builder, left, cond, n as i64, dated);
    }
    let right = sql::number(n);
    if info.column.class == TypeClass::Text && matches!(cond.op, Op::Eq | Op::NotEq) {
        let Expr::Literal(guard::tree::Literal::Number(digits), _) = &right else {
            return sql::binary(operator(cond.op), left, right);
        };
        return sql::binary(operator(cond.op), left, sql::text(digits));
    }
    sql::binary(operator(cond.op), as_number(builder, left, cond.col), right)
}

fn temporal(builder: &Builder<'_, '_>, col: Cid) -> bool {
    let class = builder.schema.col(col).column.class;
    matches!(class, TypeClass::Date | TypeClass::Timestamp | TypeClass::TimestampTz)
}

fn yearly(n: f64) -> bool {
    n.fract() == 0.0 && (1000.0..3000.0).contains(&n)
}

fn new_year(year: i64) -> Expr {
    sql::text(&format!("{year}-01-01"))
}

/// A year against a date: from its first day up to the next year's; where dates are stored as other texts, a pattern.
fn year(builder: &Builder<'_, '_>, left: Expr, cond: &Cond, n: i64, dated: bool) -> Expr {
    let sample = builder.schema.col(cond.col).column.statistics.as_ref().and_then(|s| s.common.first());
    let digits = |v: &str| v.len() >= 4 && v.bytes().take(4).all(|b| b.is_ascii_digit());
    let iso = sample.is_none_or(|v| digits(&v.value));
    let whole = sample.is_none_or(|v| v.value.len() >= 10 && v.value.as_bytes().get(4) == Some(&b'-'));
    if dated && (builder.schema.engine != Engine::Sqlite || (iso && whole)) {
        return within(left, cond.op, n);
    }
    match cond.op {
        Op::Eq | Op::NotEq | Op::Like | Op::NotLike => {
            let pattern = if iso { format!("{n}%") } else { format!("%{n}%") };
            let negated = matches!(cond.op, Op::NotEq | Op::NotLike);
            Expr::Like {
                op: LikeOp::Like,
                expr: Box::new(left),
                pattern: Box::new(sql::text(&pattern)),
                escape: None,
                negated,
            }
        }
        Op::Lt => sql::binary(BinaryOp::Lt, left, sql::text(&n.to_string())),
        Op::LtEq => sql::binary(BinaryOp::Lt, left, sql::text(&(n + 1).to_string())),
        Op::Gt => sql::binary(BinaryOp::GtEq, left, sql::text(&(n + 1).to_string())),
        Op::GtEq => sql::binary(BinaryOp::GtEq, left, sql::text(&n.to_string())),
    }
}

/// Dates against a whole year.
fn within(left: Expr, op: Op, n: i64) -> Expr {
    let (first, next) = (new_year(n), new_year(n + 1));
    match op {
        Op::Eq | Op::Like => {
            let from = sql::binary(BinaryOp::GtEq, left.clone(), first);
            sql::binary(BinaryOp::And, from, sql::binary(BinaryOp::Lt, left, next))
        }
        Op::NotEq | Op::NotLike => {
            let before = sql::binary(BinaryOp::Lt, left.clone(), first);
            sql::binary(BinaryOp::Or, before, sql::binary(BinaryOp::GtEq, left, next))
        }
        Op::Lt => sql::binary(BinaryOp::Lt, left, first),
        Op::LtEq => sql::binary(BinaryOp::Lt, left, next),
        Op::Gt => sql::binary(BinaryOp::GtEq, left, next),
        Op::GtEq => sql::binary(BinaryOp::GtEq, left, first),
    }
}

fn sub_aggregate(builder: &mut Builder<'_, '_>, agg: Agg, col: Cid) -> Option<Expr> {
    let scope = Scope::new(builder.schema, &[col.t], &builder.prefer, &mut builder.aliases)?;
    let value = builder.aggregate(&scope, agg, What::Col(col), false);
    let select = Select { items: vec![sql::item(value)], from: scope.from(), ..Select::default() };
    Some(Expr::Subquery(Box::new(sql::query(select))))
}

fn sub_ranked(builder: &mut Builder<'_, '_>, col: Cid, by: Option<Cid>, desc: bool) -> Option<Expr> {
    let tables: Vec<usize> = std::iter::once(col.t).chain(by.map(|b| b.t)).collect();
    let scope = Scope::new(builder.schema, &tables, &builder.prefer, &mut builder.aliases)?;
    let select = Select {
        items: vec![sql::item(scope.col(col))],
        from: scope.from(),
        group_by: if by.is_none() { vec![guard::tree::GroupItem::Expr(scope.col(col))] } else { Vec::new() },
        ..Select::default()
    };
    let expr = by.map_or_else(|| sql::call("count", None, false), |b| scope.col(b));
    let mut query = sql::query(select);
    query.order_by = vec![OrderItem { expr, asc: Some(!desc), nulls_first: None }];
    query.limit = Some(Box::new(sql::number(1.0)));
    Some(Expr::Subquery(Box::new(query)))
}
