//! The table `migrations`: what ran on this store, and the lock under which that changes.

use jiff::Timestamp;

use super::{Migration, Phase};
use crate::model::clock;
use crate::store::db::{Conn, Db, Dialect, Row, Tx, args};
use crate::store::error::Result;

/// Key of the lock that starters wait on; any number that nobody else uses in the store's database.
const LOCK: i64 = 0x7175_6572_656e_7401;

/// One that ran.
pub(super) struct Applied {
    pub version: i64,
    pub name: String,
    pub checksum: String,
    pub applied_at: Timestamp,
    /// As the program said that applied it; `None`: it was one that knew no phases.
    pub phase: Option<String>,
}

impl Applied {
    /// Whether a program that does not know it can work with the store all the same.
    pub fn is_bearable(&self) -> bool {
        self.phase.as_deref() == Some(Phase::Expand.word())
    }
}

/// A transaction that no other starter is in at the same time; the table is there in its newest form.
pub(super) async fn locked(db: &Db) -> Result<Tx> {
    prepare(db.everywhere().begin().await?).await
}

/// As [`locked`], with foreign keys off on SQLite: for a step that makes tables anew.
pub(super) async fn locked_for_rebuild(db: &Db) -> Result<Tx> {
    prepare(db.everywhere().begin_rebuild().await?).await
}

async fn prepare(tx: Tx) -> Result<Tx> {
    let (table, phase) = match tx.dialect() {
        Dialect::Postgres => {
            tx.execute("SELECT pg_advisory_xact_lock($1)", args![LOCK]).await?;
            (
                "CREATE TABLE IF NOT EXISTS migrations (version bigint PRIMARY KEY, name text NOT NULL, \
                 checksum text NOT NULL, applied_at timestamptz NOT NULL, phase text)",
                "SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema() \
                 AND table_name = 'migrations' AND column_name = 'phase'",
            )
        }
        // the transaction holds the file's write lock from its first moment
        Dialect::Sqlite => (
            "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, \
             checksum TEXT NOT NULL, applied_at INTEGER NOT NULL, phase TEXT) STRICT",
            "SELECT 1 FROM pragma_table_info('migrations') WHERE name = 'phase'",
        ),
    };
    tx.batch(table).await?;
    // stores of before there were phases
    if tx.query_opt(phase, &[]).await?.is_none() {
        tx.batch("ALTER TABLE migrations ADD COLUMN phase text").await?;
    }
    Ok(tx)
}

/// All that ran, in order.
pub(super) async fn read(on: &impl Conn) -> Result<Vec<Applied>> {
    let sql = "SELECT version, name, checksum, applied_at, phase FROM migrations ORDER BY version";
    on.query(sql, &[]).await?.iter().map(read_row).collect()
}

fn read_row(row: &Row) -> Result<Applied> {
    Ok(Applied {
        version: row.int("version")?,
        name: row.text("name")?,
        checksum: row.text("checksum")?,
        applied_at: row.time("applied_at")?,
        phase: row.opt_text("phase")?,
    })
}

/// Notes that one ran.
pub(super) async fn add(tx: &Tx, step: &Migration) -> Result<()> {
    let sql =
        "INSERT INTO migrations (version, name, checksum, applied_at, phase) VALUES ($1, $2, $3, $4, $5)";
    let args = args![step.version, step.name, checksum(step), clock::now(), step.phase.word()];
    tx.execute(sql, args).await.map(drop)
}

/// Notes that one was undone.
pub(super) async fn remove(tx: &Tx, step: &Migration) -> Result<()> {
    tx.execute("DELETE FROM migrations WHERE version = $1", args![step.version]).await.map(drop)
}

/// Hash of both texts, the same whatever the line ends of the checkout are.
pub(super) fn checksum(migration: &Migration) -> String {
    let text = format!("{}\0{}", migration.up, migration.down).replace("\r\n", "\n");
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}
