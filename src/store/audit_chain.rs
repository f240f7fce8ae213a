//! The chain over the audit trail. Lines are added in their own transactions, unchained, and wait; a sealer gives those that
//! were committed their places, one after the other, in short transactions of its own. So writers never wait for one
//! another, the sequence has no gaps whatever order they commit in, and a crash between two sealings loses nothing.
//!
//! A seal is the hash of the seal before, the sequence number and what the line says. Any number of daemons may seal: a lock
//! lets one at a time.

use serde_json::Value as Json;

use super::audits::{COLUMNS, read};
use super::db::{Conn, Db, Dialect, Row, Tx, Value, args};
use super::error::Result;
use super::portable::normalized;
use crate::model::{Audit, Id, clock};

/// Lines that are sealed in one transaction, and read at once.
pub const BATCH: usize = 500;
/// Key of the sealers' lock; any number that nobody else uses in the store's database.
const LOCK: i64 = 0x7175_6572_656e_7402;
/// What stands before the first seal.
pub const START: &str = "querent audit 1";

/// The last place of a chain.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    /// Sequence number; 0: the chain is empty.
    pub seq: i64,
    /// The seal there.
    pub hash: String,
}

impl Head {
    /// Of an empty chain.
    pub fn start() -> Head {
        Head { seq: 0, hash: START.to_owned() }
    }

    /// The head when a line comes next.
    pub fn then(&self, line: &Audit) -> Head {
        let seq = self.seq + 1;
        Head { seq, hash: seal_of(&self.hash, seq, line) }
    }
}

/// A place of the chain, and its line if that is still there.
#[derive(Debug, Clone)]
pub struct Link {
    /// The place and its seal.
    pub head: Head,
    /// Key of the line.
    pub audit_id: Id,
    /// The line.
    pub line: Option<Audit>,
}

/// The seal of a line behind another seal.
fn seal_of(before: &str, seq: i64, line: &Audit) -> String {
    let mut hash = blake3::Hasher::new();
    let mut add = |text: Option<&str>| {
        // the length first, so that no two lines give the same bytes; one more than that, so that none is not empty
        hash.update(&text.map_or(0, |text| text.len() as u64 + 1).to_le_bytes());
        hash.update(text.unwrap_or_default().as_bytes());
    };
    let (number, at) = (seq.to_string(), line.at.as_microsecond().to_string());
    let (id, workspace) = (line.id.to_string(), line.workspace_id.to_string());
    let details = normalized(&line.details).to_string();
    let rest = [&line.address, &line.agent, &line.request_id];
    let rest: Vec<Option<String>> = rest.into_iter().map(|text| text.as_deref().map(plain)).collect();
    for text in [before, &number, &id, &at, &workspace] {
        add(Some(text));
    }
    for text in [&line.actor, &line.action, &line.subject] {
        add(Some(&plain(text)));
    }
    add(Some(&details));
    rest.iter().for_each(|text| add(text.as_deref()));
    hash.finalize().to_hex().to_string()
}

/// As PostgreSQL keeps it, so that a trail that moves there keeps its seals.
fn plain(text: &str) -> String {
    match normalized(&Json::String(text.to_owned())) {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

/// The last place.
///
/// # Errors
/// When the store fails.
pub async fn head(on: &impl Conn) -> Result<Head> {
    let row = on.query_opt("SELECT seq, hash FROM audit_seals ORDER BY seq DESC LIMIT 1", &[]).await?;
    row.map_or_else(|| Ok(Head::start()), |row| read_head(&row))
}

fn read_head(row: &Row) -> Result<Head> {
    Ok(Head { seq: row.int("seq")?, hash: row.text("hash")? })
}

/// Gives waiting lines their places, a batch at the most; gives how many. None while another daemon does so.
///
/// # Errors
/// When the store fails; nothing is sealed then.
pub async fn seal(db: &Db) -> Result<usize> {
    let db = db.everywhere();
    // without the writer's lock: mostly there is nothing to do
    if db.query_opt("SELECT 1 AS one FROM audit_unsealed LIMIT 1", &[]).await?.is_none() {
        return Ok(0);
    }
    let tx = db.begin().await?;
    if tx.dialect() == Dialect::Postgres {
        let mine = tx.query_one("lock", "SELECT pg_try_advisory_xact_lock($1) AS mine", args![LOCK]).await?;
        if !mine.bool("mine")? {
            tx.rollback().await?;
            return Ok(0);
        }
    }
    let sealed = seal_batch(&tx).await?;
    tx.commit().await?;
    Ok(sealed)
}

async fn seal_batch(tx: &Tx) -> Result<usize> {
    // what a restore put back into the chain waits no more
    let sealed = "DELETE FROM audit_unsealed WHERE audit_id IN (SELECT audit_id FROM audit_seals)";
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_unsealed q JOIN audits a ON a.id = q.audit_id \
         LEFT JOIN audit_seals s ON s.audit_id = a.id ORDER BY a.at, a.id LIMIT {BATCH}"
    );
    let mut lines = tx.query(&sql, &[]).await?.iter().map(read).collect::<Result<Vec<Audit>>>()?;
    if lines.iter().any(|line| line.sequence.is_some()) {
        tx.execute(sealed, &[]).await?;
        lines.retain(|line| line.sequence.is_none());
    }
    let (mut last, now) = (head(tx).await?, clock::now());
    let mut seals: Vec<Vec<Value>> = Vec::with_capacity(lines.len());
    for line in &lines {
        last = last.then(line);
        seals.push(args![last.seq, line.id, &last.hash, now].to_vec());
    }
    tx.insert_many("audit_seals (seq, audit_id, hash, sealed_at)", "", seals).await?;
    for line in &lines {
        tx.execute("DELETE FROM audit_unsealed WHERE audit_id = $1", args![line.id]).await?;
    }
    Ok(lines.len())
}

/// Seals until nothing waits or somebody else does it.
///
/// # Errors
/// When the store fails.
pub async fn seal_all(db: &Db) -> Result<u64> {
    let mut all = 0;
    loop {
        let sealed = seal(db).await?;
        all += sealed as u64;
        // what is less than a batch was all there was
        if sealed < BATCH {
            return Ok(all);
        }
    }
}

/// The places behind one, in their order; a batch at the most.
///
/// # Errors
/// When the store fails.
pub async fn links(on: &impl Conn, after: i64) -> Result<Vec<Link>> {
    let columns = COLUMNS
        .replace("a.id,", "")
        .replace("s.seq", "s.seq, s.hash, s.audit_id, s.audit_id AS id, a.id AS found");
    let sql = format!(
        "SELECT {columns} FROM audit_seals s LEFT JOIN audits a ON a.id = s.audit_id \
         WHERE s.seq > $1 ORDER BY s.seq LIMIT {BATCH}"
    );
    let rows = on.query(&sql, args![after]).await?;
    rows.iter()
        .map(|row| {
            let line = row.opt_id("found")?.map(|_| read(row)).transpose()?;
            Ok(Link { head: read_head(row)?, audit_id: row.id("audit_id")?, line })
        })
        .collect()
}

/// How many lines wait for their places.
///
/// # Errors
/// When the store fails.
pub async fn waiting(on: &impl Conn) -> Result<i64> {
    on.query_one("count", "SELECT count(*) AS n FROM audit_unsealed", &[]).await?.int("n")
}

/// Lines that neither have a place nor wait for one: somebody put them there beside the program.
///
/// # Errors
/// When the store fails.
pub async fn strangers(on: &impl Conn, limit: u32) -> Result<Vec<Id>> {
    let sql = "SELECT a.id FROM audits a WHERE NOT EXISTS (SELECT 1 FROM audit_seals s WHERE s.audit_id = a.id) \
               AND NOT EXISTS (SELECT 1 FROM audit_unsealed q WHERE q.audit_id = a.id) ORDER BY a.id LIMIT $1";
    on.query(sql, args![limit]).await?.iter().map(|row| row.id("id")).collect()
}
