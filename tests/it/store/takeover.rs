//! Work of daemons that died: taken over by one other, given up after a while, and never ended by the dead one.

use std::time::Duration;

use querent::model::{Id, MessageStatus, Role, RunStatus, new_id};
use querent::store::chats::{self, MessageEnd, NewMessage};
use querent::store::executions::{self, ExecutionEnd, NewExecution};
use querent::store::streams::{self, Piece};
use querent::store::takeover;
use querent::store::{Conn, Db, StoreErrorKind, daemons};
use serde_json::json;

use super::store_suite;
use super::work::query;
use crate::harness::TestStore;

store_suite!(
    an_answer_of_a_dead_daemon_is_taken_over_once,
    executions_started_for_their_own_sake_are_taken_over,
    a_stream_is_read_from_where_it_broke,
);

const LEASE: Duration = Duration::from_secs(60);

/// A pending answer that a daemon gives.
async fn answer(store: &TestStore, owner: Id) -> Id {
    let connection = store.connection("shop").await.id;
    let chat = chats::create(&store.db, connection, "Orders", None).await.unwrap();
    let new = NewMessage {
        id: new_id(),
        session_id: chat.id,
        role: Role::Assistant,
        parts: json!([]),
        reply_to: None,
        status: MessageStatus::Pending,
        lease: LEASE,
    };
    let id = chats::add_message(&store.db, new).await.unwrap().id;
    takeover::hold_message(&store.db, id, Some(owner), "owner").await.unwrap();
    id
}

/// Ends an answer as a daemon does, in one transaction with the look whether it still may.
async fn end(db: &Db, id: Id, owner: Id) -> Result<(), StoreErrorKind> {
    let tx = db.begin().await.unwrap();
    takeover::still_held(&tx, id, Some(owner)).await.map_err(|e| e.kind)?;
    let end = MessageEnd { status: MessageStatus::Complete, parts: json!([]), query_id: None, error: None };
    chats::finish_message(&tx, id, end).await.map_err(|e| e.kind)?;
    tx.commit().await.map_err(|e| e.kind)
}

async fn an_answer_of_a_dead_daemon_is_taken_over_once(store: TestStore) {
    let [dead, living, other] = [new_id(), new_id(), new_id()];
    let all = store.db.everywhere();
    for id in [dead, living, other] {
        daemons::beat(&all, id, "d", false).await.unwrap();
    }
    assert_eq!(daemons::living(&all, LEASE).await.unwrap().len(), 3);
    let id = answer(&store, dead).await;
    assert_eq!(takeover::take_message(&all, living, LEASE).await.unwrap(), None, "it lives");
    daemons::leave(&all, dead).await.unwrap();
    let taken = takeover::take_message(&all, living, LEASE).await.unwrap().unwrap();
    assert_eq!((taken.id, taken.workspace, taken.attempts), (id, store.db.workspace(), 1));
    assert_eq!(takeover::take_message(&all, other, LEASE).await.unwrap(), None);
    let asker = takeover::asker(&all, &taken).await.unwrap().unwrap();
    assert_eq!((asker.name(), asker.workspace()), ("owner", store.db.workspace()));
    let gone = takeover::Taken { by: Some(new_id().to_string()), ..taken };
    assert!(takeover::asker(&all, &gone).await.unwrap().is_none(), "nobody of that name works there");

    // the one that was taken for dead comes back
    assert_eq!(end(&store.db, id, dead).await, Err(StoreErrorKind::Conflict));
    assert_eq!(end(&store.db, id, living).await, Ok(()));
    assert_eq!(end(&store.db, id, living).await, Err(StoreErrorKind::NotFound), "an answer ends once");
}

async fn executions_started_for_their_own_sake_are_taken_over(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let query = query(&store, connection).await;
    let [dead, living] = [new_id(), new_id()];
    let all = store.db.everywhere();
    daemons::beat(&all, living, "d", false).await.unwrap();
    let mut made = Vec::new();
    for resumable in [true, false] {
        let new = NewExecution {
            policy_key: "k".to_owned(),
            id: new_id(),
            query_id: query.id,
            connection_id: connection,
            created_by: Some("owner".to_owned()),
            lease: LEASE,
            query_hash: None,
            cache_key: None,
            owner: Some(dead),
            resumable,
        };
        let id = executions::create(&store.db, new).await.unwrap().id;
        executions::begin(&store.db, id, LEASE).await.unwrap();
        made.push(id);
    }
    let taken = takeover::take_execution(&all, living, LEASE).await.unwrap().unwrap();
    assert_eq!(taken.id, made[0]);
    assert_eq!(executions::get(&store.db, made[0]).await.unwrap().status, RunStatus::Queued);
    assert_eq!(takeover::take_execution(&all, living, LEASE).await.unwrap(), None);
    assert_eq!(takeover::give_up(&all, living, LEASE).await.unwrap(), 1);
    let answers = executions::get(&store.db, made[1]).await.unwrap();
    assert_eq!((answers.status, answers.error_code.as_deref()), (RunStatus::Interrupted, Some("S030")));
    let end = |owner| ExecutionEnd {
        owner: Some(owner),
        ..ExecutionEnd::failed(RunStatus::Failed, ("E000".to_owned(), "no".to_owned()))
    };
    let late = executions::finish(&store.db, made[0], end(dead)).await.unwrap_err();
    assert_eq!(late.kind, StoreErrorKind::NotFound, "the dead one ends nothing");
    executions::finish(&store.db, made[0], end(living)).await.unwrap();
}

async fn a_stream_is_read_from_where_it_broke(store: TestStore) {
    let id = answer(&store, new_id()).await;
    let piece = |seq, events| Piece { message: id, workspace: store.db.workspace(), seq, events };
    let pieces = vec![piece(2, json!([[1, []], [2, []]])), piece(5, json!([[3, []], [4, []], [5, []]]))];
    let tx = store.db.everywhere().begin().await.unwrap();
    streams::add(&tx, pieces).await.unwrap();
    tx.commit().await.unwrap();
    let (status, all) = streams::after(&store.db, id, 0).await.unwrap();
    assert_eq!((status, all.len()), (MessageStatus::Pending, 2));
    assert_eq!(streams::after(&store.db, id, 3).await.unwrap().1, [json!([[3, []], [4, []], [5, []]])]);
    assert!(streams::after(&store.db, id, 5).await.unwrap().1.is_empty());
    assert_eq!(streams::last(&store.db, id).await.unwrap(), 5);
    let elsewhere = store.db.daemon_in(new_id());
    assert_eq!(streams::after(&elsewhere, id, 0).await.unwrap_err().kind, StoreErrorKind::NotFound);
    assert_eq!(streams::clear(&store.db.everywhere()).await.unwrap(), 0, "it is young");
}
