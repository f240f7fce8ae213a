//! Schedules: a moment leads to one job, jobs of one never overlap, failures in a row pause it.

use std::time::Duration;

use querent::model::{Id, Job, JobKind, JobState, PageRequest, Schedule, clock};
use querent::store::jobs::{self, Failure, Notes};
use querent::store::schedules::{self, Tick, Wanted};
use querent::store::{Db, StoreErrorKind, audits, connections, notifications};

use super::store_suite;
use crate::harness::TestStore;

store_suite!(
    a_connection_has_one_schedule_of_a_kind,
    a_moment_leads_to_one_job_whoever_sees_it,
    a_moment_that_comes_while_the_job_before_is_unfinished_is_left_out_and_counted,
    failures_in_a_row_pause_and_a_success_forgets_them,
    a_deleted_connections_schedule_rests,
);

const MINUTE: Duration = Duration::from_secs(60);

async fn put(store: &TestStore, connection_id: Id, next: Duration) -> Schedule {
    let wanted = Wanted {
        connection_id,
        kind: JobKind::Crawl,
        cron: "0 4 * * *".to_owned(),
        time_zone: "Europe/Oslo".to_owned(),
        max_failures: 2,
        next_run_at: Some(clock::before(next)),
    };
    schedules::put(&store.db, wanted, "owner").await.unwrap()
}

async fn tick(db: &Db, seen: &Schedule, next: Duration) -> Tick {
    let tx = db.begin().await.unwrap();
    let ticked = schedules::tick(&tx, seen, JobKind::Crawl, Some(clock::after(next))).await.unwrap();
    tx.commit().await.unwrap();
    ticked
}

async fn claimed(store: &TestStore) -> Job {
    jobs::claim(&store.db, "a", MINUTE).await.unwrap().unwrap()
}

/// Runs the waiting job to its end; gives the schedule when that paused it.
async fn end(store: &TestStore, well: bool) -> Option<Schedule> {
    let held = claimed(store).await;
    let failure = Failure { code: "C002".to_owned(), message: "nobody answers".to_owned(), retry: false };
    let tx = store.db.begin().await.unwrap();
    let ended = if well {
        jobs::finish(&tx, (&held).into(), &Notes::default()).await.unwrap()
    } else {
        jobs::fail(&tx, (&held).into(), &failure, &Notes::default()).await.unwrap()
    };
    tx.commit().await.unwrap();
    ended.paused
}

async fn a_connection_has_one_schedule_of_a_kind(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let none = schedules::of_connection(&store.db, connection, JobKind::Crawl).await.unwrap_err();
    assert_eq!((none.kind, none.hint.is_some()), (StoreErrorKind::NotFound, true));
    let first = put(&store, connection, MINUTE).await;
    schedules::pause(&store.db, first.id, "for a while", "ann").await.unwrap();
    let second = put(&store, connection, MINUTE).await;
    assert_eq!((second.id, second.enabled, second.paused_reason), (first.id, true, None));
    let of_connection = schedules::of_connection(&store.db, connection, JobKind::Crawl).await.unwrap();
    assert_eq!(of_connection.id, first.id);
    assert_eq!(schedules::list(&store.db, PageRequest::first()).await.unwrap().items.len(), 1);
    schedules::remove(&store.db, first.id).await.unwrap();
    assert_eq!(schedules::get(&store.db, first.id).await.unwrap_err().kind, StoreErrorKind::NotFound);
}

async fn a_moment_leads_to_one_job_whoever_sees_it(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let schedule = put(&store, connection, MINUTE).await;
    assert!(schedules::next_due(&store.db).await.unwrap().unwrap() <= clock::now());
    let seen = schedules::due(&store.db, 10).await.unwrap();
    assert_eq!(seen, std::slice::from_ref(&schedule));
    let daemons: Vec<_> = (0..6)
        .map(|_| {
            let (db, seen) = (store.db.clone(), schedule.clone());
            tokio::spawn(async move { tick(&db, &seen, MINUTE).await })
        })
        .collect();
    let mut asked = Vec::new();
    for daemon in daemons {
        match daemon.await.unwrap() {
            Tick::Asked(job) => asked.push(job),
            ticked => assert_eq!(ticked, Tick::Gone),
        }
    }
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].connection_id, asked[0].schedule_id), (Some(connection), Some(schedule.id)));
    assert!(schedules::due(&store.db, 10).await.unwrap().is_empty());
    let now = schedules::get(&store.db, schedule.id).await.unwrap();
    assert!(now.last_run_at.is_some() && now.next_run_at.unwrap() > clock::now());
}

async fn a_moment_that_comes_while_the_job_before_is_unfinished_is_left_out_and_counted(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let schedule = put(&store, connection, MINUTE).await;
    assert!(matches!(tick(&store.db, &schedule, Duration::ZERO).await, Tick::Asked(_)));
    let held = claimed(&store).await;
    let again = schedules::get(&store.db, schedule.id).await.unwrap();
    assert_eq!(tick(&store.db, &again, Duration::ZERO).await, Tick::Skipped);
    let tx = store.db.begin().await.unwrap();
    assert_eq!(schedules::ask(&tx, &again, JobKind::Crawl, "ann").await.unwrap(), None);
    jobs::finish(&tx, (&held).into(), &Notes::default()).await.unwrap();
    assert!(schedules::ask(&tx, &again, JobKind::Crawl, "ann").await.unwrap().is_some());
    tx.commit().await.unwrap();
    assert_eq!(schedules::get(&store.db, schedule.id).await.unwrap().skipped, 1);
    schedules::remove(&store.db, schedule.id).await.unwrap();
    let kept = jobs::get(&store.db, held.id).await.unwrap();
    assert_eq!((kept.state, kept.schedule_id), (JobState::Succeeded, None));
}

async fn failures_in_a_row_pause_and_a_success_forgets_them(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let schedule = put(&store, connection, MINUTE).await;
    let ask = async || {
        let tx = store.db.begin().await.unwrap();
        schedules::ask(&tx, &schedule, JobKind::Crawl, "owner").await.unwrap().unwrap();
        tx.commit().await.unwrap();
    };
    for well in [false, true, false] {
        ask().await;
        assert_eq!(end(&store, well).await, None);
    }
    assert_eq!(schedules::get(&store.db, schedule.id).await.unwrap().consecutive_failures, 1);
    ask().await;
    let paused = end(&store, false).await.expect("two in a row");
    assert_eq!((paused.enabled, paused.next_run_at), (false, None));
    assert!(paused.paused_reason.unwrap().contains("C002"));
    let audits = audits::list(&store.db, PageRequest::first()).await.unwrap().items;
    assert_eq!((audits[0].action.as_str(), &audits[0].subject), ("schedule.pause", &schedule.id.to_string()));
    let told = notifications::list(&store.db, true, PageRequest::first()).await.unwrap().items;
    assert_eq!((told.len(), told[0].kind.as_str(), told[0].connection_id), (1, "schedule", Some(connection)));
    assert!(told[0].title.contains("2 runs in a row failed"), "{told:?}");
    assert!(schedules::due(&store.db, 10).await.unwrap().is_empty());
    let next = Some(clock::after(MINUTE));
    let resumed = schedules::resume(&store.db, schedule.id, next, "ann").await.unwrap();
    assert_eq!((resumed.enabled, resumed.consecutive_failures, resumed.next_run_at), (true, 0, next));
    assert_eq!(resumed.paused_reason, None);
}

async fn a_deleted_connections_schedule_rests(store: TestStore) {
    let connection = store.connection("shop").await.id;
    put(&store, connection, MINUTE).await;
    connections::delete(&store.db, connection, None).await.unwrap();
    assert!(schedules::due(&store.db, 10).await.unwrap().is_empty());
    assert_eq!(schedules::next_due(&store.db).await.unwrap(), None);
    assert!(schedules::list(&store.db, PageRequest::first()).await.unwrap().items.is_empty());
    connections::restore(&store.db, connection, None).await.unwrap();
    assert_eq!(schedules::due(&store.db, 10).await.unwrap().len(), 1);
}
