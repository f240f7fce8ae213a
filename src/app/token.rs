//! The owner's token: made at the first start, kept in the data folder, readable by its owner alone.

use std::io::Write;
use std::path::Path;

use crate::error::{Class, Error, Result};
use crate::secrets::{Secret, Token};

/// Reads the token, or makes it.
pub fn load_or_create(path: &Path) -> Result<Secret> {
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().starts_with("qrt_") => Ok(Secret::new(text.trim())),
        Ok(_) => Err(Error::new("K021", Class::Internal, format!("{} does not hold a token", path.display()))
            .hint("Remove the file; the next start makes a new token.")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(path),
        Err(error) => Err(unusable(path, &error)),
    }
}

fn create(path: &Path) -> Result<Secret> {
    let token = Token::generate()?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|e| unusable(path, &e))?;
    file.write_all(token.expose().as_bytes()).map_err(|e| unusable(path, &e))?;
    file.sync_all().map_err(|e| unusable(path, &e))?;
    Ok(Secret::new(token.expose()))
}

fn unusable(path: &Path, error: &std::io::Error) -> Error {
    Error::new("K021", Class::Internal, format!("{} cannot be used: {error}", path.display()))
        .hint("The data folder must be readable and writable by the daemon.")
}
