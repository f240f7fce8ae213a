//! Queries, messages, executions, and what is known of a database, as a caller sees them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use guard::ReadOnly;
use serde_json::{Value, json};

use super::{Cut, Seen, Told};
use crate::error::Result;
use crate::impact::{Impacted, Judged};
use crate::model::{
    Annotation, ChatMessage, EvaluationCase, Execution, GlossaryTerm, Id, Impact, Notification, Page, Query,
    Relationship, Role,
};
use crate::sources::Sources;
use crate::store::{self, Db, StoreError};

/// Parts of a message that tell of rows.
const OF_ROWS: [&str; 3] = ["data-rows", "data-chart", "text"];

impl Seen {
    /// The queries that are there for the caller, each with the text, the reading and the report that the caller's own
    /// check gives.
    ///
    /// # Errors
    /// When the work is stopped.
    pub async fn queries(&self, queries: Vec<Query>) -> Result<Vec<Query>> {
        let by = self.by.clone();
        self.apart(move |cut| queries.into_iter().filter_map(|query| shown(cut, &by, query)).collect()).await
    }

    /// One query.
    ///
    /// # Errors
    /// Not found when it is not there for the caller.
    pub async fn query(&self, query: Query) -> Result<Query> {
        let found = self.queries(vec![query]).await?.pop();
        Ok(found.ok_or_else(|| StoreError::not_found("query"))?)
    }

    /// An execution: of one under another policy nothing is told that its rows or errors say.
    pub fn execution(&self, mut execution: Execution) -> Execution {
        if self.alike(execution.policy_key.as_deref()) {
            return execution;
        }
        execution.columns = Value::Array(Vec::new());
        execution.error_message = None;
        (execution.row_count, execution.byte_count, execution.truncated) = (None, None, None);
        execution
    }

    /// Whether rows under that fingerprint are the caller's to see.
    fn alike(&self, key: Option<&str>) -> bool {
        key.map_or(self.everything(), |key| key == self.key)
    }

    /// Messages: an answer whose rows were read under another policy says so in their place.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn messages(&self, db: &Db, mut messages: Vec<ChatMessage>) -> Result<Vec<ChatMessage>> {
        let ran: HashMap<Id, Id> =
            messages.iter().filter_map(|m| Some((m.id, execution_of(m.parts.as_array()?)?))).collect();
        let ids: Vec<Id> = ran.values().copied().collect();
        let keys = store::executions::policy_keys(db, &ids).await?;
        for message in messages.iter_mut().filter(|m| m.role == Role::Assistant) {
            let hidden = match ran.get(&message.id) {
                Some(execution) => !self.alike(keys.get(execution).and_then(Option::as_deref)),
                None => !self.text(&message.parts.to_string()),
            };
            if hidden {
                self.withhold(message).await?;
            }
        }
        Ok(messages)
    }

    /// Takes out of an answer what the caller may not see.
    async fn withhold(&self, message: &mut ChatMessage) -> Result<()> {
        let Value::Array(parts) = message.parts.take() else { return Ok(()) };
        let mut left = Vec::with_capacity(parts.len());
        for part in parts {
            match part.get("type").and_then(Value::as_str) {
                Some("data-sql") => left.extend(self.sql_part(part).await?),
                Some(kind) if OF_ROWS.contains(&kind) => {}
                Some(_) | None if self.text(&part.to_string()) => left.push(part),
                Some(_) | None => {}
            }
        }
        left.push(json!({ "type": "data-withheld", "data": {
            "code": "E030",
            "message": "the rows were read under other permissions than the caller has now",
            "hint": "Run the query yourself: POST /api/v1/queries/{id}/executions.",
        } }));
        message.parts = Value::Array(left);
        message.error_message = message.error_message.take().filter(|text| self.text(text));
        Ok(())
    }

    async fn sql_part(&self, mut part: Value) -> Result<Option<Value>> {
        let Some(sql) = part.pointer("/data/sql").and_then(Value::as_str).map(str::to_owned) else {
            return Ok(None);
        };
        self.apart(move |cut| {
            let Some(cut) = cut else { return Some(part) };
            let Told::Runs(read) = cut.told(&sql) else { return None };
            if names_values(&read) {
                return None;
            }
            let data = part.get_mut("data").and_then(Value::as_object_mut)?;
            data.insert("sql".to_owned(), json!(read.asked()));
            data.insert("reading".to_owned(), json!(read.report().reading));
            data.insert("warnings".to_owned(), json!(read.report().warnings));
            data.insert("notes".to_owned(), json!([]));
            Some(part)
        })
        .await
    }

    /// The glossary terms that are there for the caller.
    ///
    /// # Errors
    /// When the work is stopped.
    pub async fn terms(&self, mut page: Page<GlossaryTerm>) -> Result<Page<GlossaryTerm>> {
        let told = |term: &GlossaryTerm| (format!("{} {}", term.term, term.definition), term.statement());
        page.items = self.there(page.items, told).await?;
        Ok(page)
    }

    /// A glossary term.
    ///
    /// # Errors
    /// Not found when it is not there for the caller.
    pub async fn term(&self, term: &GlossaryTerm) -> Result<()> {
        let page = Page { items: vec![term.clone()], next: None };
        let found = self.terms(page).await?.items.pop();
        Ok(found.map(drop).ok_or_else(|| StoreError::not_found("glossary term"))?)
    }

    /// The evaluation cases that are there for the caller.
    ///
    /// # Errors
    /// When the work is stopped.
    pub async fn cases(&self, mut page: Page<EvaluationCase>) -> Result<Page<EvaluationCase>> {
        let told = |case: &EvaluationCase| (case.question.clone(), Some(case.gold_sql.clone()));
        page.items = self.there(page.items, told).await?;
        Ok(page)
    }

    /// The impacts that are there for the caller.
    ///
    /// # Errors
    /// When the work is stopped.
    pub async fn impacts(&self, mut page: Page<Impact>) -> Result<Page<Impact>> {
        let told = |impact: &Impact| {
            let Impact { subject_name, findings, causes, meaning, repair, .. } = impact;
            (json!([subject_name, findings, causes, meaning, repair]).to_string(), Some(impact.sql.clone()))
        };
        page.items = self.there(page.items, told).await?;
        Ok(page)
    }

    /// An impact.
    ///
    /// # Errors
    /// Not found when it is not there for the caller.
    pub async fn impact(&self, impact: Impact) -> Result<Impact> {
        let page = Page { items: vec![impact], next: None };
        let found = self.impacts(page).await?.items.pop();
        Ok(found.ok_or_else(|| StoreError::not_found("impact"))?)
    }

    /// What was worked out now of what is there for the caller.
    ///
    /// # Errors
    /// When the work is stopped.
    pub async fn impacted(&self, mut impacted: Impacted) -> Result<Impacted> {
        let told =
            |judged: &Judged| (serde_json::to_string(judged).unwrap_or_default(), Some(judged.sql.clone()));
        impacted.statements = self.there(impacted.statements, told).await?;
        if !self.everything() {
            impacted.checked = impacted.statements.len();
        }
        Ok(impacted)
    }

    /// Those whose words and statement are there for the caller.
    async fn there<T: Send + 'static>(
        &self,
        mut all: Vec<T>,
        told: impl Fn(&T) -> (String, Option<String>) + Send + 'static,
    ) -> Result<Vec<T>> {
        self.apart(move |cut| {
            let Some(cut) = cut else { return all };
            all.retain(|one| {
                let (text, sql) = told(one);
                cut.text(&text) && sql.is_none_or(|sql| !matches!(cut.told(&sql), Told::Hidden))
            });
            all
        })
        .await
    }

    /// Whether what is said of a table or column is there for the caller.
    pub fn annotation(&self, said: &Annotation) -> bool {
        let place = self.place(&said.schema, &said.table, said.column.as_deref());
        place && said.description.as_deref().is_none_or(|text| self.text(text))
    }

    /// Whether a reference is there for the caller.
    pub fn relationship(&self, one: &Relationship) -> bool {
        let side = |schema: &str, table: &str, columns: &[String]| {
            columns.iter().all(|column| self.place(schema, table, Some(column)))
        };
        side(&one.from_schema, &one.from_table, &one.from_columns)
            && side(&one.to_schema, &one.to_table, &one.to_columns)
    }

    /// Whether a notification is there for the caller.
    pub fn notification(&self, told: &Notification) -> bool {
        self.text(&told.title) && self.text(&told.details.to_string())
    }
}

/// Notifications of several connections that are there for the caller.
///
/// # Errors
/// When the store fails.
pub async fn notifications(db: &Db, sources: &Sources, all: Vec<Notification>) -> Result<Vec<Notification>> {
    let mut known: HashMap<Id, Seen> = HashMap::new();
    let mut left = Vec::with_capacity(all.len());
    for one in all {
        let Some(connection) = one.connection_id else {
            left.push(one);
            continue;
        };
        if let Entry::Vacant(place) = known.entry(connection) {
            place.insert(Seen::of_kept(db, sources, connection).await?);
        }
        let seen = known.get(&connection);
        if seen.is_none_or(|seen| seen.notification(&one)) {
            left.push(one);
        }
    }
    Ok(left)
}

/// Queries of several connections that are there for the caller, in their order.
///
/// # Errors
/// When the store fails.
pub async fn queries(db: &Db, sources: &Sources, all: Vec<Query>) -> Result<Vec<Query>> {
    let mut known: HashMap<Id, Seen> = HashMap::new();
    let mut left = Vec::with_capacity(all.len());
    for one in all {
        if let Entry::Vacant(place) = known.entry(one.connection_id) {
            place.insert(Seen::of_kept(db, sources, one.connection_id).await?);
        }
        let Some(seen) = known.get(&one.connection_id) else { continue };
        left.extend(seen.queries(vec![one]).await?);
    }
    Ok(left)
}

/// The query of that key, as the caller sees it.
///
/// # Errors
/// Not found when it is not there for the caller.
pub async fn query(db: &Db, sources: &Sources, id: Id) -> Result<Query> {
    let query = store::queries::get(db, id).await?;
    Seen::of_kept(db, sources, query.connection_id).await?.query(query).await
}

/// A query of the caller's own, just made: without what the policy put in.
pub fn own(mut query: Query) -> Query {
    query.canonical_sql = query.asked().to_owned();
    query
}

/// A query as somebody sees it: what a policy put into its text is never shown.
fn shown(cut: Option<&Cut>, by: &str, mut query: Query) -> Option<Query> {
    let asked = query.asked().to_owned();
    let Some(cut) = cut else {
        query.canonical_sql = asked;
        return Some(query);
    };
    let own = query.created_by.as_deref() == Some(by);
    match cut.told(&asked) {
        Told::Runs(read) if !own && names_values(&read) => return None,
        Told::Runs(read) => {
            if !own && !cut.text(&query.sql) {
                read.asked().clone_into(&mut query.sql);
            }
            read.asked().clone_into(&mut query.canonical_sql);
            query.reading = read.report().reading.clone();
            query.report = serde_json::to_value(read.report()).unwrap_or(Value::Null);
        }
        Told::Plain if cut.text(&query.sql) && cut.text(&query.reading) => query.canonical_sql = asked,
        Told::Plain | Told::Hidden => return None,
    }
    Some(query)
}

/// Whether a statement over masked columns holds values: somebody who sees them may have written one in.
fn names_values(read: &ReadOnly) -> bool {
    let text = read.asked();
    let number =
        text.split_once("= ").is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()));
    !read.report().masked.is_empty() && (text.contains('\'') || number)
}

/// The execution that an answer's rows come from.
fn execution_of(parts: &[Value]) -> Option<Id> {
    let rows = parts.iter().find(|part| part.get("type").and_then(Value::as_str) == Some("data-rows"))?;
    Id::parse_str(rows.pointer("/data/execution_id")?.as_str()?).ok()
}
