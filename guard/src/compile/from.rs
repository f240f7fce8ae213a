//! FROM: where the documents come from, and which columns they offer.

use catalog::{Column, Table, TypeClass, nested};
use serde_json::json;

use crate::tree::{Call, Cte, Expr, FromItem, JoinKind, JoinOn, ObjectName, Select, TableAlias};

use super::builder::under;
use super::frame::{Col, Entry, Source, Val};
use super::query::Piped;
use super::{Compiler, Made, form, walk};

impl<'a> Compiler<'a> {
    /// All of FROM, into the frame on top, which is empty. Gives the conditions of WHERE that are still to be applied.
    pub(super) fn from(&mut self, select: &'a Select) -> Made<Vec<&'a Expr>> {
        let mut wheres: Vec<&'a Expr> = select.selection.iter().flat_map(walk::conjuncts).collect();
        let mut tables = Vec::new();
        select.from.iter().for_each(|item| names_in(item, &mut tables));
        self.top()?.tables = tables;
        let Some((first, rest)) = select.from.split_first() else {
            return Err(
                form("A query without FROM").hint("Read from a collection: a pipeline starts from one.")
            );
        };
        self.item(first, &mut wheres)?;
        for item in rest {
            self.join(JoinKind::Cross, item, &JoinOn::None, &mut wheres)?;
        }
        Ok(wheres)
    }

    /// The first entry of a frame, with the joins that lean on it.
    pub(super) fn item(&mut self, item: &'a FromItem, wheres: &mut Vec<&'a Expr>) -> Made<()> {
        match item {
            FromItem::Join { kind: JoinKind::Right, left, right, on } => {
                // the same with its sides changed; names keep their order
                let start = self.top()?.entries.len();
                self.item(right, wheres)?;
                let middle = self.top()?.entries.len();
                self.join(JoinKind::Left, left, on, wheres)?;
                let entries = &mut self.top()?.entries;
                if let Some(both) = entries.get_mut(start..) {
                    both.rotate_left(middle - start);
                }
                Ok(())
            }
            FromItem::Join { kind, left, right, on } => {
                self.item(left, wheres)?;
                self.join(*kind, right, on, wheres)
            }
            FromItem::Table { name, alias } => self.named(name, alias.as_ref(), wheres),
            FromItem::Derived { lateral: _, query, alias } => {
                let piped = self.query(query, false)?;
                self.derived(piped, alias.as_ref(), None, wheres)
            }
            FromItem::Function { .. } => Err(form("unnest without a collection before it")
                .hint("Write FROM collection AS c, unnest(c.tags) AS tag.")),
            FromItem::JsonTable(_) | FromItem::Form(_) => Err(form("This entry of FROM")),
        }
    }

    fn named(
        &mut self,
        name: &'a ObjectName,
        alias: Option<&'a TableAlias>,
        wheres: &mut Vec<&'a Expr>,
    ) -> Made<()> {
        if let Some(index) = self.cte(name) {
            let cte: &'a Cte = self.ctes.get(index).copied().ok_or_else(|| form("This WITH"))?;
            // a WITH sees those before it alone
            let later = self.ctes.split_off(index);
            let piped = self.query(&cte.query, false);
            self.ctes.extend(later);
            return self.derived(piped?, alias, Some(cte), wheres);
        }
        let table = self.catalog_table(name)?;
        self.scan(table, alias, wheres)
    }

    fn cte(&self, name: &ObjectName) -> Option<usize> {
        let [ident] = name.0.as_slice() else { return None };
        self.ctes.iter().rposition(|c| c.name.value == ident.value)
    }

    /// The catalog's table of a name that is no WITH.
    pub(super) fn catalog_table(&self, name: &ObjectName) -> Made<&'a Table> {
        let found = match name.0.as_slice() {
            [table] => self.table(None, &table.value),
            [schema, table] => self.table(Some(&schema.value), &table.value),
            _ => None,
        };
        found.ok_or_else(|| form("A relation that is no collection").at(name.span()))
    }

    /// The catalog's table that an entry of FROM is, when it is one.
    pub(super) fn plain_table(&self, item: &'a FromItem) -> Option<(&'a Table, Option<&'a TableAlias>)> {
        let FromItem::Table { name, alias } = item else { return None };
        if self.cte(name).is_some() {
            return None;
        }
        Some((self.catalog_table(name).ok()?, alias.as_ref()))
    }

    /// The rows of a sub-query or a WITH, which are the beginning of the frame.
    fn derived(
        &mut self,
        piped: Piped,
        alias: Option<&'a TableAlias>,
        cte: Option<&'a Cte>,
        wheres: &mut Vec<&'a Expr>,
    ) -> Made<()> {
        let names = cte.map(|c| c.columns.as_slice()).unwrap_or_default();
        let mut cols = Compiler::outputs(&piped.cols, names);
        let name = alias.map(|a| &a.name).or(cte.map(|c| &c.name)).map(|n| n.value.clone());
        renamed(&mut cols, alias);
        let top = self.top()?;
        top.collection = Some(piped.collection);
        top.stages = piped.stages;
        top.entries.push(Entry { name: name.unwrap_or_default(), cols, source: None });
        self.early(wheres)
    }

    /// A collection, or the elements of an array in it, as the beginning of the frame.
    fn scan(
        &mut self,
        table: &'a Table,
        alias: Option<&'a TableAlias>,
        wheres: &mut Vec<&'a Expr>,
    ) -> Made<()> {
        let levels = self.levels(table)?;
        let collection = table.nested.as_ref().map_or(&table.name, |n| &n.collection);
        self.top()?.collection = Some(collection.clone());
        let positions: Vec<String> = levels.iter().map(|_| self.fresh("_p")).collect();
        let at = levels.last().cloned().unwrap_or_default();
        let id = Val { oid: is_oid_column(table.column(nested::PARENT_ID)), ..id_of(table) };
        let own = |name: &str| match table.nested.is_some() {
            true if name == nested::PARENT_ID => Some(id.clone()),
            true => (1..=levels.len()).find(|l| name == nested::position_column(*l)).and_then(|l| {
                let json = json!(format!("${}", positions.get(l - 1)?));
                Some(Val::new(json, Some(TypeClass::Integer), false))
            }),
            false => None,
        };
        let mut cols: Vec<Col> = table.columns.iter().map(|c| column(table, c, &at, own(&c.name))).collect();
        renamed(&mut cols, alias);
        let name = alias.map_or(&table.name, |a| &a.name.value).clone();
        let known = cols.iter().position(|c| c.name == nested::PARENT_ID);
        self.top()?.entries.push(Entry { name, cols, source: Some(Source { table, at }) });
        if let (Some(known), false) = (known, levels.is_empty()) {
            self.early_on(wheres, Some(known))?;
        }
        for (level, position) in levels.iter().zip(&positions) {
            self.push(json!({ "$unwind": { "path": format!("${level}"), "includeArrayIndex": position } }))?;
        }
        self.early(wheres)
    }

    /// Paths of the arrays that a table's rows stand in, the outermost first.
    fn levels(&self, table: &'a Table) -> Made<Vec<String>> {
        let mut paths = Vec::new();
        let mut here = table;
        while let Some(found) = &here.nested {
            paths.push(found.path.clone());
            if paths.len() > nested::DEEPEST {
                break;
            }
            let parent = self.table(Some(&here.schema), &found.parent);
            here = parent.ok_or_else(|| form("An array whose collection is not in the catalog"))?;
        }
        paths.reverse();
        Ok(paths)
    }

    /// Applies the conditions that name the first entry alone: before anything is joined to it, so that indexes serve.
    fn early(&mut self, wheres: &mut Vec<&'a Expr>) -> Made<()> {
        self.early_on(wheres, None)
    }

    fn early_on(&mut self, wheres: &mut Vec<&'a Expr>, only: Option<usize>) -> Made<()> {
        let top = self.top()?;
        let [entry] = top.entries.as_slice() else { return Ok(()) };
        let col = only.and_then(|i| entry.cols.get(i)).map(|c| c.name.clone());
        let name = entry.name.clone();
        let here = |expr: &Expr| {
            let own = |n: &&ObjectName| match n.0.as_slice() {
                [of, c] => of.value == name && col.as_ref().is_none_or(|only| *only == c.value),
                _ => false,
            };
            walk::columns(expr).is_some_and(|names| !names.is_empty() && names.iter().all(own))
        };
        let (now, later): (Vec<&'a Expr>, Vec<&'a Expr>) = wheres.iter().copied().partition(|e| here(e));
        *wheres = later;
        self.keep(&now)
    }

    /// `unnest(c.tags)`: a row for each element.
    pub(super) fn unnest(
        &mut self,
        call: &'a Call,
        ordinality: bool,
        alias: Option<&'a TableAlias>,
        keeps: bool,
    ) -> Made<()> {
        let name = call.name.last().map(|i| i.value.as_str()).unwrap_or_default();
        let [arg] = call.args.as_slice() else { return Err(form("unnest of several arrays")) };
        if name != "unnest" {
            return Err(form(&format!("{name} in FROM")).at(call.name.span()));
        }
        let array = self.value(&arg.value)?;
        let (element, position) = (self.fresh("_q"), self.fresh("_p"));
        self.push(json!({ "$set": { element.clone(): array.json } }))?;
        let mut unwind = json!({ "path": format!("${element}"), "includeArrayIndex": position });
        if let (true, Some(body)) = (keeps, unwind.as_object_mut()) {
            body.insert("preserveNullAndEmptyArrays".to_owned(), json!(true));
        }
        self.push(json!({ "$unwind": unwind }))?;
        let called = alias.map_or("unnest", |a| a.name.value.as_str()).to_owned();
        let val = Val::new(json!(format!("${element}")), self.element_class(&arg.value), true);
        let mut cols = vec![Col { name: called.clone(), val }];
        if ordinality {
            let json = json!({ "$add": [format!("${position}"), 1] });
            let val = Val::new(json, Some(TypeClass::Integer), keeps);
            cols.push(Col { name: "ordinality".to_owned(), val });
        }
        renamed(&mut cols, alias);
        self.top()?.entries.push(Entry { name: called, cols, source: None });
        Ok(())
    }

    /// Class of an array column's elements.
    fn element_class(&mut self, expr: &'a Expr) -> Option<TypeClass> {
        let Expr::Column(name) = expr else { return None };
        let [entry, column] = name.0.as_slice() else { return None };
        let entries = self.frames.iter().rev().flat_map(|f| &f.entries);
        let found = entries.into_iter().find(|e| e.name == entry.value)?;
        found.source.as_ref()?.table.column(&column.value)?.element
    }
}

/// A column of a table, at the place of its documents.
pub(super) fn column(table: &Table, column: &Column, at: &str, own: Option<Val>) -> Col {
    let name = column.name.clone();
    if let Some(val) = own {
        return Col { name, val };
    }
    let scalar = table.nested.as_ref().is_some_and(|n| n.scalar);
    let path = if scalar && name == nested::VALUE { at.to_owned() } else { under(at, &name) };
    let class = (column.class != TypeClass::Other).then_some(column.class);
    let nullable = !(table.nested.is_none() && name == "_id");
    let oid = is_oid_column(Some(column));
    Col { name, val: Val { oid, ..Val::new(json!(format!("${path}")), class, nullable) } }
}

pub(super) fn is_oid_column(column: Option<&Column>) -> bool {
    column.is_some_and(|c| c.native_type.eq_ignore_ascii_case("objectid"))
}

/// The `_id` of the documents of a child table.
fn id_of(table: &Table) -> Val {
    let class = table.column(nested::PARENT_ID).map(|c| c.class).filter(|c| *c != TypeClass::Other);
    Val::new(json!("$_id"), class, false)
}

/// Gives columns the names of an alias.
pub(super) fn renamed(cols: &mut [Col], alias: Option<&TableAlias>) {
    let names = alias.map(|a| a.columns.as_slice()).unwrap_or_default();
    for (col, name) in cols.iter_mut().zip(names) {
        col.name = name.value.clone();
    }
}

/// Names of the tables in an entry of FROM.
fn names_in(item: &FromItem, found: &mut Vec<String>) {
    match item {
        FromItem::Table { name, alias: _ } => found.extend(name.last().map(|i| i.value.clone())),
        FromItem::Join { left, right, kind: _, on: _ } => {
            names_in(left, found);
            names_in(right, found);
        }
        FromItem::Derived { .. } | FromItem::Function { .. } | FromItem::JsonTable(_) | FromItem::Form(_) => {
        }
    }
}
