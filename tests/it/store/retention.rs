//! Retention: old versions go, what remains loads as it was, and what is referred to stays.

use std::sync::Arc;

use catalog::{Snapshot, TypeClass};
use querent::model::{Id, JobKind, PageRequest, QueryState, SchemaVersion};
use querent::store::catalog::{self as versions, Keep};
use querent::store::evaluation_cases;
use querent::store::jobs::{self, NewJob};

use super::snapshots::snapshot;
use super::store_suite;
use super::work::query;
use crate::harness::TestStore;

store_suite!(
    nothing_goes_when_nothing_is_said,
    the_newest_stay_and_load_as_they_were,
    what_is_referred_to_stays,
    young_versions_stay,
    what_a_job_is_to_compare_stays,
    what_changed_and_changed_back_is_one_row_again,
);

/// Six versions: a column's type changes in each, a table goes in the third and comes back in the fifth.
async fn history(store: &TestStore, connection: Id) -> (Vec<Snapshot>, Vec<SchemaVersion>) {
    let (mut states, mut published) = (Vec::new(), Vec::new());
    for step in 1..=6 {
        let mut state = snapshot(4);
        state.tables[0].columns[5].native_type = format!("character varying({})", step * 10);
        state.tables[0].columns[5].class = TypeClass::Text;
        if (3..5).contains(&step) {
            state.tables.remove(2);
        }
        for table in &mut state.tables {
            (table.row_estimate, table.size_bytes) = (None, None);
            table.partitioning = None;
            table.foreign_keys.clear();
            table.columns.iter_mut().for_each(|column| column.statistics = None);
        }
        let prepared = versions::prepare(Arc::new(state.clone())).await.unwrap();
        let tx = store.db.begin().await.unwrap();
        published.push(versions::publish(&tx, connection, &prepared, None).await.unwrap().version);
        tx.commit().await.unwrap();
        states.push(state);
    }
    (states, published)
}

async fn trim(store: &TestStore, connection: Id, keep: Keep) -> usize {
    let tx = store.db.begin().await.unwrap();
    let removed = versions::trim(&tx, connection, keep).await.unwrap();
    tx.commit().await.unwrap();
    removed
}

async fn kept(store: &TestStore, connection: Id) -> Vec<i64> {
    let page = versions::list(&store.db, connection, PageRequest::first()).await.unwrap();
    page.items.iter().map(|v| v.ordinal).collect()
}

async fn nothing_goes_when_nothing_is_said(store: TestStore) {
    let connection = store.connection("shop").await.id;
    history(&store, connection).await;
    assert_eq!(trim(&store, connection, Keep::default()).await, 0);
    assert_eq!(kept(&store, connection).await, [6, 5, 4, 3, 2, 1]);
}

async fn the_newest_stay_and_load_as_they_were(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let other = store.connection("other").await.id;
    let (states, published) = history(&store, connection).await;
    let (_, untouched) = history(&store, other).await;
    let diff = versions::changes(&store.db, &published[3], &published[5]).await.unwrap();
    assert_eq!(trim(&store, connection, Keep { versions: Some(3), days: None }).await, 3);
    assert_eq!(kept(&store, connection).await, [6, 5, 4]);
    for place in 3..6 {
        let loaded = versions::load(&store.db, &published[place]).await.unwrap();
        assert_eq!(loaded, states[place], "version {}", place + 1);
    }
    assert_eq!(versions::changes(&store.db, &published[3], &published[5]).await.unwrap(), diff);
    // rows that no remaining version holds are gone, the others begin where one remains
    let held = format!("connection_id = '{connection}'");
    assert_eq!(store.count("tables", &format!("{held} AND table_name = 'entity_00002'")).await, 1);
    assert_eq!(store.count("tables", &format!("{held} AND table_name = 'entity_00000'")).await, 3);
    assert_eq!(store.count("columns", &format!("{held} AND from_version < 4")).await, 0);
    let history = versions::history(&store.db, connection, "public", "entity_00001").await.unwrap();
    assert_eq!(history.iter().map(|v| v.ordinal).collect::<Vec<_>>(), [4]);
    // one alone always stays, and other connections keep theirs
    assert_eq!(trim(&store, connection, Keep { versions: Some(1), days: None }).await, 2);
    assert_eq!(trim(&store, connection, Keep { versions: Some(1), days: None }).await, 0);
    assert_eq!(versions::load(&store.db, &published[5]).await.unwrap(), states[5]);
    assert_eq!(kept(&store, other).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(versions::load(&store.db, &untouched[0]).await.unwrap(), states[0]);
    // and the count of versions goes on
    let prepared = versions::prepare(Arc::new(states[0].clone())).await.unwrap();
    let tx = store.db.begin().await.unwrap();
    assert_eq!(versions::publish(&tx, connection, &prepared, None).await.unwrap().version.ordinal, 7);
}

async fn what_is_referred_to_stays(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let (states, published) = history(&store, connection).await;
    let verified = query(&store, connection).await;
    querent::store::queries::set_version(&store.db, verified.id, published[1].id).await.unwrap();
    let draft = query(&store, connection).await;
    querent::store::queries::set_version(&store.db, draft.id, published[2].id).await.unwrap();
    let (from, to) = (QueryState::Draft, QueryState::Approved);
    querent::store::queries::set_state(&store.db, verified.id, from, to, None).await.unwrap();
    let version = Some(published[3].id);
    evaluation_cases::create(&store.db, connection, "How many?", "SELECT 1", version, "owner").await.unwrap();
    assert_eq!(trim(&store, connection, Keep { versions: Some(1), days: None }).await, 3);
    assert_eq!(kept(&store, connection).await, [6, 4, 2]);
    for place in [1, 3, 5] {
        assert_eq!(versions::load(&store.db, &published[place]).await.unwrap(), states[place]);
    }
}

async fn young_versions_stay(store: TestStore) {
    let connection = store.connection("shop").await.id;
    history(&store, connection).await;
    assert_eq!(trim(&store, connection, Keep { versions: Some(2), days: Some(7) }).await, 0);
    assert_eq!(trim(&store, connection, Keep { versions: None, days: Some(7) }).await, 0);
    assert_eq!(kept(&store, connection).await.len(), 6);
}

async fn what_a_job_is_to_compare_stays(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let (_, published) = history(&store, connection).await;
    let tx = store.db.begin().await.unwrap();
    let payload = serde_json::json!({ "from": published[2].id, "to": published[3].id });
    let job = NewJob { connection_id: Some(connection), payload, ..NewJob::of(JobKind::Impact) };
    let job = jobs::enqueue(&tx, job).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let keep = Keep { versions: Some(1), days: None };
    assert_eq!(trim(&store, connection, keep).await, 3);
    assert_eq!(kept(&store, connection).await, [6, 4, 3]);
    let tx = store.db.begin().await.unwrap();
    jobs::done(&tx, job.id).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(trim(&store, connection, keep).await, 2);
}

async fn what_changed_and_changed_back_is_one_row_again(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let (mut states, mut published) = (Vec::new(), Vec::new());
    // wide, narrow, wide, narrow, wide; another table changes for good in the third
    for step in 1..=5 {
        let mut state = snapshot(3);
        let width = if step % 2 == 1 { 40 } else { 20 };
        state.tables[0].columns[5].native_type = format!("character varying({width})");
        state.tables[0].columns[5].class = TypeClass::Text;
        state.tables[1].comment = Some(if step < 3 { "before" } else { "after" }.to_owned());
        for table in &mut state.tables {
            (table.row_estimate, table.size_bytes) = (None, None);
            table.partitioning = None;
            table.foreign_keys.clear();
            table.columns.iter_mut().for_each(|column| column.statistics = None);
        }
        let prepared = versions::prepare(Arc::new(state.clone())).await.unwrap();
        let tx = store.db.begin().await.unwrap();
        published.push(versions::publish(&tx, connection, &prepared, None).await.unwrap().version);
        tx.commit().await.unwrap();
        states.push(state);
    }
    let held = format!("connection_id = '{connection}' AND table_name = 'entity_00000'");
    assert_eq!(store.count("tables", &held).await, 5);
    let case = |version: &SchemaVersion| {
        let version = Some(version.id);
        let db = store.db.clone();
        async move {
            evaluation_cases::create(&db, connection, "?", "SELECT 1", version, "owner").await.unwrap();
        }
    };
    // the first, the third and the fifth stay: all that is left is wide
    case(&published[0]).await;
    case(&published[2]).await;
    assert_eq!(trim(&store, connection, Keep { versions: Some(1), days: None }).await, 2);
    assert_eq!(kept(&store, connection).await, [5, 3, 1]);
    assert_eq!(store.count("tables", &held).await, 1, "three ranges became one");
    let columns = format!("{held} AND column_name = '{}'", states[0].tables[0].columns[5].name);
    assert_eq!(store.count("columns", &columns).await, 1);
    let other = format!("connection_id = '{connection}' AND table_name = 'entity_00001'");
    assert_eq!(store.count("tables", &other).await, 2, "what differs stays apart");
    for place in [0, 2, 4] {
        let loaded = versions::load(&store.db, &published[place]).await.unwrap();
        assert_eq!(loaded, states[place], "version {}", place + 1);
    }
    let diff = versions::changes(&store.db, &published[0], &published[4]).await.unwrap();
    assert_eq!(diff.changes.len(), 1, "{diff:?}");
    // and it goes on from there
    let mut state = states[4].clone();
    state.tables[0].comment = Some("new".to_owned());
    let prepared = versions::prepare(Arc::new(state.clone())).await.unwrap();
    let tx = store.db.begin().await.unwrap();
    let next = versions::publish(&tx, connection, &prepared, None).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(versions::load(&store.db, &next.version).await.unwrap(), state);
    assert_eq!(store.count("tables", &held).await, 2);
}
