//! Review: who approves what, what is kept of the way there, and answers that wait for it.

use querent::access::WorkspaceRole::Editor;
use querent::error::Result;
use querent::model::Id;
use querent::queries::knowledge::Kept;
use querent::queries::review;
use querent::store::{self, Conn};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Person, person, team_suite};
use crate::test_app::{TestApp, expect};

team_suite!(
    a_query_goes_the_ways_that_there_are,
    every_text_is_kept_with_who_and_why,
    nobody_approves_their_own_where_four_eyes_are_wanted,
    an_answer_waits_until_somebody_approves_it,
    a_refused_answer_ends_with_that,
    a_sure_answer_runs_where_answers_are_guarded,
    an_answer_whose_asker_left_is_given_up,
    a_reviewer_sees_everything_at_once,
);

const CUSTOMERS: &str = "How many customers are there?";

fn code<T>(outcome: Result<T>) -> &'static str {
    match outcome {
        Ok(_) => "ok",
        Err(error) => error.code,
    }
}

fn key(path: &str) -> Id {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

async fn approve(person: &Person, query: Id) -> Result<Kept<querent::model::Query>> {
    let query = store::queries::get(&person.desk.db, query).await?;
    review::approve(&person.desk.db, &person.desk.sources, query, None).await
}

async fn options(app: &TestApp, connection: &str, options: Value) {
    let path = format!("/api/v1/connections/{connection}");
    let change = app.request(Method::PATCH, &path).json(&json!({ "options": options }));
    expect(change.send().await.unwrap(), StatusCode::OK).await;
}

async fn asked(app: &TestApp, chat: &str, text: &str) -> Value {
    let (status, reply) = app.post(&format!("{chat}/messages"), json!({ "text": text })).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    reply
}

/// The last message of a chat, once it does not wait any more.
async fn ended(app: &TestApp, chat: &str) -> Value {
    let last = |messages: &Value| messages["items"].as_array().unwrap().last().unwrap().clone();
    let messages =
        app.wait(&format!("{chat}/messages"), |messages| last(messages)["status"] != "waiting").await;
    last(&messages)
}

async fn a_query_goes_the_ways_that_there_are(app: TestApp) {
    let connection = app.shop().await;
    let query = app.query(&connection, "SELECT name FROM customers").await;
    let post = async |verb: &str, body: Value| app.post(&format!("{query}/{verb}"), body).await;
    for (verb, body, status, found) in [
        ("reject", json!({ "reason": "no" }), StatusCode::CONFLICT, "A032"),
        ("withdraw", json!({}), StatusCode::CONFLICT, "A032"),
        ("propose", json!({}), StatusCode::OK, "proposed"),
        ("propose", json!({}), StatusCode::CONFLICT, "A032"),
        ("withdraw", json!({}), StatusCode::OK, "draft"),
        ("propose", json!({}), StatusCode::OK, "proposed"),
        ("reject", json!({ "reason": " " }), StatusCode::BAD_REQUEST, "A063"),
        ("reject", json!({ "reason": "counts twice" }), StatusCode::OK, "rejected"),
        ("approve", json!({}), StatusCode::CONFLICT, "A032"),
        ("archive", json!({}), StatusCode::OK, "archived"),
        ("approve", json!({}), StatusCode::CONFLICT, "A032"),
        ("unarchive", json!({}), StatusCode::OK, "draft"),
        ("approve", json!({ "reason": "right" }), StatusCode::OK, "approved"),
        ("archive", json!({}), StatusCode::OK, "archived"),
    ] {
        let (got, answer) = post(verb, body).await;
        assert_eq!(got, status, "{verb}: {answer}");
        let field = if got == StatusCode::OK { "state" } else { "code" };
        assert_eq!(answer[field], found, "{verb}: {answer}");
    }
    let notes = app.get("/api/v1/notifications").await;
    let told: Vec<&Value> =
        notes["items"].as_array().unwrap().iter().filter(|n| n["kind"] == "review").collect();
    assert_eq!(told.len(), 2, "each proposal is told once: {notes}");
    assert_eq!(told[0]["subject_id"], key(&query).to_string());
    let audits = app.get("/api/v1/audits").await;
    let line = audits["items"].as_array().unwrap().iter().find(|a| a["action"] == "query.reject").unwrap();
    assert_eq!(
        (&line["details"]["before"], &line["details"]["after"]),
        (&json!("proposed"), &json!("rejected"))
    );
    assert_eq!(app.get("/api/v1/queries?state=archived").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.get("/api/v1/queries?state=approved").await["items"], json!([]));
    app.stop().await;
}

async fn every_text_is_kept_with_who_and_why(app: TestApp) {
    let connection = app.shop().await;
    let query = app.query(&connection, "select name from customers").await;
    let (status, _) = app.post(&format!("{query}/approve"), json!({})).await;
    assert_eq!(status, StatusCode::OK);
    let edit = async |sql: &str, reason: &str| {
        let body = json!({ "sql": sql, "reason": reason });
        let response = app.request(Method::PATCH, &query).json(&body).send().await.unwrap();
        (response.status(), response.json::<Value>().await.unwrap())
    };
    let (status, refused) = edit("DELETE FROM customers", "").await;
    assert_eq!((status, &refused["code"]), (StatusCode::BAD_REQUEST, &json!("A011")));
    let (status, edited) = edit("SELECT name FROM customers WHERE country = 'Peru'", "Peru alone").await;
    assert_eq!(status, StatusCode::OK, "{edited}");
    assert_eq!(
        (&edited["state"], &edited["ordinal"]),
        (&json!("proposed"), &json!(2)),
        "must be approved anew"
    );
    let versions = app.get(&format!("{query}/versions")).await;
    assert_eq!(versions[0]["sql"], "select name from customers");
    assert_eq!(
        (&versions[1]["written_by"], &versions[1]["written_why"]),
        (&json!("owner"), &json!("Peru alone"))
    );
    let diff: Vec<&str> =
        versions[1]["diff"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
    assert!(diff.iter().any(|line| line.starts_with('+') && line.contains("Peru")), "{diff:?}");

    let (status, first) = app.post(&format!("{query}/comments"), json!({ "text": "why Peru?" })).await;
    assert_eq!((status, &first["ordinal"]), (StatusCode::CREATED, &json!(2)));
    let answer = json!({ "text": "asked for", "parent_id": first["id"] });
    assert_eq!(app.post(&format!("{query}/comments"), answer).await.0, StatusCode::CREATED);
    let lost = json!({ "text": "x", "parent_id": key(&query) });
    assert_eq!(app.post(&format!("{query}/comments"), lost).await.0, StatusCode::NOT_FOUND);
    let comments = app.get(&format!("{query}/comments")).await;
    assert_eq!(comments[1]["parent_id"], first["id"]);

    let ada = person(&app, "Ada", Editor).await;
    let path = format!("{query}/assignee");
    let assign = app.request(Method::PUT, &path).json(&json!({ "user_id": ada.id }));
    assert_eq!(expect(assign.send().await.unwrap(), StatusCode::OK).await["assigned_to"], ada.id.to_string());
    let nobody = app.request(Method::PUT, &path).json(&json!({ "user_id": key(&query) }));
    expect(nobody.send().await.unwrap(), StatusCode::NOT_FOUND).await;
    app.stop().await;
}

async fn nobody_approves_their_own_where_four_eyes_are_wanted(app: TestApp) {
    let connection = app.shop().await;
    options(&app, &connection, json!({ "four_eyes": true })).await;
    let query = app.query(&connection, "SELECT name FROM customers").await;
    let (status, problem) = app.post(&format!("{query}/approve"), json!({})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("A061")));
    let ada = person(&app, "Ada", Editor).await;
    // who changes the text is its author; who made it may approve that then, but not who proposed it
    let known = store::queries::get(&ada.desk.db, key(&query)).await.unwrap();
    review::edit(&ada.desk.db, &ada.desk.sources, known, "SELECT id FROM customers", None).await.unwrap();
    assert_eq!(code(approve(&ada, key(&query)).await), "A061");
    let ben = person(&app, "Ben", Editor).await;
    assert_eq!(code(approve(&ben, key(&query)).await), "ok");
    assert_eq!(app.get(&query).await["reviewed_by"], ben.id.to_string());
    app.stop().await;
}

async fn an_answer_waits_until_somebody_approves_it(app: TestApp) {
    let connection = app.shop().await;
    options(&app, &connection, json!({ "review": "review" })).await;
    let chat = app.chat(&connection).await;
    let reply = asked(&app, &chat, CUSTOMERS).await;
    assert_eq!(reply["message"]["status"], "waiting", "{reply}");
    assert_eq!(
        (&reply["rows"], &reply["message"]["parts"][1]["type"]),
        (&Value::Null, &json!("data-review"))
    );
    let query = format!("/api/v1/queries/{}", reply["query"]["id"].as_str().unwrap());
    assert_eq!(app.get(&query).await["state"], "proposed");
    assert_eq!(app.get(&format!("{query}/executions")).await["items"], json!([]), "nothing ran");
    let notes = app.get("/api/v1/notifications?unread=true").await;
    assert_eq!(notes["items"][0]["kind"], "review", "{notes}");

    // a reviewer who is no member of the chat sees the query, and approves it
    let ada = person(&app, "Ada", Editor).await;
    assert_eq!(code(approve(&ada, key(&query)).await), "ok");
    let message = ended(&app, &chat).await;
    assert_eq!(message["status"], "complete", "{message}");
    let parts = message["parts"].as_array().unwrap();
    let part = |kind: &str| parts.iter().find(|part| part["type"] == kind).cloned().unwrap_or_default();
    assert!(part("text")["text"].as_str().unwrap().contains('3'), "{message}");
    let run = app.get(&format!("{query}/executions")).await["items"][0].clone();
    assert_eq!(
        (&run["created_by"], &run["status"]),
        (&json!("owner"), &json!("succeeded")),
        "in the asker's name"
    );
    assert_eq!(part("data-rows")["data"]["execution_id"], run["id"]);

    // what was approved for a question answers it from then on
    let again = asked(&app, &chat, "how many customers ARE there").await;
    assert_eq!(again["message"]["status"], "complete", "{again}");
    assert_eq!((&again["query"]["source"], &again["rows"]["rows"]), (&json!("recorded"), &json!([[3]])));
    let other = asked(&app, &chat, "How many orders are there?").await;
    assert_eq!(other["message"]["status"], "waiting", "{other}");
    let usage = app.get(&format!("{query}/usage")).await;
    assert_eq!((&usage["runs"], &usage["succeeded"]), (&json!(1), &json!(1)));
    assert!(usage["mean_ms"].is_number() && usage["last_at"].is_string(), "{usage}");
    app.stop().await;
}

async fn a_refused_answer_ends_with_that(app: TestApp) {
    let connection = app.shop().await;
    options(&app, &connection, json!({ "review": "review" })).await;
    let chat = app.chat(&connection).await;
    let reply = asked(&app, &chat, CUSTOMERS).await;
    let query = format!("/api/v1/queries/{}", reply["query"]["id"].as_str().unwrap());
    let (status, body) = app.post(&format!("{query}/reject"), json!({ "reason": "not now" })).await;
    assert_eq!((status, &body["review_reason"]), (StatusCode::OK, &json!("not now")));
    let message = ended(&app, &chat).await;
    assert_eq!((&message["status"], &message["error_code"]), (&json!("failed"), &json!("A062")), "{message}");
    app.stop().await;
}

async fn a_sure_answer_runs_where_answers_are_guarded(app: TestApp) {
    let connection = app.shop().await;
    let chat = app.chat(&connection).await;
    options(&app, &connection, json!({ "review": "guarded", "review_confidence": 0 })).await;
    assert_eq!(asked(&app, &chat, CUSTOMERS).await["message"]["status"], "complete");
    options(&app, &connection, json!({ "review_confidence": 0, "review_cost": 0 })).await;
    assert_eq!(asked(&app, &chat, CUSTOMERS).await["message"]["status"], "waiting");
    let path = format!("/api/v1/connections/{connection}");
    let wrong = app.request(Method::PATCH, &path).json(&json!({ "options": { "review_confidence": 101 } }));
    assert_eq!(expect(wrong.send().await.unwrap(), StatusCode::BAD_REQUEST).await["code"], "X015");
    app.stop().await;
}

async fn an_answer_whose_asker_left_is_given_up(app: TestApp) {
    let connection = app.shop().await;
    options(&app, &connection, json!({ "review": "review" })).await;
    let ada = person(&app, "Ada", Editor).await;
    let db = &ada.desk.db;
    let session =
        querent::chat::records::create(db, connection.parse().unwrap(), "mine", db.by()).await.unwrap();
    let (events, _heard) = querent::chat::Events::channel();
    let answered = ada.desk.chat.ask(&session, CUSTOMERS, &events).await.unwrap();
    let sql = "DELETE FROM memberships WHERE user_id = $1";
    app.desk().db.everywhere().execute(sql, &[ada.id.into()]).await.unwrap();
    let query = answered.query.unwrap().id;
    let (status, body) = app.post(&format!("/api/v1/queries/{query}/approve"), json!({})).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    app.wait("/api/v1/jobs", |jobs| {
        jobs["items"].as_array().unwrap().iter().any(|j| j["kind"] == "answer" && j["state"] == "succeeded")
    })
    .await;
    let message = store::chats::get_message(db, answered.message.id).await.unwrap();
    assert_eq!(message.error_code.as_deref(), Some("A065"));
    app.stop().await;
}

async fn a_reviewer_sees_everything_at_once(app: TestApp) {
    let connection = app.shop().await;
    let query = app.query(&connection, "SELECT n FROM counters ORDER BY n").await;
    app.post(&format!("{query}/comments"), json!({ "text": "long" })).await;
    let sheet = app.get(&format!("{query}/review")).await;
    assert_eq!(sheet["verdict"]["verdict"], "allow", "{sheet}");
    assert_eq!((&sheet["preview"], &sheet["trouble"]), (&Value::Null, &Value::Null), "{sheet}");
    assert_eq!(sheet["steps"], json!(["propose", "approve", "edit", "archive"]));
    assert_eq!(
        (&sheet["comments"][0]["text"], &sheet["versions"][0]["ordinal"]),
        (&json!("long"), &json!(1))
    );
    let sheet = app.get(&format!("{query}/review?preview=true")).await;
    assert_eq!(sheet["preview"]["rows"].as_array().unwrap().len(), 20, "{sheet}");
    assert_eq!(
        app.get(&format!("{query}/executions")).await["items"],
        json!([]),
        "a preview is no execution"
    );
    app.stop().await;
}
