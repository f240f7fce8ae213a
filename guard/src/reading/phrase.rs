//! Phrases: values and conditions of one block in words.

use crate::tree::{BinaryOp, Call, Expr, Literal, Over, Select, SelectItem, TypeName, WindowSpec};

use super::clauses;
use super::text::{binary, constant, plain};
use super::words::{humanise, list, singular};

/// How deep values and sub-queries are spelled out.
pub(super) const DEEPEST: usize = 6;

/// What a phrase needs to know of its block: names of relations, and outputs that other clauses refer to.
#[derive(Debug, Default)]
pub struct Block<'e> {
    /// Name in the statement and words for the relation.
    pub relations: Vec<(String, String)>,
    /// Outputs by name.
    pub outputs: Vec<(String, &'e Expr)>,
    /// Nesting so far.
    pub depth: usize,
}

impl<'e> Block<'e> {
    /// The block of a SELECT.
    pub fn of(select: &'e Select, depth: usize) -> Block<'e> {
        let outputs = select.items.iter().filter_map(|item| match item {
            SelectItem::Expr { expr, alias: Some(alias) } => Some((alias.value.clone(), expr)),
            SelectItem::Expr { .. } | SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_) => None,
        });
        Block { relations: super::subject::relations(select), outputs: outputs.collect(), depth }
    }

    /// What an output name, a position or the expression itself stands for.
    pub fn meant<'x>(&self, select: &'x Select, expr: &'x Expr) -> &'x Expr
    where
        'e: 'x,
    {
        match expr {
            Expr::Literal(Literal::Number(digits), _) => {
                let at = digits.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
                match at.and_then(|at| select.items.get(at)) {
                    Some(SelectItem::Expr { expr, .. }) => expr,
                    _ => expr,
                }
            }
            Expr::Column(name) if name.0.len() == 1 => {
                let written = name.last().map(|i| i.value.as_str()).unwrap_or_default();
                let found = self.outputs.iter().find(|(output, _)| output == written);
                found.map_or(expr, |(_, output)| *output)
            }
            other => other,
        }
    }

    /// A value.
    pub fn value(&self, expr: &Expr) -> String {
        self.value_at(expr, 0)
    }

    pub(super) fn value_at(&self, expr: &Expr, depth: usize) -> String {
        if depth > DEEPEST {
            return plain(expr);
        }
        let inner = |e: &Expr| self.value_at(e, depth + 1);
        match expr {
            Expr::Column(name) => {
                let parts: Vec<&str> = name.0.iter().map(|i| i.value.as_str()).collect();
                self.column(&parts)
            }
            Expr::Literal(literal, _) => constant(literal),
            Expr::Typed { value, .. } => value.clone(),
            Expr::Call(call) => self.call(call, depth),
            Expr::Extract { field, expr } => format!("{field} of {}", inner(expr)),
            Expr::Cast { expr, to, .. } => self.cast(expr, to, depth),
            Expr::Binary { op, left, right } if !is_condition(*op) => {
                let first = match left.as_ref() {
                    Expr::Binary { op: below, .. } if below == op => inner(left),
                    _ => self.operand(left, depth),
                };
                format!("{first} {} {}", binary(*op), self.operand(right, depth))
            }
            Expr::Unary { expr: operand, .. } if matches!(operand.as_ref(), Expr::Literal(..)) => plain(expr),
            Expr::Case { branches, otherwise, .. } => self.case(branches, otherwise.as_deref(), depth),
            Expr::Subquery(query) => format!("({})", clauses::nested(query, self.depth)),
            Expr::Row(items) => {
                let items: Vec<String> = items.iter().map(inner).collect();
                list(&items, "and")
            }
            Expr::Collate { expr, .. } => inner(expr),
            Expr::AtTimeZone { expr, .. } => inner(expr),
            Expr::Binary { .. }
            | Expr::Is { .. }
            | Expr::Between { .. }
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Like { .. }
            | Expr::Quantified { .. }
            | Expr::Exists { .. } => format!("whether {}", self.condition_at(expr, depth + 1)),
            Expr::Unary { .. }
            | Expr::Param(_)
            | Expr::Interval { .. }
            | Expr::Special(_)
            | Expr::Array(_)
            | Expr::ArraySubquery(_)
            | Expr::Subscript { .. }
            | Expr::Field { .. } => plain(expr),
        }
    }

    fn operand(&self, expr: &Expr, depth: usize) -> String {
        let text = self.value_at(expr, depth + 1);
        match expr {
            Expr::Binary { .. } | Expr::Case { .. } => format!("({text})"),
            _ => text,
        }
    }

    /// A column: with the word for its row when several relations are read.
    pub fn column(&self, parts: &[&str]) -> String {
        let Some(column) = parts.last() else { return String::new() };
        let words = humanise(column);
        let qualifier = parts.len().checked_sub(2).and_then(|i| parts.get(i));
        let Some(qualifier) = qualifier.filter(|_| self.relations.len() > 1) else { return words };
        let row = match self.relations.iter().find(|(name, _)| name == qualifier) {
            Some((_, words)) => singular(words),
            None => singular(&humanise(qualifier)),
        };
        if words.starts_with(&row) { words } else { format!("{row} {words}") }
    }

    fn cast(&self, expr: &Expr, to: &TypeName, depth: usize) -> String {
        let value = self.value_at(expr, depth + 1);
        match to.name.as_str() {
            "date" => format!("date of {value}"),
            _ => value,
        }
    }

    fn case(&self, branches: &[(Expr, Expr)], otherwise: Option<&Expr>, depth: usize) -> String {
        let [(when, then)] = branches else { return "a value by case".to_owned() };
        let then = self.value_at(then, depth + 1);
        let when = self.condition_at(when, depth + 1);
        match otherwise {
            Some(otherwise) => format!("{then} if {when}, else {}", self.value_at(otherwise, depth + 1)),
            None => format!("{then} if {when}"),
        }
    }

    fn call(&self, call: &Call, depth: usize) -> String {
        let name = call.name.last().map(|i| i.value.as_str()).unwrap_or_default();
        let args: Vec<String> = call.args.iter().map(|a| self.value_at(&a.value, depth + 1)).collect();
        let first = args.first().cloned().unwrap_or_default();
        let different = if call.distinct { "different " } else { "" };
        let mut text = match (name, args.len()) {
            ("count" | "sum", 1) if counted(call).is_some() => {
                let condition = counted(call).map(|c| self.condition_at(c, depth + 1)).unwrap_or_default();
                format!("number of rows where {condition}")
            }
            ("count", _) if call.star || args.is_empty() => "number of rows".to_owned(),
            ("count", _) => format!("number of {different}{first}"),
            ("sum" | "total", 1) => format!("sum of {different}{first}"),
            ("avg", 1) => format!("average {first}"),
            ("min", 1) => format!("smallest {first}"),
            ("max", 1) => format!("largest {first}"),
            ("date_trunc", 2..) => {
                format!("{} of {}", unquoted(&first), args.get(1).cloned().unwrap_or_default())
            }
            ("strftime", 2..) => match unit_of_format(&first) {
                Some(unit) => format!("{unit} of {}", args.get(1).cloned().unwrap_or_default()),
                None => plain(&Expr::Call(Box::new(call.clone()))),
            },
            ("lower" | "upper" | "trim" | "coalesce" | "ifnull" | "nullif" | "round" | "to_char", 1..) => {
                first
            }
            ("length" | "char_length", 1) => format!("length of {first}"),
            ("abs", 1) => format!("absolute {first}"),
            ("string_agg" | "group_concat", 1..) => format!("all {first} in one text"),
            (_, 0) => humanise(name),
            (_, _) => format!("{} of {}", humanise(name), list(&args, "and")),
        };
        if let Some(filter) = &call.filter {
            text = format!("{text} where {}", self.condition_at(filter, depth + 1));
        }
        match &call.over {
            None => text,
            Some(Over::Name(window)) => format!("{text} over {}", humanise(&window.value)),
            Some(Over::Spec(spec)) => format!("{text}{}", self.window(spec, depth)),
        }
    }

    fn window(&self, spec: &WindowSpec, depth: usize) -> String {
        let keys: Vec<String> = spec.partition_by.iter().map(|e| self.value_at(e, depth + 1)).collect();
        let order: Vec<String> = spec
            .order_by
            .iter()
            .map(|o| {
                let down = if o.asc == Some(false) { " descending" } else { "" };
                format!("{}{down}", self.value_at(&o.expr, depth + 1))
            })
            .collect();
        let mut text = String::new();
        if !keys.is_empty() {
            text.push_str(&format!(" within each {}", list(&keys, "and")));
        }
        if !order.is_empty() {
            text.push_str(&format!(" in order of {}", list(&order, "and")));
        }
        if text.is_empty() { " over all rows".to_owned() } else { text }
    }
}

/// Whether an operator gives yes or no.
fn is_condition(op: BinaryOp) -> bool {
    use BinaryOp as B;
    !matches!(
        op,
        B::Plus
            | B::Minus
            | B::Multiply
            | B::Divide
            | B::Modulo
            | B::IntDivide
            | B::Power
            | B::Concat
            | B::BitAnd
            | B::BitOr
            | B::BitXor
            | B::ShiftLeft
            | B::ShiftRight
            | B::JsonGet
            | B::JsonGetText
            | B::JsonPath
            | B::JsonPathText
            | B::JsonMinus
            | B::Distance
            | B::NegInnerProduct
            | B::CosineDistance
    )
}

/// The condition of `count(CASE WHEN c THEN 1 END)` and `sum(CASE WHEN c THEN 1 ELSE 0 END)`.
fn counted(call: &Call) -> Option<&Expr> {
    let name = call.name.last().map(|i| i.value.as_str()).unwrap_or_default();
    let [argument] = call.args.as_slice() else { return None };
    let Expr::Case { operand: None, branches, otherwise } = &argument.value else { return None };
    let [(when, Expr::Literal(then, _))] = branches.as_slice() else { return None };
    let is = |literal: &Literal, text: &str| matches!(literal, Literal::Number(n) if n == text);
    let rest = match otherwise.as_deref() {
        None | Some(Expr::Literal(Literal::Null, _)) => name == "count" || is(then, "1"),
        Some(Expr::Literal(rest, _)) => name == "sum" && is(then, "1") && is(rest, "0"),
        Some(_) => false,
    };
    (rest && !call.distinct && *then != Literal::Null).then_some(when)
}

fn unquoted(text: &str) -> &str {
    text.trim_matches('\'')
}

fn unit_of_format(format: &str) -> Option<&'static str> {
    match unquoted(format) {
        "%Y" => Some("year"),
        "%m" => Some("month number"),
        "%Y-%m" => Some("month"),
        "%d" => Some("day of the month"),
        "%w" => Some("weekday"),
        "%H" => Some("hour"),
        "%Y-%m-%d" => Some("day"),
        "%W" | "%Y-%W" => Some("week"),
        _ => None,
    }
}
