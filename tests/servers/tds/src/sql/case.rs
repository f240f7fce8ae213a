//! CASE and what is written as one: IIF, COALESCE, NULLIF, CHOOSE.

use sqlparser::ast::{CaseWhen, Expr};

use super::expr::comparable;
use super::kind::common;
use super::scope::{Ex, Scope, Writer};
use crate::error::Result;
use crate::types::Ty;

/// The type that all results have together, and the results in it.
pub(crate) fn together(results: Vec<Ex>) -> (Ty, Vec<Ex>) {
    let typed = results.iter().filter(|e| !e.free).map(|e| e.ty.clone());
    let ty = typed.reduce(|a, b| common(&a, &b)).unwrap_or(Ty::Int);
    let cast = |ex: Ex| {
        let kinds_differ = (ex.ty.is_text() != ty.is_text()) || (ex.ty.is_time() && ex.ty != ty);
        if kinds_differ { ex.cast(&ty) } else { Ex { ty: ty.clone(), ..ex } }
    };
    (ty.clone(), results.into_iter().map(cast).collect())
}

impl Writer<'_> {
    pub(crate) fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
        scope: &Scope<'_>,
    ) -> Result<Ex> {
        let mut whens = Vec::new();
        let mut results = Vec::new();
        for CaseWhen { condition, result } in conditions {
            let condition = match operand {
                Some(operand) => {
                    let (a, b) = comparable(self.expr(operand, scope)?, self.expr(condition, scope)?);
                    let collation = if a.ty.is_text() { " COLLATE NOCASE" } else { "" };
                    format!("{}{collation} = {}", a.sql, b.sql)
                }
                None => self.expr(condition, scope)?.sql,
            };
            whens.push(condition);
            results.push(self.expr(result, scope)?);
        }
        let mut nullable = otherwise.is_none();
        if let Some(otherwise) = otherwise {
            results.push(self.expr(otherwise, scope)?);
        }
        nullable |= results.iter().any(|r| r.nullable);
        let (ty, mut results) = together(results);
        let last = if otherwise.is_some() { results.pop() } else { None };
        let mut sql = String::from("CASE");
        for (when, then) in whens.iter().zip(&results) {
            sql += &format!(" WHEN {when} THEN {}", then.sql);
        }
        if let Some(last) = last {
            sql += &format!(" ELSE {}", last.sql);
        }
        Ok(Ex { nullable, ..Ex::new(format!("{sql} END"), ty) })
    }

    /// `COALESCE` and `ISNULL`; the second has the type of its first argument.
    pub(crate) fn first_of(&mut self, args: &[&Expr], of_first: bool, scope: &Scope<'_>) -> Result<Ex> {
        let results = args.iter().map(|a| self.expr(a, scope)).collect::<Result<Vec<_>>>()?;
        let nullable = results.iter().all(|r| r.nullable);
        let first = results.first().filter(|e| of_first && !e.free).map(|e| e.ty.clone());
        let (ty, results) = together(results);
        let (ty, results) = match first {
            Some(first) => {
                let cast = |e: Ex| if e.ty.is_text() == first.is_text() { e } else { e.cast(&first) };
                (first.clone(), results.into_iter().map(cast).collect())
            }
            None => (ty, results),
        };
        let list: Vec<String> = results.into_iter().map(|r| r.sql).collect();
        let sql = match list.as_slice() {
            [one] => one.clone(),
            _ => format!("coalesce({})", list.join(", ")),
        };
        Ok(Ex { nullable, ..Ex::new(sql, ty) })
    }

    pub(crate) fn iif(&mut self, args: &[&Expr], scope: &Scope<'_>) -> Result<Ex> {
        let [condition, yes, no] = args else { return Err(super::call::wrong_count("iif")) };
        let condition = self.expr(condition, scope)?.sql;
        let results = vec![self.expr(yes, scope)?, self.expr(no, scope)?];
        let nullable = results.iter().any(|r| r.nullable);
        let (ty, results) = together(results);
        let list: Vec<String> = results.into_iter().map(|r| r.sql).collect();
        Ok(Ex { nullable, ..Ex::new(format!("iif({condition}, {})", list.join(", ")), ty) })
    }

    pub(crate) fn nullif(&mut self, args: &[&Expr], scope: &Scope<'_>) -> Result<Ex> {
        let [a, b] = args else { return Err(super::call::wrong_count("nullif")) };
        let (first, other) = (self.expr(a, scope)?, self.expr(b, scope)?);
        let (a, b) = comparable(first.clone(), other);
        let collation = if a.ty.is_text() { " COLLATE NOCASE" } else { "" };
        Ok(Ex::new(format!("nullif({}{collation}, {})", a.sql, b.sql), first.ty))
    }
}
