//! What a client sends as its proof, and whether a page of another site could have made its browser send it.

use super::tokens;
use crate::access::Origin;
use crate::error::{Class, Error, Result};

/// What the browser says of the page that a request comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Site {
    /// One of this daemon, or none (an address typed in).
    Same,
    /// Another.
    Other,
    /// It says nothing, or no browser is there.
    #[default]
    Unsaid,
}

/// What a client sent.
#[derive(Debug, Clone, Default)]
pub struct Proof<'r> {
    /// The `Authorization` header.
    pub authorization: Option<&'r str>,
    /// The session's cookie.
    pub session: Option<&'r str>,
    /// The header `x-csrf-token`.
    pub csrf: Option<&'r str>,
    /// Whether the method changes nothing (GET, HEAD).
    pub safe: bool,
    /// The page that it comes from.
    pub site: Site,
    /// The workspace that the client names, by key or slug.
    pub workspace: Option<&'r str>,
    /// Where the request came from.
    pub origin: Origin,
}

impl Proof<'_> {
    /// Refuses what a page of another site could have sent with the session's cookie.
    ///
    /// # Errors
    /// `I020`.
    pub(super) fn check_forgery(&self, session: &str) -> Result<()> {
        if self.safe {
            return Ok(());
        }
        refuse_other(self.site)?;
        if self.csrf.is_some_and(|given| tokens::csrf_fits(session, given)) {
            return Ok(());
        }
        Err(forged("the header x-csrf-token is missing or belongs to another session")
            .hint("Send the `csrf_token` that the sign-in and GET /api/v1/me give."))
    }
}

/// Refuses a request that a page of another site made.
///
/// # Errors
/// `I020`.
pub fn refuse_other(site: Site) -> Result<()> {
    if site == Site::Other {
        return Err(forged("a page of another site sent the request")
            .hint("Use the daemon under one address; behind a proxy, set server.public_url to it."));
    }
    Ok(())
}

fn forged(why: &str) -> Error {
    Error::new("I020", Class::Forbidden, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_alone_changes_nothing() {
        let token = "qs_abc";
        let csrf = tokens::csrf(token);
        let proof = |safe, site, csrf| Proof { safe, site, csrf, ..Proof::default() };
        assert!(proof(true, Site::Other, None).check_forgery(token).is_ok(), "reading by a link is fine");
        assert!(proof(false, Site::Unsaid, None).check_forgery(token).is_err());
        assert!(proof(false, Site::Same, None).check_forgery(token).is_err());
        assert!(proof(false, Site::Same, Some("x")).check_forgery(token).is_err());
        assert!(proof(false, Site::Other, Some(csrf.as_str())).check_forgery(token).is_err());
        assert!(proof(false, Site::Same, Some(csrf.as_str())).check_forgery(token).is_ok());
        assert!(proof(false, Site::Unsaid, Some(csrf.as_str())).check_forgery(token).is_ok());
    }
}
