//! Servers that go away, connections that are cut, rights that are taken away, views that cannot be read.

use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::json;

use super::bench::{
    Bench, Denied, begun, bytes_of_a_crawl, crawled, crawled_well, failed, registered, shelves, versions,
    whole,
};
use crate::gate::{Gate, Passage};
use crate::test_app::TestApp;

/// Enough tables for an answer of many packets.
const TABLES: usize = 60;

/// A database that was crawled once, behind a gate.
struct Known {
    gate: Gate,
    app: TestApp,
    connection: String,
    /// What the server says in a whole crawl.
    bytes: usize,
}

impl Known {
    async fn new(bench: &dyn Bench, tables: usize) -> Known {
        shelves(bench, tables).await;
        let gate = Gate::before(&bench.url()).await;
        let app = TestApp::start().await;
        let connection = registered(&app, &gate.url).await;
        let bytes = bytes_of_a_crawl(&app, &connection, &gate).await;
        Known { gate, app, connection, bytes }
    }

    /// Crawls while the gate does that; says whether it failed. Then nothing was stored; otherwise all of it was.
    async fn is_broken_by(&self, bench: &dyn Bench, passage: Passage, shelf: usize) -> bool {
        let before = versions(&self.app, &self.connection).await;
        bench.run(&bench.widened(shelf)).await;
        self.gate.passage.send(passage).unwrap();
        let run = crawled(&self.app, &self.connection).await;
        self.gate.passage.send(Passage::Open).unwrap();
        // a crawl that has less to read again than the one that was measured may be over before
        if run["status"] == "succeeded" {
            self.knows(bench, shelf).await;
            return false;
        }
        failed(&run, &["C002", "C015"]);
        assert_eq!(versions(&self.app, &self.connection).await, before);
        true
    }

    /// The shelf is known as it is now.
    async fn knows(&self, bench: &dyn Bench, shelf: usize) {
        let (snapshot, _) = whole(&self.app, &self.connection).await;
        let table = snapshot.table(&bench.schema(), &format!("shelf_{shelf}")).unwrap();
        assert!(table.column("height").is_some(), "{table:?}");
    }
}

pub async fn a_server_that_goes_away_in_the_middle_of_a_crawl_stores_nothing(bench: Arc<dyn Bench>) {
    let known = Known::new(bench.as_ref(), TABLES).await;
    // at several points of what a whole crawl says, whatever is cut through there
    let parts = [1, 4, 7, 10, 13];
    let mut broken = 0;
    for part in parts {
        let point = known.gate.bytes() + known.bytes * part / 14;
        broken += usize::from(known.is_broken_by(bench.as_ref(), Passage::GoneAfter(point), part).await);
    }
    assert!(broken >= 2, "{broken} crawls were cut off");
    crawled_well(&known.app, &known.connection).await;
    for part in parts {
        known.knows(bench.as_ref(), part).await;
    }
    known.app.stop().await;
}

pub async fn a_connection_that_is_cut_alone_stores_nothing(bench: Arc<dyn Bench>) {
    let known = Known::new(bench.as_ref(), TABLES).await;
    let parts = [1, 3, 5, 7];
    let mut broken = 0;
    for part in parts {
        let passage = Passage::CutAfter(known.bytes * part / 8);
        broken += usize::from(known.is_broken_by(bench.as_ref(), passage, part).await);
    }
    assert!(broken >= 2, "{broken} crawls were cut off");
    crawled_well(&known.app, &known.connection).await;
    for part in parts {
        known.knows(bench.as_ref(), part).await;
    }
    known.app.stop().await;
}

pub async fn a_permission_denied_in_the_middle_stores_nothing_by_half(bench: Arc<dyn Bench>) {
    const SHELVES: usize = 12;
    let known = Known::new(bench.as_ref(), SHELVES).await;
    let first = versions(&known.app, &known.connection).await;
    let mut refused = 0;
    for part in [2, 4, 6] {
        bench.deny_before().await;
        let point = known.gate.bytes() + known.bytes * part / 8;
        known.gate.passage.send(Passage::ClosedAfter(point)).unwrap();
        let path = begun(&known.app, &known.connection).await;
        // one that is refused early never comes so far
        let ended = tokio::select! {
            run = known.app.ended(&path) => Some(run),
            () = known.gate.reached(point) => None,
        };
        bench.deny_in_the_middle().await;
        known.gate.passage.send(Passage::Open).unwrap();
        let run = match ended {
            Some(run) => run,
            None => known.app.ended(&path).await,
        };
        match bench.denied() {
            Denied::Fails { codes, named } if run["status"] != "succeeded" => {
                refused += 1;
                failed(&run, codes);
                let message = run["error_message"].as_str().unwrap().to_lowercase();
                assert!(message.contains("grant") && message.contains(named), "{run}");
                assert_eq!(versions(&known.app, &known.connection).await, first);
            }
            // it came after the catalog had been read: what is known then is the whole
            Denied::Fails { .. } => all_whole(&known, SHELVES).await,
            Denied::LeavesOut(table) => {
                refused += 1;
                assert_eq!(run["status"], "succeeded", "{run}");
                let (snapshot, _) = whole(&known.app, &known.connection).await;
                assert!(snapshot.table(&bench.schema(), table).is_none(), "it is not there by half");
                assert_eq!(snapshot.tables.len(), SHELVES - 1);
            }
        }
        bench.allow().await;
        crawled_well(&known.app, &known.connection).await;
        all_whole(&known, SHELVES).await;
    }
    assert!(refused > 0, "nothing was ever denied");
    known.app.stop().await;
}

async fn all_whole(known: &Known, count: usize) {
    let (snapshot, _) = whole(&known.app, &known.connection).await;
    assert_eq!(snapshot.tables.len(), count);
    for table in &snapshot.tables {
        assert!(table.columns.len() == 4 && table.primary_key.is_some(), "{table:?}");
    }
}

pub async fn a_view_that_fails_is_part_of_the_catalog(bench: Arc<dyn Bench>) {
    shelves(bench.as_ref(), 2).await;
    for step in bench.broken_view() {
        bench.run(&step).await;
    }
    let app = TestApp::start().await;
    let connection = registered(&app, &bench.url()).await;
    crawled_well(&app, &connection).await;
    let (snapshot, first) = whole(&app, &connection).await;
    let view = snapshot.table(&bench.schema(), "broken").expect("the view is there");
    assert!(view.view_text.is_some() && view.comment.is_none(), "{view:?}");
    assert_eq!(snapshot.tables.len(), 3);

    let sql = format!("SELECT share FROM {}.broken", bench.schema());
    let body = json!({ "connection_id": connection, "sql": sql });
    let (status, query) = app.post("/api/v1/queries", body).await;
    if view.columns.is_empty() {
        // the server does not say what the view would give: the statement is refused before it gets there
        assert!(status.is_client_error() && query.to_string().contains("broken"), "{status}: {query}");
    } else {
        assert_eq!(status, StatusCode::CREATED, "{query}");
        let path = format!("/api/v1/queries/{}/executions", query["id"].as_str().unwrap());
        let (_, execution) = app.post(&path, json!({})).await;
        let ended = app.ended(&format!("/api/v1/executions/{}", execution["id"].as_str().unwrap())).await;
        assert_eq!((&ended["status"], &ended["error_code"]), (&json!("failed"), &json!("C020")), "{ended}");
    }
    crawled_well(&app, &connection).await;
    assert_eq!(whole(&app, &connection).await.1, first, "a view that still fails is no change");
    app.stop().await;
}
