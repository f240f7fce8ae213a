//! The master keys: a small file of numbered keys, readable by its owner alone, made at the first start.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::Secret;
use super::sealed::{KEY, random_key};
use crate::error::{Class, Error};

/// Keys held at the most; a rotation drops none, so this bounds forgotten ones.
const MAX_KEYS: usize = 64;

/// Numbered master keys. The one with the highest number seals; all of them open.
#[derive(Clone)]
pub struct Keyring {
    older: BTreeMap<u32, Zeroizing<[u8; KEY]>>,
    newest: (u32, Zeroizing<[u8; KEY]>),
}

/// Why the master keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file cannot be read or written.
    #[error("the key file {path} cannot be used: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is no list of keys.
    #[error("line {0} of the keys is not of the form `<number> <base64 of 32 bytes>`")]
    Malformed(usize),
    /// There is no key in it.
    #[error("there is no key in the text")]
    Empty,
    /// The file may be read by others.
    #[error("the key file {0} may be read by other users")]
    Exposed(PathBuf),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandomness,
    /// Too many keys.
    #[error("the key file holds {MAX_KEYS} keys already")]
    Full,
}

impl From<KeyringError> for Error {
    fn from(error: KeyringError) -> Error {
        let (code, hint) = match &error {
            KeyringError::File { .. } => ("V010", "Check the data folder and its rights."),
            KeyringError::Malformed(_) | KeyringError::Empty => (
                "V011",
                "Restore the key file from a backup; without it the stored secrets cannot be opened.",
            ),
            KeyringError::Exposed(_) => ("V012", "Take the rights away from others: chmod 600."),
            KeyringError::NoRandomness => ("V004", "Check the system's random source."),
            KeyringError::Full => ("V013", "Remove keys that no secret is sealed with any more."),
        };
        Error::new(code, Class::Internal, error.to_string()).hint(hint)
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").field("newest", &self.newest.0).finish_non_exhaustive()
    }
}

impl Keyring {
    /// A ring with one new key.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate() -> Result<Keyring, KeyringError> {
        let key = random_key().map_err(|_| KeyringError::NoRandomness)?;
        Ok(Keyring { older: BTreeMap::new(), newest: (1, key) })
    }

    /// Reads the keys from the file, or makes the file with one new key when there is none.
    ///
    /// # Errors
    /// When the file cannot be used, is open to other users, or holds no keys.
    pub fn load_or_create(path: &Path) -> Result<Keyring, KeyringError> {
        let fail = |source| KeyringError::File { path: path.to_path_buf(), source };
        if path.exists() {
            return Keyring::load(path);
        }
        let keys = Keyring::generate()?;
        match write_new(path, &keys.to_text()) {
            Ok(()) => Ok(keys),
            // another starter was first: its key holds
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Keyring::load(path),
            Err(error) => Err(fail(error)),
        }
    }

    /// Reads the keys from the file.
    ///
    /// # Errors
    /// When there is no file, it is open to other users, or holds no keys.
    pub fn load(path: &Path) -> Result<Keyring, KeyringError> {
        let fail = |source| KeyringError::File { path: path.to_path_buf(), source };
        let text = std::fs::read_to_string(path).map(Secret::new).map_err(fail)?;
        refuse_exposed(path)?;
        Keyring::from_text(&text)
    }

    /// Waits until no other process changes the file, and keeps others from it until what is given is dropped.
    ///
    /// # Errors
    /// When the file beside it, that stands for the claim, cannot be used.
    pub(super) fn claim(path: &Path) -> Result<std::fs::File, KeyringError> {
        let beside = path.with_extension("key.lock");
        let fail = |source| KeyringError::File { path: beside.clone(), source };
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&beside).map_err(fail)?;
        file.lock().map_err(fail)?;
        Ok(file)
    }

    /// Reads keys from text: one per line, its number and its bytes in base64; or a single key's bytes.
    ///
    /// # Errors
    /// When a line is of another form or there is none.
    pub fn from_text(text: &Secret) -> Result<Keyring, KeyringError> {
        let mut keys = BTreeMap::new();
        for (place, line) in text.expose().lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (version, key) = line.split_once(' ').unwrap_or(("1", line));
            let version: u32 = version.parse().map_err(|_| KeyringError::Malformed(place + 1))?;
            let key = decode_key(key.trim()).ok_or(KeyringError::Malformed(place + 1))?;
            keys.insert(version, key);
        }
        let newest = keys.pop_last().ok_or(KeyringError::Empty)?;
        Ok(Keyring { older: keys, newest })
    }

    /// The keys as text, for the file.
    pub fn to_text(&self) -> Secret {
        const HEAD: &str = "# Master keys of this store. Without them its secrets cannot be opened: back this file up apart.\n";
        // room for all of it from the start: a text that grows leaves copies behind
        let mut text = String::with_capacity(HEAD.len() + MAX_KEYS * 64);
        text.push_str(HEAD);
        let newest = std::iter::once((&self.newest.0, &self.newest.1));
        for (version, key) in self.older.iter().chain(newest) {
            let key = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.as_ref()));
            text.push_str(&version.to_string());
            text.push(' ');
            text.push_str(&key);
            text.push('\n');
        }
        Secret::new(text)
    }

    /// Puts the keys in the place of the file's, in one step.
    ///
    /// # Errors
    /// When the file cannot be written; the old one holds then.
    pub fn save(&self, path: &Path) -> Result<(), KeyringError> {
        let fail = |source| KeyringError::File { path: path.to_path_buf(), source };
        let beside = path.with_extension("key.new");
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fail(error)),
            _ => {}
        }
        write_new(&beside, &self.to_text()).map_err(fail)?;
        std::fs::rename(&beside, path).map_err(fail)?;
        // without it a crash of the machine may bring the old file back, after texts were sealed with the new key
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(fail)
    }

    /// The same keys and a new one, which seals from now on.
    ///
    /// # Errors
    /// When the system gives no random numbers, or the ring is full.
    pub fn rotated(&self) -> Result<Keyring, KeyringError> {
        if self.older.len() + 1 >= MAX_KEYS {
            return Err(KeyringError::Full);
        }
        let version = self.newest.0.checked_add(1).ok_or(KeyringError::Full)?;
        let mut older = self.older.clone();
        older.insert(self.newest.0, self.newest.1.clone());
        Ok(Keyring { older, newest: (version, random_key().map_err(|_| KeyringError::NoRandomness)?) })
    }

    /// The newest key alone: once everything is sealed with it.
    pub fn without_older(&self) -> Keyring {
        self.keeping(|_| false)
    }

    /// The newest key, and those older ones that something is still sealed with.
    pub fn keeping(&self, used: impl Fn(u32) -> bool) -> Keyring {
        let older = self.older.iter().filter(|(version, _)| used(**version));
        Keyring {
            older: older.map(|(version, key)| (*version, key.clone())).collect(),
            newest: self.newest.clone(),
        }
    }

    /// These keys and those of another ring, whose numbers are not among these.
    pub fn and(&self, other: &Keyring) -> Keyring {
        let mut all = other.older.clone();
        all.insert(other.newest.0, other.newest.1.clone());
        all.extend(self.older.clone());
        let newest = self.newest.clone();
        all.retain(|version, _| *version < newest.0);
        Keyring { older: all, newest }
    }

    /// The numbers of all keys, the newest last.
    pub fn versions(&self) -> Vec<u32> {
        self.older.keys().copied().chain([self.newest.0]).collect()
    }

    /// The number of the key that seals.
    pub fn newest_version(&self) -> u32 {
        self.newest.0
    }

    pub(super) fn get(&self, version: u32) -> Option<&[u8; KEY]> {
        if version == self.newest.0 {
            return Some(&self.newest.1);
        }
        self.older.get(&version).map(|key| &**key)
    }

    pub(super) fn newest(&self) -> (u32, &[u8; KEY]) {
        (self.newest.0, &self.newest.1)
    }
}

fn decode_key(text: &str) -> Option<Zeroizing<[u8; KEY]>> {
    let text = Zeroizing::new(text.trim_end_matches('=').replace('+', "-"));
    let text = Zeroizing::new(text.replace('/', "_"));
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.as_str()).ok()?);
    bytes.as_slice().try_into().ok().map(Zeroizing::new)
}

fn write_new(path: &Path, text: &Secret) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.expose().as_bytes())?;
    file.sync_all()
}

#[cfg(unix)]
fn refuse_exposed(path: &Path) -> Result<(), KeyringError> {
    use std::os::unix::fs::PermissionsExt;
    let fail = |source| KeyringError::File { path: path.to_path_buf(), source };
    let mode = std::fs::metadata(path).map_err(fail)?.permissions().mode();
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyringError::Exposed(path.to_path_buf())) }
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path) -> Result<(), KeyringError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let made = Keyring::load_or_create(&path).unwrap();
        let read = Keyring::load_or_create(&path).unwrap();
        assert_eq!(made.to_text(), read.to_text());
        let rotated = read.rotated().unwrap();
        rotated.save(&path).unwrap();
        assert_eq!(Keyring::load_or_create(&path).unwrap().to_text(), rotated.to_text());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        Keyring::load_or_create(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Keyring::load_or_create(&path), Err(KeyringError::Exposed(_))));
    }

    #[test]
    fn a_damaged_file_is_refused_and_not_replaced() {
        for text in ["", "# nothing\n", "1 short\n", "x AAAA\n"] {
            assert!(Keyring::from_text(&Secret::new(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn printing_shows_no_key() {
        let keys = Keyring::generate().unwrap();
        let text = keys.to_text();
        let key = text.expose().lines().last().unwrap().split(' ').next_back().unwrap().to_owned();
        assert!(!format!("{keys:?}").contains(&key));
    }
}
