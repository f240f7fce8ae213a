//! What of the records a caller may see. Statements, texts and rows that tell of what is hidden from the caller are not
//! there: each list is laid through here before it leaves the daemon or goes to a model.

mod records;
mod schema;

pub use records::{notifications, own, queries, query};

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use catalog::{Catalog, Snapshot};
use guard::{Policy, ReadOnly};

use crate::error::{Class, Error, Result};
use crate::index::Index;
use crate::model::Id;
use crate::sources::{self, Sources};
use crate::store::{self, Conn, Db};

/// What one caller sees of one connection.
#[derive(Clone)]
pub struct Seen {
    connection: Id,
    by: String,
    key: String,
    cut: Option<Arc<Cut>>,
}

/// What is left for a caller who does not see everything.
struct Cut {
    policy: Policy,
    /// The latest catalog, whole and as the caller sees it; none before the first crawl.
    catalogs: Option<(Arc<Index>, Arc<Index>)>,
    latest: Option<Id>,
    words: OnceLock<HashSet<String>>,
}

/// What is said of a statement.
enum Told {
    /// The caller may run it.
    Runs(Box<ReadOnly>),
    /// It does not run, and names nothing that is hidden.
    Plain,
    /// It is not there for the caller.
    Hidden,
}

impl Seen {
    /// What the caller sees of a connection now.
    ///
    /// # Errors
    /// Not found; what it is held to cannot be read.
    pub async fn of(db: &Db, sources: &Sources, connection: Id) -> Result<Seen> {
        store::connections::get(db, connection).await?;
        Seen::of_kept(db, sources, connection).await
    }

    /// As [`Seen::of`], for what is kept of a connection that may be deleted: then nothing can be told of what is left for
    /// a caller who does not see everything, and nothing is.
    ///
    /// # Errors
    /// As [`Seen::of`].
    pub async fn of_kept(db: &Db, sources: &Sources, connection: Id) -> Result<Seen> {
        let record = store::connections::get_kept(db, connection).await?;
        let held = sources::held(db, &record).await?;
        let (by, key) = (db.by().to_owned(), held.key);
        if !held.policy.restricts() {
            return Ok(Seen { connection, by, key, cut: None });
        }
        if record.deleted_at.is_some() {
            let cut = Cut { policy: held.policy, catalogs: None, latest: None, words: OnceLock::new() };
            return Ok(Seen { connection, by, key, cut: Some(Arc::new(cut)) });
        }
        let source = sources.get(connection).await?;
        let catalogs = match &source.schema {
            Some((_, whole)) => Some((whole.clone(), source.seen().await?)),
            None => None,
        };
        // as of when the source was opened, so that catalog and policy belong together
        let (policy, key) = (source.policy()?, source.policy_key().to_owned());
        let latest = source.schema.as_ref().map(|(version, _)| version.id);
        let cut = Cut { policy, catalogs, latest, words: OnceLock::new() };
        Ok(Seen { connection, by, key, cut: Some(Arc::new(cut)) })
    }

    /// Whether nothing is hidden from the caller.
    pub fn everything(&self) -> bool {
        self.cut.is_none()
    }

    /// The connection.
    pub fn connection(&self) -> Id {
        self.connection
    }

    /// Whether a table or column exists for the caller in the latest version.
    pub fn place(&self, schema: &str, table: &str, column: Option<&str>) -> bool {
        let Some(cut) = &self.cut else { return true };
        let Some(table) = cut.snapshot().and_then(|s| s.table(schema, table)) else { return false };
        column.is_none_or(|column| table.column(column).is_some())
    }

    /// Whether a text of people names nothing that is hidden.
    pub fn text(&self, text: &str) -> bool {
        self.cut.as_ref().is_none_or(|cut| cut.text(text))
    }

    /// Whether a statement is there for the caller: it may run it, or it names nothing that is hidden.
    pub async fn statement(&self, sql: &str) -> Result<bool> {
        let sql = sql.to_owned();
        self.apart(move |cut| cut.is_none_or(|cut| !matches!(cut.told(&sql), Told::Hidden))).await
    }

    /// Runs work that checks statements where it keeps nobody waiting.
    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce(Option<&Cut>) -> T + Send + 'static,
    ) -> Result<T> {
        let Some(cut) = self.cut.clone() else { return Ok(work(None)) };
        tokio::task::spawn_blocking(move || work(Some(&cut)))
            .await
            .map_err(|e| Error::new("X098", Class::Internal, format!("looking at what is seen stopped: {e}")))
    }
}

impl Cut {
    /// The latest version as the caller sees it.
    fn snapshot(&self) -> Option<&Snapshot> {
        self.catalogs.as_ref().map(|(_, seen)| seen.catalog().snapshot())
    }

    fn whole(&self) -> Option<&Catalog> {
        self.catalogs.as_ref().map(|(whole, _)| whole.catalog().as_ref())
    }

    fn told(&self, sql: &str) -> Told {
        let Some(whole) = self.whole() else { return Told::Hidden };
        match guard::check(sql, whole, &self.policy) {
            Ok(read) => Told::Runs(Box::new(read)),
            Err(_) if self.text(sql) => Told::Plain,
            Err(_) => Told::Hidden,
        }
    }

    /// Whether no word of a text is a name that is hidden from the caller. A name that something visible has, too, is none.
    fn text(&self, text: &str) -> bool {
        if self.catalogs.is_none() {
            return text.is_empty();
        }
        let hidden = self.words.get_or_init(|| self.hidden_words());
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty());
        !words.any(|word| hidden.contains(&word.to_lowercase()))
    }

    fn hidden_words(&self) -> HashSet<String> {
        let names = |snapshot: &Snapshot| -> HashSet<String> {
            let of_table = |t: &catalog::Table| {
                let columns = t.columns.iter().map(|c| c.name.to_lowercase());
                columns.chain([t.name.to_lowercase(), t.schema.to_lowercase()]).collect::<Vec<_>>()
            };
            snapshot.tables.iter().flat_map(of_table).collect()
        };
        let Some((whole, seen)) = &self.catalogs else { return HashSet::new() };
        let (whole, seen) = (names(whole.catalog().snapshot()), names(seen.catalog().snapshot()));
        whole.difference(&seen).cloned().collect()
    }
}
