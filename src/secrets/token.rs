//! Tokens that prove who calls: random, shown once, kept as a hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Secret;
use super::sealed::{SealedError, random_key};

/// What every token begins with, so that people and scanners know one when they see it.
const PREFIX: &str = "qrt_";
/// Keeps these hashes apart from any other hash of the same text.
const PURPOSE: &str = "querent access token v1";

/// A new token: 256 random bits.
#[derive(Debug, Clone)]
pub struct Token(Secret);

/// What is kept of a token.
#[derive(Debug, Clone)]
pub struct TokenHash(blake3::Hash);

impl Token {
    /// Makes one.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate() -> Result<Token, SealedError> {
        Token::begins(PREFIX)
    }

    /// Makes one with another beginning, for another use.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn begins(with: &str) -> Result<Token, SealedError> {
        let bits = random_key()?;
        Ok(Token(Secret::new(format!("{with}{}", URL_SAFE_NO_PAD.encode(bits.as_ref())))))
    }

    /// The text, to be shown once.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What to keep of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.expose())
    }
}

impl TokenHash {
    /// The hash of a token's text. The token is random, so a fast hash is enough.
    pub fn of(token: &str) -> TokenHash {
        TokenHash(blake3::Hash::from_bytes(blake3::derive_key(PURPOSE, token.as_bytes())))
    }

    /// Reads the written form.
    pub fn parse(hex: &str) -> Option<TokenHash> {
        blake3::Hash::from_hex(hex).ok().map(TokenHash)
    }

    /// The written form.
    pub fn to_hex(&self) -> String {
        self.0.to_hex().to_string()
    }

    /// Whether a token has this hash; takes the same time whatever the answer.
    pub fn matches(&self, token: &str) -> bool {
        // equality of this type is constant-time
        self.0 == TokenHash::of(token).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_matches_its_hash_alone() {
        let (a, b) = (Token::generate().unwrap(), Token::generate().unwrap());
        assert_ne!(a.expose(), b.expose());
        let kept = TokenHash::parse(&a.hash().to_hex()).unwrap();
        assert!(kept.matches(a.expose()));
        assert!(!kept.matches(b.expose()));
        assert!(!kept.matches(""));
        assert!(!a.hash().to_hex().contains(a.expose()));
    }

    #[test]
    fn a_token_is_not_printed() {
        let token = Token::generate().unwrap();
        assert!(!format!("{token:?}").contains(token.expose()));
    }
}
