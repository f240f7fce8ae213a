//! The audit trail through the API: from where something was done, filters, and the export as JSON lines.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::test_app::{TestApp, expect};

#[tokio::test(flavor = "multi_thread")]
async fn lines_say_from_where_and_are_filtered_and_exported() {
    let app = TestApp::start().await;
    let connection = app.shop().await;
    let page = app.get("/api/v1/audits?action=connection.*&actor=owner").await;
    let lines = page["items"].as_array().unwrap();
    assert!(!lines.is_empty(), "{page}");
    assert!(lines.iter().all(|line| line["action"].as_str().unwrap().starts_with("connection.")), "{page}");
    assert!(
        lines.iter().all(|line| line["address"] == "127.0.0.1" && line["request_id"].is_string()),
        "{page}"
    );
    let none = app.get("/api/v1/audits?actor=nobody").await;
    assert_eq!(none["items"].as_array().unwrap().len(), 0);
    let early = app.get("/api/v1/audits?until=2000-01-01T00:00:00Z").await;
    assert_eq!(early["items"].as_array().unwrap().len(), 0);

    let response = app.request(Method::GET, "/api/v1/audits/export").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let body = response.text().await.unwrap();
    let exported: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(exported.len() > lines.len(), "{body}");
    assert_eq!(exported[0]["action"], "audit.export", "that it was asked for is a line, too");
    assert!(exported.iter().any(|line| line["subject"].as_str().unwrap().contains(&connection)), "{body}");

    for bad in ["?since=yesterday", "?nothing=1", "?cursor=x"] {
        let sent = app.request(Method::GET, &format!("/api/v1/audits{bad}")).send().await.unwrap();
        expect(sent, StatusCode::BAD_REQUEST).await;
    }
}
