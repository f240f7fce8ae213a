//! Columns beside aggregates that are neither grouped nor determined by what is grouped.

use catalog::{Engine, Table};

use crate::finding::{Code, Finding};
use crate::functions::{self, Judgement, Kind};
use crate::reading::children;
use crate::resolve::Namespace;
use crate::tree::{Call, Expr, GroupItem, JoinOn, Literal, OrderItem, Select, SelectItem};

use super::{column_of, conditions, conjuncts, equal_columns};

/// What is grouped, and what follows from it.
struct Groups<'a, 'e> {
    engine: Engine,
    names: &'e Namespace<'a>,
    keys: Vec<&'e Expr>,
    /// Entries whose every column is determined.
    whole: Vec<usize>,
}

/// Finds such columns: an error where the server refuses them, a warning where it takes the value of any row.
pub fn check(
    engine: Engine,
    select: &Select,
    order: &[OrderItem],
    names: &Namespace<'_>,
    aggregated: bool,
) -> Option<Finding> {
    let wild = select.items.iter().any(|i| !matches!(i, SelectItem::Expr { .. }));
    let grouped = !select.group_by.is_empty() || aggregated;
    if !grouped || wild || names.opaque() || merges(select) {
        return None;
    }
    let groups = Groups::new(engine, select, names)?;
    let items = select.items.iter().filter_map(|item| match item {
        SelectItem::Expr { expr, .. } => Some(expr),
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_) => None,
    });
    let exprs: Vec<&Expr> = items.chain(&select.having).chain(order.iter().map(|o| &o.expr)).collect();
    // SQLite takes the other columns from the row of the one min or max
    if engine == Engine::Sqlite && exprs.iter().any(|e| has_extreme(e)) {
        return None;
    }
    let column = exprs.into_iter().find_map(|expr| groups.loose(expr))?;
    let Expr::Column(name) = column else { return None };
    let called = name.last().map(|i| i.value.as_str()).unwrap_or_default();
    let refused = refuses(engine);
    let (code, text) = if refused {
        (Code::G310, format!("{called} is neither grouped nor aggregated"))
    } else {
        (Code::W114, format!("{called} is neither grouped nor aggregated: any row of the group may give it"))
    };
    let finding = Finding::new(code, text).at(name.span()).subject(called);
    Some(finding.hint("add it to GROUP BY, or aggregate it"))
}

/// Whether the engine refuses a column that is neither grouped nor aggregated.
fn refuses(engine: Engine) -> bool {
    matches!(engine, Engine::Postgres | Engine::Mssql | Engine::Mongodb)
}

/// USING and NATURAL make one column of two: which is grouped then is the engine's to say.
fn merges(select: &Select) -> bool {
    super::joins_of(select).iter().any(|on| matches!(on, JoinOn::Using(_) | JoinOn::Natural))
}

impl<'a, 'e> Groups<'a, 'e> {
    fn new(engine: Engine, select: &'e Select, names: &'e Namespace<'a>) -> Option<Groups<'a, 'e>> {
        let mut keys = Vec::new();
        for item in &select.group_by {
            match item {
                GroupItem::Expr(expr) => keys.push(meant(select, expr)),
                GroupItem::Rollup(sets) | GroupItem::Cube(sets) | GroupItem::GroupingSets(sets) => {
                    keys.extend(sets.iter().flatten().map(|e| meant(select, e)));
                }
            }
        }
        let mut groups = Groups { engine, names, keys, whole: Vec::new() };
        let mut known: Vec<(usize, String)> =
            groups.keys.iter().filter_map(|key| groups.column(key)).collect();
        // only where it is a warning: servers that refuse do not look so far
        let equal = if refuses(engine) {
            Vec::new()
        } else {
            let all = conditions(select).into_iter().chain(&select.selection).flat_map(conjuncts);
            let pair = |part| {
                let (l, r) = equal_columns(part)?;
                Some((groups.column(l)?, groups.column(r)?))
            };
            all.filter_map(pair).collect()
        };
        for _ in 0..=names.entries.len() {
            for (left, right) in &equal {
                let holds = |side: &(usize, String)| known.contains(side) || groups.whole.contains(&side.0);
                match (holds(left), holds(right)) {
                    (true, false) => known.push(right.clone()),
                    (false, true) => known.push(left.clone()),
                    _ => {}
                }
            }
            let found = groups.determined(&known);
            groups.whole = found;
        }
        Some(groups)
    }

    fn column(&self, expr: &Expr) -> Option<(usize, String)> {
        let (at, _, column) = column_of(self.engine, self.names, expr)?;
        Some((at, self.engine.stored_key(column)))
    }

    /// Entries of which a key is known. PostgreSQL takes the primary key alone, SQL Server none.
    fn determined(&self, known: &[(usize, String)]) -> Vec<usize> {
        let holds = |at: usize, columns: &[String]| {
            let has = |c: &String| known.contains(&(at, self.engine.stored_key(c)));
            !columns.is_empty() && columns.iter().all(has)
        };
        let whole = |at: usize, table: &Table| match self.engine {
            Engine::Mssql => false,
            // its keys are not known of a sub-query that takes a table's place
            Engine::Postgres | Engine::Mongodb if self.names.entries.get(at).is_some_and(|e| e.stood_in) => {
                false
            }
            Engine::Postgres | Engine::Mongodb => {
                table.primary_key.as_ref().is_some_and(|k| holds(at, &k.columns))
            }
            _ => table.primary_key.iter().chain(&table.unique_keys).any(|k| holds(at, &k.columns)),
        };
        let tables = self.names.entries.iter().enumerate().filter_map(|(at, e)| Some((at, e.table?)));
        tables.filter(|(at, table)| whole(*at, table)).map(|(at, _)| at).collect()
    }

    /// The first column in an expression that nothing determines. Sub-queries are left to the server.
    fn loose<'x>(&self, expr: &'x Expr) -> Option<&'x Expr> {
        let mut open = vec![expr];
        while let Some(next) = open.pop() {
            if self.keys.contains(&next) {
                continue;
            }
            match next {
                Expr::Column(_) if self.stands_loose(next) => return Some(next),
                Expr::Call(call) if folds(self.engine, call) => {}
                other => children(other, &mut open),
            }
        }
        None
    }

    fn stands_loose(&self, column: &Expr) -> bool {
        let Expr::Column(name) = column else { return false };
        let [qualifier, _] = name.0.as_slice() else { return false };
        let key = self.engine.stored_key(&qualifier.value);
        let at = self.names.entries.iter().position(|e| e.key == key);
        at.is_some_and(|at| !self.whole.contains(&at))
    }
}

/// The expression behind a position or an alias.
fn meant<'e>(select: &'e Select, key: &'e Expr) -> &'e Expr {
    let item = match key {
        Expr::Literal(Literal::Number(digits), _) => {
            digits.parse::<usize>().ok().and_then(|n| select.items.get(n.checked_sub(1)?))
        }
        Expr::Column(name) => match name.0.as_slice() {
            [only] => select.items.iter().find(
                |i| matches!(i, SelectItem::Expr { alias: Some(alias), .. } if alias.value == only.value),
            ),
            _ => None,
        },
        _ => None,
    };
    match item {
        Some(SelectItem::Expr { expr, .. }) => expr,
        _ => key,
    }
}

/// Whether a call makes one value of many rows; a function that is not known is taken for one.
fn folds(engine: Engine, call: &Call) -> bool {
    let name = call.name.last().map(|i| i.value.as_str()).unwrap_or_default();
    let several = engine == Engine::Sqlite && matches!(name, "min" | "max") && call.args.len() > 1;
    call.over.is_none()
        && !several
        && match functions::of(engine).judge(name) {
            Judgement::Allowed(function) => function.kind == Kind::Aggregate || !call.within_group.is_empty(),
            Judgement::Refused(_) | Judgement::Unknown => true,
        }
}

fn has_extreme(expr: &Expr) -> bool {
    let mut open = vec![expr];
    while let Some(next) = open.pop() {
        if let Expr::Call(call) = next
            && call.args.len() == 1
            && call.name.last().is_some_and(|n| matches!(n.value.as_str(), "min" | "max"))
        {
            return true;
        }
        children(next, &mut open);
    }
    false
}
