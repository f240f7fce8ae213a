//! Review: a query goes from draft to approved by the steps of `model::STEPS`, each with its audit line; who waits for it
//! hears of it in the same transaction.

use serde_json::{Value, json};

use super::knowledge::Kept;
use crate::error::{Class, Error, Result};
use crate::model::{Id, JobKind, Level, MessageStatus, Query, QueryComment, QueryState, Step};
use crate::queries;
use crate::sources::{Source, Sources};
use crate::store::chats::MessageEnd;
use crate::store::jobs::NewJob;
use crate::store::notifications::NewNotification;
use crate::store::queries::NewText;
use crate::store::{self, Conn, Db, Tx};

/// Longest reason or comment, in characters.
const MAX_WORDS: usize = 4_000;

/// Where a step leads a query.
///
/// # Errors
/// `A032` when the step cannot be done in its state.
fn next(query: &Query, step: Step) -> Result<QueryState> {
    step.from(query.state).ok_or_else(|| {
        let can: Vec<&str> = Step::all_from(query.state).into_iter().map(Step::as_str).collect();
        let message = format!("the query is {}: {} cannot be done", query.state, step.as_str());
        Error::new("A032", Class::Conflict, message).hint(format!("What can be done: {}.", can.join(", ")))
    })
}

/// Somebody else moved it in between.
fn moved(error: store::StoreError) -> Error {
    if error.kind != store::StoreErrorKind::NotFound {
        return error.into();
    }
    Error::new("A060", Class::Conflict, "the query was changed by somebody else in between")
        .hint("Look at it again, then decide.")
}

fn words(text: Option<&str>) -> Result<Option<&str>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > MAX_WORDS) {
        let message = format!("the text is longer than {MAX_WORDS} characters");
        return Err(Error::new("A064", Class::TooLarge, message).hint("Write less."));
    }
    Ok(text)
}

async fn line(tx: &Tx, action: &str, query: &Query, to: QueryState, details: Value) -> Result<()> {
    let mut details = details;
    if let Value::Object(fields) = &mut details {
        fields.insert("before".to_owned(), json!(query.state));
        fields.insert("after".to_owned(), json!(to));
        fields.insert("text".to_owned(), json!(query.ordinal));
    }
    Ok(store::audits::add(tx, tx.by(), action, &query.id.to_string(), details).await?)
}

/// What tells reviewers that a query waits.
pub fn request(query: &Query, by: &str, assigned_to: Option<Id>) -> NewNotification {
    NewNotification {
        kind: "review",
        severity: Level::Info,
        connection_id: Some(query.connection_id),
        subject_type: "query",
        subject_id: query.id.to_string(),
        title: "A query waits for review".to_owned(),
        details: json!({ "query": query.id, "by": by, "assigned_to": assigned_to, "text": query.ordinal }),
        dedup_key: format!("review:{}:{}:{}", query.id, query.updated_at, assigned_to.unwrap_or_default()),
    }
}

/// Asks for review, and tells reviewers.
///
/// # Errors
/// Not found; `A032`; `A060`.
pub async fn propose(db: &Db, id: Id) -> Result<Query> {
    let query = store::queries::get(db, id).await?;
    let to = next(&query, Step::Propose)?;
    let tx = db.begin().await?;
    store::reviews::propose(&tx, &query, to).await.map_err(moved)?;
    store::notifications::add(&tx, request(&query, tx.by(), query.assigned_to)).await?;
    line(&tx, "query.propose", &query, to, json!({})).await?;
    tx.commit().await?;
    Ok(store::queries::get(db, id).await?)
}

/// Says who should look at a query, and tells them.
///
/// # Errors
/// Not found: the query, or such a member of the workspace.
pub async fn assign(db: &Db, id: Id, user: Option<Id>) -> Result<Query> {
    let query = store::queries::get(db, id).await?;
    let tx = db.begin().await?;
    if let Some(user) = user
        && !store::reviews::is_member(&tx, user).await?
    {
        return Err(store::StoreError::not_found("member of the workspace").into());
    }
    store::reviews::assign(&tx, id, user).await?;
    if user.is_some() && query.state == QueryState::Proposed {
        store::notifications::add(&tx, request(&query, tx.by(), user)).await?;
    }
    line(&tx, "query.assign", &query, query.state, json!({ "user": user })).await?;
    tx.commit().await?;
    Ok(store::queries::get(db, id).await?)
}

/// Approves a query as the reviewer saw it. An answer that waits for it is run by a job, in the name of who asked.
///
/// # Errors
/// Not found; `A032`; `A060`; `A061` where another person must approve it; as [`queries::check`], with the reviewer's policy.
pub async fn approve(db: &Db, sources: &Sources, query: Query, reason: Option<&str>) -> Result<Kept<Query>> {
    let (to, reason) = (next(&query, Step::Approve)?, words(reason)?);
    let source = sources.get(query.connection_id).await?;
    other_eyes(db, &source, &query)?;
    if let Err(findings) = queries::check(&source, query.asked()).await? {
        return Ok(Kept::Refused(findings));
    }
    let (version, _) = source.catalog()?;
    let tx = db.begin().await?;
    store::queries::set_version(&tx, query.id, version.id).await?;
    store::reviews::judge(&tx, &query, to, reason).await.map_err(moved)?;
    if let Some(message) = store::reviews::waiting(&tx, &query).await? {
        let job = NewJob {
            connection_id: Some(query.connection_id),
            payload: json!({ "message": message }),
            dedup_key: Some(format!("answer:{message}")),
            created_by: Some(tx.by().to_owned()),
            ..NewJob::of(JobKind::Answer)
        };
        store::jobs::enqueue(&tx, job).await?;
    }
    line(&tx, "query.approve", &query, to, json!({})).await?;
    tx.commit().await?;
    db.wake();
    Ok(Kept::Done(Box::new(store::queries::get(db, query.id).await?)))
}

/// Where a connection wants it, nobody approves what they wrote, asked or proposed themselves.
fn other_eyes(db: &Db, source: &Source, query: &Query) -> Result<()> {
    let own = [&query.written_by, &query.created_by, &query.proposed_by];
    if !source.options()?.four_eyes || !own.into_iter().flatten().any(|by| by == db.by()) {
        return Ok(());
    }
    Err(Error::new(
        "A061",
        Class::Forbidden,
        "somebody else must approve what one wrote, asked or proposed oneself",
    )
    .hint(
        "Propose it, and let another reviewer look at it; the connection's option four_eyes asks for that.",
    ))
}

/// Refuses a query, with a reason; an answer that waits for it ends with it.
///
/// # Errors
/// Not found; `A032`; `A060`; `A063` without a reason.
pub async fn reject(db: &Db, id: Id, reason: &str) -> Result<Query> {
    let Some(reason) = words(Some(reason))? else {
        return Err(Error::new("A063", Class::BadInput, "a rejection needs its reason")
            .hint("Say what is wrong, so that it can be corrected."));
    };
    let query = store::queries::get(db, id).await?;
    let to = next(&query, Step::Reject)?;
    let tx = db.begin().await?;
    store::reviews::judge(&tx, &query, to, Some(reason)).await.map_err(moved)?;
    end_waiting(&tx, &query, "a reviewer refused the statement").await?;
    line(&tx, "query.reject", &query, to, json!({})).await?;
    tx.commit().await?;
    Ok(store::queries::get(db, id).await?)
}

async fn end_waiting(tx: &Tx, query: &Query, why: &str) -> Result<()> {
    let Some(message) = store::reviews::waiting(tx, query).await? else { return Ok(()) };
    let parts = store::chats::get_message(tx, message).await?.parts;
    let mut parts = parts.as_array().cloned().unwrap_or_default();
    parts.retain(|part| part.get("type").and_then(Value::as_str) != Some("data-review"));
    parts.push(json!({ "type": "data-review", "data": { "state": "refused", "query_id": query.id } }));
    let end = MessageEnd {
        status: MessageStatus::Failed,
        parts: Value::Array(parts),
        query_id: Some(query.id),
        error: Some(("A062".to_owned(), why.to_owned())),
    };
    store::chats::finish_waiting(tx, message, end).await?;
    Ok(())
}

/// Withdraws, archives or unarchives a query.
///
/// # Errors
/// Not found; `A032`; `A060`.
pub async fn shift(db: &Db, id: Id, step: Step) -> Result<Query> {
    let query = store::queries::get(db, id).await?;
    let to = next(&query, step)?;
    let tx = db.begin().await?;
    store::queries::set_state(&tx, id, query.state, to, Some(db.by())).await.map_err(moved)?;
    end_waiting(&tx, &query, "the statement was taken back before anybody approved it").await?;
    line(&tx, &format!("query.{}", step.as_str()), &query, to, json!({})).await?;
    tx.commit().await?;
    // back among the drafts of a chat, it is for those in the chat again
    let mut after = query;
    after.state = to;
    Ok(store::queries::get(db, id).await.unwrap_or(after))
}

/// Gives a query another text, and keeps the one before. An approved one must be approved anew.
///
/// # Errors
/// Not found; `A032`; `A060`; as [`queries::check`].
pub async fn edit(
    db: &Db,
    sources: &Sources,
    query: Query,
    sql: &str,
    why: Option<&str>,
) -> Result<Kept<Query>> {
    let (to, why) = (next(&query, Step::Edit)?, words(why)?);
    let source = sources.get(query.connection_id).await?;
    let statement = match queries::check(&source, sql).await? {
        Ok(statement) => statement,
        Err(findings) => return Ok(Kept::Refused(findings)),
    };
    let (version, _) = source.catalog()?;
    let report = statement.report();
    let text = NewText {
        sql: sql.to_owned(),
        canonical_sql: statement.sql().to_owned(),
        reading: report.reading.clone(),
        report: serde_json::to_value(report).unwrap_or(Value::Null),
        schema_version_id: version.id,
    };
    let tx = db.begin().await?;
    store::reviews::keep_text(&tx, &query).await.map_err(moved)?;
    store::queries::set_text(&tx, &query, text, db.by()).await.map_err(moved)?;
    store::reviews::signed(&tx, &query, to, why).await.map_err(moved)?;
    line(&tx, "query.edit", &query, to, json!({})).await?;
    tx.commit().await?;
    Ok(Kept::Done(Box::new(store::queries::get(db, query.id).await?)))
}

/// Says something of a query, or answers what somebody said of it.
///
/// # Errors
/// Not found: the query, or the comment that is answered; `A033` for an empty text.
pub async fn comment(db: &Db, id: Id, parent: Option<Id>, text: &str) -> Result<QueryComment> {
    let Some(text) = words(Some(text))? else {
        return Err(Error::new("A033", Class::BadInput, "the comment is empty").hint("Write something."));
    };
    let query = store::queries::get(db, id).await?;
    let tx = db.begin().await?;
    if let Some(parent) = parent
        && !store::reviews::comments(&tx, id).await?.iter().any(|comment| comment.id == parent)
    {
        return Err(store::StoreError::not_found("comment on the query").into());
    }
    let comment = store::reviews::comment(&tx, id, query.ordinal, parent, text).await?;
    let details = json!({ "query": id });
    store::audits::add(&tx, db.by(), "query.comment", &comment.id.to_string(), details).await?;
    tx.commit().await?;
    Ok(comment)
}
