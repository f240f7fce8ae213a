//! What belongs to a chat of a team: members, reactions, attachments, earlier texts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// What somebody may do in a chat, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChatRole {
    /// Reads, and reacts.
    Reader,
    /// Asks and writes, too.
    Writer,
    /// Title, members, sharing, archive and end, too.
    Owner,
}

impl ChatRole {
    /// The role's word.
    pub fn as_str(self) -> &'static str {
        match self {
            ChatRole::Reader => "reader",
            ChatRole::Writer => "writer",
            ChatRole::Owner => "owner",
        }
    }

    /// The role of that word.
    pub fn parse(word: &str) -> Option<ChatRole> {
        [ChatRole::Reader, ChatRole::Writer, ChatRole::Owner].into_iter().find(|role| role.as_str() == word)
    }
}

/// Somebody in a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatMember {
    /// Key of the user.
    pub user_id: Uuid,
    /// The person's name.
    pub name: String,
    /// What they may do in it.
    pub role: ChatRole,
    /// Since then.
    pub created_at: Timestamp,
    /// Who let them in.
    pub created_by: Option<String>,
}

/// How many people think what of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reactions {
    /// Thumbs up.
    pub up: i64,
    /// Thumbs down.
    pub down: i64,
    /// The caller's own.
    pub mine: Option<Thumb>,
}

/// A thumb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Thumb {
    /// The answer is right.
    Up,
    /// It is not.
    Down,
}

impl Thumb {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Thumb::Up => "up",
            Thumb::Down => "down",
        }
    }

    /// The thumb of that word.
    pub fn parse(word: &str) -> Option<Thumb> {
        [Thumb::Up, Thumb::Down].into_iter().find(|thumb| thumb.as_str() == word)
    }
}

/// What somebody thinks of an answer, as reviewers see it. Whoever gives it shows them the question and its SQL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Feedback {
    /// The answer's message.
    pub message_id: Uuid,
    /// Key of the user.
    pub user_id: Uuid,
    /// What they think.
    pub value: Thumb,
    /// Why.
    pub reason: Option<String>,
    /// Given at.
    pub created_at: Timestamp,
    /// The query that the answer stands on.
    pub query_id: Option<Uuid>,
    /// The question.
    pub question: Option<String>,
    /// The SQL that answered it.
    pub sql: Option<String>,
    /// Connection.
    pub connection_id: Option<Uuid>,
}

/// What a message said before it was edited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MessageVersion {
    /// 1, 2, 3 ... per message; the newest text stands with the message itself.
    pub ordinal: i64,
    /// Parts in the form of the UI message stream.
    pub parts: Value,
    /// Until then it was the message's text.
    pub replaced_at: Timestamp,
}

/// A file in a chat. Its content is never run, and leaves the daemon as a download alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    /// Key.
    pub id: Uuid,
    /// Chat.
    pub session_id: Uuid,
    /// The message that it was sent with; null before.
    pub message_id: Option<Uuid>,
    /// blake3 of its content.
    pub hash: String,
    /// Name of the file.
    pub name: String,
    /// Found out from its content.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// Made at.
    pub created_at: Timestamp,
    /// Made by.
    pub created_by: String,
}

/// A place in one's own history that holds what was looked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ChatHit)]
pub struct Found {
    /// Chat.
    pub session_id: Uuid,
    /// Its title.
    pub title: String,
    /// Message.
    pub message_id: Uuid,
    /// The text around what was looked for.
    pub snippet: String,
    /// The message's time.
    pub created_at: Timestamp,
}
