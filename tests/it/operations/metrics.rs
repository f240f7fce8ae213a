//! Metrics: who may read them, whether Prometheus' own tool can, and whether they move with what happens.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use reqwest::{Client, StatusCode};
use serde_json::json;

use super::{Process, client, program, text};
use crate::cli::Desk;

async fn page(client: &Client, daemon: &Process) -> String {
    let request = client.get(format!("{}/metrics", daemon.base)).bearer_auth(&daemon.token);
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4");
    text(response, StatusCode::OK).await
}

/// Samples as `name{labels}` and value.
fn samples(page: &str) -> BTreeMap<String, f64> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, n)| (name.to_owned(), n.parse().unwrap()))
        .collect()
}

/// What of the samples with all these parts in their names, added up.
fn sum(page: &str, parts: &[&str]) -> f64 {
    samples(page)
        .iter()
        .filter(|(name, _)| parts.iter().all(|part| name.contains(part)))
        .map(|(_, n)| n)
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_what_prometheus_reads_and_its_figures_move() {
    let desk = Desk::new();
    desk.registered();
    let daemon = Process::start(&desk, &[]);
    let client = client();
    let before = page(&client, &daemon).await;
    let chat = daemon.chat(&client).await;
    let answer = client.post(&chat).json(&json!({ "text": "How many authors are there?" }));
    daemon.expect(answer, StatusCode::OK).await;
    let refused = client.post(format!("{}/api/v1/queries/check", daemon.base));
    let list = daemon.expect(client.get(format!("{}/api/v1/connections", daemon.base)), StatusCode::OK).await;
    let refused =
        refused.json(&json!({ "connection_id": list["items"][0]["id"], "sql": "DELETE FROM books" }));
    let refused = refused.bearer_auth(&daemon.token).send().await.unwrap();
    assert!(refused.status().is_success() || refused.status().is_client_error());
    let unknown = client.get(format!("{}/no/such/{}", daemon.base, "x".repeat(50))).send().await.unwrap();
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    let after = page(&client, &daemon).await;

    let more = |parts: &[&str]| sum(&after, parts) - sum(&before, parts);
    let asked = ["querent_http_requests_total", "route=\"/api/v1/chats/{id}/messages\"", "status=\"2xx\""];
    assert_eq!(more(&asked), 1.0, "{after}");
    assert_eq!(more(&["querent_http_request_duration_seconds_count", "messages\"", "method=\"POST\""]), 1.0);
    assert_eq!(more(&["querent_answers_total", "outcome=\"complete\""]), 1.0, "{after}");
    assert_eq!(more(&["querent_executions_total", "engine=\"sqlite\"", "outcome=\"succeeded\""]), 1.0);
    assert_eq!(more(&["querent_execution_rows_total", "engine=\"sqlite\""]), 1.0);
    assert_eq!(more(&["querent_execution_duration_seconds_count", "engine=\"sqlite\""]), 1.0);
    assert!(
        more(&["querent_store_statement_duration_seconds_count", "sqlite", "kind=\"transaction\""]) >= 2.0
    );
    assert!(more(&["querent_store_pool_wait_seconds_count", "sqlite"]) >= 2.0);
    assert_eq!(sum(&after, &["querent_executions_current"]), 0.0);
    assert_eq!(more(&["querent_http_requests_total", "route=\"unmatched\"", "status=\"4xx\""]), 1.0);
    assert_eq!(more(&["querent_http_problems_total", "code=\"H004\""]), 1.0);
    assert!(!after.contains("xxxx"), "a path of a client became a label");
    assert_eq!(sum(&after, &["querent_build_info"]), 1.0);
    assert!(sum(&after, &["process_resident_memory_bytes"]) > 1e6, "{after}");
    assert!(sum(&after, &["process_start_time_seconds"]) > 1.7e9);
    assert!(sum(&after, &["querent_http_requests_in_flight"]) >= 1.0, "the one that asks");
    for secret in [daemon.token.as_str(), "authors", "library"] {
        assert!(!after.contains(secret), "{secret}");
    }
    passes_promtool(&after);
}

fn passes_promtool(page: &str) {
    let mut tool = Command::new(program("promtool"))
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    tool.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let ended = tool.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}\n{page}", String::from_utf8_lossy(&ended.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_token_reads_no_metrics() {
    let desk = Desk::new();
    let daemon = Process::start(&desk, &[]);
    let client = client();
    let ask = |token: &'static str| client.get(format!("{}/metrics", daemon.base)).bearer_auth(token).send();
    text(client.get(format!("{}/metrics", daemon.base)).send().await.unwrap(), StatusCode::UNAUTHORIZED)
        .await;
    for wrong in ["", "qrt_wrong"] {
        text(ask(wrong).await.unwrap(), StatusCode::UNAUTHORIZED).await;
    }
    page(&client, &daemon).await;
}

/// Where a daemon serves metrics on an address of their own.
async fn own_address(daemon: &Process) -> String {
    let log = daemon.logged(|log| log.contains("metrics are served")).await;
    log.split_once("address=").unwrap().1.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_their_own_serves_metrics_and_nothing_else() {
    let desk = Desk::new();
    let daemon = Process::start(&desk, &[("QUERENT_METRICS_LISTEN", "127.0.0.1:0")]);
    let address = own_address(&daemon).await;
    let client = client();
    let get = |path: &str| client.get(format!("http://{address}{path}")).send();
    assert!(text(get("/metrics").await.unwrap(), StatusCode::OK).await.contains("querent_build_info"));
    for path in ["/", "/healthz", "/docs", "/api/v1/connections"] {
        assert_eq!(get(path).await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scraper_s_token_opens_its_address_alone() {
    let desk = Desk::new();
    let settings = [("QUERENT_METRICS_LISTEN", "127.0.0.1:0"), ("QUERENT_METRICS_TOKEN", "for-the-scraper")];
    let daemon = Process::start(&desk, &settings);
    let own = format!("http://{}/metrics", own_address(&daemon).await);
    let client = client();
    text(client.get(&own).send().await.unwrap(), StatusCode::UNAUTHORIZED).await;
    for wrong in ["", "for-the-scrape", "for-the-scraper2"] {
        let asked = client.get(&own).bearer_auth(wrong).send().await.unwrap();
        text(asked, StatusCode::UNAUTHORIZED).await;
    }
    let asked = client.get(&own).bearer_auth("for-the-scraper").send().await.unwrap();
    assert!(text(asked, StatusCode::OK).await.contains("querent_build_info"));
    for path in ["/metrics", "/api/v1/connections"] {
        let other = client.get(format!("{}{path}", daemon.base)).bearer_auth("for-the-scraper");
        text(other.send().await.unwrap(), StatusCode::UNAUTHORIZED).await;
    }
}
