//! One FROM clause: which tables it joins, how, and under which aliases columns are written.

use std::collections::HashSet;

use guard::tree::{BinaryOp, Expr, FromItem, ObjectName};

use super::join::{self, Step};
use super::schema::{Cid, Schema};
use super::sql;

/// The tables of one SELECT.
pub(crate) struct Scope<'s, 'a> {
    schema: &'s Schema<'a>,
    tables: Vec<(usize, Option<String>)>,
    steps: Vec<Step>,
}

impl<'s, 'a> Scope<'s, 'a> {
    /// Joins the tables, first one first; `None` when they do not hang together. `next` numbers the aliases.
    pub(crate) fn new(
        schema: &'s Schema<'a>,
        tables: &[usize],
        prefer: &HashSet<usize>,
        next: &mut usize,
    ) -> Option<Scope<'s, 'a>> {
        let first = *tables.first()?;
        let (steps, missing) = join::connect(schema, tables, prefer);
        if !missing.is_empty() {
            return None;
        }
        let mut order = vec![first];
        order.extend(steps.iter().map(|s| s.add));
        let several = order.len() > 1;
        let named = order.into_iter().map(|t| {
            let alias = several.then(|| {
                *next += 1;
                format!("t{next}")
            });
            (t, alias)
        });
        Some(Scope { schema, tables: named.collect(), steps })
    }

    /// Whether the scope has the table.
    pub(crate) fn has(&self, t: usize) -> bool {
        self.tables.iter().any(|(x, _)| *x == t)
    }

    /// Its tables.
    pub(crate) fn tables(&self) -> Vec<usize> {
        self.tables.iter().map(|t| t.0).collect()
    }

    /// Whether rows of `t` are repeated by the joins.
    pub(crate) fn repeats(&self, t: usize) -> bool {
        let mut reached = vec![t];
        let mut grew = true;
        while grew {
            grew = false;
            for step in &self.steps {
                let edge = &self.schema.edges[step.edge];
                for (near, far) in [(edge.from, edge.to), (edge.to, edge.from)] {
                    if reached.contains(&near) && !reached.contains(&far) {
                        if near == edge.to && !self.unique(edge) {
                            return true;
                        }
                        reached.push(far);
                        grew = true;
                    }
                }
            }
        }
        false
    }

    fn unique(&self, edge: &super::schema::Edge) -> bool {
        edge.pairs.len() == 1 && self.schema.tables[edge.from].pk == Some(edge.pairs[0].0)
    }

    /// A column under the scope's alias.
    pub(crate) fn col(&self, col: Cid) -> Expr {
        let alias = self.tables.iter().find(|(t, _)| *t == col.t).and_then(|(_, a)| a.as_deref());
        sql::column(alias, &self.schema.col(col).column.name)
    }

    /// The FROM clause.
    pub(crate) fn from(&self) -> Vec<FromItem> {
        let mut parts =
            self.tables.iter().map(|(t, alias)| sql::table(table_name(self.schema, *t), alias.as_deref()));
        let Some(first) = parts.next() else { return Vec::new() };
        let joined =
            parts.zip(&self.steps).fold(first, |left, (right, step)| sql::join(left, right, self.on(step)));
        vec![joined]
    }

    fn on(&self, step: &Step) -> Option<Expr> {
        let edge = &self.schema.edges[step.edge];
        let equal = edge.pairs.iter().map(|&(a, b)| {
            let (from, to) = (Cid { t: edge.from, c: a }, Cid { t: edge.to, c: b });
            let (left, right) = if step.have == edge.from { (from, to) } else { (to, from) };
            sql::binary(BinaryOp::Eq, self.col(left), self.col(right))
        });
        sql::all(equal)
    }
}

/// The name of a table; with its schema where a bare name would not find it.
pub(crate) fn table_name(schema: &Schema<'_>, t: usize) -> ObjectName {
    let table = schema.tables[t].table;
    let twice = schema.tables.iter().filter(|x| x.table.name.eq_ignore_ascii_case(&table.name)).count() > 1;
    let plain = matches!(table.schema.as_str(), "" | "main" | "public" | "dbo");
    if plain && !twice {
        return ObjectName::quoted([table.name.clone()]);
    }
    ObjectName::quoted([table.schema.clone(), table.name.clone()])
}
