//! One SELECT block, from its rows to the fields `c0`, `c1` ...

use serde_json::{Map, json};

use crate::resolve::output_name;
use crate::tree::{Distinct, Expr, Ident, OrderItem, Select, SelectItem};

use super::builder::constant;
use super::frame::{Col, Val};
use super::order::output_of;
use super::query::Bounds;
use super::{Compiler, Made, form, subquery, walk};

/// What an item of the list gives.
#[derive(Debug, Clone)]
pub(super) enum What<'a> {
    Expr(&'a Expr),
    /// A column of a wildcard: its entry and its name.
    Named(crate::tree::ObjectName),
}

/// An item of the list.
#[derive(Debug, Clone)]
pub(super) struct Item<'a> {
    pub(super) name: String,
    pub(super) what: What<'a>,
}

impl<'a> Compiler<'a> {
    /// A block into the frame on top, which is empty.
    pub(super) fn select(
        &mut self,
        select: &'a Select,
        order: &'a [OrderItem],
        bounds: Bounds,
    ) -> Made<Vec<Col>> {
        if matches!(select.distinct, Distinct::On(_)) {
            let hint = "Number the rows with row_number() OVER (PARTITION BY ...) and keep the first.";
            return Err(form("DISTINCT ON").hint(hint));
        }
        let wheres = self.from(select)?;
        self.keep_where(&wheres)?;
        let items = self.items(select)?;
        let listed = items.iter().filter_map(|i| match &i.what {
            What::Expr(expr) => Some(*expr),
            What::Named(_) => None,
        });
        // a key that is an output of the list says nothing new
        let output = |e: &&'a Expr| output_of(e, items.iter().map(|i| i.name.as_str())).is_none();
        let exprs: Vec<&'a Expr> = listed.chain(order.iter().map(|o| &o.expr).filter(output)).collect();
        let aggregated = !select.group_by.is_empty()
            || select.having.is_some()
            || exprs.iter().any(|e| subquery::has_aggregate(e));
        if aggregated {
            self.group(select, &items, &exprs)?;
            if let Some(having) = &select.having {
                self.keep_where(&walk::conjuncts(having))?;
            }
        }
        self.windows(select, &exprs)?;
        if select.distinct == Distinct::Yes {
            let cols = self.project(&items)?;
            self.distinct(cols.len())?;
            self.order_outputs(order, &cols)?;
            self.bound(bounds)?;
            return Ok(cols);
        }
        self.order(order, &items)?;
        self.bound(bounds)?;
        self.project(&items)
    }

    /// The list with its wildcards spelled out.
    fn items(&mut self, select: &'a Select) -> Made<Vec<Item<'a>>> {
        let engine = self.catalog.engine();
        let mut items = Vec::new();
        for item in &select.items {
            match item {
                SelectItem::Expr { expr, alias } => {
                    let name = alias.as_ref().map_or_else(|| output_name(engine, expr), |a| a.value.clone());
                    items.push(Item { name, what: What::Expr(expr) });
                }
                SelectItem::Wildcard(_) => {
                    let top = self.top()?;
                    let merged: Vec<String> = top.merged.iter().map(|c| c.name.clone()).collect();
                    items.extend(merged.iter().map(|name| named(None, name)));
                    for entry in &top.entries {
                        let own = entry.cols.iter().filter(|c| !merged.contains(&c.name));
                        items.extend(own.map(|c| named(Some(&entry.name), &c.name)));
                    }
                }
                SelectItem::QualifiedWildcard(name) => {
                    let of = name.last().map(|i| i.value.clone()).unwrap_or_default();
                    let top = self.top()?;
                    let entry = top.entries.iter().find(|e| e.name == of);
                    let entry = entry.ok_or_else(|| form("This wildcard").at(name.span()))?;
                    items.extend(entry.cols.iter().map(|c| named(Some(&entry.name), &c.name)));
                }
            }
        }
        Ok(items)
    }

    /// The value of an item.
    pub(super) fn item_value(&mut self, item: &Item<'a>) -> Made<Val> {
        match &item.what {
            What::Expr(expr) => self.value(expr),
            What::Named(name) => self.find(name),
        }
    }

    /// The last stage of a block: its columns by number.
    fn project(&mut self, items: &[Item<'a>]) -> Made<Vec<Col>> {
        let mut fields = Map::new();
        fields.insert("_id".to_owned(), json!(0));
        let mut cols = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            let val = self.item_value(item)?;
            fields.insert(format!("c{i}"), constant(val.json.clone()));
            cols.push(Col { name: item.name.clone(), val });
        }
        self.push(json!({ "$project": fields }))?;
        Ok(cols)
    }
}

fn named<'a>(entry: Option<&str>, column: &str) -> Item<'a> {
    let parts = entry.into_iter().chain([column]).map(Ident::quoted);
    Item { name: column.to_owned(), what: What::Named(crate::tree::ObjectName(parts.collect())) }
}
