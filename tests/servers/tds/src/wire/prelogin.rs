//! PRELOGIN: what both sides can, above all encryption.

use super::bytes::In;

/// Values of the encryption option.
pub(crate) mod encryption {
    pub(crate) const LOGIN_ONLY: u8 = 0;
    pub(crate) const ON: u8 = 1;
    pub(crate) const NOT_SUPPORTED: u8 = 2;
    pub(crate) const REQUIRED: u8 = 3;
}

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PreLogin {
    pub(crate) encryption: u8,
    pub(crate) instance: String,
    pub(crate) federated: bool,
}

const END: u8 = 0xff;

/// Reads the options; `None` when they point outside of the message.
pub(crate) fn read(data: &[u8]) -> Option<PreLogin> {
    let mut read =
        PreLogin { encryption: encryption::NOT_SUPPORTED, instance: String::new(), federated: false };
    let mut options = In::new(data);
    loop {
        let option = options.u8()?;
        if option == END {
            return Some(read);
        }
        let (offset, length) = (usize::from(options.u16_be()?), usize::from(options.u16_be()?));
        let value = data.get(offset..offset + length)?;
        match option {
            1 => read.encryption = *value.first()?,
            2 => read.instance = String::from_utf8_lossy(value).trim_end_matches('\0').to_owned(),
            6 => read.federated = value.first().is_some_and(|b| *b != 0),
            _ => {}
        }
    }
}

/// The server's answer: its version, how it encrypts, that the instance is the right one, no MARS.
pub(crate) fn answer(version: [u8; 4], encryption: u8) -> Vec<u8> {
    let version = [&version[..], &[0, 0]].concat();
    let options: [(u8, &[u8]); 5] = [(0, &version), (1, &[encryption]), (2, &[0]), (3, &[]), (4, &[0])];
    let mut offset = options.len() * 5 + 1;
    let (mut table, mut values) = (Vec::new(), Vec::new());
    for (option, value) in options {
        table.push(option);
        table.extend((offset as u16).to_be_bytes());
        table.extend((value.len() as u16).to_be_bytes());
        values.extend_from_slice(value);
        offset += value.len();
    }
    table.push(END);
    table.extend(values);
    table
}

/// How a server that can or cannot encrypt, or insists on it, answers a client's wish.
pub(crate) fn negotiate(asked: u8, can: bool, must: bool) -> u8 {
    match (asked, can, must) {
        (_, false, _) => encryption::NOT_SUPPORTED,
        (_, true, true) => encryption::REQUIRED,
        (encryption::NOT_SUPPORTED, ..) => encryption::NOT_SUPPORTED,
        (encryption::LOGIN_ONLY, ..) => encryption::LOGIN_ONLY,
        _ => encryption::ON,
    }
}
