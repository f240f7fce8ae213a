//! The inner form of a backup: records one after the other. A record is a letter, a length and its bytes; no reader needs
//! to hold more than one.

use std::io::{Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::error::damaged;
use crate::error::{Error, Result};

/// Bytes of one record at the most.
const MAX_RECORD: usize = 256 * 1024 * 1024;

/// What the backup is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// `sqlite` or `postgres`.
    pub backend: String,
    /// Versions of the migrations that had run.
    pub migrations: Vec<i64>,
    /// Tables, in the order in which they come.
    pub tables: Vec<String>,
    /// What stands behind the tables: `results`, `attachments`, `secret.key`.
    pub files: Vec<String>,
}

/// The end of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEnd {
    /// Rows.
    pub rows: u64,
    /// Hash over the bytes of its rows.
    pub blake3: String,
}

/// The end of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEnd {
    /// Bytes.
    pub bytes: u64,
    /// Hash over them.
    pub blake3: String,
}

/// The end of everything, and what there was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Tables.
    pub tables: u64,
    /// Rows of all of them.
    pub rows: u64,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// One record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Record {
    Head(Head),
    /// Name and columns.
    Table(String, Vec<String>),
    Row(Vec<Json>),
    TableEnd(TableEnd),
    /// Path in the data folder.
    File(String),
    Data(Vec<u8>),
    FileEnd(FileEnd),
    End(Summary),
}

/// Writes a record; gives its bytes.
pub(super) fn write(out: &mut impl Write, record: Record) -> std::io::Result<Vec<u8>> {
    let (letter, bytes) = match record {
        Record::Head(head) => (b'H', serde_json::to_vec(&head)?),
        Record::Table(name, columns) => (b'T', serde_json::to_vec(&(name, columns))?),
        Record::Row(cells) => (b'R', serde_json::to_vec(&cells)?),
        Record::TableEnd(end) => (b'E', serde_json::to_vec(&end)?),
        Record::File(path) => (b'F', serde_json::to_vec(&path)?),
        Record::Data(bytes) => (b'D', bytes),
        Record::FileEnd(end) => (b'G', serde_json::to_vec(&end)?),
        Record::End(end) => (b'Z', serde_json::to_vec(&end)?),
    };
    if bytes.len() > MAX_RECORD {
        return Err(std::io::Error::other("a row is too large for a backup"));
    }
    let length = u32::try_from(bytes.len()).map_err(std::io::Error::other)?;
    out.write_all(&[letter])?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(&bytes)?;
    Ok(bytes)
}

/// Reads a record, and the bytes that it was made of.
pub(super) fn read(input: &mut impl Read) -> Result<(Record, Vec<u8>)> {
    let mut frame = [0_u8; 5];
    input.read_exact(&mut frame).map_err(|e| cut(&e))?;
    let [letter, length @ ..] = frame;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_RECORD {
        return Err(damaged("a record is too long"));
    }
    // grows as bytes come: a length alone takes no memory
    let mut bytes = Vec::new();
    input.take(length as u64).read_to_end(&mut bytes).map_err(|e| cut(&e))?;
    if bytes.len() != length {
        return Err(damaged("its end is missing"));
    }
    let record = match letter {
        b'H' => Record::Head(parse(&bytes)?),
        b'T' => {
            let (name, columns) = parse(&bytes)?;
            Record::Table(name, columns)
        }
        b'R' => Record::Row(parse(&bytes)?),
        b'E' => Record::TableEnd(parse(&bytes)?),
        b'F' => Record::File(parse(&bytes)?),
        b'D' => Record::Data(bytes.clone()),
        b'G' => Record::FileEnd(parse(&bytes)?),
        b'Z' => Record::End(parse(&bytes)?),
        _ => return Err(damaged("a record is of no known kind")),
    };
    Ok((record, bytes))
}

/// Errors of the layers below come through readers.
fn cut(error: &std::io::Error) -> Error {
    match error.get_ref().and_then(|e| e.downcast_ref::<Error>()) {
        Some(ours) => ours.clone(),
        None => damaged("its end is missing, or what is compressed was changed"),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|_| damaged("a record is of another form than it should be"))
}
