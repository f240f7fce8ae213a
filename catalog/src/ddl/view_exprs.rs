//! Types of the expressions in a view's query, as far as they can be told from the text.

use std::collections::HashMap;

use sqlparser::ast::{
    AccessExpr, BinaryOperator, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    Subscript, Value,
};

use super::view_types::{Resolver, Source};
use crate::{Column, Engine, TypeClass, types};

impl Resolver<'_> {
    /// A column with the type of the expression.
    pub(super) fn typed(&self, expr: &Expr, sources: &[Source], depth: u8) -> Column {
        if depth > 32 {
            return Column::default();
        }
        let inner = |e: &Expr| self.typed(e, sources, depth + 1);
        match expr {
            Expr::Identifier(ident) => self.find(None, ident, sources).unwrap_or_default(),
            Expr::CompoundIdentifier(parts) => {
                let qualifier = parts.len().checked_sub(2).and_then(|i| parts.get(i));
                parts.last().and_then(|i| self.find(qualifier, i, sources)).unwrap_or_default()
            }
            Expr::Nested(e) | Expr::UnaryOp { expr: e, .. } | Expr::Prefixed { value: e, .. } => inner(e),
            Expr::Cast { data_type, .. } | Expr::Convert { data_type: Some(data_type), .. } => {
                self.of_type(data_type)
            }
            // `(array)[n]`
            Expr::CompoundFieldAccess { root, access_chain }
                if matches!(access_chain.as_slice(), [AccessExpr::Subscript(Subscript::Index { .. })]) =>
            {
                inner(root).element.map(plain).unwrap_or_default()
            }
            Expr::Case { conditions, else_result, .. } => {
                let first =
                    conditions.iter().map(|c| inner(&c.result)).chain(else_result.iter().map(|e| inner(e)));
                first.into_iter().find(|c| c.class != TypeClass::Other).unwrap_or_default()
            }
            Expr::BinaryOp { left, op, right } => self.binary(op, inner(left), || inner(right)),
            Expr::Function(f) => self.function(f, sources, depth),
            Expr::Subquery(q) => {
                let columns = self.query(q, &HashMap::new()).unwrap_or_default();
                columns.into_iter().next().unwrap_or_default()
            }
            Expr::Value(v) => literal(&v.value),
            Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::InList { .. }
            | Expr::Between { .. }
            | Expr::Exists { .. } => plain(TypeClass::Boolean),
            Expr::Like { .. } | Expr::InSubquery { .. } => plain(TypeClass::Boolean),
            Expr::Substring { .. } | Expr::Trim { .. } => plain(TypeClass::Text),
            Expr::Extract { .. } => plain(TypeClass::Decimal),
            _ => Column::default(),
        }
    }

    pub(super) fn of_type(&self, data_type: &DataType) -> Column {
        let native_type = types::canonical(self.engine(), &data_type.to_string());
        let (class, element, enum_labels) = self.builder.classify(&native_type);
        Column { native_type, class, element, enum_labels, ..Column::default() }
    }

    fn binary(&self, op: &BinaryOperator, left: Column, right: impl Fn() -> Column) -> Column {
        match op {
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
            | BinaryOperator::And
            | BinaryOperator::Or => plain(TypeClass::Boolean),
            BinaryOperator::StringConcat => plain(TypeClass::Text),
            BinaryOperator::Plus if self.engine() == Engine::Mssql && left.class == TypeClass::Text => left,
            BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide => arithmetic(left.class, right().class),
            _ => Column::default(),
        }
    }

    fn function(&self, f: &Function, sources: &[Source], depth: u8) -> Column {
        let nth = |at| argument(f, at).map(|e| self.typed(e, sources, depth + 1)).unwrap_or_default();
        let first = || nth(0);
        match function_name(f).to_lowercase().as_str() {
            "count" | "row_number" | "rank" | "dense_rank" | "ntile" | "length" | "char_length" | "len"
            | "datediff" | "year" | "month" | "day" => plain(TypeClass::Integer),
            "sum" | "avg" | "round" => match first().class {
                TypeClass::Float => plain(TypeClass::Float),
                _ => plain(TypeClass::Decimal),
            },
            "min" | "max" | "coalesce" | "nullif" | "ifnull" | "isnull" | "first_value" | "last_value"
            | "lag" | "lead" | "abs" => first(),
            "if" | "iif" => Some(nth(1)).filter(|c| c.class != TypeClass::Other).unwrap_or_else(|| nth(2)),
            "lower" | "upper" | "btrim" | "ltrim" | "rtrim" | "regexp_replace" | "ucase" | "lcase"
            | "concat" | "concat_ws" | "group_concat" | "string_agg" | "trim" | "substr" | "substring"
            | "replace" | "left" | "right" | "to_char" | "date_format" | "strftime" => plain(TypeClass::Text),
            "xpath" => Column { element: Some(TypeClass::Xml), ..plain(TypeClass::Array) },
            "now" => plain(TypeClass::TimestampTz),
            "date_trunc" => plain(TypeClass::TimestampTz),
            "date" => plain(TypeClass::Date),
            _ => Column::default(),
        }
    }
}

/// The last part of a function's name, in lower case.
pub(super) fn function_name(f: &Function) -> String {
    f.name.0.last().and_then(|p| p.as_ident()).map(|i| i.value.to_lowercase()).unwrap_or_default()
}

fn argument(f: &Function, at: usize) -> Option<&Expr> {
    let FunctionArguments::List(list) = &f.args else { return None };
    match list.args.get(at)? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => Some(e),
        _ => None,
    }
}

fn plain(class: TypeClass) -> Column {
    Column { class, ..Column::default() }
}

fn literal(value: &Value) -> Column {
    match value {
        Value::Number(text, _) if text.contains(['.', 'e', 'E']) => plain(TypeClass::Decimal),
        Value::Number(..) => plain(TypeClass::Integer),
        Value::Boolean(_) => plain(TypeClass::Boolean),
        Value::Null | Value::Placeholder(_) => Column::default(),
        _ => plain(TypeClass::Text),
    }
}

fn arithmetic(left: TypeClass, right: TypeClass) -> Column {
    let rank = [TypeClass::Float, TypeClass::Decimal, TypeClass::Integer];
    let wins = rank.into_iter().find(|c| left == *c || right == *c);
    let dated = matches!(left, TypeClass::Date | TypeClass::Timestamp | TypeClass::TimestampTz);
    if dated { Column::default() } else { wins.map(plain).unwrap_or_default() }
}
