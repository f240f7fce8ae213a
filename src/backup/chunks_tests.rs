//! No change of a file goes unnoticed: every byte, every cut, every swap of its parts.

use super::*;
use crate::secrets::{Keyring, Secret};

fn openers() -> [Opener; 3] {
    [
        Opener::None,
        Opener::Passphrase(Secret::new("correct horse")),
        Opener::Keyring(Box::new(Keyring::generate().unwrap())),
    ]
}

fn written(content: &[u8], opener: &Opener) -> Vec<u8> {
    let mut writer = ChunkWriter::start(Vec::new(), "now".to_owned(), false, opener).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

fn read(bytes: &[u8], opener: &Opener) -> Option<Vec<u8>> {
    let (_, mut reader) = ChunkReader::start(bytes, opener).ok()?;
    let mut content = Vec::new();
    reader.read_to_end(&mut content).ok()?;
    Some(content)
}

/// Where each chunk begins and ends.
fn chunks(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut rest = bytes;
    header(&mut rest).unwrap();
    let (mut places, mut place) = (Vec::new(), bytes.len() - rest.len());
    while place < bytes.len() {
        let length = u32::from_le_bytes(bytes[place + 1..place + 5].try_into().unwrap()) as usize;
        places.push(place..place + 5 + length);
        place += 5 + length;
    }
    places
}

#[test]
fn what_was_written_is_read() {
    for (number, opener) in openers().into_iter().enumerate() {
        // deriving a key takes its time
        let lengths = if number == 1 { &[CHUNK + 1][..] } else { &[0, CHUNK - 1, CHUNK, CHUNK + 1] };
        for length in lengths.iter().copied() {
            let content: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let bytes = written(&content, &opener);
            assert_eq!(read(&bytes, &opener).unwrap(), content);
        }
    }
}

#[test]
fn every_changed_byte_and_every_cut_is_noticed() {
    // a key derived for each byte would take minutes; the two others have the same proofs
    let [open, _, keyring] = openers();
    for opener in [open, keyring] {
        let bytes = written(b"some rows of a store", &opener);
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert_eq!(read(&changed, &opener), None, "byte {place} of {}", bytes.len());
            assert_eq!(read(&bytes[..place], &opener), None, "cut at {place} of {}", bytes.len());
        }
    }
}

#[test]
fn parts_cannot_be_moved_left_out_or_taken_from_another_file() {
    let [open, _, keyring] = openers();
    for opener in [open, keyring] {
        let content: Vec<u8> = (0..4 * CHUNK + 7).map(|n| (n % 253) as u8).collect();
        let (bytes, other) = (written(&content, &opener), written(&content, &opener));
        let places = chunks(&bytes);
        assert_eq!(places.len(), 5);
        let joined = |order: &[usize]| {
            let parts = order.iter().flat_map(|n| bytes[places[*n].clone()].to_vec());
            bytes[..places[0].start].iter().copied().chain(parts).collect::<Vec<u8>>()
        };
        assert_eq!(read(&joined(&[0, 1, 2, 3, 4]), &opener).unwrap(), content);
        for order in [&[0, 2, 1, 3, 4][..], &[0, 1, 3, 4], &[0, 1, 2, 3], &[1, 2, 3, 4], &[0, 1, 1, 2, 3, 4]]
        {
            assert_eq!(read(&joined(order), &opener), None, "{order:?}");
        }
        let mut mixed = bytes.clone();
        mixed[places[2].clone()].copy_from_slice(&other[chunks(&other)[2].clone()]);
        assert_eq!(read(&mixed, &opener), None);
    }
}

#[test]
fn another_secret_does_not_open_it() {
    let bytes = written(b"rows", &Opener::Passphrase(Secret::new("correct horse")));
    for opener in [
        Opener::None,
        Opener::Passphrase(Secret::new("correct hors")),
        Opener::Keyring(Box::new(Keyring::generate().unwrap())),
    ] {
        let error = ChunkReader::start(bytes.as_slice(), &opener).map(|(h, _)| h).unwrap_err();
        assert_eq!(error.code, "B003", "{error}");
    }
    assert!(!bytes.windows(4).any(|w| w == b"rows"));
}

#[test]
fn a_header_cannot_ask_for_all_memory() {
    let bytes = written(b"rows", &Opener::Passphrase(Secret::new("p")));
    let (_, text) = header(&mut bytes.as_slice()).unwrap();
    let text = String::from_utf8(text).unwrap().replace("\"memory\":65536", "\"memory\":999999999");
    let changed = [MAGIC, &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    let error = ChunkReader::start(changed.as_slice(), &Opener::Passphrase(Secret::new("p"))).map(|(h, _)| h);
    assert_eq!(error.unwrap_err().code, "B002");
}
