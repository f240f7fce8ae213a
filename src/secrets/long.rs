//! Sealing of what is too long for one piece: chunks under one data key, each proven by itself, so that any place of it can
//! be read without what is before. A chunk knows its number and whether it is the last: none can be moved or cut off.
//!
//! The form: `QSEAL1\n\0`, the length of the sealed data key (u32, little endian), the sealed data key, 16 random bytes,
//! the chunks. A chunk is 64 KiB of text and 16 bytes of proof; the last may be shorter. Its nonce is the random bytes and
//! its number.

use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom, Write};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand::TryRngCore;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::sealed::{KEY, random_key};
use super::{Keys, SealedError, Secret};

/// How sealed data begins.
pub const MAGIC: &[u8; 8] = b"QSEAL1\n\0";
/// Text in a chunk.
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;
const PREFIX: usize = 16;
/// Longest sealed data key that is believed.
const MAX_HEADER: u32 = 4096;

struct Cipher {
    cipher: XChaCha20Poly1305,
    prefix: [u8; PREFIX],
}

impl Cipher {
    fn new(key: &[u8; KEY], prefix: [u8; PREFIX]) -> Cipher {
        Cipher { cipher: XChaCha20Poly1305::new(&Key::from(*key)), prefix }
    }

    fn nonce(&self, number: u64) -> XNonce {
        let mut nonce = [0_u8; 24];
        let (start, end) = nonce.split_at_mut(PREFIX);
        start.copy_from_slice(&self.prefix);
        end.copy_from_slice(&number.to_le_bytes());
        XNonce::from(nonce)
    }

    fn seal(&self, number: u64, last: bool, msg: &[u8]) -> Result<Vec<u8>> {
        let payload = Payload { msg, aad: &[u8::from(last)] };
        self.cipher.encrypt(&self.nonce(number), payload).map_err(|_| broken("a chunk could not be sealed"))
    }

    fn open(&self, number: u64, last: bool, msg: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let payload = Payload { msg, aad: &[u8::from(last)] };
        let opened = self.cipher.decrypt(&self.nonce(number), payload);
        opened.map(Zeroizing::new).map_err(|_| broken("a chunk was changed, moved or cut off"))
    }
}

fn broken(why: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("the sealed data cannot be used: {why}"))
}

/// A data key, and how it stands sealed before what it seals. What is long is sealed with a key of its own that is made of
/// it and of a name, so that one data key serves many and none of them opens as another.
#[derive(Clone)]
pub struct LongKey {
    header: String,
    key: Zeroizing<[u8; KEY]>,
}

/// What data keys are sealed for.
const BOUND: &str = "long";

impl LongKey {
    /// A fresh one.
    ///
    /// # Errors
    /// When the master keys cannot be used, or the system gives no random numbers.
    pub async fn fresh(keys: &Keys) -> crate::error::Result<LongKey> {
        let key = random_key()?;
        let written = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.as_ref()));
        let header = keys.seal(&Secret::new(written.as_str()), BOUND).await?;
        Ok(LongKey { header, key })
    }

    /// The one that stands sealed before something.
    ///
    /// # Errors
    /// When it does not open with the master keys.
    pub async fn open(keys: &Keys, header: &str) -> crate::error::Result<LongKey> {
        let written = keys.unseal(header, BOUND).await?;
        let bytes = URL_SAFE_NO_PAD.decode(written.expose()).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| SealedError::Malformed)?;
        let key = bytes.as_slice().try_into().map(Zeroizing::new).map_err(|_| SealedError::Malformed)?;
        Ok(LongKey { header: header.to_owned(), key })
    }

    /// How it stands sealed.
    pub fn header(&self) -> &str {
        &self.header
    }

    fn cipher(&self, name: &str, prefix: [u8; PREFIX]) -> Cipher {
        let own = Zeroizing::new(*blake3::keyed_hash(&self.key, name.as_bytes()).as_bytes());
        Cipher::new(&own, prefix)
    }
}

/// The sealed data key before something, if it is sealed in this form. Leaves the reader anywhere.
///
/// # Errors
/// When it cannot be read.
pub fn header(inner: &mut impl Read) -> Result<Option<String>> {
    let mut magic = [0_u8; MAGIC.len()];
    match inner.read_exact(&mut magic) {
        Ok(()) if &magic == MAGIC => {}
        Ok(()) => return Ok(None),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut length = [0_u8; 4];
    inner.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > MAX_HEADER {
        return Err(broken("it does not begin as it should"));
    }
    let mut header = Vec::new();
    inner.take(length.into()).read_to_end(&mut header)?;
    String::from_utf8(header).map(Some).map_err(|_| broken("its key cannot be read"))
}

/// Seals what is written. Without [`SealedWriter::finish`] nobody can read it to its end.
pub struct SealedWriter<W: Write> {
    out: W,
    cipher: Cipher,
    number: u64,
    waiting: Zeroizing<Vec<u8>>,
}

impl<W: Write> SealedWriter<W> {
    /// Begins, under a name that nothing else with that data key has.
    ///
    /// # Errors
    /// When the system gives no random numbers, or nothing can be written.
    pub fn new(mut out: W, name: &str, key: &LongKey) -> Result<SealedWriter<W>> {
        let mut prefix = [0_u8; PREFIX];
        OsRng.try_fill_bytes(&mut prefix).map_err(|_| broken("the system gives no random numbers"))?;
        let length = u32::try_from(key.header.len()).map_err(|_| broken("its key is too long"))?;
        out.write_all(MAGIC)?;
        out.write_all(&length.to_le_bytes())?;
        out.write_all(key.header.as_bytes())?;
        out.write_all(&prefix)?;
        let waiting = Zeroizing::new(Vec::with_capacity(CHUNK * 2));
        Ok(SealedWriter { out, cipher: key.cipher(name, prefix), number: 0, waiting })
    }

    /// Seals the last chunk and gives back what was written to.
    ///
    /// # Errors
    /// When nothing can be written.
    pub fn finish(mut self) -> Result<W> {
        let sealed = self.cipher.seal(self.number, true, &self.waiting)?;
        self.out.write_all(&sealed)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for SealedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.waiting.extend_from_slice(bytes);
        // a whole chunk waits until more comes: it may be the last
        while self.waiting.len() > CHUNK {
            let rest = self.waiting.split_off(CHUNK);
            let sealed = self.cipher.seal(self.number, false, &self.waiting)?;
            self.out.write_all(&sealed)?;
            self.number += 1;
            self.waiting = Zeroizing::new(rest);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }
}

/// Reads sealed data from any place on.
pub struct SealedReader<R: Read + Seek> {
    inner: R,
    cipher: Cipher,
    /// Where the chunks begin.
    start: u64,
    chunks: u64,
    /// Length of the text.
    length: u64,
    position: u64,
    open: Option<(u64, Zeroizing<Vec<u8>>)>,
}

impl<R: Read + Seek> SealedReader<R> {
    /// Opens what was sealed under the same name, with the data key of its [`header`].
    ///
    /// # Errors
    /// When it is of another form, cut off, changed, or of another name or key.
    pub fn new(mut inner: R, name: &str, key: &LongKey) -> Result<SealedReader<R>> {
        inner.seek(SeekFrom::Start(0))?;
        if header(&mut inner)?.as_deref() != Some(key.header()) {
            return Err(broken("it begins with another key"));
        }
        let mut prefix = [0_u8; PREFIX];
        inner.read_exact(&mut prefix)?;
        let start = inner.stream_position()?;
        let body = inner.seek(SeekFrom::End(0))?.saturating_sub(start);
        let whole = (CHUNK + TAG) as u64;
        let chunks = body.div_ceil(whole);
        let text = body.checked_sub(chunks * TAG as u64).filter(|_| chunks > 0);
        let length = text.ok_or_else(|| broken("it is cut off"))?;
        let cipher = key.cipher(name, prefix);
        let mut reader = SealedReader { inner, cipher, start, chunks, length, position: 0, open: None };
        // proves that the end is the end
        reader.chunk(chunks - 1)?;
        Ok(reader)
    }

    fn chunk(&mut self, number: u64) -> Result<&[u8]> {
        if self.open.as_ref().is_none_or(|(open, _)| *open != number) {
            self.open = None;
            self.inner.seek(SeekFrom::Start(self.start + number * (CHUNK + TAG) as u64))?;
            let mut sealed = Vec::with_capacity(CHUNK + TAG);
            self.inner.by_ref().take((CHUNK + TAG) as u64).read_to_end(&mut sealed)?;
            self.open = Some((number, self.cipher.open(number, number + 1 == self.chunks, &sealed)?));
        }
        Ok(self.open.as_ref().map_or(&[], |(_, text)| text.as_slice()))
    }
}

impl<R: Read + Seek> Read for SealedReader<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        if self.position >= self.length || into.is_empty() {
            return Ok(0);
        }
        let (number, place) = (self.position / CHUNK as u64, self.position % CHUNK as u64);
        let text = self.chunk(number)?;
        let text = usize::try_from(place).ok().and_then(|place| text.get(place..)).unwrap_or_default();
        let read = text.len().min(into.len());
        if let (Some(target), Some(source)) = (into.get_mut(..read), text.get(..read)) {
            target.copy_from_slice(source);
        }
        self.position += read as u64;
        Ok(read)
    }
}

impl<R: Read + Seek> Seek for SealedReader<R> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = place.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "before the beginning"))?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn sealed(text: &[u8], key: &LongKey) -> Vec<u8> {
        let mut writer = SealedWriter::new(Vec::new(), "result/a", key).unwrap();
        // in pieces that fit no chunk
        for piece in text.chunks(7_777) {
            writer.write_all(piece).unwrap();
        }
        writer.finish().unwrap()
    }

    /// A data key as it is in memory; how it is sealed does not matter here.
    fn key(header: &str) -> LongKey {
        LongKey { header: header.to_owned(), key: random_key().unwrap() }
    }

    fn text(length: usize) -> Vec<u8> {
        (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect()
    }

    #[test]
    fn any_length_comes_back_whole_and_from_any_place() {
        let key = key("q1.1.sealed");
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17] {
            let text = text(length);
            let sealed = sealed(&text, &key);
            assert!(length < 64 || !sealed.windows(32).any(|w| w == &text[..32]), "it is not readable");
            let mut reader = SealedReader::new(Cursor::new(sealed), "result/a", &key).unwrap();
            let mut whole = Vec::new();
            reader.read_to_end(&mut whole).unwrap();
            assert_eq!(whole, text, "{length}");
            for place in [0, length / 2, length.saturating_sub(3), length] {
                reader.seek(SeekFrom::Start(place as u64)).unwrap();
                let mut rest = Vec::new();
                reader.read_to_end(&mut rest).unwrap();
                assert_eq!(rest, text[place..], "{length} from {place}");
            }
        }
    }

    #[test]
    fn other_names_other_keys_and_every_change_are_noticed() {
        let key = key("q1.1.sealed");
        let whole = sealed(&text(2 * CHUNK + 100), &key);
        let read = |bytes: Vec<u8>, name: &str, key: &LongKey| {
            let mut all = Vec::new();
            SealedReader::new(Cursor::new(bytes), name, key)?.read_to_end(&mut all).map(|_| all)
        };
        assert!(read(whole.clone(), "result/a", &key).is_ok());
        let other = LongKey { key: random_key().unwrap(), ..key.clone() };
        assert!(read(whole.clone(), "result/b", &key).is_err());
        assert!(read(whole.clone(), "result/a", &other).is_err());
        let body = whole.len() - (2 * CHUNK + 100 + 3 * TAG);
        for place in [0, 9, 20, body - 1, body, body + CHUNK + TAG + 5, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            assert!(read(changed, "result/a", &key).is_err(), "byte {place}");
        }
        let cut = whole[..body + 2 * (CHUNK + TAG)].to_vec();
        assert!(read(cut, "result/a", &key).is_err(), "cut off after a whole chunk");
        let mut swapped = whole[..body].to_vec();
        swapped.extend_from_slice(&whole[body + CHUNK + TAG..body + 2 * (CHUNK + TAG)]);
        swapped.extend_from_slice(&whole[body..body + CHUNK + TAG]);
        swapped.extend_from_slice(&whole[body + 2 * (CHUNK + TAG)..]);
        assert!(read(swapped, "result/a", &key).is_err(), "two chunks in each other's place");
    }
}
