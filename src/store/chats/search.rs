//! Search over one's own history: chats that the caller made or is a member of.

use super::user;
use crate::model::{Cursor, Found, Page, PageRequest, text_of};
use crate::store::db::{Conn, Row, Value, args};
use crate::store::error::Result;
use crate::store::read_page;

/// Messages that one search looks through, the newest.
const LOOKED_AT: i64 = 50_000;
/// Characters around what was found.
const AROUND: usize = 80;

/// Messages whose text holds every word, newest first. The newest 50,000 messages of the caller's own chats are looked
/// through. `words` are in small letters.
///
/// # Errors
/// When the store fails.
pub async fn search(on: &impl Conn, words: &[String], page: PageRequest) -> Result<Page<Found>> {
    let after = page.after.unwrap_or_else(Cursor::newest);
    let limit = i64::from(page.limit()) + 1;
    let mut args: Vec<Value> = args![on.workspace(), on.by(), user(on), after.at, after.id, limit].to_vec();
    let mut conditions = String::new();
    for word in words {
        args.push(Value::from(format!("%{}%", escaped(word))));
        conditions.push_str(&format!(" AND words LIKE ${} ESCAPE '!'", args.len()));
    }
    let sql = format!(
        "SELECT session_id, title, id, parts, created_at FROM (\
         SELECT m.session_id, s.title, m.id, m.parts, m.created_at, m.words FROM chat_messages m \
         JOIN chat_sessions s ON s.id = m.session_id \
         WHERE m.workspace_id = $1 AND s.deleted_at IS NULL AND (s.created_by = $2 OR EXISTS \
         (SELECT 1 FROM chat_members v WHERE v.session_id = s.id AND v.user_id = $3)) \
         AND (m.created_at, m.id) < ($4, $5) ORDER BY m.created_at DESC, m.id DESC LIMIT {LOOKED_AT}) own \
         WHERE words IS NOT NULL{conditions} ORDER BY created_at DESC, id DESC LIMIT $6"
    );
    let rows = on.query(&sql, &args).await?;
    let read = |row: &Row| {
        Ok(Found {
            session_id: row.id("session_id")?,
            title: row.text("title")?,
            message_id: row.id("id")?,
            snippet: snippet(&text_of(&row.json("parts")?).unwrap_or_default(), words),
            created_at: row.time("created_at")?,
        })
    };
    read_page(&rows, page.limit(), read, |f| Cursor { at: f.created_at, id: f.message_id })
}

fn escaped(word: &str) -> String {
    word.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

/// The text around the first word that is in it.
fn snippet(text: &str, words: &[String]) -> String {
    let characters: Vec<char> = text.chars().collect();
    let low: Vec<char> = characters.iter().map(|c| c.to_lowercase().next().unwrap_or(*c)).collect();
    let at = words.iter().find_map(|word| {
        let word: Vec<char> = word.chars().collect();
        low.windows(word.len().max(1)).position(|part| part == word)
    });
    let from = at.unwrap_or(0).saturating_sub(AROUND);
    let piece: String = characters.iter().skip(from).take(2 * AROUND).collect();
    let (before, after) =
        (if from > 0 { "…" } else { "" }, if from + 2 * AROUND < characters.len() { "…" } else { "" });
    format!("{before}{}{after}", piece.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_is_cut_around_the_word() {
        let text = format!("{} Größe {}", "a ".repeat(100), "b ".repeat(100));
        let cut = snippet(&text, &["größe".to_owned()]);
        assert!(cut.contains("Größe") && cut.starts_with('…') && cut.ends_with('…'), "{cut}");
        assert!(cut.chars().count() <= 2 * AROUND + 2);
        assert_eq!(snippet("short", &["x".to_owned()]), "short");
    }

    #[test]
    fn signs_of_a_pattern_mean_themselves() {
        assert_eq!(escaped("10%_!"), "10!%!_!!");
    }
}
