//! ORDER BY: NULLs last upwards and first downwards, as in PostgreSQL; MongoDB has them below everything.

use catalog::TypeClass;
use serde_json::{Map, Value, json};

use crate::tree::{Expr, Literal, OrderItem};

use super::builder::{cond, present};
use super::frame::{Col, Val};
use super::select::Item;
use super::{Compiler, Made, form};

/// A key to sort by.
pub(super) struct Key {
    pub(super) val: Val,
    pub(super) up: bool,
    pub(super) nulls_first: bool,
}

impl Key {
    pub(super) fn new(val: Val, item: &OrderItem) -> Key {
        let up = item.asc.unwrap_or(true);
        Key { val, up, nulls_first: item.nulls_first.unwrap_or(!up) }
    }

    /// Whether NULLs would come out at the wrong end.
    pub(super) fn needs_flag(&self) -> bool {
        self.val.nullable && self.nulls_first != self.up
    }
}

impl<'a> Compiler<'a> {
    /// Sorts the rows of a block before its last stage.
    pub(super) fn order(&mut self, order: &'a [OrderItem], items: &[Item<'a>]) -> Made<()> {
        let mut keys = Vec::with_capacity(order.len());
        for item in order {
            let val = match output_of(&item.expr, items.iter().map(|i| i.name.as_str())) {
                Some(index) => match items.get(index) {
                    Some(output) => self.item_value(output)?,
                    None => return Err(form("This position in ORDER BY")),
                },
                None => self.value(&item.expr)?,
            };
            keys.push(Key::new(val, item));
        }
        self.sort(keys)
    }

    /// Sorts finished rows.
    pub(super) fn order_outputs(&mut self, order: &'a [OrderItem], cols: &[Col]) -> Made<()> {
        let fields = Compiler::outputs(cols, &[]);
        let mut keys = Vec::with_capacity(order.len());
        for item in order {
            let index = output_of(&item.expr, cols.iter().map(|c| c.name.as_str()));
            let same = || self.select_position(&item.expr, cols);
            let Some(col) = index.or_else(same).and_then(|i| fields.get(i)) else {
                let found = form("Sorting distinct or united rows by something that is no output column");
                return Err(found.hint("Sort by a column of the list."));
            };
            keys.push(Key::new(col.val.clone(), item));
        }
        let computed = keys.iter().any(Key::needs_flag);
        self.sort(keys)?;
        // what only sorted is no column
        if computed {
            let kept: Map<String, Value> = std::iter::once(("_id".to_owned(), json!(0)))
                .chain((0..cols.len()).map(|i| (format!("c{i}"), json!(1))))
                .collect();
            self.push(json!({ "$project": kept }))?;
        }
        Ok(())
    }

    /// The output column that is called as a qualified column is.
    fn select_position(&self, expr: &Expr, cols: &[Col]) -> Option<usize> {
        let Expr::Column(name) = expr else { return None };
        let last = name.last()?;
        cols.iter().position(|c| c.name == last.value)
    }

    /// `$sort`, with fields made for what is computed and for where NULLs go.
    pub(super) fn sort(&mut self, keys: Vec<Key>) -> Made<()> {
        let (made, sorted) = self.sort_fields(keys)?;
        if !made.is_empty() {
            self.push(json!({ "$set": made }))?;
        }
        if !sorted.is_empty() {
            self.push(json!({ "$sort": sorted }))?;
        }
        Ok(())
    }

    /// The fields that have to be made, and the order.
    pub(super) fn sort_fields(&mut self, keys: Vec<Key>) -> Made<(Map<String, Value>, Map<String, Value>)> {
        let (mut made, mut sorted) = (Map::new(), Map::new());
        for key in keys {
            if key.val.literal.is_some() {
                continue;
            }
            if matches!(key.val.class, Some(TypeClass::Array | TypeClass::Json)) {
                return Err(form("Sorting by an array or document"));
            }
            if key.needs_flag() {
                let flag = self.fresh("_s");
                made.insert(flag.clone(), cond(present(&key.val.json), json!(0), json!(1)));
                sorted.insert(flag, json!(if key.nulls_first { -1 } else { 1 }));
            }
            let path = match key.val.path() {
                Some(path) => path.to_owned(),
                None => {
                    let field = self.fresh("_s");
                    made.insert(field.clone(), key.val.json.clone());
                    field
                }
            };
            if !sorted.contains_key(&path) {
                sorted.insert(path, json!(if key.up { 1 } else { -1 }));
            }
        }
        Ok((made, sorted))
    }
}

/// The output that a key of ORDER BY or GROUP BY means: by its position, or by its name.
pub(super) fn output_of<'n>(expr: &Expr, names: impl Iterator<Item = &'n str>) -> Option<usize> {
    match expr {
        Expr::Literal(Literal::Number(digits), _) => digits.parse::<usize>().ok()?.checked_sub(1),
        Expr::Column(name) => match name.0.as_slice() {
            [only] => names.into_iter().position(|n| n == only.value),
            _ => None,
        },
        _ => None,
    }
}
