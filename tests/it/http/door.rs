//! What holds for every request: the token, the description, the host, ids and headers.

use std::collections::BTreeSet;

use querent::http::routes::ROUTES;
use reqwest::header::{HOST, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::test_app::{TestApp, expect};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn described(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = METHODS.iter().filter(|m| item.get(**m).is_some());
            methods.map(|m| ((*m).to_owned(), path.clone()))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_described_and_wants_the_token() {
    let app = TestApp::start().await;
    let text =
        app.client.get(format!("{}/openapi.json", app.base)).send().await.unwrap().text().await.unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let described = described(&document);
    let routes: BTreeSet<(String, String)> =
        ROUTES.iter().map(|(m, p, _)| ((*m).into(), (*p).into())).collect();
    assert_eq!(described, routes);

    // what anyone may ask for, each judged by a person: a route that joins them is named here
    let public: BTreeSet<&str> = [
        "/",
        "/docs",
        "/openapi.json",
        "/healthz",
        "/readyz",
        "/api/v1/auth/providers",
        "/api/v1/auth/sign-in",
        "/api/v1/auth/invitations/accept",
        "/api/v1/auth/reset",
        "/api/v1/auth/oidc/{provider}/start",
        "/api/v1/auth/oidc/{provider}/callback",
    ]
    .into();
    let open: BTreeSet<&str> = ROUTES.iter().filter(|(_, _, action)| action.is_none()).map(|r| r.1).collect();
    assert_eq!(open, public);
    for (method, path) in &routes {
        let operation = &document["paths"][path][method];
        assert!(operation["summary"].is_string(), "{method} {path} has no summary");
        let open = public.contains(path.as_str());
        assert_eq!(operation["security"].is_array(), !open, "{method} {path}");
        let target =
            path.replace("{id}", "00000000-0000-7000-8000-000000000000").replace("{table}", "main.t");
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        for token in ["", "qrt_wrong"] {
            let request = app.client.request(method.clone(), format!("{}{target}", app.base));
            let request = if token.is_empty() { request } else { request.bearer_auth(token) };
            let response = request.send().await.unwrap();
            if open {
                // without a body or a sign-in that is under way some answer that those are missing
                assert_ne!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
                assert!(!response.status().is_server_error(), "{method} {path}");
                continue;
            }
            assert!(response.headers().contains_key(WWW_AUTHENTICATE), "{method} {path}");
            assert_eq!(expect(response, StatusCode::UNAUTHORIZED).await["code"], "H007", "{method} {path}");
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn references_of_the_description_lead_somewhere() {
    let app = TestApp::start().await;
    let document = app.get("/openapi.json").await;
    let text = document.to_string();
    let references: BTreeSet<&str> = text
        .split("\"$ref\":\"#/components/schemas/")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(references.contains("Problem"), "{references:?}");
    for name in references {
        assert!(document["components"]["schemas"].get(name).is_some(), "{name} is not described");
    }
    assert!(!text.contains("sealed_uri"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_name_is_refused() {
    let app = TestApp::start().await;
    for host in ["evil.example", "127.0.0.1.evil.example:80"] {
        let response =
            app.request(Method::GET, "/api/v1/connections").header(HOST, host).send().await.unwrap();
        assert_eq!(expect(response, StatusCode::MISDIRECTED_REQUEST).await["code"], "H008");
    }
    let response =
        app.request(Method::GET, "/api/v1/connections").header(HOST, "localhost:1").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_carry_an_id_and_responses_the_usual_headers() {
    let app = TestApp::start().await;
    let ask =
        |id: &'static str| app.request(Method::GET, "/api/v1/nothing").header("x-request-id", id).send();
    let response = ask("from-a-client.1").await.unwrap();
    assert_eq!(response.headers()["x-request-id"], "from-a-client.1");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(response.headers()["x-frame-options"], "DENY");
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert!(response.headers().get("access-control-allow-origin").is_none());
    assert_eq!(expect(response, StatusCode::NOT_FOUND).await["request_id"], "from-a-client.1");
    let replaced = ask("has spaces; and=more").await.unwrap();
    assert_eq!(replaced.headers()["x-request-id"].len(), 36, "one of ours");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_probes_are_open() {
    let app = TestApp::start().await;
    let get = |path: &str| app.client.get(format!("{}{path}", app.base)).send();
    assert_eq!(get("/").await.unwrap().url().path(), "/docs");
    let docs = get("/docs").await.unwrap();
    let policy = docs.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let page = docs.text().await.unwrap();
    assert!(page.contains("/openapi.json") && !page.contains("https://"), "it loads nothing from elsewhere");
    assert_eq!(expect(get("/healthz").await.unwrap(), StatusCode::OK).await["status"], "ok");
    assert_eq!(expect(get("/readyz").await.unwrap(), StatusCode::OK).await["status"], "ready");
    app.desk().db.close().await;
    assert_eq!(expect(get("/healthz").await.unwrap(), StatusCode::OK).await["status"], "ok");
    let problem = expect(get("/readyz").await.unwrap(), StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(problem["code"], "H011");
    app.stop().await;
}
