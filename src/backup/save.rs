//! Writing a backup: one view of the store goes through a bounded queue to a thread that writes the file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use tokio::sync::mpsc;

use super::chunks::ChunkWriter;
use super::error::{file, refused};
use super::lock::Opener;
use super::records::{self, FileEnd, Head, Record, Summary, TableEnd};
use super::{KEY_FILE, QUEUE, Report, files};
use crate::error::{Class, Error, Result};
use crate::model::clock;
use crate::store::portable::{self, Pages};
use crate::store::{Conn, Db, Dialect, migrate};

/// What goes into a backup besides the store, and how it is written.
pub struct Contents<'c> {
    /// What locks it.
    pub opener: Opener,
    /// Whether it is compressed.
    pub compressed: bool,
    /// The data folder.
    pub folder: &'c Path,
    /// Kept results of executions.
    pub results: bool,
    /// Attachments of chats.
    pub attachments: bool,
    /// The master keys.
    pub keys: bool,
}

/// Removes the file of a backup that did not come to its end.
struct Unfinished(Option<PathBuf>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = self.0.take()
            && let Err(error) = std::fs::remove_file(path)
        {
            tracing::warn!(%error, "the file of a backup that was given up could not be removed");
        }
    }
}

/// Writes a backup. It has its name only when it is whole; when given up, nothing is left of it.
///
/// # Errors
/// When the store fails, the file exists or cannot be written, or the keys would go into a file without a passphrase.
pub async fn save(db: &Db, to: &Path, contents: Contents<'_>, report: Report<'_>) -> Result<Summary> {
    if contents.keys && !matches!(contents.opener, Opener::Passphrase(_)) {
        return Err(refused(
            "the master keys go only into a backup that is encrypted with a passphrase",
            "Add --passphrase-file FILE, or leave --master-keys out.",
        ));
    }
    if to.exists() {
        return Err(refused(
            "there is a file of that name already",
            "Choose another name; backups are never overwritten.",
        ));
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let out = make(&partial)?;
    let mut unfinished = Unfinished(Some(partial.clone()));

    let (send, receive) = mpsc::channel(QUEUE);
    let (opener, compressed) = (contents.opener.clone(), contents.compressed);
    let writing = tokio::task::spawn_blocking(move || write(out, receive, &opener, compressed));
    let fed = feed(db, &contents, send, report).await;
    let written = writing.await.map_err(|_| given_up())?;
    let summary = match (fed, written) {
        (Err(error), _) if error.code != GIVEN_UP => return Err(error),
        (_, written) => written?,
    };
    std::fs::rename(&partial, to).map_err(|e| file("the backup cannot be given its name", &e))?;
    unfinished.0 = None;
    Ok(summary)
}

const GIVEN_UP: &str = "B099";

fn given_up() -> Error {
    Error::new(GIVEN_UP, Class::Cancelled, "the backup was given up")
}

fn make(path: &Path) -> Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|e| file("the backup cannot be written", &e))
}

type Sender = mpsc::Sender<Record>;

async fn put(send: &Sender, record: Record) -> Result<()> {
    send.send(record).await.map_err(|_| given_up())
}

async fn feed(db: &Db, contents: &Contents<'_>, send: Sender, report: Report<'_>) -> Result<()> {
    let tx = db.snapshot().await?;
    let migrations = migrate::versions(&tx).await?;
    let tables = portable::order(portable::tables(&tx).await?);
    let chosen =
        [("results", contents.results), ("attachments", contents.attachments), (KEY_FILE, contents.keys)];
    let files: Vec<String> =
        chosen.iter().filter(|(_, on)| *on).map(|(name, _)| (*name).to_owned()).collect();
    let backend = backend(tx.dialect()).to_owned();
    let names = tables.iter().map(|t| t.name.clone()).collect();
    put(&send, Record::Head(Head { backend, migrations, tables: names, files: files.clone() })).await?;
    for table in &tables {
        let columns = table.columns.iter().map(|c| c.name.clone()).collect();
        put(&send, Record::Table(table.name.clone(), columns)).await?;
        let (mut pages, mut count) = (Pages::new(table), 0);
        loop {
            let rows = pages.next(&tx).await?;
            if rows.is_empty() {
                break;
            }
            count += rows.len() as u64;
            report(&table.name, count);
            for row in rows {
                put(&send, Record::Row(row)).await?;
            }
        }
        put(&send, Record::TableEnd(TableEnd::default())).await?;
    }
    tx.rollback().await?;
    for name in &files {
        let paths =
            if name == KEY_FILE { vec![name.clone()] } else { files::list(contents.folder, name).await? };
        for (count, path) in paths.into_iter().enumerate() {
            report(name, count as u64 + 1);
            feed_file(contents.folder, path, &send).await?;
        }
    }
    put(&send, Record::End(Summary::default())).await
}

/// The word of a backend.
pub(super) fn backend(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "sqlite",
        Dialect::Postgres => "postgres",
    }
}

async fn feed_file(folder: &Path, path: String, send: &Sender) -> Result<()> {
    let Some(mut opened) = files::open(folder, &path).await? else { return Ok(()) };
    put(send, Record::File(path)).await?;
    loop {
        let bytes = files::block(&mut opened).await?;
        if bytes.is_empty() {
            return put(send, Record::FileEnd(FileEnd::default())).await;
        }
        put(send, Record::Data(bytes)).await?;
    }
}

enum Sink {
    Plain(ChunkWriter<BufWriter<File>>),
    Compressed(DeflateEncoder<ChunkWriter<BufWriter<File>>>),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Sink::Plain(sink) => sink.write(bytes),
            Sink::Compressed(sink) => sink.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Sink {
    fn finish(self) -> std::io::Result<()> {
        let chunks = match self {
            Sink::Plain(chunks) => chunks,
            Sink::Compressed(encoder) => encoder.finish()?,
        };
        let out = chunks.finish()?;
        out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
    }
}

/// Runs on a thread of its own until the end came, or nobody sends any more.
fn write(
    out: File,
    mut receive: mpsc::Receiver<Record>,
    opener: &Opener,
    compressed: bool,
) -> Result<Summary> {
    let chunks = ChunkWriter::start(BufWriter::new(out), clock::now().to_string(), compressed, opener)?;
    let mut sink = match compressed {
        true => Sink::Compressed(DeflateEncoder::new(chunks, Compression::fast())),
        false => Sink::Plain(chunks),
    };
    let mut tally = Tally::default();
    while let Some(record) = receive.blocking_recv() {
        let record = tally.complete(record);
        let last = matches!(record, Record::End(_));
        let counted = matches!(record, Record::Row(_) | Record::Data(_));
        let bytes =
            records::write(&mut sink, record).map_err(|e| file("the backup cannot be written", &e))?;
        if counted {
            tally.count(&bytes);
        }
        if last {
            sink.finish().map_err(|e| file("the backup cannot be written", &e))?;
            return Ok(tally.all);
        }
    }
    Err(given_up())
}

/// Counts and hashes of what went by; the same for writing and reading.
#[derive(Default)]
pub(super) struct Tally {
    hash: blake3::Hasher,
    items: u64,
    bytes: u64,
    pub all: Summary,
}

impl Tally {
    /// Bytes of a row or of a file.
    pub fn count(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.items += 1;
        self.bytes += bytes.len() as u64;
    }

    /// Fills in what an ending record must say; others go through.
    pub fn complete(&mut self, record: Record) -> Record {
        match record {
            Record::TableEnd(_) => {
                let (hash, rows, _) = self.take();
                self.all.tables += 1;
                self.all.rows += rows;
                Record::TableEnd(TableEnd { rows, blake3: hash })
            }
            Record::FileEnd(_) => {
                let (hash, _, bytes) = self.take();
                self.all.files += 1;
                self.all.bytes += bytes;
                Record::FileEnd(FileEnd { bytes, blake3: hash })
            }
            Record::End(_) => Record::End(self.all.clone()),
            other => other,
        }
    }

    fn take(&mut self) -> (String, u64, u64) {
        let ended = std::mem::take(self);
        self.all = ended.all;
        (ended.hash.finalize().to_hex().to_string(), ended.items, ended.bytes)
    }
}
