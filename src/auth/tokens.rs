//! Tokens of sessions, keys and links, and what is derived from one. All are 256 random bits; a hash alone is kept.

use crate::error::Result;
use crate::secrets::{Secret, Token, TokenHash};

/// What keys for programs begin with.
pub const KEY: &str = "qk_";
/// What tokens of sessions begin with.
const SESSION: &str = "qs_";
/// What tokens of links begin with.
const LINK: &str = "ql_";
/// What the browser keeps while a person is at an identity provider begins with.
const FLOW: &str = "qf_";
/// Letters of a key that are kept to know it again; the other 37 hold 222 bits.
const SHOWN: usize = 9;

/// A key for a program.
///
/// # Errors
/// When the system gives no random numbers.
pub fn key() -> Result<Token> {
    Ok(Token::begins(KEY)?)
}

/// The token of a session.
///
/// # Errors
/// When the system gives no random numbers.
pub fn session() -> Result<Token> {
    Ok(Token::begins(SESSION)?)
}

/// The token of a link.
///
/// # Errors
/// When the system gives no random numbers.
pub fn link() -> Result<Token> {
    Ok(Token::begins(LINK)?)
}

/// The token of a sign-in at an identity provider.
///
/// # Errors
/// When the system gives no random numbers.
pub fn flow() -> Result<Token> {
    Ok(Token::begins(FLOW)?)
}

/// What is kept of a key to know it again.
pub fn shown(key: &Token) -> String {
    key.expose().chars().take(SHOWN).collect()
}

/// What is kept of a token.
pub fn hash(token: &str) -> String {
    TokenHash::of(token).to_hex()
}

/// What a page must send in `x-csrf-token` with a session's cookie: made from the cookie's token, so it needs no place in
/// the store, and nobody who cannot read the answers of this daemon knows it.
pub fn csrf(session: &str) -> String {
    derived("querent csrf token v1", session)
}

/// Whether that is the session's token against forged requests; takes the same time whatever the answer.
pub fn csrf_fits(session: &str, given: &str) -> bool {
    TokenHash::of(&csrf(session)).matches(given)
}

/// What is derived from the token of a sign-in at an identity provider.
pub struct Flow {
    /// Comes back with the answer.
    pub state: String,
    /// Comes back in the id token.
    pub nonce: String,
    /// Proof towards the provider's token address (PKCE).
    pub verifier: Secret,
}

impl Flow {
    /// All three, from the token that the browser keeps in a cookie.
    pub fn of(token: &str) -> Flow {
        Flow {
            state: derived("querent oidc state v1", token),
            nonce: derived("querent oidc nonce v1", token),
            verifier: Secret::new(derived("querent oidc verifier v1", token)),
        }
    }
}

/// 43 letters, digits, - and _.
fn derived(purpose: &str, token: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    URL_SAFE_NO_PAD.encode(blake3::derive_key(purpose, token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sort_of_token_is_known_by_its_beginning() {
        assert!(key().unwrap().expose().starts_with("qk_"));
        assert!(session().unwrap().expose().starts_with("qs_"));
        assert!(link().unwrap().expose().starts_with("ql_"));
        let key = key().unwrap();
        assert_eq!(shown(&key).len(), SHOWN);
        assert!(key.expose().len() - SHOWN > 36);
    }

    #[test]
    fn the_token_against_forgery_belongs_to_one_session() {
        let (a, b) = (session().unwrap(), session().unwrap());
        assert!(csrf_fits(a.expose(), &csrf(a.expose())));
        assert!(!csrf_fits(a.expose(), &csrf(b.expose())));
        assert!(!csrf_fits(a.expose(), a.expose()));
        assert!(!csrf_fits(a.expose(), ""));
    }

    #[test]
    fn what_is_derived_differs_by_purpose() {
        let flow = Flow::of("qf_x");
        assert_ne!(flow.state, flow.nonce);
        assert_ne!(flow.state, flow.verifier.expose());
        assert_eq!(flow.verifier.expose().len(), 43, "what PKCE asks for");
    }
}
