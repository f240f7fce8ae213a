//! The owner's token: until users exist, whoever has it is the owner. Kept as a hash.

use super::db::Conn;
use super::error::Result;
use super::settings;
use crate::secrets::{Token, TokenHash};

const KEY: &str = "owner_token_hash";

/// Keeps a token's hash if there is none yet; gives whether it did. Another starter may be first.
///
/// # Errors
/// When the store fails.
pub async fn keep_first(on: &impl Conn, token: &Token) -> Result<bool> {
    settings::put_new(on, KEY, token.hash().to_hex().into(), None).await
}

/// Puts a token in the place of the old one, which ends with that.
///
/// # Errors
/// When the store fails.
pub async fn replace(on: &impl Conn, token: &Token) -> Result<()> {
    settings::put(on, KEY, token.hash().to_hex().into(), None).await
}

/// What is kept of the token; the caller compares with [`TokenHash::matches`].
///
/// # Errors
/// When the store fails.
pub async fn get(on: &impl Conn) -> Result<Option<TokenHash>> {
    let value = settings::get(on, KEY).await?;
    Ok(value.as_ref().and_then(|value| value.as_str()).and_then(TokenHash::parse))
}
