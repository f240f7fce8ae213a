//! People in tests: daemons on both stores, and browsers that keep cookies.

use std::future::Future;

use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::harness::on_postgres;
use crate::test_app::{TestApp, expect};

pub const PASSWORD: &str = "correct horse battery";

/// Runs a case against a daemon on SQLite and against one on PostgreSQL.
pub async fn on_both<F: Future<Output = TestApp>>(case: impl Fn(TestApp) -> F) {
    case(TestApp::start().await).await.stop().await;
    on_postgres(|store| {
        let case = &case;
        async move {
            let app = TestApp::with(&[("database_url", store.place.as_str())]).await;
            case(app).await.stop().await;
        }
    })
    .await;
}

/// A browser: it keeps the session's cookie, and the page in it sends the token against forgery.
#[derive(Debug, Default, Clone)]
pub struct Browser {
    pub cookie: Option<String>,
    pub csrf: Option<String>,
}

impl Browser {
    /// Takes over the cookies that an answer sets.
    pub fn keep(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap()) {
            let (pair, rest) = line.split_once(';').unwrap();
            if pair.starts_with("querent-session=") {
                assert!(rest.contains("HttpOnly") && rest.contains("SameSite=Lax"), "{line}");
                self.cookie = Some(pair.to_owned()).filter(|pair| !pair.ends_with('='));
            }
        }
    }

    /// A request with the cookie, and with the token against forgery where it changes something.
    pub fn request(&self, app: &TestApp, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.bare(app, method.clone(), path);
        if method != Method::GET
            && let Some(csrf) = &self.csrf
        {
            request = request.header("x-csrf-token", csrf);
        }
        request
    }

    /// A request with the cookie alone.
    pub fn bare(&self, app: &TestApp, method: Method, path: &str) -> RequestBuilder {
        let request = app.client.request(method, format!("{}{path}", app.base));
        match &self.cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        }
    }

    /// Signs in.
    pub async fn sign_in(&mut self, app: &TestApp, email: &str, password: &str) -> Response {
        let body = json!({ "email": email, "password": password });
        let request = self.request(app, Method::POST, "/api/v1/auth/sign-in").json(&body);
        let response = request.send().await.unwrap();
        self.keep(response.headers());
        response
    }

    /// Signs in, which must do; gives the answer.
    pub async fn signed_in(&mut self, app: &TestApp, email: &str, password: &str) -> Value {
        let answer = expect(self.sign_in(app, email, password).await, StatusCode::OK).await;
        self.csrf = answer["csrf_token"].as_str().map(str::to_owned);
        answer
    }

    /// Gets a document with the cookie.
    pub async fn get(&self, app: &TestApp, path: &str, status: StatusCode) -> Value {
        expect(self.request(app, Method::GET, path).send().await.unwrap(), status).await
    }

    /// Sends a document with the cookie.
    pub async fn send(
        &self,
        app: &TestApp,
        method: Method,
        path: &str,
        body: Value,
        status: StatusCode,
    ) -> Value {
        let response = self.request(app, method, path).json(&body).send().await.unwrap();
        let (found, text) = (response.status(), response.text().await.unwrap());
        assert_eq!(found, status, "{path}: {text}");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
    }
}

/// A person with a password and a system role who is a member of the first workspace; gives their key.
pub async fn person(app: &TestApp, email: &str, system_role: &str, role: &str) -> String {
    let body = json!({ "email": email, "role": role, "system_role": system_role });
    let (status, invited) = app.post("/api/v1/invitations", body).await;
    assert_eq!(status, StatusCode::CREATED, "{invited}");
    let body = json!({ "token": invited["token"], "name": "A Person", "password": PASSWORD });
    let response = Browser::default()
        .request(app, Method::POST, "/api/v1/auth/invitations/accept")
        .json(&body)
        .send()
        .await
        .unwrap();
    expect(response, StatusCode::OK).await["user"]["id"].as_str().unwrap().to_owned()
}

/// A browser in which somebody has signed in.
pub async fn browser(app: &TestApp, email: &str) -> Browser {
    let mut browser = Browser::default();
    browser.signed_in(app, email, PASSWORD).await;
    browser
}

/// Changes rows of the store behind the daemon's back: for time that goes by.
pub async fn turn(app: &TestApp, sql: &str) {
    use querent::store::Conn;
    assert!(app.app.db.execute(sql, &[]).await.unwrap() > 0, "{sql}");
}

/// A moment an hour ago, as the store writes it.
pub fn hour_ago(app: &TestApp) -> String {
    use querent::store::{Conn, Dialect};
    let moment = querent::model::clock::before(std::time::Duration::from_secs(3600));
    match app.app.db.dialect() {
        Dialect::Sqlite => moment.as_microsecond().to_string(),
        Dialect::Postgres => format!("'{moment}'::timestamptz"),
    }
}
