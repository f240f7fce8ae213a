//! The head of the chain outside of the store: whoever has it notices when the chain's end is cut off or all of it is made
//! anew. It is signed by being sealed with the master keys: who has the store alone cannot make one.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Class, Error, Result};
use crate::secrets::{Keys, Secret};
use crate::store::audit_chain::Head;

/// What the signature is for.
const BOUND_TO: &str = "audit/head";

/// A head and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    /// The head.
    #[serde(flatten)]
    pub head: Head,
    /// The same, sealed with a master key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// Signs a head.
///
/// # Errors
/// `V...`: why the keys cannot be used.
pub async fn sign(head: Head, keys: &Keys) -> Result<SignedHead> {
    let said = Secret::new(format!("{} {}", head.seq, head.hash));
    let signature = keys.seal(&said, BOUND_TO).await?;
    Ok(SignedHead { head, signature: Some(signature) })
}

/// Reads a head that was written down; its signature must hold where it has one.
///
/// # Errors
/// `T002` when the text is no head, `T003` when the signature does not hold.
pub async fn read_head(text: &str, keys: &Keys) -> Result<Head> {
    let read: SignedHead = serde_json::from_str(text.trim()).map_err(|_| {
        Error::new("T002", Class::BadInput, "that is no head of an audit trail")
            .hint("Give what `querent audit head` printed.")
    })?;
    if let Some(signature) = &read.signature {
        let opened = keys.unseal(signature, BOUND_TO).await;
        let holds = opened.is_ok_and(|said| said.expose() == format!("{} {}", read.head.seq, read.head.hash));
        if !holds {
            return Err(Error::new("T003", Class::BadInput, "the signature of the head does not hold")
                .hint("It was changed, or signed with other master keys than those of this data folder."));
        }
    }
    Ok(read.head)
}

/// The head that was kept in a file; `None`: there is none yet.
///
/// # Errors
/// As [`read_head`].
pub async fn kept(file: &Path, keys: &Keys) -> Result<Option<Head>> {
    match std::fs::read_to_string(file) {
        Ok(text) => read_head(&text, keys).await.map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(&error)),
    }
}

/// Keeps a head in a file, in the place of the one before.
///
/// # Errors
/// `T004` when the file cannot be written.
pub async fn keep(file: &Path, head: Head, keys: &Keys) -> Result<()> {
    let text = serde_json::to_string(&sign(head, keys).await?).unwrap_or_default();
    let beside = file.with_extension("head.new");
    std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, file)).map_err(|e| unusable(&e))
}

fn unusable(error: &std::io::Error) -> Error {
    Error::new(
        "T004",
        Class::Internal,
        format!("the head that is kept of the audit trail cannot be used: {error}"),
    )
    .hint("Check the data folder and its rights.")
}
