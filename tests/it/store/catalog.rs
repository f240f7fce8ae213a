//! Schema versions: only what changed is stored, every version loads as it was, figures make no version.

use std::sync::Arc;

use catalog::{Column, Snapshot, Statistics, TypeClass};
use querent::model::{Id, PageRequest, new_id};
use querent::store::StoreErrorKind;
use querent::store::catalog::{self as versions, Published};

use super::snapshots::snapshot;
use super::store_suite;
use crate::harness::TestStore;

store_suite!(
    the_first_crawl_makes_version_one,
    a_crawl_without_change_makes_no_version,
    figures_are_refreshed_without_a_version,
    one_changed_column_stores_one_table,
    every_version_loads_as_it_was,
    a_table_that_comes_back_is_a_new_row,
    a_dropped_publication_leaves_nothing,
    crawls_at_the_same_time_make_one_version,
    versions_are_found_by_number_and_listed,
    tables_and_columns_are_found_by_name_and_comment,
    versions_are_compared_in_any_order,
    statistics_of_the_last_crawl_are_evidence_of_a_rename,
    one_column_among_ten_thousand_tables,
);

async fn publish(store: &TestStore, connection: Id, snapshot: &Snapshot) -> Published {
    let prepared = prepared(snapshot).await;
    let tx = store.db.begin().await.unwrap();
    let published = versions::publish(&tx, connection, &prepared, None).await.unwrap();
    tx.commit().await.unwrap();
    published
}

async fn prepared(snapshot: &Snapshot) -> versions::Prepared {
    versions::prepare(Arc::new(snapshot.clone())).await.unwrap()
}

async fn rows(store: &TestStore) -> [i64; 4] {
    [
        store.count("schema_versions", "1 = 1").await,
        store.count("tables", "1 = 1").await,
        store.count("columns", "1 = 1").await,
        store.count("table_figures", "1 = 1").await,
    ]
}

async fn the_first_crawl_makes_version_one(store: TestStore) {
    let connection = store.connection("shop").await.id;
    assert_eq!(versions::latest(&store.db, connection).await.unwrap(), None);
    let found = snapshot(3);
    let published = publish(&store, connection, &found).await;
    assert!(published.is_new && published.diff.is_none());
    assert_eq!((published.version.number().as_str(), published.version.ordinal), ("1.0", 1));
    assert_eq!((published.version.table_count, published.version.column_count), (3, 36));
    assert_eq!(published.version.summary, "first crawl: 3 tables, 36 columns");
    let loaded = versions::load(&store.db, &published.version).await.unwrap();
    assert_eq!(loaded, found);
}

async fn a_crawl_without_change_makes_no_version(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let first = publish(&store, connection, &snapshot(20)).await;
    let before = rows(&store).await;
    assert_eq!(before, [1, 20, 240, 20]);
    let second = publish(&store, connection, &snapshot(20)).await;
    assert!(!second.is_new);
    assert_eq!(second.version, first.version);
    assert_eq!(rows(&store).await, before);
}

async fn figures_are_refreshed_without_a_version(store: TestStore) {
    let connection = store.connection("shop").await.id;
    publish(&store, connection, &snapshot(3)).await;
    let mut later = snapshot(3);
    later.tables[1].row_estimate = Some(99);
    later.tables[1].partitioning.as_mut().unwrap().partitions = 8;
    later.tables[1].foreign_keys.retain(|key| key.inferred.is_none());
    later.tables[2].columns[4].statistics = None;
    let published = publish(&store, connection, &later).await;
    assert!(!published.is_new);
    assert_eq!(rows(&store).await, [1, 3, 36, 3]);
    assert_eq!(versions::load(&store.db, &published.version).await.unwrap(), later);
}

async fn one_changed_column_stores_one_table(store: TestStore) {
    let connection = store.connection("shop").await.id;
    publish(&store, connection, &snapshot(1000)).await;
    let before = rows(&store).await;
    let mut changed = snapshot(1000);
    changed.tables[500].columns[6].native_type = "integer".to_owned();
    changed.tables[500].columns[6].class = TypeClass::Integer;
    let published = publish(&store, connection, &changed).await;
    assert_eq!(published.diff.unwrap().changes.len(), 1);
    assert!(published.version.summary.contains("entity_00500"), "{}", published.version.summary);
    let after = rows(&store).await;
    assert_eq!(after, [before[0] + 1, before[1] + 1, before[2] + 1, before[3]]);
    assert_eq!(store.count("tables", "to_version IS NULL").await, 1000);
    assert_eq!(store.count("tables", "to_version = 2 AND table_name = 'entity_00500'").await, 1);
}

/// What an old version loads as: without the figures.
fn without_figures(mut snapshot: Snapshot) -> Snapshot {
    for table in &mut snapshot.tables {
        (table.row_estimate, table.size_bytes) = (None, None);
        table.partitioning.iter_mut().for_each(|p| p.partitions = 0);
        table.foreign_keys.retain(|key| key.inferred.is_none());
        table.columns.iter_mut().for_each(|column| column.statistics = None);
    }
    snapshot
}

async fn every_version_loads_as_it_was(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let mut states = vec![snapshot(4)];
    let mut next = states[0].clone();
    let added = Column { position: 13, name: "extra".to_owned(), nullable: true, ..Column::default() };
    next.tables[0].columns.push(added);
    states.push(next.clone());
    next.tables.remove(2);
    states.push(next.clone());
    next.routines.clear();
    next.schemas[0].comment = None;
    states.push(next.clone());
    next.search_path.push("archive".to_owned());
    states.push(next);
    let mut published = Vec::new();
    for state in &states {
        published.push(publish(&store, connection, state).await.version);
    }
    let ordinals: Vec<i64> = published.iter().map(|v| v.ordinal).collect();
    assert_eq!(ordinals, [1, 2, 3, 4, 5]);
    for (version, state) in published.iter().zip(&states).take(4) {
        let loaded = versions::load(&store.db, version).await.unwrap();
        assert_eq!(loaded, without_figures(state.clone()), "version {}", version.number());
    }
    assert_eq!(versions::load(&store.db, &published[4]).await.unwrap(), states[4]);
    let numbers: Vec<(i64, i64)> = published.iter().map(|v| (v.major, v.minor)).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    assert!(numbers[2].0 > numbers[1].0, "a removed table is a breaking change: {numbers:?}");
}

async fn a_table_that_comes_back_is_a_new_row(store: TestStore) {
    let connection = store.connection("shop").await.id;
    publish(&store, connection, &snapshot(2)).await;
    publish(&store, connection, &snapshot(1)).await;
    let third = publish(&store, connection, &snapshot(2)).await;
    assert_eq!(third.version.ordinal, 3);
    assert_eq!(store.count("tables", "table_name = 'entity_00001'").await, 2);
    assert_eq!(versions::load(&store.db, &third.version).await.unwrap(), snapshot(2));
    let history = versions::history(&store.db, connection, "public", "entity_00001").await.unwrap();
    assert_eq!(history.iter().map(|v| v.ordinal).collect::<Vec<_>>(), [3, 1]);
}

async fn a_dropped_publication_leaves_nothing(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let tx = store.db.begin().await.unwrap();
    versions::publish(&tx, connection, &prepared(&snapshot(20)).await, None).await.unwrap();
    drop(tx);
    assert_eq!(rows(&store).await, [0, 0, 0, 0]);
    let tx = store.db.begin().await.unwrap();
    let nowhere = versions::publish(&tx, new_id(), &prepared(&snapshot(1)).await, None).await.unwrap_err();
    assert_eq!(nowhere.kind, StoreErrorKind::NotFound);
}

async fn crawls_at_the_same_time_make_one_version(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let crawls: Vec<_> = (0..4)
        .map(|_| {
            let db = store.db.clone();
            tokio::spawn(async move {
                let prepared = prepared(&snapshot(50)).await;
                let tx = db.begin().await.unwrap();
                let published = versions::publish(&tx, connection, &prepared, None).await.unwrap();
                tx.commit().await.unwrap();
                published.is_new
            })
        })
        .collect();
    let mut new = 0;
    for crawl in crawls {
        new += u32::from(crawl.await.unwrap());
    }
    assert_eq!(new, 1);
    assert_eq!(rows(&store).await, [1, 50, 600, 50]);
}

async fn versions_are_found_by_number_and_listed(store: TestStore) {
    let connection = store.connection("shop").await.id;
    for tables in 1..=3 {
        publish(&store, connection, &snapshot(tables)).await;
    }
    let page = versions::list(&store.db, connection, PageRequest::first()).await.unwrap();
    assert_eq!(page.items.iter().map(|v| v.ordinal).collect::<Vec<_>>(), [3, 2, 1]);
    let newest = &page.items[0];
    let found = versions::find(&store.db, connection, newest.major, newest.minor).await.unwrap();
    assert_eq!(found.as_ref(), Some(newest));
    assert_eq!(versions::find(&store.db, connection, 99, 0).await.unwrap(), None);
    assert_eq!(&versions::get(&store.db, newest.id).await.unwrap(), newest);
    assert_eq!(versions::latest(&store.db, connection).await.unwrap().as_ref(), Some(newest));
}

async fn tables_and_columns_are_found_by_name_and_comment(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let mut found = snapshot(3);
    found.tables[0].name = "order".to_owned();
    found.tables[1].name = "reorder".to_owned();
    found.tables[2].columns[0].name = "Order_Date".to_owned();
    found.tables[2].columns[1].comment = Some("GRÖSSE of the 100% order".to_owned());
    publish(&store, connection, &found).await;
    let names = async |text: &str| -> Vec<String> {
        let hits = versions::search(&store.db, connection, text, 10).await.unwrap();
        hits.into_iter().map(|hit| hit.column.unwrap_or(hit.table)).collect()
    };
    assert_eq!(names("ORDER").await, ["order", "Order_Date", "reorder", "field_02"]);
    assert_eq!(names("größe").await, Vec::<String>::new());
    assert_eq!(names("grösse").await, ["field_02"]);
    assert_eq!(names("100%").await, ["field_02"]);
    assert_eq!(names("r_date").await, ["Order_Date"]);
    assert_eq!(names("d_r").await, Vec::<String>::new());
    assert_eq!(versions::search(&store.db, connection, "field", 5).await.unwrap().len(), 5);
}

async fn versions_are_compared_in_any_order(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let mut states = vec![snapshot(6)];
    let mut next = states[0].clone();
    next.tables[3].columns[2].nullable = false;
    states.push(next.clone());
    next.tables.remove(5);
    next.search_path.push("archive".to_owned());
    states.push(next.clone());
    // as it was in the first
    next.tables[3].columns[2].nullable = true;
    states.push(next);
    let mut published = Vec::new();
    for state in &states {
        published.push(publish(&store, connection, state).await.version);
    }
    for (i, from) in published.iter().enumerate() {
        for (j, to) in published.iter().enumerate() {
            let stored = versions::changes(&store.db, from, to).await.unwrap();
            let expected = catalog::diff::diff(&states[i], &states[j]);
            assert_eq!(stored, expected, "{} to {}", from.number(), to.number());
            let (old, new) = versions::sides(&store.db, from, to).await.unwrap();
            assert!(old.tables.len() <= 2 && new.tables.len() <= 2, "only what differs is read");
            let patched = versions::patched(&states[j], old, &new);
            let bare = |s: Snapshot| Snapshot { tables: without_figures(s).tables, ..Snapshot::default() };
            assert_eq!(bare(patched), bare(states[i].clone()));
        }
    }
}

async fn statistics_of_the_last_crawl_are_evidence_of_a_rename(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let mut found = snapshot(1);
    let table = &mut found.tables[0];
    table.foreign_keys.clear();
    table.columns.truncate(3);
    let spread = [0.0, 0.2, 0.9];
    for (column, share) in table.columns.iter_mut().zip(spread) {
        let distinct = Some(10.0 + share * 1000.0);
        column.statistics = Some(Statistics { null_share: Some(share), distinct, ..Statistics::default() });
    }
    publish(&store, connection, &found).await;
    // two columns with the same type lose their names at once and change places: the figures tell which is which
    let columns = &mut found.tables[0].columns;
    columns.swap(1, 2);
    for (place, (column, name)) in columns[1..].iter_mut().zip(["alpha", "omega"]).enumerate() {
        (column.position, column.name) = (place as u32 + 2, name.to_owned());
    }
    let published = publish(&store, connection, &found).await;
    let lines: Vec<String> = published.diff.unwrap().changes.iter().map(|c| c.line()).collect();
    let all = lines.join("\n");
    assert!(
        all.contains("field_02: renamed to omega") && all.contains("field_03: renamed to alpha"),
        "{all}"
    );
}

/// Only counts are asserted; `cargo run --release --example versions` prints the times.
async fn one_column_among_ten_thousand_tables(store: TestStore) {
    let connection = store.connection("large").await.id;
    let mut found = snapshot(10_000);
    publish(&store, connection, &found).await;
    assert_eq!(rows(&store).await, [1, 10_000, 120_000, 10_000]);
    found.tables[4_711].columns[3].native_type = "text".to_owned();
    let published = publish(&store, connection, &found).await;
    assert_eq!(rows(&store).await, [2, 10_001, 120_001, 10_000]);
    assert_eq!(store.count("tables", "to_version IS NOT NULL").await, 1);
    assert_eq!(store.count("columns", "to_version IS NOT NULL").await, 1);
    let before = published.before.unwrap();
    let (old, new) = versions::sides(&store.db, &before, &published.version).await.unwrap();
    assert_eq!((old.tables.len(), new.tables.len()), (1, 1));
    assert_eq!(published.diff.unwrap().changes.len(), 1);
}
