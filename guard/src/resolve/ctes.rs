//! WITH: common table expressions, recursive ones too, and set operations (whose first arm names the columns).

use std::rc::Rc;

use catalog::Engine;

use crate::finding::{Code, Finding};
use crate::tree::{Cte, Query, SetExpr, SetOp, Span};

use super::scope::{CteEntry, Field, Info, Output};
use super::{Outer, Resolver};

/// How a common table expression names itself while its body is resolved.
#[derive(Debug, Clone)]
pub(super) struct SelfName {
    index: usize,
    columns: Vec<String>,
}

impl<'a> Resolver<'a, '_> {
    /// Resolves WITH; the entries stay in scope until the caller cuts them off.
    pub(super) fn with(&mut self, recursive: bool, ctes: &mut [Cte]) {
        let start = self.ctes.len();
        // where names may stand before their definition they hide tables of that name from the start
        let all_at_once = recursive || self.engine == Engine::Sqlite;
        // SQL Server needs no word for recursion: an expression knows itself and those before it
        let knows_itself = all_at_once || self.engine == Engine::Mssql;
        if all_at_once {
            for cte in ctes.iter() {
                self.declare(cte);
            }
        }
        for (i, cte) in ctes.iter_mut().enumerate() {
            if knows_itself && !all_at_once {
                self.declare(cte);
            }
            self.check_repeated(cte, start, knows_itself.then_some(start + i));
            let index = if knows_itself { start + i } else { self.ctes.len() };
            let mut fields = self.cte_body(cte, knows_itself.then_some(index));
            self.walked(cte, &mut fields);
            let wide = self.wide;
            // SQL Server ends recursion at a number of levels
            let endless =
                all_at_once && super::bounds::endless(&cte.query, &cte.name, cte.walk.cycle.is_some());
            if !knows_itself {
                self.declare(cte);
            }
            if let Some(entry) = self.ctes.get_mut(index) {
                entry.fields = Some(Rc::new(fields));
                entry.endless = endless;
                entry.wide = wide;
            }
            self.pin_new(&mut cte.name);
            for column in &mut cte.columns {
                self.pin_new(column);
            }
        }
    }

    fn declare(&mut self, cte: &Cte) {
        let mut name = cte.name.clone();
        self.pin_new(&mut name);
        let key = self.engine.stored_key(&name.value);
        self.ctes.push(CteEntry { key, name: name.value, fields: None, endless: false, wide: false });
    }

    fn check_repeated(&mut self, cte: &Cte, start: usize, own: Option<usize>) {
        let key = self.key(&cte.name);
        let others = self.ctes.iter().enumerate().skip(start);
        if others.into_iter().any(|(i, c)| c.key == key && own.is_none_or(|own| i < own)) {
            let message = format!("WITH defines {} twice", cte.name.value);
            self.refuse(Finding::new(Code::G104, message).at(cte.name.span).subject(&cte.name.value));
        }
    }

    fn cte_body(&mut self, cte: &mut Cte, index: Option<usize>) -> Vec<Field<'a>> {
        let columns: Vec<String> = cte.columns.iter().map(|c| self.key_of_new(c)).collect();
        let itself = index.map(|index| SelfName { index, columns: columns.clone() });
        let outputs = self.query_as(&mut cte.query, &Outer::Inner, itself);
        let opaque = outputs.iter().any(|o| o.key == "*");
        if columns.len() > outputs.len() && !opaque {
            let message = format!(
                "{} has {} columns, but {} names are given",
                cte.name.value,
                outputs.len(),
                columns.len()
            );
            self.refuse(Finding::new(Code::G105, message).at(cte.name.span).subject(&cte.name.value));
        }
        self.named_fields(outputs, &columns)
    }

    fn key_of_new(&self, ident: &crate::tree::Ident) -> String {
        let mut ident = ident.clone();
        self.pin_new(&mut ident);
        ident.value
    }

    fn named_fields(&self, outputs: Vec<Output<'a>>, columns: &[String]) -> Vec<Field<'a>> {
        let rename = |(i, output): (usize, Output<'a>)| match columns.get(i) {
            Some(name) => Field::new(self.engine, name, output.info),
            None => Field { name: output.name, key: output.key, info: output.info },
        };
        outputs.into_iter().enumerate().map(rename).collect()
    }

    /// Resolves arms of set operations. The first arm names the columns; a recursive expression knows itself from then on.
    pub(super) fn set_arms(
        &mut self,
        body: &mut SetExpr,
        itself: Option<&SelfName>,
    ) -> (Vec<Output<'a>>, Vec<Vec<Output<'a>>>) {
        // chains lean to the left: walked in a loop, so that their number does not deepen the stack
        let mut arms = Vec::new();
        let mut first = body;
        while let SetExpr::SetOp { op, left, right, all: _ } = first {
            arms.push((*op, right));
            first = left;
        }
        let mut outputs = self.arm(first);
        let mut wide = self.wide;
        if let (Some(itself), false) = (itself, arms.is_empty()) {
            let mut known = outputs.clone();
            known.iter_mut().for_each(|o| o.info.nullable = true);
            let fields = self.named_fields(known, &itself.columns);
            if let Some(entry) = self.ctes.get_mut(itself.index) {
                entry.fields = Some(Rc::new(fields));
            }
        }
        let mut others = Vec::new();
        while let Some((op, right)) = arms.pop() {
            let arm = self.arm(right);
            wide |= self.wide;
            self.check_arms(op, &outputs, &arm);
            for (output, other) in outputs.iter_mut().zip(&arm) {
                output.info.class = super::types::widest(output.info.class, other.info.class);
                output.info.absorb(&other.info);
            }
            others.push(arm);
        }
        self.wide = wide;
        (outputs, others)
    }

    fn arm(&mut self, arm: &mut SetExpr) -> Vec<Output<'a>> {
        match arm {
            SetExpr::Select(select) => {
                let outputs = self.select(select, &mut []);
                self.scopes.pop();
                outputs
            }
            SetExpr::Values(rows) => self.values(rows),
            SetExpr::Query(query) => self.query(query, &Outer::Inner),
            SetExpr::SetOp { .. } => self.set_arms(arm, None).0,
        }
    }

    fn check_arms(&mut self, op: SetOp, left: &[Output<'a>], right: &[Output<'a>]) {
        let opaque = left.iter().chain(right).any(|o| o.key == "*");
        if left.len() == right.len() || opaque {
            return;
        }
        let word = match op {
            SetOp::Union => "UNION",
            SetOp::Intersect => "INTERSECT",
            SetOp::Except => "EXCEPT",
        };
        let message = format!("the arms of {word} have {} and {} columns", left.len(), right.len());
        self.refuse(Finding::new(Code::G105, message).hint("select the same number of columns in each arm"));
    }

    /// Rows of VALUES: columns are called `column1`, `column2` ...
    pub(super) fn values(&mut self, rows: &mut [Vec<crate::tree::Expr>]) -> Vec<Output<'a>> {
        let mut columns: Vec<Info<'a>> = Vec::new();
        self.wide = false;
        let width = rows.first().map_or(0, Vec::len);
        for (i, row) in rows.iter_mut().enumerate() {
            if row.len() != width {
                let message = format!("rows of VALUES have {width} and {} columns", row.len());
                self.refuse(Finding::new(Code::G105, message));
            }
            for (j, value) in row.iter_mut().enumerate() {
                let info = self.expr(value);
                match columns.get_mut(j) {
                    Some(known) => {
                        known.class = super::types::widest(known.class, info.class);
                        known.absorb(&info);
                    }
                    None if i == 0 => columns.push(info),
                    None => {}
                }
            }
        }
        let name = |(i, info)| {
            let name = match self.engine {
                Engine::Mysql => format!("column_{i}"),
                _ => format!("column{}", i + 1),
            };
            Output { key: self.engine.stored_key(&name), name, aliased: true, info }
        };
        columns.into_iter().enumerate().map(name).collect()
    }

    /// Resolves a query that must give that many columns, as a value: NULL when it has no rows.
    pub(super) fn subquery(&mut self, query: &mut Query, width: usize, span: Span) -> Info<'a> {
        Info { nullable: true, ..self.listed(query, width, span) }
    }

    /// As [`Resolver::subquery`], as a list.
    pub(super) fn listed(&mut self, query: &mut Query, width: usize, span: Span) -> Info<'a> {
        let outputs = self.query(query, &Outer::Inner);
        let opaque = outputs.iter().any(|o| o.key == "*");
        if outputs.len() != width && !opaque {
            let message = format!("the sub-query gives {} columns where {width} is needed", outputs.len());
            self.refuse(Finding::new(Code::G105, message).at(span));
        }
        let mut all = outputs.into_iter();
        let mut info = all.next().map(|o| o.info).unwrap_or_default();
        all.for_each(|o| info.absorb(&o.info));
        info.aggregate = false;
        info.folded = false;
        info
    }
}
