//! Idempotency keys: who works on a request, who gets the kept answer, and when a key is free again.

use std::time::Duration;

use querent::model::{Id, clock, new_id};
use querent::store::idempotency::{self, Claim, KEPT, Request, Response};
use querent::store::{Conn, StoreErrorKind, Value};

use super::store_suite;
use crate::harness::TestStore;

store_suite!(
    an_answer_is_given_again,
    one_of_many_at_the_same_time_works,
    keys_belong_to_their_route_and_caller,
    a_failure_frees_the_key,
    an_abandoned_attempt_is_replaced_and_cannot_end,
    a_renewed_attempt_is_left_alone,
    old_answers_give_way_and_are_cleared,
);

const MINUTE: Duration = Duration::from_secs(60);

fn request(key: &str, body: &str) -> Request {
    Request {
        caller: "owner".to_owned(),
        route: "POST /api/v1/chats".to_owned(),
        key: key.to_owned(),
        body_hash: body.to_owned(),
    }
}

fn response() -> Response {
    let body = "{\"b\":1,\"a\":\"\u{00e9}\"}".to_owned();
    Response { status: 201, location: Some("/api/v1/chats/1".to_owned()), body: Some(body) }
}

async fn started(store: &TestStore, request: &Request, lease: Duration) -> Id {
    match idempotency::claim(&store.db, request, lease).await.unwrap() {
        Claim::Started(id) => id,
        other => panic!("not started: {other:?}"),
    }
}

async fn claim(store: &TestStore, request: &Request) -> Claim {
    idempotency::claim(&store.db, request, MINUTE).await.unwrap()
}

/// Makes an attempt or answer look older than answers are kept.
async fn age(store: &TestStore, id: Id) {
    let then = Value::Time(clock::before(KEPT + MINUTE));
    let sql = "UPDATE idempotency SET created_at = $2 WHERE id = $1";
    assert_eq!(store.db.execute(sql, &[Value::Uuid(id), then]).await.unwrap(), 1);
}

async fn an_answer_is_given_again(store: TestStore) {
    let asked = request("k", "hash");
    let id = started(&store, &asked, MINUTE).await;
    assert_eq!(claim(&store, &asked).await, Claim::InFlight);
    assert_eq!(claim(&store, &request("k", "other")).await, Claim::OtherBody);
    idempotency::finish(&store.db, id, &response()).await.unwrap();
    assert_eq!(claim(&store, &asked).await, Claim::Done(response()), "to the letter");
    assert_eq!(claim(&store, &request("k", "other")).await, Claim::OtherBody);
    let again = idempotency::finish(&store.db, id, &response()).await.unwrap_err();
    assert_eq!(again.kind, StoreErrorKind::NotFound);

    let large = started(&store, &request("large", "hash"), MINUTE).await;
    let kept = Response { status: 200, location: None, body: None };
    idempotency::finish(&store.db, large, &kept).await.unwrap();
    assert_eq!(claim(&store, &request("large", "hash")).await, Claim::Done(kept));
}

async fn one_of_many_at_the_same_time_works(store: TestStore) {
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let db = store.db.clone();
            tokio::spawn(async move { idempotency::claim(&db, &request("k", "hash"), MINUTE).await.unwrap() })
        })
        .collect();
    let mut at_work = 0;
    for task in tasks {
        match task.await.unwrap() {
            Claim::Started(_) => at_work += 1,
            other => assert_eq!(other, Claim::InFlight),
        }
    }
    assert_eq!(at_work, 1);
}

async fn keys_belong_to_their_route_and_caller(store: TestStore) {
    let asked = request("k", "hash");
    started(&store, &asked, MINUTE).await;
    started(&store, &Request { route: "POST /api/v1/queries".to_owned(), ..asked.clone() }, MINUTE).await;
    started(&store, &Request { caller: "ann".to_owned(), ..asked }, MINUTE).await;
}

async fn a_failure_frees_the_key(store: TestStore) {
    let id = started(&store, &request("k", "hash"), MINUTE).await;
    idempotency::release(&store.db, id).await.unwrap();
    let second = started(&store, &request("k", "other"), MINUTE).await;
    idempotency::finish(&store.db, second, &response()).await.unwrap();
    idempotency::release(&store.db, second).await.unwrap();
    assert_eq!(claim(&store, &request("k", "other")).await, Claim::Done(response()), "an answer stays");
}

async fn an_abandoned_attempt_is_replaced_and_cannot_end(store: TestStore) {
    let asked = request("k", "hash");
    let dead = started(&store, &asked, Duration::ZERO).await;
    assert_eq!(claim(&store, &request("k", "other")).await, Claim::OtherBody);
    let heir = started(&store, &asked, MINUTE).await;
    assert_ne!(dead, heir);
    for late in [
        idempotency::renew(&store.db, dead, MINUTE).await,
        idempotency::finish(&store.db, dead, &response()).await,
    ] {
        assert_eq!(late.unwrap_err().kind, StoreErrorKind::NotFound);
    }
    idempotency::release(&store.db, dead).await.unwrap();
    assert_eq!(claim(&store, &asked).await, Claim::InFlight, "the heir's claim stands");
    idempotency::finish(&store.db, heir, &response()).await.unwrap();
    assert_eq!(claim(&store, &asked).await, Claim::Done(response()));
}

async fn a_renewed_attempt_is_left_alone(store: TestStore) {
    let asked = request("k", "hash");
    let id = started(&store, &asked, Duration::ZERO).await;
    idempotency::renew(&store.db, id, MINUTE).await.unwrap();
    assert_eq!(claim(&store, &asked).await, Claim::InFlight);
    age(&store, id).await;
    assert_eq!(claim(&store, &asked).await, Claim::InFlight, "however long it takes");
    assert_eq!(claim(&store, &request("k", "other")).await, Claim::OtherBody);
}

async fn old_answers_give_way_and_are_cleared(store: TestStore) {
    let tx = store.db.begin().await.unwrap();
    for number in 0..150 {
        let asked = request(&format!("old/{number}"), "hash");
        let Claim::Started(id) = idempotency::claim(&tx, &asked, MINUTE).await.unwrap() else { panic!() };
        idempotency::finish(&tx, id, &response()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let then = Value::Time(clock::before(KEPT + MINUTE));
    store.db.execute("UPDATE idempotency SET created_at = $1", &[then]).await.unwrap();

    started(&store, &request("new", "hash"), MINUTE).await;
    assert_eq!(store.count("idempotency", "key LIKE 'old/%'").await, 50, "some at a time");
    let left = store.db.query("SELECT key FROM idempotency WHERE state = 'done'", &[]).await.unwrap();
    let key = left[0].text("key").unwrap();
    started(&store, &request(&key, "other"), MINUTE).await;
    assert_eq!(store.count("idempotency", "state = 'done'").await, 0);
    assert!(idempotency::renew(&store.db, new_id(), MINUTE).await.is_err());
}
