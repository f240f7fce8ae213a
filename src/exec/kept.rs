//! Results as they lie on disk: sealed with the store's keys, each under its own name. Small ones lie in the store too, as
//! they are on disk, so that every daemon can give them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Result as IoResult, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use arrow::datatypes::SchemaRef;
use tokio::sync::OnceCell;

use super::{Exec, internal};
use crate::error::{Class, Error, Result};
use crate::model::Execution;
use crate::results::ResultError;
use crate::results::spool::{Out, Spool, SpoolWriter};
use crate::secrets::Keys;
use crate::secrets::long::{self, LongKey, SealedReader, SealedWriter};
use crate::store::{self, Conn, Dialect};

/// Largest result that lies in the store too, in bytes on disk.
const SMALL: u64 = 256 * 1024;
/// Data keys of other processes that are kept open.
const OPENED: usize = 256;

/// A result that is being written.
pub(super) type Writer = SpoolWriter<SealedWriter<Out>>;
/// A result that is read.
pub type Kept = Spool<Opened>;

/// The name that a result is sealed for.
fn name(path: &Path) -> String {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("result/{file}")
}

/// The data keys of results: one that this process seals with, and those that were opened for reading.
pub(super) struct Sealer {
    keys: Keys,
    own: OnceCell<LongKey>,
    opened: Mutex<HashMap<String, LongKey>>,
}

impl Sealer {
    /// Seals with those master keys.
    pub fn new(keys: Keys) -> Sealer {
        Sealer { keys, own: OnceCell::new(), opened: Mutex::default() }
    }

    /// The key to seal with.
    pub async fn own(&self) -> Result<LongKey> {
        self.own.get_or_try_init(|| LongKey::fresh(&self.keys)).await.cloned()
    }

    /// The key of a file; `None` when it is not sealed.
    pub async fn of(&self, path: &Path) -> Result<Option<LongKey>> {
        let file = path.to_owned();
        let read = tokio::task::spawn_blocking(move || long::header(&mut File::open(file)?));
        let header = read.await.map_err(|e| internal(e.to_string()))?.map_err(|e| internal(e.to_string()))?;
        let Some(header) = header else { return Ok(None) };
        let known = self.lock().get(&header).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let key = LongKey::open(&self.keys, &header).await?;
        let mut opened = self.lock();
        if opened.len() >= OPENED {
            opened.clear();
        }
        opened.insert(header, key.clone());
        Ok(Some(key))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, LongKey>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts a sealed file.
pub(super) fn create(
    path: &Path,
    schema: &SchemaRef,
    key: &LongKey,
) -> std::result::Result<Writer, ResultError> {
    SpoolWriter::through(path, schema, |out| SealedWriter::new(out, &name(path), key))
}

/// Ends a sealed file.
pub(super) fn finish(writer: Writer) -> std::result::Result<(), ResultError> {
    writer.finish_through(SealedWriter::finish)
}

/// Opens a result's file.
pub(super) fn open(path: &Path, key: Option<&LongKey>) -> std::result::Result<Kept, ResultError> {
    let file = File::open(path)?;
    Spool::over(match key {
        Some(key) => Opened::Sealed(Box::new(SealedReader::new(file, &name(path), key)?)),
        None => Opened::Plain(file),
    })
}

/// A result's file: sealed, or left by a version of the program that did not seal.
pub enum Opened {
    /// Sealed.
    Sealed(Box<SealedReader<File>>),
    /// As it is.
    Plain(File),
}

impl Read for Opened {
    fn read(&mut self, into: &mut [u8]) -> IoResult<usize> {
        match self {
            Opened::Sealed(file) => file.read(into),
            Opened::Plain(file) => file.read(into),
        }
    }
}

impl Seek for Opened {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        match self {
            Opened::Sealed(file) => file.seek(to),
            Opened::Plain(file) => file.seek(to),
        }
    }
}

impl Exec {
    /// Puts a small result into the store, where several daemons share it. One that cannot be put there is this daemon's
    /// alone.
    pub(super) async fn share(&self, name: &str) {
        if self.db.dialect() == Dialect::Sqlite {
            return;
        }
        let path = self.shared.results.join(name);
        let body = tokio::task::spawn_blocking(move || {
            let small = std::fs::metadata(&path)?.len() <= SMALL;
            if small { std::fs::read(&path).map(Some) } else { Ok(None) }
        });
        let shared = match body.await {
            Ok(Ok(Some(body))) => store::bodies::put(&self.db, name, body).await.map_err(|e| e.to_string()),
            Ok(Ok(None)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = shared {
            tracing::warn!(%error, "a small result could not be put into the store");
        }
    }

    /// Where a result lies on this daemon's disk, fetched from the store when another daemon made it.
    pub(super) async fn file(&self, execution: &Execution, name: &str) -> Result<PathBuf> {
        let path = self.shared.results.join(name);
        if tokio::fs::try_exists(&path).await.unwrap_or(false) {
            return Ok(path);
        }
        let gone = || {
            let message = "the execution's rows are no longer kept, or lie with another daemon";
            Error::new("E005", Class::NotFound, message).hint("Run the query again.")
        };
        let body = store::bodies::get(&self.db, name).await?.ok_or_else(gone)?;
        let beside = self.shared.results.join(format!("{}.{}.partial", execution.id, crate::model::new_id()));
        let to = path.clone();
        let written = tokio::task::spawn_blocking(move || {
            std::fs::write(&beside, body).and_then(|()| std::fs::rename(&beside, &to))
        });
        written.await.map_err(|e| internal(e.to_string()))?.map_err(|e| internal(e.to_string()))?;
        Ok(path)
    }
}
