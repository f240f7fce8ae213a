//! The chain over the audit trail: lines come in any order, from anywhere, and each gets its place; whatever is done to them
//! behind the program's back is found and named.

use querent::audit::{self, Fault, Report, verify};
use querent::backup::{self, Contents, Opener, Restore};
use querent::secrets::Keys;
use querent::store::audits::{self, Filter};
use querent::store::{Conn, Db, Dialect, audit_chain};
use serde_json::json;

use super::store_suite;
use crate::harness::{self, TestStore};

store_suite!(
    lines_get_their_places_and_the_chain_is_whole,
    a_line_can_neither_be_changed_nor_taken_away,
    whatever_is_done_behind_the_programs_back_is_named,
    an_end_that_is_cut_off_is_noticed_by_who_kept_the_head,
    writers_and_sealers_at_the_same_time_leave_no_gap,
    a_restored_trail_keeps_its_seals_on_either_backend,
    lines_are_searched,
);

async fn add(store: &TestStore, count: usize) {
    for number in 0..count {
        let details = json!({ "number": number, "share": 1.5, "z": { "b": null, "a": "\u{e9}\n" } });
        audits::add(&store.db, "owner", "test.line", &format!("subject/{number}"), details).await.unwrap();
    }
}

async fn sealed(store: &TestStore, count: usize) -> Report {
    add(store, count).await;
    audit_chain::seal_all(&store.db).await.unwrap();
    verify(&store.db, &[]).await.unwrap()
}

async fn lines_get_their_places_and_the_chain_is_whole(store: TestStore) {
    assert_eq!(verify(&store.db, &[]).await.unwrap().head.seq, 0);
    let report = sealed(&store, 5).await;
    assert_eq!((report.lines, report.waiting, report.head.seq, report.count), (5, 0, 5, 0), "{report:?}");
    add(&store, 2).await;
    let waiting = verify(&store.db, &[]).await.unwrap();
    assert_eq!((waiting.lines, waiting.waiting, waiting.count), (5, 2, 0));
    let report = sealed(&store, audit_chain::BATCH + 1).await;
    assert_eq!((report.lines as usize, report.count), (5 + 2 + audit_chain::BATCH + 1, 0));
}

async fn a_line_can_neither_be_changed_nor_taken_away(store: TestStore) {
    sealed(&store, 3).await;
    let mut statements = vec!["UPDATE audits SET actor = 'nobody'", "DELETE FROM audits"];
    statements.extend(["UPDATE audit_seals SET hash = 'x'", "DELETE FROM audit_seals"]);
    if store.db.dialect() == Dialect::Postgres {
        statements.extend(["TRUNCATE audits CASCADE", "TRUNCATE audit_seals"]);
    }
    for sql in statements {
        let error = store.db.everywhere().execute(sql, &[]).await.unwrap_err();
        assert!(error.message.contains("only added to"), "{sql}: {error}");
    }
    assert_eq!(verify(&store.db, &[]).await.unwrap().count, 0);
}

/// What somebody does who owns the tables: nothing of the store's own protection holds for them.
async fn behind_its_back(db: &Db, statements: &[&str]) {
    let db = db.everywhere();
    let free: &[&str] = match db.dialect() {
        Dialect::Postgres => &[
            "ALTER TABLE audits DISABLE TRIGGER USER",
            "ALTER TABLE audit_seals DISABLE TRIGGER USER",
            "ALTER TABLE audit_seals DROP CONSTRAINT IF EXISTS audit_seals_audit_id_fkey",
            "ALTER TABLE audit_seals DROP CONSTRAINT IF EXISTS audit_seals_audit_id_key",
        ],
        Dialect::Sqlite => &[
            "DROP TRIGGER IF EXISTS audits_wait",
            "DROP TRIGGER IF EXISTS audits_stay_as_they_are",
            "DROP TRIGGER IF EXISTS audits_stay",
            "DROP TRIGGER IF EXISTS audit_seals_stay_as_they_are",
            "DROP TRIGGER IF EXISTS audit_seals_stay",
        ],
    };
    for sql in free.iter().chain(statements) {
        db.execute(sql, &[]).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    }
}

async fn whatever_is_done_behind_the_programs_back_is_named(store: TestStore) {
    let whole = sealed(&store, 9).await;
    assert_eq!(whole.count, 0);
    let at = |seq: i64| format!("(SELECT audit_id FROM audit_seals WHERE seq = {seq})");
    let sqlite = store.db.dialect() == Dialect::Sqlite;
    let changed = format!("UPDATE audits SET details = '{{\"number\": 77}}' WHERE id = {}", at(2));
    let moved = if sqlite {
        // one column is unique: over a third value
        vec![
            "CREATE TEMP TABLE swap AS SELECT seq, audit_id, hash, sealed_at FROM audit_seals WHERE seq IN (4, 5)".to_owned(),
            "DELETE FROM audit_seals WHERE seq IN (4, 5)".to_owned(),
            "INSERT INTO audit_seals SELECT seq, (SELECT o.audit_id FROM swap o WHERE o.seq <> s.seq), hash, sealed_at FROM swap s".to_owned(),
        ]
    } else {
        vec!["UPDATE audit_seals SET audit_id = (SELECT o.audit_id FROM audit_seals o WHERE o.seq = 9 - audit_seals.seq) \
              WHERE seq IN (4, 5)".to_owned()]
    };
    let gap = "DELETE FROM audit_seals WHERE seq = 8".to_owned();
    let mut statements = vec![changed];
    statements.extend(moved);
    statements.push(gap);
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    behind_its_back(&store.db, &statements).await;
    let stranger = "INSERT INTO audits (id, at, actor, action, subject, details, workspace_id) \
                    SELECT '01900000-0000-7000-8000-0000000000ff', at, actor, 'put.in', subject, details, workspace_id \
                    FROM audits WHERE action = 'test.line' LIMIT 1";
    behind_its_back(&store.db, &[stranger]).await;

    let report = verify(&store.db, &[]).await.unwrap();
    let places: Vec<i64> = report
        .faults
        .iter()
        .filter_map(|f| match f {
            Fault::Changed { seq, .. } => Some(*seq),
            _ => None,
        })
        .collect();
    assert_eq!(places, [2, 4, 5], "{report:?}");
    assert!(report.faults.contains(&Fault::Gap { from: 8, to: 8 }), "{report:?}");
    let inserted = report.faults.iter().filter(|f| matches!(f, Fault::Inserted { .. })).count();
    assert_eq!(inserted, 2, "the line put in, and the one whose place was taken away: {report:?}");
    if !sqlite {
        // SQLite's sessions hold references; who writes to the file itself is stopped by nothing
        let line = format!("DELETE FROM audits WHERE id = {}", at(3));
        behind_its_back(&store.db, &[&line]).await;
        let report = verify(&store.db, &[]).await.unwrap();
        assert!(report.faults.iter().any(|f| matches!(f, Fault::Removed { seq: 3, .. })), "{report:?}");
    }
}

async fn an_end_that_is_cut_off_is_noticed_by_who_kept_the_head(store: TestStore) {
    let keys = Keys::of_file(&store.folder.join("one.key")).await.unwrap();
    let others = Keys::of_file(&store.folder.join("two.key")).await.unwrap();
    let had = sealed(&store, 6).await.head;
    let written = serde_json::to_string(&audit::sign(had.clone(), &keys).await.unwrap()).unwrap();
    assert_eq!(audit::read_head(&written, &keys).await.unwrap(), had);
    let changed = written.replace("\"seq\":6", "\"seq\":5");
    assert_eq!(audit::read_head(&written, &others).await.unwrap_err().code, "T003");
    assert_eq!(audit::read_head(&changed, &keys).await.unwrap_err().code, "T003");
    assert_eq!(audit::read_head("text", &keys).await.unwrap_err().code, "T002");

    let known = [had.clone()];
    sealed(&store, 1).await;
    assert_eq!(verify(&store.db, &known).await.unwrap().count, 0, "the chain goes on");
    let last = "DELETE FROM audits WHERE id IN (SELECT audit_id FROM gone)";
    let mark = "CREATE TABLE gone AS SELECT audit_id FROM audit_seals WHERE seq > 4";
    let cut = "DELETE FROM audit_seals WHERE seq > 4";
    behind_its_back(&store.db, &[mark, cut, last]).await;
    let report = verify(&store.db, &[]).await.unwrap();
    assert_eq!((report.lines, report.count), (4, 0), "nothing inside of the store tells");
    let report = verify(&store.db, &known).await.unwrap();
    assert_eq!(report.faults, [Fault::Cut { seq: 4, had: 6 }]);
    // and when the cut chain has grown over the place again
    sealed(&store, 4).await;
    if store.db.dialect() == Dialect::Postgres {
        behind_its_back(
            &store.db,
            &["INSERT INTO audit_unsealed SELECT id FROM audits WHERE NOT EXISTS \
            (SELECT 1 FROM audit_seals WHERE audit_id = id)"],
        )
        .await;
    } else {
        behind_its_back(
            &store.db,
            &["INSERT OR IGNORE INTO audit_unsealed SELECT id FROM audits WHERE NOT EXISTS \
            (SELECT 1 FROM audit_seals WHERE audit_id = id)"],
        )
        .await;
    }
    audit_chain::seal_all(&store.db).await.unwrap();
    let report = verify(&store.db, &known).await.unwrap();
    assert_eq!(report.faults, [Fault::Rewritten { seq: 6 }], "{report:?}");
}

async fn writers_and_sealers_at_the_same_time_leave_no_gap(store: TestStore) {
    const WRITERS: usize = 4;
    const LINES: usize = 40;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let db = store.db.clone();
            tokio::spawn(async move {
                for line in 0..LINES {
                    let tx = db.begin().await.unwrap();
                    audits::add(&tx, "owner", "load", &format!("{writer}/{line}"), json!({})).await.unwrap();
                    // some are taken back: they leave no gap
                    if line % 5 == 4 { tx.rollback().await.unwrap() } else { tx.commit().await.unwrap() }
                }
            })
        })
        .collect();
    let sealers: Vec<_> = (0..3)
        .map(|_| {
            let db = store.db.clone();
            tokio::spawn(async move {
                for _ in 0..30 {
                    audit_chain::seal(&db).await.unwrap();
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for task in writers.into_iter().chain(sealers) {
        task.await.unwrap();
    }
    audit_chain::seal_all(&store.db).await.unwrap();
    let report = verify(&store.db, &[]).await.unwrap();
    assert_eq!(
        (report.lines as usize, report.waiting, report.count),
        (WRITERS * LINES * 4 / 5, 0, 0),
        "{report:?}"
    );
}

async fn a_restored_trail_keeps_its_seals_on_either_backend(store: TestStore) {
    let odd =
        json!({ "b": 1.0, "a": [1e3, -0.0, "x\u{0}y", 12345678901234567_u64], "c": { "y": 1, "x": 2 } });
    audits::add(&store.db, "owner", "odd", "sub\u{0}ject", odd).await.unwrap();
    let head = sealed(&store, 3).await.head;
    add(&store, 2).await;
    let file = store.folder.join("trail.backup");
    let contents = Contents {
        opener: Opener::None,
        compressed: true,
        folder: &store.folder,
        results: false,
        attachments: false,
        keys: false,
    };
    backup::save(&store.db, &file, contents, &|_, _| {}).await.unwrap();
    let check = |other: TestStore| {
        let (file, head) = (file.clone(), head.clone());
        async move {
            let how = Restore { opener: Opener::None, folder: None, replace: false };
            backup::restore(&other.db, &file, how, &|_, _| {}).await.unwrap();
            audit_chain::seal_all(&other.db).await.unwrap();
            audit_chain::seal_all(&other.db).await.unwrap();
            let report = verify(&other.db, &[head]).await.unwrap();
            assert_eq!((report.lines, report.waiting, report.count), (6, 0, 0), "{report:?}");
        }
    };
    harness::on_sqlite(check).await;
    harness::on_postgres(check).await;
}

async fn lines_are_searched(store: TestStore) {
    for (actor, action, subject, details) in [
        ("owner", "query.create", "query/1", json!({ "title": "Sales in MÜNCHEN" })),
        ("daemon", "query.delete", "query/1", json!({})),
        ("owner", "crawl.start", "connection/9", json!({})),
    ] {
        audits::add(&store.db, actor, action, subject, details).await.unwrap();
    }
    let found = async |filter: Filter| {
        let page = audits::search(&store.db, &filter, querent::model::PageRequest::first()).await.unwrap();
        page.items.into_iter().map(|line| line.action).collect::<Vec<_>>()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(found(Filter { action: text("query.*"), ..Filter::default() }).await.len(), 2);
    assert_eq!(found(Filter { actor: text("daemon"), ..Filter::default() }).await, ["query.delete"]);
    assert_eq!(found(Filter { text: text("münchen"), ..Filter::default() }).await, ["query.create"]);
    assert_eq!(found(Filter { text: text("CONNECTION/9"), ..Filter::default() }).await, ["crawl.start"]);
    let both = Filter { subject: text("query/1"), actor: text("owner"), ..Filter::default() };
    assert_eq!(found(both).await, ["query.create"]);
    assert_eq!(found(Filter { text: text("' OR 1=1 --"), ..Filter::default() }).await, Vec::<String>::new());
    let moment = querent::model::clock::now();
    assert_eq!(found(Filter { since: Some(moment), ..Filter::default() }).await, Vec::<String>::new());
    assert_eq!(found(Filter { until: Some(moment), ..Filter::default() }).await.len(), 3);
}
