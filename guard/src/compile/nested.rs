//! Joins of an array's elements to the document that holds them: the array is unwound where it stands.

use catalog::{Table, nested};
use serde_json::json;

use crate::tree::{BinaryOp, Expr, ObjectName, TableAlias};

use super::builder::{cond, present, under};
use super::frame::{Col, Entry, Source, Val};
use super::{Compiler, Made};

impl<'a> Compiler<'a> {
    /// Unwinds an array of a document that is in the frame already, where the conditions tie the child table to it.
    pub(super) fn unwind(
        &mut self,
        table: &'a Table,
        alias: Option<&'a TableAlias>,
        keeps: bool,
        conditions: &[&'a Expr],
    ) -> Made<bool> {
        let Some(found) = &table.nested else { return Ok(false) };
        if alias.is_some_and(|a| !a.columns.is_empty()) {
            return Ok(false);
        }
        let name = alias.map_or(&table.name, |a| &a.name.value).clone();
        let level = nested::level(table);
        let Some((parent, used)) = self.parent_of(table, &name, level, conditions) else { return Ok(false) };
        let rest: Vec<&'a Expr> =
            conditions.iter().enumerate().filter(|(i, _)| !used.contains(i)).map(|(_, c)| *c).collect();
        // a row without a partner must stay: the array would have to be cut down before
        if keeps && !rest.is_empty() {
            return Ok(false);
        }
        let Some(source) = parent.source.clone() else { return Ok(false) };
        let above = source.table.nested.as_ref().map(|n| format!("{}.", n.path)).unwrap_or_default();
        let path = under(&source.at, found.path.strip_prefix(&above).unwrap_or(&found.path));
        let position = self.fresh("_p");
        let at = if self.in_place(table, &found.path) {
            path
        } else {
            let copy = self.fresh("_q");
            self.push(json!({ "$set": { copy.clone(): format!("${path}") } }))?;
            copy
        };
        self.push(super::join::unwound(&format!("${at}"), Some(&position), keeps))?;
        let there = present(&json!(format!("${position}")));
        let mine = |name: &str| -> Option<Val> {
            let val = if name == nested::position_column(level) {
                Val::new(json!(format!("${position}")), Some(catalog::TypeClass::Integer), false)
            } else if name == nested::PARENT_ID && source.table.nested.is_none() {
                parent.col("_id")?.val.clone()
            } else if nested::is_own_column(table, name) {
                parent.col(name)?.val.clone()
            } else {
                return None;
            };
            Some(match keeps {
                true => Val {
                    json: cond(there.clone(), val.json.clone(), serde_json::Value::Null),
                    nullable: true,
                    ..val
                },
                false => val,
            })
        };
        let cols: Vec<Col> =
            table.columns.iter().map(|c| super::from::column(table, c, &at, mine(&c.name))).collect();
        self.top()?.entries.push(Entry { name, cols, source: Some(Source { table, at }) });
        self.keep_where(&rest)?;
        Ok(true)
    }

    /// The entry whose documents hold the array, and the conditions that say so.
    fn parent_of(
        &self,
        table: &'a Table,
        name: &str,
        level: usize,
        conditions: &[&'a Expr],
    ) -> Option<(Entry<'a>, Vec<usize>)> {
        let found = table.nested.as_ref()?;
        let frame = self.frames.last()?;
        frame.entries.iter().find_map(|entry| {
            let source = entry.source.as_ref()?;
            if source.table.name != found.parent || source.table.schema != table.schema {
                return None;
            }
            let mut used = Vec::new();
            let id = if source.table.nested.is_some() { nested::PARENT_ID } else { "_id" };
            let positions = (1..level).map(nested::position_column).map(|p| (p.clone(), p));
            for (own, theirs) in
                std::iter::once((nested::PARENT_ID.to_owned(), id.to_owned())).chain(positions)
            {
                let says = |c: &&'a Expr| equal(c, (name, &own), (&entry.name, &theirs));
                used.push(conditions.iter().position(says)?);
            }
            Some((entry.clone(), used))
        })
    }

    /// Whether the array may be unwound where it stands: nobody names it, or joins it a second time.
    fn in_place(&self, table: &Table, path: &str) -> bool {
        let column = path.rsplit_once('.').map_or(path, |(_, last)| last);
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let wildcard = ["SELECT *", "DISTINCT *", ", *", "\".*"].iter().any(|w| self.sql.contains(w));
        let named = self.sql.contains(&quoted(path)) || self.sql.contains(&quoted(column));
        let twice =
            self.frames.last().is_none_or(|f| f.tables.iter().filter(|t| **t == table.name).count() > 1);
        !wildcard && !named && !twice
    }
}

/// Whether a condition is `a.x = b.y`.
fn equal(condition: &Expr, one: (&str, &str), other: (&str, &str)) -> bool {
    let Expr::Binary { op: BinaryOp::Eq, left, right } = condition else { return false };
    let (Expr::Column(left), Expr::Column(right)) = (left.as_ref(), right.as_ref()) else { return false };
    let is = |name: &ObjectName, (entry, column): (&str, &str)| matches!(name.0.as_slice(), [e, c] if e.value == entry && c.value == column);
    is(left, one) && is(right, other) || is(left, other) && is(right, one)
}
