//! Who is in a chat, and what everybody else in the workspace may do in it.

use super::set;
use crate::model::{ChatMember, ChatRole, ChatSession, Id, clock};
use crate::store::db::{Conn, Row, args};
use crate::store::error::Result;

/// Members shown at the most.
const MAX_MEMBERS: u32 = 500;

fn read(row: &Row) -> Result<ChatMember> {
    Ok(ChatMember {
        user_id: row.id("user_id")?,
        name: row.text("name")?,
        role: row.word("role", ChatRole::parse)?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
    })
}

/// Members of a chat besides its maker, the oldest first, 500 at the most.
///
/// # Errors
/// When the store fails.
pub async fn members(on: &impl Conn, session_id: Id) -> Result<Vec<ChatMember>> {
    let sql = "SELECT v.user_id, u.name, v.role, v.created_at, v.created_by FROM chat_members v \
               JOIN users u ON u.id = v.user_id WHERE v.workspace_id = $2 AND v.session_id = $1 \
               ORDER BY v.created_at, v.user_id LIMIT $3";
    on.query(sql, args![session_id, on.workspace(), MAX_MEMBERS]).await?.iter().map(read).collect()
}

/// Whether somebody belongs to the workspace: others cannot be let into its chats.
///
/// # Errors
/// When the store fails.
pub async fn is_in_workspace(on: &impl Conn, user: Id) -> Result<bool> {
    let sql = "SELECT 1 AS one FROM memberships WHERE workspace_id = $1 AND user_id = $2";
    Ok(on.query_opt(sql, args![on.workspace(), user]).await?.is_some())
}

/// Lets somebody into a chat, or gives a member another role.
///
/// # Errors
/// When the store fails.
pub async fn put_member(on: &impl Conn, session_id: Id, user: Id, role: ChatRole) -> Result<()> {
    let sql = "INSERT INTO chat_members (session_id, user_id, workspace_id, role, created_at, created_by) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (session_id, user_id) DO UPDATE SET role = excluded.role";
    let args = args![session_id, user, on.workspace(), role.as_str(), clock::now(), on.by()];
    on.execute(sql, args).await.map(drop)
}

/// Takes a member out.
///
/// # Errors
/// Not found.
pub async fn remove_member(on: &impl Conn, session_id: Id, user: Id) -> Result<()> {
    let sql = "DELETE FROM chat_members WHERE workspace_id = $3 AND session_id = $1 AND user_id = $2";
    on.execute_one("member of the chat", sql, args![session_id, user, on.workspace()]).await
}

/// Says what everybody in the workspace may do in a chat; `None`: it is its members' alone.
///
/// # Errors
/// Not found.
pub async fn set_sharing(on: &impl Conn, id: Id, shared_as: Option<ChatRole>) -> Result<ChatSession> {
    set(on, id, "shared_as = $3", args![shared_as.map(ChatRole::as_str)]).await
}

/// What a person calls themselves; `None` when there is no such user.
///
/// # Errors
/// When the store fails.
pub async fn name_of(on: &impl Conn, user: Id) -> Result<Option<String>> {
    let row = on.query_opt("SELECT name FROM users WHERE id = $1", args![user]).await?;
    row.map(|row| row.text("name")).transpose()
}
