//! Keys: UUIDv7, so that they sort by the time of their making, also within one millisecond of one daemon.

use std::sync::Mutex;

use uuid::{ContextV7, Uuid};

use super::clock;

/// The key of a record.
pub type Id = Uuid;

/// The workspace that every store begins with.
pub const DEFAULT_WORKSPACE: Id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);

/// The person that every store begins with: whoever holds the owner's token.
pub const OWNER: Id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002);

/// The user of a name that records and the audit trail keep; `None` for the daemon's own work.
pub fn user_of(name: &str) -> Option<Id> {
    if name == "owner" { Some(OWNER) } else { Id::parse_str(name).ok() }
}

static CONTEXT: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// A new key, greater than all that this process made before.
pub fn new_id() -> Id {
    let now = clock::now();
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(&CONTEXT, seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_grow() {
        let keys: Vec<Id> = (0..1000).map(|_| new_id()).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(keys[0].get_version_num(), 7);
    }
}
