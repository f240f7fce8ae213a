//! Keeping what a new version did: impacts, the review state of queries, and one notification, all in one transaction.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Impacted, Judged, Statement};
use crate::error::Result;
use crate::model::{Connection, Id, Impact, ImpactState, Level, QueryState, SchemaVersion, SubjectType};
use crate::store::impacts::NewImpact;
use crate::store::notifications::NewNotification;
use crate::store::{self, Db, Tx};

/// Statements that a notification names.
const NAMED: usize = 20;
/// Who changes a query's state here.
const BY: &str = "impact";

/// Stores what was found of every statement of a connection.
pub async fn store(
    db: &Db,
    connection: &Connection,
    versions: (&SchemaVersion, &SchemaVersion),
    judged: Vec<(Statement, Judged)>,
    impacted: &Impacted,
) -> Result<()> {
    let tx = db.begin().await?;
    let open = store::impacts::open(&tx, connection.id).await?;
    let mut open: HashMap<(SubjectType, Id), Impact> =
        open.into_iter().map(|i| ((i.subject_type, i.subject_id), i)).collect();
    for (statement, judged) in judged {
        let known = open.remove(&(statement.subject_type, statement.id));
        one(&tx, connection, versions, &statement, judged, known).await?;
    }
    // what is not there any more cannot be broken
    if !impacted.cut {
        for gone in open.values() {
            store::impacts::resolve(&tx, gone.id, ImpactState::Ok, versions.1.id).await?;
        }
    }
    if !impacted.statements.is_empty() {
        store::notifications::add(&tx, notification(connection, versions, impacted)).await?;
    }
    Ok(tx.commit().await?)
}

async fn one(
    tx: &Tx,
    connection: &Connection,
    (from, to): (&SchemaVersion, &SchemaVersion),
    statement: &Statement,
    judged: Judged,
    known: Option<Impact>,
) -> Result<()> {
    let was_broken = known.as_ref().is_some_and(|i| i.state == ImpactState::Broken);
    if judged.state == ImpactState::Ok {
        let Some(known) = known else { return Ok(()) };
        return over(tx, &known, statement, to).await;
    }
    let new = new_impact(connection, (from, to), statement, judged);
    match known {
        // still broken: what broke it first stays the cause
        Some(known) if was_broken && new.state == ImpactState::Broken => {
            let kept = with_first_cause(new, &known);
            store::impacts::renew(tx, known.id, &kept).await?;
        }
        // the same version looked at again
        Some(known) if known.state == new.state && known.to_version_id == to.id => {
            store::impacts::renew(tx, known.id, &new).await?;
        }
        Some(known) => {
            over(tx, &known, statement, to).await?;
            add(tx, statement, new).await?;
        }
        None => add(tx, statement, new).await?,
    }
    Ok(())
}

async fn add(tx: &Tx, statement: &Statement, new: NewImpact) -> Result<()> {
    if let (ImpactState::Broken, Some(state)) = (new.state, statement.state)
        && state != QueryState::Broken
    {
        // somebody may have moved it in between: then it stays where they put it
        if store::queries::get(tx, statement.id).await?.state == state {
            store::queries::set_state(tx, statement.id, state, QueryState::Broken, Some(BY)).await?;
        }
    }
    Ok(store::impacts::create(tx, new).await?)
}

/// The statement holds again: its impact ends, a query gets its state back.
async fn over(tx: &Tx, known: &Impact, statement: &Statement, to: &SchemaVersion) -> Result<()> {
    let state = if known.sql == statement.sql { ImpactState::Ok } else { ImpactState::Repaired };
    store::impacts::resolve(tx, known.id, state, to.id).await?;
    let back = known.state_before.as_deref().and_then(QueryState::parse);
    if let (Some(back), Some(QueryState::Broken)) = (back, statement.state) {
        store::queries::set_state(tx, statement.id, QueryState::Broken, back, Some(BY)).await?;
        store::queries::set_version(tx, statement.id, to.id).await?;
    }
    Ok(())
}

fn new_impact(
    connection: &Connection,
    (from, to): (&SchemaVersion, &SchemaVersion),
    statement: &Statement,
    judged: Judged,
) -> NewImpact {
    NewImpact {
        connection_id: connection.id,
        from_version_id: from.id,
        to_version_id: to.id,
        subject_type: judged.subject_type,
        subject_id: judged.subject_id,
        subject_name: judged.subject_name,
        state: judged.state,
        findings: value(&judged.findings),
        causes: value(&judged.causes),
        meaning: value(&judged.meaning),
        sql: judged.sql,
        repair: judged.repair,
        state_before: statement.state.filter(|s| *s != QueryState::Broken).map(QueryState::as_str),
    }
}

fn with_first_cause(new: NewImpact, known: &Impact) -> NewImpact {
    let mut causes = known.causes.as_array().cloned().unwrap_or_default();
    for cause in new.causes.as_array().into_iter().flatten() {
        if !causes.contains(cause) {
            causes.push(cause.clone());
        }
    }
    NewImpact { causes: Value::Array(causes), ..new }
}

fn value(list: &impl Serialize) -> Value {
    serde_json::to_value(list).unwrap_or_else(|_| json!([]))
}

fn notification(
    connection: &Connection,
    (from, to): (&SchemaVersion, &SchemaVersion),
    impacted: &Impacted,
) -> NewNotification {
    let broken = impacted.of(ImpactState::Broken).count();
    let changed = impacted.of(ImpactState::Changed).count();
    let repairs = impacted.statements.iter().filter(|s| s.repair.is_some()).count();
    let named: Vec<Value> = impacted
        .statements
        .iter()
        .take(NAMED)
        .map(|s| json!({ "type": s.subject_type, "id": s.subject_id, "name": s.subject_name, "state": s.state }))
        .collect();
    NewNotification {
        kind: "impact",
        severity: if broken > 0 { Level::Warning } else { Level::Info },
        connection_id: Some(connection.id),
        subject_type: "schema_version",
        subject_id: to.id.to_string(),
        title: format!(
            "{} {}: {} of {} statements broken, {} changed",
            connection.name,
            to.number(),
            broken,
            impacted.checked,
            changed
        ),
        details: json!({
            "from": from.number(), "to": to.number(), "summary": to.summary, "broken": broken,
            "changed": changed, "repairs": repairs, "statements": named,
        }),
        dedup_key: format!("impact/{}/{}", connection.id, to.id),
    }
}
