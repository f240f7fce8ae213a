//! Invitations, links to a new password, people, workspaces and members: who may give what to whom.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::people::{Browser, PASSWORD, browser, hour_ago, on_both, person, turn};
use crate::test_app::{TestApp, expect};

const ACCEPT: &str = "/api/v1/auth/invitations/accept";
const INVITE: &str = "/api/v1/invitations";

async fn invited(app: &TestApp, email: &str, role: &str) -> Value {
    let (status, invited) = app.post(INVITE, json!({ "email": email, "role": role })).await;
    assert_eq!(status, StatusCode::CREATED, "{invited}");
    invited
}

async fn accept(app: &TestApp, invited: &Value, password: &str, status: StatusCode) -> Value {
    let body = json!({ "token": invited["token"], "name": "Somebody", "password": password });
    Browser::default().send(app, Method::POST, ACCEPT, body, status).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_lets_one_person_in_once() {
    on_both(|app| async move {
        let first = invited(&app, "ada@example.com", "viewer").await;
        let second = invited(&app, "Ada@Example.com", "editor").await;
        assert_eq!(
            accept(&app, &first, PASSWORD, StatusCode::NOT_FOUND).await["code"],
            "I013",
            "a newer one is there"
        );
        assert_eq!(accept(&app, &second, "password1234", StatusCode::BAD_REQUEST).await["code"], "I011");
        accept(&app, &second, PASSWORD, StatusCode::OK).await;
        assert_eq!(accept(&app, &second, PASSWORD, StatusCode::NOT_FOUND).await["code"], "I013", "used up");
        let me = browser(&app, "ada@example.com").await.get(&app, "/api/v1/me", StatusCode::OK).await;
        assert_eq!((&me["role"], &me["user"]["system_role"]), (&json!("editor"), &json!("analyst")));

        let taken = invited(&app, "ben@example.com", "viewer").await;
        let path = format!("{INVITE}/{}", taken["invitation"]["id"].as_str().unwrap());
        expect(app.request(Method::DELETE, &path).send().await.unwrap(), StatusCode::OK).await;
        accept(&app, &taken, PASSWORD, StatusCode::NOT_FOUND).await;
        let late = invited(&app, "ben@example.com", "viewer").await;
        turn(
            &app,
            &format!("UPDATE invitations SET expires_at = {} WHERE accepted_at IS NULL", hour_ago(&app)),
        )
        .await;
        accept(&app, &late, PASSWORD, StatusCode::NOT_FOUND).await;
        let list = app.get(INVITE).await;
        assert!(!list.to_string().contains("ql_"), "no token is shown again");
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_known_joins_with_the_password_that_holds() {
    on_both(|app| async move {
        person(&app, "ada@example.com", "analyst", "viewer").await;
        let more = invited(&app, "ada@example.com", "admin").await;
        let refused = accept(&app, &more, "another good passphrase", StatusCode::UNAUTHORIZED).await;
        assert_eq!(refused["code"], "I001");
        accept(&app, &more, PASSWORD, StatusCode::OK).await;
        let less = invited(&app, "ada@example.com", "viewer").await;
        accept(&app, &less, PASSWORD, StatusCode::OK).await;
        let me = browser(&app, "ada@example.com").await.get(&app, "/api/v1/me", StatusCode::OK).await;
        assert_eq!(me["role"], "admin", "an invitation lowers no role");
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_link_holds_once_and_ends_the_sessions() {
    on_both(|app| async move {
        let ada = person(&app, "ada@example.com", "analyst", "viewer").await;
        let session = browser(&app, "ada@example.com").await;
        let path = format!("/api/v1/users/{ada}/reset-link");
        let link = async || {
            let (status, link) = app.post(&path, json!({})).await;
            assert_eq!(status, StatusCode::CREATED, "{link}");
            link["token"].as_str().unwrap().to_owned()
        };
        let reset = async |token: &str, password: &str, status: StatusCode| {
            let body = json!({ "token": token, "password": password });
            Browser::default().send(&app, Method::POST, "/api/v1/auth/reset", body, status).await
        };
        let (old, new) = (link().await, link().await);
        let fresh = "another good passphrase";
        assert_eq!(reset(&old, fresh, StatusCode::NOT_FOUND).await["code"], "I013", "a newer one is there");
        assert_eq!(reset(&new, "short", StatusCode::BAD_REQUEST).await["code"], "I011");
        assert_eq!(reset(&new, "ada@example.com!", StatusCode::BAD_REQUEST).await["code"], "I011");
        reset(&new, fresh, StatusCode::NO_CONTENT).await;
        reset(&new, fresh, StatusCode::NOT_FOUND).await;
        session.get(&app, "/api/v1/me", StatusCode::UNAUTHORIZED).await;
        Browser::default().signed_in(&app, "ada@example.com", fresh).await;
        let late = link().await;
        turn(&app, &format!("UPDATE password_resets SET expires_at = {}", hour_ago(&app))).await;
        reset(&late, PASSWORD, StatusCode::NOT_FOUND).await;
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_more_than_they_have() {
    on_both(|app| async move {
        let ada = person(&app, "ada@example.com", "developer", "admin").await;
        let ben = person(&app, "ben@example.com", "analyst", "viewer").await;
        let (browser_ada, browser_ben) =
            (browser(&app, "ada@example.com").await, browser(&app, "ben@example.com").await);
        let invite = |role: &str, system: &str| json!({ "email": "new@example.com", "role": role, "system_role": system });
        for body in [invite("owner", "analyst"), invite("viewer", "admin")] {
            let refused = browser_ada.send(&app, Method::POST, INVITE, body, StatusCode::FORBIDDEN).await;
            assert_eq!(refused["code"], "I016");
        }
        browser_ada.send(&app, Method::POST, INVITE, invite("admin", "developer"), StatusCode::CREATED).await;
        let refused = browser_ben.send(&app, Method::POST, INVITE, invite("viewer", "analyst"), StatusCode::FORBIDDEN).await;
        assert_eq!(refused["code"], "H040");
        for (path, method) in [("/api/v1/users", Method::GET), ("/api/v1/users", Method::POST)] {
            let body = json!({ "email": "x@example.com", "name": "x" });
            browser_ada.send(&app, method, path, body, StatusCode::FORBIDDEN).await;
        }

        let member = |user: &str| format!("/api/v1/members/{user}");
        let role = |role: &str| json!({ "role": role });
        let owner = querent::model::ids::OWNER.to_string();
        // neither up to nor at somebody above
        browser_ada.send(&app, Method::PUT, &member(&ada), role("owner"), StatusCode::FORBIDDEN).await;
        browser_ada.send(&app, Method::PUT, &member(&owner), role("viewer"), StatusCode::FORBIDDEN).await;
        browser_ada.send(&app, Method::DELETE, &member(&owner), json!({}), StatusCode::FORBIDDEN).await;
        let put = browser_ada.send(&app, Method::PUT, &member(&ben), role("editor"), StatusCode::OK).await;
        assert_eq!(put["role"], "editor");
        browser_ada.send(&app, Method::DELETE, &member(&ben), json!({}), StatusCode::NO_CONTENT).await;
        let me = browser_ben.get(&app, "/api/v1/me", StatusCode::OK).await;
        assert!(me["workspaces"].as_array().unwrap().is_empty() && me["workspace"].is_null(), "{me}");
        browser_ben.get(&app, "/api/v1/connections", StatusCode::FORBIDDEN).await;
        // the last owner stays, and the owner of the data folder
        let remove = app.request(Method::DELETE, &member(&owner)).send().await.unwrap();
        assert_eq!(expect(remove, StatusCode::CONFLICT).await["code"], "I024");
        for body in [json!({ "disabled": true }), json!({ "system_role": "analyst" })] {
            let request = app.request(Method::PATCH, &format!("/api/v1/users/{owner}")).json(&body);
            assert_eq!(expect(request.send().await.unwrap(), StatusCode::CONFLICT).await["code"], "I017");
        }
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_added_found_and_taken_out() {
    on_both(|app| async move {
        let body = json!({ "email": "Ada@example.com", "name": "Ada 100%", "system_role": "developer" });
        let (status, ada) = app.post("/api/v1/users", body.clone()).await;
        assert_eq!((status, &ada["has_password"]), (StatusCode::CREATED, &json!(false)), "{ada}");
        assert_eq!(app.post("/api/v1/users", body).await.0, StatusCode::CONFLICT);
        let odd = json!({ "email": "no address", "name": "x" });
        assert_eq!(app.post("/api/v1/users", odd).await.1["code"], "I014");
        for (search, found) in [("ada@", 1), ("100%25", 1), ("OWNER", 1), ("nobody", 0), ("%25", 1), ("_", 0)]
        {
            let page = app.get(&format!("/api/v1/users?search={search}")).await;
            assert_eq!(page["items"].as_array().unwrap().len(), found, "{search}: {page}");
        }
        let path = format!("/api/v1/users/{}", ada["id"].as_str().unwrap());
        let gone = app.request(Method::DELETE, &path).send().await.unwrap();
        assert_eq!(gone.status(), StatusCode::NO_CONTENT);
        expect(app.request(Method::GET, &path).send().await.unwrap(), StatusCode::NOT_FOUND).await;
        // the address is free again
        person(&app, "ada@example.com", "analyst", "viewer").await;
        app
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_is_there_for_its_members_alone() {
    on_both(|app| async move {
        person(&app, "ada@example.com", "developer", "viewer").await;
        person(&app, "ben@example.com", "developer", "viewer").await;
        let (ada, ben) = (browser(&app, "ada@example.com").await, browser(&app, "ben@example.com").await);
        let new = json!({ "name": "Sales", "slug": "sales" });
        let made = ada.send(&app, Method::POST, "/api/v1/workspaces", new.clone(), StatusCode::CREATED).await;
        assert_eq!(made["role"], "owner");
        ben.send(&app, Method::POST, "/api/v1/workspaces", new, StatusCode::CONFLICT).await;
        for slug in ["", "Sales", "a b", "-x", "01900000-0000-7000-8000-000000000001"] {
            let body = json!({ "name": "x", "slug": slug });
            let refused =
                ben.send(&app, Method::POST, "/api/v1/workspaces", body, StatusCode::BAD_REQUEST).await;
            assert_eq!(refused["code"], "I022", "{slug}");
        }
        let inside = async |browser: &Browser, named: &str, status: StatusCode| {
            let request = browser.request(&app, Method::GET, "/api/v1/workspace");
            expect(request.header("querent-workspace", named).send().await.unwrap(), status).await
        };
        for named in ["sales", made["id"].as_str().unwrap()] {
            assert_eq!(inside(&ada, named, StatusCode::OK).await["slug"], "sales");
            assert_eq!(inside(&ben, named, StatusCode::NOT_FOUND).await["code"], "H041");
        }
        let close =
            ada.request(&app, Method::DELETE, "/api/v1/workspace").header("querent-workspace", "sales");
        assert_eq!(close.send().await.unwrap().status(), StatusCode::NO_CONTENT);
        inside(&ada, "sales", StatusCode::NOT_FOUND).await;
        let first = app.request(Method::DELETE, "/api/v1/workspace").send().await.unwrap();
        assert_eq!(expect(first, StatusCode::CONFLICT).await["code"], "I023");
        app
    })
    .await;
}
