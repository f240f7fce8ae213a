//! Crawls, queries, executions, calls, audits, settings: their states, and what a crash leaves of them.

use std::time::Duration;

use querent::model::{
    CallStatus, Execution, Id, LlmCall, MessageStatus, PageRequest, Query, QueryState, Role, RunStatus,
    Truncation, clock, new_id,
};
use querent::secrets::Token;
use querent::store::chats::{self, NewMessage};
use querent::store::crawls::{self, CrawlEnd};
use querent::store::executions::{self, ExecutionEnd, NewExecution};
use querent::store::queries::{self, NewQuery};
use querent::store::recover::{self, Abandoned, Interrupted};
use querent::store::{StoreErrorKind, audits, llm_calls, owner_token, settings};
use serde_json::json;

use super::store_suite;
use crate::harness::TestStore;

#[test]
fn a_data_folder_belongs_to_one_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let claim = recover::claim_folder(folder.path()).unwrap();
    let error = recover::claim_folder(folder.path()).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Busy);
    drop(claim);
    recover::claim_folder(folder.path()).unwrap();
}

store_suite!(
    a_connection_is_crawled_once_at_a_time,
    a_cancelled_crawl_cannot_succeed,
    a_query_changes_state_from_what_was_seen,
    an_execution_ends_once_with_its_counts,
    what_a_dead_daemon_left_is_interrupted,
    work_with_a_lease_is_left_alone,
    calls_are_listed_and_belong_to_their_message,
    audits_are_added_with_what_they_tell_about,
    settings_are_set_and_taken_away,
    the_owner_token_is_kept_once_and_as_a_hash,
);

const MINUTE: Duration = Duration::from_secs(60);

/// A draft of a query.
pub async fn query(store: &TestStore, connection_id: Id) -> Query {
    let new = NewQuery {
        id: new_id(),
        connection_id,
        chat_message_id: None,
        question: Some("How many orders?".to_owned()),
        sql: "select count(*) from orders".to_owned(),
        canonical_sql: "SELECT count(*) FROM public.orders".to_owned(),
        schema_version_id: None,
        reading: "Counts the orders.".to_owned(),
        report: json!({"tables": ["public.orders"]}),
        source: "builtin".to_owned(),
        confidence: Some(0.75),
        created_by: Some("owner".to_owned()),
    };
    queries::create(&store.db, new).await.unwrap()
}

async fn execution(store: &TestStore, query: &Query, lease: Duration) -> Execution {
    let (query_id, connection_id) = (query.id, query.connection_id);
    let new = NewExecution {
        id: new_id(),
        query_id,
        connection_id,
        created_by: None,
        policy_key: "k".to_owned(),
        lease,
        query_hash: None,
        cache_key: None,
        owner: None,
        resumable: false,
    };
    executions::create(&store.db, new).await.unwrap()
}

async fn a_connection_is_crawled_once_at_a_time(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let first = crawls::create(&store.db, connection, Some("owner"), MINUTE).await.unwrap();
    let error = crawls::create(&store.db, connection, None, MINUTE).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Conflict);
    assert!(error.message.contains("crawl") && error.hint.is_some());
    let running = crawls::begin(&store.db, first.id, MINUTE).await.unwrap();
    assert_eq!((running.status, running.started_at.is_some()), (RunStatus::Running, true));
    crawls::progress(&store.db, first.id, &json!({"step": "tables"}), MINUTE).await.unwrap();
    let end = CrawlEnd::Failed("C002".to_owned(), "nobody answers".to_owned());
    let failed = crawls::finish(&store.db, first.id, end).await.unwrap();
    assert_eq!((failed.status, failed.error_code.as_deref()), (RunStatus::Failed, Some("C002")));
    assert_eq!(failed.progress, json!({"step": "tables"}));
    let second = crawls::create(&store.db, connection, None, MINUTE).await.unwrap();
    let page = crawls::list(&store.db, connection, PageRequest::first()).await.unwrap();
    assert_eq!(page.items.iter().map(|c| c.id).collect::<Vec<_>>(), [second.id, first.id]);
}

async fn a_cancelled_crawl_cannot_succeed(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let crawl = crawls::create(&store.db, connection, None, MINUTE).await.unwrap();
    crawls::begin(&store.db, crawl.id, MINUTE).await.unwrap();
    crawls::cancel(&store.db, crawl.id).await.unwrap();
    for result in [
        crawls::progress(&store.db, crawl.id, &json!({}), MINUTE).await,
        crawls::finish(&store.db, crawl.id, CrawlEnd::Succeeded(new_id())).await.map(drop),
        crawls::cancel(&store.db, crawl.id).await.map(drop),
    ] {
        assert_eq!(result.unwrap_err().kind, StoreErrorKind::NotFound);
    }
    assert_eq!(crawls::get(&store.db, crawl.id).await.unwrap().status, RunStatus::Cancelled);
}

async fn a_query_changes_state_from_what_was_seen(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let made = query(&store, connection).await;
    assert_eq!((made.state, made.confidence), (QueryState::Draft, Some(0.75)));
    assert_eq!(queries::get(&store.db, made.id).await.unwrap(), made);
    let move_it = async |from, to| queries::set_state(&store.db, made.id, from, to, Some("ann")).await;
    let approved = move_it(QueryState::Draft, QueryState::Approved).await.unwrap();
    assert_eq!((approved.state, approved.updated_by.as_deref()), (QueryState::Approved, Some("ann")));
    let late = move_it(QueryState::Draft, QueryState::Rejected).await.unwrap_err();
    assert_eq!(late.kind, StoreErrorKind::NotFound);
    let other = store.connection("other").await.id;
    let listed =
        async |of: Option<Id>| queries::list(&store.db, of, PageRequest::first()).await.unwrap().items.len();
    assert_eq!([listed(None).await, listed(Some(connection)).await, listed(Some(other)).await], [1, 1, 0]);
    queries::delete(&store.db, made.id, None).await.unwrap();
    assert_eq!(listed(None).await, 0);
    assert_eq!(queries::restore(&store.db, made.id, None).await.unwrap().state, QueryState::Approved);
}

async fn an_execution_ends_once_with_its_counts(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let query = query(&store, connection).await;
    let made = execution(&store, &query, MINUTE).await;
    assert_eq!((made.status, made.row_count), (RunStatus::Queued, None));
    executions::begin(&store.db, made.id, MINUTE).await.unwrap();
    let end = ExecutionEnd {
        status: RunStatus::Succeeded,
        row_count: Some(10_000),
        byte_count: Some(80_000),
        truncated: Some(Truncation::Rows),
        error: None,
        columns: json!([{"name": "n", "type": "Int64"}]),
        result_path: Some("results/x.arrow".to_owned()),
        elapsed_ms: 12,
        owner: None,
    };
    let ended = executions::finish(&store.db, made.id, end.clone()).await.unwrap();
    assert_eq!(
        (ended.status, ended.row_count, ended.truncated),
        (RunStatus::Succeeded, Some(10_000), Some(Truncation::Rows))
    );
    let again = executions::finish(&store.db, made.id, end).await.unwrap_err();
    assert_eq!(again.kind, StoreErrorKind::NotFound);
    assert_eq!(executions::cancel(&store.db, made.id).await.unwrap_err().kind, StoreErrorKind::NotFound);
    let page = executions::list(&store.db, query.id, PageRequest::first()).await.unwrap();
    assert_eq!(page.items, [ended]);
    let old = executions::results_before(&store.db, clock::after(MINUTE), 10).await.unwrap();
    assert_eq!(old, [(made.id, "results/x.arrow".to_owned())]);
    executions::forget_result(&store.db, made.id).await.unwrap();
    assert!(executions::results_before(&store.db, clock::after(MINUTE), 10).await.unwrap().is_empty());
}

/// Work that a daemon has begun.
struct Work {
    crawl: Id,
    message: Id,
    execution: Id,
}

/// A crawl, a pending answer and an execution, all unfinished.
async fn unfinished(store: &TestStore, name: &str, lease: Duration) -> Work {
    let connection = store.connection(name).await.id;
    let crawl = crawls::create(&store.db, connection, None, lease).await.unwrap();
    let chat = chats::create(&store.db, connection, "Orders", None).await.unwrap();
    let answer = NewMessage {
        id: new_id(),
        session_id: chat.id,
        role: Role::Assistant,
        parts: json!([]),
        reply_to: None,
        status: MessageStatus::Pending,
        lease,
    };
    let answer = chats::add_message(&store.db, answer).await.unwrap();
    let query = query(store, connection).await;
    let execution = execution(store, &query, lease).await;
    Work { crawl: crawl.id, message: answer.id, execution: execution.id }
}

async fn mark(store: &TestStore, which: Abandoned) -> Interrupted {
    let tx = store.db.begin().await.unwrap();
    let marked = recover::mark_interrupted(&tx, which).await.unwrap();
    tx.commit().await.unwrap();
    marked
}

const ONE_OF_EACH: Interrupted = Interrupted { crawls: 1, messages: 1, executions: 1 };

async fn what_a_dead_daemon_left_is_interrupted(store: TestStore) {
    let work = unfinished(&store, "shop", MINUTE).await;
    crawls::begin(&store.db, work.crawl, MINUTE).await.unwrap();
    assert_eq!(mark(&store, Abandoned::All).await, ONE_OF_EACH);
    let crawl = crawls::get(&store.db, work.crawl).await.unwrap();
    assert_eq!((crawl.status, crawl.finished_at.is_some()), (RunStatus::Interrupted, true));
    assert!(crawl.error_message.is_some());
    let message = chats::get_message(&store.db, work.message).await.unwrap();
    assert_eq!(message.status, MessageStatus::Interrupted);
    let execution = executions::get(&store.db, work.execution).await.unwrap();
    assert_eq!(execution.status, RunStatus::Interrupted);
    assert_eq!(mark(&store, Abandoned::All).await, Interrupted::default());
    // the way is free for the next crawl
    crawls::create(&store.db, crawl.connection_id, None, MINUTE).await.unwrap();
}

async fn work_with_a_lease_is_left_alone(store: TestStore) {
    let held = unfinished(&store, "held", MINUTE).await;
    unfinished(&store, "dead", Duration::ZERO).await;
    assert_eq!(mark(&store, Abandoned::Expired).await, ONE_OF_EACH);
    assert_eq!(crawls::get(&store.db, held.crawl).await.unwrap().status, RunStatus::Queued);
    let message = chats::get_message(&store.db, held.message).await.unwrap();
    assert_eq!(message.status, MessageStatus::Pending);
    let execution = executions::get(&store.db, held.execution).await.unwrap();
    assert_eq!(execution.status, RunStatus::Queued);
}

async fn calls_are_listed_and_belong_to_their_message(store: TestStore) {
    let work = unfinished(&store, "shop", MINUTE).await;
    let call = LlmCall {
        id: new_id(),
        chat_message_id: Some(work.message),
        provider: "recorded".to_owned(),
        model: "m".to_owned(),
        purpose: "propose".to_owned(),
        status: CallStatus::Succeeded,
        error_code: None,
        prompt_tokens: 1000,
        completion_tokens: 50,
        cost_micros: None,
        latency_ms: 700,
        sent_bytes: json!({"names": 4000}),
        created_at: clock::now(),
    };
    llm_calls::add(&store.db, &call).await.unwrap();
    let other = LlmCall { id: new_id(), chat_message_id: None, cost_micros: Some(12), ..call.clone() };
    llm_calls::add(&store.db, &other).await.unwrap();
    assert_eq!(llm_calls::of_message(&store.db, work.message).await.unwrap(), std::slice::from_ref(&call));
    let page = llm_calls::list(&store.db, PageRequest::first()).await.unwrap();
    assert_eq!(page.items, [other, call]);
}

async fn audits_are_added_with_what_they_tell_about(store: TestStore) {
    let tx = store.db.begin().await.unwrap();
    audits::add(&tx, "owner", "query.approve", "query/1", json!({"from": "draft"})).await.unwrap();
    drop(tx);
    assert!(audits::list(&store.db, PageRequest::first()).await.unwrap().items.is_empty());
    for number in 0..3 {
        audits::add(&store.db, "owner", "query.run", &format!("query/{number}"), json!({})).await.unwrap();
    }
    let page = audits::list(&store.db, PageRequest::first().with_limit(2)).await.unwrap();
    assert_eq!(page.items.iter().map(|a| a.subject.as_str()).collect::<Vec<_>>(), ["query/2", "query/1"]);
    let rest = PageRequest::read(Some(2), page.next.as_deref()).unwrap();
    let page = audits::list(&store.db, rest).await.unwrap();
    assert_eq!((page.items.len(), page.next), (1, None));
}

async fn settings_are_set_and_taken_away(store: TestStore) {
    assert_eq!(settings::get(&store.db, "a").await.unwrap(), None);
    settings::put(&store.db, "a", json!(1), None).await.unwrap();
    settings::put(&store.db, "a", json!({"b": [1, null]}), Some("owner")).await.unwrap();
    assert!(!settings::put_new(&store.db, "a", json!(2), None).await.unwrap());
    assert_eq!(settings::get(&store.db, "a").await.unwrap(), Some(json!({"b": [1, null]})));
    assert!(settings::delete(&store.db, "a").await.unwrap());
    assert!(!settings::delete(&store.db, "a").await.unwrap());
}

async fn the_owner_token_is_kept_once_and_as_a_hash(store: TestStore) {
    let (first, second) = (Token::generate().unwrap(), Token::generate().unwrap());
    assert!(owner_token::get(&store.db).await.unwrap().is_none());
    assert!(owner_token::keep_first(&store.db, &first).await.unwrap());
    assert!(!owner_token::keep_first(&store.db, &second).await.unwrap());
    let hash = owner_token::get(&store.db).await.unwrap().unwrap();
    assert_eq!((hash.matches(first.expose()), hash.matches(second.expose())), (true, false));
    owner_token::replace(&store.db, &second).await.unwrap();
    let hash = owner_token::get(&store.db).await.unwrap().unwrap();
    assert_eq!((hash.matches(first.expose()), hash.matches(second.expose())), (false, true));
    let kept = settings::get(&store.db, "owner_token_hash").await.unwrap().unwrap();
    assert!(!kept.to_string().contains(second.expose()));
}
