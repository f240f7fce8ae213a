//! Chats and messages: order, pages, and that an answer ends once.

use std::time::Duration;

use querent::model::{ChatMessage, Id, MessageStatus, PageRequest, Role, new_id};
use querent::store::chats::{self, MessageEnd, NewMessage};
use querent::store::{Db, StoreErrorKind};
use serde_json::json;

use super::store_suite;
use crate::harness::TestStore;

store_suite!(
    messages_come_back_in_the_order_they_were_said,
    an_answer_ends_once,
    a_chat_needs_a_connection,
    a_deleted_chat_takes_no_messages_until_restored,
);

async fn say(db: &Db, session_id: Id, role: Role, text: &str) -> ChatMessage {
    let status = if role == Role::User { MessageStatus::Complete } else { MessageStatus::Pending };
    let new = NewMessage {
        id: new_id(),
        session_id,
        role,
        parts: json!([{"type": "text", "text": text}]),
        reply_to: None,
        status,
        lease: Duration::from_secs(60),
    };
    chats::add_message(db, new).await.unwrap()
}

fn text(message: &ChatMessage) -> &str {
    message.parts[0]["text"].as_str().unwrap()
}

async fn messages_come_back_in_the_order_they_were_said(store: TestStore) {
    let connection = store.connection("shop").await;
    let chat = chats::create(&store.db, connection.id, "Orders", Some("owner")).await.unwrap();
    for number in 0..5 {
        say(&store.db, chat.id, Role::User, &number.to_string()).await;
    }
    let first = chats::messages(&store.db, chat.id, PageRequest::first().with_limit(3)).await.unwrap();
    let rest = PageRequest::read(Some(3), first.next.as_deref()).unwrap();
    let second = chats::messages(&store.db, chat.id, rest).await.unwrap();
    let all: Vec<&str> = first.items.iter().chain(&second.items).map(text).collect();
    assert_eq!(all, ["0", "1", "2", "3", "4"]);
    assert_eq!(second.next, None);
    let last = chats::last_messages(&store.db, chat.id, 2).await.unwrap();
    assert_eq!(last.iter().map(text).collect::<Vec<_>>(), ["3", "4"]);
    assert!(chats::get(&store.db, chat.id).await.unwrap().updated_at > chat.updated_at);
}

async fn an_answer_ends_once(store: TestStore) {
    let connection = store.connection("shop").await;
    let chat = chats::create(&store.db, connection.id, "Orders", None).await.unwrap();
    let answer = say(&store.db, chat.id, Role::Assistant, "").await;
    assert_eq!(answer.status, MessageStatus::Pending);
    let end = MessageEnd {
        status: MessageStatus::Failed,
        parts: json!([]),
        query_id: None,
        error: Some(("N001".to_owned(), "nothing fits".to_owned())),
    };
    let ended = chats::finish_message(&store.db, answer.id, end.clone()).await.unwrap();
    assert_eq!((ended.status, ended.error_code.as_deref()), (MessageStatus::Failed, Some("N001")));
    let again = chats::finish_message(&store.db, answer.id, end).await.unwrap_err();
    assert_eq!(again.kind, StoreErrorKind::NotFound);
    assert_eq!(chats::get_message(&store.db, answer.id).await.unwrap(), ended);
}

async fn a_chat_needs_a_connection(store: TestStore) {
    let error = chats::create(&store.db, new_id(), "Orders", None).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::BrokenReference);
}

async fn a_deleted_chat_takes_no_messages_until_restored(store: TestStore) {
    let connection = store.connection("shop").await;
    let chat = chats::create(&store.db, connection.id, "Orders", None).await.unwrap();
    let new = |id| NewMessage {
        id,
        session_id: chat.id,
        role: Role::User,
        parts: json!([]),
        reply_to: None,
        status: MessageStatus::Complete,
        lease: Duration::ZERO,
    };
    chats::delete(&store.db, chat.id).await.unwrap();
    assert!(chats::list(&store.db, false, PageRequest::first()).await.unwrap().items.is_empty());
    let refused = chats::add_message(&store.db, new(new_id())).await.unwrap_err();
    assert_eq!(refused.kind, StoreErrorKind::NotFound);
    chats::restore(&store.db, chat.id).await.unwrap();
    chats::add_message(&store.db, new(new_id())).await.unwrap();
    assert_eq!(chats::rename(&store.db, chat.id, "Returns").await.unwrap().title, "Returns");
}
