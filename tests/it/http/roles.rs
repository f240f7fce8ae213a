//! Every route with every role: exactly what the table of permissions says, nothing less and nothing more. A route that
//! joins the table is tried too.

use querent::access::{SystemRole, WorkspaceRole};
use querent::http::routes::ROUTES;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::test_app::TestApp;

/// A key that nothing has.
const NOBODY: &str = "00000000-0000-7000-8000-00000000dead";

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_exactly_what_the_table_says() {
    let app = TestApp::start().await;
    let mut tried = 0;
    for system in SystemRole::ALL {
        for role in WorkspaceRole::ALL {
            let key = key_of(&app, *system, *role).await;
            for (method, path, action) in ROUTES {
                let Some(action) = action else { continue };
                // it ends the key's own sessions or the workspace, and with them what comes after
                if matches!((*method, *path), ("delete", "/api/v1/workspace")) {
                    continue;
                }
                let refused = refused(&app, &key, method, path).await;
                let expected = !action.allows(*system, Some(*role));
                let who = format!("{} {} for {} {}", method, path, system.as_str(), role.as_str());
                assert_eq!(refused, expected, "{who}: {} needs {:?}", action.as_str(), action.least());
                tried += 1;
            }
        }
    }
    assert!(tried > 800, "{tried}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_may_no_more_than_its_scopes_say() {
    let app = TestApp::start().await;
    let body = json!({ "name": "reader", "scopes": ["*.read"] });
    let (status, made) = app.post("/api/v1/api-keys", body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let key = made["key"].as_str().unwrap();
    for (method, path, action) in ROUTES {
        let Some(action) = action else { continue };
        let expected = !action.as_str().ends_with(".read");
        assert_eq!(refused(&app, key, method, path).await, expected, "{method} {path}: {}", action.as_str());
    }
    app.stop().await;
}

/// A key of a program with those roles.
async fn key_of(app: &TestApp, system: SystemRole, role: WorkspaceRole) -> String {
    let name = format!("{} {}", system.as_str(), role.as_str());
    let service = json!({ "name": name, "system_role": system.as_str(), "role": role.as_str() });
    let (status, made) = app.post("/api/v1/services", service).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let id = made["id"].as_str().or(made["user"]["id"].as_str()).unwrap();
    let (status, made) = app.post("/api/v1/api-keys", json!({ "name": name, "user_id": id })).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made["key"].as_str().unwrap().to_owned()
}

/// Whether a request is refused because its caller may not do that; nothing that it names is there.
async fn refused(app: &TestApp, key: &str, method: &str, path: &str) -> bool {
    let mut target = path.to_owned();
    while let Some((before, rest)) = target.clone().split_once('{') {
        let after = rest.split_once('}').unwrap().1;
        target = format!("{before}{NOBODY}{after}");
    }
    let name = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    let mut request = app.client.request(name, format!("{}{target}", app.base)).bearer_auth(key);
    if matches!(method, "post" | "put" | "patch") {
        request = request.json(&json!({}));
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    assert_ne!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
    assert!(!status.is_server_error(), "{method} {path}: {status}");
    let body: Value = response.json().await.unwrap_or_default();
    body["code"] == "H040"
}
