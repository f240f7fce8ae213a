//! A chat as a document, for people (Markdown) and programs (JSON). Rows of results are not in it: they have exports of
//! their own, under the policy of whoever takes them.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::Result;
use crate::model::ids::OWNER;
use crate::model::{Attachment, ChatMember, ChatMessage, ChatSession, Id, PageRequest, Role};
use crate::store::{self, Db};

/// Messages of one document, the oldest.
const MESSAGES: usize = 10_000;

/// A chat with what is in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Exported {
    /// The chat.
    pub chat: ChatSession,
    /// Who is in it.
    pub members: Vec<ChatMember>,
    /// Its messages, oldest first.
    pub messages: Vec<ChatMessage>,
    /// Files that were sent, without their content.
    pub attachments: Vec<Attachment>,
    /// Whether there are more messages than a document holds (10,000).
    pub truncated: bool,
}

/// Puts the document together.
///
/// # Errors
/// Not found.
pub async fn read(db: &Db, id: Id) -> Result<Exported> {
    let chat = store::chats::get(db, id).await?;
    let members = super::members::list(db, id).await?;
    let attachments = store::chats::attachments(db, id).await?;
    let (mut messages, mut cursor) = (Vec::new(), None);
    loop {
        let page = PageRequest::read(Some(crate::model::page::MAX_LIMIT), cursor.as_deref())?;
        let page = store::chats::messages(db, id, page).await?;
        messages.extend(page.items);
        cursor = page.next;
        if cursor.is_none() || messages.len() >= MESSAGES {
            break;
        }
    }
    let truncated = cursor.is_some();
    Ok(Exported { chat, members, messages, attachments, truncated })
}

impl Exported {
    /// The document for people.
    pub fn markdown(&self) -> String {
        let mut text = format!("# {}\n", one_line(&self.chat.title));
        for message in &self.messages {
            text.push_str(&self.message(message));
        }
        if self.truncated {
            text.push_str(&format!("\n_Cut: the chat has more than {MESSAGES} messages._\n"));
        }
        text
    }

    fn message(&self, message: &ChatMessage) -> String {
        let who = match message.role {
            Role::Assistant => "Querent".to_owned(),
            Role::User => self.name(message.created_by.as_deref()),
        };
        let mut text = format!("\n## {} · {}\n", one_line(&who), message.created_at);
        if message.edited_at.is_some() {
            text.push_str("\n_edited_\n");
        }
        if message.stale_at.is_some() {
            text.push_str("\n_The question was changed after this answer._\n");
        }
        for part in message.parts.as_array().into_iter().flatten() {
            text.push_str(&shown(part));
        }
        text
    }

    fn name(&self, by: Option<&str>) -> String {
        let by = by.or(self.chat.created_by.as_deref()).unwrap_or_default();
        let is_author =
            |m: &&ChatMember| m.user_id.to_string() == by || (by == "owner" && m.user_id == OWNER);
        let name = self.members.iter().find(is_author).map(|member| member.name.as_str());
        name.filter(|name| !name.is_empty()).unwrap_or(by).to_owned()
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A part of a message; what only a screen can show is left out.
fn shown(part: &Value) -> String {
    let word =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let data = part.get("data").cloned().unwrap_or_default();
    match part.get("type").and_then(Value::as_str) {
        Some("text") => format!("\n{}\n", word(part, "text")),
        Some("file") => format!("\nAttachment: {}\n", one_line(&word(part, "filename"))),
        Some("data-sql") => fenced("sql", &word(&data, "sql")),
        Some("data-error") => format!("\n{} ({})\n", word(&data, "message"), word(&data, "code")),
        _ => String::new(),
    }
}

/// Code in a fence that is longer than any in it.
fn fenced(language: &str, code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("\n{fence}{language}\n{code}\n{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_holds_what_is_in_it() {
        assert_eq!(fenced("sql", "SELECT `a`"), "\n```sql\nSELECT `a`\n```\n");
        assert!(fenced("sql", "-- ``` out").starts_with("\n````sql"));
    }
}
