//! Executions of several daemons on one store: bounds that all of them keep together, cancellations that are heard, and
//! results that answer again.

use std::time::Duration;

use querent::model::{Execution, Id, RunStatus, clock, new_id};
use querent::store::Conn;
use querent::store::executions::{self, Begun, Bounds, ExecutionEnd, NewExecution};
use serde_json::json;

use super::store_suite;
use super::work::query;
use crate::harness::{self, TestStore};

store_suite!(a_cancelled_one_is_told_to_its_daemon, a_kept_result_answers_its_workspace_for_a_while);

const MINUTE: Duration = Duration::from_secs(60);

async fn queued(
    store: &TestStore,
    connection_id: Id,
    query_id: Id,
    by: &str,
    owner: Option<Id>,
) -> Execution {
    let new = NewExecution {
        policy_key: "k".to_owned(),
        id: new_id(),
        query_id,
        connection_id,
        created_by: Some(by.to_owned()),
        lease: MINUTE,
        query_hash: Some("text".to_owned()),
        cache_key: Some("key".to_owned()),
        owner,
        resumable: true,
    };
    executions::create(&store.db, new).await.unwrap()
}

fn well(path: &str) -> ExecutionEnd {
    ExecutionEnd {
        status: RunStatus::Succeeded,
        row_count: Some(1),
        byte_count: Some(8),
        truncated: None,
        error: None,
        columns: json!([]),
        result_path: Some(path.to_owned()),
        elapsed_ms: 1,
        owner: None,
    }
}

/// Begins all of them at the same time through two pools, as two daemons would; gives how many are at work.
async fn begin_all(store: &TestStore, all: &[Execution], bounds: Bounds) -> usize {
    let other = harness::as_owner(&harness::open(&store.place).await);
    let pools = [&store.db, &other];
    let begun = all
        .iter()
        .enumerate()
        .map(|(place, execution)| executions::begin_within(pools[place % 2], execution, MINUTE, bounds));
    let begun = futures::future::join_all(begun).await;
    other.close().await;
    begun.into_iter().filter(|b| matches!(b.as_ref().unwrap(), Begun::Running(_))).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bounds_hold_over_all_daemons() {
    harness::on_postgres(|store| async move {
        let connection = store.connection("shop").await.id;
        let query = query(&store, connection).await;
        let mut all = Vec::new();
        for number in 0..20 {
            all.push(
                queued(&store, connection, query.id, if number < 12 { "ann" } else { "ben" }, None).await,
            );
        }
        assert_eq!(begin_all(&store, &all, Bounds { connection: 5, user: 0 }).await, 5);
        store.db.execute("UPDATE executions SET status = 'queued'", &[]).await.unwrap();
        assert_eq!(begin_all(&store, &all, Bounds { connection: 0, user: 3 }).await, 6, "three of each");
        let mut waiting = Vec::new();
        for execution in &all {
            let now = executions::get(&store.db, execution.id).await.unwrap();
            waiting.extend((now.status == RunStatus::Queued).then_some(now));
        }
        assert_eq!(begin_all(&store, &waiting, Bounds { connection: 6, user: 0 }).await, 0);
        let running = store.count("executions", "status = 'running'").await;
        assert_eq!(running, 6);
    })
    .await;
}

async fn a_cancelled_one_is_told_to_its_daemon(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let query = query(&store, connection).await;
    let (mine, theirs) = (new_id(), new_id());
    let one = queued(&store, connection, query.id, "ann", Some(mine)).await;
    queued(&store, connection, query.id, "ann", Some(mine)).await;
    let other = queued(&store, connection, query.id, "ann", Some(theirs)).await;
    assert_eq!(executions::position(&store.db, &other).await.unwrap(), 3);
    for execution in [&one, &other] {
        executions::cancel(&store.db, execution.id).await.unwrap();
    }
    let everywhere = store.db.everywhere();
    assert_eq!(executions::cancelled_of(&everywhere, mine, MINUTE).await.unwrap(), [one.id]);
    assert!(executions::cancelled_of(&everywhere, new_id(), MINUTE).await.unwrap().is_empty());
    let late = executions::begin_within(&store.db, &one, MINUTE, Bounds { connection: 9, user: 9 }).await;
    assert!(late.is_err(), "what is cancelled does not begin");
}

async fn a_kept_result_answers_its_workspace_for_a_while(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let query = query(&store, connection).await;
    let run = queued(&store, connection, query.id, "ann", None).await;
    let long_ago = clock::before(MINUTE);
    assert_eq!(executions::cached(&store.db, "key", long_ago).await.unwrap(), None, "it has not ended");
    executions::begin(&store.db, run.id, MINUTE).await.unwrap();
    let run = executions::finish(&store.db, run.id, well("a.arrow")).await.unwrap();
    assert_eq!(executions::cached(&store.db, "key", long_ago).await.unwrap(), Some(run.clone()));
    assert_eq!(executions::cached(&store.db, "other", long_ago).await.unwrap(), None);
    assert_eq!(executions::cached(&store.db, "key", clock::now()).await.unwrap(), None, "it is too old");

    let new = NewExecution {
        policy_key: "k".to_owned(),
        id: new_id(),
        query_id: query.id,
        connection_id: connection,
        created_by: Some("ben".to_owned()),
        lease: MINUTE,
        query_hash: run.query_hash.clone(),
        cache_key: Some("key".to_owned()),
        owner: None,
        resumable: false,
    };
    let hit = executions::answered(&store.db, new, &run).await.unwrap();
    assert_eq!((hit.status, hit.cache_hit, hit.row_count), (RunStatus::Succeeded, true, Some(1)));
    assert_eq!((hit.result_path, hit.query_hash), (run.result_path.clone(), run.query_hash.clone()));
    let found = executions::cached(&store.db, "key", long_ago).await.unwrap().unwrap();
    assert_eq!(found.id, run.id, "an answer from a kept result makes it no younger");
    let elsewhere = store.db.daemon_in(new_id());
    assert_eq!(executions::cached(&elsewhere, "key", long_ago).await.unwrap(), None);
}
