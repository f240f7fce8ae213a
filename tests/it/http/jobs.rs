//! Schedules and jobs through the API: set, shown, run, skipped, failed, paused, resumed, cancelled.

use querent::model::{Id, JobKind};
use querent::store::Conn;
use querent::store::jobs::{self, NewJob};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::test_app::{TestApp, expect, shop};

async fn put(app: &TestApp, connection: &str, body: Value) -> (StatusCode, Value) {
    let path = format!("/api/v1/connections/{connection}/schedule");
    let response = app.request(Method::PUT, &path).json(&body).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn sql(app: &TestApp, sql: &str) {
    app.desk().db.execute(sql, &[]).await.unwrap();
    app.desk().db.wake();
}

/// The jobs of a connection, newest first.
async fn jobs_of(app: &TestApp, connection: &str) -> Vec<Value> {
    let page = app.get(&format!("/api/v1/jobs?connection={connection}")).await;
    page["items"].as_array().unwrap().clone()
}

async fn ended(app: &TestApp, job: &Value) -> Value {
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    app.wait(&path, |found| !found["job"]["finished_at"].is_null()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_set_shown_and_taken_away() {
    let app = TestApp::start().await;
    let connection = app.shop().await;
    let path = format!("/api/v1/connections/{connection}/schedule");
    let none = expect(app.request(Method::GET, &path).send().await.unwrap(), StatusCode::NOT_FOUND).await;
    assert!(none["hint"].as_str().unwrap().contains("PUT"), "{none}");
    let body = json!({ "cron": "30 4 * * MON-FRI", "time_zone": "europe/oslo" });
    let (status, set) = put(&app, &connection, body).await;
    assert_eq!(status, StatusCode::OK, "{set}");
    assert_eq!(
        (&set["time_zone"], &set["enabled"], &set["kind"]),
        (&json!("Europe/Oslo"), &json!(true), &json!("crawl"))
    );
    let upcoming = set["upcoming"].as_array().unwrap();
    assert_eq!(upcoming.len(), 5);
    assert!(upcoming.iter().all(|m| m.as_str().unwrap().contains("T04:30:00+0")), "{set}");
    for (body, code) in [
        (json!({ "cron": "soon" }), "J020"),
        (json!({ "cron": "0 0 31 2 *" }), "J020"),
        (json!({ "cron": "0 0 * * *", "time_zone": "Mars" }), "J021"),
        (json!({ "cron": "0 0 * * *", "max_failures": 0 }), "J022"),
    ] {
        let (status, problem) = put(&app, &connection, body).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!(code)), "{problem}");
        assert!(problem["hint"].is_string());
    }
    let listed = app.get("/api/v1/schedules").await;
    assert_eq!(listed["items"][0]["id"], set["id"]);
    for (verb, enabled) in [("pause", false), ("resume", true)] {
        let (status, now) = app.post(&format!("{path}/{verb}"), json!({})).await;
        assert_eq!((status, &now["enabled"]), (StatusCode::OK, &json!(enabled)), "{now}");
        assert_eq!(now["upcoming"].as_array().unwrap().is_empty(), !enabled);
    }
    let gone = app.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    let audits = app.get("/api/v1/audits").await;
    let actions: Vec<&str> =
        audits["items"].as_array().unwrap().iter().map(|a| a["action"].as_str().unwrap()).collect();
    assert_eq!(actions[..4], ["schedule.remove", "schedule.resume", "schedule.pause", "schedule.set"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moments_missed_while_nobody_looked_lead_to_one_run() {
    let app = TestApp::start().await;
    let connection = app.shop().await;
    put(&app, &connection, json!({ "cron": "0 * * * *" })).await;
    let day_ago = querent::model::clock::before(std::time::Duration::from_secs(24 * 3600));
    let past = "UPDATE schedules SET next_run_at = $1";
    app.desk().db.execute(past, &[day_ago.into()]).await.unwrap();
    app.desk().db.wake();
    let job = app
        .wait(&format!("/api/v1/jobs?connection={connection}"), |page| page["items"][0]["id"].is_string())
        .await;
    let done = ended(&app, &job["items"][0]).await;
    assert_eq!(done["job"]["state"], "succeeded", "{done}");
    let run = &done["runs"][0];
    assert_eq!(
        (&run["outcome"], &run["figures"]["tables"], &run["figures"]["changed"]),
        (&json!("succeeded"), &json!(3), &json!(false))
    );
    assert!(run["figures"]["seconds"].as_f64().unwrap() > 0.0);
    assert!(
        run["log"].as_array().unwrap().iter().any(|l| l["line"].as_str().unwrap().contains("step")),
        "{run}"
    );
    let schedule = app.get(&format!("/api/v1/connections/{connection}/schedule")).await;
    assert!(schedule["next_run_at"].as_str() > schedule["last_run_at"].as_str(), "{schedule}");
    assert_eq!(jobs_of(&app, &connection).await.len(), 1);
    let crawls = app.get(&format!("/api/v1/connections/{connection}/crawls")).await;
    assert_eq!(crawls["items"].as_array().unwrap().len(), 2, "the first, and the scheduled one");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_at_work_is_not_overlapped_and_can_be_cancelled() {
    let app = TestApp::start().await;
    let url = format!("{}?busy_timeout_ms=60000", shop(app.folder.path()));
    let (_, made) = app.post("/api/v1/connections", json!({ "name": "shop", "url": url })).await;
    let connection = made["connection"]["id"].as_str().unwrap().to_owned();
    put(&app, &connection, json!({ "cron": "0 * * * *" })).await;
    let lock = rusqlite::Connection::open(app.folder.path().join("shop.db")).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let run = format!("/api/v1/connections/{connection}/schedule/run");
    let (status, job) = app.post(&run, json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let crawls = format!("/api/v1/connections/{connection}/crawls");
    app.wait(&crawls, |page| page["items"][0]["status"] == "running").await;
    let (status, problem) = app.post(&run, json!({})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("J010")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains(job["id"].as_str().unwrap()));
    let (status, problem) = app.post(&crawls, json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    sql(&app, "UPDATE schedules SET next_run_at = created_at").await;
    let skipped = |s: &Value| s["skipped"] == 1;
    app.wait(&format!("/api/v1/connections/{connection}/schedule"), skipped).await;
    let cancel = format!("/api/v1/jobs/{}/cancel", job["id"].as_str().unwrap());
    let (status, cancelled) = app.post(&cancel, json!({})).await;
    assert_eq!((status, &cancelled["state"]), (StatusCode::OK, &json!("cancelled")), "{cancelled}");
    app.wait(&crawls, |page| page["items"][0]["status"] == "cancelled").await;
    let (status, problem) = app.post(&cancel, json!({})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("J002")), "{problem}");
    lock.execute_batch("ROLLBACK").unwrap();
    let (status, job) = app.post(&run, json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    // the cancelled one may still be ending: this one waits for its place then
    let again = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    let done = app.wait(&again, |found| !found["job"]["finished_at"].is_null()).await;
    assert_eq!(done["job"]["state"], "succeeded", "{done}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_in_a_row_pause_a_schedule_and_resuming_lets_it_go_on() {
    let app = TestApp::start().await;
    let connection = app.shop().await;
    put(&app, &connection, json!({ "cron": "0 * * * *", "max_failures": 2 })).await;
    let file = app.folder.path().join("shop.db");
    std::fs::rename(&file, app.folder.path().join("away.db")).unwrap();
    let path = format!("/api/v1/connections/{connection}/schedule");
    for failures in 1..=2 {
        let (_, job) = app.post(&format!("{path}/run"), json!({})).await;
        let detail = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
        // each attempt waits longer than the one before; here its moment comes at once
        for attempt in 1..=4 {
            let tried = |found: &Value| {
                found["runs"].as_array().unwrap().len() >= attempt && !found["runs"][0]["outcome"].is_null()
            };
            let found = app.wait(&detail, tried).await;
            assert_eq!(found["runs"][0]["outcome"], "failed", "{found}");
            if !found["job"]["finished_at"].is_null() {
                break;
            }
            sql(&app, "UPDATE jobs SET run_at = created_at WHERE state = 'queued'").await;
        }
        let done = ended(&app, &job).await;
        assert_eq!(done["job"]["state"], "failed", "{done}");
        assert!(done["job"]["error_code"].is_string() && done["job"]["error_message"].is_string());
        assert_eq!(app.get(&path).await["consecutive_failures"], failures);
    }
    let paused = app.get(&path).await;
    assert_eq!((&paused["enabled"], &paused["next_run_at"]), (&json!(false), &Value::Null));
    assert!(paused["paused_reason"].as_str().unwrap().contains("2 runs in a row failed"), "{paused}");
    std::fs::rename(app.folder.path().join("away.db"), &file).unwrap();
    let (_, resumed) = app.post(&format!("{path}/resume"), json!({})).await;
    assert_eq!((&resumed["enabled"], &resumed["consecutive_failures"]), (&json!(true), &json!(0)));
    let (_, job) = app.post(&format!("{path}/run"), json!({})).await;
    assert_eq!(ended(&app, &job).await["job"]["state"], "succeeded");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_an_unknown_kind_says_so() {
    let app = TestApp::start().await;
    let tx = app.desk().db.begin().await.unwrap();
    let made =
        jobs::enqueue(&tx, NewJob { max_attempts: 1, ..NewJob::of(JobKind::Crawl) }).await.unwrap().unwrap();
    tx.execute("UPDATE jobs SET kind = 'dance'", &[]).await.unwrap();
    tx.commit().await.unwrap();
    app.desk().db.wake();
    let done = ended(&app, &json!({ "id": made.id })).await;
    assert_eq!((&done["job"]["state"], &done["job"]["error_code"]), (&json!("failed"), &json!("J004")));
    assert!(done["job"]["error_message"].as_str().unwrap().contains("dance"));
    let unknown = format!("/api/v1/jobs/{}", Id::nil());
    expect(app.request(Method::GET, &unknown).send().await.unwrap(), StatusCode::NOT_FOUND).await;
    app.stop().await;
}
