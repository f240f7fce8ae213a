//! Who calls: sign-in with a password or with an identity provider, sessions, keys of programs, links, and from what a client
//! sends as its proof to a caller in a workspace.

mod arrive;
mod keys;
mod lockout;
pub mod oidc;
mod password;
mod password_rules;
mod people;
mod proof;
mod service;
mod sign_in;
mod spaces;
mod tokens;

pub use arrive::Answer;
pub use keys::{Wanted, list as list_keys};
pub use password::Hasher;
pub use people::Changes;
pub use proof::{Proof, Site, refuse_other};
pub use service::Auth;
pub use sign_in::SignedIn;
pub use spaces::oneself;
pub use tokens::csrf;

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
