//! Master keys at hand: from a file, from the settings (which the environment sets), or from what a program prints. They
//! are read again when a text names a key that is not known yet: another process may have rotated them.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::AsyncReadExt;
use zeroize::Zeroizing;

use super::Secret;
use super::keyring::Keyring;
use super::provider::{DataKey, KeyProvider, Wrapped};
use super::sealed::SealedError;
use crate::error::{Class, Error, Result};

/// Longest text of keys that a program may print.
const MAX_PRINTED: usize = 64 * 1024;

/// Where the keys are read from.
pub enum Origin {
    /// A file that its owner alone may read; made at the first start.
    File(PathBuf),
    /// The settings.
    Given(Secret),
    /// A program with its arguments, and how long it may take.
    Command(Vec<String>, Duration),
}

/// A ring of keys and where it is read from.
pub struct Local {
    origin: Origin,
    ring: Mutex<Keyring>,
}

impl Local {
    /// Reads the keys.
    ///
    /// # Errors
    /// `V01x`: why they cannot be had.
    pub async fn open(origin: Origin) -> Result<Local> {
        let ring = Mutex::new(read(&origin, true).await?);
        Ok(Local { origin, ring })
    }

    /// The keys as they are now.
    pub fn ring(&self) -> Keyring {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the keys again.
    ///
    /// # Errors
    /// As [`Local::open`]; those that were known stay.
    pub async fn reload(&self) -> Result<Keyring> {
        let ring = read(&self.origin, false).await?;
        *self.ring.lock().unwrap_or_else(PoisonError::into_inner) = ring.clone();
        Ok(ring)
    }

    /// Changes the keys of a file, one process after the other.
    ///
    /// # Errors
    /// `V030` where they are no file; as [`Local::open`].
    pub async fn change(&self, change: impl FnOnce(&Keyring) -> Result<Keyring>) -> Result<Keyring> {
        let Origin::File(path) = &self.origin else { return Err(elsewhere()) };
        let _alone = Keyring::claim(path)?;
        let changed = change(&read(&self.origin, false).await?)?;
        changed.save(path)?;
        *self.ring.lock().unwrap_or_else(PoisonError::into_inner) = changed.clone();
        Ok(changed)
    }
}

fn elsewhere() -> Error {
    Error::new("V030", Class::BadInput, "the master keys are not this daemon's to change").hint(
        "Add a line with the next number and 32 random bytes in base64 where they come from (openssl rand -base64 32), \
         restart the daemons, then run `querent key reseal`.",
    )
}

async fn read(origin: &Origin, first: bool) -> Result<Keyring> {
    match origin {
        Origin::File(path) if first => Ok(Keyring::load_or_create(path)?),
        Origin::File(path) => Ok(Keyring::load(path)?),
        Origin::Given(keys) if keys.is_empty() => Err(Error::new(
            "V014",
            Class::BadInput,
            "secrets.provider is environment, and secrets.keys is empty",
        )
        .hint("Set QUERENT_SECRETS_KEYS, or QUERENT_SECRETS_KEYS_FILE.")),
        Origin::Given(keys) => Ok(Keyring::from_text(keys)?),
        Origin::Command(command, patience) => Ok(Keyring::from_text(&printed(command, *patience).await?)?),
    }
}

/// What the program prints. Its words are told nobody: it knows keys.
async fn printed(command: &[String], patience: Duration) -> Result<Secret> {
    let failed = |what: &str| {
        Error::new("V015", Class::Internal, format!("the command that prints the master keys {what}"))
            .hint("Check secrets.command: run it by hand as the daemon's account.")
    };
    let Some((program, arguments)) = command.split_first() else {
        return Err(failed("is not set: secrets.command is empty"));
    };
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| failed(&format!("cannot be started: {}", e.kind())))?;
    let Some(mut out) = child.stdout.take() else { return Err(failed("has no output")) };
    let work = async {
        // room for all of it from the start: a buffer that grows leaves copies behind
        let mut buffer = Zeroizing::new(vec![0_u8; MAX_PRINTED]);
        let mut length = 0;
        while let Some(room) = buffer.get_mut(length..).filter(|room| !room.is_empty()) {
            match out.read(room).await {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(_) => return Err(failed("stopped in the middle")),
            }
        }
        if length == MAX_PRINTED {
            return Err(failed("prints too much"));
        }
        let status = child.wait().await.map_err(|_| failed("was lost"))?;
        if !status.success() {
            return Err(failed(&format!("ended with {status}")));
        }
        let text = std::str::from_utf8(buffer.get(..length).unwrap_or_default());
        text.map(Secret::new).map_err(|_| failed("prints something that is no text"))
    };
    tokio::time::timeout(patience, work).await.map_err(|_| failed("took too long"))?
}

#[async_trait]
impl KeyProvider for Local {
    async fn wrap(&self, key: &DataKey, label: &str) -> Result<Wrapped> {
        // the file may have been rotated: what is sealed now is to last
        let ring = if matches!(self.origin, Origin::File(_)) { self.reload().await? } else { self.ring() };
        Ok(ring.wrap(key, label)?)
    }

    async fn unwrap(&self, wrapped: &Wrapped, label: &str) -> Result<DataKey> {
        match self.ring().unwrap(wrapped, label) {
            Err(SealedError::UnknownKey(_)) => Ok(self.reload().await?.unwrap(wrapped, label)?),
            unwrapped => Ok(unwrapped?),
        }
    }

    async fn newest(&self) -> Result<u32> {
        Ok(self.reload().await?.newest_version())
    }

    async fn rotate(&self) -> Result<u32> {
        Ok(self.change(|ring| Ok(ring.rotated()?)).await?.newest_version())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label() -> &'static str {
        "connection/1"
    }

    async fn command(script: &str) -> Result<Local> {
        let words = ["sh", "-c", script].map(str::to_owned).to_vec();
        Local::open(Origin::Command(words, Duration::from_secs(20))).await
    }

    #[tokio::test]
    async fn a_command_prints_the_keys() {
        let text = Keyring::generate().unwrap().to_text();
        let line = text.expose().lines().last().unwrap().to_owned();
        let local = command(&format!("echo '{line}'")).await.unwrap();
        let given = Local::open(Origin::Given(Secret::new(line.clone()))).await.unwrap();
        let key = super::super::sealed::random_key().unwrap();
        let wrapped = local.wrap(&key, label()).await.unwrap();
        assert_eq!(given.unwrap(&wrapped, label()).await.unwrap(), key);
        assert_eq!(given.rotate().await.unwrap_err().code, "V030");
    }

    #[tokio::test]
    async fn what_a_command_says_when_it_fails_is_not_passed_on() {
        for (script, code) in [
            ("echo hunter2; exit 3", "V015"),
            ("yes", "V015"),
            ("echo hunter2", "V011"),
            ("printf '\\377'", "V015"),
            ("true", "V011"),
        ] {
            let error = command(script).await.map(|_| ()).unwrap_err();
            assert_eq!(error.code, code, "{script}: {error}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
        let slow = Origin::Command(["sleep", "600"].map(str::to_owned).to_vec(), Duration::from_millis(50));
        assert!(Local::open(slow).await.map(|_| ()).unwrap_err().message.contains("too long"));
    }

    #[tokio::test]
    async fn another_process_may_rotate_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let (a, b) = (
            Local::open(Origin::File(path.clone())).await.unwrap(),
            Local::open(Origin::File(path)).await.unwrap(),
        );
        let key = super::super::sealed::random_key().unwrap();
        let old = a.wrap(&key, label()).await.unwrap();
        assert_eq!(a.rotate().await.unwrap(), 2);
        assert_eq!(b.rotate().await.unwrap(), 3);
        let new = b.rewrap(&old, label()).await.unwrap();
        assert_eq!((old.version, new.version), (1, 3));
        assert_eq!(a.unwrap(&new, label()).await.unwrap(), key);
        assert_eq!(a.wrap(&key, label()).await.unwrap().version, 3);
        assert!(a.unwrap(&new, "connection/2").await.is_err());
    }
}
