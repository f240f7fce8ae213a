//! Joins: arrays of the row's own document are unwound, everything else is looked up.

use serde_json::{Value, json};

use crate::tree::{BinaryOp, Expr, FromItem, Ident, JoinKind, JoinOn, Literal, ObjectName};

use super::builder::{cond, present};
use super::frame::{Col, Entry, Frame, Val};
use super::query::Piped;
use super::subquery::lookup;
use super::{Compiler, Made, form, walk};

/// The field of either side that a lookup goes by, and whether nothing could meet nothing.
struct Keys {
    local: String,
    foreign: String,
    nulls_meet: bool,
}

impl<'a> Compiler<'a> {
    /// Joins an entry to what the frame holds.
    pub(super) fn join(
        &mut self,
        kind: JoinKind,
        right: &'a FromItem,
        on: &'a JoinOn,
        wheres: &mut Vec<&'a Expr>,
    ) -> Made<()> {
        let keeps = match kind {
            JoinKind::Inner | JoinKind::Cross => false,
            JoinKind::Left => true,
            JoinKind::Full => {
                let hint = "Use a LEFT JOIN and UNION ALL with the rows that have no partner.";
                return Err(form("FULL JOIN").hint(hint));
            }
            JoinKind::Right | JoinKind::CrossApply | JoinKind::OuterApply => return Err(form("This join")),
        };
        let mut conditions: Vec<&'a Expr> = match on {
            JoinOn::On(condition) => walk::conjuncts(condition),
            JoinOn::None | JoinOn::Using(_) => Vec::new(),
            JoinOn::Natural => return Err(form("NATURAL JOIN")),
        };
        conditions.retain(|c| !matches!(c, Expr::Literal(Literal::Bool(true), _)));
        if let FromItem::Function { call, ordinality, alias, lateral: _, column_types } = right {
            if !conditions.is_empty() && keeps || !column_types.is_empty() {
                return Err(form("LEFT JOIN of unnest with a condition").hint("Use ON TRUE, and WHERE."));
            }
            self.unnest(call, *ordinality, alias.as_ref(), keeps)?;
            return self.keep_where(&conditions);
        }
        if matches!(right, FromItem::Derived { lateral: true, .. }) {
            return Err(form("LATERAL").hint("Use a sub-query as a value, or unnest(column)."));
        }
        let plain = kind == JoinKind::Cross && *on == JoinOn::None;
        if plain {
            conditions = self.conditions_for(right, wheres);
        }
        if let Some((table, alias)) = self.plain_table(right)
            && self.unwind(table, alias, keeps, &conditions)?
        {
            return Ok(());
        }
        self.looked_up(right, on, keeps, &conditions)
    }

    /// Conditions of WHERE that tie an entry to those before it: they say how to join.
    fn conditions_for(&mut self, right: &'a FromItem, wheres: &mut Vec<&'a Expr>) -> Vec<&'a Expr> {
        let Some(called) = called(right) else { return Vec::new() };
        let known: Vec<String> = self
            .frames
            .last()
            .map(|f| f.entries.iter().map(|e| e.name.clone()).collect())
            .unwrap_or_default();
        let ties = |expr: &Expr| {
            let Some(names) = walk::columns(expr) else { return false };
            let of = |n: &&ObjectName| match n.0.as_slice() {
                [entry, _] => Some(entry.value.clone()),
                _ => None,
            };
            let entries: Option<Vec<String>> = names.iter().map(of).collect();
            let Some(entries) = entries else { return false };
            entries.contains(&called) && entries.iter().all(|e| *e == called || known.contains(e))
        };
        let (found, rest): (Vec<&'a Expr>, Vec<&'a Expr>) = wheres.iter().copied().partition(|e| ties(e));
        *wheres = rest;
        found
    }

    /// A join by `$lookup`.
    fn looked_up(
        &mut self,
        right: &'a FromItem,
        on: &'a JoinOn,
        keeps: bool,
        conditions: &[&'a Expr],
    ) -> Made<()> {
        self.block()?;
        self.frames.push(Frame { apart: true, ..Frame::default() });
        let mut none = Vec::new();
        self.item(right, &mut none)?;
        let mut keys: Option<Keys> = None;
        let mut rest = Vec::new();
        for condition in conditions {
            match keys.is_none().then(|| self.keys_of(condition)).flatten() {
                Some(found) => keys = Some(found),
                None => rest.push(*condition),
            }
        }
        self.keep_where(&rest)?;
        let mut merged = Vec::new();
        if let JoinOn::Using(columns) = on {
            for column in columns {
                merged.push(self.using(column, &mut keys)?);
            }
        }
        let frame = self.frames.pop().unwrap_or_default();
        let Frame { collection, stages, captures, entries, .. } = frame;
        let collection = collection.ok_or_else(|| form("A join without a collection"))?;
        let field = self.fresh("_q");
        let piped = Piped { collection, stages, captures, cols: Vec::new() };
        let asks = keys.as_ref().filter(|k| k.nulls_meet).map(|k| k.local.clone());
        if let (Some(local), false) = (&asks, keeps) {
            self.push(json!({ "$match": { local: { "$ne": null } } }))?;
        }
        let by = keys.as_ref().map(|k| (k.local.as_str(), k.foreign.as_str()));
        self.push(lookup(piped, &field, by))?;
        if let (Some(local), true) = (&asks, keeps) {
            // the server lets nothing meet nothing
            let test = cond(present(&json!(format!("${local}"))), json!(format!("${field}")), json!([]));
            self.push(json!({ "$set": { field.clone(): test } }))?;
        }
        self.push(unwound(&format!("${field}"), None, keeps))?;
        self.adopt(entries, &field, keeps, merged)
    }

    fn adopt(&mut self, mut entries: Vec<Entry<'a>>, field: &str, keeps: bool, merged: Vec<Col>) -> Made<()> {
        entries.iter_mut().for_each(|e| e.move_to(field, keeps));
        let top = self.top()?;
        top.entries.extend(entries);
        top.merged.extend(merged);
        Ok(())
    }

    /// Fields that a lookup can go by: plain columns of both sides that hold values of one kind.
    fn keys_of(&mut self, condition: &Expr) -> Option<Keys> {
        let Expr::Binary { op: BinaryOp::Eq, left, right } = condition else { return None };
        let (Expr::Column(left), Expr::Column(right)) = (left.as_ref(), right.as_ref()) else { return None };
        self.keys_from(left, right).or_else(|| self.keys_from(right, left))
    }

    fn keys_from(&mut self, local: &ObjectName, foreign: &ObjectName) -> Option<Keys> {
        let depth = self.frames.len().checked_sub(2)?;
        let inner = self.frames.last()?;
        let local = exactly(self.frames.get(depth)?, local)?.clone();
        let foreign_val = exactly(inner, foreign)?.clone();
        // before the first stage the documents are as they are stored
        let stored = inner.stages.is_empty() || foreign_val.path() == Some("_id") && only_unwinds(inner);
        self.keys_by(&local, &foreign_val, stored)
    }

    fn keys_by(&mut self, local: &Val, foreign: &Val, stored: bool) -> Option<Keys> {
        let same = local.oid == foreign.oid && self.align(&mut local.clone(), &mut foreign.clone()).is_ok();
        let (here, there) = (local.scalar_path()?, foreign.scalar_path()?);
        (stored && same).then(|| Keys {
            local: here.to_owned(),
            foreign: there.to_owned(),
            nulls_meet: local.nullable && foreign.nullable,
        })
    }

    /// A column of USING: equal on both sides, and one for both.
    fn using(&mut self, column: &Ident, keys: &mut Option<Keys>) -> Made<Col> {
        let name = ObjectName(vec![column.clone()]);
        let depth = self.frames.len().saturating_sub(2);
        let missing = || form("This USING").at(column.span);
        let outer = self.frames.get(depth).ok_or_else(missing)?;
        let merged = outer.merged.iter().find(|c| c.name == column.value).map(|c| c.val.clone());
        let local = merged.or_else(|| own_column(outer, &column.value)).ok_or_else(missing)?;
        let inner = self.frames.last().ok_or_else(missing)?;
        let foreign = own_column(inner, &column.value).ok_or_else(missing)?;
        let stored = inner.stages.is_empty();
        if keys.is_none() {
            *keys = self.keys_by(&local, &foreign, stored);
            if keys.is_some() {
                return Ok(Col { name: column.value.clone(), val: local });
            }
        }
        let carried = self.carried(local.clone(), depth);
        let test = self.compare(BinaryOp::Eq, &carried, &foreign, true)?;
        self.push(json!({ "$match": { "$expr": test } }))?;
        let last = name.last().map(|i| i.value.clone()).unwrap_or_default();
        Ok(Col { name: last, val: local })
    }
}

fn own_column(frame: &Frame<'_>, name: &str) -> Option<Val> {
    frame.entries.iter().find_map(|e| e.col(name)).map(|c| c.val.clone())
}

/// The column of an entry of this very frame.
fn exactly<'f>(frame: &'f Frame<'_>, name: &ObjectName) -> Option<&'f Val> {
    let [entry, column] = name.0.as_slice() else { return None };
    let entry = frame.entries.iter().find(|e| e.name == entry.value)?;
    entry.col(&column.value).map(|c| &c.val)
}

fn only_unwinds(frame: &Frame<'_>) -> bool {
    frame.stages.iter().all(|s| s.get("$unwind").is_some())
}

/// What an entry of FROM is called.
fn called(item: &FromItem) -> Option<String> {
    match item {
        FromItem::Table { name, alias } => {
            alias.as_ref().map(|a| &a.name).or_else(|| name.last()).map(|n| n.value.clone())
        }
        FromItem::Derived { alias, lateral: false, query: _ } => alias.as_ref().map(|a| a.name.value.clone()),
        _ => None,
    }
}

/// `$unwind`, with the rows that have no element where they are kept.
pub(super) fn unwound(path: &str, position: Option<&str>, keeps: bool) -> Value {
    let mut body = serde_json::Map::new();
    body.insert("path".to_owned(), json!(path));
    if let Some(position) = position {
        body.insert("includeArrayIndex".to_owned(), json!(position));
    }
    if keeps {
        body.insert("preserveNullAndEmptyArrays".to_owned(), json!(true));
    }
    json!({ "$unwind": body })
}
