//! Keys of programs: what they are for, how often, how long, and in which workspace.

use reqwest::header::RETRY_AFTER;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::people::{browser, hour_ago, on_both, person, turn};
use crate::test_app::{TestApp, expect};

const KEYS: &str = "/api/v1/api-keys";

async fn made(app: &TestApp, body: Value) -> (String, String) {
    let (status, made) = app.post(KEYS, body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["api_key"]["id"]), text(&made["key"]))
}

async fn with(app: &TestApp, key: &str, method: Method, path: &str, body: Value) -> Response {
    let request = app.client.request(method, format!("{}{path}", app.base)).bearer_auth(key);
    request.json(&body).send().await.unwrap()
}

async fn gets(app: &TestApp, key: &str, path: &str) -> StatusCode {
    with(app, key, Method::GET, path, json!({})).await.status()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_what_it_is_for() {
    on_both(|app| async move {
        let (id, key) = made(&app, json!({ "name": "reads", "scopes": ["chats.read", "self.*"] })).await;
        assert!(key.starts_with("qk_"));
        assert_eq!(gets(&app, &key, "/api/v1/chats").await, StatusCode::OK);
        assert_eq!(gets(&app, &key, "/api/v1/me").await, StatusCode::OK);
        let refused = with(&app, &key, Method::GET, "/api/v1/connections", json!({})).await;
        assert_eq!(expect(refused, StatusCode::FORBIDDEN).await["code"], "H040");
        let odd = json!({ "name": "x", "scopes": ["chats.fly"] });
        assert_eq!(app.post(KEYS, odd).await.1["code"], "I025");
        assert_eq!(app.post(KEYS, json!({ "name": "x", "per_minute": 0 })).await.1["code"], "I027");

        let list = app.get(KEYS).await;
        assert!(!list.to_string().contains(&key), "shown once");
        let item = &list["items"][0];
        assert!(
            key.starts_with(item["prefix"].as_str().unwrap()) && item["last_used_at"].is_string(),
            "{item}"
        );

        let (_, all) = made(&app, json!({ "name": "everything" })).await;
        assert_eq!(gets(&app, &all, "/api/v1/users").await, StatusCode::OK);
        assert_eq!(gets(&app, &all.replace("qk_", "qk_A"), "/api/v1/users").await, StatusCode::UNAUTHORIZED);
        let path = format!("{KEYS}/{id}");
        expect(app.request(Method::DELETE, &path).send().await.unwrap(), StatusCode::OK).await;
        assert_eq!(gets(&app, &key, "/api/v1/chats").await, StatusCode::UNAUTHORIZED);
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_ends_with_its_time_and_with_its_owner() {
    on_both(|app| async move {
        let ada = person(&app, "ada@example.com", "analyst", "editor").await;
        let (_, short) = made(&app, json!({ "name": "short", "expires_in_days": 1 })).await;
        assert_eq!(gets(&app, &short, "/api/v1/chats").await, StatusCode::OK);
        turn(&app, &format!("UPDATE api_keys SET expires_at = {}", hour_ago(&app))).await;
        assert_eq!(gets(&app, &short, "/api/v1/chats").await, StatusCode::UNAUTHORIZED);

        let own = browser(&app, "ada@example.com").await;
        let key = own.send(&app, Method::POST, KEYS, json!({ "name": "ada's" }), StatusCode::CREATED).await;
        let key = key["key"].as_str().unwrap();
        assert_eq!(gets(&app, key, "/api/v1/chats").await, StatusCode::OK);
        assert_eq!(gets(&app, key, "/api/v1/users").await, StatusCode::FORBIDDEN, "no more than its owner");
        let path = format!("/api/v1/users/{ada}");
        for (disabled, status) in [(true, StatusCode::UNAUTHORIZED), (false, StatusCode::OK)] {
            let request = app.request(Method::PATCH, &path).json(&json!({ "disabled": disabled }));
            expect(request.send().await.unwrap(), StatusCode::OK).await;
            assert_eq!(gets(&app, key, "/api/v1/chats").await, status);
        }
        let out = app.request(Method::DELETE, &format!("/api/v1/members/{ada}")).send().await.unwrap();
        assert_eq!(out.status(), StatusCode::NO_CONTENT);
        assert_eq!(gets(&app, key, "/api/v1/chats").await, StatusCode::UNAUTHORIZED);
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_held_to_its_pace() {
    on_both(|app| async move {
        let (_, key) = made(&app, json!({ "name": "slow", "per_minute": 3 })).await;
        let asks = (0..6).map(|_| with(&app, &key, Method::GET, "/api/v1/chats", json!({})));
        let answers = futures::future::join_all(asks).await;
        let passed = answers.iter().filter(|answer| answer.status() == StatusCode::OK).count();
        assert_eq!(passed, 3, "also side by side");
        let refused = answers.into_iter().find(|answer| answer.status() != StatusCode::OK).unwrap();
        let wait: u64 = refused.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1..=20).contains(&wait), "{wait}");
        assert_eq!(expect(refused, StatusCode::TOO_MANY_REQUESTS).await["code"], "I021");
        // a third of a minute later one more
        turn(&app, "UPDATE api_keys SET paced_until = paced_until - 20000000").await;
        assert_eq!(gets(&app, &key, "/api/v1/chats").await, StatusCode::OK);
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_works_in_its_workspace_and_makes_no_wider_one() {
    on_both(|app| async move {
        app.post("/api/v1/workspaces", json!({ "name": "Sales", "slug": "sales" })).await;
        let (_, key) =
            made(&app, json!({ "name": "keys", "scopes": ["api-keys.manage", "chats.read"] })).await;
        let elsewhere = app.client.get(format!("{}/api/v1/chats", app.base)).bearer_auth(&key);
        let elsewhere = elsewhere.header("querent-workspace", "sales").send().await.unwrap();
        assert_eq!(expect(elsewhere, StatusCode::NOT_FOUND).await["code"], "H041");
        let here = app.client.get(format!("{}/api/v1/chats", app.base)).bearer_auth(&key);
        assert_eq!(
            here.header("querent-workspace", "default").send().await.unwrap().status(),
            StatusCode::OK
        );
        for body in [json!({ "name": "x" }), json!({ "name": "x", "scopes": ["*.read"] })] {
            let wider = with(&app, &key, Method::POST, KEYS, body).await;
            assert_eq!(expect(wider, StatusCode::FORBIDDEN).await["code"], "I026");
        }
        let same =
            with(&app, &key, Method::POST, KEYS, json!({ "name": "x", "scopes": ["chats.read"] })).await;
        assert_eq!(same.status(), StatusCode::CREATED);
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_have_keys_of_their_own() {
    on_both(|app| async move {
        let ada = person(&app, "ada@example.com", "analyst", "editor").await;
        let body = json!({ "name": "Nightly report", "role": "editor" });
        let (status, service) = app.post("/api/v1/services", body).await;
        assert_eq!((status, &service["kind"]), (StatusCode::CREATED, &json!("service")), "{service}");
        let (_, key) = made(&app, json!({ "name": "report", "user_id": service["id"] })).await;
        let me = expect(with(&app, &key, Method::GET, "/api/v1/me", json!({})).await, StatusCode::OK).await;
        assert_eq!((&me["user"]["name"], &me["role"]), (&json!("Nightly report"), &json!("editor")));
        // not for people, and not by those who may not
        let for_ada = app.post(KEYS, json!({ "name": "x", "user_id": ada })).await;
        assert_eq!((for_ada.0, &for_ada.1["code"]), (StatusCode::FORBIDDEN, &json!("I028")));
        let own = browser(&app, "ada@example.com").await;
        let body = json!({ "name": "x", "user_id": service["id"] });
        own.send(&app, Method::POST, KEYS, body, StatusCode::FORBIDDEN).await;
        // one sees one's own keys, an admin all
        assert!(own.get(&app, KEYS, StatusCode::OK).await["items"].as_array().unwrap().is_empty());
        let all = app.get(KEYS).await;
        let path = format!("{KEYS}/{}", all["items"][0]["id"].as_str().unwrap());
        own.send(&app, Method::DELETE, &path, json!({}), StatusCode::NOT_FOUND).await;
        // a program has no password
        let path = format!("/api/v1/users/{}/reset-link", service["id"].as_str().unwrap());
        assert_eq!(app.post(&path, json!({})).await.1["code"], "I018");
        app
    })
    .await;
}
