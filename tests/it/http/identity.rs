//! Sign-in and sessions: what holds, what ends, what is refused, and what a failure tells.

use reqwest::header::{COOKIE, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::people::{Browser, PASSWORD, browser, hour_ago, on_both, person, turn};
use crate::test_app::{TestApp, expect};

const ME: &str = "/api/v1/me";

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_sets_a_password_once_and_signs_in() {
    on_both(|app| async move {
        let setup = json!({ "email": "Owner@Example.com", "name": "Olga", "password": PASSWORD });
        let weak = json!({ "email": "Owner@Example.com", "password": "password1234" });
        let (status, refused) = app.post("/api/v1/auth/setup", weak).await;
        assert_eq!((status, &refused["code"]), (StatusCode::BAD_REQUEST, &json!("I011")));
        let (status, owner) = app.post("/api/v1/auth/setup", setup.clone()).await;
        assert_eq!((status, &owner["email"]), (StatusCode::OK, &json!("owner@example.com")), "{owner}");
        assert_eq!(app.post("/api/v1/auth/setup", setup).await.1["code"], "I019");

        let mut browser = Browser::default();
        let answer = browser.signed_in(&app, "owner@example.com", PASSWORD).await;
        assert_eq!(answer["user"]["name"], "Olga");
        let me = browser.get(&app, ME, StatusCode::OK).await;
        assert_eq!(me["user"]["system_role"], "admin");
        assert_eq!(me["role"], "owner");
        assert_eq!(me["csrf_token"], answer["csrf_token"]);
        assert!(me["permissions"].as_array().unwrap().contains(&json!("users.manage")));

        browser.send(&app, Method::POST, "/api/v1/auth/sign-out", json!({}), StatusCode::NO_CONTENT).await;
        let gone = browser.get(&app, ME, StatusCode::UNAUTHORIZED).await;
        assert_eq!(gone["code"], "H007");
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_says_and_costs_the_same_whether_there_is_such_a_user() {
    on_both(|app| async move {
        person(&app, "ada@example.com", "analyst", "editor").await;
        let mut told = Vec::new();
        for email in ["ada@example.com", "nobody@example.com"] {
            let before = app.app.auth.hasher.checks();
            let response = Browser::default().sign_in(&app, email, "a wrong password").await;
            assert!(response.headers().contains_key(WWW_AUTHENTICATE));
            let mut answer = expect(response, StatusCode::UNAUTHORIZED).await;
            answer["request_id"] = Value::Null;
            assert_eq!(app.app.auth.hasher.checks() - before, 1, "one hash is computed for {email}");
            told.push(answer);
        }
        assert_eq!(told[0], told[1]);
        // somebody who may not sign in is as unknown
        turn(
            &app,
            &format!("UPDATE users SET disabled_at = {} WHERE email = 'ada@example.com'", hour_ago(&app)),
        )
        .await;
        let mut answer = expect(
            Browser::default().sign_in(&app, "ada@example.com", PASSWORD).await,
            StatusCode::UNAUTHORIZED,
        )
        .await;
        answer["request_id"] = Value::Null;
        assert_eq!(answer, told[0]);
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_slowed_down_and_nobody_is_locked_out_for_good() {
    on_both(|app| async move {
        person(&app, "ada@example.com", "analyst", "editor").await;
        for email in ["ada@example.com", "nobody@example.com"] {
            for guess in 0..5 {
                let response = Browser::default().sign_in(&app, email, &format!("a guess {guess}")).await;
                assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{email} {guess}");
            }
            let before = app.app.auth.hasher.checks();
            let response = Browser::default().sign_in(&app, email, PASSWORD).await;
            let wait: u64 = response.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
            assert!((1..=900).contains(&wait), "{wait}");
            assert_eq!(expect(response, StatusCode::TOO_MANY_REQUESTS).await["code"], "I012");
            assert_eq!(app.app.auth.hasher.checks(), before, "no guess is looked at in a pause");
        }
        // the pause is over
        turn(&app, &format!("UPDATE sign_in_attempts SET blocked_until = {}", hour_ago(&app))).await;
        let mut ada = Browser::default();
        ada.signed_in(&app, "ada@example.com", PASSWORD).await;
        // and what was counted for the account is forgotten
        for _ in 0..4 {
            let response = Browser::default().sign_in(&app, "ada@example.com", "another guess").await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        }
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_side_by_side_count_too() {
    on_both(|app| async move {
        let guess = |n: usize| {
            let app = &app;
            async move { Browser::default().sign_in(app, "ada@example.com", &format!("guess {n}")).await.status() }
        };
        let answers = futures::future::join_all((0..20).map(guess)).await;
        let looked_at = answers.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count();
        // on a machine that is very slow the first pauses end before the last guess comes
        assert!((5..20).contains(&looked_at), "{answers:?}");
        assert!(answers.contains(&StatusCode::TOO_MANY_REQUESTS), "{answers:?}");
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_never_taken_over_from_what_a_client_brings() {
    on_both(|app| async move {
        person(&app, "ada@example.com", "analyst", "editor").await;
        // a cookie that somebody planted
        let planted = format!("querent-session=qs_{}", "A".repeat(43));
        let mut victim = Browser { cookie: Some(planted.clone()), csrf: None };
        victim.signed_in(&app, "ada@example.com", PASSWORD).await;
        assert_ne!(victim.cookie.as_deref(), Some(planted.as_str()));
        let attacker = Browser { cookie: Some(planted), csrf: None };
        attacker.get(&app, ME, StatusCode::UNAUTHORIZED).await;
        // a session of one's own before
        let first = victim.clone();
        victim.signed_in(&app, "ada@example.com", PASSWORD).await;
        assert_ne!(first.cookie, victim.cookie);
        first.get(&app, ME, StatusCode::UNAUTHORIZED).await;
        // two of the same name: one of them is not of this daemon
        let both = format!("{}; {}", victim.cookie.as_deref().unwrap(), first.cookie.as_deref().unwrap());
        let request = app.client.get(format!("{}{ME}", app.base)).header(COOKIE, both);
        expect(request.send().await.unwrap(), StatusCode::UNAUTHORIZED).await;
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_changes_nothing() {
    let app = TestApp::start().await;
    person(&app, "ada@example.com", "analyst", "editor").await;
    let ada = browser(&app, "ada@example.com").await;
    let rename = |browser: &Browser| browser.request(&app, Method::PATCH, ME).json(&json!({ "name": "Ada" }));
    let refused = async |request: reqwest::RequestBuilder| {
        let answer = expect(request.send().await.unwrap(), StatusCode::FORBIDDEN).await;
        assert_eq!(answer["code"], "I020");
    };
    let bare = || ada.bare(&app, Method::PATCH, ME).json(&json!({ "name": "Ada" }));
    refused(bare()).await;
    refused(bare().header("x-csrf-token", "guess")).await;
    let other = browser(&app, "ada@example.com").await;
    refused(bare().header("x-csrf-token", other.csrf.as_deref().unwrap())).await;
    refused(rename(&ada).header("sec-fetch-site", "cross-site")).await;
    refused(rename(&ada).header("sec-fetch-site", "same-site")).await;
    refused(rename(&ada).header(ORIGIN, "https://evil.example")).await;
    refused(rename(&ada).header(ORIGIN, "null")).await;
    let same = rename(&ada).header("sec-fetch-site", "same-origin").header(ORIGIN, &app.base);
    assert_eq!(expect(same.send().await.unwrap(), StatusCode::OK).await["name"], "Ada");

    // signing a victim in as somebody else
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let url = format!("{}/api/v1/auth/sign-in", app.base);
    refused(app.client.post(&url).json(&body).header(ORIGIN, "https://evil.example")).await;
    // a form cannot send JSON
    let form = app.client.post(&url).header("content-type", "text/plain").body(body.to_string());
    expect(form.send().await.unwrap(), StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
    // a token in a header is not sent by a browser by itself
    let request = app.request(Method::PATCH, ME).json(&json!({ "name": "Olga" }));
    expect(request.header(ORIGIN, "https://tool.example").send().await.unwrap(), StatusCode::OK).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end() {
    on_both(|app| async move {
        let ada = person(&app, "ada@example.com", "analyst", "editor").await;
        let past = hour_ago(&app);
        let gone = async |browser: &Browser, how: &str| {
            let answer = browser.get(&app, ME, StatusCode::UNAUTHORIZED).await;
            assert_eq!(answer["code"], "H007", "{how}");
        };
        let idle = browser(&app, "ada@example.com").await;
        turn(&app, &format!("UPDATE sessions SET last_seen_at = {past}")).await;
        idle.get(&app, ME, StatusCode::OK).await;
        let day_ago = "last_seen_at - 86400000000";
        let day_ago = if past.contains("timestamptz") { "last_seen_at - interval '1 day'" } else { day_ago };
        turn(&app, &format!("UPDATE sessions SET last_seen_at = {day_ago}")).await;
        gone(&idle, "too long without use").await;

        let old = browser(&app, "ada@example.com").await;
        turn(&app, &format!("UPDATE sessions SET expires_at = {past}")).await;
        gone(&old, "too old").await;

        let disabled = browser(&app, "ada@example.com").await;
        let path = format!("/api/v1/users/{ada}");
        let patch = async |body: Value| {
            let request = app.request(Method::PATCH, &path).json(&body);
            expect(request.send().await.unwrap(), StatusCode::OK).await
        };
        patch(json!({ "disabled": true })).await;
        gone(&disabled, "disabled").await;
        patch(json!({ "disabled": false })).await;
        gone(&disabled, "enabled again: the session stays ended").await;

        let raised = browser(&app, "ada@example.com").await;
        patch(json!({ "system_role": "developer" })).await;
        gone(&raised, "with another role a new session is needed").await;
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sees_and_ends_ones_sessions() {
    on_both(|app| async move {
        person(&app, "ada@example.com", "analyst", "editor").await;
        person(&app, "ben@example.com", "analyst", "editor").await;
        let (here, there) = (browser(&app, "ada@example.com").await, browser(&app, "ada@example.com").await);
        let ben = browser(&app, "ben@example.com").await;
        let list = here.get(&app, "/api/v1/me/sessions", StatusCode::OK).await;
        let items = list["items"].as_array().unwrap();
        // with the one that accepting the invitation made
        assert_eq!(items.len(), 3);
        assert!(items[1]["current"] == true && items[0]["current"] == false, "{list}");
        assert!(!list.to_string().contains("qs_"), "no token is shown");
        let path = format!("/api/v1/me/sessions/{}", items[0]["id"].as_str().unwrap());
        // of somebody else it does not exist
        ben.send(&app, Method::DELETE, &path, json!({}), StatusCode::NOT_FOUND).await;
        here.send(&app, Method::DELETE, &path, json!({}), StatusCode::NO_CONTENT).await;
        there.get(&app, ME, StatusCode::UNAUTHORIZED).await;
        let ended = here
            .send(&app, Method::POST, "/api/v1/auth/sign-out-everywhere", json!({}), StatusCode::OK)
            .await;
        assert_eq!(ended["ended"], 2);
        here.get(&app, ME, StatusCode::UNAUTHORIZED).await;
        ben.get(&app, ME, StatusCode::OK).await;
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_new_password_every_session_is_new() {
    on_both(|app| async move {
        person(&app, "ada@example.com", "analyst", "editor").await;
        let (mut here, there) =
            (browser(&app, "ada@example.com").await, browser(&app, "ada@example.com").await);
        let before = here.clone();
        let change = |current: &str| json!({ "current": current, "new": "another good passphrase" });
        let wrong = here
            .send(&app, Method::POST, "/api/v1/me/password", change("wrong"), StatusCode::BAD_REQUEST)
            .await;
        assert_eq!(wrong["code"], "I002");
        let request = here.request(&app, Method::POST, "/api/v1/me/password").json(&change(PASSWORD));
        let response = request.send().await.unwrap();
        here.keep(response.headers());
        here.csrf = expect(response, StatusCode::OK).await["csrf_token"].as_str().map(str::to_owned);
        assert_ne!(before.cookie, here.cookie);
        here.get(&app, ME, StatusCode::OK).await;
        before.get(&app, ME, StatusCode::UNAUTHORIZED).await;
        there.get(&app, ME, StatusCode::UNAUTHORIZED).await;
        let old = Browser::default().sign_in(&app, "ada@example.com", PASSWORD).await;
        assert_eq!(old.status(), StatusCode::UNAUTHORIZED);
        Browser::default().signed_in(&app, "ada@example.com", "another good passphrase").await;
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_tells_of_sign_ins_without_secrets() {
    let app = TestApp::start().await;
    person(&app, "ada@example.com", "analyst", "editor").await;
    let ada = browser(&app, "ada@example.com").await;
    Browser::default().sign_in(&app, "ada@example.com", "my wrong password").await;
    Browser::default().sign_in(&app, "typed in the wrong field", "my wrong password").await;
    let text = app.get("/api/v1/audits?limit=200").await.to_string();
    for action in
        ["session.create", "session.refuse", "invitation.create", "invitation.accept", "user.create"]
    {
        assert!(text.contains(action), "{action}");
    }
    let token = ada.cookie.as_deref().unwrap().split('=').next_back().unwrap();
    for secret in [PASSWORD, "wrong password", "wrong field", token, "ql_", "argon2", "ada@example.com"] {
        assert!(!text.contains(secret), "{secret}");
    }
    app.stop().await;
}

/// Prints how long a failure takes with and without such a user. It asserts nothing: on a busy machine times say little.
#[tokio::test(flavor = "multi_thread")]
async fn times_of_a_failure() {
    let app = TestApp::start().await;
    person(&app, "ada@example.com", "analyst", "editor").await;
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..15 {
        for (place, email) in ["ada@example.com", "nobody@example.com"].into_iter().enumerate() {
            let watch = querent::model::clock::Stopwatch::start();
            let response = Browser::default().sign_in(&app, email, "a wrong password").await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
            times[place].push(watch.elapsed());
            turn(&app, "DELETE FROM sign_in_attempts").await;
        }
    }
    let median = |times: &mut Vec<std::time::Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let [known, unknown] = &mut times;
    println!(
        "a wrong password: {:?} with such a user, {:?} without (medians of 15)",
        median(known),
        median(unknown)
    );
    app.stop().await;
}
