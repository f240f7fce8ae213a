//! Cardinality: how many rows of two relations meet, told by the unique keys that a join's condition covers.

use catalog::{Engine, Table};

use crate::report::Cardinality;
use crate::resolve::{Entry, Namespace};
use crate::tree::{Expr, Ident};

/// Of a condition between the relation called `right` and the one it is compared with. Nothing where a side is no
/// table, or has no key that could tell.
pub fn of(engine: Engine, names: &Namespace<'_>, right: &str, condition: &Expr) -> Option<Cardinality> {
    let right_at = names.entries.iter().rposition(|e| e.name == right)?;
    let pairs = super::joins::equal_pairs(engine, names, condition);
    let across = |pair: &super::joins::Pair<'_, '_>| match (pair.0, pair.1) {
        (l, r) if r.0 == right_at && l.0 != right_at => {
            Some((l.0, l.1.name.clone(), key(engine, l.2), key(engine, r.2)))
        }
        (r, l) if r.0 == right_at && l.0 != right_at => {
            Some((l.0, l.1.name.clone(), key(engine, l.2), key(engine, r.2)))
        }
        _ => None,
    };
    let met: Vec<_> = pairs.iter().filter_map(across).collect();
    let left_at = met.first()?.0;
    let left: Vec<String> = met.iter().filter(|m| m.0 == left_at).map(|m| m.2.clone()).collect();
    let right: Vec<String> = met.into_iter().map(|m| m.3).collect();
    between(engine, names.entries.get(left_at)?.table?, &left, names.entries.get(right_at)?.table?, &right)
}

/// Of USING: both sides are compared by columns of the same names.
pub fn of_using(
    engine: Engine,
    left: &Namespace<'_>,
    right: &Namespace<'_>,
    columns: &[Ident],
) -> Option<Cardinality> {
    let columns: Vec<String> = columns.iter().map(|c| key(engine, &c.value)).collect();
    let has = |e: &&std::rc::Rc<Entry<'_>>| columns.iter().all(|c| e.field(c).is_some());
    let a = left.entries.iter().rfind(has)?.table?;
    let b = right.entries.iter().rfind(has)?.table?;
    between(engine, a, &columns, b, &columns)
}

fn between(engine: Engine, a: &Table, left: &[String], b: &Table, right: &[String]) -> Option<Cardinality> {
    Some(match (unique(engine, a, left)?, unique(engine, b, right)?) {
        (true, true) => Cardinality::OneToOne,
        (true, false) => Cardinality::OneToMany,
        (false, true) => Cardinality::ManyToOne,
        (false, false) => Cardinality::ManyToMany,
    })
}

/// Whether a unique key lies within the columns.
fn unique(engine: Engine, table: &Table, columns: &[String]) -> Option<bool> {
    let mut keys = table.primary_key.iter().chain(&table.unique_keys).peekable();
    keys.peek()?;
    Some(keys.any(|k| k.columns.iter().all(|c| columns.contains(&key(engine, c)))))
}

fn key(engine: Engine, name: &str) -> String {
    engine.stored_key(name)
}
