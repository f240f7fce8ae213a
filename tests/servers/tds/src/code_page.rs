//! Windows code page 1252, which the default collation stores text of char and varchar in.

/// What stands at 0x80 to 0x9f.
const UPPER: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Text as bytes; what the page does not have becomes a question mark.
pub(crate) fn encode(text: &str) -> Vec<u8> {
    let byte = |c: char| match u32::from(c) {
        code @ (0..=0x7f | 0xa0..=0xff) => code as u8,
        _ => UPPER.iter().position(|u| *u == c).map_or(b'?', |at| 0x80 + at as u8),
    };
    text.chars().map(byte).collect()
}

/// Bytes as text.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let char_of = |byte: &u8| match byte {
        0x80..=0x9f => UPPER.get(usize::from(byte - 0x80)).copied().unwrap_or('?'),
        other => char::from(*other),
    };
    bytes.iter().map(char_of).collect()
}
