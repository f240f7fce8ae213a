//! Quotas: judged before work, counted after it, and what a client is told when one is used up.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::test_app::{TestApp, expect};

async fn set(app: &TestApp, quota: Value) -> Value {
    let request = app.request(Method::PUT, "/api/v1/quotas").json(&quota);
    expect(request.send().await.unwrap(), StatusCode::OK).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_of_rows_stops_the_next_execution_and_not_this_one() {
    let app = TestApp::start().await;
    let shop = app.shop().await;
    let query = app.query(&shop, "SELECT n FROM counters WHERE n <= 10").await;
    let run = async || {
        let path = format!("{query}/executions");
        app.request(Method::POST, &path).json(&json!({})).send().await.unwrap()
    };
    let quota = set(&app, json!({ "measure": "rows", "period": "day", "amount": 15 })).await;
    for _ in 0..2 {
        let execution = expect(run().await, StatusCode::ACCEPTED).await;
        app.ended(&format!("/api/v1/executions/{}", execution["id"].as_str().unwrap())).await;
    }
    let refused = run().await;
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&wait), "{wait}");
    let problem = expect(refused, StatusCode::TOO_MANY_REQUESTS).await;
    assert_eq!(problem["code"], "E020", "{problem}");
    let listed = app.get("/api/v1/quotas").await;
    assert_eq!((&listed[0]["used"], &listed[0]["amount"]), (&json!(20), &json!(15)), "{listed}");

    let chat = app.chat(&shop).await;
    let (status, problem) =
        app.post(&format!("{chat}/messages"), json!({ "text": "How many customers are there?" })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("E020")));

    let again = set(&app, json!({ "measure": "rows", "period": "day", "amount": 1000 })).await;
    assert_eq!(again["id"], quota["id"], "one for a subject, measure and period");
    set(&app, json!({ "subject": "owner", "measure": "rows", "period": "month", "amount": 5 })).await;
    let problem = expect(run().await, StatusCode::TOO_MANY_REQUESTS).await;
    assert!(problem["detail"].as_str().unwrap().contains("your quota of rows for the month"), "{problem}");
    set(
        &app,
        json!({ "subject": uuid::Uuid::nil().to_string(), "measure": "rows", "period": "day", "amount": 0 }),
    )
    .await;
    for listed in app.get("/api/v1/quotas").await.as_array().unwrap() {
        if listed["subject"] == "owner" {
            let path = format!("/api/v1/quotas/{}", listed["id"].as_str().unwrap());
            let gone = app.request(Method::DELETE, &path).send().await.unwrap();
            assert_eq!(gone.status(), StatusCode::NO_CONTENT);
        }
    }
    expect(run().await, StatusCode::ACCEPTED).await;
    let bad = app.request(Method::PUT, "/api/v1/quotas");
    let bad = bad.json(&json!({ "subject": "ann", "measure": "rows", "period": "day", "amount": 1 }));
    assert_eq!(expect(bad.send().await.unwrap(), StatusCode::BAD_REQUEST).await["code"], "E021");
    app.stop().await;
}
