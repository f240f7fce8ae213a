//! Sign-in with a real identity provider: tests/servers/oidc.sh starts it.

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use url::Url;

use super::people::{Browser, person};
use crate::test_app::{TestApp, expect};

fn provider_url() -> String {
    std::env::var("QUERENT_TEST_OIDC_URL").unwrap_or_else(|_| {
        panic!(
            "QUERENT_TEST_OIDC_URL is not set: start a provider with `tests/servers/oidc.sh start` and export the \
             line it prints, or run `make test`"
        )
    })
}

async fn daemon(more: &str) -> TestApp {
    let file = format!(
        "[oidc.test]\ntitle = \"The tests\"\nissuer = \"{}\"\nclient_id = \"querent\"\n\
         client_secret = \"a secret of the tests\"\n{more}",
        provider_url()
    );
    TestApp::configured(&file, &[]).await
}

const OPEN: &str = "create_users = true\nsystem_roles = [\"it=admin\", \"data=developer\"]\n\
                    workspace_roles = [\"data=default:editor\", \"it=default:admin\"]\n";

/// Somebody's browser at both sides: it follows nothing by itself.
struct Person {
    client: Client,
    cookies: Vec<(String, String)>,
}

impl Person {
    fn new() -> Person {
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Person { client, cookies: Vec::new() }
    }

    fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    async fn go(&mut self, method: Method, url: &str, form: &[(&str, &str)]) -> Response {
        let line = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
        let mut request = self.client.request(method, url).header(COOKIE, line);
        if !form.is_empty() {
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        }
        let response = request.send().await.unwrap();
        for line in response.headers().get_all(SET_COOKIE) {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        response
    }

    /// From the daemon to the provider, through its pages, and up to the address that leads back.
    async fn way_back(&mut self, app: &TestApp, login: &str) -> String {
        let start = format!("{}/api/v1/auth/oidc/test/start?return_to=/chats", app.base);
        let response = self.go(Method::GET, &start, &[]).await;
        let mut url = next(&start, &response);
        for _ in 0..12 {
            if url.starts_with(&app.base) {
                return url;
            }
            let response = self.go(Method::GET, &url, &[]).await;
            if response.status().is_redirection() {
                url = next(&url, &response);
                continue;
            }
            // a page of the provider: a login, then a consent
            let page = response.text().await.unwrap();
            let action = page.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            let prompt = if page.contains("name=\"login\"") { "login" } else { "consent" };
            let form = [("prompt", prompt), ("login", login), ("password", "any")];
            let response = self.go(Method::POST, &action, &form).await;
            url = next(&action, &response);
        }
        panic!("the provider leads nowhere: {url}");
    }

    async fn sign_in(&mut self, app: &TestApp, login: &str) -> Response {
        let back = self.way_back(app, login).await;
        self.go(Method::GET, &back, &[]).await
    }

    async fn me(&self, app: &TestApp) -> Value {
        let cookie = format!("querent-session={}", self.cookie("querent-session").unwrap());
        let browser = Browser { cookie: Some(cookie), csrf: None };
        browser.get(app, "/api/v1/me", StatusCode::OK).await
    }
}

fn next(from: &str, response: &Response) -> String {
    assert!(response.status().is_redirection(), "{from}: {}", response.status());
    Url::parse(from).unwrap().join(response.headers()[LOCATION].to_str().unwrap()).unwrap().to_string()
}

/// The provider knows the daemon under a loopback address with any port; a name for each test keeps them apart.
fn login(test: &str, groups: &str) -> String {
    format!("{test}-{}~{groups}", querent::model::new_id().simple())
}

fn email(login: &str) -> String {
    format!("{}@people.example", login.split('~').next().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_comes_in_with_the_roles_of_their_groups() {
    let app = daemon(OPEN).await;
    let providers = app.get("/api/v1/auth/providers").await;
    assert_eq!(providers, json!({ "items": [{ "name": "test", "title": "The tests" }] }));
    let name = login("ada", "");
    let plain = name.trim_end_matches('~');
    let mut ada = Person::new();
    let response = ada.sign_in(&app, &format!("{plain}~data,sales")).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "{}", response.text().await.unwrap());
    assert_eq!(response.headers()[LOCATION], "/chats");
    assert!(ada.cookie("querent-oidc").is_none(), "used up");
    let me = ada.me(&app).await;
    assert_eq!(me["user"]["email"], email(&name));
    assert_eq!(me["user"]["name"], format!("Person {plain}"));
    assert_eq!((&me["user"]["system_role"], &me["role"]), (&json!("developer"), &json!("editor")));
    // the next time with other groups: another browser, the same person
    let mut again = Person::new();
    again.sign_in(&app, &format!("{plain}~it")).await;
    let other = again.me(&app).await;
    assert_eq!(other["user"]["id"], me["user"]["id"]);
    assert_eq!((&other["user"]["system_role"], &other["role"]), (&json!("admin"), &json!("admin")));
    // and with none: what the provider gave is gone
    let mut last = Person::new();
    last.sign_in(&app, &format!("{plain}~")).await;
    let least = last.me(&app).await;
    assert_eq!((&least["user"]["system_role"], &least["role"]), (&json!("analyst"), &Value::Null));
    let trail = app.get("/api/v1/audits?limit=200").await.to_string();
    assert!(trail.contains("member.follow") && trail.contains("oidc:test"), "{trail}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_good_once_in_the_browser_that_asked() {
    let app = daemon(OPEN).await;
    let mut ada = Person::new();
    let back = ada.way_back(&app, &login("ada", "")).await;
    let refused = async |person: &mut Person, url: &str, code: &str| {
        let response = person.go(Method::GET, url, &[]).await;
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["code"], code, "{status} {answer}");
        assert!(person.cookie("querent-session").is_none());
    };
    // somebody else's browser: a forged way in, and one with a sign-in of its own
    refused(&mut Person::new(), &back, "I032").await;
    let mut ben = Person::new();
    ben.way_back(&app, &login("ben", "")).await;
    refused(&mut ben, &back, "I032").await;
    // another state, none
    let url = Url::parse(&back).unwrap();
    let without = |name: &str| {
        let mut changed = url.clone();
        let pairs: Vec<_> = url.query_pairs().filter(|(key, _)| key != name).collect();
        changed.query_pairs_mut().clear().extend_pairs(pairs);
        changed
    };
    refused(&mut ada, without("state").as_str(), "I032").await;
    let mut other = without("state");
    other.query_pairs_mut().append_pair("state", "guess");
    refused(&mut ada, other.as_str(), "I032").await;
    // the right one, then again
    let flow = ada.cookies.clone();
    assert_eq!(ada.go(Method::GET, &back, &[]).await.status(), StatusCode::SEE_OTHER);
    let mut replay = Person::new();
    replay.cookies = flow.into_iter().filter(|(name, _)| name == "querent-oidc").collect();
    refused(&mut replay, &back, "I032").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_belongs_to_its_own_sign_in() {
    let app = daemon(OPEN).await;
    let (mut ada, mut eve) = (Person::new(), Person::new());
    let of_eve = eve.way_back(&app, &login("eve", "it")).await;
    let of_ada = ada.way_back(&app, &login("ada", "")).await;
    // the code of one with the state of the other: PKCE and nonce belong to another browser
    let code = Url::parse(&of_eve).unwrap().query_pairs().find(|(k, _)| k == "code").unwrap().1.into_owned();
    let mut mixed = Url::parse(&of_ada).unwrap();
    let pairs: Vec<(String, String)> = mixed
        .query_pairs()
        .map(|(k, v)| (k.to_string(), if k == "code" { code.clone() } else { v.to_string() }))
        .collect();
    mixed.query_pairs_mut().clear().extend_pairs(pairs);
    let response = ada.go(Method::GET, mixed.as_str(), &[]).await;
    assert_eq!(expect(response, StatusCode::UNAUTHORIZED).await["code"], "I031");
    // an answer in somebody else's name
    let mut ben = Person::new();
    let mut elsewhere = Url::parse(&ben.way_back(&app, &login("ben", "")).await).unwrap();
    let pairs: Vec<(String, String)> = elsewhere
        .query_pairs()
        .map(|(k, v)| (k.to_string(), if k == "iss" { "https://evil.example".into() } else { v.to_string() }))
        .collect();
    elsewhere.query_pairs_mut().clear().extend_pairs(pairs);
    let response = ben.go(Method::GET, elsewhere.as_str(), &[]).await;
    assert_eq!(expect(response, StatusCode::UNAUTHORIZED).await["code"], "I031");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_are_meant_come_in() {
    let refused = async |app: &TestApp, login: &str| {
        let response = Person::new().sign_in(app, login).await;
        assert_eq!(expect(response, StatusCode::FORBIDDEN).await["code"], "I033", "{login}");
    };
    let open = daemon(OPEN).await;
    let name = login("ada", "");
    let plain = name.trim_end_matches('~');
    // an address that the provider does not stand for
    refused(&open, &format!("{plain}+unverified~it")).await;
    open.stop().await;

    let domains = daemon("create_users = true\ndomains = [\"example.com\"]\n").await;
    refused(&domains, plain).await;
    domains.stop().await;

    let closed = daemon("").await;
    refused(&closed, plain).await;
    // who was invited comes in with what the invitation says
    let body = json!({ "email": email(&name), "role": "viewer", "system_role": "developer" });
    assert_eq!(closed.post("/api/v1/invitations", body).await.0, StatusCode::CREATED);
    let mut ada = Person::new();
    assert_eq!(ada.sign_in(&closed, plain).await.status(), StatusCode::SEE_OTHER);
    let me = ada.me(&closed).await;
    assert_eq!((&me["user"]["system_role"], &me["role"]), (&json!("developer"), &json!("viewer")));
    // and who was there before is the same person
    let other = login("ben", "");
    let known = person(&closed, &email(&other), "analyst", "editor").await;
    let mut ben = Person::new();
    ben.sign_in(&closed, other.trim_end_matches('~')).await;
    assert_eq!(ben.me(&closed).await["user"]["id"], known);
    // until they are shut out
    let path = format!("/api/v1/users/{known}");
    let disable = closed.request(Method::PATCH, &path).json(&json!({ "disabled": true }));
    expect(disable.send().await.unwrap(), StatusCode::OK).await;
    refused(&closed, other.trim_end_matches('~')).await;
    closed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_leads_to_known_providers_and_back_to_this_daemon() {
    let app = daemon("").await;
    let get = async |path: &str| app.client.get(format!("{}{path}", app.base)).send().await.unwrap();
    let start = "/api/v1/auth/oidc/test/start";
    expect(get("/api/v1/auth/oidc/other/start").await, StatusCode::NOT_FOUND).await;
    for bad in ["//evil.example", "https://evil.example", "/%5Cevil.example"] {
        let answer = expect(get(&format!("{start}?return_to={bad}")).await, StatusCode::BAD_REQUEST).await;
        assert_eq!(answer["code"], "I035", "{bad}");
    }
    let mut person = Person::new();
    let response = person.go(Method::GET, &format!("{}{start}", app.base), &[]).await;
    let url = Url::parse(response.headers()[LOCATION].to_str().unwrap()).unwrap();
    let value = |name: &str| url.query_pairs().find(|(k, _)| k == name).map(|(_, v)| v.into_owned());
    assert_eq!(value("code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(value("response_type").as_deref(), Some("code"));
    assert!(value("state").is_some() && value("nonce").is_some() && value("code_challenge").is_some());
    let kept = person.cookie("querent-oidc").unwrap().to_owned();
    assert!(!url.as_str().contains(&kept), "what the browser keeps does not leave it for the provider");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_there_is_told() {
    let file = "[oidc.gone]\nissuer = \"http://127.0.0.1:9\"\nclient_id = \"querent\"\n";
    let app = TestApp::configured(file, &[]).await;
    let url = format!("{}/api/v1/auth/oidc/gone/start", app.base);
    let answer = expect(app.client.get(url).send().await.unwrap(), StatusCode::BAD_GATEWAY).await;
    assert_eq!(answer["code"], "I030");
    app.stop().await;
}
