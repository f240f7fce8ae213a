//! Who calls: from what a client sends as its proof to a [`Caller`].

use crate::access::Caller;
use crate::error::{Class, Error, Result};
use crate::secrets::TokenHash;

/// The caller behind an `Authorization` header.
///
/// # Errors
/// `H007` when there is no bearer token or it is not the right one; which of the two is not said.
pub fn caller(authorization: Option<&str>, owner: &TokenHash) -> Result<Caller> {
    let token = authorization.and_then(bearer).unwrap_or_default();
    if owner.matches(token) {
        return Ok(Caller::owner());
    }
    Err(Error::new("H007", Class::Unauthenticated, "a valid token is needed").hint(
        "Send `Authorization: Bearer TOKEN`; the token is part of the link that `querent serve` prints.",
    ))
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Token;

    #[test]
    fn only_the_token_itself_is_accepted() {
        let token = Token::generate().unwrap();
        let asks = |header: Option<String>| caller(header.as_deref(), &token.hash()).is_ok();
        assert!(asks(Some(format!("Bearer {}", token.expose()))));
        assert!(asks(Some(format!("bearer  {} ", token.expose()))));
        assert!(!asks(None));
        assert!(!asks(Some(String::new())));
        assert!(!asks(Some("Bearer ".into())));
        assert!(!asks(Some(token.expose().into())));
        assert!(!asks(Some(format!("Basic {}", token.expose()))));
        assert!(!asks(Some(format!("Bearer {}x", token.expose()))));
    }
}
