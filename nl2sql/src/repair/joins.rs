//! A column of a table that FROM lacks: the table is joined when one foreign key leads to it.

use catalog::{Catalog, ForeignKey, Table};

use super::blocks::{Block, Relation};
use super::names::qualified_table;
use super::{Edit, quote};
use crate::lexer::Token;

/// A way from a relation of FROM to the missing table.
struct Way<'k> {
    qualifier: String,
    key: &'k ForeignKey,
    /// The key is the relation's own: each of its rows has at most one partner, so nothing is multiplied.
    own: bool,
}

pub(super) fn for_column(
    parts: &[Token<'_>],
    place: (usize, usize),
    block: &Block<'_>,
    catalog: &Catalog,
) -> Vec<Edit> {
    build(parts, place, block, catalog).unwrap_or_default()
}

fn build(
    parts: &[Token<'_>],
    place: (usize, usize),
    block: &Block<'_>,
    catalog: &Catalog,
) -> Option<Vec<Edit>> {
    let engine = catalog.engine();
    let wanted = parts.last()?.name()?;
    let named = parts.len().checked_sub(2).and_then(|i| parts.get(i)).and_then(Token::name);
    let (table, way) = only_way(&wanted, named.as_deref(), block, catalog)?;
    let column = table.columns.iter().find(|c| c.name.eq_ignore_ascii_case(&wanted))?;
    let name = quote(engine, &table.name);
    let pairs = way.key.columns.iter().zip(&way.key.to_columns);
    let condition: Vec<String> = pairs
        .map(|(from, to)| {
            let (here, there) = if way.own { (from, to) } else { (to, from) };
            format!("{}.{} = {name}.{}", way.qualifier, quote(engine, here), quote(engine, there))
        })
        .collect();
    let join = format!(" JOIN {} ON {}", qualified_table(table, catalog), condition.join(" AND "));
    let at = block.from_end?;
    let text = format!("{name}.{}", quote(engine, &column.name));
    let note = format!("{} was joined, because it holds {}", table.name, column.name);
    let insert = Edit { start: at, end: at, text: join, note };
    Some(vec![insert, Edit { start: place.0, end: place.1, text, note: String::new() }])
}

/// The one table with the column that one key links to FROM; keys of FROM's own tables win.
fn only_way<'a>(
    wanted: &str,
    named: Option<&str>,
    block: &Block<'a>,
    catalog: &'a Catalog,
) -> Option<(&'a Table, Way<'a>)> {
    let mut ways: Vec<(&'a Table, Way<'a>)> = Vec::new();
    for table in &catalog.snapshot().tables {
        let has = table.columns.iter().any(|c| c.name.eq_ignore_ascii_case(wanted));
        let fits = named.is_none_or(|n| n.eq_ignore_ascii_case(&table.name));
        let present = block.relations.iter().any(|r| r.table.is_some_and(|t| is(t, table)));
        if has && fits && !present {
            ways.extend(block.relations.iter().flat_map(|r| ways_to(r, table)).map(|w| (table, w)));
        }
    }
    if ways.iter().any(|(_, w)| w.own) {
        ways.retain(|(_, w)| w.own);
    }
    let mut ways = ways.into_iter();
    let first = ways.next()?;
    ways.next().is_none().then_some(first)
}

fn ways_to<'a>(relation: &Relation<'a>, table: &'a Table) -> Vec<Way<'a>> {
    let Some(from) = relation.table else { return Vec::new() };
    let qualifier = || relation.qualifier.clone();
    let own = from.foreign_keys.iter().filter(|k| leads_to(k, table));
    let other = table.foreign_keys.iter().filter(|k| leads_to(k, from));
    own.map(|key| Way { qualifier: qualifier(), key, own: true })
        .chain(other.map(|key| Way { qualifier: qualifier(), key, own: false }))
        .collect()
}

fn leads_to(key: &ForeignKey, table: &Table) -> bool {
    key.to_table.eq_ignore_ascii_case(&table.name)
        && key.to_schema == table.schema
        && !key.to_columns.is_empty()
}

fn is(a: &Table, b: &Table) -> bool {
    a.schema == b.schema && a.name == b.name
}
