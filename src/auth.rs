//! Who calls: from what a client sends as its proof to a [`Caller`] in a workspace.

use crate::access::{Caller, Origin};
use crate::error::{Class, Error, Result};
use crate::model::Id;
use crate::model::ids::{DEFAULT_WORKSPACE, OWNER};
use crate::secrets::TokenHash;
use crate::store::{Db, workspaces};

/// What a client sent.
#[derive(Debug, Clone, Default)]
pub struct Proof<'r> {
    /// The `Authorization` header.
    pub authorization: Option<&'r str>,
    /// The workspace that the client names, by key or slug.
    pub workspace: Option<&'r str>,
    /// Where the request came from.
    pub origin: Origin,
}

/// The caller behind a request. `db` is the daemon's own.
///
/// # Errors
/// `H007` when there is no bearer token or it is not the right one; which of the two is not said. `H041` when the
/// workspace is not one of the caller's.
pub async fn caller(db: &Db, owner: &TokenHash, proof: Proof<'_>) -> Result<Caller> {
    let token = proof.authorization.and_then(bearer).unwrap_or_default();
    if !owner.matches(token) {
        return Err(Error::new("H007", Class::Unauthenticated, "a valid token is needed").hint(
            "Send `Authorization: Bearer TOKEN`; the token is part of the link that `querent serve` prints.",
        ));
    }
    let workspace = match proof.workspace {
        Some(named) => chosen(db, OWNER, named).await?,
        None => DEFAULT_WORKSPACE,
    };
    Ok(Caller::owner_in(workspace).from(proof.origin))
}

/// The owner of the data folder, in one of the owner's workspaces: for the command line.
///
/// # Errors
/// `H041` when it is none of them.
pub async fn owner_in(db: &Db, named: &str) -> Result<Caller> {
    Ok(Caller::owner_in(chosen(db, OWNER, named).await?))
}

/// The workspace of that key or slug, if the user is a member. Others do not exist for them.
async fn chosen(db: &Db, user: Id, named: &str) -> Result<Id> {
    match workspaces::of_member(db, user, named).await? {
        Some((workspace, _)) => Ok(workspace),
        None => Err(Error::new(
            "H041",
            Class::NotFound,
            "there is no such workspace, or the caller is no member of it",
        )
        .hint("Name one of yours by key or slug: in the header Querent-Workspace, or with --workspace.")),
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_read_from_its_header_alone() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for other in ["", "Bearer", "abc", "Basic abc", "Bearerabc"] {
            assert_eq!(bearer(other), None, "{other}");
        }
    }
}
