//! Keys, tokens and hashes of passwords: told by the marks that their makers put in front, or by looking like chance.

use super::words;
use crate::Column;

/// What keys and hashes of well-known makers begin with.
const MARKS: [&str; 26] = [
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "sk-",
    "sk_live_",
    "sk_test_",
    "pk_live_",
    "rk_live_",
    "AKIA",
    "ASIA",
    "AIza",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "SG.",
    "eyJhbGci",
    "-----BEGIN",
    "$2a$",
    "$2b$",
    "$2y$",
    "$argon2",
    "$pbkdf2",
    "pbkdf2_sha256$",
    "scrypt:",
];
/// Words of names whose values look like chance and are none of a secret.
const INNOCENT: [&str; 22] = [
    "id",
    "uid",
    "uuid",
    "guid",
    "ulid",
    "checksum",
    "digest",
    "sha",
    "sha1",
    "sha256",
    "md5",
    "etag",
    "commit",
    "revision",
    "fingerprint",
    "url",
    "uri",
    "path",
    "file",
    "slug",
    "cursor",
    "geohash",
];
/// Bits of a character from which on a text looks like chance.
const ENTROPY: f64 = 3.5;
/// The same for hexadecimal digits, which have four bits at the most.
const HEX_ENTROPY: f64 = 3.0;
/// Share of characters after which the kind of character changes.
const CHANGES: f64 = 0.3;

/// Whether a value begins as keys and hashes of well-known makers do.
pub(super) fn is_marked(value: &str) -> bool {
    value.len() >= 16 && MARKS.iter().any(|mark| value.starts_with(mark))
}

/// Whether chance in a column of that name may be a secret.
pub(super) fn may_be(column: &Column) -> bool {
    !words(&column.name).iter().any(|w| INNOCENT.contains(&w.as_str()))
}

/// Whether a value looks as if drawn by chance.
pub(super) fn is_random(value: &str) -> bool {
    let chars: Vec<char> = value.chars().collect();
    if !(20..=512).contains(&chars.len()) || !chars.iter().all(|c| is_token_char(*c)) {
        return false;
    }
    let kinds: Vec<u8> = chars.iter().map(|c| kind(*c)).collect();
    let changes = kinds.windows(2).filter(|w| w.first() != w.last()).count();
    if (changes as f64) < CHANGES * chars.len() as f64 {
        return false;
    }
    if chars.iter().all(char::is_ascii_hexdigit) {
        return matches!(chars.len(), 32 | 40 | 48 | 64 | 96 | 128) && entropy(&chars) >= HEX_ENTROPY;
    }
    let has = |wanted: u8| kinds.contains(&wanted);
    has(0) && has(1) && has(2) && entropy(&chars) >= ENTROPY
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-' | '.')
}

fn kind(c: char) -> u8 {
    match c {
        'a'..='z' => 0,
        'A'..='Z' => 1,
        '0'..='9' => 2,
        _ => 3,
    }
}

/// Shannon's entropy of the characters, in bits of a character.
fn entropy(chars: &[char]) -> f64 {
    let mut sorted = chars.to_vec();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|a, b| a == b).map(|run| run.len() as f64 / chars.len() as f64);
    -runs.map(|share| share * share.log2()).sum::<f64>()
}
