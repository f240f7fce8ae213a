//! What comes out: the report's form of an output column.

use catalog::Engine;

use crate::report::{ColumnRead, OutputColumn};
use crate::tree::{Expr, Literal, SelectItem, SetExpr, SpecialCall, TrimSide, TypeName};

use super::scope::{ColumnRef, Output};

/// The report's form.
pub fn column(output: Output<'_>) -> OutputColumn {
    let mut lineage: Vec<ColumnRead> = output.info.lineage.iter().filter_map(read).collect();
    lineage.sort();
    OutputColumn {
        name: output.name,
        class: output.info.class,
        lineage,
        sensitivity: output.info.sensitivity,
        masked: output.info.masked,
        aggregate: output.info.aggregate,
        nullable: output.info.nullable,
    }
}

fn read(column: &ColumnRef<'_>) -> Option<ColumnRead> {
    let ColumnRef { table, index } = column;
    let column = table.columns.get(*index)?;
    Some(ColumnRead {
        schema: table.schema.clone(),
        table: table.name.clone(),
        column: column.name.clone(),
        class: column.class,
        native_type: column.native_type.clone(),
        span: None,
    })
}

/// The name that the engine gives an output column without alias.
pub fn name(engine: Engine, expr: &Expr) -> String {
    match (engine, expr) {
        (_, Expr::Column(name)) => name.last().map(|i| i.value.clone()).unwrap_or_default(),
        (Engine::Postgres | Engine::Mongodb, _) => {
            postgres_name(expr).unwrap_or_else(|| "?column?".to_owned())
        }
        (_, expr) => crate::reading::plain(expr),
    }
}

fn postgres_name(expr: &Expr) -> Option<String> {
    let fixed = |name: &str| Some(name.to_owned());
    match expr {
        Expr::Column(name) => name.last().map(|i| i.value.clone()),
        Expr::Call(call) => call.name.last().map(|i| i.value.clone()),
        Expr::Cast { expr, to, .. } => postgres_name(expr).or_else(|| Some(type_name(to))),
        Expr::Typed { ty, .. } => Some(type_name(ty)),
        Expr::Case { otherwise, .. } => {
            let column = otherwise.as_deref().filter(|e| matches!(e, Expr::Column(_)));
            column.and_then(postgres_name).or_else(|| fixed("case"))
        }
        Expr::Interval { .. } => fixed("interval"),
        Expr::Extract { .. } => fixed("extract"),
        Expr::AtTimeZone { .. } => fixed("timezone"),
        Expr::Special(special) => fixed(match special {
            SpecialCall::Substring { .. } => "substring",
            SpecialCall::Trim { side: TrimSide::Both, .. } => "btrim",
            SpecialCall::Trim { side: TrimSide::Leading, .. } => "ltrim",
            SpecialCall::Trim { side: TrimSide::Trailing, .. } => "rtrim",
            SpecialCall::Position { .. } => "position",
            SpecialCall::Overlay { .. } => "overlay",
            SpecialCall::ConvertUsing { .. } => "convert",
            SpecialCall::TimestampDiff { .. } => "timestampdiff",
            SpecialCall::MatchAgainst { .. } => "match",
            // no form of PostgreSQL
            SpecialCall::Typed(_) => return None,
        }),
        Expr::Collate { expr, .. } | Expr::Subscript { expr, .. } => postgres_name(expr),
        Expr::Exists { .. } => fixed("exists"),
        Expr::Subquery(query) => subquery_name(&query.body),
        Expr::Row(_) => fixed("row"),
        Expr::Array(_) | Expr::ArraySubquery(_) => fixed("array"),
        Expr::Field { field, .. } => Some(field.value.clone()),
        Expr::Literal(Literal::Bool(_), _) => fixed("bool"),
        Expr::Literal(..)
        | Expr::Param(_)
        | Expr::Unary { .. }
        | Expr::Binary { .. }
        | Expr::Is { .. }
        | Expr::Between { .. }
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Like { .. }
        | Expr::Quantified { .. } => None,
    }
}

fn subquery_name(body: &SetExpr) -> Option<String> {
    match body {
        SetExpr::Select(select) => match select.items.first()? {
            SelectItem::Expr { alias: Some(alias), .. } => Some(alias.value.clone()),
            SelectItem::Expr { expr, alias: None } => postgres_name(expr),
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_) => None,
        },
        SetExpr::Values(_) => Some("column1".to_owned()),
        SetExpr::Query(query) => subquery_name(&query.body),
        SetExpr::SetOp { left, .. } => subquery_name(left),
    }
}

/// The catalog's own name of a type, which PostgreSQL uses for columns.
fn type_name(ty: &TypeName) -> String {
    let name = match ty.name.as_str() {
        "integer" | "int" => "int4",
        "bigint" => "int8",
        "smallint" => "int2",
        "real" => "float4",
        "double precision" => "float8",
        "boolean" => "bool",
        "character varying" => "varchar",
        "character" | "char" => "bpchar",
        "decimal" | "dec" => "numeric",
        "timestamp with time zone" => "timestamptz",
        "timestamp without time zone" => "timestamp",
        "time with time zone" => "timetz",
        "time without time zone" => "time",
        other => other,
    };
    name.to_owned()
}
