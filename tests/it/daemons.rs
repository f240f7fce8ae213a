//! Several real daemons on one store, killed and stopped in the middle of their jobs: every job is done, none twice.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use querent::app::{self, Setup};
use querent::config;
use querent::model::{Id, Job, JobKind, JobOutcome, JobState, PageRequest};
use querent::register::{self, Registration};
use querent::store::jobs::{self, Filter, NewJob};
use querent::store::{Conn, Db};

use crate::cli::Desk;
use crate::harness::{TestStore, as_owner, on_postgres, on_sqlite};

/// Longest wait for something that takes seconds.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at the store: what other processes do shows there alone.
const LOOK: Duration = Duration::from_millis(20);
/// Seconds of a lease in these cases: long enough that a busy machine renews in time.
const LEASE: &str = "8";

/// A daemon of the binary with a data folder of its own; killed at the end, whatever the end is.
struct Daemon {
    child: Child,
    started: Instant,
}

impl Daemon {
    fn start(desk: &Desk, folder: &str, database_url: &str) -> Daemon {
        let child = desk
            .command(&["serve", "--listen", "127.0.0.1:0", "--data-dir", folder])
            .env("DATABASE_URL", database_url)
            .env("QUERENT_JOBS_LEASE", LEASE)
            .env("QUERENT_LOG_LEVEL", "error")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Daemon { child, started: Instant::now() }
    }

    /// Whether a job is with it: a daemon's name begins with the number of its process.
    fn has(&self, job: &Job) -> bool {
        job.lease_owner
            .as_ref()
            .is_some_and(|owner| owner.split('-').next() == Some(&self.child.id().to_string()))
    }

    /// SIGKILL.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        assert!(!self.child.wait().unwrap().success());
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// SIGTERM; it must end well.
    fn stop(&mut self) -> Duration {
        let told = Instant::now();
        self.signal("-TERM");
        assert!(self.child.wait().unwrap().success());
        told.elapsed()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It is dead already where a case has killed it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Databases to crawl, one of them locked so that its crawl is in the middle until it is let go.
struct Work {
    lock: rusqlite::Connection,
    locked: Id,
    jobs: usize,
}

impl Work {
    /// Registers `count` databases through the library and asks for a crawl of each.
    async fn make(desk: &Desk, folder: &str, database_url: &str, count: usize) -> Work {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let flags = [
            ("data_dir", desk.path(folder).display().to_string()),
            ("database_url", database_url.to_owned()),
        ];
        let flags = flags.map(|(key, value)| (key.to_owned(), value)).to_vec();
        let config = config::load(&config::Sources { flags, ..config::Sources::default() }).unwrap();
        let app = Setup::new(config).desk().await.unwrap();
        for number in 0..count {
            let file = format!("db{number}.sqlite");
            desk.database(&file, &format!("CREATE TABLE t{number} (id INTEGER PRIMARY KEY, name TEXT)"));
            register(&app, number, &desk.path(&file)).await;
        }
        let locked = enqueue(&app, "db0", 10).await;
        for number in 1..count {
            enqueue(&app, &format!("db{number}"), 0).await;
        }
        app.db.close().await;
        let lock = rusqlite::Connection::open(desk.path("db0.sqlite")).unwrap();
        lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
        Work { lock, locked, jobs: count }
    }

    fn unlock(&self) {
        self.lock.execute_batch("ROLLBACK").unwrap();
    }

    /// Waits until the locked job is at work and `done` others have succeeded; gives the locked one.
    async fn until_done(&self, db: &Db, done: usize) -> Job {
        until("the jobs' beginning", async || {
            let locked = jobs::get(db, self.locked).await.unwrap();
            let begun = crawls_at_work(db, self.locked).await == 1;
            (begun && count(db, "state = 'succeeded'").await >= done).then_some(locked)
        })
        .await
    }

    async fn until_all_done(&self, db: &Db) {
        until("the jobs' end", async || {
            (count(db, "finished_at IS NOT NULL").await == self.jobs).then_some(())
        })
        .await;
    }

    /// Every job succeeded, once, and led to one schema version; gives how many attempts were lost and given back.
    async fn check(&self, db: &Db) -> (usize, usize) {
        let all = all(db).await;
        assert_eq!(all.len(), self.jobs);
        let (mut lost, mut returned) = (0, 0);
        for job in &all {
            assert_eq!(job.state, JobState::Succeeded, "{job:?}");
            let runs = jobs::runs(db, job.id, 50).await.unwrap();
            let of = |outcome| runs.iter().filter(|run| run.outcome == Some(outcome)).count();
            assert_eq!(of(JobOutcome::Succeeded), 1, "{runs:?}");
            assert_eq!(runs[0].outcome, Some(JobOutcome::Succeeded), "nothing comes after it: {runs:?}");
            assert_eq!(runs[0].figures["tables"], 1, "{runs:?}");
            lost += of(JobOutcome::Lost);
            returned += of(JobOutcome::Returned);
            let connection = job.connection_id.unwrap();
            let sql = "SELECT count(*) AS n FROM schema_versions WHERE connection_id = $1";
            let versions = db.query(sql, &[connection.into()]).await.unwrap()[0].int("n").unwrap();
            assert_eq!(versions, 1, "{job:?}");
        }
        let succeeded = "SELECT count(*) AS n FROM crawls WHERE status = 'succeeded'";
        let crawls = db.query(succeeded, &[]).await.unwrap()[0].int("n").unwrap() as usize;
        // a crawl may have been published in the moment before its daemon died: it is done again, and changes nothing
        assert!((self.jobs..=self.jobs + lost).contains(&crawls), "{crawls} crawls");
        let active = "SELECT count(*) AS n FROM crawls WHERE status IN ('queued', 'running')";
        assert_eq!(db.query(active, &[]).await.unwrap()[0].int("n").unwrap(), 0);
        (lost, returned)
    }
}

async fn register(app: &app::Desk, number: usize, file: &Path) {
    let url = format!("sqlite:{}?busy_timeout_ms=60000", file.display());
    let new = Registration { name: format!("db{number}"), url: url.into(), ..Registration::default() };
    register::create(&app.db, &app.sources, new, "owner").await.unwrap();
}

async fn enqueue(app: &app::Desk, name: &str, priority: i64) -> Id {
    let connection = app.sources.named(name).await.unwrap().connection.id;
    let new = NewJob { connection_id: Some(connection), priority, ..NewJob::of(JobKind::Crawl) };
    jobs::enqueue(&app.db, new).await.unwrap().unwrap().id
}

async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let start = Instant::now();
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what} never came");
        looks.tick().await;
    }
}

async fn count(db: &Db, condition: &str) -> usize {
    let sql = format!("SELECT count(*) AS n FROM jobs WHERE {condition}");
    db.query(&sql, &[]).await.unwrap()[0].int("n").unwrap() as usize
}

async fn crawls_at_work(db: &Db, job: Id) -> i64 {
    let sql = "SELECT count(*) AS n FROM crawls WHERE job_id = $1 AND status = 'running'";
    db.query(sql, &[job.into()]).await.unwrap()[0].int("n").unwrap()
}

async fn all(db: &Db) -> Vec<Job> {
    let (mut all, mut request) = (Vec::new(), PageRequest::first());
    loop {
        let page = jobs::list(db, &Filter::default(), request).await.unwrap();
        all.extend(page.items);
        let Some(next) = page.next else { return all };
        request = PageRequest::read(Some(200), Some(&next)).unwrap();
    }
}

/// Two daemons share a team's store and its keys.
fn share_keys(desk: &Desk, from: &str, to: &str) {
    std::fs::create_dir(desk.path(to)).unwrap();
    std::fs::copy(desk.path(from).join("secret.key"), desk.path(to).join("secret.key")).unwrap();
}

async fn two_daemons_do_two_hundred_jobs_though_one_is_killed(store: TestStore) {
    const JOBS: usize = 200;
    let desk = Desk::new();
    let work = Work::make(&desk, "one", &store.place, JOBS).await;
    share_keys(&desk, "one", "two");
    let start = Instant::now();
    let mut daemons = [Daemon::start(&desk, "one", &store.place), Daemon::start(&desk, "two", &store.place)];
    let held = work.until_done(&store.db, JOBS / 5).await;
    let (killed, done) = (Instant::now(), count(&store.db, "state = 'succeeded'").await);
    let victim = daemons.iter_mut().find(|daemon| daemon.has(&held)).unwrap();
    victim.kill();
    work.unlock();
    work.until_all_done(&store.db).await;
    let (whole, after) = (start.elapsed(), killed.elapsed());
    let (lost, returned) = work.check(&store.db).await;
    assert!(lost >= 1, "the killed daemon held a job");
    let again = jobs::runs(&store.db, held.id, 10).await.unwrap();
    assert_eq!(again[1].outcome, Some(JobOutcome::Lost), "{again:?}");
    println!(
        "{JOBS} jobs, two daemons, one killed after {done}: all done once in {:.1} s, the rest {:.1} s after the kill \
         (lease {LEASE} s); {lost} attempts lost and taken over, {returned} given back",
        whole.as_secs_f64(),
        after.as_secs_f64(),
    );
    for daemon in &mut daemons {
        if daemon.child.try_wait().unwrap().is_none() {
            daemon.stop();
        }
    }
}

async fn a_daemon_that_slept_over_its_lease_ends_nothing_that_another_took_over(store: TestStore) {
    const JOBS: usize = 10;
    let desk = Desk::new();
    let work = Work::make(&desk, "one", &store.place, JOBS).await;
    share_keys(&desk, "one", "two");
    let mut sleeper = Daemon::start(&desk, "one", &store.place);
    let held = work.until_done(&store.db, JOBS - 1).await;
    assert!(sleeper.has(&held));
    sleeper.signal("-STOP");
    let mut other = Daemon::start(&desk, "two", &store.place);
    until("the other daemon's attempt", async || {
        let now = jobs::get(&store.db, held.id).await.unwrap();
        (other.has(&now) && crawls_at_work(&store.db, held.id).await == 1).then_some(())
    })
    .await;
    // both are in the middle of the same crawl now, and both go on
    work.unlock();
    sleeper.signal("-CONT");
    work.until_all_done(&store.db).await;
    sleeper.stop();
    other.stop();
    assert_eq!(work.check(&store.db).await, (1, 0));
    let runs = jobs::runs(&store.db, held.id, 10).await.unwrap();
    let outcomes: Vec<_> = runs.iter().map(|run| run.outcome.unwrap()).collect();
    assert_eq!(outcomes, [JobOutcome::Succeeded, JobOutcome::Lost]);
}

async fn a_killed_daemons_jobs_go_on_at_its_next_start(store: TestStore) {
    const JOBS: usize = 30;
    store.db.close().await;
    let desk = Desk::new();
    let work = Work::make(&desk, "one", "", JOBS).await;
    let db = as_owner(&Db::open_sqlite(&desk.path("one/querent.db")).await.unwrap());
    let mut daemon = Daemon::start(&desk, "one", "");
    work.until_done(&db, 5).await;
    daemon.kill();
    work.unlock();
    let daemon = Daemon::start(&desk, "one", "");
    work.until_all_done(&db).await;
    let after = daemon.started.elapsed();
    let (lost, _) = work.check(&db).await;
    assert!(lost >= 1);
    println!(
        "{JOBS} jobs on SQLite, killed and started again: the rest done {:.1} s after the start",
        after.as_secs_f64()
    );
    db.close().await;
}

async fn a_daemon_that_is_told_to_stop_gives_its_jobs_back(store: TestStore) {
    const JOBS: usize = 12;
    let desk = Desk::new();
    let work = Work::make(&desk, "one", &store.place, JOBS).await;
    let mut daemon = Daemon::start(&desk, "one", &store.place);
    work.until_done(&store.db, JOBS - 1).await;
    let took = daemon.stop();
    assert!(took < Duration::from_secs(30), "{took:?}");
    let job = jobs::get(&store.db, work.locked).await.unwrap();
    assert_eq!((job.state, job.attempts, job.lease_owner), (JobState::Queued, 0, None));
    assert_eq!(crawls_at_work(&store.db, work.locked).await, 0);
    let runs = jobs::runs(&store.db, work.locked, 10).await.unwrap();
    assert_eq!(runs[0].outcome, Some(JobOutcome::Returned));
    assert!(runs[0].log.as_array().unwrap().iter().any(|l| l["line"].as_str().unwrap().contains("begins")));
    work.unlock();
    let mut daemon = Daemon::start(&desk, "one", &store.place);
    work.until_all_done(&store.db).await;
    assert_eq!(work.check(&store.db).await, (0, 1));
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_daemons_on_postgres() {
    on_postgres(two_daemons_do_two_hundred_jobs_though_one_is_killed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sleeping_daemon_on_postgres() {
    on_postgres(a_daemon_that_slept_over_its_lease_ends_nothing_that_another_took_over).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_daemon_on_sqlite() {
    on_sqlite(a_killed_daemons_jobs_go_on_at_its_next_start).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_told_daemon_on_postgres() {
    on_postgres(a_daemon_that_is_told_to_stop_gives_its_jobs_back).await;
}
