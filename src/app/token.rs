//! The owner's token: made at the first start, kept in the data folder for its owner alone, its hash in the store.

use std::io::Write;
use std::path::Path;

use crate::error::{Class, Error, Result};
use crate::secrets::{Secret, Token, TokenHash};
use crate::store::{Db, owner_token};

/// The owner's token as this daemon knows it.
pub struct OwnerToken {
    /// What a caller's token must match.
    pub hash: TokenHash,
    /// The token itself, when it was made on this machine: to print the link.
    pub link: Option<Secret>,
}

/// Makes the token if the store has none; reads it from the data folder otherwise.
pub async fn load_or_create(db: &Db, path: &Path) -> Result<OwnerToken> {
    if let Some(hash) = owner_token::get(db).await? {
        let link = read(path)?.filter(|token| hash.matches(token.expose()));
        return Ok(OwnerToken { hash, link });
    }
    let token = Token::generate()?;
    // The file comes first: a crash between the two leaves a token that nothing accepts, and the next start replaces it.
    write(path, token.expose())?;
    if owner_token::keep_first(db, &token).await? {
        return Ok(OwnerToken { hash: token.hash(), link: Some(Secret::new(token.expose())) });
    }
    // Another daemon on the same store was faster: its token holds.
    let hash = owner_token::get(db).await?.unwrap_or_else(|| token.hash());
    Ok(OwnerToken { hash, link: None })
}

fn read(path: &Path) -> Result<Option<Secret>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(Secret::new(text.trim()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(path, &error)),
    }
}

fn write(path: &Path, token: &str) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|e| unusable(path, &e))?;
    file.write_all(token.as_bytes()).and_then(|()| file.sync_all()).map_err(|e| unusable(path, &e))
}

fn unusable(path: &Path, error: &std::io::Error) -> Error {
    Error::new("K021", Class::Internal, format!("{} cannot be used: {error}", path.display()))
        .hint("The data folder must be readable and writable by the daemon.")
}
