//! GROUP BY and aggregates: one `$group`, after which keys, aggregates and what a key determines can be named.

use serde_json::{Map, Value, json};

use crate::tree::{Call, Expr, GroupItem, ObjectName, Select};

use super::accumulate::Accumulated;
use super::builder::settled;
use super::frame::{Grouped, Val};
use super::order::output_of;
use super::select::{Item, What};
use super::{Compiler, Made, form, walk};

impl<'a> Compiler<'a> {
    /// Groups the rows of the frame on top.
    pub(super) fn group(&mut self, select: &'a Select, items: &[Item<'a>], exprs: &[&'a Expr]) -> Made<()> {
        let keys = self.group_keys(select, items)?;
        let all: Vec<&'a Expr> = exprs.iter().copied().chain(select.having.as_ref()).collect();
        let mut calls: Vec<&'a Call> = Vec::new();
        let mut columns: Vec<ObjectName> = Vec::new();
        for expr in all {
            gather(expr, &keys, &mut calls, &mut columns);
        }
        columns.extend(items.iter().filter_map(|i| match &i.what {
            What::Named(name) => Some(name.clone()),
            What::Expr(_) => None,
        }));
        let mut grouped = Grouped::default();
        let mut id = Map::new();
        for (i, key) in keys.iter().enumerate() {
            let val = self.value(key)?;
            let field = format!("g{i}");
            id.insert(field.clone(), if val.nullable { settled(&val.json) } else { val.json.clone() });
            let json = json!(format!("$_id.{field}"));
            grouped.keys.push(((*key).clone(), Val { json, literal: None, zone: None, ..val }));
        }
        let mut body = Map::new();
        let alone = keys.is_empty();
        body.insert("_id".to_owned(), if alone { Value::Null } else { Value::Object(id) });
        let mut nothing = Map::new();
        for call in calls {
            let Accumulated { fields, val } = self.accumulated(call)?;
            for (name, accumulator, of_none) in fields {
                nothing.insert(name.clone(), of_none);
                body.insert(name, accumulator);
            }
            grouped.calls.push((call.clone(), val));
        }
        for name in columns {
            let known = grouped.keys.iter().any(|(k, _)| matches!(k, Expr::Column(c) if *c == name))
                || grouped.firsts.iter().any(|(c, _)| *c == name);
            let own = self.frames.last().is_some_and(|f| f.has(&name));
            if known || !own {
                continue;
            }
            let val = self.find(&name)?;
            let field = self.fresh("f");
            body.insert(field.clone(), json!({ "$first": val.json }));
            let json = json!(format!("${field}"));
            grouped.firsts.push((name, Val { json, literal: None, ..val }));
        }
        self.push(json!({ "$group": body }))?;
        if alone {
            self.at_least_one(nothing)?;
        }
        let top = self.top()?;
        top.grouped = Some(grouped);
        top.looked_up.clear();
        Ok(())
    }

    /// The expressions that are grouped by.
    fn group_keys(&mut self, select: &'a Select, items: &[Item<'a>]) -> Made<Vec<&'a Expr>> {
        let mut keys = Vec::new();
        for item in &select.group_by {
            let GroupItem::Expr(expr) = item else {
                return Err(form("ROLLUP, CUBE and GROUPING SETS").hint("Unite one query for each grouping."));
            };
            // a column of FROM comes before an output of that name
            let column =
                matches!(expr, Expr::Column(name) if self.frames.last().is_some_and(|f| f.has(name)));
            let output = if column { None } else { output_of(expr, items.iter().map(|i| i.name.as_str())) };
            let key = match output.and_then(|i| items.get(i)).map(|i| &i.what) {
                Some(What::Expr(expr)) => *expr,
                Some(What::Named(_)) => return Err(form("GROUP BY of a wildcard's column")),
                None => expr,
            };
            keys.push(key);
        }
        Ok(keys)
    }

    /// Aggregates without GROUP BY give a row of no rows, too.
    fn at_least_one(&mut self, nothing: Map<String, Value>) -> Made<()> {
        self.push(json!({ "$facet": { "all": [{ "$limit": 1 }] } }))?;
        let none: Map<String, Value> = nothing
            .into_iter()
            .map(|(name, value)| (name, if value.is_array() { json!({ "$literal": value }) } else { value }))
            .collect();
        let row = json!({ "$ifNull": [{ "$arrayElemAt": ["$all", 0] }, none] });
        self.push(json!({ "$replaceRoot": { "newRoot": row } }))
    }
}

/// Aggregates of an expression, and columns outside of them and of keys.
fn gather<'a>(expr: &'a Expr, keys: &[&'a Expr], calls: &mut Vec<&'a Call>, columns: &mut Vec<ObjectName>) {
    let mut open = vec![expr];
    while let Some(next) = open.pop() {
        if keys.contains(&next) {
            continue;
        }
        match next {
            Expr::Call(call) if walk::is_aggregate(call) => {
                if !calls.contains(&call.as_ref()) {
                    calls.push(call);
                }
            }
            Expr::Column(name) => columns.push(name.clone()),
            other => open.extend(walk::children(other)),
        }
    }
}
