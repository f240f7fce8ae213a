//! The outer form of a backup: a plain header, then chunks that can neither be changed, reordered, left out nor cut off.
//!
//! `querent backup 1\n`, length and JSON of the header, then chunks: a flag (1: the last), the length, the bytes with their
//! proof (see `chain`).

use std::io::{Error as IoError, Read, Result as IoResult, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::chain::{Chain, PROOF};
use super::error::{damaged, file, newer};
use super::lock::{self, Lock, Opener};
use crate::error::Result;

const MAGIC: &[u8] = b"querent backup 1\n";
const FAMILY: &[u8] = b"querent backup ";
/// Bytes of a chunk before it is closed.
const CHUNK: usize = 64 * 1024;
const MAX_HEADER: usize = 64 * 1024;

/// What can be read of a backup without its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the program that made it.
    pub program: String,
    /// When.
    pub made_at: String,
    /// What it is locked with.
    pub lock: Lock,
    /// Whether what is locked is compressed.
    pub compressed: bool,
    /// Base64: the random part of the nonces.
    nonce: String,
}

/// Writes chunks. [`ChunkWriter::finish`] makes the file whole; without it no reader takes it.
pub(super) struct ChunkWriter<W: Write> {
    out: W,
    chain: Chain,
    waiting: Vec<u8>,
}

impl<W: Write> ChunkWriter<W> {
    /// Starts a file: its header is written.
    pub fn start(mut out: W, made_at: String, compressed: bool, opener: &Opener) -> Result<ChunkWriter<W>> {
        let (lock, key) = lock::close(opener)?;
        let nonce = STANDARD.encode(lock::random()?.as_ref());
        let program = env!("CARGO_PKG_VERSION").to_owned();
        let header = Header { program, made_at, lock, compressed, nonce };
        let text = serde_json::to_vec(&header).unwrap_or_default();
        let chain = Chain::new(&text, &header.nonce, key.as_deref())?;
        let length = u32::try_from(text.len()).unwrap_or_default().to_le_bytes();
        let written = [MAGIC, &length, &text].iter().try_for_each(|part| out.write_all(part));
        written.map_err(|e| file("the backup cannot be written", &e))?;
        Ok(ChunkWriter { out, chain, waiting: Vec::with_capacity(CHUNK) })
    }

    fn put(&mut self, last: bool) -> IoResult<()> {
        let closed = self.chain.close(&self.waiting, last).map_err(IoError::other)?;
        self.waiting.clear();
        let length = u32::try_from(closed.len()).map_err(IoError::other)?;
        self.out.write_all(&[u8::from(last)])?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(&closed)
    }

    /// Ends the file; gives what is below it.
    pub fn finish(mut self) -> IoResult<W> {
        self.put(true)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for ChunkWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
        let (now, _) = bytes.split_at(bytes.len().min(CHUNK - self.waiting.len()));
        self.waiting.extend_from_slice(now);
        if self.waiting.len() == CHUNK {
            self.put(false)?;
        }
        Ok(now.len())
    }

    // what waits goes with the next full chunk, or as the last one
    fn flush(&mut self) -> IoResult<()> {
        Ok(())
    }
}

/// Reads chunks. Errors of ours come through as the source of an I/O error.
pub(super) struct ChunkReader<R: Read> {
    input: R,
    chain: Chain,
    open: Vec<u8>,
    place: usize,
    ended: bool,
}

/// Reads the beginning of a file; gives the header and its text.
pub(super) fn header<R: Read>(input: &mut R) -> Result<(Header, Vec<u8>)> {
    let short = |_| damaged("it is too short");
    let mut magic = [0_u8; MAGIC.len()];
    input.read_exact(&mut magic).map_err(short)?;
    if magic != MAGIC {
        return Err(if magic.starts_with(FAMILY) {
            newer("the backup is of a form that this program does not know".to_owned())
        } else {
            damaged("it does not begin as a backup does")
        });
    }
    let mut length = [0_u8; 4];
    input.read_exact(&mut length).map_err(short)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_HEADER {
        return Err(damaged("its header is too long"));
    }
    let mut text = vec![0_u8; length];
    input.read_exact(&mut text).map_err(short)?;
    let header = serde_json::from_slice(&text).map_err(|_| damaged("its header cannot be read"))?;
    Ok((header, text))
}

impl<R: Read> ChunkReader<R> {
    /// Opens a file. A wrong passphrase is told here.
    pub fn start(mut input: R, opener: &Opener) -> Result<(Header, ChunkReader<R>)> {
        let (header, text) = header(&mut input)?;
        let key = lock::open(&header.lock, opener)?;
        let chain = Chain::new(&text, &header.nonce, key.as_deref())?;
        let mut reader = ChunkReader { input, chain, open: Vec::new(), place: 0, ended: false };
        reader.pull()?;
        Ok((header, reader))
    }

    fn pull(&mut self) -> Result<()> {
        let cut = |_| damaged("its end is missing");
        let mut frame = [0_u8; 5];
        self.input.read_exact(&mut frame).map_err(cut)?;
        let [flag, length @ ..] = frame;
        let length = u32::from_le_bytes(length) as usize;
        if flag > 1 || length > CHUNK + PROOF {
            return Err(damaged("a part of it is of no known form"));
        }
        let mut closed = vec![0_u8; length];
        self.input.read_exact(&mut closed).map_err(cut)?;
        self.open = self.chain.open(&closed, flag == 1)?;
        (self.place, self.ended) = (0, flag == 1);
        Ok(())
    }
}

impl<R: Read> Read for ChunkReader<R> {
    fn read(&mut self, into: &mut [u8]) -> IoResult<usize> {
        while self.place == self.open.len() {
            if self.ended {
                return Ok(0);
            }
            self.pull().map_err(IoError::other)?;
        }
        let mut rest = self.open.get(self.place..).unwrap_or_default();
        let count = rest.read(into)?;
        self.place += count;
        Ok(count)
    }
}

#[cfg(test)]
#[path = "chunks_tests.rs"]
mod tests;
