//! Chats of a team: who finds them, who may do what, and that nothing said is lost by an edit or a deletion.

use querent::access::WorkspaceRole::{Admin, Editor, Viewer};
use querent::chat::{self, Events, Words, attachments, members, reactions, records};
use querent::error::Result;
use querent::model::{ChatRole, ChatSession, Id, PageRequest, Thumb};
use querent::store::{self, Conn};
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Person, person, team_suite};
use crate::test_app::{TestApp, expect};

team_suite!(
    who_is_no_member_does_not_find_a_chat,
    a_role_in_a_chat_says_what_may_be_done,
    an_edit_keeps_what_was_said_and_marks_the_answer,
    what_others_said_is_counted_until_read,
    attachments_are_kept_once_and_given_back_as_downloads,
    history_is_searched_in_own_chats_alone,
    a_chat_is_put_away_exported_and_brought_back,
    a_thumb_is_feedback_for_reviewers,
);

fn code<T>(outcome: Result<T>) -> &'static str {
    match outcome {
        Ok(_) => "ok",
        Err(error) => error.code,
    }
}

fn key(path: &str) -> Id {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

async fn asked(app: &TestApp, chat: &str, text: &str) -> Value {
    let (status, reply) = app.post(&format!("{chat}/messages"), json!({ "text": text })).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    reply
}

async fn seen(person: &Person, chat: Id) -> Result<ChatSession> {
    Ok(store::chats::get(&person.desk.db, chat).await?)
}

async fn put(app: &TestApp, path: &str, body: Value) -> (StatusCode, Value) {
    let response = app.request(Method::PUT, path).json(&body).send().await.unwrap();
    (response.status(), serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null))
}

async fn who_is_no_member_does_not_find_a_chat(app: TestApp) {
    let connection = app.shop().await;
    let chat = app.chat(&connection).await;
    let id = key(&chat);
    let reply = asked(&app, &chat, "How many customers are there?").await;
    let query: Id = reply["query"]["id"].as_str().unwrap().parse().unwrap();
    let (ada, ben) = (person(&app, "Ada", Editor).await, person(&app, "Ben", Admin).await);

    // an administrator of the workspace reads no other's chat, nor what was asked in it
    for stranger in [&ada, &ben] {
        let db = &stranger.desk.db;
        assert_eq!(code(seen(stranger, id).await), "S010");
        assert!(store::chats::list(db, false, PageRequest::first()).await.unwrap().items.is_empty());
        assert_eq!(code(records::rename(db, id, "mine").await), "S010");
        assert_eq!(code(records::share(db, id, Some(ChatRole::Reader)).await), "S010");
        assert_eq!(code(members::put(db, id, ben.id, ChatRole::Owner).await), "S010");
        assert_eq!(store::queries::get(db, query).await.unwrap_err().code(), "S010");
        assert!(store::queries::list(db, None, PageRequest::first()).await.unwrap().items.is_empty());
    }
    let (status, members) =
        put(&app, &format!("{chat}/members/{}", ada.id), json!({ "role": "reader" })).await;
    assert_eq!((status, members[1]["name"].as_str()), (StatusCode::OK, Some("Ada")), "{members}");
    assert_eq!(seen(&ada, id).await.unwrap().role, ChatRole::Reader);
    assert_eq!(store::queries::get(&ada.desk.db, query).await.unwrap().id, query);
    assert_eq!(code(seen(&ben, id).await), "S010");

    let (status, shared) = put(&app, &format!("{chat}/sharing"), json!({ "role": "writer" })).await;
    assert_eq!((status, &shared["shared_as"]), (StatusCode::OK, &json!("writer")));
    assert_eq!(seen(&ben, id).await.unwrap().role, ChatRole::Writer);
    // who is a member loses nothing by the sharing
    assert_eq!(seen(&ada, id).await.unwrap().role, ChatRole::Writer);
    put(&app, &format!("{chat}/sharing"), json!({ "role": null })).await;
    assert_eq!(code(seen(&ben, id).await), "S010");
    // members leave by themselves
    members::remove(&ada.desk.db, id, ada.id).await.unwrap();
    assert_eq!(code(seen(&ada, id).await), "S010");
    app.stop().await;
}

async fn a_role_in_a_chat_says_what_may_be_done(app: TestApp) {
    let connection = app.shop().await;
    let chat = app.chat(&connection).await;
    let id = key(&chat);
    let reader = person(&app, "Ada", Editor).await;
    let writer = person(&app, "Ben", Editor).await;
    let owner = person(&app, "Cleo", Editor).await;
    for (person, role) in [(&reader, "reader"), (&writer, "writer"), (&owner, "owner")] {
        let (status, body) =
            put(&app, &format!("{chat}/members/{}", person.id), json!({ "role": role })).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }
    for (person, write, own) in [(&reader, "A040", "A040"), (&writer, "ok", "A040"), (&owner, "ok", "ok")] {
        let (db, session) = (&person.desk.db, seen(person, id).await.unwrap());
        let words = Words { text: "look at this".into(), ..Words::default() };
        assert_eq!(code(chat::note(db, &session, &words).await), write);
        let (events, _heard) = Events::channel();
        assert_eq!(
            code(person.desk.chat.ask(&session, "How many customers are there?", &events).await),
            write
        );
        assert_eq!(code(attachments::add(db, &session, "a.txt", b"a".to_vec()).await), write);
        assert_eq!(code(records::rename(db, id, "Orders").await), own);
        assert_eq!(code(records::archive(db, id, false).await), own);
        assert_eq!(code(records::share(db, id, None).await), own);
        assert_eq!(code(members::put(db, id, writer.id, ChatRole::Writer).await), own);
    }
    // the maker stays, nobody from outside comes in, and a workspace owns no chat
    assert_eq!(
        code(members::put(&owner.desk.db, id, querent::model::ids::OWNER, ChatRole::Reader).await),
        "A046"
    );
    assert_eq!(code(members::remove(&owner.desk.db, id, querent::model::ids::OWNER).await), "A046");
    let nobody = querent::model::new_id();
    let (status, problem) = put(&app, &format!("{chat}/members/{nobody}"), json!({ "role": "reader" })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("S010")));
    let (status, problem) = put(&app, &format!("{chat}/sharing"), json!({ "role": "owner" })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("A045")));
    app.stop().await;
}

async fn an_edit_keeps_what_was_said_and_marks_the_answer(app: TestApp) {
    let connection = app.shop().await;
    let chat = app.chat(&connection).await;
    let reply = asked(&app, &chat, "How many customers are there?").await;
    let question = reply["message"]["reply_to"].as_str().unwrap().to_owned();
    let path = format!("{chat}/messages/{question}");
    let ben = person(&app, "Ben", Editor).await;
    put(&app, &format!("{chat}/members/{}", ben.id), json!({ "role": "owner" })).await;
    let session = seen(&ben, key(&chat)).await.unwrap();
    assert_eq!(code(chat::edit(&ben.desk.db, &session, question.parse().unwrap(), "mine").await), "A041");

    let edit = app.request(Method::PATCH, &path).json(&json!({ "text": "How many orders are there?" }));
    let edited = expect(edit.send().await.unwrap(), StatusCode::OK).await;
    assert_eq!(edited["parts"][0]["text"], "How many orders are there?");
    assert!(edited["edited_at"].is_string());
    let versions = app.get(&format!("{path}/versions")).await;
    assert_eq!(versions[0]["parts"][0]["text"], "How many customers are there?");
    assert_eq!(versions.as_array().unwrap().len(), 1);
    let messages = app.get(&format!("{chat}/messages")).await;
    assert!(messages["items"][1]["stale_at"].is_string(), "{messages}");

    let (status, again) = app.post(&format!("{path}/ask"), json!({})).await;
    assert_eq!(status, StatusCode::OK, "{again}");
    assert_eq!(again["message"]["reply_to"], question.as_str());
    assert_eq!(again["message"]["stale_at"], Value::Null);
    let sql = again["query"]["sql"].as_str().unwrap();
    assert!(sql.contains("orders"), "{sql}");
    // an answer is no question, and a message of another chat is not there
    let answer = again["message"]["id"].as_str().unwrap();
    let (status, problem) = app.post(&format!("{chat}/messages/{answer}/ask"), json!({})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("A043")));
    let other = app.chat(&connection).await;
    let (status, _) = app.post(&format!("{other}/messages/{question}/ask"), json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) =
        app.post(&format!("{other}/messages"), json!({ "text": "and?", "reply_to": question })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    app.stop().await;
}

async fn what_others_said_is_counted_until_read(app: TestApp) {
    let connection = app.shop().await;
    let chat = app.chat(&connection).await;
    let ada = person(&app, "Ada", Viewer).await;
    put(&app, &format!("{chat}/members/{}", ada.id), json!({ "role": "reader" })).await;
    asked(&app, &chat, "How many customers are there?").await;
    let unread = async || store::chats::get_counted(&ada.desk.db, key(&chat)).await.unwrap().unread;
    assert_eq!(unread().await, Some(2));
    assert_eq!(app.get(&chat).await["unread"], 0, "one's own messages are read");
    store::chats::mark_read(&ada.desk.db, key(&chat)).await.unwrap();
    assert_eq!(unread().await, Some(0));
    let (status, note) = app.post(&format!("{chat}/messages"), json!({ "text": "see?", "ask": false })).await;
    assert_eq!((status, &note["query"]), (StatusCode::OK, &Value::Null));
    assert_eq!(unread().await, Some(1));
    let listed = store::chats::list(&ada.desk.db, false, PageRequest::first()).await.unwrap();
    assert_eq!(listed.items[0].unread, Some(1));
    let (_, read) = app.post(&format!("{chat}/read"), json!({})).await;
    assert_eq!(read["unread"], 0);
    app.stop().await;
}

async fn upload(app: &TestApp, chat: &str, name: &str, content: &[u8]) -> (StatusCode, Value) {
    let path = format!("{chat}/attachments?name={name}");
    let response = app.request(Method::POST, &path).body(content.to_vec()).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn attachments_are_kept_once_and_given_back_as_downloads(app: TestApp) {
    let connection = app.shop().await;
    let chat = app.chat(&connection).await;
    let page = b"<html><script>alert(1)</script></html>";
    let (status, first) = upload(&app, &chat, "..%2Fa%22b.html", page).await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    assert_eq!((&first["media_type"], &first["name"]), (&json!("text/plain"), &json!("ab.html")));
    let (_, second) = upload(&app, &chat, "same.txt", page).await;
    assert_eq!(first["hash"], second["hash"]);
    let kept = async || {
        let sql =
            "SELECT count(*) AS n, CAST(COALESCE(sum(refs), 0) AS BIGINT) AS refs FROM attachment_contents";
        let row = &app.desk().db.query(sql, &[]).await.unwrap()[0];
        (row.int("n").unwrap(), row.int("refs").unwrap())
    };
    assert_eq!(kept().await, (1, 2));

    let file = format!("{chat}/attachments/{}", first["id"].as_str().unwrap());
    let (status, sent) = app
        .post(
            &format!("{chat}/messages"),
            json!({ "text": "look", "ask": false, "attachments": [first["id"]] }),
        )
        .await;
    assert_eq!(status, StatusCode::OK, "{sent}");
    assert_eq!(sent["message"]["parts"][1]["url"], file.as_str());
    let response = app.request(Method::GET, &file).send().await.unwrap();
    assert_eq!(response.headers()[CONTENT_TYPE], "text/plain; charset=utf-8");
    assert_eq!(response.headers()[CONTENT_DISPOSITION], "attachment; filename*=UTF-8''ab.html");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(response.headers()["content-security-policy"], "sandbox; default-src 'none'");
    assert_eq!(&response.bytes().await.unwrap()[..], page);

    // what was sent stays, what was not is taken back, and the last one takes the content with it
    let gone = app.request(Method::DELETE, &file).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    let other = format!("{chat}/attachments/{}", second["id"].as_str().unwrap());
    let gone = app.request(Method::DELETE, &other).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(kept().await, (1, 1));
    app.desk().db.execute("DELETE FROM chat_sessions", &[]).await.unwrap();
    assert_eq!(kept().await, (0, 0));

    let chat = app.chat(&connection).await;
    for (content, wanted) in [(&b"\x7fELF\x02"[..], "A051"), (b"", "A052")] {
        let (status, problem) = upload(&app, &chat, "a.csv", content).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!(wanted)));
    }
    let (status, problem) = upload(&app, &chat, "a.csv", &vec![b'a'; 2 << 20]).await;
    assert_eq!((status, &problem["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("H006")));
    app.stop().await;
}

async fn history_is_searched_in_own_chats_alone(app: TestApp) {
    let connection = app.shop().await;
    let chat = app.chat(&connection).await;
    asked(&app, &chat, "How many customers are there in NORWAY?").await;
    app.post(&format!("{chat}/messages"), json!({ "text": "100% größer", "ask": false })).await;
    let found = app.get("/api/v1/chats/search?q=norway%20customers").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    assert!(found["items"][0]["snippet"].as_str().unwrap().contains("NORWAY"));
    assert_eq!(
        app.get("/api/v1/chats/search?q=0%25%20GR%C3%96SSER").await["items"].as_array().unwrap().len(),
        0
    );
    assert_eq!(
        app.get("/api/v1/chats/search?q=0%25%20GR%C3%96%C3%9FER").await["items"].as_array().unwrap().len(),
        1
    );
    assert_eq!(
        app.get("/api/v1/chats/search?q=_00").await["items"],
        json!([]),
        "signs of a pattern mean themselves"
    );

    // shared with everybody is not one's own
    put(&app, &format!("{chat}/sharing"), json!({ "role": "reader" })).await;
    let ada = person(&app, "Ada", Viewer).await;
    let words = ["norway".to_owned()];
    let search =
        async || store::chats::search(&ada.desk.db, &words, PageRequest::first()).await.unwrap().items.len();
    assert_eq!(search().await, 0);
    put(&app, &format!("{chat}/members/{}", ada.id), json!({ "role": "reader" })).await;
    assert_eq!(search().await, 1);
    app.stop().await;
}

async fn a_chat_is_put_away_exported_and_brought_back(app: TestApp) {
    let connection = app.shop().await;
    let chat = app.chat(&connection).await;
    asked(&app, &chat, "How many customers are there?").await;
    let (status, away) = app.post(&format!("{chat}/archive"), json!({})).await;
    assert_eq!(status, StatusCode::OK, "{away}");
    assert_eq!(app.get("/api/v1/chats").await["items"], json!([]));
    assert_eq!(app.get("/api/v1/chats?archived=true").await["items"].as_array().unwrap().len(), 1);
    let (status, problem) = app.post(&format!("{chat}/messages"), json!({ "text": "more" })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("A044")));
    app.post(&format!("{chat}/unarchive"), json!({})).await;
    asked(&app, &chat, "How many orders are there?").await;

    let document = app.get(&format!("{chat}/export?format=json")).await;
    assert_eq!(document["messages"].as_array().unwrap().len(), 4);
    assert_eq!((&document["truncated"], &document["members"][0]["role"]), (&json!(false), &json!("owner")));
    let response = app.request(Method::GET, &format!("{chat}/export?format=markdown")).send().await.unwrap();
    let disposition = response.headers()[CONTENT_DISPOSITION].to_str().unwrap().to_owned();
    assert!(disposition.starts_with("attachment;"), "{disposition}");
    let text = response.text().await.unwrap();
    assert!(text.starts_with("# shop\n") && text.contains("## Owner"), "{text}");
    assert!(text.contains("How many customers are there?") && text.contains("```sql"), "{text}");

    // who is no owner of a deleted chat does not bring it back
    let ada = person(&app, "Ada", Editor).await;
    records::delete(&app.desk().db, key(&chat)).await.unwrap();
    assert_eq!(code(records::restore(&ada.desk.db, key(&chat)).await), "S010");
    records::restore(&app.desk().db, key(&chat)).await.unwrap();
    app.stop().await;
}

async fn a_thumb_is_feedback_for_reviewers(app: TestApp) {
    let connection = app.shop().await;
    let chat = app.chat(&connection).await;
    let reply = asked(&app, &chat, "How many customers are there?").await;
    let answer = reply["message"]["id"].as_str().unwrap().to_owned();
    let path = format!("{chat}/messages/{answer}/reaction");
    assert_eq!(put(&app, &path, json!({ "value": "up" })).await.0, StatusCode::NO_CONTENT);
    let body = json!({ "value": "down", "reason": "counts the closed ones, too" });
    assert_eq!(put(&app, &path, body).await.0, StatusCode::NO_CONTENT);
    let ada = person(&app, "Ada", Viewer).await;
    put(&app, &format!("{chat}/members/{}", ada.id), json!({ "role": "reader" })).await;
    let session = seen(&ada, key(&chat)).await.unwrap();
    reactions::put(&ada.desk.db, &session, answer.parse().unwrap(), Thumb::Up, None).await.unwrap();

    let messages = app.get(&format!("{chat}/messages")).await;
    let thumbs = json!({ "up": 1, "down": 1, "mine": "down" });
    assert_eq!(messages["items"][1]["reactions"], thumbs, "{messages}");
    let query = reply["query"]["id"].as_str().unwrap();
    let feedback = app.get(&format!("/api/v1/feedback?query_id={query}")).await;
    let items = feedback["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{feedback}");
    let down = items.iter().find(|item| item["value"] == "down").unwrap();
    assert_eq!(down["reason"], "counts the closed ones, too");
    assert_eq!(down["question"], "How many customers are there?");
    let back = app.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(back.status(), StatusCode::NO_CONTENT);
    assert_eq!(app.get("/api/v1/feedback").await["items"].as_array().unwrap().len(), 1);
    app.stop().await;
}
