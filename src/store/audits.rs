//! The audit trail: lines are added and read, nothing here changes or deletes one. Their chain is in `audit_chain`.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::db::{Conn, Dialect, Row, Value, args};
use super::error::Result;
use super::read_page;
use crate::model::{Audit, Cursor, Page, PageRequest, clock, new_id};

/// Characters of an address, an agent or a request's key that are kept.
const LONGEST: usize = 200;

pub(super) const COLUMNS: &str = "a.id, a.at, a.actor, a.action, a.subject, a.details, a.workspace_id, a.address, a.agent, a.request_id, s.seq";

pub(super) fn read(row: &Row) -> Result<Audit> {
    Ok(Audit {
        id: row.id("id")?,
        sequence: row.opt_int("seq")?,
        at: row.time("at")?,
        workspace_id: row.id("workspace_id")?,
        actor: row.text("actor")?,
        action: row.text("action")?,
        subject: row.text("subject")?,
        details: row.json("details")?,
        address: row.opt_text("address")?,
        agent: row.opt_text("agent")?,
        request_id: row.opt_text("request_id")?,
    })
}

/// Adds a line; from where it was done, the caller tells. Give the transaction of what it tells about, so that both hold or
/// none. Details hold facts of before and after, never secrets or values of rows.
///
/// # Errors
/// When the store fails.
pub async fn add(on: &impl Conn, actor: &str, action: &str, subject: &str, details: Json) -> Result<()> {
    let sql = "INSERT INTO audits (id, at, actor, action, subject, details, workspace_id, address, agent, request_id) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let origin = on.caller().map(|caller| caller.origin().clone()).unwrap_or_default();
    let (address, agent, request) = (short(origin.address), short(origin.agent), short(origin.request));
    let workspace = on.workspace();
    let args =
        args![new_id(), clock::now(), actor, action, subject, details, workspace, address, agent, request];
    on.execute(sql, args).await.map(drop)
}

fn short(text: Option<String>) -> Option<String> {
    text.map(|text| text.chars().take(LONGEST).collect())
}

/// Which lines; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Who.
    pub actor: Option<String>,
    /// Did what: the whole word, or its beginning with a `*` behind it (`query.*`).
    pub action: Option<String>,
    /// To what.
    pub subject: Option<String>,
    /// Not before that.
    pub since: Option<Timestamp>,
    /// Before that.
    pub until: Option<Timestamp>,
    /// Text that the subject or the details hold, whatever the case of its letters.
    pub text: Option<String>,
}

impl Filter {
    /// The conditions, with their arguments behind those that are there.
    fn conditions(&self, dialect: Dialect, args: &mut Vec<Value>) -> String {
        let mut sql = String::new();
        let mut and = |condition: &str, value: Value| {
            args.push(value);
            sql.push_str(" AND ");
            sql.push_str(&condition.replace('?', &format!("${}", args.len())));
        };
        if let Some(actor) = &self.actor {
            and("a.actor = ?", actor.into());
        }
        match self.action.as_deref().map(|action| (action, action.strip_suffix('*'))) {
            Some((_, Some(beginning))) => {
                and("substr(a.action, 1, length(?)) = ?", beginning.into());
            }
            Some((action, None)) => and("a.action = ?", action.into()),
            None => {}
        }
        if let Some(subject) = &self.subject {
            and("a.subject = ?", subject.into());
        }
        if let Some(since) = self.since {
            and("a.at >= ?", since.into());
        }
        if let Some(until) = self.until {
            and("a.at < ?", until.into());
        }
        if let Some(text) = &self.text {
            let holds = match dialect {
                Dialect::Sqlite => "instr(unicode_lower(a.subject || ' ' || a.details), ?) > 0",
                Dialect::Postgres => "position(? IN lower(a.subject || ' ' || a.details::text)) > 0",
            };
            and(holds, text.to_lowercase().into());
        }
        sql
    }
}

/// Lines of the workspace, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, page: PageRequest) -> Result<Page<Audit>> {
    search(on, &Filter::default(), page).await
}

/// Those lines of the workspace that a filter lets through, newest first.
///
/// # Errors
/// When the store fails.
pub async fn search(on: &impl Conn, filter: &Filter, page: PageRequest) -> Result<Page<Audit>> {
    select(on, " AND a.workspace_id = $4", vec![on.workspace().into()], filter, page).await
}

/// Lines of all workspaces, newest first: for the owner of the installation, on a handle that speaks for nobody.
///
/// # Errors
/// When the store fails.
pub async fn search_everywhere(on: &impl Conn, filter: &Filter, page: PageRequest) -> Result<Page<Audit>> {
    select(on, "", Vec::new(), filter, page).await
}

async fn select(
    on: &impl Conn,
    place: &str,
    more: Vec<Value>,
    filter: &Filter,
    page: PageRequest,
) -> Result<Page<Audit>> {
    let after = page.after.unwrap_or_else(Cursor::newest);
    let mut args = args![after.at, after.id, page.limit() + 1].to_vec();
    args.extend(more);
    let conditions = filter.conditions(on.dialect(), &mut args);
    let sql = format!(
        "SELECT {COLUMNS} FROM audits a LEFT JOIN audit_seals s ON s.audit_id = a.id \
         WHERE (a.at, a.id) < ($1, $2){place}{conditions} ORDER BY a.at DESC, a.id DESC LIMIT $3"
    );
    let rows = on.query(&sql, &args).await?;
    read_page(&rows, page.limit(), read, |a| Cursor { at: a.at, id: a.id })
}
