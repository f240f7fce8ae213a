//! LOGIN7: who logs in, into which database, with which packet size.

use super::bytes::{In, utf16};

/// What a client logs in with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) packet_size: u32,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) host: String,
    pub(crate) application: String,
    pub(crate) database: String,
    /// Whether the client says that it only reads (routing on a real server).
    pub(crate) read_only: bool,
    /// Whether it sent options that want an acknowledgement.
    pub(crate) extended: bool,
}

/// Where the table of offsets begins.
const OFFSETS: usize = 36;

/// Reads the message; `None` when it is malformed.
pub(crate) fn read(data: &[u8]) -> Option<Login> {
    let mut fixed = In::new(data);
    let length = fixed.u32()? as usize;
    fixed.u32()?;
    let packet_size = fixed.u32()?;
    fixed.take(12)?;
    let flags = fixed.take(4)?;
    let (kind, third) = (*flags.get(2)?, *flags.get(3)?);
    let data = data.get(..length)?;
    let field = |at: usize| -> Option<&[u8]> {
        let mut entry = In::new(data.get(OFFSETS + 4 * at..)?);
        let (offset, units) = (usize::from(entry.u16()?), usize::from(entry.u16()?));
        data.get(offset..offset + 2 * units)
    };
    Some(Login {
        packet_size,
        host: utf16(field(0)?)?,
        user: utf16(field(1)?)?,
        password: utf16(&revealed(field(2)?))?,
        application: utf16(field(3)?)?,
        database: utf16(field(8)?)?,
        read_only: kind & 0x20 != 0,
        extended: third & 0x10 != 0,
    })
}

/// A password is not encrypted by the protocol, only turned around.
fn revealed(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|b| (b ^ 0xa5).rotate_left(4)).collect()
}
