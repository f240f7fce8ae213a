//! Who may do what. Until people and roles exist there is one caller: the owner, proven by the token.

/// Somebody who has proven who they are. Made by `auth` and by the command line only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    name: String,
}

impl Caller {
    /// The owner of the data folder.
    pub fn owner() -> Caller {
        Caller { name: "owner".to_owned() }
    }

    /// The name that records and the audit trail keep.
    pub fn name(&self) -> &str {
        &self.name
    }
}
