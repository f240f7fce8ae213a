//! Made-up snapshots for property tests.

use std::collections::BTreeSet;

use catalog::{Column, Engine, Key, Snapshot, Table, TypeClass};
use proptest::prelude::*;

/// Names of all tables, and of all columns as `schema.table.column`.
pub fn names(snapshot: &Snapshot) -> BTreeSet<String> {
    let columns = snapshot
        .tables
        .iter()
        .flat_map(|t| t.columns.iter().map(|c| format!("{}.{}", t.full_name(), c.name)));
    columns.chain(snapshot.tables.iter().map(Table::full_name)).collect()
}

fn column() -> impl Strategy<Value = Column> {
    let types = prop_oneof![
        Just(("integer", TypeClass::Integer)),
        Just(("bigint", TypeClass::Integer)),
        Just(("text", TypeClass::Text)),
        Just(("character varying(9)", TypeClass::Text)),
        Just(("date", TypeClass::Date)),
    ];
    let parts = ("[a-e]{1,3}", types, any::<bool>(), proptest::option::of("[a-c ]{0,6}"));
    parts.prop_map(|(name, (native, class), nullable, comment)| Column {
        name,
        native_type: native.to_owned(),
        class,
        nullable,
        comment,
        ..Column::default()
    })
}

fn table() -> impl Strategy<Value = Table> {
    let columns = proptest::collection::vec(column(), 0..6);
    ("[a-b]", "[a-d]{1,3}", columns, any::<bool>()).prop_map(|(schema, name, mut columns, keyed)| {
        let mut seen = BTreeSet::new();
        columns.retain(|c| seen.insert(c.name.clone()));
        for (i, column) in columns.iter_mut().enumerate() {
            column.position = i as u32 + 1;
        }
        let first = columns.first().filter(|_| keyed).map(|c| c.name.clone());
        let primary_key = first.map(|c| Key { name: None, columns: vec![c] });
        Table { schema, name, columns, primary_key, ..Table::default() }
    })
}

/// A snapshot of up to five small tables with names that often meet again.
pub fn snapshot() -> impl Strategy<Value = Snapshot> {
    proptest::collection::vec(table(), 0..6).prop_map(|mut tables| {
        let mut seen = BTreeSet::new();
        tables.retain(|t| seen.insert(t.full_name()));
        tables.sort_by_key(Table::full_name);
        Snapshot { engine: Engine::Postgres, search_path: vec!["a".into()], tables, ..Snapshot::default() }
    })
}
