//! Files that people put into chats. Their kind is found out from their content, whatever they are called; they are kept
//! and given back, never run and never shown inside a page.

use serde_json::json;

use super::records::writable;
use crate::error::{Class, Error, Result};
use crate::model::{Attachment, ChatSession, Id, new_id};
use crate::store::chats::NewAttachment;
use crate::store::{self, Conn, Db};

/// Largest file, in bytes.
pub const MAX_SIZE: usize = 4 * 1024 * 1024;
/// Files of a chat.
const MAX_FILES: i64 = 200;
/// Bytes of a chat's files together.
const MAX_TOTAL: i64 = 100 * 1024 * 1024;
/// Longest name, in characters.
const MAX_NAME: usize = 150;

/// The kind of a file by its content: images, PDF, CSV and other text. What a browser would run (HTML, SVG) is plain text
/// here. `None` for everything else.
pub fn kind(name: &str, content: &[u8]) -> Option<&'static str> {
    let begins = |magic: &[u8]| content.starts_with(magic);
    if begins(b"\x89PNG\r\n\x1a\n") {
        return Some("image/png");
    }
    if begins(b"\xff\xd8\xff") {
        return Some("image/jpeg");
    }
    if begins(b"GIF87a") || begins(b"GIF89a") {
        return Some("image/gif");
    }
    if begins(b"RIFF") && content.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    if begins(b"%PDF-") {
        return Some("application/pdf");
    }
    let text = std::str::from_utf8(content).ok()?;
    if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}')) {
        return None;
    }
    Some(if name.to_ascii_lowercase().ends_with(".csv") { "text/csv" } else { "text/plain" })
}

/// The last part of a path, without what a header or a file system reads as a sign.
fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept =
        |c: &char| !c.is_control() && !matches!(c, '"' | '\'' | ';' | ':' | '<' | '>' | '|' | '*' | '?');
    let name: String = last.chars().filter(kept).take(MAX_NAME).collect();
    let name = name.trim().trim_start_matches('.').to_owned();
    if name.is_empty() { "file".to_owned() } else { name }
}

/// Keeps a file in a chat, to be sent with a message.
///
/// # Errors
/// `A040`, `A044`; `A050` when it is too large, or the chat is full; `A051` when its kind is none that is taken; `A052` when it is
/// empty.
pub async fn add(db: &Db, chat: &ChatSession, name: &str, content: Vec<u8>) -> Result<Attachment> {
    writable(chat)?;
    if content.len() > MAX_SIZE {
        let message = format!("the file is larger than {MAX_SIZE} bytes");
        return Err(
            Error::new("A050", Class::TooLarge, message).hint("Send a part of it, or a smaller image.")
        );
    }
    if content.is_empty() {
        return Err(Error::new("A052", Class::BadInput, "the file is empty")
            .hint("Send the file's content as the body."));
    }
    let name = safe_name(name);
    let Some(media_type) = kind(&name, &content) else {
        return Err(Error::new("A051", Class::BadInput, "files of this kind are not taken")
            .hint("PNG, JPEG, GIF, WebP, PDF, CSV and other text in UTF-8 are."));
    };
    let new = NewAttachment {
        id: new_id(),
        session_id: chat.id,
        hash: blake3::hash(&content).to_hex().to_string(),
        name,
        media_type,
        content,
    };
    let tx = db.begin().await?;
    let (files, bytes) = store::chats::attachment_room(&tx, chat.id).await?;
    if files >= MAX_FILES || bytes + new.content.len() as i64 > MAX_TOTAL {
        return Err(Error::new("A050", Class::TooLarge, "the chat holds as many files as it may")
            .hint("Start another chat."));
    }
    let attachment = store::chats::add_attachment(&tx, new).await?;
    let details = json!({
        "session": chat.id, "hash": attachment.hash, "size": attachment.size, "media_type": attachment.media_type,
    });
    store::audits::add(&tx, db.by(), "chat.attach", &attachment.id.to_string(), details).await?;
    tx.commit().await?;
    Ok(attachment)
}

/// Takes back a file of one's own that was not sent yet.
///
/// # Errors
/// Not found.
pub async fn remove(db: &Db, chat: &ChatSession, id: Id) -> Result<()> {
    let tx = db.begin().await?;
    store::chats::remove_attachment(&tx, chat.id, id).await?;
    let details = json!({ "session": chat.id });
    store::audits::add(&tx, db.by(), "chat.detach", &id.to_string(), details).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_what_the_content_says() {
        assert_eq!(kind("x.txt", b"\x89PNG\r\n\x1a\nrest"), Some("image/png"));
        assert_eq!(kind("x.png", b"<script>alert(1)</script>"), Some("text/plain"));
        assert_eq!(kind("x.svg", b"<svg onload='x()'/>"), Some("text/plain"));
        assert_eq!(kind("List.CSV", "a,ö\n1,2\n".as_bytes()), Some("text/csv"));
        assert_eq!(kind("x.pdf", b"%PDF-1.7\n"), Some("application/pdf"));
        for other in
            [&b"MZ\x90\x00"[..], b"\x7fELF\x02\x01", b"PK\x03\x04\x14\x00", b"a\x00b", b"\xff\xfe\x00"]
        {
            assert_eq!(kind("x.txt", other), None, "{other:?}");
        }
    }

    #[test]
    fn names_lose_paths_and_signs() {
        assert_eq!(safe_name("../../etc/passwd"), "passwd");
        assert_eq!(safe_name("C:\\x\\report\"; a=b.csv"), "report a=b.csv");
        assert_eq!(safe_name("..\r\nSet-Cookie x"), "Set-Cookie x");
        assert_eq!(safe_name("..."), "file");
        assert_eq!(safe_name(&"ä".repeat(400)).chars().count(), 150);
    }
}
