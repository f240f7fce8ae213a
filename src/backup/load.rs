//! Restoring: a thread reads the file, one transaction takes the rows. Nothing is kept unless everything came and agrees.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::DeflateDecoder;
use serde_json::Value as Json;
use tokio::sync::mpsc;

use super::chunks::{self, ChunkReader, Header};
use super::error::{damaged, differs, file, newer, not_empty, refused};
use super::files::Arrivals;
use super::lock::Opener;
use super::records::{self, Head, Record, Summary};
use super::save::{Tally, backend};
use super::{QUEUE, Report};
use crate::error::Result;
use crate::store::portable::{self, BATCH, Content, Table};
use crate::store::{Conn, Db, Tx, migrate};

/// What a restore does with what is there.
pub struct Restore<'r> {
    /// What opens the backup.
    pub opener: Opener,
    /// The data folder that files go to; `None`: they are read and checked only.
    pub folder: Option<&'r Path>,
    /// Whether everything in the store goes first.
    pub replace: bool,
}

/// What can be said of a backup without its key.
///
/// # Errors
/// When the file cannot be read or is no backup.
pub fn describe(from: &Path) -> Result<Header> {
    let opened = File::open(from).map_err(|e| file("the backup cannot be opened", &e))?;
    Ok(chunks::header(&mut BufReader::new(opened))?.0)
}

/// Restores a backup into a scratch store, and compares; the scratch store is gone afterwards.
///
/// # Errors
/// When the backup is damaged or does not open, or what came out is not what went in.
pub async fn check(from: &Path, opener: Opener, report: Report<'_>) -> Result<Summary> {
    let folder = tempfile::tempdir().map_err(|e| file("no temporary folder can be made", &e))?;
    let scratch = Db::open_sqlite(&folder.path().join("scratch.db")).await?;
    let done = restore(&scratch, from, Restore { opener, folder: None, replace: false }, report).await;
    scratch.close().await;
    done
}

/// Restores a backup into a store, in one transaction. The program must be alone on it.
///
/// # Errors
/// When the store is not empty (and is not to be replaced), the backup is damaged, does not open or is of a newer program,
/// or what came out is not what went in. Nothing is changed then.
pub async fn restore(db: &Db, from: &Path, how: Restore<'_>, report: Report<'_>) -> Result<Summary> {
    let mut records = Records::open(from.to_path_buf(), how.opener);
    let Record::Head(head) = records.next().await? else {
        return Err(damaged("it does not say what it is of"));
    };
    let tx = anew(db, &head, how.replace).await?;
    let tables = portable::order(portable::tables(&tx).await?);
    portable::put_off_references(&tx).await?;
    portable::clear(&tx, &tables).await?;
    let mut loading = Loading { tx: &tx, tables: &tables, head: &head, current: None, contents: Vec::new() };
    let mut arrivals = how.folder.map(Arrivals::new);
    let summary = loop {
        match records.next().await? {
            Record::Table(name, columns) => loading.start(name, columns)?,
            Record::Row(cells) => loading.add(cells, report).await?,
            Record::TableEnd(_) => loading.end().await?,
            Record::File(path) => {
                report("files", 0);
                if let Some(arrivals) = &mut arrivals {
                    arrivals.start(&path).await?;
                }
            }
            Record::Data(bytes) => {
                if let Some(arrivals) = &mut arrivals {
                    arrivals.add(&bytes).await?;
                }
            }
            Record::FileEnd(_) => {
                if let Some(arrivals) = &mut arrivals {
                    arrivals.end().await?;
                }
            }
            Record::End(summary) => break summary,
            Record::Head(_) => return Err(damaged("it begins twice")),
        }
    };
    let contents = loading.contents;
    portable::check_references(&tx).await?;
    for (table, content) in &contents {
        report("comparing", content.rows);
        if portable::content(&tx, table).await? != *content {
            return Err(differs(&table.name));
        }
    }
    migrate::catch_up(&tx).await?;
    tx.commit().await?;
    if let Some(arrivals) = arrivals {
        arrivals.keep();
    }
    Ok(summary)
}

async fn anew(db: &Db, head: &Head, replace: bool) -> Result<Tx> {
    let known = migrate::known(db.dialect());
    if let Some(version) = head.migrations.iter().find(|v| !known.iter().any(|m| m.version == **v)) {
        return Err(newer(format!(
            "the backup is of a store with migration {version}, which this program does not know"
        )));
    }
    let tx = migrate::alone(db).await?;
    if !replace {
        let tables = portable::tables(&tx).await?;
        if !portable::is_empty(&tx, &tables).await? {
            return Err(not_empty());
        }
    }
    migrate::anew(&tx, &head.migrations).await?;
    Ok(tx)
}

struct Loading<'l> {
    tx: &'l Tx,
    tables: &'l [Table],
    head: &'l Head,
    current: Option<(Table, Content, Vec<Vec<Json>>)>,
    contents: Vec<(Table, Content)>,
}

impl Loading<'_> {
    fn start(&mut self, name: String, columns: Vec<String>) -> Result<()> {
        let known = self.tables.iter().find(|t| t.name == name);
        let known = known.ok_or_else(|| self.unfit(&format!("the table {name}")))?;
        // only the columns that come, in the order in which they come
        let find = |column: &String| {
            let found = known.columns.iter().find(|c| c.name == *column);
            found.cloned().ok_or_else(|| self.unfit(&format!("the column {name}.{column}")))
        };
        let columns = columns.iter().map(find).collect::<Result<Vec<_>>>()?;
        self.current = Some((Table { columns, ..known.clone() }, Content::default(), Vec::new()));
        Ok(())
    }

    fn unfit(&self, what: &str) -> crate::error::Error {
        let here = backend(self.tx.dialect());
        if self.head.backend == here {
            return damaged(&format!("{what} is not one of its store"));
        }
        let message = format!("{what} of the backup has no place in a store of {here}");
        refused(&message, &format!("Restore it into a store of {}.", self.head.backend))
    }

    async fn add(&mut self, cells: Vec<Json>, report: Report<'_>) -> Result<()> {
        let Some((table, content, waiting)) = &mut self.current else {
            return Err(damaged("a row belongs to no table"));
        };
        if cells.len() != table.columns.len() {
            return Err(damaged("a row has more or fewer values than its table"));
        }
        content.add(table, self.tx.dialect(), &cells);
        waiting.push(cells);
        if waiting.len() >= BATCH {
            portable::fill(self.tx, table, waiting).await?;
            waiting.clear();
            report(&table.name, content.rows);
        }
        Ok(())
    }

    async fn end(&mut self) -> Result<()> {
        let Some((table, content, waiting)) = self.current.take() else {
            return Err(damaged("a table ends that did not begin"));
        };
        portable::fill(self.tx, &table, &waiting).await?;
        self.contents.push((table, content));
        Ok(())
    }
}

/// Records as a thread reads them. Counts and hashes are checked there.
struct Records {
    receive: mpsc::Receiver<Result<Record>>,
}

impl Records {
    fn open(from: PathBuf, opener: Opener) -> Records {
        let (send, receive) = mpsc::channel(QUEUE);
        // ends when the file does, at an error, or when nobody listens any more
        tokio::task::spawn_blocking(move || {
            if let Err(error) = read(&from, &opener, &send) {
                let _ = send.blocking_send(Err(error));
            }
        });
        Records { receive }
    }

    async fn next(&mut self) -> Result<Record> {
        self.receive.recv().await.unwrap_or_else(|| Err(damaged("its end is missing")))
    }
}

fn read(from: &Path, opener: &Opener, send: &mpsc::Sender<Result<Record>>) -> Result<()> {
    let opened = File::open(from).map_err(|e| file("the backup cannot be opened", &e))?;
    let (header, chunks) = ChunkReader::start(BufReader::new(opened), opener)?;
    let mut input: Box<dyn Read> =
        if header.compressed { Box::new(DeflateDecoder::new(chunks)) } else { Box::new(chunks) };
    let mut tally = Tally::default();
    loop {
        let (record, bytes) = records::read(&mut input)?;
        if matches!(record, Record::Row(_) | Record::Data(_)) {
            tally.count(&bytes);
        }
        if tally.complete(record.clone()) != record {
            return Err(damaged("its counts are not those of what is in it"));
        }
        let last = matches!(record, Record::End(_));
        if last && input.read(&mut [0]).unwrap_or(1) != 0 {
            return Err(damaged("something stands behind its end"));
        }
        if send.blocking_send(Ok(record)).is_err() || last {
            return Ok(());
        }
    }
}
