//! The protocol's bytes: reading with bounds, writing, packets, messages before and at the login, tokens, values.

pub(crate) mod bytes;
pub(crate) mod calls;
pub(crate) mod login;
pub(crate) mod packet;
pub(crate) mod prelogin;
pub(crate) mod row;
pub(crate) mod token;
pub(crate) mod typeinfo;
pub(crate) mod value;
