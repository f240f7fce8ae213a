//! Jobs: asked for once, claimed by one, kept by renewing, ended by who holds them; retried, given back, taken over.

use std::collections::BTreeSet;
use std::time::Duration;

use querent::model::{Id, Job, JobKind, JobOutcome, JobState, PageRequest, clock};
use querent::store::jobs::{self, Failure, Filter, Held, Hold, NewJob, Notes};
use querent::store::{Db, StoreErrorKind};
use serde_json::json;

use super::store_suite;
use crate::harness::TestStore;

store_suite!(
    a_job_is_made_with_what_makes_it_needed,
    an_unfinished_job_keeps_its_key,
    sessions_at_the_same_time_claim_different_jobs,
    jobs_come_by_priority_and_moment,
    a_job_without_a_sign_is_taken_over_and_its_first_daemon_cannot_end_it,
    a_renewed_job_is_left_alone,
    a_failed_attempt_comes_again_until_there_were_too_many,
    a_failure_that_no_attempt_heals_is_final,
    a_job_given_back_does_not_count_the_attempt,
    a_cancelled_job_cannot_be_ended,
    jobs_are_listed_by_what_they_are,
    old_jobs_are_cleared_away,
);

const MINUTE: Duration = Duration::from_secs(60);

async fn enqueue(store: &TestStore, new: NewJob) -> Job {
    jobs::enqueue(&store.db, new).await.unwrap().expect("its key is taken")
}

async fn job(store: &TestStore) -> Job {
    enqueue(store, NewJob::of(JobKind::Crawl)).await
}

async fn claim(store: &TestStore, daemon: &str, lease: Duration) -> Option<Job> {
    jobs::claim(&store.db, daemon, lease).await.unwrap()
}

fn failure(retry: bool) -> Failure {
    Failure { code: "C002".to_owned(), message: "nobody answers".to_owned(), retry }
}

async fn fail(store: &TestStore, held: Held, retry: bool) -> Job {
    let tx = store.db.begin().await.unwrap();
    let ended = jobs::fail(&tx, held, &failure(retry), &Notes::default()).await.unwrap();
    tx.commit().await.unwrap();
    ended.job
}

async fn finish(db: &Db, held: Held) -> Result<Job, StoreErrorKind> {
    let notes = Notes { log: json!([{"line": "done"}]), figures: json!({"tables": 3}) };
    let tx = db.begin().await.unwrap();
    let ended = jobs::finish(&tx, held, &notes).await.map_err(|e| e.kind)?;
    tx.commit().await.unwrap();
    Ok(ended.job)
}

/// Makes a queued job's moment come.
async fn come(store: &TestStore, id: Id) {
    let sql = "UPDATE jobs SET run_at = created_at WHERE id = $1 AND state = 'queued'";
    use querent::store::Conn;
    assert_eq!(store.db.execute(sql, &[id.into()]).await.unwrap(), 1);
}

async fn a_job_is_made_with_what_makes_it_needed(store: TestStore) {
    let tx = store.db.begin().await.unwrap();
    jobs::enqueue(&tx, NewJob::of(JobKind::Crawl)).await.unwrap().unwrap();
    drop(tx);
    assert_eq!(claim(&store, "a", MINUTE).await, None);
    let made = job(&store).await;
    assert_eq!((made.state, made.attempts, made.fence), (JobState::Queued, 0, 0));
    let held = claim(&store, "a", MINUTE).await.unwrap();
    assert_eq!((held.id, held.state, held.attempts, held.fence), (made.id, JobState::Running, 1, 1));
    assert_eq!(held.lease_owner.as_deref(), Some("a"));
    assert_eq!(claim(&store, "b", MINUTE).await, None);
    let done = finish(&store.db, (&held).into()).await.unwrap();
    assert_eq!((done.state, done.lease_owner, done.lease_until), (JobState::Succeeded, None, None));
    let runs = jobs::runs(&store.db, made.id, 10).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].outcome, runs[0].daemon.as_str()), (Some(JobOutcome::Succeeded), "a"));
    assert_eq!((&runs[0].log, &runs[0].figures), (&json!([{"line": "done"}]), &json!({"tables": 3})));
    assert_eq!(finish(&store.db, (&held).into()).await, Err(StoreErrorKind::NotFound));
}

async fn an_unfinished_job_keeps_its_key(store: TestStore) {
    let keyed = || NewJob { dedup_key: Some("k".to_owned()), ..NewJob::of(JobKind::Crawl) };
    let first = enqueue(&store, keyed()).await;
    assert_eq!(jobs::enqueue(&store.db, keyed()).await.unwrap(), None);
    let held = claim(&store, "a", MINUTE).await.unwrap();
    assert_eq!(jobs::enqueue(&store.db, keyed()).await.unwrap(), None);
    assert_eq!(jobs::find_unfinished(&store.db, "k").await.unwrap().unwrap().id, first.id);
    finish(&store.db, (&held).into()).await.unwrap();
    assert_eq!(jobs::find_unfinished(&store.db, "k").await.unwrap(), None);
    assert_ne!(enqueue(&store, keyed()).await.id, first.id);
    let asked: Vec<_> = (0..8)
        .map(|_| {
            let db = store.db.clone();
            let new = NewJob { dedup_key: Some("other".to_owned()), ..NewJob::of(JobKind::Crawl) };
            tokio::spawn(async move { jobs::enqueue(&db, new).await.unwrap().is_some() })
        })
        .collect();
    let mut made = 0;
    for asked in asked {
        made += u32::from(asked.await.unwrap());
    }
    assert_eq!(made, 1);
}

async fn sessions_at_the_same_time_claim_different_jobs(store: TestStore) {
    const JOBS: usize = 60;
    let mut made = BTreeSet::new();
    for _ in 0..JOBS {
        made.insert(job(&store).await.id);
    }
    let workers: Vec<_> = (0..6)
        .map(|worker| {
            let db = store.db.clone();
            tokio::spawn(async move {
                let mut taken = Vec::new();
                while let Some(job) = jobs::claim(&db, &format!("d{worker}"), MINUTE).await.unwrap() {
                    taken.push(job.id);
                    finish(&db, (&job).into()).await.unwrap();
                }
                taken
            })
        })
        .collect();
    let mut taken = Vec::new();
    for worker in workers {
        taken.extend(worker.await.unwrap());
    }
    assert_eq!(taken.len(), JOBS, "a job was claimed twice, or left");
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), made);
}

async fn jobs_come_by_priority_and_moment(store: TestStore) {
    let later = enqueue(&store, NewJob { delay: MINUTE, ..NewJob::of(JobKind::Crawl) }).await;
    let due = jobs::next_due(&store.db).await.unwrap().unwrap();
    assert_eq!(due, later.run_at);
    let low = job(&store).await;
    let high = enqueue(&store, NewJob { priority: 5, ..NewJob::of(JobKind::Crawl) }).await;
    let second = job(&store).await;
    assert!(jobs::next_due(&store.db).await.unwrap().unwrap() <= clock::now());
    for expected in [high.id, low.id, second.id] {
        assert_eq!(claim(&store, "a", MINUTE).await.unwrap().id, expected);
    }
    assert_eq!(claim(&store, "a", MINUTE).await, None);
}

async fn a_job_without_a_sign_is_taken_over_and_its_first_daemon_cannot_end_it(store: TestStore) {
    job(&store).await;
    let dead = claim(&store, "dead", Duration::ZERO).await.unwrap();
    let taken = claim(&store, "b", MINUTE).await.unwrap();
    assert_eq!((taken.id, taken.attempts, taken.fence), (dead.id, 2, 2));
    let late = Held::from(&dead);
    assert_eq!(jobs::renew(&store.db, late, MINUTE, &Notes::default()).await.unwrap(), Hold::Lost);
    assert_eq!(finish(&store.db, late).await, Err(StoreErrorKind::NotFound));
    let tx = store.db.begin().await.unwrap();
    let error = jobs::fail(&tx, late, &failure(true), &Notes::default()).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::NotFound);
    drop(tx);
    let tx = store.db.begin().await.unwrap();
    let error = jobs::give_back(&tx, late, MINUTE, &Notes::default()).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::NotFound);
    drop(tx);
    finish(&store.db, (&taken).into()).await.unwrap();
    let runs = jobs::runs(&store.db, dead.id, 10).await.unwrap();
    let outcomes: Vec<_> = runs.iter().map(|r| (r.attempt, r.outcome.unwrap())).collect();
    assert_eq!(outcomes, [(2, JobOutcome::Succeeded), (1, JobOutcome::Lost)]);
}

async fn a_renewed_job_is_left_alone(store: TestStore) {
    job(&store).await;
    let held = claim(&store, "a", Duration::ZERO).await.unwrap();
    let notes = Notes { log: json!([{"line": "half"}]), figures: json!({}) };
    assert_eq!(jobs::renew(&store.db, (&held).into(), MINUTE, &notes).await.unwrap(), Hold::Held);
    assert_eq!(claim(&store, "b", MINUTE).await, None);
    let runs = jobs::runs(&store.db, held.id, 10).await.unwrap();
    assert_eq!((runs[0].outcome, &runs[0].log), (None, &json!([{"line": "half"}])));
}

async fn a_failed_attempt_comes_again_until_there_were_too_many(store: TestStore) {
    let made = enqueue(&store, NewJob { max_attempts: 2, ..NewJob::of(JobKind::Crawl) }).await;
    let held = claim(&store, "a", MINUTE).await.unwrap();
    let again = fail(&store, (&held).into(), true).await;
    assert_eq!((again.state, again.error_code.as_deref()), (JobState::Queued, Some("C002")));
    assert!(again.run_at > clock::now(), "it waits");
    assert_eq!(claim(&store, "a", MINUTE).await, None);
    come(&store, made.id).await;
    let held = claim(&store, "b", MINUTE).await.unwrap();
    let failed = fail(&store, (&held).into(), true).await;
    assert_eq!((failed.state, failed.attempts), (JobState::Failed, 2));
    assert!(failed.finished_at.is_some());
    let runs = jobs::runs(&store.db, made.id, 10).await.unwrap();
    assert!(runs.iter().all(|r| r.outcome == Some(JobOutcome::Failed)));
    assert_eq!(runs[0].error_message.as_deref(), Some("nobody answers"));
}

async fn a_failure_that_no_attempt_heals_is_final(store: TestStore) {
    job(&store).await;
    let held = claim(&store, "a", MINUTE).await.unwrap();
    assert_eq!(fail(&store, (&held).into(), false).await.state, JobState::Failed);
}

async fn a_job_given_back_does_not_count_the_attempt(store: TestStore) {
    job(&store).await;
    let held = claim(&store, "a", MINUTE).await.unwrap();
    let tx = store.db.begin().await.unwrap();
    let back = jobs::give_back(&tx, (&held).into(), Duration::ZERO, &Notes::default()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((back.state, back.attempts, back.fence), (JobState::Queued, 0, 1));
    let next = claim(&store, "b", MINUTE).await.unwrap();
    assert_eq!((next.attempts, next.fence), (1, 2));
    assert_eq!(finish(&store.db, (&held).into()).await, Err(StoreErrorKind::NotFound));
    let runs = jobs::runs(&store.db, next.id, 10).await.unwrap();
    assert_eq!(runs[1].outcome, Some(JobOutcome::Returned));
}

async fn a_cancelled_job_cannot_be_ended(store: TestStore) {
    job(&store).await;
    let held = claim(&store, "a", MINUTE).await.unwrap();
    let tx = store.db.begin().await.unwrap();
    assert_eq!(jobs::cancel(&tx, held.id).await.unwrap().state, JobState::Cancelled);
    tx.commit().await.unwrap();
    let hold = jobs::renew(&store.db, (&held).into(), MINUTE, &Notes::default()).await.unwrap();
    assert_eq!(hold, Hold::Cancelled);
    assert_eq!(finish(&store.db, (&held).into()).await, Err(StoreErrorKind::NotFound));
    let tx = store.db.begin().await.unwrap();
    assert_eq!(jobs::cancel(&tx, held.id).await.unwrap_err().kind, StoreErrorKind::NotFound);
    drop(tx);
    let runs = jobs::runs(&store.db, held.id, 10).await.unwrap();
    assert_eq!(runs[0].outcome, Some(JobOutcome::Cancelled));
    assert_eq!(claim(&store, "b", MINUTE).await, None);
}

async fn jobs_are_listed_by_what_they_are(store: TestStore) {
    let shop = store.connection("shop").await.id;
    let of_shop = NewJob { connection_id: Some(shop), ..NewJob::of(JobKind::Crawl) };
    let first = enqueue(&store, of_shop.clone()).await;
    let other = job(&store).await;
    let last = enqueue(&store, of_shop).await;
    let held = claim(&store, "a", MINUTE).await.unwrap();
    assert_eq!(held.id, first.id);
    let listed = async |filter: Filter| -> Vec<Id> {
        let page = jobs::list(&store.db, &filter, PageRequest::first()).await.unwrap();
        page.items.iter().map(|j| j.id).collect()
    };
    assert_eq!(listed(Filter::default()).await, [last.id, other.id, first.id]);
    let of_shop = Filter { connection_id: Some(shop), ..Filter::default() };
    assert_eq!(listed(of_shop.clone()).await, [last.id, first.id]);
    let running = Filter { state: Some(JobState::Running), kind: Some("crawl".to_owned()), ..of_shop };
    assert_eq!(listed(running).await, [first.id]);
    let page = PageRequest::first().with_limit(2);
    let page = jobs::list(&store.db, &Filter::default(), page).await.unwrap();
    let rest = PageRequest::read(Some(2), page.next.as_deref()).unwrap();
    let rest = jobs::list(&store.db, &Filter::default(), rest).await.unwrap();
    assert_eq!(rest.items.iter().map(|j| j.id).collect::<Vec<_>>(), [first.id]);
}

async fn old_jobs_are_cleared_away(store: TestStore) {
    use querent::store::Conn;
    let old = job(&store).await;
    let held = claim(&store, "a", MINUTE).await.unwrap();
    finish(&store.db, (&held).into()).await.unwrap();
    let unfinished = job(&store).await;
    let past = clock::before(jobs::KEPT + MINUTE);
    let sql = "UPDATE jobs SET created_at = $1";
    store.db.execute(sql, &[past.into()]).await.unwrap();
    job(&store).await;
    assert!(jobs::get(&store.db, old.id).await.is_ok(), "it ended a moment ago");
    let sql = "UPDATE jobs SET finished_at = $1 WHERE finished_at IS NOT NULL";
    store.db.execute(sql, &[past.into()]).await.unwrap();
    job(&store).await;
    assert_eq!(jobs::get(&store.db, old.id).await.unwrap_err().kind, StoreErrorKind::NotFound);
    assert!(jobs::runs(&store.db, old.id, 10).await.unwrap().is_empty());
    jobs::get(&store.db, unfinished.id).await.unwrap();
}
