//! References that nobody declared: crawls propose them, people approve or reject them, and that word is kept.

use std::collections::HashMap;

use catalog::infer::Proposal;

use super::annotations::Rename;
use super::db::{Conn, Row, Tx, Value, args};
use super::error::Result;
use super::{of_workspace, read_page};
use crate::model::{Cursor, Id, Page, PageRequest, Relationship, RelationshipState, clock, new_id};

const COLUMNS: &str = "id, connection_id, from_schema, from_table, from_columns, to_schema, to_table, to_columns, \
                       state, score, evidence, created_at, updated_at, decided_at, decided_by";
/// Relationships of one connection that are read at once at the most.
const MOST: u32 = 100_000;

fn read(row: &Row) -> Result<Relationship> {
    Ok(Relationship {
        id: row.id("id")?,
        connection_id: row.id("connection_id")?,
        from_schema: row.text("from_schema")?,
        from_table: row.text("from_table")?,
        from_columns: row.document("from_columns")?,
        to_schema: row.text("to_schema")?,
        to_table: row.text("to_table")?,
        to_columns: row.document("to_columns")?,
        state: row.word("state", RelationshipState::parse)?,
        score: row.opt_float("score")?.unwrap_or_default(),
        evidence: row.document("evidence")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        decided_at: row.opt_time("decided_at")?,
        decided_by: row.opt_text("decided_by")?,
    })
}

/// What makes two the same reference.
type Ends = (String, String, String, String, String, String);

fn names(columns: &[String]) -> String {
    serde_json::to_string(columns).unwrap_or_default()
}

fn ends(proposal: &Proposal) -> Ends {
    (
        proposal.schema.clone(),
        proposal.table.clone(),
        names(&proposal.columns),
        proposal.to_schema.clone(),
        proposal.to_table.clone(),
        names(&proposal.to_columns),
    )
}

fn ends_of(known: &Relationship) -> Ends {
    (
        known.from_schema.clone(),
        known.from_table.clone(),
        names(&known.from_columns),
        known.to_schema.clone(),
        known.to_table.clone(),
        names(&known.to_columns),
    )
}

/// All relationships of a connection.
///
/// # Errors
/// When the store fails.
pub async fn all(on: &impl Conn, connection_id: Id) -> Result<Vec<Relationship>> {
    let mine = of_workspace(3);
    let sql = format!("SELECT {COLUMNS} FROM relationships WHERE {mine} AND connection_id = $1 LIMIT $2");
    on.query(&sql, args![connection_id, MOST, on.workspace()]).await?.iter().map(read).collect()
}

/// Relationships of a connection (of one state, when it is named), newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(
    on: &impl Conn,
    connection_id: Id,
    state: Option<RelationshipState>,
    page: PageRequest,
) -> Result<Page<Relationship>> {
    let mine = of_workspace(6);
    let sql = format!(
        "SELECT {COLUMNS} FROM relationships WHERE {mine} AND connection_id = $1 AND state = COALESCE($2, state) \
         AND (created_at, id) < ($3, $4) ORDER BY created_at DESC, id DESC LIMIT $5"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let state = state.map(|s| s.as_str());
    let rows = on
        .query(&sql, args![connection_id, state, after.at, after.id, page.limit() + 1, on.workspace()])
        .await?;
    read_page(&rows, page.limit(), read, |r| Cursor { at: r.created_at, id: r.id })
}

/// The relationship of that key.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<Relationship> {
    let mine = of_workspace(2);
    let sql = format!("SELECT {COLUMNS} FROM relationships WHERE {mine} AND id = $1");
    read(&on.query_one("relationship", &sql, args![id, on.workspace()]).await?)
}

/// Keeps a person's word. Either word can be changed into the other.
///
/// # Errors
/// Not found.
pub async fn decide(tx: &Tx, id: Id, state: RelationshipState, by: &str) -> Result<Relationship> {
    let mine = of_workspace(5);
    let sql = format!(
        "UPDATE relationships SET state = $2, decided_at = $3, decided_by = $4, updated_at = $3 WHERE {mine} AND id = $1 \
         RETURNING {COLUMNS}"
    );
    read(
        &tx.query_one("relationship", &sql, args![id, state.as_str(), clock::now(), by, tx.workspace()])
            .await?,
    )
}

/// Brings the proposals to what a crawl concluded: new ones are added, those that are no longer concluded go. What a
/// person approved or rejected stays as it is. Rows that did not change are not written.
///
/// # Errors
/// When the store fails.
pub async fn propose(tx: &Tx, connection_id: Id, proposals: &[Proposal]) -> Result<()> {
    let known = all(tx, connection_id).await?;
    let mut known: HashMap<Ends, Relationship> = known.into_iter().map(|r| (ends_of(&r), r)).collect();
    let now = clock::now();
    let mut added: Vec<Vec<Value>> = Vec::new();
    for proposal in proposals {
        let key = ends(proposal);
        match known.remove(&key) {
            None => added.push(row(connection_id, proposal, key, now)),
            Some(old) if old.state != RelationshipState::Proposed => {}
            Some(old) if old.evidence == proposal.evidence && near(old.score, proposal.score) => {}
            Some(old) => {
                let evidence = serde_json::to_value(&proposal.evidence).unwrap_or_default();
                let sql = "UPDATE relationships SET score = $2, evidence = $3, updated_at = $4 WHERE id = $1";
                tx.execute(sql, args![old.id, proposal.score, evidence, now]).await?;
            }
        }
    }
    for gone in known.into_values().filter(|r| r.state == RelationshipState::Proposed) {
        tx.execute("DELETE FROM relationships WHERE id = $1", args![gone.id]).await?;
    }
    tx.insert_many(&format!("relationships ({COLUMNS})"), "", added).await
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6
}

fn row(connection_id: Id, proposal: &Proposal, ends: Ends, now: jiff::Timestamp) -> Vec<Value> {
    let (from_schema, from_table, from_columns, to_schema, to_table, to_columns) = ends;
    let evidence = serde_json::to_value(&proposal.evidence).unwrap_or_default();
    vec![
        new_id().into(),
        connection_id.into(),
        from_schema.into(),
        from_table.into(),
        from_columns.into(),
        to_schema.into(),
        to_table.into(),
        to_columns.into(),
        RelationshipState::Proposed.as_str().into(),
        proposal.score.into(),
        evidence.into(),
        now.into(),
        now.into(),
        Value::Null,
        Value::Null,
    ]
}

/// Moves what people decided along with what a new schema version renamed.
///
/// # Errors
/// When the store fails.
pub async fn follow(tx: &Tx, connection_id: Id, renames: &[Rename]) -> Result<()> {
    if renames.is_empty() {
        return Ok(());
    }
    for known in all(tx, connection_id).await? {
        let mut moved = known.clone();
        renames.iter().for_each(|rename| apply(rename, &mut moved));
        if moved == known {
            continue;
        }
        // what is known under the new names already is the older word
        let twin = "DELETE FROM relationships WHERE connection_id = $1 AND from_schema = $2 AND from_table = $3 \
                    AND from_columns = $4 AND to_schema = $5 AND to_table = $6 AND to_columns = $7";
        let key = ends_of(&moved);
        tx.execute(twin, args![connection_id, &key.0, &key.1, &key.2, &key.3, &key.4, &key.5]).await?;
        let sql = "UPDATE relationships SET from_schema = $2, from_table = $3, from_columns = $4, to_schema = $5, \
                   to_table = $6, to_columns = $7 WHERE id = $1";
        tx.execute(sql, args![known.id, &key.0, &key.1, &key.2, &key.3, &key.4, &key.5]).await?;
    }
    Ok(())
}

fn apply(rename: &Rename, to: &mut Relationship) {
    match rename {
        Rename::Column { schema, table, old, new } => {
            let change = |columns: &mut Vec<String>| {
                columns.iter_mut().filter(|c| *c == old).for_each(|c| c.clone_from(new));
            };
            if (&to.from_schema, &to.from_table) == (schema, table) {
                change(&mut to.from_columns);
            }
            if (&to.to_schema, &to.to_table) == (schema, table) {
                change(&mut to.to_columns);
            }
        }
        Rename::Table { schema, old, new_schema, new } => {
            if (&to.from_schema, &to.from_table) == (schema, old) {
                (to.from_schema, to.from_table) = (new_schema.clone(), new.clone());
            }
            if (&to.to_schema, &to.to_table) == (schema, old) {
                (to.to_schema, to.to_table) = (new_schema.clone(), new.clone());
            }
        }
    }
}
