//! Sub-queries in expressions: looked up into a field of the row, each once.

use serde_json::{Map, Value, json};

use crate::tree::{Distinct, Expr, GroupItem, Literal, Query, Select, SelectItem, SetExpr};

use super::builder::{any, not, present, settled};
use super::frame::{Frame, Val};
use super::query::Piped;
use super::truth::in_items;
use super::{Compiler, Made, form, walk};

impl<'a> Compiler<'a> {
    /// A condition that is one sub-query: rows are looked up only until one is found. False where it is none.
    pub(super) fn keep_by_query(&mut self, condition: &'a Expr) -> Made<bool> {
        let (field, wanted) = match condition {
            Expr::Exists { query, negated } => (self.first_row(query, None)?, !negated),
            Expr::InSubquery { expr, query, negated } => {
                if walk::has_query(expr) {
                    return Ok(false);
                }
                (self.first_row(query, Some((expr, *negated)))?, !negated)
            }
            _ => return Ok(false),
        };
        let test = if wanted { json!({ "$ne": [] }) } else { json!([]) };
        self.push(json!({ "$match": { field: test } }))?;
        Ok(true)
    }

    /// The first row of a sub-query, or the first that equals a value (for NOT IN also one that may).
    fn first_row(&mut self, query: &'a Query, sought: Option<(&'a Expr, bool)>) -> Made<String> {
        let sought = match sought {
            Some((expr, negated)) => Some((self.value(expr)?, negated)),
            None => None,
        };
        self.block()?;
        self.frames.push(Frame { apart: true, ..Frame::default() });
        let cols = self.query_here(query)?;
        if let Some((val, negated)) = sought {
            let mut found =
                Compiler::outputs(&cols, &[]).into_iter().next().map(|c| c.val).unwrap_or_default();
            let mut val = self.brought_in(val);
            self.align(&mut val, &mut found)?;
            let mut tests = vec![self.compare(crate::tree::BinaryOp::Eq, &val, &found, true)?];
            if negated {
                tests.extend(found.nullable.then(|| not(present(&found.json))));
                tests.extend(val.nullable.then(|| not(present(&val.json))));
            }
            self.push(json!({ "$match": { "$expr": any(tests) } }))?;
        }
        self.push(json!({ "$limit": 1 }))?;
        let piped = self.piped(cols)?;
        self.look_up(piped)
    }

    /// Rows of a query into a new field of the frame on top.
    pub(super) fn look_up(&mut self, piped: Piped) -> Made<String> {
        let field = self.fresh("_q");
        let stage = lookup(piped, &field, None);
        self.push(stage)?;
        Ok(field)
    }

    /// The field that holds the rows of a sub-query, looked up the first time.
    fn rows_of(&mut self, query: &'a Query, least: Option<i64>) -> Made<(String, Val)> {
        let key = std::ptr::from_ref(query) as usize;
        if let Some((_, field, val)) = self.top()?.looked_up.iter().find(|(k, ..)| *k == key) {
            return Ok((field.clone(), val.clone()));
        }
        self.block()?;
        self.frames.push(Frame { apart: true, ..Frame::default() });
        let cols = self.query_here(query)?;
        // a field that is not there would be left out of the list of values
        let known = cols.first().map(|c| c.val.clone()).unwrap_or_default();
        if known.nullable && least.is_none() {
            self.push(json!({ "$set": { "c0": settled(&json!("$c0")) } }))?;
        }
        if let Some(least) = least {
            self.push(json!({ "$limit": least }))?;
        }
        let piped = self.piped(cols)?;
        let field = self.look_up(piped)?;
        self.top()?.looked_up.push((key, field.clone(), known.clone()));
        Ok((field, known))
    }

    /// The rows of EXISTS: at most one.
    pub(super) fn exists(&mut self, query: &'a Query) -> Made<Value> {
        let (field, _) = self.rows_of(query, Some(1))?;
        Ok(json!(format!("${field}")))
    }

    /// IN as a value, with all that can be unknown about it.
    pub(super) fn in_query(&mut self, expr: &'a Expr, query: &'a Query, wanted: bool) -> Made<Value> {
        if matches!(expr, Expr::Row(_)) {
            return Err(form("IN with several columns").hint("Use EXISTS with a condition for each."));
        }
        let mut val = self.value(expr)?;
        let (field, mut known) = self.rows_of(query, None)?;
        known.literal = None;
        let (was, oid) = (known.json.clone(), known.oid);
        self.align(&mut val, &mut known)?;
        if known.json != was || known.oid != oid {
            return Err(
                form("IN over ObjectIds and texts").hint("Cast the ObjectId to text in the sub-query.")
            );
        }
        Ok(in_items(&val, &json!(format!("${field}.c0")), None, wanted))
    }

    /// A sub-query as a value: it must be sure to give one row at the most.
    pub(super) fn scalar_query(&mut self, query: &'a Query) -> Made<Val> {
        if !gives_one_row(query) {
            let found = form("A sub-query as a value that may give several rows");
            return Err(found.hint("Add LIMIT 1 to it, or aggregate (max, min, count ...)."));
        }
        let (field, known) = self.rows_of(query, None)?;
        let json = json!({ "$arrayElemAt": [format!("${field}.c0"), 0] });
        Ok(Val { oid: known.oid, ..Val::new(json, known.class, true) })
    }
}

/// A pipeline over another collection.
pub(super) fn lookup(piped: Piped, field: &str, keys: Option<(&str, &str)>) -> Value {
    let Piped { collection, stages, captures, .. } = piped;
    let mut body = Map::new();
    body.insert("from".to_owned(), json!(collection));
    if let Some((local, foreign)) = keys {
        body.insert("localField".to_owned(), json!(local));
        body.insert("foreignField".to_owned(), json!(foreign));
    }
    if !captures.is_empty() {
        body.insert("let".to_owned(), Value::Object(captures.into_iter().collect()));
    }
    if keys.is_none() || !stages.is_empty() || body.contains_key("let") {
        body.insert("pipeline".to_owned(), Value::Array(stages));
    }
    body.insert("as".to_owned(), json!(field));
    json!({ "$lookup": body })
}

/// Whether a query gives one row at the most, whatever the data.
fn gives_one_row(query: &Query) -> bool {
    let one = |e: &Expr| matches!(e, Expr::Literal(Literal::Number(n), _) if n == "1" || n == "0");
    if query.limit.as_deref().is_some_and(one) {
        return true;
    }
    match &query.body {
        SetExpr::Select(select) => folds(select),
        SetExpr::Query(inner) => gives_one_row(inner),
        SetExpr::Values(_) | SetExpr::SetOp { .. } => false,
    }
}

fn folds(select: &Select) -> bool {
    let aggregated = |item: &SelectItem| match item {
        SelectItem::Expr { expr, alias: _ } => has_aggregate(expr),
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_) => false,
    };
    let plain = matches!(select.distinct, Distinct::No | Distinct::Yes);
    plain && select.group_by == [] as [GroupItem; 0] && select.items.iter().any(aggregated)
}

/// Whether an aggregate stands in an expression.
pub(super) fn has_aggregate(expr: &Expr) -> bool {
    let mut open = vec![expr];
    while let Some(next) = open.pop() {
        if let Expr::Call(call) = next
            && walk::is_aggregate(call)
        {
            return true;
        }
        open.extend(walk::children(next));
    }
    false
}
