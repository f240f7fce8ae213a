//! References of one column: which keys its name may speak of.

use super::names::{self, ColumnName};
use super::targets::{SHORT, Target, Targets, is_key_class};
use super::{Proposal, evidence};
use crate::{Column, Engine, Table, TypeClass};

/// Words for another row of the same table.
const SELF: [&str; 12] = [
    "parent",
    "root",
    "previous",
    "prev",
    "next",
    "predecessor",
    "successor",
    "original",
    "repli to",
    "in repli to",
    "superseded by",
    "duplicat of",
];
/// Words for another person of the same table.
const SUPERIOR: [&str; 7] = ["manager", "supervisor", "boss", "report to", "superior", "mentor", "lead"];
/// Stems of tables of people.
const STAFF: [&str; 7] = ["employe", "staff", "person", "user", "worker", "agent", "member"];
/// Words of a role that may stand before the name of what is referred to.
const MOST_ROLE_WORDS: usize = 3;

/// What one column may refer to, each with its reasons. Several fits of one key count as the best of them.
pub(super) fn candidates(table: &Table, column: &Column, targets: &Targets<'_>) -> Vec<Proposal> {
    if !is_key_class(column.class) {
        return Vec::new();
    }
    let name = names::column(&column.name);
    let own = names::table(&table.name);
    if name.base.is_empty() || is_own_key(table, column, &name, &own) {
        return Vec::new();
    }
    let mut found: Vec<(&Target<'_>, f64, String)> = Vec::new();
    let mut put = |target, score, reason: String| found.push((target, score, reason));
    same_name(column, targets, &mut put);
    named_tables(&name, targets, &mut put);
    same_table(table, &name, &own, targets, &mut put);
    let mut best: Vec<Proposal> = Vec::new();
    for (target, score, reason) in found {
        if std::ptr::eq(target.column, column) || !fits(targets.engine, column, target.column) {
            continue;
        }
        let same = |p: &Proposal| {
            p.to_table == target.table.name
                && p.to_schema == target.table.schema
                && p.to_columns.first() == Some(&target.column.name)
        };
        let made = proposal(table, column, target, score, reason);
        match best.iter_mut().find(|p| same(p)) {
            Some(known) if known.score >= made.score => {}
            Some(known) => *known = made,
            None => best.push(made),
        }
    }
    best
}

fn proposal(table: &Table, column: &Column, target: &Target<'_>, score: f64, reason: String) -> Proposal {
    let mut proposal = Proposal {
        schema: table.schema.clone(),
        table: table.name.clone(),
        columns: vec![column.name.clone()],
        to_schema: target.table.schema.clone(),
        to_table: target.table.name.clone(),
        to_columns: vec![target.column.name.clone()],
        score,
        evidence: vec![reason],
    };
    evidence::types(&mut proposal, column, target.column);
    if !target.primary {
        proposal.add(-0.1, "the column referred to is unique, but not the primary key".to_owned());
    }
    if table.schema != target.table.schema {
        proposal.add(-0.03, "the table is in another schema".to_owned());
    }
    evidence::statistics(&mut proposal, column, target);
    proposal
}

/// The key that names the row itself.
fn is_own_key(table: &Table, column: &Column, name: &ColumnName, own: &[String]) -> bool {
    let keys = table.primary_key.iter().chain(&table.unique_keys);
    let is_key = keys.into_iter().any(|k| k.columns.as_slice() == [column.name.clone()]);
    is_key && names::speaks_of(&name.base, own)
}

/// Whether values of the two can be equal. SQLite compares numbers with their text, and many of its tables rely on it.
fn fits(engine: Engine, column: &Column, key: &Column) -> bool {
    use TypeClass::{Decimal, Integer, Other, Text};
    match (column.class, key.class) {
        (a, b) if a == b => true,
        (Integer, Text) | (Text, Integer) => engine == Engine::Sqlite,
        (Integer, Decimal) | (Decimal, Integer) | (Other, _) | (_, Other) => true,
        _ => false,
    }
}

/// The column has the name of a key that says more than `id`.
fn same_name<'t, 'a>(
    column: &Column,
    targets: &'t Targets<'a>,
    put: &mut impl FnMut(&'t Target<'a>, f64, String),
) {
    for target in targets.of_key_name(&column.name) {
        let key = format!("{}.{}", target.table.name, target.column.name);
        if target.is_named_after_its_table() {
            put(target, 0.82, format!("{} has the name of the key {key}", column.name));
        } else if target.name.suffix.is_some() {
            put(target, 0.58, format!("{} has the name of the key {key}", column.name));
        } else if target.primary {
            put(
                target,
                0.45,
                format!("{} has the name of the key {key}, which many columns may have", column.name),
            );
        }
    }
}

/// The column's words end with a table's name, or with what a key speaks of.
fn named_tables<'t, 'a>(
    name: &ColumnName,
    targets: &'t Targets<'a>,
    put: &mut impl FnMut(&'t Target<'a>, f64, String),
) {
    let suffixed = name.suffix.is_some();
    for role in 0..name.base.len().min(MOST_ROLE_WORDS + 1) {
        let rest = name.base.get(role..).unwrap_or_default();
        let words = rest.join(" ");
        let lost = 0.06 * role as f64 + if suffixed { 0.0 } else { 0.18 };
        for target in targets.of_table(&words) {
            put(
                target,
                0.8 - lost - other_kind(name, target),
                format!("the name speaks of the table {}", target.table.name),
            );
        }
        for target in targets.of_key_base(&words).filter(|_| suffixed) {
            put(
                target,
                0.66 - lost - other_kind(name, target),
                format!("the name speaks of the key {}.{}", target.table.name, target.column.name),
            );
        }
        if let [word] = rest {
            for target in targets.of_head(word) {
                put(
                    target,
                    0.64 - lost - other_kind(name, target),
                    format!("the name ends as the table {}", target.table.name),
                );
            }
            let short = suffixed && role == 0 && word.chars().count() >= SHORT;
            for target in targets.of_abbreviation(word).filter(|_| short) {
                put(
                    target,
                    0.56 - other_kind(name, target),
                    format!("the name abbreviates the table {}", target.table.name),
                );
            }
        }
    }
}

/// What a `..._code` loses that would refer to an `id`.
fn other_kind(name: &ColumnName, target: &Target<'_>) -> f64 {
    match (&name.suffix, &target.name.suffix) {
        (Some(a), Some(b)) if a == b => 0.0,
        (Some(_), Some(_)) => 0.12,
        (Some(_), None) => 0.1,
        (None, _) => 0.0,
    }
}

/// The column speaks of another row of its own table.
fn same_table<'t, 'a>(
    table: &Table,
    name: &ColumnName,
    own: &[String],
    targets: &'t Targets<'a>,
    put: &mut impl FnMut(&'t Target<'a>, f64, String),
) {
    let words = name.base.join(" ");
    let superior = SUPERIOR.contains(&words.as_str()) && own.iter().any(|w| STAFF.contains(&w.as_str()));
    if !superior && !SELF.contains(&words.as_str()) {
        return;
    }
    let spelled = own.join(" ");
    for target in targets.of_table(&spelled).filter(|t| std::ptr::eq(t.table, table) && t.primary) {
        put(target, 0.68, format!("the name speaks of another row of {}", table.name));
    }
}
