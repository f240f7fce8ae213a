//! Frames: the stages of one block so far, and the columns that can be named in it.

use catalog::{Table, TypeClass};
use serde_json::{Value, json};

use crate::finding::Finding;
use crate::tree::{Call, Expr, Literal, ObjectName};

use super::builder::moved;
use super::{Compiler, Made, form};

/// A value: the expression that gives it, and what is known of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Val {
    pub(super) json: Value,
    pub(super) class: Option<TypeClass>,
    /// Whether it can be null, or not be there.
    pub(super) nullable: bool,
    /// Whether it is an ObjectId, which is text to SQL.
    pub(super) oid: bool,
    /// Time zone in which a date is looked at.
    pub(super) zone: Option<String>,
    /// The constant that it is.
    pub(super) literal: Option<Literal>,
}

impl Val {
    pub(super) fn new(json: Value, class: Option<TypeClass>, nullable: bool) -> Val {
        Val { json, class, nullable, ..Val::default() }
    }

    /// The path, when it is a field of the documents.
    pub(super) fn path(&self) -> Option<&str> {
        self.json.as_str()?.strip_prefix('$').filter(|p| !p.starts_with('$'))
    }

    /// The path, when filters by query operators mean the same as SQL: the field holds no array and no document.
    pub(super) fn scalar_path(&self) -> Option<&str> {
        let plain = !matches!(
            self.class,
            None | Some(TypeClass::Other | TypeClass::Array | TypeClass::Json) if !self.oid
        );
        self.path().filter(|_| plain && self.zone.is_none())
    }
}

/// A column by its name.
#[derive(Debug, Clone)]
pub(super) struct Col {
    pub(super) name: String,
    pub(super) val: Val,
}

/// Where an entry's documents stand.
#[derive(Debug, Clone)]
pub(super) struct Source<'a> {
    pub(super) table: &'a Table,
    /// Path of the document or of the element, empty at the root.
    pub(super) at: String,
}

/// A relation that can be named.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub(super) name: String,
    pub(super) cols: Vec<Col>,
    pub(super) source: Option<Source<'a>>,
}

impl Entry<'_> {
    pub(super) fn col(&self, name: &str) -> Option<&Col> {
        self.cols.iter().find(|c| c.name == name)
    }

    /// The same after its documents were put at a path.
    pub(super) fn move_to(&mut self, prefix: &str, may_be_missing: bool) {
        for col in &mut self.cols {
            col.val.json = moved(&col.val.json, prefix);
            col.val.nullable |= may_be_missing;
        }
        if let Some(source) = &mut self.source {
            source.at = super::builder::under(prefix, &source.at);
        }
    }
}

/// What a grouped block can name: its keys and aggregates.
#[derive(Debug, Default)]
pub(super) struct Grouped {
    pub(super) keys: Vec<(Expr, Val)>,
    pub(super) calls: Vec<(Call, Val)>,
    pub(super) firsts: Vec<(ObjectName, Val)>,
}

/// One block.
#[derive(Debug, Default)]
pub(super) struct Frame<'a> {
    pub(super) collection: Option<String>,
    pub(super) stages: Vec<Value>,
    pub(super) entries: Vec<Entry<'a>>,
    /// Columns of USING, which stand for both sides.
    pub(super) merged: Vec<Col>,
    /// Whether it is a pipeline of its own: what is further out comes in by variables.
    pub(super) apart: bool,
    pub(super) captures: Vec<(String, Value)>,
    pub(super) grouped: Option<Grouped>,
    pub(super) windows: Vec<(Call, Val)>,
    /// Fields that hold the rows of sub-queries, by the sub-query.
    pub(super) looked_up: Vec<(usize, String, Val)>,
    /// Tables in its FROM.
    pub(super) tables: Vec<String>,
}

impl Frame<'_> {
    fn column(&self, name: &ObjectName) -> Option<&Val> {
        match name.0.as_slice() {
            [column] => {
                let merged = self.merged.iter().find(|c| c.name == column.value);
                let own = || self.entries.iter().find_map(|e| e.col(&column.value));
                merged.or_else(own).map(|c| &c.val)
            }
            [entry, column] => {
                let entry = self.entries.iter().find(|e| e.name == entry.value)?;
                entry.col(&column.value).map(|c| &c.val)
            }
            _ => None,
        }
    }

    /// Whether a name is one of its own columns.
    pub(super) fn has(&self, name: &ObjectName) -> bool {
        self.column(name).is_some()
    }

    /// What a name means after the rows were grouped, if they were.
    fn find(&self, name: &ObjectName) -> Result<Option<Val>, Finding> {
        let Some(grouped) = &self.grouped else { return Ok(self.column(name).cloned()) };
        let is = |key: &Expr| matches!(key, Expr::Column(column) if column == name);
        if let Some((_, val)) = grouped.keys.iter().find(|(key, _)| is(key)) {
            return Ok(Some(val.clone()));
        }
        if let Some((_, val)) = grouped.firsts.iter().find(|(first, _)| first == name) {
            return Ok(Some(val.clone()));
        }
        match self.column(name) {
            None => Ok(None),
            Some(_) => Err(form("A column that is neither grouped nor aggregated").at(name.span())),
        }
    }
}

impl<'a> Compiler<'a> {
    /// What a column name means here.
    pub(super) fn find(&mut self, name: &ObjectName) -> Made<Val> {
        for depth in (0..self.frames.len()).rev() {
            let found = self.frames.get(depth).map(|f| f.find(name)).transpose()?.flatten();
            if let Some(val) = found {
                return Ok(self.carried(val, depth));
            }
        }
        let last = name.last().map(|i| i.value.clone()).unwrap_or_default();
        Err(form(&format!("The column {last} at this place")).at(name.span()))
    }

    /// Brings a value of an outer frame in, by a variable of each pipeline on the way.
    pub(super) fn carried(&mut self, mut val: Val, depth: usize) -> Val {
        for level in depth + 1..self.frames.len() {
            if !self.frames.get(level).is_some_and(|f| f.apart) {
                continue;
            }
            let fresh = format!("v{}", self.made + 1);
            let Some(frame) = self.frames.get_mut(level) else { continue };
            let known = frame.captures.iter().find(|(_, json)| *json == val.json);
            let name = match known {
                Some((name, _)) => name.clone(),
                None => {
                    frame.captures.push((fresh.clone(), val.json.clone()));
                    self.made += 1;
                    fresh
                }
            };
            val.json = json!(format!("$${name}"));
            val.literal = None;
        }
        val
    }

    /// A value of the frame below the top, brought into the top.
    pub(super) fn brought_in(&mut self, val: Val) -> Val {
        if val.literal.is_some() {
            return val;
        }
        let depth = self.frames.len().saturating_sub(2);
        self.carried(val, depth)
    }
}
