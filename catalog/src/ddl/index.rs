//! Reads `CREATE INDEX`; a unique index over plain columns is a unique key.

use super::builder::Builder;
use super::column::{index_columns, plain_columns};
use super::cursor::{Cursor, bare_text_of};
use super::{Reason, UNREADABLE};
use crate::{Index, Key};

const KINDS: [&str; 9] =
    ["UNIQUE", "CLUSTERED", "NONCLUSTERED", "FULLTEXT", "SPATIAL", "COLUMNSTORE", "BITMAP", "XML", "PRIMARY"];

/// Whether an index definition stands after `CREATE`.
pub(super) fn starts(at: &Cursor<'_, '_>) -> bool {
    let mut at = at.clone();
    while at.eat_any(&KINDS) {}
    at.is(0, "INDEX")
}

/// After `CREATE`.
pub(super) fn create(builder: &mut Builder, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    let mut unique = false;
    let mut method = "btree".to_owned();
    while at.is_any(&KINDS) {
        let word = at.name().unwrap_or_default().to_lowercase();
        match word.as_str() {
            "unique" => unique = true,
            "fulltext" | "spatial" | "columnstore" | "xml" => method = word,
            _ => {}
        }
    }
    at.eat("INDEX");
    at.eat("CONCURRENTLY");
    at.eat("IF NOT EXISTS");
    let name = if at.is(0, "ON") { String::new() } else { at.object_name().ok_or(UNREADABLE)?.name };
    eat_using(&mut at, &mut method);
    if !at.eat("ON") {
        return Err(UNREADABLE);
    }
    at.eat("ONLY");
    let target = at.object_name().ok_or(UNREADABLE)?;
    eat_using(&mut at, &mut method);
    let columns = at.group().ok_or(UNREADABLE)?;
    let mut predicate = None;
    while !at.done() {
        if at.eat("WHERE") {
            predicate = Some(bare_text_of(at.run_until(|c| c.is(0, "WITH") || c.is(0, "ON"))));
        } else if at.group().is_none() {
            at.bump();
        }
    }
    if builder.is_folded(&target) {
        return Ok(());
    }
    let engine = builder.engine;
    let table = builder.table_mut(&target).ok_or("the indexed table is not known")?;
    match plain_columns(columns, engine) {
        Some(columns) if unique && predicate.is_none() => {
            table.unique_keys.push(Key { name: Some(name), columns });
        }
        _ => {
            let columns = index_columns(columns, engine);
            table.indexes.push(Index { name, method, columns, unique, predicate });
        }
    }
    Ok(())
}

fn eat_using(at: &mut Cursor<'_, '_>, method: &mut String) {
    if at.eat("USING") {
        *method = at.name().unwrap_or_default().to_lowercase();
    }
}
