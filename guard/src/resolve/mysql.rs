//! Names as MySQL and MariaDB look them up: aliases in HAVING, tables whose names differ by case alone.

use catalog::Engine;

use crate::tree::{Expr, GroupItem};

use super::Resolver;
use super::scope::Output;

impl<'a> Resolver<'a, '_> {
    pub(super) fn mysql(&self) -> bool {
        matches!(self.engine, Engine::Mysql | Engine::Mariadb)
    }

    /// HAVING: an alias comes before a column of FROM, unless that column is grouped by; inside aggregates columns
    /// alone are meant.
    pub(super) fn having(&mut self, condition: &mut Expr, groups: &[GroupItem], outputs: &[Output<'a>]) {
        let preferred: Vec<String> = outputs
            .iter()
            .filter(|o| o.aliased && self.mysql() && !self.grouped(groups, &o.key))
            .map(|o| o.key.clone())
            .collect();
        self.prefer(preferred);
        self.expr(condition);
        self.prefer(Vec::new());
    }

    /// Sets which aliases come before columns in the block on top; gives what was set before.
    pub(super) fn prefer(&mut self, keys: Vec<String>) -> Vec<String> {
        self.scopes.last_mut().map(|s| std::mem::replace(&mut s.preferred, keys)).unwrap_or_default()
    }

    /// Whether a resolved GROUP BY names a column of FROM (which is then qualified) with that key.
    fn grouped(&self, groups: &[GroupItem], key: &str) -> bool {
        let named = |expr: &Expr| match expr {
            Expr::Column(name) if name.0.len() > 1 => name.last().is_some_and(|i| self.key(i) == key),
            _ => false,
        };
        groups.iter().any(|item| match item {
            GroupItem::Expr(expr) => named(expr),
            GroupItem::Rollup(sets) | GroupItem::Cube(sets) | GroupItem::GroupingSets(sets) => {
                sets.iter().flatten().any(named)
            }
        })
    }

    /// A routine of the database that has a listed function's name: a server that lacks the function would run it.
    pub(super) fn routine_called(&self, key: &str) -> bool {
        self.mysql()
            && self.catalog.snapshot().routines.iter().any(|r| self.engine.stored_key(&r.name) == key)
    }
}
