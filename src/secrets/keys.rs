//! All keys of a daemon: those that seal from now on, and those that texts sealed before open with.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::local::{Local, Origin};
use super::provider::KeyProvider;
use super::sealed::{Keeper, Sealed, random_key};
use super::vault::Vault;
use super::{Keyring, Secret};
use crate::config::{KeySource, SecretSettings};
use crate::error::{Class, Error, Result};

/// The keys. A clone is the same keys.
#[derive(Clone)]
pub struct Keys {
    sealing: Keeper,
    local: Option<Arc<Local>>,
    vault: Option<Arc<Vault>>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("sealing", &self.sealing).finish_non_exhaustive()
    }
}

impl Keys {
    /// The keys that the settings name. Where Vault keeps them, keys of a file that is there still open what they sealed;
    /// and where it does not, what it wrapped still opens as long as its settings stand.
    ///
    /// # Errors
    /// `V...`: why they cannot be had.
    pub async fn open(settings: &SecretSettings, data_dir: &Path) -> Result<Keys> {
        let file = match settings.file.as_os_str().is_empty() {
            true => data_dir.join("secret.key"),
            false => settings.file.clone(),
        };
        let patience = Duration::from_secs(settings.timeout);
        let origin = match settings.provider {
            KeySource::File => Some(Origin::File(file)),
            KeySource::Environment => Some(Origin::Given(settings.keys.clone())),
            KeySource::Command => Some(Origin::Command(settings.command.clone(), patience)),
            KeySource::Vault => file.exists().then_some(Origin::File(file)),
        };
        let local = match origin {
            Some(origin) => Some(Arc::new(Local::open(origin).await?)),
            None => None,
        };
        let used = settings.provider == KeySource::Vault;
        let vault = match used || !settings.vault.address.is_empty() {
            true => Some(Arc::new(Vault::new(&settings.vault, patience)?)),
            false => None,
        };
        Ok(Keys { sealing: if used { Keeper::Vault } else { Keeper::Local }, local, vault })
    }

    /// The keys of a file alone.
    ///
    /// # Errors
    /// `V01x`: why they cannot be had.
    pub async fn of_file(path: &Path) -> Result<Keys> {
        let local = Local::open(Origin::File(path.to_path_buf())).await?;
        Ok(Keys { sealing: Keeper::Local, local: Some(Arc::new(local)), vault: None })
    }

    /// Who keeps the keys that seal.
    pub fn sealing(&self) -> Keeper {
        self.sealing
    }

    /// Seals a secret for the record that `bound_to` names; it opens with the same name only.
    ///
    /// # Errors
    /// `V...`: why the keys cannot be used.
    pub async fn seal(&self, secret: &Secret, bound_to: &str) -> Result<String> {
        let key = random_key()?;
        let wrapped = self.keeper(self.sealing)?.wrap(&key, bound_to).await?;
        Ok(Sealed::with(self.sealing, &key, wrapped, secret, bound_to)?.to_string())
    }

    /// Opens a sealed text for the record that it was sealed for.
    ///
    /// # Errors
    /// `V...`: the key is missing or wrong, the text was changed, or it was sealed for another record.
    pub async fn unseal(&self, text: &str, bound_to: &str) -> Result<Secret> {
        let sealed = Sealed::parse(text)?;
        let key = self.keeper(sealed.keeper())?.unwrap(sealed.wrapped(), bound_to).await?;
        Ok(sealed.open_with(&key, bound_to)?)
    }

    /// The same text under the newest key; `None` when that is `newest` and it is sealed with it already. The secret
    /// itself is not opened.
    ///
    /// # Errors
    /// As [`Keys::unseal`].
    pub async fn reseal(&self, text: &str, bound_to: &str, newest: u32) -> Result<Option<String>> {
        let sealed = Sealed::parse(text)?;
        let here = sealed.keeper() == self.sealing;
        if here && sealed.key_version() == newest {
            return Ok(None);
        }
        let keeper = self.keeper(self.sealing)?;
        let wrapped = if here {
            keeper.rewrap(sealed.wrapped(), bound_to).await?
        } else {
            let key = self.keeper(sealed.keeper())?.unwrap(sealed.wrapped(), bound_to).await?;
            keeper.wrap(&key, bound_to).await?
        };
        Ok(Some(sealed.wrapped_anew(self.sealing, wrapped).to_string()))
    }

    /// Version of the key that seals.
    ///
    /// # Errors
    /// `V...`: why it is not known.
    pub async fn newest(&self) -> Result<u32> {
        self.keeper(self.sealing)?.newest().await
    }

    /// Makes a new key, which seals from now on.
    ///
    /// # Errors
    /// `V030` where keys are made elsewhere; `V...`: why the keys cannot be used.
    pub async fn rotate(&self) -> Result<u32> {
        self.keeper(self.sealing)?.rotate().await
    }

    /// The keys at hand, read anew; `None` where there are none.
    ///
    /// # Errors
    /// `V01x`: why they cannot be had.
    pub async fn ring(&self) -> Result<Option<Keyring>> {
        match &self.local {
            Some(local) => Ok(Some(local.reload().await?)),
            None => Ok(None),
        }
    }

    /// Puts other keys in the place of those in the file.
    ///
    /// # Errors
    /// `V030` where they are in no file; `V...`: why they cannot be written.
    pub async fn change(&self, change: impl FnOnce(&Keyring) -> Result<Keyring>) -> Result<Keyring> {
        match &self.local {
            Some(local) => local.change(change).await,
            None => Err(not_at_hand(Keeper::Local)),
        }
    }

    fn keeper(&self, keeper: Keeper) -> Result<&dyn KeyProvider> {
        let found: Option<&dyn KeyProvider> = match keeper {
            Keeper::Local => self.local.as_deref().map(|local| local as &dyn KeyProvider),
            Keeper::Vault => self.vault.as_deref().map(|vault| vault as &dyn KeyProvider),
        };
        found.ok_or_else(|| not_at_hand(keeper))
    }
}

fn not_at_hand(keeper: Keeper) -> Error {
    let (what, hint) = match keeper {
        Keeper::Local => ("with a key of a file", "Name the file in secrets.file, or put it back."),
        Keeper::Vault => ("with a key that Vault keeps", "Set secrets.vault.address and token again."),
    };
    Error::new(
        "V005",
        Class::Internal,
        format!("a secret is sealed {what}, and there is none in the settings"),
    )
    .hint(hint)
}
