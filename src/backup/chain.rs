//! The proof of each chunk of a backup, which binds it to its number, to whether it is the last, and to the header.
//!
//! Where the file is locked it is XChaCha20-Poly1305's, else the beginning of a BLAKE3 hash. A nonce is 19 random bytes of
//! the header, the number of the chunk, and 1 for the last (the STREAM construction).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

use super::error::{damaged, locked};
use super::lock;
use crate::error::Result;

/// Bytes of a proof.
pub(super) const PROOF: usize = 16;
const PREFIX: usize = 19;
const NONCE: usize = PREFIX + 5;

enum Means {
    Hash,
    Cipher(Box<XChaCha20Poly1305>),
}

/// Where in the file one is.
pub(super) struct Chain {
    means: Means,
    header: blake3::Hash,
    prefix: [u8; PREFIX],
    next: u32,
}

impl Chain {
    /// At the beginning, behind a header with that nonce.
    pub fn new(header: &[u8], nonce: &str, key: Option<&[u8; lock::KEY]>) -> Result<Chain> {
        let bytes = STANDARD.decode(nonce).map_err(|_| damaged("its nonce is no base64"))?;
        let prefix = bytes.get(..PREFIX).and_then(|b| b.try_into().ok());
        let prefix = prefix.ok_or_else(|| damaged("its nonce is too short"))?;
        let means = match key {
            None => Means::Hash,
            Some(key) => Means::Cipher(Box::new(XChaCha20Poly1305::new(&Key::from(*key)))),
        };
        Ok(Chain { means, header: blake3::hash(header), prefix, next: 0 })
    }

    fn nonce(&self, last: bool) -> [u8; NONCE] {
        let mut nonce = [0_u8; NONCE];
        let (prefix, rest) = nonce.split_at_mut(PREFIX);
        prefix.copy_from_slice(&self.prefix);
        let (number, flag) = rest.split_at_mut(4);
        number.copy_from_slice(&self.next.to_be_bytes());
        flag.fill(last.into());
        nonce
    }

    fn hash(&self, nonce: &[u8], plain: &[u8]) -> [u8; PROOF] {
        let mut hash = blake3::Hasher::new();
        hash.update(self.header.as_bytes()).update(nonce).update(plain);
        let mut proof = [0_u8; PROOF];
        hash.finalize_xof().fill(&mut proof);
        proof
    }

    /// The next chunk as it stands in the file, with its proof.
    pub fn close(&mut self, plain: &[u8], last: bool) -> Result<Vec<u8>> {
        let nonce = self.nonce(last);
        let closed = match &self.means {
            Means::Hash => [plain, &self.hash(&nonce, plain)].concat(),
            Means::Cipher(cipher) => cipher
                .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: self.header.as_bytes() })
                .map_err(|_| damaged("a chunk could not be encrypted"))?,
        };
        self.step()?;
        Ok(closed)
    }

    /// What the next chunk of the file holds.
    pub fn open(&mut self, closed: &[u8], last: bool) -> Result<Vec<u8>> {
        let nonce = self.nonce(last);
        let opened = match &self.means {
            Means::Hash => {
                let (plain, proof) =
                    closed.split_at_checked(closed.len().saturating_sub(PROOF)).unwrap_or_default();
                (proof == self.hash(&nonce, plain)).then(|| plain.to_vec())
            }
            Means::Cipher(cipher) => {
                let payload = Payload { msg: closed, aad: self.header.as_bytes() };
                cipher.decrypt(&XNonce::from(nonce), payload).ok()
            }
        };
        let plain = opened.ok_or_else(|| self.refusal())?;
        self.step()?;
        Ok(plain)
    }

    fn refusal(&self) -> crate::error::Error {
        match (&self.means, self.next) {
            (Means::Cipher(_), 0) => locked("another passphrase or key, or its beginning was changed")
                .hint("Check the passphrase; if it is the right one, use another copy of the file."),
            _ => damaged("a part of it was changed, moved or left out"),
        }
    }

    fn step(&mut self) -> Result<()> {
        self.next =
            self.next.checked_add(1).ok_or_else(|| damaged("it has more parts than a backup can have"))?;
        Ok(())
    }
}
